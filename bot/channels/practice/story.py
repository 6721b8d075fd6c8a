"""What is happening, in words for somebody who has just opened the page, and whose phone rings.

Traffic on the pretend channels tells most of it by itself: who wrote, who was paged, asked, alerted. What
only the engine knows (a case was opened, taken, closed) it tells through `Story.observe`, from any thread.
"""

from __future__ import annotations

import enum
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from alerts.events import InboundKind, OutboundKind, Outcome, Refused, RetryAt
from bot.channels.pretend import Handed, PretendMessage, PretendPerson
from bot.channels.pretend_frames import Json

_KEPT = 200
"""Happenings that the page can look back on."""


_SAME = timedelta(seconds=2)
"""Of the desk's clock. What is told to one person twice within it is one happening."""
_SAME_ELSEWHERE = timedelta(minutes=1)
"""The same on another channel: longer, since the desk's clock may run 600 times as fast."""

_DONE = {
    InboundKind.TEXT.value: "writes",
    InboundKind.LOCATION.value: "shares a location",
    InboundKind.LIVE_LOCATION.value: "shares a live location",
    InboundKind.VOICE.value: "sends a voice note",
    InboundKind.PHOTO.value: "sends a photo",
    InboundKind.FILE.value: "sends a file",
    InboundKind.EDIT.value: "changes a message",
    InboundKind.DELETE.value: "deletes a message",
}


class Tone(enum.Enum):
    """How a happening is shown."""

    PLAIN = "plain"
    ALARM = "alarm"
    """Somebody is in danger, or is being called."""
    WATCH = "watch"
    """Something is late or does not get through."""
    GOOD = "good"
    """A person took over, or somebody is safe."""
    CLOCK = "clock"
    """The clock was put forward or runs faster."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the story."""

    at: datetime
    text: str = field(repr=False)
    tone: Tone = Tone.PLAIN
    case: str = ""
    """Reference of the case it is about."""
    settles: bool = False
    """Pages about this case have been answered: the phones that ring for it calm down."""

    def to_json(self) -> Json:
        return {
            "at": self.at.isoformat(),
            "text": self.text,
            "tone": self.tone.value,
            "case": self.case,
            "settles": self.settles,
        }

    @staticmethod
    def from_json(data: Json) -> Happening:
        return Happening(**{**data, "at": datetime.fromisoformat(data["at"]), "tone": Tone(data["tone"])})


_TOLD = {
    OutboundKind.PAGE: ("{who} is paged", Tone.ALARM),
    OutboundKind.CONTACT_ALERT: ("{who} is alerted", Tone.ALARM),
    OutboundKind.PROMPT: ("{who} is asked to check in", Tone.PLAIN),
    OutboundKind.REMINDER: ("{who} has not answered and is reminded on {channel}", Tone.WATCH),
    OutboundKind.ALL_CLEAR: ("{who} hears the all-clear", Tone.GOOD),
    OutboundKind.RELAY: ("A message reaches {who}", Tone.PLAIN),
    OutboundKind.RECEIPT: ("{who} is told where things stand", Tone.PLAIN),
    OutboundKind.QUESTION: ("{who} is asked the next question", Tone.PLAIN),
}


_ENGINE = {
    "case_opened": ("A case is opened: P{urgency}", Tone.ALARM, False),
    "case_raised": ("The case is raised to P{urgency}", Tone.ALARM, False),
    "case_taken": ("A person has taken the case", Tone.GOOD, True),
    "case_closed": ("The case is closed", Tone.GOOD, True),
    "unanswered": ("Taken, but nobody has answered yet: the desk is called again", Tone.WATCH, False),
}


