// One station for people who stand three metres away: a lamp, the numbers, the last picture.

import { showAlarms } from "./alarms.js";
import { Counters } from "./counters.js";
import { byId, el } from "./dom.js";
import { listen } from "./live.js";
import { Picture } from "./picture.js";
import { addTool, openShell, stationCrumb } from "./shell.js";
import { StationState } from "./state.js";
import { showStation, showVerdict } from "./verdict.js";
import { t } from "./words.js";

const station = decodeURIComponent(location.pathname.split("/")[2]);
const state = new StationState();
openShell([stationCrumb(station), [t("operator_mode"), location.pathname]]);
addTool(el("button", { class: "tool", type: "button", text: t("full_screen"), on: { click: fill } }));
const picture = new Picture(byId("picture"));
const counters = new Counters(byId("counts"));
showVerdict(null);
listen(`?station=${encodeURIComponent(station)}`, apply);

function apply(news) {
  state.take(news);
  if (news.cameras) {
    const last = state.last;
    if (last) state.camera = last.camera;
    counters.show(state.totals, state.yield);
    picture.show(...state.shown(station));
  }
  if (news.head || news.cameras) showStation(state);
  if (news.alarms || news.head) showAlarms(byId("alarms"), station, state.alarms);
}

async function fill() {
  await document.documentElement.requestFullscreen();
  await navigator.wakeLock?.request("screen").catch(() => null);
}
