// The page of one station.

import { showAlarms } from "./alarms.js";
import { get, me } from "./api.js";
import { Trends } from "./charts.js";
import { openCommands, showAnswers } from "./commands.js";
import { Counters } from "./counters.js";
import { showMap, showPareto } from "./defects.js";
import { addTool, openShell, stationCrumb } from "./shell.js";
import { byId, el, path, setText } from "./dom.js";
import { number } from "./format.js";
import { listen } from "./live.js";
import { Picture } from "./picture.js";
import { Results } from "./results.js";
import { showHealth } from "./health.js";
import { StationState } from "./state.js";
import { showStation, showVerdict } from "./verdict.js";
import { t } from "./words.js";

const FIGURES_EVERY_MS = 5_000;

const station = decodeURIComponent(location.pathname.split("/")[2]);
const state = new StationState();
openShell([stationCrumb(station)]);
addTool(el("a", { class: "tool", href: path("station", station, "operator"), text: t("operator_mode") }));
const picture = new Picture(byId("picture"));
const counters = new Counters(byId("counts"));
const trends = new Trends();
const results = new Results(byId("results"), byId("search"), { station });

byId("overlay").addEventListener("change", (event) => (picture.hasOverlay = event.target.checked));
me().then(({ hours }) => setText(byId("window"), t("hours", { hours: number(hours, hours % 1 ? 1 : 0) })));
openCommands(station);
showVerdict(null);
results.reload().then(() => listen(`?station=${encodeURIComponent(station)}`, apply));
setInterval(loadFigures, FIGURES_EVERY_MS);
addEventListener("themechange", loadFigures);

function apply(news) {
  const isFirst = state.head === null;
  state.take(news);
  if (isFirst) loadFigures();
  if (news.head || news.cameras) {
    showHealth(byId("health"), state);
    showStation(state);
  }
  if (news.cameras) {
    showCameras();
    counters.show(state.totals, state.yield);
    picture.show(...state.shown(station));
  }
  if (news.alarms || news.head) showAlarms(byId("alarms"), station, state.alarms);
  if (news.results) results.take(news.results);
  if (news.answers) showAnswers(news.answers);
}

function showCameras() {
  const host = byId("cameras");
  const names = state.names;
  if (names.length < 2 || host.childElementCount === names.length) return;
  const choose = (name) => {
    state.camera = name;
    for (const tab of host.children) tab.setAttribute("aria-pressed", String(tab.dataset.name === name));
    picture.show(...state.shown(station));
    loadFigures();
  };
  host.replaceChildren(...names.map((name) =>
    el("button", { class: "tab", type: "button", text: name, data: { name }, "aria-pressed": String(name === state.camera), on: { click: () => choose(name) } })));
}

async function loadFigures() {
  if (document.hidden) return;
  const query = state.names.length > 1 ? `?camera=${encodeURIComponent(state.camera)}` : "";
  const figures = await get(`${path("api", "stations", station, "figures")}${query}`).catch(sayWhyNot);
  if (!figures) return;
  trends.show(figures.trend);
  showPareto(figures.pareto);
  showMap(figures.map, state.ratio);
}

/** Say that nobody has heard of the station; that the dashboard cannot be reached is said by the banner. */
function sayWhyNot({ status }) {
  if (status === 404 && state.head === null) setText(byId("verdict-reason"), t("no_such_station"));
}
