"""The pretend platforms as Watchline sees them: frames to take, messages to hand over, lines that break.

The other half, what people do on their phones, is in `pretend.py`; that is the class to use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from alerts.events import InboundKind, Outbound, Outcome, RawInbound, Refusal, Refused, RetryAt, Sent
from alerts.records import replace
from bot.channels.pretend_frames import Json, to_raw
from bot.channels.pretend_phones import (
    Line,
    PretendFile,
    PretendMessage,
    PretendPerson,
    Tick,
    account,
    with_menu,
)
from bot.channels.pretend_world import CHANNELS, TELEGRAM, NotThere, PretendWorld, file_change

RETRY_SECONDS = 2.0
"""What a channel that is down answers: soon enough for a P1, as with the real ones."""


@dataclass(frozen=True, slots=True)
class Handed:
    """One send, as the platform saw it."""

    at: datetime
    person: str = field(repr=False)
    outbound: Outbound = field(repr=False)
    shown: str = field(repr=False)
    """The text as the person reads it, numbered menu included."""
    outcome: Outcome


class PretendPlatforms:
    """Both platforms, without the fingers that tap on the phones."""

    def __init__(
        self,
        now: Callable[[], datetime],
        people: Iterable[PretendPerson] = (),
        *,
        lifelike: bool = False,
        record: Callable[[Sequence[Json]], None] | None = None,
    ) -> None:
        """`lifelike` is for people at the page: what is written on a phone that is offline waits there, and
        the Telegram-like channel tells of blocking. `record` is called before a change takes effect; if it
        raises, nothing has changed."""
        self._now = now
        self._lifelike = lifelike
        self._record = record
        self.on_out: list[Callable[[Handed], None]] = []
        self.on_change: list[Callable[[Sequence[Json]], None]] = []
        self.on_pending: list[Callable[[], None]] = []
        self.world = PretendWorld()
        for person in people:
            self.add(person)

    # ------------------------------------------------------------------------------------------ people, state

    def add(self, person: PretendPerson) -> None:
        """Gives somebody a phone. Raises ValueError for a name that is taken or a channel that does not
        exist."""
        self.world.add(person)

    def address(self, person: str, channel: str = "") -> str:
        """The account id of a person on a channel (the person's first one if not named)."""
        return account(*self.world.chat_of(person, channel))

    def chat(self, person: str, channel: str = "") -> list[PretendMessage]:
        """What the phone shows, oldest first: without what has not arrived yet."""
        messages = self.world.chat(*self.world.chat_of(person, channel))
        return [message for message in messages if message.mine or message.tick is Tick.ARRIVED]

    def line(self, person: str, channel: str = "") -> Line:
        return self.world.line(*self.world.chat_of(person, channel))

    def is_up(self, channel: str) -> bool:
        return self.world.up[channel]

    def set_channel(self, channel: str, up: bool) -> None:
        """Cuts or restores the line between Watchline and a platform; what people send meanwhile stays with
        it."""
        if channel not in self.world.up:
            raise NotThere(f"there is no channel {channel}; there are {', '.join(CHANNELS)}")
        self._commit([{"channel": channel, "up": up}])

    def set_person(self, person: str, channel: str, state: str) -> None:
        """Puts a person's phone to "ok", "refused" or "offline" on one channel."""
        name, channel = self.world.chat_of(person, channel)
        before, line = self.line(name, channel), Line(state)
        if line is before:
            return
        changes: list[Json] = [{"line": line.value, "person": name, "on": channel}]
        if self._lifelike and channel == TELEGRAM and Line.REFUSED in (before, line):
            blocked = line is Line.REFUSED
            changes.append(self._frame(name, channel, InboundKind.REACHABLE, reachable=not blocked))
        if line is Line.OK:
            changes += self._back_online(name, channel)
        self._commit(changes)

    # -------------------------------------------------------------------------------- what Watchline is given

    def pending(self, channel: str = "") -> list[RawInbound]:
        """Frames not handed over yet, oldest first, of one channel or of both; none of a channel that is
        down."""
        names = (channel,) if channel else CHANNELS
        up = [name for name in names if self.world.up[name]]
        return [to_raw(name, frame) for name in up for frame in self.world.queues[name].values()]

    def handed(self, raw: RawInbound) -> None:
        """`accept` returned for this frame: the platform may forget it."""
        frame = self.world.queues[raw.channel].get(int(raw.dedup))
        if frame is None:
            return
        changes: list[Json] = [{"handed": int(raw.dedup), "on": raw.channel}]
        name = self.world.owner(raw.channel, raw.sender)
        message = self.world.message(name, raw.channel, frame.get("ref", ""))
        if message is not None and message.mine and message.tick is not Tick.STORED:
            changes.append({"message": replace(message, tick=Tick.STORED).to_json()})
        self._commit(changes)

    def hand_over(self, accept: Callable[[RawInbound], None]) -> int:
        """Hands everything over, what is caused on the way included. Answers how many frames. If `accept`
        raises, that frame and the later ones stay."""
        count = 0
        while frames := self.pending():
            for raw in frames:
                accept(raw)
                self.handed(raw)
                count += 1
        return count

    def deliver(self, outbound: Outbound, data: bytes = b"") -> Outcome:
        """Hands one message to the platform; `data` is the content of its file."""
        name = self.world.owner(outbound.channel, outbound.address)
        shown = outbound.text if outbound.channel == TELEGRAM else with_menu(outbound.text, outbound.choices)
        outcome = self._deliver(name, outbound, shown, data)
        handed = Handed(self._now(), name, outbound, shown, outcome)
        for tell in self.on_out:
            tell(handed)
        return outcome

    def _deliver(self, name: str, outbound: Outbound, shown: str, data: bytes) -> Outcome:
        channel = outbound.channel
        if not self.world.up[channel]:
            return RetryAt(RETRY_SECONDS, "unreachable", whole_channel=True)
        if not name:
            return Refused(Refusal.NOT_FOUND)
        line = self.line(name, channel)
        if line is Line.REFUSED:
            return Refused(Refusal.BLOCKED)
        delivered = None if channel == TELEGRAM else False
        if outbound.delete_ref:
            message = self.world.message(name, channel, outbound.delete_ref)
            # A bot on Telegram may delete what a person wrote to it.
            if message is None or (message.mine and channel != TELEGRAM):
                return Refused(Refusal.NOT_FOUND)
            self._commit([{"message": message.gone().to_json()}])
            return Sent(outbound.delete_ref, delivered)
        changes: list[Json] = []
        kind, file_id = "text", ""
        if outbound.file is not None:
            sent = outbound.file
            file = PretendFile(self.world.next_file(), sent.name, sent.content_type, data, sent.voice)
            file_id = file.id
            photo = sent.content_type.startswith("image/")
            kind = "voice" if sent.voice else "photo" if photo else "file"
            changes.append(file_change(file))
        elif outbound.location is not None:
            kind = "location"
        message = PretendMessage(
            person=name,
            channel=channel,
            ref=self.world.next_ref(channel),
            mine=False,
            at=self._now(),
            tick=Tick.ARRIVED if line is Line.OK else Tick.SENT,
            kind=kind,
            text=shown,
            choices=outbound.choices if channel == TELEGRAM else (),
            menu=() if channel == TELEGRAM else outbound.choices,
            quote=outbound.quote_ref,
            location=outbound.location,
            file=file_id,
            purpose=outbound.kind.value,
            urgent=outbound.urgent,
            ask_location=outbound.ask_location and channel == TELEGRAM,
            outbound=outbound.id,
        )
        changes.append({"message": message.to_json()})
        if channel != TELEGRAM and line is Line.OK:
            changes.append(self._frame(name, channel, InboundKind.RECEIPT, targets=[message.ref]))
        self._commit(changes)
        return Sent(message.ref, delivered)

    # ------------------------------------------------------------------------------------------------- inside

    def _frame(self, name: str, channel: str, kind: InboundKind, **about: object) -> Json:
        frame: Json = {
            "from": account(name, channel),
            "kind": kind.value,
            "at": self._now().isoformat(),
            **about,
        }
        person = self.world.people[name]
        if person.display:
            frame["name"] = person.display
        if person.language and channel == TELEGRAM:
            frame["language"] = person.language
        told_by_phone = kind not in (InboundKind.RECEIPT, InboundKind.REACHABLE)
        if self._lifelike and told_by_phone and self.line(name, channel) is Line.OFFLINE:
            return {"waits": frame, "on": channel}
        return {"frame": {"n": self.world.next_frame(channel), **frame}, "on": channel}

    def _back_online(self, name: str, channel: str) -> list[Json]:
        """What happens when a phone has a network again: what was held arrives, what was written goes out."""
        changes: list[Json] = []
        arrived = []
        for message in self.world.chat(name, channel):
            if message.mine and message.tick is Tick.WAITING:
                changes.append({"message": replace(message, tick=Tick.SENT).to_json()})
            elif not message.mine and message.tick is Tick.SENT:
                changes.append({"message": replace(message, tick=Tick.ARRIVED).to_json()})
                arrived.append(message.ref)
        sender = account(name, channel)
        written = [
            w["waits"] for w in self.world.waiting if w["on"] == channel and w["waits"]["from"] == sender
        ]
        changes += [
            {"frame": {"n": self.world.next_frame(channel), **frame}, "on": channel} for frame in written
        ]
        if written:
            changes.append({"waited": sender, "on": channel})
        if arrived and channel != TELEGRAM:
            changes.append(self._frame(name, channel, InboundKind.RECEIPT, targets=arrived))
        return changes

    # --------------------------------------------------------------------------------------- changes, records

    def _commit(self, changes: list[Json]) -> None:
        if self._record is not None:
            self._record(changes)
        self.world.apply(changes)
        for tell in self.on_change:
            tell(changes)
        if any("frame" in change or change.get("up") for change in changes):
            for wake in self.on_pending:
                wake()

    def replay(self, changes: Iterable[Json]) -> None:
        """Brings back what an earlier process recorded. Nobody is told, nothing is recorded again."""
        self.world.apply(changes)

    def snapshot(self, keep: int = 500) -> list[Json]:
        """The whole world as changes for `replay`, with the last `keep` messages of each chat."""
        return self.world.snapshot(keep)
