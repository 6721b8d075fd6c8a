"""What one practice run is made of: the clock that may run faster, the people, both pretend channels, the
story, and the sealed file that keeps all of it between runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from alerts.events import InboundKind
from bot.channels.practice.journal import Journal, JournalUnreadable
from bot.channels.practice.story import Happening, Story, Tone
from bot.channels.pretend import CHANNELS, PretendNetwork, PretendPerson
from bot.channels.pretend_channel import PretendChannel
from bot.channels.pretend_frames import Json
from bot.channels.pretend_phones import PretendMessage, Tick
from bot.clock import Entropy, PracticeClock, require_practice

_NOT_AN_ACT = (InboundKind.RECEIPT.value, InboundKind.TYPING.value, InboundKind.REACHABLE.value)
_OFFSET_STEP = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something the page offers to do with one tap, for people who do not know yet what can be done."""

    label: str
    person: str = field(repr=False)
    text: str = field(default="", repr=False)
    location: tuple[float, float] | None = field(default=None, repr=False)
    """Instead of a text: degrees WGS 84."""
    language: str = ""
    """Offered only on a phone of this language."""


@dataclass(frozen=True, slots=True)
class Note:
    """What an empty chat says: who this is, and when the phone comes into the story."""

    picture: str
    """Name of an icon of the page."""
    title: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Cast:
    """Whose phones are on the page."""

    people: tuple[PretendPerson, ...] = field(repr=False)
    zone: str
    """IANA zone of the desk."""
    defender: str = field(default="", repr=False)
    """The person with whom the story begins."""
    desk: tuple[str, ...] = field(default=(), repr=False)
    """Those who can take a case."""
    suggestions: tuple[Suggestion, ...] = field(default=(), repr=False)
    notes: Mapping[str, Note] = field(default_factory=dict, repr=False)
    """By the name of the person."""


_BOTH = ("signal", "telegram")
_BEIRUT = (33.8938, 35.5018)

SHIPPED_CAST = Cast(
    people=(
        PretendPerson("sami", _BOTH, "Sami", "Defender", "en", "Asia/Beirut"),
        PretendPerson("lina", ("signal",), "Lina", "Trusted contact", "en", "Asia/Beirut"),
        PretendPerson("ana", _BOTH, "Ana", "Officer on call", "en", "Europe/Brussels"),
        PretendPerson("ben", _BOTH, "Ben", "Next officer", "en", "Europe/Brussels"),
        PretendPerson("carla", _BOTH, "Carla", "Lead of the desk", "en", "Europe/Brussels"),
    ),
    zone="Europe/Brussels",
    defender="sami",
    desk=("ana", "ben", "carla"),
    suggestions=(
        Suggestion("SOS", "sami", "SOS"),
        Suggestion("Share location", "sami", location=_BEIRUT, language="en"),
        Suggestion("أنا في خطر", "sami", "أنا في خطر، أحتاج مساعدة الآن", language="en"),
        Suggestion("They are taking me now", "sami", "they are taking me now", language="en"),
        Suggestion("Enviar ubicación", "sami", location=_BEIRUT, language="es"),
        Suggestion("Me están deteniendo", "sami", "me están deteniendo ahora", language="es"),
        Suggestion("Envoyer ma position", "sami", location=_BEIRUT, language="fr"),
        Suggestion("Ils m’emmènent", "sami", "ils m’emmènent maintenant", language="fr"),
        Suggestion("إرسال موقعي", "sami", location=_BEIRUT, language="ar"),
        Suggestion("إنهم يأخذونني الآن", "sami", "إنهم يأخذونني الآن", language="ar"),
    ),
    notes={
        "sami": Note("hand", "Calls for help", "Sami defends people’s rights, and some want him to stop."),
        "lina": Note(
            "people",
            "Asked when he is silent",
            "Until Sami leaves a check-in unanswered, Lina hears nothing.",
        ),
        "ana": Note("bell", "Rings first", "When somebody calls for help, this phone rings."),
        "ben": Note("bell", "Rings next", "When Ana does not take a case in time, Ben is called."),
        "carla": Note("bell", "Rings last", "When neither of them takes it, the lead is called."),
    },
)
"""Five made-up people."""


