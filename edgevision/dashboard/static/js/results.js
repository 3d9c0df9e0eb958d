// A list of inspections with picture, reason and part id; filter and search; fresh ones come on top.

import { get } from "./api.js";
import { el, path } from "./dom.js";
import { dayTime, partName, time } from "./format.js";
import { shape } from "./lamp.js";
import { Picture } from "./picture.js";
import { reasonText } from "./reasons.js";
import { t } from "./words.js";

const MAX_ROWS = 60;
const DAY_MS = 86_400_000;
const FILTERS = { bad: "NG,ND", NG: "NG", ND: "ND", all: "" };

/** The list of one station, or of all of them. */
export class Results {
  #list;
  #station;
  #filter;
  #text = "";
  #rows = new Map();
  #last = null;
  #turn = 0;
  onCount = () => {};

  constructor(list, form, { station = null, filter = "bad" } = {}) {
    [this.#list, this.#station, this.#filter] = [list, station, filter];
    this.#buildForm(form);
  }

  /** Load anew from the history. */
  async reload() {
    const turn = ++this.#turn;
    const { results } = await this.#ask();
    if (turn !== this.#turn) return;
    this.#rows.clear();
    this.#list.replaceChildren();
    this.#append(results);
    if (!results.length) this.#list.append(el("li", { class: "note", text: t("no_results") }));
  }

  /** Append older ones. */
  async more() {
    const { results } = await this.#ask(this.#last);
    this.#append(results);
  }

  /** Put fresh results on top, or draw those anew whose picture has arrived. */
  take(results) {
    if (this.#text || this.#filter === "all") return;
    for (const result of results.slice(-MAX_ROWS)) {
      if (this.#filter !== "bad" && result.judgement !== this.#filter) continue;
      const known = this.#rows.get(result.result_id);
      const row = this.#row(result);
      if (known) known.replaceWith(row);
      else this.#list.prepend(row);
      this.#rows.set(result.result_id, row);
    }
    this.#list.querySelector(".note")?.remove();
    while (this.#list.children.length > MAX_ROWS) {
      this.#rows.delete(this.#list.lastElementChild.dataset.id);
      this.#list.lastElementChild.remove();
    }
  }

  #ask(before = null) {
    const query = new URLSearchParams({ judgement: FILTERS[this.#filter], text: this.#text });
    if (this.#station !== null) query.set("station", this.#station);
    if (before !== null) query.set("before", before);
    return get(`/api/results?${query}`);
  }

  #append(results) {
    for (const result of results) {
      const row = this.#row(result);
      this.#rows.set(result.result_id, row);
      this.#list.append(row);
      this.#last = result.number;
    }
    this.onCount(results.length);
  }

  #row(result) {
    const canvas = el("canvas", { role: "img", width: 144, height: 81 });
    const figure = el("div", { class: "thumb frame" }, canvas);
    const isToday = Date.now() - result.received_ms < DAY_MS;
    const row = el("li", { class: "result", data: { id: result.result_id, judgement: result.judgement } },
      el("a", { class: "result-link", href: path("inspection", result.result_id) },
        figure,
        el("span", { class: "result-judgement" }, shape(result.judgement), el("span", { text: result.judgement })),
        el("span", { class: "result-part", text: partName(result), title: partName(result) }),
        el("span", { class: "result-time", text: isToday ? time(result.received_ms) : dayTime(result.received_ms) }),
        el("span", { class: "result-reason", text: reasonText(result.reason) || t("no_defect"), title: reasonText(result.reason) }),
        this.#station === null ? el("span", { class: "result-station", text: result.station }) : null,
      ),
    );
    const url = result.judgement === "OK" ? null : path("pictures", result.result_id);
    whenSeen(figure, () => new Picture(figure).show(url, result));
    return row;
  }

  #buildForm(form) {
    const buttons = Object.keys(FILTERS).map((name) =>
      el("button", { type: "button", class: "tab", "aria-pressed": String(name === this.#filter), text: name === "bad" ? "NG + ND" : name === "all" ? t("all") : name,
        on: { click: (event) => this.#choose(name, event.currentTarget) } }),
    );
    const search = el("input", { type: "search", "aria-label": t("search"), placeholder: t("search"), maxlength: 100, autocomplete: "off" });
    let pause;
    search.addEventListener("input", () => {
      clearTimeout(pause);
      pause = setTimeout(() => {
        this.#text = search.value.trim();
        this.reload();
      }, 250);
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    form.append(el("span", { class: "tabs", role: "group" }, ...buttons), search);
  }

  #choose(name, button) {
    this.#filter = name;
    for (const one of button.parentElement.children) one.setAttribute("aria-pressed", String(one === button));
    this.reload();
  }
}

const watcher = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    watcher.unobserve(target);
    target.onseen();
  }
}, { rootMargin: "200px" });

function whenSeen(node, call) {
  node.onseen = call;
  watcher.observe(node);
}
