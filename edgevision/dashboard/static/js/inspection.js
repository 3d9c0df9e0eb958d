// Everything about one inspection.

import { get } from "./api.js";
import { byId, el, path, setText } from "./dom.js";
import { number, partName } from "./format.js";
import { Picture } from "./picture.js";
import { openShell, stationCrumb } from "./shell.js";
import { showVerdict } from "./verdict.js";
import { t } from "./words.js";

const MEASURES = ["length_px", "width_px", "area_px"];
const NOT_IN_RECORD = new Set(["reasons", "defects", "reason", "schema"]);

const resultId = decodeURIComponent(location.pathname.split("/")[2]);
const picture = new Picture(byId("picture"));
byId("overlay").addEventListener("change", (event) => (picture.hasBoxes = event.target.checked));

get(path("api", "results", resultId)).then(show, () => {
  openShell([[t("inspections"), "/results"]]);
  setText(byId("verdict"), t("not_found"));
  for (const panel of document.querySelectorAll("main > .panel:not(.verdict)")) panel.hidden = true;
});

function show({ summary, message, previous, next }) {
  openShell([stationCrumb(summary.station), [partName(summary), location.pathname]]);
  showVerdict(summary);
  picture.show(path("pictures", resultId), summary);
  const link = (word, id) => (id ? el("a", { class: "button", href: path("inspection", id), text: t(word), rel: word === "previous" ? "prev" : "next" }) : null);
  byId("neighbours").append(...[link("previous", previous), link("next", next)].filter(Boolean));
  showReasons(message.reasons ?? []);
  showDefects(message.defects ?? []);
  const scalars = Object.entries(message).filter(([name, value]) => !NOT_IN_RECORD.has(name) && (value === null || typeof value !== "object"));
  byId("record").append(...scalars.flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: String(value), title: String(value) })]));
}

function showReasons(reasons) {
  const row = ({ code, text, ...facts }) =>
    el("li", {}, el("p", { text: text ?? "" }), el("p", { class: "note", text: [code, ...Object.entries(facts).map(([name, value]) => `${name} ${value}`)].join(" · ") }));
  byId("reasons").append(...(reasons.length ? reasons.map(row) : [el("li", { class: "note", text: t("no_defect") })]));
}

function showDefects(defects) {
  const head = ["class", "score", "box", "length", "width", "area"];
  const cells = (defect) => [
    defect.class, number(defect.score, 3), (defect.box_xyxy ?? []).join(" "), ...MEASURES.map((name) => (name in defect ? number(defect[name], 1) : "–")),
  ];
  byId("defects").append(
    el("thead", {}, el("tr", {}, ...head.map((word) => el("th", { scope: "col", text: t(word) })))),
    el("tbody", {}, ...defects.map((defect) => el("tr", {}, ...cells(defect).map((text) => el("td", { text }))))),
  );
  if (!defects.length) byId("defects").closest(".panel").hidden = true;
}
