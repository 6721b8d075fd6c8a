"""Ten thousand deadlines that have come at once: until all that follows is in the outbox, and until the first page."""

from __future__ import annotations

import time
from datetime import timedelta
from itertools import islice

from alerts.ids import Ids
from alerts.ladder import RungKind
from alerts.store import queues, tables
from alerts.store.store import Store
from alerts.store.work import count_rows
from benchmarks.desk import Place, open_desk, settle, until
from benchmarks.machine import Figures
from benchmarks.population import FAR_AWAY, Member, add_people, add_rounds, bring_forward, waiting_round
from bot.clock import RealClock, SystemEntropy

REMINDERS = 10
DESK_RUNGS = 100
"""One in so many of the deadlines is a reminder, one in so many the desk's rung, which pages; the rest are prompts."""


def overdue(place: Place, deadlines: int) -> Figures:
    """All of them are due when the desk starts. Sockets answer at once, and what is queued goes out meanwhile."""
    with place.database() as (url, schema):
        desk = open_desk(url, schema)
        now = RealClock().now()
        later = now + timedelta(hours=1)
        rungs = deadlines // DESK_RUNGS, deadlines // REMINDERS
        prompts = deadlines - sum(rungs)
        for _ in add_people(desk.store, desk.rules, prompts, later):
            pass
        waiting: list[Member] = []
        for members in add_people(desk.store, desk.rules, sum(rungs), FAR_AWAY, first=prompts):
            waiting += members
        ids = Ids(now - timedelta(hours=2), SystemEntropy().draw(16))
        left = iter(waiting)
        for kind, count in zip((RungKind.DESK, RungKind.REMINDER), rungs, strict=True):
            rounds = [waiting_round(desk.rules, m, kind, later, ids) for m in islice(left, count)]
            if rounds:
                add_rounds(desk.store, desk.rules, rounds)
        times: dict[str, float] = {}

        async def measure() -> None:
            await settle(desk)
            await desk.runtime.call(lambda: bring_forward(desk.store, later, RealClock().now()))
            cpu = time.process_time()
            times["begun"] = time.perf_counter()
            desk.runtime.poke(deadlines=True)
            await until(lambda: not _due(desk.store), 0.05)
            times["handed_by_then"] = sum(socket.handed for socket in desk.sockets.values())
            await until(lambda: not _unsent(desk.store), 0.25)
            times["all_sent"] = time.perf_counter()
            times["cpu"] = time.process_time() - cpu

        desk.run(measure)
        committed = desk.when("asked", "rung", "case_opened")
        pages = [at for socket in desk.sockets.values() for at, _ in socket.pages]
        store = desk.reopened(url, schema)
        with store.reading() as work:
            rows = count_rows(work.connection, tables.outbox)
        store.close()
        begun = times["begun"]
        return {
            "deadlines": deadlines,
            "desk_rungs": rungs[0],
            "reminder_rungs": rungs[1],
            "all_committed_s": round(max(committed) - begun, 2),
            "first_page_s": round(min(pages) - begun, 3),
            "handed_when_all_committed": int(times["handed_by_then"]),
            "all_sent_s": round(times["all_sent"] - begun, 2),
            "outbox_rows": rows,
            "cpu_ms_per_deadline": round(times["cpu"] * 1000 / deadlines, 3),
        }


def _due(store: Store) -> bool:
    with store.reading() as work:
        next_one = queues.next_due(work.connection)
    return next_one is not None and next_one <= RealClock().now()


def _unsent(store: Store) -> int:
    with store.reading() as work:
        return queues.unsent(work.connection)
