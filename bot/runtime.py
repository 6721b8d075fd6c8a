"""A running Watchline: one desk thread that writes, channels that receive and send beside it.

The desk thread does one transaction at a time and then looks again at what is most urgent:

1. Store what has arrived, everything that waits in one commit, and let the channels go on.
2. Turns for the inbox, alarms first, at most 20 ms in one commit, and with an alarm's turn what it has to say.
3. Note what channels answered.
4. Choose what goes out next, for every channel that has room. While many deadlines wait, only what presses (P1, P2).
5. Turns for deadlines that have come, a few hundred in one commit, cut short by whoever writes.
6. What was asked of it from outside (files, the command line), then housekeeping.

After each step that did something it begins again at 1, so that nothing that is not urgent keeps an alarm waiting for
longer than one short transaction; but no flood starves the steps behind it (`PASSED_OVER`). On PostgreSQL other nodes
do the same on the same rows.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from datetime import timedelta
from typing import Any, TypeVar

import structlog

from alerts.events import Outcome, RawInbound
from alerts.facts import Answered
from alerts.outbox import PRESSING
from alerts.store import inbox
from bot.channels.port import CatchesUp
from bot.delivery import Consignment
from bot.engine import Engine
from bot.handing import Handing
from bot.lane import Lane
from bot.listening import POLL_SECONDS, Listener

log = structlog.get_logger("watchline")
T = TypeVar("T")

ACCEPTED_AT_ONCE = 500
CALLS_WAITING = 100
FAILURE_PAUSE = 0.5
PASSED_OVER = 4
"""Steps for what comes in after which what is to go out has its turn, and every so many times of that what is due:
somebody who writes without a pause must not keep pages from going out."""
CATCH_UP_SECONDS = 10.0
LAST_ANSWERS_SECONDS = 3.0
SWITCH_SECONDS = 0.0005


class Runtime:
    """Runs an engine with its channels until it is told to stop."""

    def __init__(self, engine: Engine, lanes: Mapping[str, Lane], *, polls: bool = True) -> None:
        self.engine = engine
        self._polls = polls
        self._listener = Listener(engine.store, lambda wakes: self.poke(**{w.value: True for w in wakes}))
        self.lanes = dict(lanes)
        self._handing = Handing(engine, self.lanes, self._has_answered)
        self._wake = threading.Condition()
        self._arrivals: deque[tuple[tuple[RawInbound, ...], Future[None]]] = deque()
        self._answers: deque[tuple[Lane, Consignment, Outcome]] = deque()
        self._settling: list[tuple[Lane, Consignment]] = []
        self._settled_as: dict[str, Answered] = {}
        """Answers that were learned from and are to be written: outbox row -> what it was answered."""
        self._calls: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._inbox = True
        self._deadlines = True
        self._stopping = False
        self._pause = threading.Event()
        self.progress_at = engine.clock.now()
        """When the desk thread last finished a step; the watch looks at it."""
        self._released = False
        self.rounds = 0
        """How often it has come around, whatever came of it: a thread that hangs does not."""
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sends: set[asyncio.Task[None]] = set()
        self._passed_over = 0
        self._rounds_of_flood = 0
        self._behind: set[str] = set()
        """Channels that may still have to hand over what waited at their platform."""
        self._catch_up_until: float | None = None
        self._backlog = 0
        """Chunks of deadlines in a row after which more were waiting."""
        self._next_look = engine.clock.now()
        self.failure: BaseException | None = None

    # ------------------------------------------------------------------------------------------------ from channels

    async def accept(self, *frames: RawInbound) -> None:
        """Returns when all frames are durably stored. Raises when they could not be, and then none is."""
        done: Future[None] = Future()
        with self._wake:
            if self._stopping:
                raise RuntimeError("stopping")
            self._arrivals.append((frames, done))
            self._wake.notify()
        await asyncio.wrap_future(done)

    async def call(self, do: Callable[[], T]) -> T:
        """Runs something on the desk thread, between transactions."""
        done: Future[T] = Future()
        with self._wake:
            self._calls.append((do, done))
            self._wake.notify()
        return await asyncio.wrap_future(done)

    def later(self, do: Callable[[], Any]) -> None:
        """Runs something on the desk thread when it comes to it; for the ticker."""
        with self._wake:
            if len(self._calls) < CALLS_WAITING:
                self._calls.append((do, Future()))
                self._wake.notify()

    def spawn(self, job: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Starts something on the event loop from the desk thread; its end is not waited for."""

        def begin() -> None:
            task = asyncio.ensure_future(job())
            self._sends.add(task)
            task.add_done_callback(self._sends.discard)

        if self._loop is not None:
            self._loop.call_soon_threadsafe(begin)

    def poke(self, *, deadlines: bool = False, inbox: bool = False, outbox: bool = False) -> None:
        """Something may be due: the ticker, another process, or a changed clock says so."""
        with self._wake:
            self._deadlines = self._deadlines or deadlines
            self._inbox = self._inbox or inbox
            if outbox:
                self._look_out()
            self._wake.notify()

    # ---------------------------------------------------------------------------------------------- the desk thread

    def catch_up(self, seconds: float = CATCH_UP_SECONDS) -> None:
        """To be called before `start`: what is overdue of check-ins waits until each channel has handed over what
        waited at its platform, and at the most so many seconds. What leads to a page of a case does not."""
        self._behind = {name for name, lane in self.lanes.items() if isinstance(lane.channel, CatchesUp)}
        self._catch_up_until = time.monotonic() + seconds if self._behind else None

    def is_behind(self, lane: Lane) -> bool:
        """Whether a channel may still have to hand over what waited at its platform."""
        return lane.channel.name in self._behind

    def caught_up(self, lane: Lane) -> None:
        """A channel has handed over what waited."""
        with self._wake:
            self._behind.discard(lane.channel.name)
            self._deadlines = True
            self._wake.notify()

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begins to work. What was left over from before is taken up first."""
        self._loop = loop
        self._handing.begin(loop)
        # What is loaded by now stays; a collection that walks through all of it keeps an alarm waiting for 0.1 s.
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 20, 50)  # a turn's objects are gone right after it: an eighth of its time
        # Another thread hands over what is decided, and must not wait for the desk thread to pause.
        sys.setswitchinterval(SWITCH_SECONDS)
        self._thread = threading.Thread(target=self._run, name="desk", daemon=True)
        self._thread.start()
        if not self.engine.nodes.single:
            self._listener.start()

    def stop(self) -> None:
        """Ends after the transaction under way. Everything not done is in the store."""
        self._listener.stop()
        with self._wake:
            self._stopping = True
            self._pause.set()
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(timeout=10)
            if not self._thread.is_alive() and self.failure is None:
                self._hear_out()
        for _, waiting in (*self._arrivals, *self._calls):
            waiting.cancel()

    def _hear_out(self) -> None:
        """What is being sent has a moment to be answered: else it would go out again at the next start, and a page wait
        three minutes for another node."""
        end = time.monotonic() + LAST_ANSWERS_SECONDS
        try:
            self._note_answers()
            while any(lane.in_flight for lane in self.lanes.values()) and time.monotonic() < end:
                with self._wake:
                    if not self._answers:
                        self._wake.wait(timeout=max(0.0, end - time.monotonic()))
                self._note_answers()
        except Exception as error:  # noqa: BLE001  # what is not noted goes out again
            log.warning("answers_not_noted", error=type(error).__name__)

    def _run(self) -> None:
        begun = failed = False
        try:
            while not self._stopping:
                self.rounds += 1
                try:
                    if failed:
                        failed = False
                        self._each_alone()
                        continue
                    if not begun:
                        self._first_look()
                        begun = True
                    busy = self._step()
                    self.progress_at = self.engine.clock.now()
                    if not busy:
                        with self._wake:
                            if self._nothing_new():
                                self._wake.wait(timeout=POLL_SECONDS)
                        self._poll()
                except Exception as error:  # noqa: BLE001
                    # Nothing was committed, so all of it is tried again; the watch sees that there is no progress.
                    self._look_anew(error)
                    failed = True
                    self._pause.wait(FAILURE_PAUSE)
        except BaseException as error:  # noqa: BLE001
            # A desk thread that dies silently is the worst that can happen: the process ends, and is started again.
            self.failure = error
            log.critical("desk_thread_died", error=type(error).__name__)
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._abandon)

    def _each_alone(self) -> None:
        """After a failure every step has its turn by itself: what fails again and again, and whatever it is, must not
        stand before the pages of others."""
        for step in (
            self._handing.take_back,
            self._store_arrivals,
            self._work_inbox,
            self._note_answers,
            self._handing.hand_out,
            self._work_deadlines,
            self._do_calls,
        ):
            if self._stopping:
                return
            try:
                step()
            except Exception as error:  # noqa: BLE001  # the next ones have nothing to do with it
                self._look_anew(error)

    def _look_anew(self, error: Exception) -> None:
        log.error("desk_step_failed", error=type(error).__name__)
        self._inbox = self._deadlines = True
        self._look_out()

    def _abandon(self) -> None:
        for task in asyncio.all_tasks(self._loop):
            task.cancel()

    def _first_look(self) -> None:
        """Inbox before everything that is overdue, so that an answer that arrived while we were away counts. What an
        alarm in it has to say goes out meanwhile."""
        if not self._released:  # once: what has been handed over since is on its way
            self.engine.release()
            self._released = True
        passes, alarms = 0, False
        while (report := self._handing.work_inbox()).full:
            self._store_arrivals()
            passes, alarms = passes + 1, alarms or report.urgent
            self._look_out(report.turns)
            if alarms and passes % PASSED_OVER == 0:
                self._note_answers()
                self._handing.hand_out(PRESSING)
            self.progress_at, self.rounds = self.engine.clock.now(), self.rounds + 1
        try:
            self.engine.mark_alive()
        except Exception as error:
            if self.engine.store.is_away(error):
                raise
            log.error("gap_not_told", error=type(error).__name__)  # the next sign of life tries it again

    def _nothing_new(self) -> bool:
        return not (
            self._arrivals
            or self._answers
            or self._settling
            or self._calls
            or self._inbox
            or self._deadlines
            or self._stopping
        ) and (not any(lane.has_room and lane.look for lane in self.lanes.values()))

    def _poll(self) -> None:
        now = self.engine.clock.now()
        for lane in self.lanes.values():
            if lane.unsure:
                lane.later, lane.unsure = lane.delivery.next_change(), False
            if lane.later is not None and lane.later <= now:
                lane.look = lane.look_pressing = True
        if not self._polls or (now < self._next_look and self._next_look - now < timedelta(seconds=10)):
            return
        self._next_look = now + timedelta(seconds=self._listener.poll_seconds)
        with self.engine.store.reading() as work:
            self._inbox = self._inbox or inbox.inbox_waiting(work.connection)

    def _step(self) -> bool:
        """The most urgent transaction there is. False when there is none."""
        if self._passed_over >= PASSED_OVER:
            self._passed_over = 0
            self._rounds_of_flood += 1
            done = [self._note_answers(), self._handing.hand_out()]
            if self._rounds_of_flood % PASSED_OVER == 0:
                done += [self._work_deadlines(), self._do_calls()]
            if any(done):
                return True
        if self._handing.take_back() or self._store_arrivals() or self._work_inbox():
            self._passed_over += 1
            return True
        self._passed_over = 0
        if self._backlog and self._backlog % (PASSED_OVER * PASSED_OVER) == 0:
            return any(
                [self._note_answers(), self._handing.hand_out(), self._work_deadlines(), self._do_calls()]
            )
        if self._backlog:
            # First what has come due is decided and stored. Prompts wait for it; what presses goes out in between.
            return any([self._note_answers(), self._handing.hand_out(PRESSING), self._work_deadlines()])
        return self._note_answers() or self._handing.hand_out() or self._work_deadlines() or self._do_calls()

    def _store_arrivals(self) -> bool:
        with self._wake:
            batch = [self._arrivals.popleft() for _ in range(min(len(self._arrivals), ACCEPTED_AT_ONCE))]
        if not batch:
            return False
        self._accept(batch)
        self._inbox = True
        return True

    def _accept(self, batch: list[tuple[tuple[RawInbound, ...], Future[None]]]) -> None:
        try:
            self.engine.accept([raw for frames, _ in batch for raw in frames])
        except Exception as error:  # noqa: BLE001
            log.error("accept_failed", error=type(error).__name__, frames=len(batch))
            if len(batch) > 1 and not self.engine.store.is_away(error):
                for one in batch:
                    self._accept([one])  # one of them is at fault; the others must not wait for it
                return
            # The channel is not told, so it offers the frame again; nothing is lost by failing here.
            for _, done in batch:
                if done.set_running_or_notify_cancel():
                    done.set_exception(error)
            return
        for _, done in batch:
            if done.set_running_or_notify_cancel():
                done.set_result(None)

    def _work_inbox(self) -> bool:
        if not self._inbox:
            return False
        self._inbox = False
        report = self._handing.work_inbox()
        self._inbox = self._inbox or report.full
        self._look_out(report.turns)
        return bool(report.turns) or report.full

    def _look_out(self, turns: int = 1) -> None:
        for lane in self.lanes.values() if turns else ():
            lane.look = lane.look_pressing = True

    def _has_answered(self, lane: Lane, consignment: Consignment, outcome: Outcome) -> None:
        with self._wake:
            self._answers.append((lane, consignment, outcome))
            self._wake.notify()

    def _note_answers(self) -> bool:
        with self._wake:
            batch = [self._answers.popleft() for _ in range(len(self._answers))]
        for lane, consignment, outcome in batch:
            self._settling.append((lane, consignment))
            for event in lane.delivery.answered(consignment, outcome):
                # What waits behind a dead channel hears each answer; what it was said to itself counts.
                if event.outgoing_id in consignment.rows or event.outgoing_id not in self._settled_as:
                    self._settled_as[event.outgoing_id] = event
        if not self._settling:
            return False
        # What cannot be written now is kept as it is, and learned from once.
        report = self.engine.settle(list(self._settled_as.values()))
        done, self._settling = self._settling, []
        self._settled_as = {}
        for lane, consignment in done:
            lane.in_flight.discard(consignment.address_id)
            lane.look = lane.look_pressing = True
        self._look_out(report.turns)
        return True

    def _work_deadlines(self) -> bool:
        if not self._deadlines:
            return False
        self._deadlines = False
        report = self.engine.work_deadlines(check_ins=not self._catching_up(), pressed=self._arrivals.__len__)
        self._deadlines = self._deadlines or report.full
        self._inbox = self._inbox or report.frames
        self._backlog = self._backlog + 1 if report.full else 0
        self._look_out(report.turns)
        return bool(report.turns) or report.full or report.frames

    def _catching_up(self) -> bool:
        """Whether an answer to a check-in may still wait at a platform or in the inbox: prompts and rungs wait a little
        for it, nothing else does."""
        if self._catch_up_until is not None and (
            time.monotonic() >= self._catch_up_until
            or not (self._behind or self._arrivals or self._inbox or self._inbox_waits())
        ):
            self._catch_up_until = None
        return self._catch_up_until is not None

    def _inbox_waits(self) -> bool:
        with self.engine.store.reading() as work:
            return inbox.inbox_waiting(work.connection)

    def _do_calls(self) -> bool:
        with self._wake:
            if not self._calls:
                return False
            do, done = self._calls.popleft()
        if not done.set_running_or_notify_cancel():
            return True
        try:
            done.set_result(do())
        except Exception as error:  # noqa: BLE001  # whoever waits for it is told; the ticker's calls have nobody
            log.warning("call_failed", error=type(error).__name__)
            done.set_exception(error)
        self._deadlines = self._inbox = True
        self._look_out(1)
        return True
