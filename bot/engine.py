"""The engine: every transaction of a running Watchline, synchronous, one method each.

The same methods are driven by threads in `run` and one after another in a rehearsal. Each commits before it returns, so
whoever calls may die between any two of them and nothing is lost: what was accepted is in the inbox, what was decided
is in the outbox, what is due later is a deadline.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from alerts.deadlines import Deadline
from alerts.events import RawInbound
from alerts.facts import Answered, ChannelTurned, Event, Gap
from alerts.ids import Ids, from_micros, micros
from alerts.recognition import Alarm
from alerts.store import clock_back, dead_channels, figures, inbox, leases, queues
from alerts.store.store import Store, read_meta, write_meta
from alerts.store.wakes import Wake
from alerts.store.work import Work
from bot import logs
from bot.clock import Clock, Entropy
from bot.nodes import Nodes
from handlers.rules import Rules
from handlers.turn import Parser, Report, Turns

log = structlog.get_logger("watchline")

ALIVE = "alive_at"
INBOX_BATCH = 64
DEADLINE_BATCH = 300
TOLD_AGAIN = timedelta(minutes=30)
"""A channel that comes and goes is told of at most as often: at its first death after so long a rest."""
DEDUP_WINDOW = timedelta(hours=48)
"""Longer than any channel redelivers by itself; a channel's ids may start again later."""


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Without garbage collections for the moment: hundreds of turns make more objects than any threshold, all of them
    alive until the commit and gone right after it, so that looking for garbage among them finds none."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@dataclass
