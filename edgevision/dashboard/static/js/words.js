// All words of the page in English and Chinese, and which of the two is shown.

const WORDS = {
  acknowledge: ["Acknowledge", "确认"],
  acknowledged: ["seen by {by}", "已由 {by} 确认"],
  alarms: ["Alarms", "报警"],
  all: ["All", "全部"],
  anonymous: ["a visitor", "访客"],
  area: ["Area px²", "面积 px²"],
  box: ["Box x y x y", "框 x y x y"],
  broker_back: ["connected", "已连接"],
  broker_lost: ["No connection to the broker: {problem}. What is shown may be out of date.", "与消息服务器的连接中断：{problem}。显示的数据可能已过时。"],
  bundle: ["Model", "模型"],
  camera: ["Camera", "相机"],
  class: ["Class", "类别"],
  classes: ["What it is", "分类结果"],
  cleared: ["over", "已消除"],
  command_failed: ["{verb}: not sent: {error}", "{verb}：未发送：{error}"],
  command_sent: ["{verb}: sent", "{verb}：已发送"],
  counts: ["Counts", "计数"],
  dashboard_lost: ["No connection to the dashboard. Trying again …", "与看板服务的连接中断，正在重试……"],
  defect_map: ["Where defects are", "缺陷位置分布"],
  defects: ["Defects", "缺陷"],
  engine: ["Engine", "推理引擎"],
  fallback: ["{provider} instead of {requested}", "使用 {provider}，而非 {requested}"],
  filter_stations: ["Find", "查找"],
  fleet: ["Fleet", "全部工位"],
  full_screen: ["Full screen", "全屏"],
  history_problem: ["The history is not being written: {problem}", "历史记录无法写入：{problem}"],
  hours: ["last {hours} h", "最近 {hours} 小时"],
  identities: ["Who or which", "身份识别"],
  identity: ["Name", "名称"],
  inspections: ["Inspections", "检测记录"],
  judgement: ["Judgement", "判定"],
  junk: ["{count} unreadable messages dropped", "已丢弃 {count} 条无效消息"],
  language: ["中文", "English"],
  last_picture: ["Last picture", "最新图像"],
  latency: ["Latency p50 / p99", "延迟 p50 / p99"],
  latency_chart: ["Latency, ms", "延迟（毫秒）"],
  length: ["Length px", "长度 px"],
  more: ["Show more", "显示更多"],
  nd: ["ND", "待定"],
  ND: ["Not decidable", "无法判定"],
  ND_long: ["Not decidable", "无法判定"],
  NG: ["NG", "不合格"],
  next: ["Next", "下一个"],
  no_alarm: ["No alarm", "无报警"],
  no_defect: ["No defect", "无缺陷"],
  no_defects_yet: ["No defects in this time", "此时段内无缺陷"],
  no_picture: ["no picture was sent", "未发送图像"],
  no_result: ["No result yet", "暂无结果"],
  no_results: ["Nothing found", "没有找到"],
  no_station: ["No station has been heard of yet. Is the topic root right, and does a station run?", "尚未收到任何工位的消息。请检查主题根目录以及工位是否在运行。"],
  no_such_station: ["This station has not been heard of. Is its name right, and does it run?", "尚未收到该工位的消息。请检查名称以及工位是否在运行。"],
  not_found: ["This inspection is not in the history of this dashboard.", "此看板的历史记录中没有该检测。"],
  not_told: ["cannot be told", "无法识别"],
  offline: ["offline", "离线"],
  OK: ["OK", "合格"],
  online: ["online", "在线"],
  only_abnormal: ["Only abnormal", "仅异常"],
  operator_mode: ["Operator view", "操作员视图"],
  outbox: ["Waiting for the broker", "待发送"],
  overlay: ["Findings", "标注"],
  overview: ["{stations} stations, {offline} offline, {alarms} with alarms", "{stations} 个工位，{offline} 个离线，{alarms} 个有报警"],
  overview_one: ["1 station, {offline} offline, {alarms} with alarms", "1 个工位，{offline} 个离线，{alarms} 个有报警"],
  pareto: ["Defects by class", "缺陷类别排列"],
  part: ["Part", "工件"],
  part_id: ["Part id", "工件编号"],
  password: ["Password", "密码"],
  per_second: ["{rate} /s", "{rate} 件/秒"],
  picture: ["Picture", "图像"],
  previous: ["Previous", "上一个"],
  problem: ["Why not", "原因"],
  rate: ["Rate", "节拍"],
  rate_chart: ["Inspections per minute", "每分钟检测数"],
  reasons: ["Reasons", "原因"],
  recent: ["Recent NG and ND", "最近的不合格与待定"],
  recipe: ["Recipe", "配方"],
  recipe_file: ["Recipe file", "配方文件名"],
  record: ["Record", "完整记录"],
  score: ["Score", "置信度"],
  search: ["Part, reason, id", "工件、原因、编号"],
  sign_in: ["Sign in", "登录"],
  sign_out: ["Sign out", "退出"],
  skip: ["Skip to content", "跳到内容"],
  start: ["Start", "启动"],
  state: ["State", "状态"],
  station: ["Station", "工位"],
  status: ["Status", "连接状态"],
  step: ["Step", "步骤"],
  stop: ["Stop", "停止"],
  stopped: ["stopped", "已停止"],
  stranger: ["unknown", "未登记"],
  theme_auto: ["Theme: system", "主题：跟随系统"],
  theme_dark: ["Theme: dark", "主题：深色"],
  theme_light: ["Theme: light", "主题：浅色"],
  trend: ["Trend by minute", "每分钟趋势"],
  trigger: ["Trigger", "触发"],
  unknown: ["unknown", "未知"],
  user: ["User", "用户名"],
  version: ["Version", "版本"],
  width: ["Width px", "宽度 px"],
  yield: ["Yield", "良率"],
  yield_chart: ["Yield, %", "良率（%）"],
  bad_chart: ["NG and ND per minute", "每分钟不合格与待定数"],
  "state.Preoperational": ["Starting", "启动中"],
  "state.Halted": ["Halted", "已停机"],
  "state.Error": ["Error", "故障"],
  "state.Initialized": ["No recipe", "未加载配方"],
  "state.Ready": ["Ready", "就绪"],
  "state.SingleExecution": ["Inspecting on trigger", "触发检测中"],
  "state.ContinuousExecution": ["Inspecting", "检测中"],
};

