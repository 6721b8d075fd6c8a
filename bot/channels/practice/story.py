"""What is happening, in words for somebody who has just opened the page, and whose phone rings.

Traffic on the pretend channels tells most of it by itself: who wrote, who was paged, asked, alerted. What
only the engine knows (a case was opened, taken, closed) it tells through `Story.observe`, from any thread.
"""

from __future__ import annotations

import enum
import re
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from alerts.events import InboundKind, OutboundKind, Outcome, Refused, RetryAt
from bot.channels.pretend import Handed, PretendMessage, PretendPerson
from bot.channels.pretend_frames import Json
from bot.channels.pretend_phones import Tick
from handlers.desk_commands import REFERENCE

_KEPT = 200
"""Happenings that the page can look back on."""


_SAME = timedelta(seconds=2)
"""Of the desk's clock. What is told to one person twice within it is one happening."""
_SAME_ELSEWHERE = timedelta(minutes=1)
"""The same on another channel: longer, since the desk's clock may run 600 times as fast."""

_ONLY_ASKS = re.compile(rf"/?(close|cases?|oncall|help)(\s+{REFERENCE.pattern})?", re.IGNORECASE)
"""What an officer writes that does nothing to a case: `close` without an outcome asks for one."""

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
    closes: bool = False
    """The case is over: what was asked about it needs no answer any more."""
    taker: str = field(default="", repr=False)
    """Name of who has the case from now on, where the story saw it."""
    number: int = 0
    """Its own in one run. A later one with the same number takes its place: somebody else was paged with it."""
    before: int = 0
    """The number of one that was told sooner and comes after it all the same."""

    def to_json(self) -> Json:
        return {
            "at": self.at.isoformat(),
            "text": self.text,
            "tone": self.tone.value,
            "case": self.case,
            "taker": self.taker,
            "settles": self.settles,
            "closes": self.closes,
            "number": self.number,
            "before": self.before,
        }

    @staticmethod
    def from_json(data: Json) -> Happening:
        return Happening(**{**data, "at": datetime.fromisoformat(data["at"]), "tone": Tone(data["tone"])})


_TOLD = {
    # Told in one line for all who are paged together, by `Story._page`.
    OutboundKind.PAGE: ("", Tone.ALARM),
    OutboundKind.CONTACT_ALERT: ("{who} is alerted", Tone.ALARM),
    OutboundKind.PROMPT: ("{who} is asked to check in", Tone.PLAIN),
    OutboundKind.REMINDER: ("{who} has not answered and is reminded on {channel}", Tone.WATCH),
    OutboundKind.ALL_CLEAR: ("{who} hears the all-clear", Tone.GOOD),
    OutboundKind.RELAY: ("A message reaches {who}", Tone.PLAIN),
    OutboundKind.RECEIPT: ("{who} is told where things stand", Tone.PLAIN),
    OutboundKind.QUESTION: ("{who} is asked the next question", Tone.PLAIN),
}


_MEANING = {"1": ", the most urgent", "2": ", urgent"}
"""What an urgency level says to somebody who has never heard of them."""

_LANGUAGE = re.compile(r"/?language (en|es|fr|ar)")
_LANGUAGES = {"en": "English", "es": "Spanish", "fr": "French", "ar": "Arabic"}

_ENGINE = {
    "case_opened": ("A case is opened: P{urgency}{meaning}", Tone.ALARM, False),
    "case_raised": ("The case is raised to P{urgency}{meaning}", Tone.ALARM, False),
    "case_taken": ("{who} has taken the case", Tone.GOOD, True),
    "case_closed": ("The case is closed", Tone.GOOD, True),
    "unanswered": ("Taken, but nobody has answered yet: the desk is called again", Tone.WATCH, False),
}


@dataclass(frozen=True, slots=True)
class _Ring:
    """A page that rings in one chat."""

    ref: str
    text: str = field(repr=False)
    offers: bool
    """It can be taken: nobody has the case."""

    def to_json(self, key: tuple[str, str, str]) -> Json:
        return {"key": list(key), "ref": self.ref, "text": self.text, "offers": self.offers}

    @staticmethod
    def from_json(data: Json) -> tuple[tuple[str, str, str], _Ring]:
        person, channel, about = data["key"]
        return (person, channel, about), _Ring(data["ref"], data["text"], data["offers"])


@dataclass(slots=True)
class _Call:
    """Pages of one case that went out together: one happening, which grows."""

    number: int
    at: datetime
    names: list[str] = field(repr=False)
    again: bool
    """Everybody in it was called for this case before."""


def _subject(text: str) -> str:
    """What a page is about, the same in all its wordings: the case it names first, else its first line."""
    return next(
        (found for found in REFERENCE.findall(text) if found == found.upper()), text.partition("\n")[0]
    )


