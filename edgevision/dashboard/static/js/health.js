// How a station is doing: state, recipe, models, rate, latency, outbox. What is abnormal is marked.

import { el } from "./dom.js";
import { count, number, time } from "./format.js";
import { reasonText } from "./reasons.js";
import { known, t } from "./words.js";

/** Show the facts in a definition list; it is built again only when one of them differs. */
export function showHealth(host, state) {
  const facts = [...headFacts(state.head), ...metricFacts(state)];
  const key = JSON.stringify(facts);
  if (host.dataset.key === key) return;
  host.dataset.key = key;
  host.replaceChildren(
    ...facts.flatMap(([name, text, isBad]) => [el("dt", { text: name }), el("dd", { text, class: isBad ? "is-bad" : "", title: text })]),
  );
}

function headFacts(head) {
  if (!head) return [];
  const { status, status_ms, state, info } = head;
  const since = status_ms && status !== "online" ? ` · ${time(status_ms)}` : "";
  return [
    [t("status"), t(status ?? "unknown") + since, status === "offline"],
    [t("state"), state ? known("state", state.state) + (state.text ? ` · ${reasonText(state.text)}` : "") : t("unknown"), state?.state === "Error"],
    [t("recipe"), info ? `${info.recipe} ${info.recipe_version}` : "–", false],
    ...(info?.models ?? []).flatMap((model) => [
      [t("bundle"), `${model.bundle} ${model.version} · ${model.precision}`, false],
      [t("engine"), engineText(model), isFallback(model)],
    ]),
    [t("version"), info?.version ?? "–", false],
  ];
}

const isFallback = (model) => model.provider_requested !== "auto" && model.provider.toLowerCase() !== model.provider_requested.toLowerCase();

function engineText(model) {
  if (!isFallback(model)) return `${model.engine} ${model.engine_version} · ${model.provider}`;
  return t("fallback", { provider: model.provider, requested: model.provider_requested });
}

function metricFacts(state) {
  return state.names.flatMap((name) => {
    const metrics = state.cameras.get(name).metrics;
    if (!metrics) return [];
    const camera = state.names.length > 1 ? ` ${name}` : "";
    return [
      [t("rate") + camera, t("per_second", { rate: number(metrics.rate_hz) }), false],
      [t("latency") + camera, `${number(metrics.latency_p50_ms)} / ${number(metrics.latency_p99_ms)} ms`, false],
      [t("outbox") + camera, count(metrics.outbox_depth), metrics.outbox_depth > 100 || metrics.outbox_dropped > 0],
    ];
  });
}
