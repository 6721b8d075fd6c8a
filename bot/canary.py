"""Canaries: small messages of our own that show whether a channel still carries messages.

What a canary can show differs, and is not made to look better than it is:

- **Signal**: the canary goes to an account that the desk names, best an administrator's phone. That phone's delivery
  receipt for it comes back through our own receiving: the round trip is timed, both ways. Signal took a canary that
  does not come back; so either that phone is off, or nothing arrives any more. While others give receipts for what they
  were sent since, it is the phone. On a quiet night there are none: then the channel is called *unproven*, neither
  broken nor well. It is broken once what others were sent since gets no receipts either, and after half a day without
  any proof. A receipt for what was sent earlier proves nothing, nor does anybody else's for the canary.
- **Telegram**: a bot sees neither its own messages nor those of other bots, and Telegram has no receipts. The canary
  shows the way out, timed. The way in is watched by the channel itself: its long polls come back, or its health says
  that they do not.
- Without a canary address there is no canary; `doctor` says so.

Decisions are pure: `step` says what to do now, `went_out` and `came_back` note what happened. A canary never waits for
the outbox and is never retried: the next one comes anyway, and soon after one that could not even be handed over.

How they are stands in the store, without addresses: a process that is started anew does not forget that a channel is
broken, and several nodes send one canary between them, whichever of them hears it come back.
"""

from __future__ import annotations

import enum
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.events import Inbound, InboundKind, Outbound, OutboundKind, Outcome, Refused, RetryAt, Sent
from alerts.ids import from_micros, micros
from alerts.records import replace

PATIENCE = timedelta(minutes=2)
"""How long a canary may take to come back."""
UNTAKEN_IS_BAD = 2
"""Canaries in a row that were not even taken, before the channel counts as broken."""
UNPROVEN_IS_BAD = timedelta(hours=12)
"""Without any proof for so long the channel counts as broken: a phone is off for a night, and a canary whose phone is
off for longer watches nothing."""
UNHEARD_IS_BAD = 3
"""So many others who were sent something since, and not one receipt among them: that is not one phone which is off."""
HEARD_BY = timedelta(minutes=5)
"""How long their receipts may take: phones on slow networks."""
AGAIN = timedelta(minutes=2)
"""Until the next one when the first of a row was not even taken: that is no phone which is off, and whether it was a
moment's trouble is to be known soon."""
NOT_BACK = "not_back"
PHONE_SILENT = "phone_silent"
"""It was taken, it did not come back, and others were heard meanwhile: the line works, and the phone at its end is off.
That is no reason to wake anybody."""
EARLY = 100
"""Receipts that are remembered while a canary is being handed over: its own may be faster than the channel's answer."""


class Leg(enum.IntEnum):
    """How far one canary has come; it only grows until the next is sent."""

    BEING_SENT = 0
    ON_ITS_WAY = 1
    """Taken, and its receipt is waited for."""
    OVER = 2


class Trip(enum.Enum):
    """How far a channel's canary can be followed."""

    OUT = "out"
    """Until the platform took it."""
    ROUND = "round"
    """Until its receipt is back in our inbox."""


@dataclass(frozen=True, slots=True)
class Canary:
    """The canaries of one channel, and what became of them."""

    channel: str
    trip: Trip
    every: timedelta
    sent_at: datetime | None = None
    refs: frozenset[str] = field(default=frozenset(), repr=False)
    """References of the one that is under way; empty: none is."""
    taken_seconds: float | None = None
    """How long the platform took to take the last one."""
    round_seconds: float | None = None
    """How long the last one took to come back."""
    done_at: datetime | None = None
    """When one last made the whole trip."""
    missed: int = 0
    """How many in a row did not make it."""
    untaken: int = 0
    """How many of them were not even taken, since the channel was last proved to carry."""
    proved_at: datetime | None = None
    """When somebody's receipt last said that what we send arrives, while that was in doubt."""
    silent_since: datetime | None = None
    """When the first of those was sent that were taken and did not come back."""
    unheard: bool = False
    """Whether others get no messages either."""
    trouble: str = ""
    """Code of what was wrong with the last one."""
    leg: Leg = Leg.OVER
    heard: bool = False
    """Whether somebody else gave a receipt for what was sent while this one was on its way."""
    early: frozenset[str] = field(default=frozenset(), repr=False)
    """References of receipts that came while it was being handed over."""

    @property
    def unproven_since(self) -> datetime | None:
        """Since when nothing shows that the channel carries, though it takes what it is given; None: it was shown."""
        since, proof = self.silent_since, self.proved_at
        return since if since is not None and (proof is None or proof < since) else None

    @property
    def asks_since(self) -> datetime | None:
        """Since when it matters whether others get what they are sent; None: it does not."""
        if self.trip is not Trip.ROUND:
            return None
        away = self.leg is Leg.ON_ITS_WAY and not self.heard
        return self.unproven_since or (self.sent_at if away or self.untaken else None)

    def bad(self, now: datetime) -> bool:
        """Whether the channel counts as broken."""
        since = self.unproven_since
        dark = since is not None and (self.unheard or now - since > UNPROVEN_IS_BAD)
        return dark or self.untaken >= UNTAKEN_IS_BAD


