// The language of a phone. Watchline answers each person in his or her own, which anybody changes by writing to it.

import { el, icon } from "./dom.js";

// `message` stands in the empty field below a chat.
const LANGUAGES = {
  en: { name: "English", message: "Message" },
  es: { name: "Español", message: "Mensaje" },
  fr: { name: "Français", message: "Message" },
  ar: { name: "العربية", message: "رسالة" },
};
const ASKED = /^\/?language (\w\w)$/;

export class LanguageMenu {
  // `choose(code)`: it was chosen.
  constructor(person, choose) {
    this.menu = el("select", { "aria-label": `Language of ${person.display}` },
      ...Object.entries(LANGUAGES).map(([code, { name }]) => el("option", { value: code, lang: code }, name)));
    this.menu.value = person.language in LANGUAGES ? person.language : "en";
    this.menu.addEventListener("change", () => choose(this.menu.value));
    this.shown = el("span", { "aria-hidden": "true" });
    this.root = el("label", { class: "language", title: `Language of ${person.display}` }, icon("globe"), this.shown, this.menu);
    this.show([]);
  }

  get code() { return this.menu.value; }

  // What a person asked for last holds, on whichever channel.
  show(messages) {
    const asked = messages
      .filter((message) => message.mine && !message.deleted && ASKED.exec(message.text)?.[1] in LANGUAGES)
      .sort((one, other) => new Date(one.at) - new Date(other.at))
      .pop();
    if (asked) this.menu.value = ASKED.exec(asked.text)[1];
    this.shown.textContent = this.code.toUpperCase();
  }

  get placeholder() { return LANGUAGES[this.code].message; }
}
