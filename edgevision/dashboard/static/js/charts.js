// Trends by minute on uPlot: quiet axes, one colour unless something is bad.

import { byId } from "./dom.js";
import { number } from "./format.js";
import { language, t } from "./words.js";

const HEIGHT = 118;
const MIN_SPAN_S = 900;
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const clock = new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", { hour: "2-digit", minute: "2-digit", hour12: false });

const bars = (u, ...rest) => uPlot.paths.bars({ size: [0.7, 8] })(u, ...rest);
const gaps = { spanGaps: false, points: { show: (u) => u.data[0].length < 4, size: 4 } };

const fromZero = (_u, _low, high) => [0, Math.max(1, (high ?? 0) * 1.1)];

const CHARTS = {
  "yield-chart": {
    word: "yield_chart",
    unit: "%",
    lines: (trend) => [trend.ok.map((ok, at) => share(ok, ok + trend.ng[at] + trend.nd[at]))],
    series: () => [{ label: t("yield"), stroke: colour("--ink"), width: 1.5, ...gaps }],
    range: (_u, low, high) => (low === null ? [90, 100] : [Math.max(0, Math.floor(Math.min(low, 99) - 1)), Math.max(100, high)]),
  },
  "bad-chart": {
    word: "bad_chart",
    unit: "",
    // Stacked: ND stands on NG.
    lines: (trend) => [trend.ng.map((ng, at) => ng + trend.nd[at]), trend.ng],
    series: () => [
      { label: t("ND"), fill: colour("--nd-mark"), stroke: colour("--nd-mark"), width: 0, paths: bars, points: { show: false } },
      { label: t("NG"), fill: colour("--ng-mark"), stroke: colour("--ng-mark"), width: 0, paths: bars, points: { show: false } },
    ],
    range: (_u, _low, high) => [0, Math.max(4, high ?? 0)],
  },
  "rate-chart": {
    word: "rate_chart",
    unit: "",
    lines: (trend) => [trend.ok.map((ok, at) => ok + trend.ng[at] + trend.nd[at])],
    series: () => [{ label: t("rate"), stroke: colour("--ink"), width: 1.5, ...gaps }],
    range: fromZero,
  },
  "latency-chart": {
    word: "latency_chart",
    unit: " ms",
    lines: (trend) => [trend.latency_p99_ms, trend.latency_p50_ms],
    series: () => [
      { label: "p99", stroke: colour("--ink-soft"), width: 1, dash: [4, 3], ...gaps },
      { label: "p50", stroke: colour("--ink"), width: 1.5, ...gaps },
    ],
    range: fromZero,
  },
  "outbox-chart": {
    word: "outbox",
    unit: "",
    lines: (trend) => [trend.outbox_depth],
    series: () => [{ label: t("outbox"), stroke: colour("--ink"), width: 1.5, ...gaps }],
    range: fromZero,
  },
};

const share = (part, whole) => (whole ? (100 * part) / whole : null);

/** The charts of a station. */
export class Trends {
  #plots = new Map();
  #trend = null;

  constructor() {
    addEventListener("themechange", () => this.#rebuild());
  }

  show(trend) {
    this.#trend = trend;
    for (const [id, chart] of Object.entries(CHARTS)) {
      const data = [trend.time_s, ...chart.lines(trend)];
      if (this.#plots.has(id)) this.#plots.get(id).setData(data);
      else this.#plots.set(id, build(byId(id), chart, data));
    }
  }

  #rebuild() {
    for (const plot of this.#plots.values()) plot.destroy();
    this.#plots.clear();
    if (this.#trend) this.show(this.#trend);
  }
}

function build(host, chart, data) {
  const axis = { stroke: colour("--ink-soft"), font: "11px system-ui, sans-serif", ticks: { show: false } };
  const grid = { stroke: colour("--line"), width: 1 };
  const plot = new uPlot(
    {
      title: t(chart.word),
      width: Math.max(host.clientWidth, 120),
      height: HEIGHT,
      padding: [8, 20, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: "trend" }, drag: { x: true, y: false }, points: { size: 5 } },
      scales: { x: { time: true, range: span }, y: { range: chart.range } },
      series: [{}, ...chart.series()],
      axes: [
        { ...axis, grid: { show: false }, size: 22, space: 60, values: (_u, seconds) => seconds.map((value) => clock.format(value * 1000)) },
        { ...axis, grid, size: 38, space: 28 },
      ],
      hooks: { setCursor: [(u) => showValues(u, host, chart)] },
    },
    data,
    host,
  );
  host.setAttribute("role", "img");
  host.setAttribute("aria-label", t(chart.word));
  new ResizeObserver(() => plot.setSize({ width: Math.max(host.clientWidth, 120), height: HEIGHT })).observe(host);
  return plot;
}

// From the data itself, unless somebody zooms: for a single point uPlot proposes a whole day.
function span(u, low, high) {
  const times = u.data[0];
  const end = Math.max(times.at(-1) ?? 0, Math.floor(Date.now() / 60_000) * 60);
  const isZoomed = times.length > 1 && (low > times[0] || high < times.at(-1));
  return isZoomed ? [low, high] : [Math.min(times[0] ?? end, end - MIN_SPAN_S), end];
}

function showValues(u, host, chart) {
  const at = u.cursor.idx;
  const title = host.querySelector(".u-title");
  const texts = at === null || at === undefined ? [] : u.series.slice(1).map((one, index) => {
    let value = u.data[index + 1][at];
    if (chart.word === "bad_chart" && index === 0) value -= u.data[2][at];
    return `${one.label} ${number(value, chart.unit ? 1 : 0)}${chart.unit}`;
  });
  const moment = texts.length ? `${clock.format(u.data[0][at] * 1000)}  ` : "";
  title.textContent = texts.length ? `${t(chart.word)}   ${moment}${texts.join("  ")}` : t(chart.word);
}
