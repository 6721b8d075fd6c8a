"""The pretend people, their phones, and what stands in their chats."""

from __future__ import annotations

import enum
import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import datetime

from alerts.events import Location
from alerts.records import replace
from bot.channels.pretend_frames import Json, read_location, write_location

_ACCOUNTS = uuid.UUID("6f1c3b0e-5d0a-4f7e-9a51-0c8f4f6f2a10")


@dataclass(frozen=True, slots=True)
class PretendPerson:
    """Somebody with a pretend phone."""

    name: str = field(repr=False)
    """What scripts call this person: a-z, 0-9, `_`."""
    channels: tuple[str, ...]
    """The pretend channels this person is on; the first is where a bare name speaks."""
    display: str = field(default="", repr=False)
    """The name the platform shows."""
    role: str = ""
    """Line under the name on the page: "Defender", "Officer on call"."""
    language: str = ""
    """Language of the phone; the Telegram-like channel tells it."""
    zone: str = ""
    """IANA zone of the clock on the phone; the desk's when empty."""


class Line(enum.Enum):
    """How a person's phone stands towards one channel."""

    OK = "ok"
    REFUSED = "refused"
    """The person has blocked the bot: every send is refused."""
    OFFLINE = "offline"
    """Sends are accepted and arrive when the phone is back; until then no receipt."""


class Tick(enum.Enum):
    """How far a message has come."""

    WAITING = "waiting"
    """Written on a phone without a network: nobody has it yet."""
    SENT = "sent"
    """The platform has it."""
    STORED = "stored"
    """Watchline has stored it (a person's message)."""
    ARRIVED = "arrived"
    """On the person's phone (a message of Watchline's)."""


@dataclass(frozen=True, slots=True)
class PretendMessage:
    """One bubble. `mine` tells a person's own message from one of Watchline's."""

    person: str = field(repr=False)
    channel: str
    ref: str = field(repr=False)
    mine: bool
    at: datetime
    tick: Tick
    kind: str = "text"
    """text, location, voice, photo or file; for a message of Watchline's the same."""
    text: str = field(default="", repr=False)
    choices: tuple[str, ...] = field(default=(), repr=False)
    """Labels of the buttons, on a channel that has buttons."""
    menu: tuple[str, ...] = ()
    """What stands numbered under the text to choose from, on a channel without buttons."""
    pressed: int | None = None
    quote: str = field(default="", repr=False)
    location: Location | None = None
    file: str = field(default="", repr=False)
    edited: bool = False
    deleted: bool = False
    reaction: str = ""
    """The person's own reaction to it."""
    purpose: str = ""
    """The outbound's kind: page, question, relay…"""
    urgent: bool = False
    ask_location: bool = False
    outbound: str = ""
    """The outbox row it came from; its buttons carry it back."""

    @property
    def options(self) -> tuple[str, ...]:
        """What can be chosen under it, whichever way its channel shows that."""
        return self.choices or self.menu

    def to_json(self) -> Json:
        return {
            "person": self.person,
            "channel": self.channel,
            "ref": self.ref,
            "mine": self.mine,
            "at": self.at.isoformat(),
            "tick": self.tick.value,
            "kind": self.kind,
            "text": self.text,
            "choices": list(self.choices),
            "menu": list(self.menu),
            "pressed": self.pressed,
            "quote": self.quote,
            "location": write_location(self.location) if self.location else None,
            "file": self.file,
            "edited": self.edited,
            "deleted": self.deleted,
            "reaction": self.reaction,
            "purpose": self.purpose,
            "urgent": self.urgent,
            "ask_location": self.ask_location,
            "outbound": self.outbound,
        }

    @staticmethod
    def from_json(data: Json) -> PretendMessage:
        location = data["location"]
        return PretendMessage(
            **{
                **data,
                "at": datetime.fromisoformat(data["at"]),
                "tick": Tick(data["tick"]),
                "choices": tuple(data["choices"]),
                "menu": tuple(data.get("menu", ())),
                "location": read_location(location) if location else None,
            }
        )

    def gone(self) -> PretendMessage:
        """What is left of a message that was deleted."""
        return replace(
            self,
            deleted=True,
            text="",
            choices=(),
            menu=(),
            location=None,
            file="",
            quote="",
            reaction="",
            ask_location=False,
        )


@dataclass(frozen=True, slots=True)
class PretendFile:
    """A photo, a voice note or a document on a pretend phone."""

    id: str
    name: str = field(repr=False)
    content_type: str
    data: bytes = field(repr=False)
    voice: bool = False


def account(person: str, channel: str) -> str:
    """The account id of a person on a channel: a UUID, or a number on the Telegram-like one. It follows
    from the name alone, so that a store made yesterday knows the same people today."""
    if channel == "telegram":
        return str(5_000_000_000 + int.from_bytes(hashlib.sha256(person.encode()).digest()[:4], "big"))
    return str(uuid.uuid5(_ACCOUNTS, f"{channel}:{person}"))


def with_menu(text: str, choices: tuple[str, ...]) -> str:
    """The text with its choices as a numbered menu, for channels without buttons."""
    if not choices:
        return text
    menu = "\n".join(f"{number}. {label}" for number, label in enumerate(choices, 1))
    return f"{text}\n\n{menu}"
