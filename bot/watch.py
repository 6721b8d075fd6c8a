"""Watching the watcher: is Watchline itself well, and who is told when it is not.

Every few seconds, in this order; a step that fails is noted and does not keep the others away:

1. Figures: how far behind we are, how the channels do, whether the desk thread makes progress.
2. A verdict: the codes of what is wrong. A change of it is one log line.
3. Liveness, for the process' own supervisor: the alive file (compose) and systemd's watchdog. Only while the desk
   thread makes progress, since all that a supervisor can do is to start us anew. A container engine does not even do
   that for a process that only hangs: after two minutes, with a store that answers, ours ends by itself. Nothing is
   lost by it, and a desk that hangs hears and calls nobody. One whose steps fail goes on: others of them may work.
4. The heartbeat to a dead-man's switch on another machine: a ping while all is well, /fail when it is not, silence when
   we are gone. It is what tells an administrator that the whole machine is gone.
5. Metrics.

Beside that, canaries through the channels, and the alarm service for P1 (`bot/alarm.py`).
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

import structlog
from pydantic import SecretStr

from alerts.events import Outcome, Refused, RetryAt
from alerts.store.figures import Backlog, backlog, witnesses
from alerts.store.store import Store, read_meta
from bot import canary as canaries
from bot.canary import Canaries, Canary
from bot.channels.port import Channel
from bot.logs import trouble
from bot.outside import Outside, failing

log = structlog.get_logger("watchline")

BEAT_SECONDS = 5.0
STALLED_SECONDS = 20.0
"""Without a finished step of the desk thread for so long, it hangs: a step is at most a few tens of milliseconds."""
HANGS_SECONDS = 120.0
HANGS_BEATS = 10
"""So many beats in a row must have seen it hang before the process ends: one that was stopped and goes on does not."""
BEHIND_SECONDS = 60.0
"""A deadline, a page or a message that waited so long is late, whatever the load."""
CHANNEL_DOWN_SECONDS = 180.0
"""Platforms have bad minutes; after this a person should look."""
FIGURES_SECONDS = 10.0
HANGS_STATUS = 70
"""A fault of our own (EX_SOFTWARE of sysexits.h)."""
CANARY_SECONDS = 90.0
"""A channel that has not answered by then has not taken it. Longer than any channel's own limit."""
GOOD_STATES = frozenset({"receiving", "starting", "elsewhere"})
"""What channels say of themselves while receiving is as it should be."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How Watchline does, in numbers that tell of nobody. Seconds; None: there is none, or it could not be read."""

    at: datetime
    store: bool
    """Whether the store answered."""
    overdue: float | None
    """How long the oldest deadline has been overdue."""
    unsent_page: float | None
    """How long the oldest page that has not gone out has waited."""
    inbox: int
    """Messages that wait for their turn."""
    inbox_oldest: float | None
    stalled: float
    """Since when the desk thread has not finished a step."""
    channels: Mapping[str, str] = field(default_factory=dict)
    """State of receiving, by channel."""
    down: Mapping[str, float] = field(default_factory=dict)
    """Since when it has been in a bad state, by channel."""
    canaries: tuple[Canary, ...] = ()
    webhook: float | None = None
    """Since when the alarm service has not taken a call that it should."""
    scarce: bool = False
    """Whether so little room is left for the database that files wait."""
    shut: int = 0
    """Members of the desk, accounts of theirs and rotas that cannot be opened: others are called than was meant."""


def verdict(figures: Figures) -> tuple[str, ...]:
    """Codes of what is wrong; none when all is well."""
    wrong = []
    if not figures.store:
        wrong.append("store_does_not_answer")
    if figures.stalled > STALLED_SECONDS:
        wrong.append("desk_thread_stalled")
    for name, seconds in (
        ("deadline_overdue", figures.overdue),
        ("page_unsent", figures.unsent_page),
        ("inbox_behind", figures.inbox_oldest),
        ("page_webhook_failing", figures.webhook),
    ):
        if seconds is not None and seconds > BEHIND_SECONDS:
            wrong.append(name)
    if figures.scarce:
        wrong.append("disk_nearly_full")
    if figures.shut:
        wrong.append("desk_does_not_open")
    wrong += [f"{name}_down" for name, s in sorted(figures.down.items()) if s > CHANNEL_DOWN_SECONDS]
    wrong += [f"{canary.channel}_canary_missed" for canary in figures.canaries if canary.bad(figures.at)]
    return tuple(wrong)


class Desk(Protocol):
    """What the watch looks at: a running desk."""

    @property
    def progress_at(self) -> datetime:
        """When its thread last finished a step. Only that it changes matters."""
        ...

    @property
    def rounds(self) -> int:
        """How often its thread has come around, whether it got anything done or failed."""
        ...


