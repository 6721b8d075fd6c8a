"""Canaries: small messages of our own that show whether a channel still carries messages.

What a canary can show differs, and is not made to look better than it is:

- **Signal**: the canary goes to an account that the desk names, best an administrator's phone. That phone's delivery
  receipt comes back through our own receiving: the round trip is timed, both ways.
- **Telegram**: a bot sees neither its own messages nor those of other bots, and Telegram has no receipts. The canary
  shows the way out, timed. The way in is watched by the channel itself: its long polls come back, or its health says
  that they do not.
- Without a canary address there is no canary; `doctor` says so.

Decisions are pure: `step` says what to do now, `went_out` and `came_back` note what happened. A canary never waits for
the outbox and is never retried: the next one comes anyway.
"""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.events import Inbound, InboundKind, Outbound, OutboundKind, Outcome, Refused, RetryAt, Sent
from alerts.records import replace

PATIENCE = timedelta(minutes=2)
"""How long a canary may take to come back."""
MISSED_IS_BAD = 2
"""Canaries in a row that did not make it before the channel counts as broken: one may meet a phone that is off."""


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
    trouble: str = ""
    """Code of what was wrong with the last one."""

    @property
    def bad(self) -> bool:
        """Whether the channel counts as broken."""
        return self.missed >= MISSED_IS_BAD


class Do(enum.Enum):
    """What to do now."""

    WAIT = "wait"
    SEND = "send"


def step(canary: Canary, now: datetime) -> tuple[Canary, Do]:
    """What to do at `now`: give up one that did not come back in time, send the next one when its time has come.

    After a jump of the clock backwards the next one is sent at once.
    """
    if canary.sent_at is not None and canary.refs and now - canary.sent_at > PATIENCE:
        canary = replace(canary, refs=frozenset(), missed=canary.missed + 1, trouble="not_back")
    late = canary.sent_at is None or not timedelta(0) <= now - canary.sent_at < canary.every
    return canary, Do.SEND if late and not canary.refs else Do.WAIT


def sending(canary: Canary, now: datetime) -> Canary:
    """One is about to be handed over."""
    return replace(canary, sent_at=now, refs=frozenset())


def went_out(canary: Canary, outcome: Outcome, now: datetime) -> Canary:
    """The platform answered at `now`."""
    match outcome:
        case Sent(ref=ref, earlier_refs=earlier):
            taken = _seconds(canary, now)
            if canary.trip is Trip.ROUND:
                return replace(canary, taken_seconds=taken, refs=frozenset({ref, *earlier}))
            return replace(canary, taken_seconds=taken, done_at=now, missed=0, trouble="")
        case RetryAt(reason=reason):
            return replace(canary, missed=canary.missed + 1, trouble=reason)
        case Refused(reason=refusal):
            return replace(canary, missed=canary.missed + 1, trouble=refusal.value)


def came_back(canary: Canary, refs: Iterable[str], now: datetime) -> Canary:
    """A receipt for these messages arrived. Changes nothing when the canary is not among them."""
    if not canary.refs.intersection(refs):
        return canary
    return replace(
        canary, refs=frozenset(), round_seconds=_seconds(canary, now), done_at=now, missed=0, trouble=""
    )


def _seconds(canary: Canary, now: datetime) -> float:
    return max(0.0, (now - canary.sent_at).total_seconds()) if canary.sent_at is not None else 0.0


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
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, canary: Canary) -> None:
        """A channel gets canaries."""
        with self._lock:
            self._canaries[canary.channel] = canary

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

    def listening(self, channel: str, parse: Callable[[bytes], Inbound]) -> Callable[[bytes], Inbound]:
        """The channel's parser, which also tells the canary of receipts. What it understands is unchanged."""

        def parsed(raw: bytes) -> Inbound:
            inbound = parse(raw)
            if inbound.kind is InboundKind.RECEIPT:
                refs = (*inbound.target_refs, inbound.target_ref)
                self.change(channel, lambda canary: came_back(canary, refs, self.now()))
            return inbound

        return parsed