const LANGUAGES = ["en", "zh"];

function chosen() {
  const asked = new URLSearchParams(location.search).get("lang");
  if (LANGUAGES.includes(asked)) localStorage.setItem("language", asked);
  const stored = localStorage.getItem("language");
  if (LANGUAGES.includes(stored)) return stored;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export const language = chosen();
document.documentElement.lang = language === "zh" ? "zh-CN" : "en";

/** Return a word with `{name}` replaced; a word that is not known is shown as it is. */
export function t(word, values = {}) {
  const text = WORDS[word]?.[LANGUAGES.indexOf(language)] ?? word;
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** Return the word for `prefix.word` where there is one, the word itself otherwise. */
export const known = (prefix, word) => (`${prefix}.${word}` in WORDS ? t(`${prefix}.${word}`) : word);

/** Change the language and load the page in it. */
export function switchLanguage() {
  localStorage.setItem("language", language === "zh" ? "en" : "zh");
  const url = new URL(location.href);
  url.searchParams.delete("lang");
  location.replace(url);
}

/** Fill in the words of the page's own markup. */
export function translate(root) {
  for (const node of root.querySelectorAll("[data-word]")) node.textContent = t(node.dataset.word);
  for (const node of root.querySelectorAll("[data-label]")) node.setAttribute("aria-label", t(node.dataset.label));
}
