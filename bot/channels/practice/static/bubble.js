// One message, as Signal or Telegram would show it.

import { fileAddress } from "./api.js";
import { el, HOUR_MINUTE, icon, iconButton, timeIn } from "./dom.js";
import { signs } from "./emoji.js";
import { drawMap } from "./map.js";

// A mark of direction counts as a letter.
export const FROM_THE_RIGHT = /^[^\p{L}\u200e\u200f]*[\u200f\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/u;

const TICKS = {
  waiting: "waiting for a network",
  sent: "sent",
  stored: "stored by Watchline",
};

// `context`: zone, find(ref), press(message, number), menu(message, anchor), askLocation(). Answers with a list item.
export function bubble(message, context) {
  const side = message.mine ? "mine" : "theirs";
  const item = el("li", {
    class: `row ${side}`,
    "data-ref": message.ref,
    "data-purpose": message.purpose,
    tabindex: "-1",
    "aria-label": spoken(message, context),
  });
  const body = el("div", { class: "bubble" });
  if (message.deleted) {
    body.classList.add("deleted");
    body.append(icon("block"), el("span", {}, "This message was deleted"));
  } else {
    const quoted = message.quote && context.find(message.quote);
    if (quoted) body.append(quoteOf(quoted));
    const media = mediaOf(message);
    if (media) body.append(media);
    if (message.text) body.append(textOf(message.text));
    if (media && !message.text && message.kind !== "voice") body.classList.add("bare");
    if (loneEmoji(message)) body.classList.add("emoji");
  }
  body.append(metaOf(message, context));
  item.append(body);
  if (message.reaction) item.append(el("span", { class: "reaction", "aria-hidden": "true" }, ...signs(message.reaction)));
  if (!message.deleted) {
    const more = iconButton("smile", "React, reply and more", { class: "more", tabindex: "-1" });
    more.addEventListener("click", () => context.menu(message, item));
    item.append(more);
  }
  const buttons = buttonsOf(message, context);
  if (buttons) item.append(buttons);
  return item;
}

function textOf(text) {
  // Each line finds its own direction, as in the apps: an Arabic sentence beside a Latin case reference stays readable.
  // The side on which lines begin is the whole message's, or a list of languages would jump from one to the other.
  const block = el("div", { class: "text", dir: FROM_THE_RIGHT.test(text) ? "rtl" : "ltr" });
  for (const line of text.split("\n")) block.append(el("p", { dir: "auto" }, ...signs(line || "\u200b")));
  return block;
}

function quoteOf(message) {
  const what = message.deleted ? "deleted message" : message.text || `[${message.kind}]`;
  return el(
    "div",
    { class: "quote" },
    el("b", {}, message.mine ? "You" : "Watchline"),
    el("span", { dir: "auto" }, ...signs(what)),
  );
}

function mediaOf(message) {
  if (message.location) {
    const { latitude, longitude } = message.location;
    const place = `${latitude.toFixed(4)}, ${longitude.toFixed(4)}`;
    return el("figure", { class: "place" }, drawMap(latitude, longitude, 260, 130), el("figcaption", {}, place));
  }
  if (!message.file) return null;
  if (message.kind === "photo") return photo(message.file);
  if (message.kind === "voice") return voice(message.file);
  return download(message.file);
}

function photo(file) {
  const image = el("img", { class: "photo", alt: "Photo", width: "260", height: "180" });
  fileAddress(file.id).then((address) => { image.src = address; }, () => image.replaceWith(download(file)));
  return image;
}

function voice(file) {
  const player = new Audio();
  const bars = el("span", { class: "wave", "aria-hidden": "true" });
  for (let i = 0; i < 28; i += 1) {
    const bar = el("i");
    bar.style.height = `${18 + Math.round(74 * Math.abs(Math.sin(i * 0.9 + file.size) * Math.cos(i * 0.33)))}%`;
    bars.append(bar);
  }
  const length = el("span", { class: "length" }, "0:00");
  const button = iconButton("play", "Play the voice note");
  const show = (playing) => {
    button.replaceChildren(icon(playing ? "pause" : "play"));
    button.setAttribute("aria-label", playing ? "Pause" : "Play the voice note");
  };
  button.addEventListener("click", () => { if (player.paused) player.play().catch(() => show(false)); else player.pause(); });
  player.addEventListener("play", () => show(true));
  player.addEventListener("pause", () => show(false));
  player.addEventListener("timeupdate", () => {
    [...bars.children].forEach((bar, i) => bar.classList.toggle("played", i / 28 < player.currentTime / player.duration));
  });
  player.addEventListener("loadedmetadata", () => {
    const seconds = Math.max(1, Math.round(player.duration));
    if (Number.isFinite(seconds)) length.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  });
  fileAddress(file.id).then((address) => { player.src = address; }, () => { button.disabled = true; });
  return el("div", { class: "voice" }, button, bars, length);
}

function download(file) {
  const size = file.size < 1e6 ? `${Math.max(1, Math.round(file.size / 1e3))} kB` : `${(file.size / 1e6).toFixed(1)} MB`;
  const link = el("a", { class: "file", download: file.name, href: "#" },
    icon("file"), el("span", {}, el("b", { dir: "auto" }, file.name), size));
  link.addEventListener("click", async (event) => {
    if (link.href.startsWith("blob:")) return;
    event.preventDefault();
    link.href = await fileAddress(file.id);
    link.click();
  });
  return link;
}

function metaOf(message, context) {
  const meta = el("span", { class: "meta" });
  if (message.edited && !message.deleted) meta.append("edited ");
  meta.append(timeIn(context.zone, new Date(message.at), HOUR_MINUTE));
  if (message.mine) meta.append(icon(message.tick, TICKS[message.tick]));
  return meta;
}

function buttonsOf(message, context) {
  if (message.deleted || (!message.choices.length && !message.ask_location)) return null;
  const group = el("div", { class: "inline-buttons", role: "group", "aria-label": "Answers" });
  message.choices.forEach((label, index) => {
    const button = el("button", { type: "button", dir: "auto", "aria-pressed": String(message.pressed === index) }, ...signs(label));
    button.addEventListener("click", () => context.press(message, index + 1));
    group.append(button);
  });
  if (message.choices.some((label) => label.length > 16)) group.classList.add("tall");
  if (message.ask_location) {
    const button = el("button", { type: "button" }, ...signs("📍 Share my location"));
    button.addEventListener("click", () => context.askLocation());
    group.append(button);
  }
  return group;
}

function loneEmoji(message) {
  return !message.quote && message.kind === "text" && /^(\p{Extended_Pictographic}\uFE0F?|\u{1F198}){1,3}$/u.test(message.text);
}

export function spoken(message, context) {
  const who = message.mine ? "You" : "Watchline";
  const what = message.deleted ? "deleted message" : message.text || message.kind;
  const tick = message.mine ? `, ${TICKS[message.tick]}` : "";
  return `${who}, ${timeIn(context.zone, new Date(message.at), HOUR_MINUTE)}: ${what}${tick}`;
}
