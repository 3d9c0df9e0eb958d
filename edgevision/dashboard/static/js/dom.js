// Builds elements. Text is only ever set as text: nothing that comes from a station is read as markup.

const SVG = "http://www.w3.org/2000/svg";

/** Return an element; `class`, `text`, `data`, `on` and attributes are understood in `properties`. */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name === "on") for (const [event, call] of Object.entries(value)) node.addEventListener(event, call);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Return an SVG element with attributes. */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export const byId = (id) => document.getElementById(id);

/** Set the text where it differs, so that nothing is laid out again for nothing. */
export function setText(node, text) {
  const wanted = String(text ?? "");
  if (node.textContent !== wanted) node.textContent = wanted;
}

/** Set a data attribute where it differs. */
export function setData(node, name, value) {
  const wanted = String(value ?? "");
  if (node.dataset[name] !== wanted) node.dataset[name] = wanted;
}

/** Return a path below the root with each part escaped. */
export const path = (...parts) => `/${parts.map((part) => encodeURIComponent(part)).join("/")}`;
