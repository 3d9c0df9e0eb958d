// What goes wrong, and where: defects by class as bars, and their places on the part as a map.

import { byId, el } from "./dom.js";
import { count } from "./format.js";
import { t } from "./words.js";

/** Show the classes, the most frequent first, each with the share of all up to it. */
export function showPareto(pareto) {
  const host = byId("pareto");
  const total = pareto.reduce((sum, one) => sum + one.count, 0);
  let upTo = 0;
  const rows = pareto.map((one) => {
    upTo += one.count;
    const bar = el("span", { class: "bar-fill" });
    bar.style.inlineSize = `${(100 * one.count) / pareto[0].count}%`;
    return el("li", { class: "bar" },
      el("span", { class: "bar-name", text: one.class, title: one.class }),
      el("span", { class: "bar-track" }, bar),
      el("span", { class: "bar-count", text: count(one.count) }),
      el("span", { class: "bar-share", text: `${Math.round((100 * upTo) / total)} %` }),
    );
  });
  host.replaceChildren(...(rows.length ? rows : [el("li", { class: "note", text: t("no_defects_yet") })]));
}

/** Draw the map: the fuller a cell, the stronger its colour. `ratio` is width ÷ height of a frame. */
export function showMap(map, ratio) {
  const canvas = byId("map");
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const width = 480;
  const height = Math.round(width / ratio);
  canvas.width = width;
  canvas.height = height;
  canvas.parentElement.style.setProperty("--ratio", `${width} / ${height}`);
  const context = canvas.getContext("2d");
  context.fillStyle = colour("--blank");
  context.fillRect(0, 0, width, height);
  const [cellWidth, cellHeight] = [width / map.columns, height / map.rows];
  const most = Math.max(1, ...map.cells.map(([, found]) => found));
  context.fillStyle = colour("--ng-mark");
  for (const [cell, found] of map.cells) {
    context.globalAlpha = 0.18 + (0.82 * found) / most;
    context.fillRect((cell % map.columns) * cellWidth, Math.floor(cell / map.columns) * cellHeight, cellWidth - 1, cellHeight - 1);
  }
  context.globalAlpha = 1;
  const total = map.cells.reduce((sum, [, found]) => sum + found, 0);
  canvas.setAttribute("aria-label", `${t("defect_map")}: ${count(total)}`);
}
