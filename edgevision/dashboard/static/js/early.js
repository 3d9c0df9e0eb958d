// Sets the theme, before the first paint, so that the page never flashes in the wrong one, and whenever it changes.
"use strict";
{
  const root = document.documentElement;
  const isDark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const chosen = localStorage.getItem("theme");
    const theme = chosen === "light" || chosen === "dark" ? chosen : isDark.matches ? "dark" : "light";
    if (theme === root.dataset.theme) return;
    root.dataset.theme = theme;
    dispatchEvent(new Event("themechange"));
  };
  apply();
  isDark.addEventListener("change", apply);
  addEventListener("themechosen", apply);
}
