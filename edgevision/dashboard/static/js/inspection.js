// Everything about one inspection.

import { get } from "./api.js";
import { byId, el, path, setText } from "./dom.js";
import { number, partName } from "./format.js";
import { identityName } from "./identities.js";
import { Picture } from "./picture.js";
import { reasonText } from "./reasons.js";
import { openShell, stationCrumb } from "./shell.js";
import { showVerdict } from "./verdict.js";
import { t } from "./words.js";

const MEASURES = ["length_px", "width_px", "area_px"];
const NOT_IN_RECORD = new Set(["reasons", "defects", "reason", "schema"]);

const resultId = decodeURIComponent(location.pathname.split("/")[2]);
const picture = new Picture(byId("picture"));
byId("overlay").addEventListener("change", (event) => (picture.hasOverlay = event.target.checked));

get(path("api", "results", resultId)).then(show, () => {
  openShell([[t("inspections"), "/results"]]);
  setText(byId("verdict"), t("not_found"));
  for (const panel of document.querySelectorAll("main .panel:not(.verdict)")) panel.hidden = true;
});

function show({ summary, message, previous, next }) {
  openShell([stationCrumb(summary.station), [partName(summary), location.pathname]]);
  showVerdict(summary);
  picture.show(path("pictures", resultId), summary);
  const link = (word, id) => (id ? el("a", { class: "button", href: path("inspection", id), text: t(word), rel: word === "previous" ? "prev" : "next" }) : null);
  byId("neighbours").append(...[link("previous", previous), link("next", next)].filter(Boolean));
  showReasons(message.reasons ?? []);
  showDefects(message.defects ?? []);
  showIdentities(message.identities ?? []);
  showClasses(message.classes ?? []);
  const scalars = Object.entries(message).filter(([name, value]) => !NOT_IN_RECORD.has(name) && (value === null || typeof value !== "object"));
  byId("record").append(...scalars.flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: String(value), title: String(value) })]));
}

function showReasons(reasons) {
  const row = ({ code, text, ...facts }) =>
    el("li", {}, el("p", { text: reasonText(text ?? "") }), el("p", { class: "note", text: [code, ...Object.entries(facts).map(([name, value]) => `${name} ${value}`)].join(" · ") }));
  byId("reasons").append(...(reasons.length ? reasons.map(row) : [el("li", { class: "note", text: t("no_defect") })]));
}

function showDefects(defects) {
  const measures = (defect) => MEASURES.map((name) => (name in defect ? number(defect[name], 1) : "–"));
  const row = (one) => [one.class, number(one.score, 3), (one.box_xyxy ?? []).join(" "), ...measures(one)];
  showTable(byId("defects"), ["class", "score", "box", "length", "width", "area"], defects.map(row));
}

function showIdentities(identities) {
  const row = (one) => [identityName(one), number(one.score, 3), (one.box_xyxy ?? []).join(" "), one.task, one.problem ?? "–"];
  showTable(byId("identities"), ["identity", "score", "box", "step", "problem"], identities.map(row));
}

function showClasses(classes) {
  const row = (one) => [one.class, number(one.score, 3), one.task];
  showTable(byId("classes"), ["class", "score", "step"], classes.map(row));
}

function showTable(table, head, rows) {
  table.append(
    el("thead", {}, el("tr", {}, ...head.map((word) => el("th", { scope: "col", text: t(word) })))),
    el("tbody", {}, ...rows.map((cells) => el("tr", {}, ...cells.map((text) => el("td", { text }))))),
  );
  if (!rows.length) table.closest(".panel").hidden = true;
}
