// Signing in.

import { post } from "./api.js";
import { byId, setText } from "./dom.js";
import { openShell } from "./shell.js";

openShell();
byId("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { user, password } = Object.fromEntries(new FormData(event.target));
  try {
    await post("/api/login", { user, password });
    location.assign(next());
  } catch (error) {
    setText(byId("problem"), error.message);
  }
});

/** Where the visitor wanted to go: a path of this dashboard, and nothing else. */
function next() {
  const wanted = new URL(new URLSearchParams(location.search).get("next") ?? "/", location.origin);
  return wanted.origin === location.origin ? wanted.pathname : "/";
}
