// The newest judgement as lamp, word and sentence; spoken by screen readers when it is bad.

import { byId, setData, setText } from "./dom.js";
import { partName, time } from "./format.js";
import { showLamp } from "./lamp.js";
import { reasonText } from "./reasons.js";
import { t } from "./words.js";

const SPEAK_EVERY_MS = 3_000;
let spokenMs = -SPEAK_EVERY_MS;

/** Show a result, or that there is none yet; with a `pause`, why there is none any more. */
export function showVerdict(result, pause = null) {
  if (pause) return showPause(result, ...pause);
  showLamp(byId("lamp"), result?.judgement);
  setData(document.body, "judgement", result?.judgement ?? "none");
  setText(byId("verdict"), result ? t(result.judgement) : t("no_result"));
  setText(byId("verdict-part"), result ? `${partName(result)} · ${time(result.received_ms)}` : "");
  showReason(result ? reasonText(result.reason) || t("no_defect") : "");
  speak(result);
}

function showPause(result, word, sentence) {
  showLamp(byId("lamp"), "none");
  setData(document.body, "judgement", "none");
  setText(byId("verdict"), word);
  setText(byId("verdict-part"), result ? `${partName(result)} · ${time(result.received_ms)} · ${t(result.judgement)}` : "");
  showReason(reasonText(sentence));
}

/** Show a sentence that may be too long for its line; the pointer reads all of it. */
function showReason(text) {
  setText(byId("verdict-reason"), text);
  byId("verdict-reason").title = text;
}

function speak(result) {
  const spoken = byId("spoken");
  if (!spoken || !result || result.judgement === "OK" || performance.now() - spokenMs < SPEAK_EVERY_MS) return;
  spokenMs = performance.now();
  setText(spoken, `${t(result.judgement)}: ${partName(result)}. ${reasonText(result.reason)}`);
}
