"""Everything that is so on the pretend platforms: people, chats, phones without a network, frames not
handed over.

It changes by one way only, `apply`, over a list of plain JSON changes. So what was recorded can be played
back, and `snapshot` is the shortest record of the same world.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable

from bot.channels.pretend_frames import Json
from bot.channels.pretend_phones import Line, PretendFile, PretendMessage, PretendPerson, Tick, account

SIGNAL = "signal"
TELEGRAM = "telegram"
CHANNELS = (SIGNAL, TELEGRAM)


class NotThere(Exception):
    """A script or the page named something that does not exist: a person, a channel the person is not on, a
    message to answer, a button. The message says which, in the script's own words."""

    def __init__(self, wrong: str, allowed: str = "") -> None:
        super().__init__(wrong)
        self.allowed = allowed
        """What could be named instead, where there is something."""


class PretendWorld:
    """The state, and the questions that are asked of it."""

    def __init__(self) -> None:
        self.people: dict[str, PretendPerson] = {}
        self.files: dict[str, PretendFile] = {}
        self.up = dict.fromkeys(CHANNELS, True)
        self.queues: dict[str, dict[int, Json]] = {channel: {} for channel in CHANNELS}
        self.waiting: list[Json] = []
        self._owners: dict[tuple[str, str], str] = {}
        self._chats: dict[tuple[str, str], dict[str, PretendMessage]] = {}
        self._lines: dict[tuple[str, str], Line] = {}
        self._frames = dict.fromkeys(CHANNELS, 0)
        self._refs = dict.fromkeys(CHANNELS, 0)
        self._files = 0

    def add(self, person: PretendPerson) -> None:
        """Gives somebody a phone. Raises ValueError for a name that is taken or a channel that does not
        exist."""
        unknown = [channel for channel in person.channels if channel not in CHANNELS]
        if unknown or not person.channels or person.name in self.people:
            raise ValueError("a pretend person needs a name of its own and one of the pretend channels")
        for channel in person.channels:
            if (channel, account(person.name, channel)) in self._owners:
                raise ValueError("two pretend people would have the same account; choose another name")
        self.people[person.name] = person
        for channel in person.channels:
            self._owners[channel, account(person.name, channel)] = person.name

    # ---------------------------------------------------------------------------------------------- questions

    def owner(self, channel: str, address: str) -> str:
        """The name of the person with this account; empty when nobody has it."""
        return self._owners.get((channel, address), "")

    def chat_of(self, person: str, channel: str) -> tuple[str, str]:
        """The person and the channel, the person's first one if none is named. Raises `NotThere`."""
        known = self.people.get(person)
        if known is None:
            raise NotThere(f"there is nobody called {person}")
        if channel and channel not in known.channels:
            raise NotThere(f"{person} is not on {channel}, but on {', '.join(known.channels)}")
        return person, channel or known.channels[0]

    def line(self, name: str, channel: str) -> Line:
        return self._lines.get((name, channel), Line.OK)

    def chat(self, name: str, channel: str) -> list[PretendMessage]:
        """Every message, oldest first, what has not arrived included."""
        return list(self._chats.get((name, channel), {}).values())

    def message(self, name: str, channel: str, ref: str) -> PretendMessage | None:
        return self._chats.get((name, channel), {}).get(ref)

    def find(self, name: str, channel: str, ref: str) -> PretendMessage:
        """A message that is still there. Raises `NotThere`."""
        message = self.message(name, channel, ref)
        if message is None or message.deleted:
            raise NotThere(f"{name} has no such message on {channel}")
        return message

    def theirs(self, name: str, channel: str, *, with_choices: bool = False) -> PretendMessage:
        """Watchline's last message on the phone. Raises `NotThere`."""
        for message in reversed(self._chats.get((name, channel), {}).values()):
            seen = message.tick is Tick.ARRIVED and not message.deleted
            if not message.mine and seen and (message.options or not with_choices):
                return message
        if with_choices:
            what = "buttons" if channel == TELEGRAM else "a numbered menu"
            wrong = f"{name} has had no message with {what} on {channel} yet"
            raise NotThere(wrong, "press after a message that offers a choice")
        raise NotThere(f"{name} has had no message on {channel} yet")

    def own(self, name: str, channel: str, ref: str) -> PretendMessage:
        """A message the person wrote, the last one if none is named. Raises `NotThere`."""
        if ref:
            message = self.find(name, channel, ref)
            if message.mine:
                return message
        else:
            for message in reversed(self._chats.get((name, channel), {}).values()):
                if message.mine and not message.deleted:
                    return message
        raise NotThere(f"{name} has written no such message on {channel}")

    # ------------------------------------------------------------------------------------------------ numbers

    def next_ref(self, channel: str) -> str:
        self._refs[channel] += 1
        return str(self._refs[channel])

    def next_frame(self, channel: str) -> int:
        self._frames[channel] += 1
        return self._frames[channel]

    def next_file(self) -> str:
        self._files += 1
        return f"f{self._files}"

    # ------------------------------------------------------------------------------------------------ changes

    def apply(self, changes: Iterable[Json]) -> None:
        """Makes the changes true. Raises ValueError for a change it does not know."""
        for change in changes:
            match change:
                case {"message": data}:
                    message = PretendMessage.from_json(data)
                    self._chats.setdefault((message.person, message.channel), {})[message.ref] = message
                    self._refs[message.channel] = max(self._refs[message.channel], int(message.ref))
                case {"frame": frame, "on": on}:
                    self.queues[on][frame["n"]] = frame
                    self._frames[on] = max(self._frames[on], frame["n"])
                case {"handed": number, "on": on}:
                    self.queues[on].pop(number, None)
                case {"waits": _, "on": _}:
                    self.waiting.append(change)
                case {"waited": sender, "on": on}:
                    self.waiting = [w for w in self.waiting if w["on"] != on or w["waits"]["from"] != sender]
                case {"line": state, "person": name, "on": on}:
                    self._lines[name, on] = Line(state)
                case {"channel": name, "up": up}:
                    self.up[name] = up
                case {"file": data}:
                    content = base64.b64decode(data["data"])
                    file = PretendFile(data["id"], data["name"], data["content_type"], content, data["voice"])
                    self.files[file.id] = file
                    self._files = max(self._files, int(file.id[1:]))
                case {"counted": [frames, refs, files], "on": on}:
                    self._frames[on], self._refs[on], self._files = frames, refs, max(files, self._files)
                case _:
                    raise ValueError("a record of the pretend phones that this version does not know")

    def snapshot(self, keep: int) -> list[Json]:
        """This world as changes, with the last `keep` messages of each chat and the files they need."""
        kept = [message for chat in self._chats.values() for message in list(chat.values())[-keep:]]
        needed = {message.file for message in kept}
        for frame in [f for queue in self.queues.values() for f in queue.values()]:
            needed |= {file["id"] for file in frame.get("files", ())}
        changes = [file_change(file) for file in self.files.values() if file.id in needed]
        changes += [{"message": message.to_json()} for message in kept]
        changes += [
            {"line": line.value, "person": name, "on": on} for (name, on), line in self._lines.items()
        ]
        changes += [{"channel": name, "up": up} for name, up in self.up.items()]
        changes += [{"counted": [self._frames[on], self._refs[on], self._files], "on": on} for on in CHANNELS]
        changes += [
            {"frame": frame, "on": on} for on, queue in self.queues.items() for frame in queue.values()
        ]
        return changes + self.waiting


def file_change(file: PretendFile) -> Json:
    """The change that puts a file on a phone."""
    data = base64.b64encode(file.data).decode("ascii")
    about: Json = {"id": file.id, "name": file.name, "content_type": file.content_type}
    return {"file": {**about, "data": data, "voice": file.voice}}