class Do(enum.Enum):
    """What to do now."""

    WAIT = "wait"
    SEND = "send"


def step(canary: Canary, now: datetime) -> tuple[Canary, Do]:
    """What to do at `now`: give up one that did not come back in time, send the next one when its time has come.

    After a jump of the clock backwards the next one is sent at once.
    """
    if canary.sent_at is not None and canary.refs and now - canary.sent_at > PATIENCE:
        canary = _phone_silent(canary) if canary.heard else _not_back(canary)
    not_taken = canary.untaken == 1 and canary.trouble != NOT_BACK and canary.leg is Leg.OVER
    pace = min(AGAIN, canary.every) if not_taken else canary.every
    late = canary.sent_at is None or not timedelta(0) <= now - canary.sent_at < pace
    return canary, Do.SEND if late and not canary.refs else Do.WAIT


def sending(canary: Canary, now: datetime) -> Canary:
    """One is about to be handed over."""
    return replace(canary, sent_at=now, refs=frozenset(), early=frozenset(), leg=Leg.BEING_SENT, heard=False)


def went_out(canary: Canary, outcome: Outcome, now: datetime) -> Canary:
    """The platform answered at `now`."""
    match outcome:
        case Sent(ref=ref, earlier_refs=earlier):
            refs = frozenset({ref, *earlier})
            canary = replace(canary, taken_seconds=_seconds(canary, now))
            if canary.trip is Trip.OUT:
                return _over(canary, now)
            under_way = replace(canary, refs=refs, leg=Leg.ON_ITS_WAY)
            return came_back(under_way, canary.early, now)
        case RetryAt(reason=reason):
            return _failed(canary, reason)
        case Refused(reason=refusal):
            return _failed(canary, refusal.value)


def came_back(canary: Canary, refs: Iterable[str], now: datetime) -> Canary:
    """A receipt for these messages arrived. Changes nothing when the canary is not among them."""
    if canary.trip is Trip.ROUND and canary.leg is Leg.BEING_SENT:
        return replace(canary, early=canary.early.union(refs)) if len(canary.early) < EARLY else canary
    if not canary.refs.intersection(refs):
        return canary
    return _over(replace(canary, round_seconds=_seconds(canary, now)), now)


def receipt_came(canary: Canary, now: datetime) -> Canary:
    """Somebody's phone has got what was sent since it matters: what we send arrives."""
    flying = canary.leg is Leg.ON_ITS_WAY and not canary.heard and canary.unproven_since is None
    if flying or canary.untaken or canary.unproven_since is not None:
        return replace(canary, heard=canary.heard or flying, proved_at=now, untaken=0, unheard=False)
    return canary


def witnessed(canary: Canary, receipts: int, silent: int, now: datetime) -> Canary:
    """What became of messages to others that were sent since it matters: how many of those people gave a receipt, and
    how many none."""
    if receipts:
        return receipt_came(canary, now)
    return replace(canary, unheard=silent >= UNHEARD_IS_BAD) if canary.unproven_since is not None else canary


def _phone_silent(canary: Canary) -> Canary:
    return replace(canary, refs=frozenset(), leg=Leg.OVER, missed=0, trouble=PHONE_SILENT)


def _over(canary: Canary, now: datetime) -> Canary:
    none: frozenset[str] = frozenset()
    well = replace(canary, refs=none, early=none, leg=Leg.OVER, done_at=now, missed=0, trouble="")
    return replace(well, untaken=0, silent_since=None, unheard=False)


def _not_back(canary: Canary) -> Canary:
    since = canary.unproven_since or canary.sent_at
    return replace(_missed(canary, NOT_BACK), silent_since=since)


def _failed(canary: Canary, trouble: str) -> Canary:
    return replace(_missed(canary, trouble), untaken=canary.untaken + 1)


def _missed(canary: Canary, trouble: str) -> Canary:
    none: frozenset[str] = frozenset()
    missed = canary.missed + 1
    return replace(canary, refs=none, early=none, leg=Leg.OVER, missed=missed, trouble=trouble)


def noted(canary: Canary) -> str:
    """How it is, for the store. A Telegram reference holds the chat's number, and nothing waits for one."""
    return json.dumps(
        {
            "sent_at": micros(canary.sent_at) if canary.sent_at else None,
            "done_at": micros(canary.done_at) if canary.done_at else None,
            "leg": canary.leg.value,
            "refs": sorted(canary.refs),
            "missed": canary.missed,
            "trouble": canary.trouble,
            "untaken": canary.untaken,
            "proved_at": micros(canary.proved_at) if canary.proved_at else None,
            "silent_since": micros(canary.silent_since) if canary.silent_since else None,
            "taken": canary.taken_seconds,
            "round": canary.round_seconds,
        }
    )


