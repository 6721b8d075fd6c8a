// Puts the page together: hears what the server tells, hands it to the phones, the clock and the story.

import { listen, post, WrongToken } from "./api.js";
import { DeskClock } from "./clock.js";
import { Coach } from "./coach.js";
import { el } from "./dom.js";
import { sameNews, wordsOf } from "./news.js";
import { Phone } from "./phone.js";
import { StoryLine } from "./story.js";
import { Tabs } from "./tabs.js";

const byId = (id) => document.getElementById(id);
const phones = new Map();
const story = new StoryLine(byId("story"), [
  ["hand", "Call for help", () => phones.get(coach.defender)?.act({ do: "write", text: "SOS" })],
  ["waiting", "Leave a check-in unanswered", () => missCheckIn().catch(failed)],
]);
const clock = new DeskClock({ time: byId("desk-time"), date: byId("desk-date"), speed: byId("speed"), skip: byId("skip") }, failed);
const tabs = new Tabs(byId("tabs"), byId("phones"));
const coach = new Coach(phones);
let suggestions = [];
let noticeTimer = 0;
let closing = Infinity;
let waiting = null;
let channelsShown = "";
let quiet = false;
// Who has a case that is open: the case's reference, and a name.
const holders = new Map();

function failed(error) {
  if (error instanceof WrongToken) return curtain("Open the address that was printed when the practice phones were started: it holds the key to this page.");
  const notice = byId("notice");
  notice.textContent = error.message || "That did not work.";
  notice.hidden = false;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => { notice.hidden = true; }, 5000);
  return undefined;
}

// To the next check-in, and from there at a pace at which one can follow who is called.
async function missCheckIn() {
  await post("/api/clock", { skip: true });
  await post("/api/clock", { factor: 60 });
}

function curtain(text) {
  byId("curtain-text").textContent = text;
  byId("curtain").hidden = !text;
}

const host = {
  suggestions: (person, language) => (quiet ? suggestions.filter((one) => one.person === person.name && ["", language].includes(one.language)) : []),
  failed,
  changed: once(() => { tabs.show(phones); coach.look(); }),
  closing: () => closing,
  quiet: () => quiet,
};

// However often it is asked for, it is done once, at the next frame.
function once(act) {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    soon(() => { due = false; act(); });
  };
}

// At the next frame; a page that nobody looks at has none, and goes on all the same.
function soon(act) {
  let done = false;
  const go = () => { if (!done) { done = true; act(); } };
  requestAnimationFrame(go);
  setTimeout(go, 500);
}

function hear(name, data) {
  if (name === "state") begin(data);
  else if (name === "change") gather(data);
  else if (name === "clock") clock.set(data);
  else if (name === "happening") happened(data);
  else if (name === "quiet") showQuiet(data.quiet);
}

const applyGathered = once(() => {
  const data = waiting;
  waiting = null;
  if (data) change({ ...data, messages: [...data.messages.values()] });
});

// Changes that come within one frame are shown together.
function gather(data) {
  const messages = waiting?.messages ?? new Map();
  for (const message of data.messages) messages.set(`${message.channel} ${message.ref}`, message);
  waiting = { ...data, messages };
  applyGathered();
}

function happened(happening) {
  story.add(happening);
  if (happening.closes) closing = new Date(happening.at);
  if (holds(happening) || happening.closes) for (const phone of phones.values()) phone.showState();
}

// Whether it changes who has a case.
function holds(happening) {
  if (happening.closes) holders.delete(happening.case);
  else if (happening.taker) holders.set(happening.case, happening.taker);
  else return false;
  for (const [name, phone] of phones) phone.holds = [...holders.values()].includes(name);
  return true;
}

// While nothing is going on, something can be begun: at first, and whenever a case is over.
function showQuiet(now) {
  quiet = now;
  story.showQuiet(quiet);
  for (const phone of phones.values()) phone.showState();
}

function begin(state) {
  curtain("");
  waiting = null;
  channelsShown = "";
  closing = state.story.filter((happening) => happening.closes).map((happening) => new Date(happening.at)).pop() ?? Infinity;
  suggestions = state.suggestions;
  phones.clear();
  byId("phones").replaceChildren();
  for (const [number, person] of state.people.entries()) {
    const phone = new Phone({ ...person, number }, host);
    phones.set(person.name, phone);
    byId("phones").append(phone.root);
  }
  coach.defender = state.defender;
  tabs.build(state.people);
  story.begin(state.story, state.clock.zone);
  clock.set(state.clock);
  clock.onTick = (now) => phones.forEach((phone) => phone.showTime(now));
  clock.tick();
  change(state, false);
  holders.clear();
  state.story.forEach(holds);
  showQuiet(state.quiet);
  for (const phone of phones.values()) openLatest(phone);
}

// After a reload a phone shows the chat in which something happened last.
function openLatest(phone) {
  const last = [...phone.chats.entries()]
    .map(([channel, chat]) => [channel, [...chat.messages.values()].pop()])
    .filter(([, message]) => message)
    .sort((one, other) => new Date(other[1].at) - new Date(one[1].at));
  if (!last.length) return;
  const [, newest] = last[0];
  const fuller = last.filter(([, message]) => message === newest || sameNews(message, newest)).sort((one, other) => wordsOf(other[1]).length - wordsOf(one[1]).length);
  phone.open(fuller[0][0]);
}

function change(data, fresh = true) {
  for (const { person, channel, state } of data.lines) phones.get(person)?.setLine(channel, state);
  const spoken = [];
  for (const phone of phones.values()) {
    const mine = data.messages.filter((message) => message.person === phone.person.name);
    const arrived = phone.take(mine, fresh);
    phone.setRinging(data.ringing.filter((page) => page.person === phone.person.name));
    for (const message of arrived) spoken.push(`${phone.person.display} on ${message.channel}: ${message.text || message.kind}`);
  }
  if (spoken.length) byId("announcer").textContent = spoken.join(". ");
  showChannels(data.up);
}

function showChannels(up) {
  const state = JSON.stringify(up);
  if (state === channelsShown) return;
  channelsShown = state;
  const buttons = Object.entries(up).map(([name, on]) => {
    const label = name[0].toUpperCase() + name.slice(1);
    const button = el("button", {
      type: "button", role: "switch", "aria-checked": String(on), class: "line-switch",
      title: on ? `Cut the line to ${label}` : `Restore the line to ${label}`,
    }, el("i"), label, on ? "" : " down");
    button.addEventListener("click", () => post("/api/channel", { name, up: !on }).catch(failed));
    return button;
  });
  const focused = [...byId("channels").children].indexOf(document.activeElement);
  byId("channels").replaceChildren(...buttons);
  if (focused >= 0) buttons[focused]?.focus();
}

async function live() {
  if (location.hash.length < 2) return failed(new WrongToken());
  for (let tries = 0; ; tries += 1) {
    try {
      await listen((name, data) => { tries = 0; hear(name, data); });
    } catch (error) {
      if (error instanceof WrongToken) return failed(error);
    }
    curtain("Watchline has stopped. What the phones wrote is kept. Start it again (make run), and open the address that it prints.");
    await new Promise((resolve) => setTimeout(resolve, Math.min(2000, 300 * (tries + 1))));
  }
}

addEventListener("hashchange", () => location.reload());
live();
