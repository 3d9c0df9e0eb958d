// A picture with what was found drawn over it: outlines, boxes with class and score, identities.
// A blank of the frame's size where there is no picture.

import { setText } from "./dom.js";
import { number, partName, time } from "./format.js";
import { identityName } from "./identities.js";
import { loadPreview } from "./preview.js";
import { drawOverlay, Pen } from "./overlay.js";
import { t } from "./words.js";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Shows one inspection after another in a `figure` with a canvas and perhaps a caption. */
export class Picture {
  #canvas;
  #caption;
  #preview = null;
  #result = null;
  #url = null;
  #hasOverlay = true;
  #turn = 0;

  constructor(figure) {
    this.#canvas = figure.querySelector("canvas");
    this.#caption = figure.querySelector("figcaption");
    new ResizeObserver(() => this.#draw()).observe(figure);
    addEventListener("themechange", () => this.#draw());
  }

  /** Show the picture at `url` with what `result` found; the former one stays until it is there. */
  async show(url, result) {
    if (url === this.#url && result === this.#result) return;
    const turn = ++this.#turn;
    const preview = url === null ? null : url === this.#url && this.#preview ? this.#preview : await loadPreview(url);
    if (turn !== this.#turn) return;
    if (preview !== this.#preview) this.#preview?.bitmap.close();
    [this.#url, this.#preview, this.#result] = [url, preview, result];
    this.#draw();
  }

  set hasOverlay(value) {
    this.#hasOverlay = value;
    this.#draw();
  }

  #draw() {
    const result = this.#result;
    const frame = this.#canvas.parentElement;
    const width = result?.width ?? this.#preview?.bitmap.width ?? 16;
    const height = result?.height ?? this.#preview?.bitmap.height ?? 9;
    frame.style.setProperty("--ratio", `${width} / ${height}`);
    const shown = this.#canvas.getBoundingClientRect();
    if (shown.width === 0) return;
    const density = Math.min(devicePixelRatio, 2);
    this.#canvas.width = Math.round(shown.width * density);
    this.#canvas.height = Math.round((shown.width * density * height) / width);
    const context = this.#canvas.getContext("2d");
    if (this.#preview) context.drawImage(this.#preview.bitmap, 0, 0, this.#canvas.width, this.#canvas.height);
    else this.#drawBlank(context, density);
    if (this.#hasOverlay && result) {
      const pen = new Pen(context, this.#canvas.width / width, density);
      drawOverlay(pen, result, this.#preview?.outlines ?? []);
    }
    this.#canvas.setAttribute("aria-label", describe(result));
    if (this.#caption) setText(this.#caption, result ? caption(result, this.#preview === null) : "");
  }

  #drawBlank(context, density) {
    const { width, height } = this.#canvas;
    context.fillStyle = colour("--blank");
    context.fillRect(0, 0, width, height);
    context.fillStyle = colour("--ink-soft");
    context.font = `${12 * density}px system-ui, sans-serif`;
    context.textAlign = "center";
    if (width > 240 * density) context.fillText(t("no_picture"), width / 2, height - 10 * density);
  }
}

function caption(result, isBlank) {
  const classes = result.classes.map((one) => one.class);
  const parts = [partName(result), ...result.identities.map(identityName), ...classes, time(result.received_ms), t(result.judgement)];
  if (isBlank) parts.push(t("no_picture"));
  return parts.join("  ·  ");
}

function describe(result) {
  if (!result) return t("no_result");
  const scored = (name, one) => `${name} ${number(one.score, 2)}`;
  const found = [
    ...result.defects.map((one) => scored(one.class, one)),
    ...result.identities.map((one) => scored(identityName(one), one)),
    ...result.classes.map((one) => scored(one.class, one)),
  ];
  return [`${partName(result)}: ${t(result.judgement)}`, found.join(", ") || t("no_defect")].join(". ");
}