def _offers(message: PretendMessage) -> bool:
    return bool(message.choices or message.menu)


class Story:
    """The happenings of one practice run, and the phones that ring."""

    def __init__(
        self, people: dict[str, PretendPerson], now: Callable[[], datetime], desk: Sequence[str] = ()
    ) -> None:
        """`desk` are those who can take a case."""
        self._people = people
        self._now = now
        self._desk = frozenset(desk)
        self._hand = ""
        """Who of the desk did something last: when a case is taken, it was they."""
        self._last_told: dict[tuple[str, OutboundKind, type[Outcome]], tuple[datetime, str]] = {}
        self._lock = threading.Lock()
        self._happenings: deque[Happening] = deque(maxlen=_KEPT)
        self._ringing: dict[tuple[str, str, str], _Ring] = {}
        self._began: dict[str, datetime] = {}
        self._calls: dict[str, _Call] = {}
        self._called: dict[str, set[str]] = {}
        self.told = 0
        """How many happenings there have been, and changes of them."""
        self.on_tell: list[Callable[[Happening], None]] = []
        """Called with every happening, on the thread that told it."""

    def tell(self, happening: Happening) -> Happening:
        """Adds a happening and answers with it, numbered. From any thread."""
        with self._lock:
            happening = self._add(happening)
            if happening.settles and happening.case:
                rings = self._ringing.items()
                self._ringing = {key: ring for key, ring in rings if happening.case not in ring.text}
        for hear in self.on_tell:
            hear(happening)
        return happening

    def observe(self, name: str, references: Mapping[str, Any]) -> None:
        """What the engine says that it did, in its own codes and references. From any thread; codes that
        tell a newcomer nothing are left out."""
        told = _ENGINE.get(name)
        if told is not None:
            words, tone, settles = told
            taker = self._hand if name == "case_taken" else ""
            meaning = _MEANING.get(str(references.get("urgency")), "")
            who = self._display(taker) if taker else "A person"
            text = words.format(**{"urgency": "?", "meaning": meaning, **references, "who": who})
            case, closes = str(references.get("case", "")), name == "case_closed"
            # A page may be on its way before the engine says what it is about.
            call = self._calls.get(case) if name == "case_opened" else None
            before = call.number if call is not None else 0
            self.tell(Happening(self._now(), text, tone, case, settles, closes, taker, before=before))

    def line(self, person: str, before: Mapping[str, str], now: Mapping[str, str]) -> None:
        """The network of a phone changed, on some of its channels."""
        who = self._display(person)
        for channel, state in now.items():
            if "refused" in (state, before.get(channel)) and state != before.get(channel):
                how = "blocks" if state == "refused" else "no longer blocks"
                self.tell(Happening(self._now(), f"{who} {how} Watchline on {channel.title()}", Tone.WATCH))
        gone, was_gone = (bool(one) and set(one.values()) == {"offline"} for one in (now, before))
        if gone != was_gone:
            how = "no signal" if gone else "a signal again"
            self.tell(Happening(self._now(), f"{who}’s phone has {how}", Tone.WATCH))

    def platform(self, channel: str, *, up: bool) -> None:
        """The line between Watchline and a platform was cut or restored."""
        how = "is back" if up else "is cut"
        self.tell(Happening(self._now(), f"The line to {channel.title()} {how}", Tone.WATCH))

    def recall(self, happening: Happening) -> None:
        """Adds what an earlier run told."""
        with self._lock:
            self._add(replace(happening, before=0))

    def _add(self, happening: Happening) -> Happening:
        self.told += 1
        happening = replace(happening, number=self.told)
        numbers = [one.number for one in self._happenings]
        if happening.before in numbers and len(self._happenings) < _KEPT:
            self._happenings.insert(numbers.index(happening.before), happening)
        else:
            self._happenings.append(happening)
        if happening.settles:
            # What comes after it is another call.
            for about in (self._began, self._calls, self._called):
                about.pop(happening.case, None)
        elif happening.case:
            self._began.setdefault(happening.case, happening.at)
        return happening

    def _change(self, happening: Happening) -> None:
        """Puts a happening into the place of the one with its number."""
        with self._lock:
            for place, before in enumerate(self._happenings):
                if before.number == happening.number:
                    self._happenings[place] = happening
            self.told += 1
        for hear in self.on_tell:
            hear(happening)

    def recent(self) -> list[Happening]:
        with self._lock:
            return list(self._happenings)

    def ringing(self) -> list[Json]:
        """The phones that ring, as the page shows them: of each chat the latest page that nobody has
        answered, and how many there are."""
        latest: dict[tuple[str, str], Json] = {}
        with self._lock:
            for (person, on, _), ring in self._ringing.items():
                before = latest.get((person, on), {"pages": 0})
                pages = before["pages"] + 1
                latest[person, on] = {"person": person, "channel": on, "ref": ring.ref, "pages": pages}
        return list(latest.values())

    def rings(self) -> list[Json]:
        """What rings, to be kept."""
        with self._lock:
            return [ring.to_json(key) for key, ring in self._ringing.items()]

    def ring_again(self, rings: list[Json]) -> None:
        """Brings back what rang at the end of an earlier run."""
        with self._lock:
            self._ringing = dict(_Ring.from_json(ring) for ring in rings)

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
            if told.tone is Tone.ALARM and handed.outbound.kind is OutboundKind.PAGE:
                self._page(handed)
            else:
                self.tell(told)

    def _page(self, handed: Handed) -> None:
        """Tells who is paged: together with those who were paged for the same at the same time."""
        subject, who = _subject(handed.outbound.text), self._display(handed.person)
        called = self._called.setdefault(subject, set())
        again = who in called
        called.add(who)
        call = self._calls.get(subject)
        grows = call is not None and handed.at - call.at <= _SAME_ELSEWHERE
        if call is None or not grows or who in call.names:
            call = self._calls[subject] = _Call(0, handed.at, [], again)
            grows = False
        call.names.append(who)
        call.again = call.again and again
        waited = handed.at - self._began.setdefault(subject, handed.at)
        text = f"{_together(call.names)} paged{' again' if call.again else ''}{_after(waited)}"
        happening = Happening(call.at, text, Tone.ALARM, number=call.number)
        if grows:
            self._change(happening)
        else:
            call.number = self.tell(happening).number

    def arrived(self, message: PretendMessage) -> None:
        """A message of Watchline's is on a phone. A page rings until it is answered; a later one about the
        same takes its place."""
        if message.purpose == OutboundKind.PAGE.value and not message.deleted:
            key = message.person, message.channel, _subject(message.text)
            with self._lock:
                self._ringing.pop(key, None)
                self._ringing[key] = _Ring(message.ref, message.text, offers=_offers(message))

    def acted(self, message: PretendMessage, kind: str) -> None:
        """A person did something (`kind` is the frame's) with a message. What answers a page ends it on both
        of the officer's channels; whatever else an officer writes does not."""
        with self._lock:
            answered = self._answered(message)
            self._ringing = {
                (person, on, about): ring
                for (person, on, about), ring in self._ringing.items()
                if person != message.person or about not in answered
            }
        if message.person in self._desk:
            self._hand = message.person
        who, on = self._display(message.person), message.channel.title()
        wanted = _LANGUAGE.fullmatch(message.text.strip()) if message.mine else None
        if kind == InboundKind.PRESS.value and message.pressed is not None:
            self.tell(Happening(self._now(), f"{who} presses “{message.choices[message.pressed]}”"))
        elif kind == InboundKind.REACTION.value and message.reaction:
            self.tell(Happening(self._now(), f"{who} reacts with {message.reaction}"))
        elif wanted and kind == InboundKind.TEXT.value:
            self.tell(Happening(self._now(), f"{who} asks for {_LANGUAGES[wanted[1]]}"))
        elif kind in _DONE:
            how = ": it waits on the phone" if message.tick is Tick.WAITING else f" on {on}"
            self.tell(Happening(self._now(), f"{who} {_DONE[kind]}{how}"))

    def _answered(self, message: PretendMessage) -> set[str]:
        """What the pages are about that somebody answers by this."""
        if not message.mine:
            return {_subject(message.text)} if message.reaction or message.pressed is not None else set()
        mine = [
            (on, about, ring) for (who, on, about), ring in self._ringing.items() if who == message.person
        ]
        if message.text.strip().isdigit():
            return set([about for on, about, ring in mine if on == message.channel and ring.offers][-1:])
        if _ONLY_ASKS.fullmatch(message.text.strip()):
            return set()
        # A page without a choice is about a case that is theirs already: any word to the person answers it.
        return {about for _, about, ring in mine if not ring.offers}

    def _display(self, name: str) -> str:
        person = self._people.get(name)
        return (person.display or name) if person else "Somebody"


def _together(names: list[str]) -> str:
    """ "Ana is", "Ana and Ben are", "Ana, Ben and Carla are"."""
    if len(names) == 1:
        return f"{names[0]} is"
    return f"{', '.join(names[:-1])} and {names[-1]} are"


def _after(waited: timedelta) -> str:
    """ " after 2 min", from a minute on."""
    minutes = round(waited / timedelta(minutes=1))
    if minutes < 1:
        return ""
    if minutes < 60:
        return f" after {minutes} min"
    return f" after {minutes // 60} h {minutes % 60} min" if minutes % 60 else f" after {minutes // 60} h"


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
