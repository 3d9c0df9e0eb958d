// The newest judgement as lamp, word and sentence; spoken by screen readers when it is bad.

import { byId, setData, setText } from "./dom.js";
import { partName, time } from "./format.js";
import { showLamp } from "./lamp.js";
import { t } from "./words.js";

const SPEAK_EVERY_MS = 3_000;
let spokenMs = -SPEAK_EVERY_MS;

/** Show a result, or that there is none yet. */
export function showVerdict(result) {
  showLamp(byId("lamp"), result?.judgement);
  setData(document.body, "judgement", result?.judgement ?? "none");
  setText(byId("verdict"), result ? t(result.judgement) : t("no_result"));
  setText(byId("verdict-part"), result ? `${partName(result)} · ${time(result.received_ms)}` : "");
  setText(byId("verdict-reason"), result ? result.reason || t("no_defect") : "");
  const spoken = byId("spoken");
  if (!spoken || !result || result.judgement === "OK" || performance.now() - spokenMs < SPEAK_EVERY_MS) return;
  spokenMs = performance.now();
  setText(spoken, `${t(result.judgement)}: ${partName(result)}. ${result.reason}`);
}
