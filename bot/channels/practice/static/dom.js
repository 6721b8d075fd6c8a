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
const ICONS = {
  clip: "M19.5 11.5 12 19a4.6 4.6 0 0 1-6.5-6.5L13.5 4.500a3.100 3.100 0 0 1 4.400 4.400L10 16.800a1.500 1.500 0 0 1-2.200-2.200L14.500 8",
  send: "M4.500 12 19.500 5l-5.500 14.500-2.800-6.200z M11.200 13.300 19.500 5",
  pin: "M12 21s-6.500-6-6.500-11a6.500 6.500 0 0 1 13 0c0 5-6.500 11-6.500 11z M12 12.300a2.300 2.300 0 1 0 0-4.600 2.300 2.300 0 0 0 0 4.600z",
  photo: "M4 6.500h16v12H4z M4 15.500l4.500-4 4 3.500 3-2.500 4.500 4 M15.500 10h.01",
  voice: "M12 4a2.500 2.500 0 0 1 2.500 2.500v5a2.500 2.500 0 0 1-5 0v-5A2.500 2.500 0 0 1 12 4z M6 11.500a6 6 0 0 0 12 0 M12 17.500V21",
  file: "M7 3.500h7l4 4v13H7z M14 3.500v4h4",
  reply: "M10 6 4.500 11.500 10 17 M5 11.500h8a6 6 0 0 1 6 6",
  edit: "M5 19l1-4L16 5l3 3L9 18z M13.500 7.500l3 3",
  bin: "M5 7h14 M9.500 7V4.500h5V7 M7 7l1 13h8l1-13",
  close: "M6 6l12 12 M18 6 6 18",
  lock: "M6.500 11h11v9h-11z M8.500 11V8a3.500 3.500 0 0 1 7 0v3",
  play: "M8 5.500v13l10.500-6.500z",
  pause: "M8 6v12 M16 6v12",
  ahead: "M5 6v12l8-6z M13 6v12l8-6z",
  block: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M5.700 5.700l12.600 12.600",
  nosignal: "M4 19v-2 M8.500 19v-5 M13 19v-8 M17.500 19V8 M3.500 4l17 17",
  signal: "M4 19v-2 M8.500 19v-5 M13 19v-8 M17.500 19V5",
  more: "M6 12h.01 M12 12h.01 M18 12h.01",
  smile: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M8.500 14a4 4 0 0 0 7 0 M9 9.500h.01 M15 9.500h.01",
  waiting: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M12 7v5l3 2",
  sent: "M6 12.500l4 4 8.500-9",
  stored: "M2.500 12.500l4 4 8.500-9 M10.500 15.500l1 1 8.500-9",
  bell: "M6 16.500V11a6 6 0 0 1 12 0v5.500l1.500 1.500h-15z M10 20.500h4",
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
