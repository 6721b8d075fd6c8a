"""Pretend Signal and pretend Telegram in this process: people, phones and platforms that behave like the
real ones.

The practice page and the rehearsals are built on it, and it opens no socket. What it keeps to:

1. A frame stays queued until `handed` says that `accept` returned; whoever dies in between is offered it
   again.
2. Everything that changes is one list of plain changes, recorded as a whole before it takes effect. Playing
   the records back gives the same world, with the same frames still waiting.
3. Ids count up, nothing is drawn by chance, and the time comes from the clock it was given: the same calls
   give the same world.

All calls come from one thread.

| | "signal" | "telegram" |
|---|---|---|
| choices | numbered menu in the text | buttons |
| receipts | delivered, as soon as the phone has it | none |
| a person deletes | told | not told |
| typing | told | not told |
| blocking the bot | not told | told, if `lifelike` |
"""

from __future__ import annotations

from alerts.events import InboundKind, Location
from alerts.records import replace
from bot.channels.pretend_frames import Json, write_location
from bot.channels.pretend_phones import Line, PretendFile, PretendMessage, PretendPerson, Tick
from bot.channels.pretend_platforms import Handed, PretendPlatforms
from bot.channels.pretend_samples import sample_photo, sample_voice
from bot.channels.pretend_world import CHANNELS, SIGNAL, TELEGRAM, NotThere, file_change

__all__ = [
    "CHANNELS",
    "SIGNAL",
    "TELEGRAM",
    "Handed",
    "Line",
    "NotThere",
    "PretendMessage",
    "PretendNetwork",
    "PretendPerson",
]


