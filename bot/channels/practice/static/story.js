// The line of what is happening, oldest to newest.

import { el, icon, timeIn } from "./dom.js";
import { signs } from "./emoji.js";

const KEPT = 200;

export class StoryLine {
  // `beginnings`: what can be done while all is quiet, as [icon, label, act].
  constructor(list, beginnings) {
    this.list = list;
    this.beginnings = beginnings;
    this.zone = "UTC";
    this.items = new Map();
    this.offer = null;
    // In a window of another width the latest stays in view.
    new ResizeObserver(() => { list.scrollLeft = list.scrollWidth; }).observe(list);
  }

  begin(happenings, zone) {
    this.zone = zone;
    this.items.clear();
    this.offer = null;
    this.list.replaceChildren();
    for (const happening of happenings) this.put(happening);
    this.list.scrollLeft = this.list.scrollWidth;
  }

  add(happening) {
    this.put(happening).classList.add("fresh");
    while (this.list.children.length > KEPT) {
      this.items.delete(Number(this.list.firstElementChild.dataset.number));
      this.list.firstElementChild.remove();
    }
    this.toEnd();
  }

  // One that is told again, since it grew, stays where it is.
  put(happening) {
    const item = this.item(happening);
    const before = this.items.get(happening.number);
    if (before) before.replaceWith(item);
    else if (this.items.has(happening.before)) this.items.get(happening.before).before(item);
    else if (this.offer) this.offer.before(item);
    else this.list.append(item);
    this.items.set(happening.number, item);
    return item;
  }

  // Once a frame, however much happens.
  toEnd() {
    if (this.endDue) return;
    this.endDue = true;
    requestAnimationFrame(() => {
      this.endDue = false;
      this.list.scrollTo({ left: this.list.scrollWidth, behavior: calm() ? "auto" : "smooth" });
    });
  }

  showQuiet(quiet) {
    if (quiet === Boolean(this.offer)) return;
    this.offer?.remove();
    this.offer = quiet ? this.beginningsItem() : null;
    if (!quiet) return;
    this.list.append(this.offer);
    this.toEnd();
  }

  beginningsItem() {
    const buttons = this.beginnings.map(([name, label, act]) => el("button", { type: "button", class: "soft-button", onclick: act }, icon(name), label));
    return el("li", { class: "empty" }, el("span", {}, "All is quiet. Try:"), " ", ...buttons);
  }

  // With spaces between its parts, for those to whom it is read aloud.
  item(happening) {
    const time = timeIn(this.zone, new Date(happening.at), { hour: "2-digit", minute: "2-digit", second: "2-digit" });
    return el("li", { class: `happening tone-${happening.tone}`, "data-number": String(happening.number) },
      el("time", {}, time), " ",
      el("span", { dir: "auto" }, ...signs(happening.text)),
      ...(happening.case ? [" ", el("em", {}, happening.case)] : []));
  }
}

function calm() {
  return document.body.classList.contains("fast") || matchMedia("(prefers-reduced-motion: reduce)").matches;
}
