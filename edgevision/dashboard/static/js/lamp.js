// The judgement lamp: a shape as well as a colour. Circle for OK, cross for NG, question mark for ND.

import { setData, svg } from "./dom.js";

const DRAWINGS = {
  OK: () => [svg("circle", { cx: 50, cy: 50, r: 32, fill: "none", "stroke-width": 15 })],
  NG: () => [svg("path", { d: "M22 22 78 78M78 22 22 78", fill: "none", "stroke-width": 17, "stroke-linecap": "square" })],
  ND: () => [
    svg("path", {
      d: "M30 34c2-13 11-20 21-20 12 0 21 8 21 19 0 16-22 16-22 33",
      fill: "none", "stroke-width": 14,
    }),
    svg("circle", { cx: 50, cy: 85, r: 8.5, class: "dot" }),
  ],
  none: () => [svg("path", { d: "M28 50H72", fill: "none", "stroke-width": 12 })],
};

/** Return the shape of a judgement, to be put beside its word. */
export function shape(judgement) {
  const kind = judgement in DRAWINGS ? judgement : "none";
  return svg("svg", { viewBox: "0 0 100 100", class: `shape shape-${kind}`, "aria-hidden": "true" }, ...DRAWINGS[kind]());
}

/** Show a judgement in `host`; nothing is touched when it is shown already. */
export function showLamp(host, judgement) {
  const kind = judgement ?? "none";
  if (host.dataset.judgement === kind) return;
  setData(host, "judgement", kind);
  host.replaceChildren(shape(kind));
}