def recalled(canary: Canary, note: str, now: datetime) -> Canary:
    """The canary as the note says, when that is about a later one or a later leg. What stands in the future was written
    before a clock was set back, and a note that cannot be read is none."""
    try:
        said = json.loads(note)
        sent_at, leg = from_micros(said["sent_at"]), Leg(said["leg"])
        told = replace(
            canary,
            sent_at=sent_at,
            done_at=from_micros(said["done_at"]) if said["done_at"] else None,
            leg=leg,
            refs=frozenset(map(str, said["refs"])),
            missed=int(said["missed"]),
            trouble=str(said["trouble"]),
            untaken=int(said.get("untaken", said["missed"])),
            silent_since=from_micros(said["silent_since"]) if said.get("silent_since") else None,
            taken_seconds=said["taken"],
            round_seconds=said["round"],
            early=frozenset(),
        )
        proof = from_micros(said["proved_at"]) if said.get("proved_at") else None
    except (ValueError, KeyError, TypeError, OverflowError):
        return canary
    known = (canary.sent_at, canary.leg) if canary.sent_at is not None else None
    newer = known is None or (sent_at, leg) > known
    taken_up = told if newer and sent_at <= now else canary
    if proof is not None and proof <= now and (canary.proved_at is None or proof > canary.proved_at):
        # Whichever node heard it: what it says is true for all.
        since = not newer and canary.sent_at is not None and proof >= canary.sent_at
        taken_up = replace(taken_up, proved_at=proof, untaken=0 if since else taken_up.untaken)
    return taken_up


def _seconds(canary: Canary, now: datetime) -> float:
    return max(0.0, (now - canary.sent_at).total_seconds()) if canary.sent_at is not None else 0.0


def meta_key(channel: str) -> str:
    """Under which name the store has it."""
    return f"canary:{channel}"


def message(channel: str, address: str, canary_id: str) -> Outbound:
    """What is sent. It says what it is to whoever reads it, and nothing else."""
    return Outbound(
        id=canary_id,
        channel=channel,
        address=address,
        kind=OutboundKind.NOTICE,
        text="Watchline canary: the line works. Nothing is to be done; mute this chat.",
        protect=False,
    )


@dataclass
class Canaries:
    """All channels' canaries, shared between the watch, which sends them, and the turns, which see them come back."""

    now: Callable[[], datetime]
    _canaries: dict[str, Canary] = field(default_factory=dict)
    _phones: dict[str, str] = field(default_factory=dict, repr=False)
    """Where they go."""
    _notes: dict[str, str] = field(default_factory=dict)
    """What stands in the store, as far as is known here."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, canary: Canary, phone: str) -> None:
        """A channel gets canaries, which go to this account."""
        with self._lock:
            self._canaries[canary.channel] = canary
            self._phones[canary.channel] = phone.strip().lower()

    def all(self) -> tuple[Canary, ...]:
        """How they are."""
        with self._lock:
            return tuple(self._canaries.values())

    def change(self, channel: str, how: Callable[[Canary], Canary]) -> None:
        """Notes what happened to a channel's canary."""
        with self._lock:
            if channel in self._canaries:
                self._canaries[channel] = how(self._canaries[channel])

    def due(self) -> list[str]:
        """Channels whose next canary is to be sent now; it counts as under way from here on."""
        now = self.now()
        channels = []
        with self._lock:
            for name, canary in list(self._canaries.items()):
                stepped, do = step(canary, now)
                if do is Do.SEND:
                    channels.append(name)
                    stepped = sending(stepped, now)
                self._canaries[name] = stepped
        return channels

    def channels(self) -> list[str]:
        """Those with canaries."""
        with self._lock:
            return list(self._canaries)

    def asking(self) -> dict[str, datetime]:
        """Channels of which it matters whether others get what they are sent, and since when."""
        return {c.channel: c.asks_since for c in self.all() if c.asks_since is not None}

    def recall(self, notes: Mapping[str, str | None]) -> None:
        """Takes up what stands in the store, by channel."""
        now = self.now()
        with self._lock:
            for name, note in notes.items():
                if note is not None and name in self._canaries:
                    self._notes[name] = note
                    self._canaries[name] = recalled(self._canaries[name], note, now)

    def to_note(self) -> dict[str, str]:
        """What does not stand in the store yet, by channel."""
        with self._lock:
            notes = {name: noted(canary) for name, canary in self._canaries.items() if canary.sent_at}
        return {name: note for name, note in notes.items() if self._notes.get(name) != note}

    def listening(self, channel: str, parse: Callable[[bytes], Inbound]) -> Callable[[bytes], Inbound]:
        """The channel's parser, which also tells the canary of its own receipt. What it understands is unchanged."""

        def parsed(raw: bytes) -> Inbound:
            inbound = parse(raw)
            if inbound.kind is InboundKind.RECEIPT and self._is_phone(channel, inbound):
                refs = (*inbound.target_refs, inbound.target_ref)
                self.change(channel, lambda canary: came_back(canary, refs, self.now()))
            return inbound

        return parsed

    def _is_phone(self, channel: str, inbound: Inbound) -> bool:
        """Whether the canary's own phone says it. Settings may name it by its number."""
        phone = self._phones.get(channel)
        return bool(phone) and phone in (inbound.sender.lower(), inbound.number)
