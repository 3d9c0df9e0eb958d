// What is drawn over a picture: outlines, boxes with class and score, identities.

import { number } from "./format.js";
import { identityName } from "./identities.js";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const DARK = "rgb(0 0 0 / 55%)";
const LARGE_PX = 240;

/** A canvas on which lengths are pixels of the screen and places are pixels of the frame. */
export class Pen {
  #labels = [];

  constructor(context, scale, density) {
    [this.context, this.scale, this.density] = [context, scale, density];
    /** Whether there is room for words. */
    this.isLarge = context.canvas.width > LARGE_PX * density;
    context.textAlign = "left";
    context.lineJoin = "round";
    context.font = `600 ${12 * density}px system-ui, sans-serif`;
  }

  /** Stroke what `trace` puts into the path, on a darker line, so that it is seen on any ground. */
  stroke(trace, ink, width) {
    const { context } = this;
    for (const [style, more] of [[DARK, 2], [ink, 0]]) {
      context.beginPath();
      trace(context);
      context.lineWidth = (width + more) * this.density;
      context.strokeStyle = style;
      context.stroke();
    }
  }

  /** Return left, top, right, bottom on the canvas, at least a few pixels large. */
  box(boxXyxy) {
    const [left, top, right, bottom] = boxXyxy.map((value) => value * this.scale);
    const gap = this.density;
    return [left - gap, top - gap, Math.max(right, left + 3) + gap, Math.max(bottom, top + 3) + gap];
  }

  /** Write a label above the box, or below it, where no other label is covered. */
  label(text, box, ground) {
    const { context, density } = this;
    const [width, height] = [context.measureText(text).width + 8 * density, 17 * density];
    const [x, y] = this.#place(box, width, height);
    this.#labels.push([x, y, width]);
    context.fillStyle = ground;
    context.fillRect(x, y, width, height);
    context.fillStyle = "#fff";
    context.fillText(text, x + 4 * density, y + 12.5 * density);
  }

  #place([left, top, , bottom], width, height) {
    const { canvas } = this.context;
    const x = Math.max(0, Math.min(left, canvas.width - width));
    const isFree = (y) =>
      y >= 0 && y + height <= canvas.height &&
      !this.#labels.some(([x1, y1, width1]) => x < x1 + width1 && x1 < x + width && Math.abs(y - y1) < height);
    const rows = [top - height, bottom, top - 2 * height, bottom + height];
    return [x, rows.find(isFree) ?? Math.max(0, Math.min(bottom, canvas.height - height))];
  }
}

/** Draw what was found; `outlines` are lists of x, y, x, y, … */
export function drawOverlay(pen, result, outlines) {
  const ink = colour(result.judgement === "ND" ? "--nd-mark" : "--ng-mark");
  const name = colour("--name-mark");
  for (const outline of outlines) drawOutline(pen, outline, ink);
  for (const { box_xyxy } of result.defects) drawBox(pen, pen.box(box_xyxy), ink, outlines.length ? 1 : 2);
  for (const { box_xyxy } of result.identities) drawBox(pen, pen.box(box_xyxy), name, 2);
  if (!pen.isLarge) return;
  for (const { class: label, score, box_xyxy } of result.defects) pen.label(`${label} ${number(score, 2)}`, pen.box(box_xyxy), ink);
  for (const one of result.identities) pen.label(`${identityName(one)} ${number(one.score, 2)}`, pen.box(one.box_xyxy), name);
}

function drawBox(pen, [left, top, right, bottom], ink, width) {
  pen.stroke((context) => context.rect(left, top, right - left, bottom - top), ink, pen.isLarge ? width : 1.5);
}

function drawOutline(pen, outline, ink) {
  const trace = (context) => {
    for (let at = 0; at + 1 < outline.length; at += 2) context.lineTo((outline[at] + 0.5) * pen.scale, (outline[at + 1] + 0.5) * pen.scale);
    context.closePath();
  };
  pen.stroke(trace, ink, pen.isLarge ? 2 : 1);
}
