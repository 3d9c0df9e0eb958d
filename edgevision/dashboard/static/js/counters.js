// OK, NG and ND as numbers with their shapes, and the yield.

import { el, setText } from "./dom.js";
import { count, percent } from "./format.js";
import { shape } from "./lamp.js";
import { t } from "./words.js";

const KINDS = ["OK", "NG", "ND"];

/** Numbers in `host`. */
export class Counters {
  #values = new Map();

  constructor(host) {
    for (const kind of KINDS) {
      const value = el("span", { class: "counter-value", text: "0", data: { count: kind } });
      this.#values.set(kind, value);
      host.append(el("div", { class: "counter", data: { kind } }, el("span", { class: "counter-name" }, shape(kind), kind), value));
    }
    const value = el("span", { class: "counter-value", text: "–" });
    this.#values.set("yield", value);
    host.append(el("div", { class: "counter", data: { kind: "yield" } }, el("span", { class: "counter-name", text: t("yield") }), value));
  }

  show(totals, share) {
    for (const kind of KINDS) {
      const value = this.#values.get(kind);
      setText(value, count(totals[kind] ?? 0));
      value.parentElement.classList.toggle("is-zero", !totals[kind]);
    }
    setText(this.#values.get("yield"), percent(share));
  }
}
