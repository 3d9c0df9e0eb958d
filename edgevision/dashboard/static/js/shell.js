// What all pages share: the header with navigation, language, theme and user. Also fills in the words.

import { me, post } from "./api.js";
import { byId, el, path } from "./dom.js";
import { switchLanguage, t, translate } from "./words.js";

const THEMES = ["auto", "light", "dark"];

/** Build the header; `crumbs` are [text, href] below the fleet. */
export function openShell(crumbs = []) {
  translate(document);
  const trail = [[t("fleet"), "/"], ...crumbs];
  document.title = [...crumbs.map(([text]) => text).reverse(), "edgevision"].join(" · ");
  const list = trail.map(([text, href], index) =>
    el("li", {}, el("a", { href, text, "aria-current": index === trail.length - 1 ? "page" : null })),
  );
  byId("header").append(
    el("a", { class: "brand", href: "/", "aria-label": "edgevision" }, el("span", { class: "brand-mark" }), el("span", { class: "brand-name", text: "edgevision" })),
    el("nav", { "aria-label": "breadcrumb" }, el("ol", { class: "crumbs" }, ...list)),
    el("div", { class: "tools" },
      el("span", { id: "link", class: "pill", hidden: true }),
      el("a", { class: "tool", href: "/results", text: t("inspections") }),
      el("span", { id: "page-tools", class: "tools" }),
      el("button", { class: "tool", type: "button", text: t("language"), on: { click: switchLanguage } }),
      themeButton(),
      el("span", { id: "visitor", class: "tools" }),
    ),
  );
  showVisitor();
}

/** Add a link or button of one page to the header. */
export const addTool = (node) => byId("page-tools").append(node);

export const stationCrumb = (station) => [station, path("station", station)];

function themeButton() {
  const button = el("button", { class: "tool", type: "button" });
  const chosen = () => THEMES.find((theme) => theme === localStorage.getItem("theme")) ?? "auto";
  const show = () => (button.textContent = t(`theme_${chosen()}`));
  button.addEventListener("click", () => {
    localStorage.setItem("theme", THEMES[(THEMES.indexOf(chosen()) + 1) % THEMES.length]);
    show();
    dispatchEvent(new Event("themechosen"));
  });
  show();
  return button;
}

async function showVisitor() {
  const { user, has_login } = await me();
  if (user === null) return;
  byId("visitor").append(el("span", { class: "user", text: user }));
  if (!has_login) return;
  const leave = () => post("/api/logout", {}).then(() => location.assign("/login"));
  byId("visitor").append(el("button", { class: "tool", type: "button", text: t("sign_out"), on: { click: leave } }));
}
