// Why a part is NG or ND, in the language of the page. Stations give reasons in English: those of their
// rules, expectations and triggers are known here by their form, and what is not known stays as it is.

import { language } from "./words.js";

const MAX_LENGTH = 400;
const MORE = / \((\d+) more\)$/;
const AT = String.raw`at \((\d+), (\d+)\)`;
const GREY = "within the grey band";
const WORDS = {
  area: "面积", length: "长度", width: "宽度", longest: "最长", largest: "最大",
  px: "px", mm: "mm", "sq mm": "平方毫米",
};
const SOMEBODY = "somebody enrolled";

// A form, and what it says in Chinese with the parts of the form by number. Names that people gave stay as
// they are: only a `word` of the form itself, and the list of what was `expected`, are put into Chinese.
const FORMS = [
  [String.raw`(\d+) (.+) found, at most (\d+) allowed; (longest|largest) (\d+) px ${AT}`, "发现 {2} {1} 处，最多允许 {3} 处；{word:4} {5} px，位于 ({6}, {7})"],
  [String.raw`(.+) ${AT} of (area|length|width) ([\d.]+) (px|mm|sq mm), at most (\S+) allowed`, "({2}, {3}) 处的 {1}：{word:4} {5} {word:6}，最多允许 {7}"],
  [String.raw`(.+) ${AT} scores ([\d.]+), ${GREY}: would break rule (.+)`, "({2}, {3}) 处的 {1} 得分 {4}，处于灰区，可能违反规则 {5}"],
  [String.raw`(.+) ${AT} scores ([\d.]+), ${GREY}`, "({2}, {3}) 处的 {1} 得分 {4}，处于灰区"],
  [String.raw`(.+): ([\d.]+) for an unexpected class is ${GREY}`, "{1}：非预期类别的概率 {2}，处于灰区"],
  [String.raw`expected (.+), got an unknown one ${AT}; nearest score ([\d.-]+)`, "应为 {expected:1}，({2}, {3}) 处的未登记；最高相似度 {4}"],
  [String.raw`expected (.+), got (.+) ${AT} with score ([\d.]+)`, "应为 {expected:1}，({3}, {4}) 处的是 {2}，相似度 {5}"],
  [String.raw`expected (.+), got (.+) with probability ([\d.]+)`, "应为 {expected:1}，实为 {2}，概率 {3}"],
  [String.raw`expected (.+), found none`, "应为 {expected:1}，未找到"],
  [String.raw`(\d+) px are too small, at least (\S+) needed ${AT}, so it cannot be told`, "({3}, {4}) 处只有 {1} px，至少需要 {2}，无法识别"],
  [String.raw`a sharpness of (\d+) is blurred, at least (\S+) needed ${AT}, so it cannot be told`, "({3}, {4}) 处模糊，清晰度 {1}，至少需要 {2}，无法识别"],
  [String.raw`turned away by (\d+) degrees, at most (\S+) allowed ${AT}, so it cannot be told`, "({3}, {4}) 处偏转 {1} 度，最多允许 {2}，无法识别"],
  ["(.+) shows the same picture for too long", "{1} 的画面长时间没有变化"],
  ["(.+) gave no frame by the deadline of the trigger", "{1} 在触发期限内没有给出图像"],
  ["the inspection was not done by the deadline of the trigger", "检测未能在触发期限内完成"],
  ["Halted by a command\\.", "由命令停机。"],
].map(([form, chinese]) => [new RegExp(`^${form}$`), chinese]);

/** Return a reason, or the sentence of a state, in the language of the page. */
export function reasonText(text) {
  if (language !== "zh" || !text || text.length > MAX_LENGTH) return text;
  const [first] = text.split(MORE);
  for (const [form, chinese] of FORMS) {
    const parts = form.exec(first);
    if (!parts) continue;
    const more = MORE.exec(text);
    return chinese.replace(/\{(?:(\w+):)?(\d)\}/g, (_, kind, number) => spoken(kind, parts[number])) + (more ? `（另有 ${more[1]} 条）` : "");
  }
  return text;
}

function spoken(kind, part) {
  if (kind === "word") return WORDS[part];
  if (kind === "expected") return part === SOMEBODY ? "已登记者" : part.replaceAll(" or ", " 或 ");
  return part;
}
