// Numbers and times as people read them, in the language of the page.

import { language } from "./words.js";

const locale = language === "zh" ? "zh-CN" : "en-GB";
const NONE = "–";
const whole = new Intl.NumberFormat(locale);
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const day = new Intl.DateTimeFormat(locale, { year: "numeric", month: "2-digit", day: "2-digit" });

export const count = (value) => (value === null || value === undefined ? NONE : whole.format(value));

export const number = (value, digits = 1) =>
  value === null || value === undefined ? NONE : Number(value).toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** A share between 0 and 1 as percent; 100 % only when it is. */
export function percent(share) {
  if (share === null || share === undefined) return NONE;
  const value = share < 1 ? Math.min(share * 100, 99.99) : 100;
  return `${number(value, value === 100 ? 0 : value > 99.9 ? 2 : 1)}\u00a0%`;
}

export const time = (ms) => clock.format(new Date(ms));
export const dayTime = (ms) => `${day.format(new Date(ms))} ${time(ms)}`;

/** How a result is called: its part, or its place in the stream of frames. */
export const partName = (result) => result.part_id ?? `${result.camera} #${result.frame_id}`;
