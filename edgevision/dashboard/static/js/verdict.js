// The newest judgement as lamp, word and sentence; spoken by screen readers when it is bad.

import { byId, setData, setText } from "./dom.js";
import { partName, time } from "./format.js";
import { showLamp } from "./lamp.js";
import { reasonText } from "./reasons.js";
import { t } from "./words.js";

const SPEAK_EVERY_MS = 3_000;
let spokenMs = -SPEAK_EVERY_MS;

/** Show the verdict of a station or, with the newest result as a note, why there is none. */
export function showStation({ verdict, pause, last }) {
  if (pause) showPause(last, ...pause);
  else showVerdict(verdict);
}

/** Show a result, or that there is none yet. */
export function showVerdict(result) {
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
