// Talks to the server. The token comes from the part of the address behind "#" and goes out in a header only.

const token = location.hash.slice(1);

export class Refused extends Error {}
export class WrongToken extends Error {}

async function ask(path, options = {}) {
  const answer = await fetch(path, {
    ...options,
    headers: { Authorization: `Bearer ${token}`, ...options.headers },
    cache: "no-store",
    credentials: "omit",
  });
  if (answer.status === 401 || answer.status === 403 || answer.status === 421) throw new WrongToken();
  if (!answer.ok) throw new Refused((await answer.json()).error);
  return answer;
}

export async function post(path, body) {
  await ask(path, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
}

const files = new Map();

// An address of the file that images and players can use. Fetched once.
export function fileAddress(id) {
  if (!files.has(id)) {
    const coming = ask(`/api/file/${encodeURIComponent(id)}`)
      .then((answer) => answer.blob())
      .then((blob) => URL.createObjectURL(blob));
    coming.catch(() => files.delete(id));
    files.set(id, coming);
  }
  return files.get(id);
}

// Calls `hear(name, data)` for every event until the server ends the stream.
export async function listen(hear) {
  const answer = await ask("/api/events");
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const found = /^event: (\w+)\ndata: (.*)$/.exec(part);
      if (found) hear(found[1], JSON.parse(found[2]));
    }
  }
}
