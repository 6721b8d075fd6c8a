// One phone: its frame, its chats, and what a person can do on it.

import { post } from "./api.js";
import { bubble, FROM_THE_RIGHT } from "./bubble.js";
import { el, HOUR_MINUTE, icon, iconButton, timeIn } from "./dom.js";
import { signs } from "./emoji.js";
import { LanguageMenu } from "./language.js";
import { asks, sameNews, wordsOf } from "./news.js";
import { samplePhoto, sampleVoice, toBase64 } from "./samples.js";
import { attachSheet, messageSheet, placeSheet } from "./sheets.js";

const APPS = { signal: "Signal", telegram: "Telegram" };
const SUBTITLES = { signal: "end-to-end encrypted", telegram: "not end-to-end encrypted" };
const KEPT = 200;
const HOME = [33.8938, 35.5018];

export class Phone {
  // `host`: suggestions(person, language), failed(error), changed(), closing(), quiet().
  constructor(person, host) {
    this.person = person;
    this.host = host;
    this.chats = new Map(person.channels.map((channel) => [channel, { messages: new Map(), rows: new Map(), unread: 0, draft: "", line: "ok" }]));
    this.channel = person.channels[0];
    this.quote = null;
    this.editing = null;
    this.ringing = [];
    this.holds = false;
    this.typedAt = 0;
    this.atEnd = true;
    this.lastDay = "";
    this.build();
    this.showLanguage();
    this.open(this.channel);
  }

  get chat() { return this.chats.get(this.channel); }

