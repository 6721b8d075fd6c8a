// The line of what is happening, oldest to newest.

import { el, timeIn } from "./dom.js";

const KEPT = 200;

export class StoryLine {
  constructor(list) {
    this.list = list;
    this.zone = "UTC";
  }

  begin(happenings, zone) {
    this.zone = zone;
    this.list.replaceChildren();
    for (const happening of happenings) this.list.append(this.item(happening));
    this.showEmpty();
    this.list.scrollLeft = this.list.scrollWidth;
  }

  add(happening) {
    const item = this.item(happening);
    item.classList.add("fresh");
    this.list.querySelector(".empty")?.remove();
    this.list.append(item);
    while (this.list.children.length > KEPT) this.list.firstElementChild.remove();
    this.toEnd();
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

  showEmpty() {
    if (this.list.children.length) return;
    this.list.append(el("li", { class: "empty" }, "All is quiet. Write SOS on the first phone, or press “Next step” above. Whatever happens is told here, step by step."));
  }

  item(happening) {
    const time = timeIn(this.zone, new Date(happening.at), { hour: "2-digit", minute: "2-digit", second: "2-digit" });
    return el("li", { class: `happening tone-${happening.tone}` },
      el("time", {}, time),
      el("span", { dir: "auto" }, happening.text),
      happening.case ? el("em", {}, happening.case) : null);
  }
}

function calm() {
  return document.body.classList.contains("fast") || matchMedia("(prefers-reduced-motion: reduce)").matches;
}