class Story:
    """The happenings of one practice run, and the phones that ring."""

    def __init__(self, people: dict[str, PretendPerson], now: Callable[[], datetime]) -> None:
        self._people = people
        self._now = now
        self._last_told: dict[tuple[str, OutboundKind, type[Outcome]], tuple[datetime, str]] = {}
        self._lock = threading.Lock()
        self._happenings: deque[Happening] = deque(maxlen=_KEPT)
        self._ringing: dict[tuple[str, str, str], str] = {}
        self.told = 0
        """How many happenings there have been."""
        self.on_tell: list[Callable[[Happening], None]] = []
        """Called with every happening, on the thread that told it."""

    def tell(self, happening: Happening) -> None:
        """Adds a happening. From any thread."""
        with self._lock:
            self._happenings.append(happening)
            self.told += 1
            if happening.settles and happening.case:
                self._ringing = {k: text for k, text in self._ringing.items() if happening.case not in text}
        for hear in self.on_tell:
            hear(happening)

    def observe(self, name: str, references: Mapping[str, Any]) -> None:
        """What the engine says that it did, in its own codes and references. From any thread; codes that
        tell a newcomer nothing are left out."""
        told = _ENGINE.get(name)
        if told is not None:
            words, tone, settles = told
            text = words.format(**{"urgency": "?", "outcome": "", **references})
            self.tell(Happening(self._now(), text, tone, str(references.get("case", "")), settles))

    def recall(self, happening: Happening) -> None:
        """Adds what an earlier run told."""
        with self._lock:
            self._happenings.append(happening)

    def recent(self) -> list[Happening]:
        with self._lock:
            return list(self._happenings)

    def ringing(self) -> list[Json]:
        """Pages that nobody has answered yet, as the page shows them."""
        with self._lock:
            return [{"person": person, "channel": on, "ref": ref} for person, on, ref in self._ringing]

    def sent(self, handed: Handed) -> None:
        """A message of Watchline's was handed to a platform, or was not."""
        told = _told_of(handed, self._display(handed.person))
        if told is None:
            return
        about = handed.person, handed.outbound.kind, type(handed.outcome)
        channel = handed.outbound.channel
        before, channel_before = self._last_told.get(about, (None, channel))
        again = _SAME if channel == channel_before else _SAME_ELSEWHERE
        # The same page goes to every channel of an officer: one line is enough to follow the story.
        if before is None or handed.at - before > again or told.tone is Tone.WATCH:
            self._last_told[about] = handed.at, channel
            self.tell(told)

    def arrived(self, message: PretendMessage) -> None:
        """A message of Watchline's is on a phone. A page rings until it is answered."""
        if message.purpose == OutboundKind.PAGE.value and not message.deleted:
            with self._lock:
                self._ringing[message.person, message.channel, message.ref] = message.text

    def acted(self, message: PretendMessage, kind: str) -> None:
        """A person did something (`kind` is the frame's) with a message; whatever an officer does answers
        the pages on both of the officer's channels."""
        with self._lock:
            self._ringing = {k: text for k, text in self._ringing.items() if k[0] != message.person}
        who, on = self._display(message.person), message.channel.title()
        if kind == InboundKind.PRESS.value and message.pressed is not None:
            self.tell(Happening(self._now(), f"{who} presses “{message.choices[message.pressed]}”"))
        elif kind == InboundKind.REACTION.value and message.reaction:
            self.tell(Happening(self._now(), f"{who} reacts with {message.reaction}"))
        elif kind in _DONE:
            self.tell(Happening(self._now(), f"{who} {_DONE[kind]} on {on}"))

    def _display(self, name: str) -> str:
        person = self._people.get(name)
        return (person.display or name) if person else "Somebody"


def _told_of(handed: Handed, who: str) -> Happening | None:
    channel = handed.outbound.channel.title()
    if handed.outbound.delete_ref:
        return None
    if isinstance(handed.outcome, Refused):
        return Happening(handed.at, f"{channel} refuses to deliver to {who}", Tone.WATCH)
    if isinstance(handed.outcome, RetryAt):
        return Happening(handed.at, f"{channel} cannot be reached; {who} will be tried again", Tone.WATCH)
    told = _TOLD.get(handed.outbound.kind)
    if told is None:
        return None
    words, tone = told
    return Happening(handed.at, words.format(who=who, channel=channel), tone)