class PracticePhones:
    """One practice run."""

    def __init__(
        self, path: Path, key: bytes, entropy: Entropy, cast: Cast = SHIPPED_CAST, *, lineage: str
    ) -> None:
        """Opens what an earlier run left in `path`. `key` is 32 bytes. `lineage` is what the run's store
        says of its origin.

        Raises `bot.clock.NotAPracticeStore`, and `JournalUnreadable` for a file that is not this key's.
        """
        require_practice(lineage)
        self.cast = cast
        self._journal = Journal(path, key, entropy.draw)
        try:
            self._play_back()
        except (ValueError, KeyError, TypeError):
            self._journal.close()
            raise JournalUnreadable(f"{path.name} was written by another version; move it away") from None
        self._journal.rewrite([self.network.snapshot(), self._memories()])
        self.network.on_change.append(self._watch)
        self.network.on_out.append(self.story.sent)
        self.channels = tuple(PretendChannel(name, self.network) for name in CHANNELS)
        self.on_news: list[Callable[[list[PretendMessage]], None]] = []
        """Called, after every change, with the messages that changed on a phone."""

    def _play_back(self) -> None:
        offset, story, rings = timedelta(0), [], []
        changes: list[Json] = []
        for record in self._journal.records:
            for change in record:
                if "ahead" in change:
                    offset = timedelta(seconds=change["ahead"])
                elif "story" in change:
                    story, rings = change["story"], change.get("rings", [])
                else:
                    changes.append(change)
        self._journal.records.clear()
        self.clock = PracticeClock(offset)
        self.network = PretendNetwork(
            self.clock.now, self.cast.people, lifelike=True, record=self._journal.append
        )
        self.network.replay(changes)
        self.story = Story(self.network.world.people, self.clock.now, self.cast.desk)
        for happening in story:
            self.story.recall(Happening.from_json(happening))
        self.story.ring_again(rings)

    def run_at(self, factor: float) -> None:
        """Changes the speed of the clock. Raises ValueError for a speed it does not have."""
        self.clock.run_at(factor)
        how = "in real time" if factor == 1 else f"{factor:g} times as fast"
        self.story.tell(Happening(self.clock.now(), f"The clock runs {how}", Tone.CLOCK))
        self._journal.append(self._memories())

    def skip_to(self, moment: datetime) -> None:
        """Puts the clock forward."""
        self.clock.skip_to(moment)
        self._journal.append(self._memories())

    def set_person(self, person: str, channel: str, state: str) -> None:
        """The network of one phone for one channel: ok, offline or refused. Raises
        `bot.channels.pretend.NotThere`."""
        before = self._standing(person)
        if channel in before:
            # Told before what has waited goes out.
            self.story.line(person, before, {**before, channel: state})
        self.network.set_person(person, channel, state)

    def set_channel(self, name: str, *, up: bool) -> None:
        """The line between Watchline and a platform. Raises `bot.channels.pretend.NotThere`."""
        if name in self.network.world.up:
            self.story.platform(name, up=up)
        self.network.set_channel(name, up=up)

    def _standing(self, person: str) -> dict[str, str]:
        found = self.network.world.people.get(person)
        return {on: self.network.line(person, on).value for on in found.channels} if found else {}

    def keep(self) -> None:
        """Writes down what has been told and how far ahead the clock is, if it is not written down yet:
        after a crash a drill must not find itself long before its own deadlines. Raises OSError."""
        ahead = self.clock.offset - self._kept_offset > _OFFSET_STEP
        if ahead or self.story.told != self._kept_told or self.story.rings() != self._kept_rings:
            self._journal.append(self._memories())

    def close(self) -> None:
        """Closes the file."""
        self.keep()
        self._journal.close()

    def _memories(self) -> list[Json]:
        self._kept_offset, self._kept_told = self.clock.offset, self.story.told
        self._kept_rings = self.story.rings()
        story = [happening.to_json() for happening in self.story.recent()]
        return [{"ahead": self._kept_offset.total_seconds()}, {"story": story, "rings": self._kept_rings}]

    def _watch(self, changes: Sequence[Json]) -> None:
        """Tells the story of what changed, then those who show it."""
        messages = [PretendMessage.from_json(change["message"]) for change in changes if "message" in change]
        frames = [change.get("frame") or change.get("waits") for change in changes]
        acts = [frame["kind"] for frame in frames if frame and frame["kind"] not in _NOT_AN_ACT]
        for message in messages:
            if acts and len(messages) == 1:
                self.story.acted(message, acts[0])
            elif not message.mine and message.tick is Tick.ARRIVED:
                self.story.arrived(message)
        for tell in self.on_news:
            tell(messages)
