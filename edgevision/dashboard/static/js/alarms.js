// The list of alarms, and seeing to them.

import { post } from "./api.js";
import { el, path } from "./dom.js";
import { time } from "./format.js";
import { t } from "./words.js";

/** Show the alarms of a station in `list`; nothing is built again while nothing changed. */
export function showAlarms(list, station, alarms) {
  const key = JSON.stringify(alarms);
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  const rows = alarms.map((alarm) => row(station, alarm));
  list.replaceChildren(...(rows.length ? rows : [el("li", { class: "note", text: t("no_alarm") })]));
}

function row(station, alarm) {
  const isOver = alarm.cleared_ms !== null;
  const seen = alarm.acknowledged_ms === null ? null : t("acknowledged", { by: alarm.acknowledged_by === "anonymous" ? t("anonymous") : alarm.acknowledged_by });
  const about = [time(alarm.raised_ms), alarm.camera || null, isOver ? t("cleared") : null, seen].filter(Boolean);
  return el("li", { class: "alarm", data: { severity: alarm.severity, over: String(isOver), seen: String(seen !== null) } },
    el("span", { class: "alarm-mark", "aria-hidden": "true", text: alarm.severity === "error" ? "▲" : "◆" }),
    el("span", { class: "alarm-text", text: alarm.text }),
    el("span", { class: "alarm-about", text: about.join(" · ") }),
    seen === null ? button(station, alarm) : null,
  );
}

function button(station, alarm) {
  const acknowledge = async (event) => {
    event.currentTarget.disabled = true;
    await post(path("api", "stations", station, "acknowledge"), { camera: alarm.camera, code: alarm.code });
  };
  return el("button", { class: "button small", type: "button", text: t("acknowledge"), on: { click: acknowledge } });
}
