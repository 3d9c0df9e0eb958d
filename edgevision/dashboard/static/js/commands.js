// Buttons that command a station. They are there only for a signed-in user of a dashboard with commands.

import { me, post } from "./api.js";
import { byId, el, path, setText } from "./dom.js";
import { t } from "./words.js";

const PLAIN = ["start", "stop", "trigger"];

/** Show the buttons where this visitor may use them; return what shows the station's answers. */
export async function openCommands(station) {
  const { has_commands } = await me();
  if (!has_commands) return;
  const host = byId("commands");
  const said = el("p", { id: "said", class: "note", role: "status" });
  const send = (verb, values = {}) =>
    post(path("api", "stations", station, "commands"), { verb, ...values }).then(
      () => setText(said, t("command_sent", { verb: t(verb) })),
      (error) => setText(said, t("command_failed", { verb: t(verb), error: error.message })),
    );
  const recipe = el("input", { name: "recipe", "aria-label": t("recipe_file"), placeholder: t("recipe_file"), maxlength: 128, required: true, autocomplete: "off" });
  const form = el("form", { class: "command-form" }, recipe, el("button", { class: "button", text: t("recipe") }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send("recipe", { recipe: recipe.value.trim() });
  });
  host.append(...PLAIN.map((verb) => el("button", { class: "button", type: "button", text: t(verb), on: { click: () => send(verb) } })), form, said);
  host.hidden = false;
}

/** Show what a station said to the last command. */
export function showAnswers(answers) {
  const said = byId("said");
  const last = answers.at(-1);
  if (said && last) setText(said, `${last.ok ? "✓" : "✗"} ${t(last.verb)}: ${last.text ?? ""}`);
}
