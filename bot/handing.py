"""What goes out next, chosen and handed to the channels by the desk thread, and what comes of it.

1. Choose for every channel that has room, and note "handed over", in one commit.
2. Only then give it to the event loop, which hands it to the channel.
3. The channel's answer goes back to the desk thread, whatever it is: one that never comes counts as perhaps sent.

An alarm's pages are chosen in the transaction of the turn that opens its case: stored, decided and on their way with
one commit. Whoever dies after it sends them again when he starts anew, as everything that was noted as handed over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime

import structlog

from alerts.events import Outcome, RetryAt
from alerts.outbox import EVERYTHING, PRESSING
from alerts.store import queues
from alerts.store.work import Work
from bot.delivery import Consignment
from bot.engine import Engine
from bot.lane import IN_FLIGHT, Lane
from handlers.turn import Report

log = structlog.get_logger("watchline")

SEND_SECONDS = 90.0
"""A channel that has not answered by then is counted as perhaps sent."""
Chosen = list[tuple[Lane, Consignment]]


class Handing:
    """The way out of all channels. Called by the desk thread."""

    def __init__(
        self,
        engine: Engine,
        lanes: Mapping[str, Lane],
        answered: Callable[[Lane, Consignment, Outcome], None],
    ) -> None:
        self._engine = engine
        self._lanes = lanes
        self._answered = answered
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sends: set[asyncio.Task[None]] = set()
        self._doubtful: dict[str, datetime] = {}
        """Outbox rows that may be noted as handed over and were not."""
        self._flood = False
        """Alarms have had their turn since this was last asked what goes out."""

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Where channels live. Without one everything is noted and nothing handed over."""
        self._loop = loop

    def take_back(self) -> bool:
        """Queues again what may be noted as handed over and was not. False when there is no such thing."""
        if not self._doubtful:
            return False
        with self._engine.store.writing() as work:
            queues.take_back(work.connection, self._doubtful)
        self._doubtful.clear()
        return True

    def hand_out(self, below: int = EVERYTHING) -> bool:
        """Hands over what waits with a priority `below` that. False when there is nothing, or no room."""
        self._flood = False
        some = below < EVERYTHING
        wanted = [lane for lane in self._lanes.values() if (lane.look_pressing if some else lane.look)]
        open_lanes = [lane for lane in wanted if lane.has_room]
        if not open_lanes:
            return False
        chosen: Chosen = []
        try:
            with self._engine.store.writing(lock=False) as work:
                for lane in open_lanes:
                    room = IN_FLIGHT - len(lane.in_flight)
                    found = lane.delivery.choose(work, room, lane.in_flight, below)
                    lane.look_pressing = False
                    if not some:
                        lane.look = False
                        lane.later, lane.unsure = None, len(found) < room
                    chosen += [(lane, consignment) for consignment in found]
                work.flush()
        except Exception as error:
            self._doubt(chosen)
            if not self._engine.store.is_away(error):
                for lane in open_lanes:
                    lane.delivery.set_aside(IN_FLIGHT * 4, lane.in_flight)
            raise
        self._hand_over(chosen)
        return bool(chosen)

    def work_inbox(self) -> Report:
        """Turns for the inbox. What an alarm among them has to say is chosen in the same transaction, and handed over
        right after its commit. Of many batches with alarms in a row that is so for the first: to look each time for
        what goes out would keep the last of them waiting."""
        chosen: Chosen = []
        alarm = committed = False

        def go_out(work: Work) -> None:
            nonlocal alarm
            alarm = True
            if self._flood:
                return
            for lane in self._lanes.values():
                if lane.has_room:
                    room = IN_FLIGHT - len(lane.in_flight)
                    found = lane.delivery.choose(work, room, lane.in_flight, PRESSING)
                    chosen.extend((lane, consignment) for consignment in found)

        def gone_out() -> None:
            nonlocal committed
            committed = True
            self._flood = self._flood or alarm
            self._hand_over(chosen)

        try:
            return self._engine.work_inbox(go_out, gone_out)
        finally:
            if not committed:
                # Nothing of it could be written; or each frame has had its turn alone, since something was wrong with
                # one of them or with what goes out.
                self._doubt(chosen)

    def _doubt(self, chosen: Chosen) -> None:
        # The commit may have come through all the same, and its answer was lost.
        self._doubtful |= {row: each.at for _, each in chosen for row in each.rows}

    def _hand_over(self, chosen: Chosen) -> None:
        for lane, consignment in chosen:
            lane.in_flight.add(consignment.address_id)
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._send, lane, consignment)

    def _send(self, lane: Lane, consignment: Consignment) -> None:
        task = asyncio.ensure_future(self._sent(lane, consignment))
        self._sends.add(task)
        task.add_done_callback(self._sends.discard)

    async def _sent(self, lane: Lane, consignment: Consignment) -> None:
        outcome: Outcome
        try:
            outcome = await asyncio.wait_for(lane.channel.send(consignment.outbound), SEND_SECONDS)
        except TimeoutError:
            outcome = RetryAt(1.0, "timeout", ambiguous=True)
        except (Exception, asyncio.CancelledError) as error:
            me = asyncio.current_task()
            if isinstance(error, asyncio.CancelledError) and (me is None or me.cancelling()):
                raise  # it is we who end; else a library has cancelled what it waited for itself
            # The port says that `send` does not raise; a channel with a bug must not lose the message.
            log.error("send_raised", channel=lane.channel.name, error=type(error).__name__)
            outcome = RetryAt(5.0, "server_error", ambiguous=True)
        self._answered(lane, consignment, outcome)