@dataclass(frozen=True)
class WatchConfig:
    """Whom the watch tells."""

    heartbeat: SecretStr | None = None
    heartbeat_seconds: float = 60.0
    alive_file: Path | None = None
    canary_addresses: Mapping[str, str] = field(default_factory=dict, repr=False)
    beat_seconds: float = BEAT_SECONDS


class Watch:
    """Runs beside a desk, in the same process."""

    def __init__(
        self,
        config: WatchConfig,
        desk: Desk,
        store: Store,
        channels: Mapping[str, Channel],
        now: Callable[[], datetime],
        *,
        outside: Outside | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        show: Sequence[Callable[[Figures, tuple[str, ...]], None]] = (),
        trips: Canaries | None = None,
        new_id: Callable[[], str] = lambda: os.urandom(16).hex(),
        webhook: Callable[[], datetime | None] = lambda: None,
        end: Callable[[], None] = lambda: os._exit(HANGS_STATUS),
        scarce: Callable[[], bool] = lambda: False,
    ) -> None:
        """`show` is told the figures and the verdict at each beat. `webhook` tells since when the alarm
        service fails. `end` ends the process, hanging threads and all."""
        self._config = config
        self._moved: dict[str, str] = {}
        self._desk = desk
        self._store = store
        self._channels = channels
        self._now = now
        self._outside = outside
        self._monotonic = monotonic
        self._show = tuple(show)
        self.trips = trips or Canaries(now)
        self._new_id = new_id
        self._end = end
        self._webhook = webhook
        self._scarce = scarce
        self._rounds = desk.rounds
        self._still = 0
        """Beats in a row in which the desk thread did not come around."""
        self._seen = desk.progress_at
        self._seen_at = monotonic()
        self._down_since: dict[str, float] = {}
        self._last: tuple[str, ...] = ()
        self._next_ping = monotonic()
        self._told_well: bool | None = None
        self._pinging = False
        self._noting = False
        self._missed: dict[str, int] = {}
        self._sends: set[asyncio.Task[None]] = set()
        self._notify = Notify.from_environment(os.environ)
        self.figures: Figures | None = None

    async def run(self) -> None:
        """Watches until cancelled."""
        outside = self._outside or Outside()
        self._notify.say("READY=1")
        try:
            while True:
                await self._guarded("beat", self.beat(outside))
                await asyncio.sleep(self._config.beat_seconds)
        finally:
            self._notify.say("STOPPING=1")
            for task in self._sends:
                task.cancel()
            await asyncio.gather(*self._sends, return_exceptions=True)
            await outside.close()

    async def settled(self) -> None:
        """Returns when the pings and canaries under way have ended."""
        await asyncio.gather(*self._sends)

    async def beat(self, outside: Outside) -> None:
        """Steps 1 to 5, once."""
        figures = self.figures = await self._figures()
        wrong = verdict(figures)
        if wrong != self._last:
            (log.error if wrong else log.info)("watch", wrong=wrong)
            self._last = wrong
        if figures.stalled <= STALLED_SECONDS and figures.store:
            await self._guarded("alive", asyncio.to_thread(self._alive))
        if figures.stalled > HANGS_SECONDS and self._still >= HANGS_BEATS and figures.store:
            log.critical("desk_thread_hangs", seconds=int(figures.stalled))
            self._end()
        # What waits for others must not hold up the next sign of life.
        if self._ping_due(well=not wrong):
            self._beside("heartbeat", self._ping(outside, well=not wrong))
        for show in self._show:
            show(figures, wrong)
        for channel in self.trips.due():
            self._beside("canary", self._send_canary(channel))
        for canary in self.trips.all():
            if canary.missed > self._missed.get(canary.channel, 0):
                log.warning(
                    "canary_missed", channel=canary.channel, reason=canary.trouble, times=canary.missed
                )
            self._missed[canary.channel] = canary.missed
        notes = self.trips.to_note() if figures.store and not self._noting else {}
        if notes:
            self._beside("canary_note", self._note(notes))

    def _beside(self, what: str, doing: Awaitable[None]) -> None:
        task = asyncio.ensure_future(self._guarded(what, doing))
        self._sends.add(task)
        task.add_done_callback(self._sends.discard)

    @staticmethod
    async def _guarded(what: str, doing: Awaitable[None]) -> None:
        try:
            await doing
        except Exception as error:  # noqa: BLE001 - the watch must outlive whatever it watches
            log.error("watch_failed", what=what, **trouble(error))

    # ------------------------------------------------------------------------------------------------------- figures

    async def _figures(self) -> Figures:
        now, tick = self._now(), self._monotonic()
        if self._desk.progress_at != self._seen:
            self._seen, self._seen_at = self._desk.progress_at, tick
        rounds = self._desk.rounds
        self._still = self._still + 1 if rounds == self._rounds else 0
        self._rounds = rounds
        states = {name: _state(channel) for name, channel in self._channels.items()}
        for name, state in states.items():
            if state in GOOD_STATES:
                self._down_since.pop(name, None)
            else:
                self._down_since.setdefault(name, tick)
        waits: Backlog | None = None
        shut = 0
        try:
            async with asyncio.timeout(FIGURES_SECONDS):
                waits, shut = await asyncio.to_thread(self._read, now)
        except Exception as error:  # noqa: BLE001 - that the store fails is itself a figure
            log.warning("figures_not_read", **trouble(error))
        return Figures(
            at=now,
            store=waits is not None,
            overdue=_age(now, waits.overdue_since) if waits else None,
            unsent_page=_age(now, waits.page_since) if waits else None,
            inbox=waits.inbox if waits else 0,
            inbox_oldest=_age(now, waits.inbox_since) if waits else None,
            stalled=max(0.0, tick - self._seen_at),
            channels=states,
            down={name: tick - since for name, since in self._down_since.items()},
            canaries=self.trips.all(),
            webhook=_age(now, self._webhook()),
            shut=shut,
            scarce=self._scarce(),
        )

    def _read(self, now: datetime) -> tuple[Backlog, int]:
        with self._store.reading() as work:
            self.trips.recall(
                {name: read_meta(work.connection, canaries.meta_key(name)) for name in self.trips.channels()}
            )
            for name, since in self.trips.asking().items():
                gave, none = witnesses(work.connection, name, since, now - canaries.HEARD_BY)
                self.trips.change(name, lambda one, g=gave, n=none: canaries.witnessed(one, g, n, now))  # type: ignore[misc]
            return backlog(work.connection, now), work.desk_shut()

    async def _note(self, notes: Mapping[str, str]) -> None:
        """Before the next beat looks again; what could not be written is written then."""
        self._noting = True
        try:
            for name, note in notes.items():
                await asyncio.to_thread(self._store.set_meta, canaries.meta_key(name), note)
        finally:
            self._noting = False

    # ------------------------------------------------------------------------------------------------ whom it tells

    def _alive(self) -> None:
        self._notify.say("WATCHDOG=1")
        if self._config.alive_file is not None:
            self._config.alive_file.touch(mode=0o600)

    def _ping_due(self, *, well: bool) -> bool:
        """At its own pace while nothing changes, at once when the verdict turns; one at a time."""
        turned = self._told_well is not None and well != self._told_well
        due = turned or self._monotonic() >= self._next_ping
        return self._config.heartbeat is not None and due and not self._pinging

    async def _ping(self, outside: Outside, *, well: bool) -> None:
        """A ping that fails is made again at the next beat, so that the switch does not trip over one lost packet."""
        address = self._config.heartbeat
        if address is None:
            return
        self._pinging = True
        try:
            problem = await outside.post(address if well else failing(address))
        finally:
            self._pinging = False
        if problem:
            log.warning("heartbeat_failed", reason=problem)
            return
        self._told_well = well
        self._next_ping = self._monotonic() + self._config.heartbeat_seconds

    async def _send_canary(self, name: str) -> None:
        address, channel = self._config.canary_addresses.get(name), self._channels.get(name)
        if address is None or channel is None:
            return
        address = self._moved.get(name, address)
        outcome = await self._handed(channel, address)
        if isinstance(outcome, Refused) and outcome.moved_to:
            # A group that grew has a new id. The line works; the setting is the administrator's to mend.
            log.warning("canary_moved", channel=name)
            self._moved[name] = outcome.moved_to
            outcome = await self._handed(channel, outcome.moved_to)
        self.trips.change(name, lambda one: canaries.went_out(one, outcome, self._now()))

    async def _handed(self, channel: Channel, address: str) -> Outcome:
        """A channel that hangs or breaks has not taken it."""
        try:
            async with asyncio.timeout(CANARY_SECONDS):
                return await channel.send(canaries.message(channel.name, address, self._new_id()))
        except TimeoutError:
            return RetryAt(0.0, "timeout", ambiguous=True)
        except Exception as error:  # noqa: BLE001 - whatever a channel raises, its canary did not get through
            log.error("watch_failed", what="canary", **trouble(error))
            return RetryAt(0.0, "server_error", ambiguous=True)


def _state(channel: Channel) -> str:
    """What a channel says of its receiving, as a code; channels without a word for it count as receiving."""
    state = getattr(channel, "health", None) or getattr(channel, "state", None)
    return str(getattr(state, "value", "receiving"))


def _age(now: datetime, since: datetime | None) -> float | None:
    return max(0.0, (now - since).total_seconds()) if since is not None else None


class Notify:
    """systemd's notification socket (sd_notify(3)); does nothing where there is none."""

    def __init__(self, address: str) -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Notify:
        """The socket that the service manager named."""
        return cls(environment.get("NOTIFY_SOCKET", ""))

    def say(self, message: str) -> None:
        """Sends one state. A manager that does not listen is no trouble of ours."""
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
                channel.settimeout(1.0)
                channel.sendto(message.encode(), self._address)
        except OSError as error:
            log.warning("notify_failed", error=type(error).__name__)
