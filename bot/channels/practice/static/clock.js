// The desk's clock on top: what time it is there, how fast it runs, what is due next.

import { post } from "./api.js";
import { el, icon, timeIn } from "./dom.js";

const SPEEDS = [1, 10, 60, 600];

export class DeskClock {
  constructor(parts, failed) {
    this.parts = parts;
    this.failed = failed;
    this.onTick = () => {};
    this.known = { now: Date.now(), at: performance.now(), factor: 1, zone: "UTC", due: null };
    for (const factor of SPEEDS) {
      const label = factor === 1 ? "Real time" : `${factor} times as fast`;
      parts.speed.append(el("button", {
        type: "button", "aria-label": label, title: label, "data-factor": String(factor),
        onclick: () => post("/api/clock", { factor }).catch(failed),
      }, `${factor}×`));
    }
    parts.skip.addEventListener("click", () => post("/api/clock", { skip: true }).catch(failed));
    setInterval(() => this.tick(), 250);
  }

  set(data) {
    this.known = { ...data, now: new Date(data.now).getTime(), at: performance.now() };
    for (const button of this.parts.speed.children) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.factor) === data.factor));
    }
    document.body.classList.toggle("fast", data.factor > 1);
    this.tick();
  }

  now() {
    return new Date(this.known.now + (performance.now() - this.known.at) * this.known.factor);
  }

  tick() {
    const now = this.now();
    const { zone, due } = this.known;
    this.parts.time.textContent = timeIn(zone, now, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
    const city = zone.split("/").pop().replaceAll("_", " ");
    this.parts.date.textContent = `${timeIn(zone, now, { weekday: "short", day: "numeric", month: "short" })} · ${city}`;
    this.parts.skip.disabled = !due;
    const label = due ? ["Next ", roomy("step "), ...inWords(new Date(due) - now)] : ["Nothing due"];
    this.parts.skip.title = due ? "Put the clock forward to what Watchline does next by itself" : "";
    this.parts.skip.replaceChildren(icon("ahead"), el("span", {}, ...label));
    this.onTick(now);
  }
}

function inWords(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds === 0) return ["now"];
  if (seconds < 60) return [`in ${seconds} s`];
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return [`in ${minutes} min`];
  if (minutes < 60 * 48) return [`in ${Math.floor(minutes / 60)} h`, roomy(` ${minutes % 60} min`)];
  return [`in ${Math.floor(minutes / 60 / 24)} days`];
}

// Words that a narrow screen does without.
function roomy(words) {
  return el("span", { class: "roomy" }, words);
}
