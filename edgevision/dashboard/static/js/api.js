// Requests to the dashboard; what changes something carries the token that only this page can read.

export class Refused extends Error {
  constructor(text, status) {
    super(text);
    this.status = status;
  }
}

async function answer(response) {
  const body = await response.json().catch(() => ({}));
  if (response.status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
  if (!response.ok) throw new Refused(body.error ?? response.statusText, response.status);
  return body;
}

export const get = async (url) => answer(await fetch(url));

let visitor;

/** Return who we are and what we may do. */
export const me = () => (visitor ??= get("/api/me"));

export async function post(url, body) {
  const { token } = await me();
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": token };
  return answer(await fetch(url, { method: "POST", headers, body: JSON.stringify(body) }));
}