  build() {
    const { person } = this;
    this.badge = el("span", { class: "ring-badge", hidden: true });
    this.offline = iconButton("nosignal", "No signal", { class: "switch", "aria-pressed": "false", onclick: () => this.toggleLine("offline") });
    this.blocked = iconButton("block", "Block Watchline in this chat", { class: "switch", "aria-pressed": "false", onclick: () => this.toggleLine("refused") });
    const caption = el("header", { class: "caption" },
      el("span", { class: `avatar hue-${person.number % 5}`, "aria-hidden": "true" }, person.display.slice(0, 1), this.badge),
      el("div", { class: "names" }, el("h2", {}, person.display), this.role = el("p", {}, person.role)),
      this.offline, this.blocked);
    this.time = el("time", { class: "phone-time" });
    this.bars = el("span", { class: "bars" });
    const status = el("div", { class: "status-bar", "aria-hidden": "true" }, this.time, el("i", { class: "island" }), this.bars);
    this.apps = el("div", { class: "apps", role: "group", "aria-label": "Chats" });
    for (const channel of person.channels) {
      const count = el("span", { class: "unread", hidden: true });
      const button = el("button", { type: "button", class: `app app-${channel}`, "data-channel": channel }, APPS[channel], count);
      button.addEventListener("click", () => { this.open(channel); this.input.focus({ preventScroll: true }); });
      this.apps.append(button);
    }
    this.language = new LanguageMenu(person, (code) => this.act({ do: "write", text: `language ${code}` }));
    this.subtitle = el("span");
    const head = el("div", { class: "chat-head" },
      el("img", { src: "/static/mark.svg", alt: "", width: "34", height: "34" }),
      el("div", {}, el("b", {}, "Watchline"), this.subtitle));
    this.log = el("ol", { class: "log", role: "log", "aria-live": "off", tabindex: "0", "aria-label": `${person.display}’s chat. Up and down arrows go through the messages.` });
    this.log.addEventListener("keydown", (event) => this.onLogKey(event));
    this.log.addEventListener("scroll", () => this.onScroll(), { passive: true });
    this.log.addEventListener("contextmenu", (event) => this.onContext(event));
    longPress(this.log, (row) => this.menuOf(row));
    this.coach = el("div", { class: "coach", hidden: true });
    this.chips = el("div", { class: "chips", role: "group", "aria-label": "One tap" });
    this.preview = el("div", { class: "preview", hidden: true });
    this.input = el("textarea", { rows: "1", dir: "auto", placeholder: "Message", "aria-label": `Message from ${person.display}`, autocomplete: "off", spellcheck: "false" });
    this.input.addEventListener("input", () => this.onInput());
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.send(); }
      if (event.key === "Escape") this.clearPreview();
    });
    this.file = el("input", { type: "file", class: "visually-hidden", tabindex: "-1", "aria-hidden": "true" });
    this.file.addEventListener("change", () => this.attachFile());
    this.composer = el("form", { class: "composer" },
      iconButton("clip", "Attach", { class: "plain", onclick: () => attachSheet(this.screen, (what) => this.attach(what)) }),
      this.input,
      el("button", { type: "submit", class: "send", "aria-label": "Send" }, icon("send")), this.file);
    this.composer.addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
    this.wall = el("div", { class: "wall", hidden: true }, el("span", {}, "You blocked Watchline here."),
      el("button", { type: "button", class: "primary", onclick: () => this.toggleLine("refused") }, "Unblock"));
    const top = el("div", { class: "top" }, this.apps, this.language.root);
    this.screen = el("div", { class: "screen" }, status, top, head, this.log, this.coach, this.chips, this.preview, this.composer, this.wall);
    // Where there is less room than before, as beside the keyboard of a phone, the latest message stays in view.
    new ResizeObserver(() => { this.seenSize = this.size; if (this.atEnd) this.toEnd(); }).observe(this.log);
    this.root = el("article", { class: "phone", "data-person": person.name, "aria-label": `${person.display}’s phone` }, caption, el("div", { class: "device" }, this.screen));
  }

  open(channel) {
    const reading = this.log.contains(document.activeElement);
    this.chat.draft = this.input.value;
    this.clearPreview();
    this.channel = channel;
    this.chat.unread = 0;
    this.input.value = this.chat.draft;
    this.screen.dataset.skin = channel;
    this.subtitle.replaceChildren(...(channel === "signal" ? [icon("lock")] : []), SUBTITLES[channel]);
    this.redraw();
    if (reading) this.log.focus({ preventScroll: true });
    this.showState();
  }

  redraw() {
    const { chat } = this;
    chat.rows.clear();
    this.lastDay = "";
    this.log.replaceChildren();
    if (!chat.messages.size) this.log.append(this.empty());
    this.place([...chat.messages.values()]);
    this.toEnd();
  }

  // What a phone shows on which nothing has happened yet.
  empty() {
    const { picture, title, text } = this.person.note;
    return el("li", { class: "quiet" },
      el("i", { class: `hue-${this.person.number % 5}` }, icon(picture)), el("b", {}, title), " ", el("span", {}, text));
  }

  // Takes messages that are new or changed. Answers with those that have just come in.
  take(messages, fresh) {
    if (!messages.length) return [];
    const arrived = [];
    for (const message of messages) {
      const chat = this.chats.get(message.channel);
      if (!chat) continue;
      if (!chat.messages.has(message.ref) && !message.mine && fresh) arrived.push(message);
      chat.messages.set(message.ref, message);
    }
    for (const chat of this.chats.values()) this.trim(chat);
    this.showLanguage();
    const better = this.fullerElsewhere(arrived);
    if (better && this.idle()) this.open(better);
    for (const message of arrived) {
      if (message.channel !== this.channel) this.chats.get(message.channel).unread += 1;
    }
    const { chat } = this;
    this.place(messages.filter((message) => message.channel === this.channel && chat.messages.has(message.ref)), fresh);
    this.showTyping(messages.some((message) => message.mine && message.tick === "stored" && message.channel === this.channel) && fresh);
    if (this.atEnd || messages.some((message) => message.mine)) this.toEnd();
    return arrived;
  }

  showLanguage() {
    this.language.show([...this.chats.values()].flatMap((chat) => [...chat.messages.values()]));
    this.input.placeholder = this.language.placeholder;
    this.input.lang = this.language.code;
  }

  // The chat where the news is, when it is not the one that is open. The same page comes to both: the one that says more counts.
  fullerElsewhere(arrived) {
    const here = [...this.chat.messages.values()].filter((message) => !message.mine).slice(-20);
    const better = arrived.filter((message) => message.channel !== this.channel
      && !here.some((one) => sameNews(one, message) && wordsOf(one).length >= wordsOf(message).length));
    const onlyThere = arrived.every((message) => message.channel !== this.channel || better.some((one) => sameNews(one, message)));
    return onlyThere ? better[0]?.channel : undefined;
  }

  // A clock left running fast makes thousands of pages: a phone shows the latest.
  trim(chat) {
    for (const ref of [...chat.messages.keys()].slice(0, Math.max(0, chat.messages.size - KEPT))) {
      chat.messages.delete(ref);
      chat.rows.get(ref)?.remove();
      chat.rows.delete(ref);
    }
    const isDay = (item) => item?.classList.contains("day");
    while (isDay(this.log.firstElementChild) && isDay(this.log.children[1])) this.log.firstElementChild.remove();
  }

  // Puts messages of the open chat on the screen: those that changed in their place, new ones at the end, all at once.
  place(messages, fresh = false) {
    const { chat } = this;
    const added = document.createDocumentFragment();
    for (const message of messages) {
      const row = this.rowOf(message);
      const old = chat.rows.get(message.ref);
      chat.rows.set(message.ref, row);
      if (old) {
        const focused = old.contains(document.activeElement);
        old.replaceWith(row);
        if (focused) row.focus({ preventScroll: true });
        continue;
      }
      if (row.dataset.day !== this.lastDay) added.append(el("li", { class: "day", role: "presentation" }, el("span", {}, row.dataset.day)));
      this.lastDay = row.dataset.day;
      if (fresh) row.classList.add("fresh");
      added.append(row);
    }
    if (!added.childElementCount) return;
    this.log.querySelector(".quiet")?.remove();
    this.dots?.remove();
    this.log.append(added);
    this.trim(chat);
  }

  rowOf(message) {
    const row = bubble(message, {
      zone: this.person.zone,
      find: (ref) => this.chat.messages.get(ref),
      press: (about, number) => this.act({ do: "press", target: about.ref, number }),
      menu: (about, at) => this.menuOf(at),
      askLocation: () => this.attach("location"),
    });
    row.dataset.day = timeIn(this.person.zone, new Date(message.at), { weekday: "long", day: "numeric", month: "long" });
    if (this.ringing.some((page) => page.ref === message.ref && page.channel === message.channel)) row.classList.add("rings");
    return row;
  }

  // Dots while an answer to what has just been stored may be on its way.
  showTyping(expected) {
    const last = [...this.chat.messages.values()].pop();
    this.dots?.remove();
    if (!expected || !last?.mine || last.tick !== "stored") return;
    this.dots = el("li", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i"));
    const { dots } = this;
    this.log.append(dots);
    setTimeout(() => dots.remove(), 2500);
  }

  // Once a frame: each time makes the browser lay out the whole chat.
  toEnd() {
    this.atEnd = true;
    if (this.endDue) return;
    this.endDue = true;
    requestAnimationFrame(() => {
      this.endDue = false;
      this.log.scrollTop = this.log.scrollHeight;
    });
  }

  get size() { return `${this.log.clientWidth} ${this.log.clientHeight}`; }

  // A chat that has another size than before was not scrolled by anybody.
  onScroll() {
    if (this.size !== this.seenSize || this.endDue) return;
    this.atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 120;
  }

  // Nobody is in the middle of something here.
  idle() { return !this.input.value && !this.quote && !this.editing && !this.screen.querySelector(".sheet-cover"); }

  setLine(channel, state) {
    if (this.chats.has(channel)) this.chats.get(channel).line = state;
  }

  setRinging(pages) {
    this.ringing = pages;
    const here = new Set(pages.filter((page) => page.channel === this.channel).map((page) => page.ref));
    for (const [ref, row] of this.chat.rows) row.classList.toggle("rings", here.has(ref));
    this.showState();
  }

  // How many pages ring: the same page on two chats counts once.
  get rings() {
    return Math.max(0, ...this.ringing.map((page) => page.pages));
  }

  showState() {
    const rings = this.rings;
    const offline = [...this.chats.values()].every((chat) => chat.line === "offline");
    const refused = this.chat.line === "refused";
    this.root.classList.toggle("ringing", rings > 0);
    this.root.classList.toggle("offline", offline);
    this.badge.hidden = rings === 0;
    this.badge.textContent = rings;
    this.root.classList.toggle("holds", this.holds);
    this.role.textContent = this.standing(offline, rings);
    if (this.bars.dataset.offline !== String(offline)) {
      this.bars.dataset.offline = String(offline);
      this.bars.replaceChildren(icon(offline ? "nosignal" : "signal"));
    }
    this.offline.setAttribute("aria-pressed", String(offline));
    this.blocked.setAttribute("aria-pressed", String(refused));
    this.composer.hidden = refused;
    this.wall.hidden = !refused;
    for (const button of this.apps.children) {
      const chat = this.chats.get(button.dataset.channel);
      button.setAttribute("aria-pressed", String(button.dataset.channel === this.channel));
      const count = button.querySelector(".unread");
      count.hidden = chat.unread === 0;
      count.textContent = chat.unread;
    }
    this.showChips();
    this.host.changed();
  }

  // What is to be known of this phone now, before what its owner is.
  standing(offline, rings) {
    if (offline) return "No signal";
    if (rings) return rings === 1 ? "Being paged" : `${rings} pages waiting`;
    return this.holds ? "Has the case" : this.person.role;
  }

  showChips() {
    const chips = [];
    for (const [index, label] of this.openMenu().entries()) {
      const number = String(index + 1);
      const words = el("span", { dir: FROM_THE_RIGHT.test(label) ? "rtl" : "ltr" }, el("b", {}, number), " ", el("bdi", {}, ...signs(label)));
      chips.push(chip(words, () => this.act({ do: "write", text: number }), this.input));
    }
    if (!chips.length) {
      for (const suggestion of this.host.suggestions(this.person, this.language.code)) {
        const act = suggestion.location
          ? { do: "pin", latitude: suggestion.location[0], longitude: suggestion.location[1] }
          : { do: "write", text: suggestion.text };
        chips.push(chip(el("span", { dir: "auto" }, suggestion.label), () => this.act(act), this.input));
      }
      chips[0]?.classList.add("first");
    }
    const labels = chips.map((one) => one.textContent).join("\n");
    if (labels === this.shownChips) return;
    this.shownChips = labels;
    this.chips.replaceChildren(...chips);
    this.chips.hidden = chips.length === 0;
    this.toEnd();
  }

  // The latest numbered menu that can still be answered: a page, only while it rings; a question, until its case is closed,
  // of which a silent phone is not told; a check-in, until all is quiet. Own words behind it end all but a page, which rings on.
  openMenu() {
    if (this.channel !== "signal") return [];
    const closing = this.host.closing();
    let closed = false;
    let wrote = false;
    for (const message of [...this.chat.messages.values()].reverse()) {
      if (message.mine) {
        if (/^\d+$/.test(message.text)) return [];
        wrote = true;
        continue;
      }
      const over = message.purpose === "page" ? !this.ringing.some((page) => page.ref === message.ref) : asks(message) && this.host.quiet();
      const ended = message.purpose === "question" && (closed || this.host.quiet()) && new Date(message.at) <= closing;
      // A number is taken for the latest menu, so behind own words only that one counts.
      if (wrote && message.menu.length) return message.purpose === "page" && !over ? message.menu : [];
      if (!message.deleted && !over && message.menu.length) return ended ? [] : message.menu;
      closed ||= new Date(message.at) >= closing;
    }
    return [];
  }

  setCoach(text) {
    if (this.coach.dataset.text === text) return;
    this.coach.dataset.text = text;
    this.coach.hidden = !text;
    this.coach.replaceChildren(...signs(text));
    this.toEnd();
  }

  showTime(now) { this.time.textContent = timeIn(this.person.zone, now, HOUR_MINUTE); }

  async act(body) {
    try {
      await post("/api/act", { person: this.person.name, channel: this.channel, ...body });
      return true;
    } catch (error) {
      this.host.failed(error);
      return false;
    }
  }

  async send() {
    const text = this.input.value.trim();
    if (!text) return;
    const body = this.editing
      ? { do: "edit", text, target: this.editing }
      : { do: "write", text, quote: this.quote ?? "" };
    this.input.value = "";
    this.grow();
    this.clearPreview();
    if (!(await this.act(body))) { this.input.value = text; this.grow(); }
  }

  onInput() {
    this.grow();
    const now = performance.now();
    if (this.channel === "signal" && this.input.value && now - this.typedAt > 5000) {
      this.typedAt = now;
      this.act({ do: "type" });
    }
  }

  grow() {
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, 110)}px`;
  }

  async attach(what) {
    if (what === "location") {
      placeSheet(this.screen, HOME, (latitude, longitude) => this.act({ do: "pin", latitude, longitude }));
    } else if (what === "photo") {
      this.sendFile(await samplePhoto(), "photo.jpg", false);
    } else if (what === "voice") {
      this.sendFile(sampleVoice(), "voice note.wav", true);
    } else {
      this.file.click();
    }
  }

  attachFile() {
    const [file] = this.file.files;
    this.file.value = "";
    if (file) this.sendFile(file, file.name, file.type.startsWith("audio/"));
  }

  async sendFile(blob, name, voice) {
    const data = await toBase64(blob);
    const quote = this.quote ?? "";
    this.clearPreview();
    await this.act({ do: "attach", data, name, voice, content_type: blob.type, quote });
  }

  async toggleLine(state) {
    const channels = state === "offline" ? this.person.channels : [this.channel];
    const on = channels.every((channel) => this.chats.get(channel).line === state);
    try {
      for (const channel of channels) await post("/api/line", { person: this.person.name, channel, state: on ? "ok" : state });
    } catch (error) {
      this.host.failed(error);
    }
  }

  menuOf(row) {
    const message = this.chat.messages.get(row.dataset.ref);
    if (!message || message.deleted) return;
    row.focus({ preventScroll: true });
    messageSheet(this.screen, message, {
      react: (emoji, removed) => this.act({ do: "react", target: message.ref, emoji, removed }),
      reply: () => { this.quote = message.ref; this.showPreview("Reply", message); },
      edit: () => { this.editing = message.ref; this.input.value = message.text; this.showPreview("Edit", message); },
      remove: () => this.act({ do: "delete", target: message.ref }),
    });
  }

  showPreview(what, message) {
    this.preview.hidden = false;
    this.preview.replaceChildren(
      el("div", {}, el("b", {}, what), el("span", { dir: "auto" }, message.text || `[${message.kind}]`)),
      iconButton("close", "Cancel", { class: "plain", onclick: () => this.clearPreview() }));
    this.grow();
    this.input.focus({ preventScroll: true });
  }

  clearPreview() {
    if (this.editing) this.input.value = "";
    this.quote = null;
    this.editing = null;
    this.preview.hidden = true;
  }

  onLogKey(event) {
    const rows = [...this.log.querySelectorAll(".row")];
    const at = rows.indexOf(document.activeElement);
    const to = { ArrowUp: at < 0 ? rows.length - 1 : at - 1, ArrowDown: at + 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to !== undefined) {
      rows[Math.max(0, Math.min(rows.length - 1, to))]?.focus();
      event.preventDefault();
    } else if (at >= 0 && event.target === rows[at] && (event.key === "Enter" || event.key === " " || event.key === "ContextMenu")) {
      this.menuOf(rows[at]);
      event.preventDefault();
    }
  }

  onContext(event) {
    const row = event.target.closest(".row");
    if (!row || String(getSelection())) return;
    event.preventDefault();
    this.menuOf(row);
  }
}

// Its chip is gone once it was pressed, so whoever uses a keyboard goes on in the composer.
function chip(content, act, input) {
  const press = () => {
    act();
    if (matchMedia("(hover: hover)").matches) input.focus({ preventScroll: true });
  };
  return el("button", { type: "button", class: "chip", onclick: press }, content);
}

function longPress(log, act) {
  let timer = 0;
  const stop = () => clearTimeout(timer);
  log.addEventListener("pointerdown", (event) => {
    const row = event.target.closest(".row");
    if (event.pointerType === "mouse" || !row || event.target.closest("button, a")) return;
    timer = setTimeout(() => act(row), 480);
  });
  for (const name of ["pointerup", "pointercancel", "pointermove", "scroll"]) log.addEventListener(name, stop);
}
