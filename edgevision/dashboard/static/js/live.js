// The stream of news from the dashboard, and the banner that says when it cannot be trusted.

import { byId, setText } from "./dom.js";
import { t } from "./words.js";

const SILENT_MS = 12_000;

/** Call `apply` with each piece of news, once per frame at most; the first one holds everything. */
export function listen(query, apply) {
  const source = new EventSource(`/events${query}`);
  let waiting = [];
  let heardMs = performance.now();
  const flush = () => {
    const pieces = waiting;
    waiting = [];
    for (const news of pieces) apply(news);
  };
  source.onmessage = (event) => {
    heardMs = performance.now();
    showLost(false);
    const news = JSON.parse(event.data);
    if (news.link) showLink(news.link);
    if (waiting.push(news) === 1) {
      if (document.hidden) setTimeout(flush);
      else requestAnimationFrame(flush);
    }
  };
  source.onerror = () => {
    showLost(true);
    if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5_000);
  };
  setInterval(() => performance.now() - heardMs > SILENT_MS && showLost(true), 2_000);
}

let isLost = false;
let link = null;

function showLost(lost) {
  if (lost !== isLost) {
    isLost = lost;
    showBanner();
  }
}

function showLink(news) {
  link = news;
  showBanner();
}

function showBanner() {
  const texts = [];
  if (isLost) texts.push(t("dashboard_lost"));
  else if (link && !link.is_connected) texts.push(t("broker_lost", { problem: link.problem }));
  if (link?.history_problem) texts.push(t("history_problem", { problem: link.history_problem }));
  const banner = byId("banner");
  banner.hidden = texts.length === 0;
  setText(banner, texts.join(" "));
  document.body.classList.toggle("is-stale", isLost || (link !== null && !link.is_connected));
  const pill = byId("link");
  if (pill && link) {
    pill.hidden = false;
    setText(pill, link.broker);
    pill.dataset.state = !isLost && link.is_connected ? "good" : "lost";
    pill.title = link.junk ? t("junk", { count: link.junk }) : t("broker_back");
  }
}