class PretendNetwork(PretendPlatforms):
    """Both pretend platforms and everybody on them."""

    def say(
        self,
        person: str,
        channel: str = "",
        *,
        text: str | None = None,
        reply: str | None = None,
        press: int | None = None,
        react: str | None = None,
        edit: str | None = None,
        delete: bool = False,
        location: tuple[float, float] | None = None,
        voice: bool = False,
        photo: bool = False,
    ) -> None:
        """One step of a script: exactly one of the things a person can do, with a made-up file where it
        needs one.

        `reply` quotes Watchline's last message in the chat; `react` is to that message; `edit` and `delete`
        are of the person's own last message; `press` counts from 1. Raises `NotThere` when what it is about
        does not exist, and ValueError unless exactly one thing is said.
        """
        told = (text, reply, press, react, edit, location, delete or None, voice or None, photo or None)
        if sum(thing is not None for thing in told) != 1:
            raise ValueError("a person says exactly one thing at a time")
        if text is not None:
            self.write(person, channel, text=text)
        elif reply is not None:
            self.write(person, channel, text=reply, quote=self.last_theirs(person, channel).ref)
        elif press is not None:
            self.press(person, channel, number=press)
        elif react is not None:
            self.react(person, channel, emoji=react)
        elif edit is not None:
            self.edit(person, channel, text=edit)
        elif location is not None:
            self.pin(person, channel, location=Location(latitude=location[0], longitude=location[1]))
        elif delete:
            self.delete(person, channel)
        elif voice:
            self.attach(
                person, channel, data=sample_voice(), content_type="audio/wav", name="voice.wav", voice=True
            )
        else:
            self.attach(person, channel, data=sample_photo(), content_type="image/png", name="photo.png")

    def write(self, person: str, channel: str = "", *, text: str, quote: str = "") -> str:
        """A text message. Answers with its reference, as all of these do."""
        return self._say(person, channel, InboundKind.TEXT, text=text, quote=quote)

    def pin(self, person: str, channel: str = "", *, location: Location, quote: str = "") -> str:
        """A location pin, or the start of a live location (`location.live`)."""
        kind = InboundKind.LIVE_LOCATION if location.live else InboundKind.LOCATION
        return self._say(person, channel, kind, location=location, quote=quote)

    def move(self, person: str, channel: str = "", *, location: Location, target: str) -> None:
        """A later point, or the end, of the live location `target`."""
        name, channel = self.world.chat_of(person, channel)
        message = replace(self.world.own(name, channel, target), location=location)
        place = write_location(location)
        frame = self._frame(name, channel, InboundKind.LIVE_UPDATE, target=message.ref, location=place)
        self._commit([{"message": message.to_json()}, frame])

    def attach(
        self,
        person: str,
        channel: str = "",
        *,
        data: bytes,
        content_type: str,
        name: str,
        voice: bool = False,
        text: str = "",
        quote: str = "",
    ) -> str:
        """A voice note, a photo (by its content type) or any other file, with a caption."""
        photo = content_type.startswith("image/")
        kind = InboundKind.VOICE if voice else InboundKind.PHOTO if photo else InboundKind.FILE
        file = PretendFile(self.world.next_file(), name, content_type, data, voice)
        return self._say(person, channel, kind, text=text, file=file, quote=quote)

    def edit(self, person: str, channel: str = "", *, text: str, target: str = "") -> None:
        """Changes an own message, the last one if none is named."""
        name, channel = self.world.chat_of(person, channel)
        message = replace(self.world.own(name, channel, target), text=text, edited=True)
        frame = self._frame(name, channel, InboundKind.EDIT, ref=message.ref, target=message.ref, text=text)
        self._commit([{"message": message.to_json()}, frame])

    def delete(self, person: str, channel: str = "", *, target: str = "") -> None:
        """Deletes an own message for everybody. The Telegram-like channel does not tell bots."""
        name, channel = self.world.chat_of(person, channel)
        message = self.world.own(name, channel, target).gone()
        changes: list[Json] = [{"message": message.to_json()}]
        if channel != TELEGRAM:
            changes.append(self._frame(name, channel, InboundKind.DELETE, target=message.ref))
        self._commit(changes)

    def react(
        self, person: str, channel: str = "", *, emoji: str, target: str = "", removed: bool = False
    ) -> None:
        """Reacts to a message of the chat, the last one of Watchline's if none is named, or takes the
        reaction back."""
        name, channel = self.world.chat_of(person, channel)
        message = self.world.find(name, channel, target) if target else self.world.theirs(name, channel)
        changed = replace(message, reaction="" if removed else emoji)
        frame = self._frame(
            name, channel, InboundKind.REACTION, text=emoji, target=message.ref, removed=removed
        )
        self._commit([{"message": changed.to_json()}, frame])

    def press(self, person: str, channel: str = "", *, number: int, target: str = "") -> None:
        """Presses a button, counted from 1, of the last message that has any. Where there are no buttons but a
        numbered menu this writes the number, as a person would. Raises `NotThere` for a number that is not offered;
        one that somebody writes all the same is a text."""
        name, channel = self.world.chat_of(person, channel)
        if target:
            message = self.world.find(name, channel, target)
        else:
            message = self.world.theirs(name, channel, with_choices=True)
        if not 1 <= number <= len(message.options):
            offered = ", ".join(f"{place} ({label})" for place, label in enumerate(message.options, 1))
            raise NotThere(f"{number} cannot be pressed in {name}'s last message with a choice", offered)
        if channel != TELEGRAM:
            self.write(name, channel, text=str(number))
            return
        frame = self._frame(
            name, channel, InboundKind.PRESS, target=message.ref, choice=number - 1, outbound=message.outbound
        )
        self._commit([{"message": replace(message, pressed=number - 1).to_json()}, frame])

    def type(self, person: str, channel: str = "") -> None:
        """Begins to type. Only the Signal-like channel tells, and only while the phone has a network."""
        name, channel = self.world.chat_of(person, channel)
        if channel != TELEGRAM and self.line(name, channel) is not Line.OFFLINE:
            self._commit([self._frame(name, channel, InboundKind.TYPING)])

    def other(self, person: str, channel: str = "", *, text: str) -> str:
        """Something that has no word of its own here, such as a sticker."""
        return self._say(person, channel, InboundKind.OTHER, text=text)

    def last_theirs(self, person: str, channel: str = "") -> PretendMessage:
        """Watchline's last message in a chat. Raises `NotThere`."""
        return self.world.theirs(*self.world.chat_of(person, channel))

    def _say(
        self,
        person: str,
        channel: str,
        kind: InboundKind,
        *,
        text: str = "",
        quote: str = "",
        location: Location | None = None,
        file: PretendFile | None = None,
    ) -> str:
        name, channel = self.world.chat_of(person, channel)
        offline = self._lifelike and self.line(name, channel) is Line.OFFLINE
        shown = {InboundKind.OTHER: "text", InboundKind.LIVE_LOCATION: "location"}.get(kind, kind.value)
        message = PretendMessage(
            person=name,
            channel=channel,
            ref=self.world.next_ref(channel),
            mine=True,
            at=self._now(),
            tick=Tick.WAITING if offline else Tick.SENT,
            kind=shown,
            text=text,
            quote=quote,
            location=location,
            file=file.id if file else "",
        )
        about: Json = {"ref": message.ref, "text": text}
        if quote:
            about["target"] = quote
        if location:
            about["location"] = write_location(location)
        changes: list[Json] = []
        if file:
            changes.append(file_change(file))
            about["files"] = [
                {
                    "id": file.id,
                    "content_type": file.content_type,
                    "size": len(file.data),
                    "name": file.name,
                    "voice": file.voice,
                }
            ]
        changes += [{"message": message.to_json()}, self._frame(name, channel, kind, **about)]
        self._commit(changes)
        return message.ref
