// What the page knows of one station, put together from the news.

import { path } from "./dom.js";
import { known, t } from "./words.js";

const FRESH_MS = 5_000;
const IDLE = ["Preoperational", "Halted", "Error", "Initialized"];

export class StationState {
  head = null;
  alarms = [];
  cameras = new Map();
  totals = {};
  yield = null;
  camera = null;
  /** The newest result that still tells of the line: none while it rests or is away, and none from before. */
  verdict = null;

  take(news) {
    if (news.head) this.head = news.head;
    if (news.verdict !== undefined) this.verdict = news.verdict;
    if (news.alarms) this.alarms = news.alarms;
    for (const [name, camera] of Object.entries(news.cameras ?? {})) this.cameras.set(name, camera);
    if (news.totals) [this.totals, this.yield] = [news.totals, news.yield];
    this.camera ??= this.names[0] ?? null;
  }

  get names() {
    return [...this.cameras.keys()].sort();
  }

  /** The newest result of all cameras. */
  get last() {
    const results = [...this.cameras.values()].map((camera) => camera.last).filter(Boolean);
    return results.reduce((newest, one) => (newest && newest.received_ms >= one.received_ms ? newest : one), null);
  }

  /** A word and a sentence on why there is no verdict, so that no old OK passes for news; null where none is needed. */
  get pause() {
    if (this.verdict) return null;
    const { status, state } = this.head ?? {};
    if (status && status !== "online") return [t(status), ""];
    return IDLE.includes(state?.state) ? [known("state", state.state), state.text ?? ""] : null;
  }

  /** Width ÷ height of the frames of the chosen camera. */
  get ratio() {
    const last = this.cameras.get(this.camera)?.last;
    return last ? last.width / last.height : 16 / 9;
  }

  /** Address of the picture to show, none where none is fresh, and the result it shows, none where that is unknown. */
  shown(station) {
    const camera = this.cameras.get(this.camera);
    const { last, picture } = camera ?? {};
    if (!picture) return [null, last ?? null];
    const isStale = last && picture.result && last.received_ms - picture.result.received_ms > FRESH_MS;
    if (isStale) return [null, last];
    return [path("pictures", station, this.camera, picture.number), picture.result];
  }
}
