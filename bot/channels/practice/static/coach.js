// One gentle hint at a time, on the phone where the story goes on. It goes away as soon as it has been followed.

import { asks, offers } from "./news.js";

export class Coach {
  constructor(phones) {
    this.phones = phones;
    this.defender = "";
    this.taker = "";
  }

  look() {
    const hints = this.hints();
    for (const [name, phone] of this.phones) phone.setCoach(hints.get(name) ?? "");
  }

  hints() {
    const hints = new Map();
    const defender = this.phones.get(this.defender);
    if (!defender) return hints;
    const name = defender.person.display;
    const latest = newest(defender);
    if (!latest) {
      hints.set(this.defender, `You are ${name}. Something is wrong: write SOS.`);
    } else if (asks(latest)) {
      hints.set(this.defender, `A check-in. Answer it, or stay silent: run the clock faster above and watch who is called.`);
    }
    for (const [who, phone] of this.phones) {
      if (phone.rings) {
        hints.set(who, aboutPage(phone, name));
      } else if (who !== this.defender && tookOnly(phone)) {
        hints.set(who, `The case is yours. What you write now reaches ${name}.`);
      }
    }
    return hints;
  }
}

// A page without a choice is about a case that is theirs already.
function aboutPage(phone, name) {
  const pages = phone.ringing.map((page) => phone.chats.get(page.channel)?.messages.get(page.ref)).filter(Boolean);
  if (!pages.some(offers)) return `A new alarm on your own case. Write to ${name}, or react with 👍 (thumbs up).`;
  const how = phone.channel === "telegram" ? "press the button" : "tap 1";
  return `${phone.person.display} is paged. To take the case, ${how} or react with 👍 (thumbs up).`;
}

function newest(phone) {
  return [...phone.chats.values()]
    .flatMap((chat) => [...chat.messages.values()].slice(-1))
    .sort((one, other) => new Date(other.at) - new Date(one.at))[0];
}

// Paged, answered, and nothing in own words yet.
function tookOnly(phone) {
  const messages = [...phone.chats.values()].flatMap((chat) => [...chat.messages.values()]);
  const paged = messages.some((message) => message.purpose === "page");
  const took = messages.some((message) => message.pressed !== null || message.reaction || (message.mine && /^\d+$/.test(message.text)));
  const wrote = messages.some((message) => message.mine && !/^\d+$/.test(message.text));
  return paged && took && !wrote;
}
