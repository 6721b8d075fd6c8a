// What a message of Watchline's brings: a choice, or the same news as another.

// Whether a message has something to choose from: numbers under its text, or buttons.
export function offers(message) {
  return message.choices.length > 0 || message.menu.length > 0;
}

// Whether a message asks somebody to check in.
export function asks(message) {
  return message.purpose === "prompt" || message.purpose === "reminder";
}

// What a message says, without the menu under it.
export function wordsOf(message) {
  return message.menu.length ? message.text.slice(0, message.text.lastIndexOf("\n\n")) : message.text;
}

// Whether two messages are one page: it begins with its urgency and its case on every channel.
export function sameNews(one, other) {
  const head = (message) => wordsOf(message).split(/[:\n]/)[0];
  return one.purpose === "page" && other.purpose === "page" && head(one) === head(other);
}
