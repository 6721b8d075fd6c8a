// Small helpers to build the page. Text always goes in as text: nothing here parses markup.

const SVG = "http://www.w3.org/2000/svg";

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  setAll(node, attributes);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function setAll(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
}

// Outlines on a 24 by 24 grid.
export const ICONS = {
  clip: "M19.5 11.5 12 19a4.6 4.6 0 0 1-6.5-6.5L13.5 4.5a3.1 3.1 0 0 1 4.4 4.4L10 16.8a1.5 1.5 0 0 1-2.2-2.2L14.5 8",
  send: "M4.5 12 19.5 5l-5.5 14.5-2.8-6.2z M11.2 13.3 19.5 5",
  pin: "M12 21s-6.5-6-6.5-11a6.5 6.5 0 0 1 13 0c0 5-6.5 11-6.5 11z M12 12.3a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6z",
  photo: "M4 6.5h16v12H4z M4 15.5l4.5-4 4 3.5 3-2.5 4.5 4 M15.5 10h.01",
  voice: "M12 4a2.5 2.5 0 0 1 2.5 2.5v5a2.5 2.5 0 0 1-5 0v-5A2.5 2.5 0 0 1 12 4z M6 11.5a6 6 0 0 0 12 0 M12 17.5V21",
  file: "M7 3.5h7l4 4v13H7z M14 3.5v4h4",
  reply: "M10 6 4.5 11.5 10 17 M5 11.5h8a6 6 0 0 1 6 6",
  edit: "M5 19l1-4L16 5l3 3L9 18z M13.5 7.5l3 3",
  bin: "M5 7h14 M9.5 7V4.5h5V7 M7 7l1 13h8l1-13",
  close: "M6 6l12 12 M18 6 6 18",
  lock: "M6.5 11h11v9h-11z M8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  play: "M8 5.5v13l10.5-6.5z",
  pause: "M8 6v12 M16 6v12",
  ahead: "M5 6v12l8-6z M13 6v12l8-6z",
  block: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M5.7 5.7l12.6 12.6",
  nosignal: "M4 19v-2 M8.5 19v-5 M13 19v-8 M17.5 19V8 M3.5 4l17 17",
  signal: "M4 19v-2 M8.5 19v-5 M13 19v-8 M17.5 19V5",
  more: "M6 12h.01 M12 12h.01 M18 12h.01",
  smile: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M8.5 14a4 4 0 0 0 7 0 M9 9.5h.01 M15 9.5h.01",
  waiting: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M12 7v5l3 2",
  sent: "M6 12.5l4 4 8.5-9",
  stored: "M2.5 12.5l4 4 8.5-9 M10.5 15.5l1 1 8.5-9",
  hand: "M8.5 12.5V6a1.4 1.4 0 0 1 2.8 0v5 M11.3 11V4.6a1.4 1.4 0 0 1 2.8 0V11 M14.1 11V6a1.4 1.4 0 0 1 2.8 0v8.5c0 3.5-2 6-5.4 6-2.6 0-4-1.2-5.3-3.5L4.3 13.6a1.4 1.4 0 0 1 2.3-1.6l1.9 2.3",
  people: "M9 11.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4z M3 19.5a6 6 0 0 1 12 0 M15.5 11.3a3 3 0 0 0 0-5.9 M17.5 14.3a6 6 0 0 1 3.5 5.2",
  globe: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M3.3 12h17.4 M12 3c2.6 2.6 3.6 5.6 3.6 9s-1 6.4-3.6 9c-2.6-2.6-3.6-5.6-3.6-9s1-6.4 3.6-9z",
  bell: "M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15z M10 20.5h4",
};

export function icon(name, label = "") {
  const about = label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" };
  return svg("svg", { viewBox: "0 0 24 24", class: `icon icon-${name}`, ...about }, svg("path", { d: ICONS[name] }));
}

export function iconButton(name, label, attributes = {}) {
  return el("button", { type: "button", "aria-label": label, title: label, ...attributes }, icon(name));
}

const formats = new Map();

export function timeIn(zone, moment, options) {
  const key = zone + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }));
  return formats.get(key).format(moment);
}

export const HOUR_MINUTE = { hour: "2-digit", minute: "2-digit" };
