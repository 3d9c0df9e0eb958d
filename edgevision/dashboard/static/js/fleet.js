// All stations at a glance. A tile is built once; after that only what differs is touched.

import { byId, el, path, setData, setText } from "./dom.js";
import { count, number, percent } from "./format.js";
import { showLamp } from "./lamp.js";
import { listen } from "./live.js";
import { openShell } from "./shell.js";
import { known, t } from "./words.js";

const tiles = new Map();
openShell();
byId("filter").addEventListener("input", filter);
byId("abnormal").addEventListener("change", filter);
listen("", apply);

function apply(news) {
  const stations = Object.values(news.stations ?? {});
  let isNew = false;
  for (const station of stations) {
    isNew ||= !tiles.has(station.station);
    if (!tiles.has(station.station)) tiles.set(station.station, new Tile(station.station));
    tiles.get(station.station).show(station);
  }
  if (isNew) byId("tiles").replaceChildren(...[...tiles.keys()].sort().map((name) => tiles.get(name).node));
  if (stations.length) {
    showOverview();
    filter();
  }
  byId("empty").hidden = tiles.size > 0;
}

function showOverview() {
  const all = [...tiles.values()];
  const values = {
    stations: count(all.length),
    offline: count(all.filter((tile) => tile.isAway).length),
    alarms: count(all.filter((tile) => tile.hasAlarm).length),
  };
  setText(byId("overview"), t(all.length === 1 ? "overview_one" : "overview", values));
}

function filter() {
  const text = byId("filter").value.trim().toLowerCase();
  const onlyAbnormal = byId("abnormal").checked;
  for (const [name, tile] of tiles) {
    const hidden = !name.toLowerCase().includes(text) || (onlyAbnormal && !tile.isAbnormal);
    if (tile.node.hidden !== hidden) tile.node.hidden = hidden;
  }
}

class Tile {
  constructor(name) {
    const cell = (word) => {
      const value = el("span", { class: "tile-value" });
      return [el("div", {}, el("span", { class: "tile-name", text: word }), value), value];
    };
    const [yieldCell, share] = cell(t("yield"));
    const [rateCell, rate] = cell(t("rate"));
    const [latencyCell, latency] = cell("p99 ms");
    const [outboxCell, outbox] = cell(t("outbox"));
    const counts = ["OK", "NG", "ND"].map((kind) => {
      const [node, value] = cell(kind);
      node.dataset.kind = kind;
      value.dataset.count = kind;
      return [kind, node, value];
    });
    Object.assign(this, { share, rate, latency, outbox, counts });
    this.lamp = el("div", { class: "lamp small" });
    this.state = el("span", { class: "tile-state" });
    this.recipe = el("span", { class: "tile-recipe" });
    this.alarm = el("p", { class: "tile-alarm", hidden: true });
    this.node = el("li", { class: "tile", data: { station: name } },
      el("a", { class: "tile-link", href: path("station", name) },
        el("div", { class: "tile-head" }, this.lamp, el("div", { class: "tile-title" }, el("h2", { text: name, title: name }), el("p", {}, this.state, " · ", this.recipe))),
        el("div", { class: "tile-counts" }, ...counts.map(([, node]) => node), yieldCell),
        el("div", { class: "tile-health" }, rateCell, latencyCell, outboxCell),
        this.alarm,
      ),
    );
  }

  show(tile) {
    const open = tile.alarms.filter((alarm) => alarm.cleared_ms === null || alarm.acknowledged_ms === null);
    this.isAway = tile.status !== "online";
    this.hasAlarm = open.length > 0;
    this.isAbnormal = this.isAway || this.hasAlarm || tile.state === "Error";
    setData(this.node, "abnormal", this.isAbnormal);
    setData(this.node, "status", tile.status ?? "unknown");
    showLamp(this.lamp, this.isAway ? "none" : tile.verdict?.judgement);
    setText(this.state, this.isAway ? t(tile.status ?? "unknown") : known("state", tile.state ?? t("unknown")));
    setText(this.recipe, tile.recipe ?? "–");
    for (const [kind, , value] of this.counts) setText(value, count(tile.totals[kind] ?? 0));
    setText(this.share, percent(tile.yield));
    setText(this.rate, tile.rate_hz === null ? "–" : t("per_second", { rate: number(tile.rate_hz) }));
    setText(this.latency, number(tile.latency_p99_ms));
    setText(this.outbox, count(tile.outbox_depth));
    this.alarm.hidden = !this.hasAlarm;
    setText(this.alarm, open[0]?.text ?? "");
  }
}
