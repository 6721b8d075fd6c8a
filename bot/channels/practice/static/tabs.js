// Where the phones do not all fit: one tab a phone, in step with what is swiped into view.

import { el } from "./dom.js";

export class Tabs {
  constructor(bar, phones) {
    this.bar = bar;
    this.phones = phones;
    this.buttons = new Map();
    this.watch = new IntersectionObserver((seen) => this.follow(seen), { root: phones, threshold: 0.6 });
  }

  build(people) {
    this.watch.disconnect();
    this.buttons.clear();
    this.bar.replaceChildren();
    for (const person of people) {
      const count = el("span", { class: "tab-count", hidden: true });
      const button = el("button", { type: "button" }, person.display, count);
      button.addEventListener("click", () => this.go(person.name));
      this.buttons.set(person.name, button);
      this.bar.append(button);
    }
    for (const phone of this.phones.children) this.watch.observe(phone);
  }

  go(name) {
    const phone = [...this.phones.children].find((one) => one.dataset.person === name);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    phone?.scrollIntoView({ behavior: calm ? "auto" : "smooth", inline: "center", block: "nearest" });
  }

  follow(seen) {
    for (const entry of seen) {
      const button = this.buttons.get(entry.target.dataset.person);
      button?.classList.toggle("in-view", entry.isIntersecting);
      button?.setAttribute("aria-current", String(entry.isIntersecting));
    }
  }

  show(phones) {
    for (const [name, phone] of phones) {
      const button = this.buttons.get(name);
      if (!button) continue;
      const unread = [...phone.chats.values()].reduce((sum, chat) => sum + chat.unread, 0);
      const count = phone.rings || unread;
      const badge = button.querySelector(".tab-count");
      badge.hidden = count === 0;
      badge.textContent = count;
      button.classList.toggle("ringing", phone.rings > 0);
    }
  }
}
