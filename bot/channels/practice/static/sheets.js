// What slides up inside a phone: the attachment menu, the map on which a place is chosen, a message's actions.

import { el, icon, iconButton } from "./dom.js";
import { signs } from "./emoji.js";
import { degreesPerPixel, drawMap } from "./map.js";

// Puts a sheet over the phone's screen; Escape, a tap outside and its own buttons close it, and focus goes back.
export function openSheet(screen, label, fill) {
  screen.querySelector(".sheet-cover")?.dispatchEvent(new Event("leave"));
  const before = document.activeElement;
  const sheet = el("div", { class: "sheet", role: "dialog", "aria-label": label, "aria-modal": "true" });
  const cover = el("div", { class: "sheet-cover" }, sheet);
  const close = () => {
    cover.remove();
    if (before?.isConnected) before.focus({ preventScroll: true });
  };
  cover.addEventListener("leave", close);
  cover.addEventListener("click", (event) => { if (event.target === cover) close(); });
  cover.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    if (event.key === "Tab") keepInside(event, sheet);
  });
  fill(sheet, close);
  screen.append(cover);
  const first = sheet.querySelector("[data-first]") ?? sheet.querySelector("button");
  first?.focus({ preventScroll: true });
}

function keepInside(event, sheet) {
  const all = [...sheet.querySelectorAll("button, input, [tabindex='0']")].filter((node) => !node.disabled);
  const first = all[0];
  const last = all[all.length - 1];
  if (event.shiftKey && document.activeElement === first) {
    last.focus();
    event.preventDefault();
  } else if (!event.shiftKey && document.activeElement === last) {
    first.focus();
    event.preventDefault();
  }
}

export function attachSheet(screen, choose) {
  openSheet(screen, "Attach", (sheet, close) => {
    sheet.classList.add("attach-sheet");
    const entry = (name, label, what) => {
      const button = el("button", { type: "button", class: `attach attach-${name}` }, el("i", {}, icon(name)), label);
      button.addEventListener("click", () => { close(); choose(what); });
      return button;
    };
    sheet.append(
      entry("pin", "Location", "location"),
      entry("photo", "Photo", "photo"),
      entry("voice", "Voice note", "voice"),
      entry("file", "From this computer", "file"),
    );
  });
}

export function placeSheet(screen, start, send) {
  openSheet(screen, "Choose a place", (sheet, close) => {
    let [latitude, longitude] = start;
    const width = 280;
    const height = 200;
    const label = el("p", { class: "coordinates", role: "status" });
    const canvas = el("div", {
      class: "place-picker", tabindex: "0", role: "application", "data-first": true,
      "aria-label": "Pretend map. Arrow keys move the place.",
    });
    const show = () => {
      canvas.replaceChildren(drawMap(latitude, longitude, width, height));
      label.textContent = `${latitude.toFixed(4)}, ${longitude.toFixed(4)}`;
    };
    const move = (dx, dy) => {
      longitude += dx * degreesPerPixel(width);
      latitude = Math.max(-89, Math.min(89, latitude - dy * degreesPerPixel(width)));
      show();
    };
    canvas.addEventListener("click", (event) => {
      const box = canvas.getBoundingClientRect();
      const zoom = width / box.width;
      move((event.clientX - box.left - box.width / 2) * zoom, (event.clientY - box.top - box.height / 2) * zoom);
    });
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-12, 0], ArrowRight: [12, 0], ArrowUp: [0, -12], ArrowDown: [0, 12] }[event.key];
      if (step) { move(...step); event.preventDefault(); }
    });
    const go = el("button", { type: "button", class: "primary" }, "Send this place");
    go.addEventListener("click", () => { close(); send(latitude, longitude); });
    const head = el("header", {}, el("b", {}, "Where are you?"), closeButton(close));
    sheet.append(head, canvas, label, go);
    show();
  });
}

const EMOJI = ["👍", "❤️", "🙏", "😢", "👎"];

export function messageSheet(screen, message, actions) {
  openSheet(screen, "Message", (sheet, close) => {
    sheet.classList.add("message-sheet");
    const row = el("div", { class: "emoji-row", role: "group", "aria-label": "React" });
    for (const emoji of EMOJI) {
      const on = message.reaction === emoji;
      const label = on ? `Take back ${emoji}` : `React with ${emoji}`;
      const button = el("button", { type: "button", "aria-label": label, "aria-pressed": String(on) }, ...signs(emoji));
      button.addEventListener("click", () => { close(); actions.react(emoji, on); });
      row.append(button);
    }
    const entry = (name, label, act) => {
      const button = el("button", { type: "button", class: "entry" }, icon(name), label);
      button.addEventListener("click", () => { close(); act(); });
      return button;
    };
    if (!message.mine) sheet.append(row);
    sheet.append(entry("reply", "Reply", actions.reply));
    if (message.mine && message.kind === "text") sheet.append(entry("edit", "Edit", actions.edit));
    if (message.mine) sheet.append(entry("bin", "Delete for everyone", actions.remove));
  });
}

function closeButton(close) {
  return iconButton("close", "Close", { class: "plain", onclick: close });
}