class Engine:
    """Transactions on one store. Each method is called by one thread at a time."""

    store: Store
    rules: Rules
    parsers: Mapping[str, Parser]
    clock: Clock
    entropy: Entropy
    observe: Callable[[str, Mapping[str, Any]], None] | None = None
    """Told of what happened, in references; for the practice page."""
    redelivery: Mapping[str, timedelta] = field(default_factory=dict)
    """Channels that may bring again what is older than `DEDUP_WINDOW`, with how old it may be."""
    twins: bool = False
    """Whether several devices of an account receive here, so that what one cannot read another may have read."""
    turns: Turns = field(init=False)
    nodes: Nodes = field(init=False)

    def __post_init__(self) -> None:
        self.nodes = Nodes(self.store, self.clock, self.entropy)
        self._looked: datetime | None = None
        self._ordinal = functools.partial(next, itertools.count(1))
        self.turns = Turns(self.rules, self.parsers, self.entropy.draw, time.perf_counter, self._ordinal)

    # ------------------------------------------------------------------------------------------------------ accept

    def accept(self, frames: Sequence[RawInbound]) -> bool:
        """Stores frames durably. Returns whether one of them looks like an alarm."""
        now = self.clock.now()
        ids = Ids(now, self.entropy.draw(16), self._ordinal())
        arrivals = [(ids.new(), frame, now, self._urgent(frame)) for frame in frames]
        twins = [(ids.new(), frame) for frame in frames if frame.twin] if self.twins else []
        with self.store.writing() as work:
            if any(inbox.accept(work.connection, work.vault, arrivals, twins)):
                work.wake(Wake.INBOX)
        return any(urgent for *_, urgent in arrivals)

    def _urgent(self, frame: RawInbound) -> bool:
        """A first look, which only decides whose turn comes first. It can never keep a frame from being stored."""
        if not frame.peek:
            return False
        try:
            return self.rules.recogniser.recognise(frame.peek).alarm in (Alarm.SOS, Alarm.DOUBT, Alarm.TOLD)
        except Exception as error:  # noqa: BLE001  # the recogniser must not stand before the storing of an alarm
            log.error("peek_failed", error=type(error).__name__)
            return True

    # ------------------------------------------------------------------------------------------------------- turns

    def work_inbox(
        self, go_out: Callable[[Work], object] = lambda _: None, gone_out: Callable[[], object] = lambda: None
    ) -> Report:
        """Turns for what waits in the inbox, one commit.

        After an alarm's turn `go_out` chooses in the same transaction what is handed over, and `gone_out` is called
        once it is committed. What goes wrong with that undoes all of it, and each frame has its turn alone.
        """
        try:
            with self.store.writing() as work:
                report = self.turns.inbox(work, self.clock.now(), INBOX_BATCH)
                if report.urgent:
                    with work.without_locks():
                        go_out(work)
                        work.flush()
        except Exception as error:
            if self.store.is_away(error):
                raise
            report = self._one_by_one(error)
        else:
            gone_out()
        return self._told(report)

    def _one_by_one(self, error: Exception) -> Report:
        """A batch could not be written: each frame alone, so that the one at fault is found and the others go on."""
        log.error("batch_failed", error=type(error).__name__)
        report = Report()
        with self.store.writing(lock=False) as work:  # a reader may not claim rows
            waiting = inbox.next_in_inbox(work.connection, work.vault, INBOX_BATCH)
        report.full = bool(waiting)  # each of them is done or counted, so this comes to an end
        for row in waiting:
            try:
                with self.store.writing() as work:
                    alone = self.turns.one(work, row, self.clock.now())
            except Exception as wrong:
                if self.store.is_away(wrong):
                    raise
                alone = self._count_failure(row, wrong)
            report.add(alone)
        return report

    def _count_failure(self, row: inbox.Waiting, wrong: Exception) -> Report:
        try:
            with self.store.writing() as work:
                return self.turns.failed(work, row, self.clock.now(), wrong)
        except Exception as worse:
            if self.store.is_away(worse):
                raise
            # Even telling the desk of it fails: it is counted all the same, or it would stand in the way for ever.
            with self.store.writing() as work:
                if inbox.claim(work.connection, row.id):
                    inbox.note_attempt(work.connection, row.id)
            return Report(
                failed=[(row.id, type(wrong).__name__), (row.id, f"telling {type(worse).__name__}")]
            )

    def work_deadlines(
        self, *, check_ins: bool = True, pressed: Callable[[], object] = lambda: False
    ) -> Report:
        """Turns for what is due, one commit, which ends early when it is `pressed`; without what is due of check-ins
        when that is to wait."""
        try:
            with _uncollected(), self.store.writing() as work:
                report = self.turns.deadlines(
                    work, self.clock.now(), DEADLINE_BATCH, check_ins=check_ins, pressed=pressed
                )
        except Exception as error:
            if self.store.is_away(error):
                raise
            log.error("deadline_batch_failed", error=type(error).__name__)
            report = Report()
            with self.store.writing(lock=False) as work:  # a reader may not claim rows
                found = queues.due(work.connection, self.clock.now(), DEADLINE_BATCH, check_ins=check_ins)
            for deadline in found:
                try:
                    with self.store.writing() as work:
                        report.add(self.turns.one_deadline(work, deadline, self.clock.now()))
                except Exception as wrong:
                    if self.store.is_away(wrong):
                        raise
                    report.add(self._deadline_failed(deadline, wrong))
                if pressed():
                    report.full = True  # the rest is found again
                    break
        return self._told(report)

    def _deadline_failed(self, deadline: Deadline, wrong: Exception) -> Report:
        for note in (self.turns.deadline_failed, self.turns.put_off):
            try:
                with self.store.writing() as work:
                    return note(work, deadline, self.clock.now(), wrong)
            except Exception as worse:
                if self.store.is_away(worse) or note == self.turns.put_off:
                    raise
                log.error("telling_failed", error=type(worse).__name__)
        return Report()

    def settle(self, answered: Sequence[Answered]) -> Report:
        """Turns for what channels answered, one commit."""
        try:
            with self.store.writing() as work:
                report = self.turns.outcomes(work, answered, self.clock.now())
        except Exception as error:
            if self.store.is_away(error):
                raise
            log.error("outcome_batch_failed", error=type(error).__name__)
            report = Report()
            for event in answered:
                report.add(self._settle_one(event))
        return self._told(report)

    def _settle_one(self, event: Answered) -> Report:
        """One outcome alone: with all that follows from it, else without, else it is left for the next start."""
        report = Report()
        for turn in (lambda work, e, now: self.turns.outcomes(work, [e], now), self.turns.bare_outcome):
            try:
                with self.store.writing() as work:
                    done: Report = turn(work, event, self.clock.now())
            except Exception as error:
                if self.store.is_away(error):
                    raise
                report.failed.append((event.outgoing_id, type(error).__name__))
            else:
                report.add(done)
                break
        return report

    def happened(self, event: Event, before: Callable[[Work], object] = lambda _: None) -> Report:
        """The turn of something that is in no queue, in one commit with what is written `before` it. No turn when that
        says False."""
        with self.store.writing() as work:
            if before(work) is False:
                return Report()
            report = self.turns.event(work, event, self.clock.now())
        return self._told(report)

    def _told(self, report: Report) -> Report:
        for inbox_id, error in report.failed:
            log.error("turn_failed", inbox=inbox_id, error=error)
        logs.told(report.events)
        if self.observe is not None:
            for name, references in report.events:
                self.observe(name, references)
        return report

    # -------------------------------------------------------------------------------------------- life of a process

    def release(self, *, starting: bool = True) -> None:
        """What was in flight when a process died goes out again, marked as a possible repeat."""
        released = self.nodes.release_unfinished(starting=starting)
        if released:
            log.warning("unfinished_sends", count=released)

    def wake_up(self) -> Report | None:
        """After a start: the inbox is read, and a gap of ours is told, before anything is counted against anybody."""
        self.release()
        while self.work_inbox().full:
            pass
        return self.mark_alive()

    def mark_alive(self) -> Report | None:
        """Writes a sign of life. When the last one is too old, we were away: that is an event."""
        now = self.clock.now()
        with self.store.writing() as work:
            report = self._sign_of_life(work, now)
        self._looked = now  # not before: what could not be set back is so the next time
        return self._told(report) if report is not None else None

    def _sign_of_life(self, work: Work, now: datetime) -> Report | None:
        last = read_meta(work.connection, ALIVE)
        write_meta(work.connection, ALIVE, str(micros(now)))
        if last is None:
            return None
        since = from_micros(int(last))
        known = self._looked
        if self.nodes.single or (known is None and leases.alone(work, self.nodes.name, now)):
            known = since
        if known is not None and (known - now).total_seconds() > self.rules.gap_seconds:
            # Only our own clock: that another node's is ahead of ours says nothing about what we have noted. Who
            # starts where nobody else is goes on with what was noted before.
            clock_back.set_back(work, now, known - now)
        if abs((now - since).total_seconds()) <= self.rules.gap_seconds:
            return None
        log.warning("gap", seconds=int((now - since).total_seconds()))
        return self.turns.event(work, Gap(since, now), now)

    def channel_turned(self, channel: str, dead_since: datetime | None) -> Report | None:
        """A channel is dead since an instant, or well. The desk is told of it, unless it was told already."""
        now, me = self.clock.now(), self.nodes.name
        with self.store.writing() as work:
            last = dead_channels.last_told(work.connection, channel)
            if last.dead == (dead_since is not None):
                return None
            if dead_since is not None and timedelta(0) <= now - last.at < TOLD_AGAIN:
                return None
            if dead_since is None and last.node != me and not self._gone(work, last.node, now):
                return None  # another node cannot use it, whatever is seen here
            since = dead_since or last.since
            told = dead_channels.Told(dead_since is not None, since, now, me)
            dead_channels.note_told(work.connection, channel, told)
            event = ChannelTurned(channel, since, now if dead_since is None else None)
            report = self.turns.event(work, event, now)
        return self._told(report)

    def _gone(self, work: Work, node: str, now: datetime) -> bool:
        return self.nodes.single or node not in leases.living(work, now)

    def alive(self) -> None:
        """Writes a sign of life and nothing more: time passed while we were there."""
        self.store.set_meta(ALIVE, str(micros(self.clock.now())))

    def housekeeping(self) -> None:
        """Off the hot path: keys made ahead, keys that others destroyed and old frames forgotten."""
        self.store.vault.keys.refill()
        self.store.vault.keys.drop_gone()
        now = self.clock.now()
        with self.store.writing() as work:
            longer = {name: now - window for name, window in self.redelivery.items()}
            inbox.prune_inbox(work.connection, now - DEDUP_WINDOW, 5_000, longer)

    def all_is_quiet(self) -> bool:
        """Whether no case is open and nobody was asked to check in and has not answered."""
        with self.store.reading() as work:
            return figures.all_is_quiet(work.connection)

    def next_deadline(self) -> datetime | None:
        """When the next deadline comes."""
        with self.store.reading() as work:
            return queues.next_due(work.connection)
