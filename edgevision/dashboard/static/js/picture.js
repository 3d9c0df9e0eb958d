// A picture with the boxes of its result drawn over it; a blank of the frame's size where there is no picture.

import { setText } from "./dom.js";
import { number, partName, time } from "./format.js";
import { t } from "./words.js";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Shows one inspection after another in a `figure` with a canvas and perhaps a caption. */
export class Picture {
  #canvas;
  #caption;
  #image = null;
  #result = null;
  #url = null;
  #hasBoxes = true;
  #turn = 0;

  constructor(figure) {
    this.#canvas = figure.querySelector("canvas");
    this.#caption = figure.querySelector("figcaption");
    new ResizeObserver(() => this.#draw()).observe(figure);
    addEventListener("themechange", () => this.#draw());
  }

  /** Show the picture at `url` with the boxes of `result`; the former one stays until it is there. */
  async show(url, result) {
    if (url === this.#url && result === this.#result) return;
    const turn = ++this.#turn;
    const image = url === null ? null : url === this.#url && this.#image ? this.#image : await load(url);
    if (turn !== this.#turn) return;
    [this.#url, this.#image, this.#result] = [url, image, result];
    this.#draw();
  }

  set hasBoxes(value) {
    this.#hasBoxes = value;
    this.#draw();
  }

  #draw() {
    const result = this.#result;
    const frame = this.#canvas.parentElement;
    const width = result?.width ?? this.#image?.naturalWidth ?? 16;
    const height = result?.height ?? this.#image?.naturalHeight ?? 9;
    frame.style.setProperty("--ratio", `${width} / ${height}`);
    const shown = this.#canvas.getBoundingClientRect();
    if (shown.width === 0) return;
    const density = Math.min(devicePixelRatio, 2);
    this.#canvas.width = Math.round(shown.width * density);
    this.#canvas.height = Math.round((shown.width * density * height) / width);
    const context = this.#canvas.getContext("2d");
    if (this.#image) context.drawImage(this.#image, 0, 0, this.#canvas.width, this.#canvas.height);
    else this.#drawBlank(context, density);
    if (this.#hasBoxes && result) drawBoxes(context, result, this.#canvas.width / width, density);
    this.#canvas.setAttribute("aria-label", describe(result));
    if (this.#caption) setText(this.#caption, result ? caption(result, this.#image === null) : "");
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

function load(url) {
  const image = new Image();
  image.src = url;
  return image.decode().then(() => image, () => null);
}

const stroke = (judgement) => colour(judgement === "ND" ? "--nd-mark" : "--ng-mark");

function drawBoxes(context, result, scale, density) {
  const isLarge = context.canvas.width > 240 * density;
  context.textAlign = "left";
  context.font = `600 ${12 * density}px system-ui, sans-serif`;
  for (const defect of result.defects) {
    const [left, top, right, bottom] = defect.box_xyxy.map((value) => value * scale);
    const box = [left - density, top - density, Math.max(right - left, 3) + 2 * density, Math.max(bottom - top, 3) + 2 * density];
    context.lineWidth = (isLarge ? 4 : 3) * density;
    context.strokeStyle = "rgb(0 0 0 / 55%)";
    context.strokeRect(...box);
    context.lineWidth = (isLarge ? 2 : 1.5) * density;
    context.strokeStyle = stroke(result.judgement);
    context.strokeRect(...box);
    if (isLarge) drawLabel(context, `${defect.class} ${number(defect.score, 2)}`, left, top, bottom, density, result.judgement);
  }
}

function drawLabel(context, text, left, top, bottom, density, judgement) {
  const width = context.measureText(text).width + 8 * density;
  const height = 17 * density;
  const x = Math.max(0, Math.min(left - density, context.canvas.width - width));
  const y = top - height - density >= 0 ? top - height - density : Math.min(bottom + density, context.canvas.height - height);
  context.fillStyle = stroke(judgement);
  context.fillRect(x, y, width, height);
  context.fillStyle = "#fff";
  context.fillText(text, x + 4 * density, y + 12.5 * density);
}

function caption(result, isBlank) {
  const parts = [partName(result), time(result.received_ms), t(result.judgement)];
  if (isBlank) parts.push(t("no_picture"));
  return parts.join("  ·  ");
}

function describe(result) {
  if (!result) return t("no_result");
  const defects = result.defects.map((defect) => `${defect.class} ${number(defect.score, 2)}`);
  return [`${partName(result)}: ${t(result.judgement)}`, defects.join(", ") || t("no_defect")].join(". ");
}
