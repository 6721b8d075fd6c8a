"""SOS in to page handed to the channel: one after another at an idle desk, behind a full outbox, and in one burst."""

from __future__ import annotations

import asyncio
import re
import statistics
import time
from datetime import timedelta

from sqlalchemy import distinct, func, select

from alerts.ids import REFERENCE_LENGTH, REFERENCE_LETTERS
from alerts.store import inbox, queues, tables
from alerts.store.store import Store
from benchmarks.desk import BenchDesk, Place, alarm, open_desk, settle, until
from benchmarks.machine import Figures, percentile
from benchmarks.population import add_people
from bot.clock import RealClock

PAUSE = 0.03
"""Seconds between two alarms, so that the desk is idle again when the next one comes."""
PATIENCE = 30.0
SLOW_ANSWER = 0.03
"""Seconds that a socket takes for an answer while the outbox is to stay full."""
_REFERENCE = re.compile(rf"\b[{REFERENCE_LETTERS}]{{{REFERENCE_LENGTH}}}\b")


def idle(place: Place, alarms: int) -> Figures:
    """Alarms of strangers, one after another."""
    with place.database() as (url, schema):
        desk = open_desk(url, schema)
        taken: list[float] = []
        stored: list[float] = []
        cpu: list[float] = []

        async def measure() -> None:
            await settle(desk)
            begun = time.process_time()
            for n in range(alarms):
                in_store, handed = await _one(desk, n, f"stranger-{n}")
                stored.append(in_store)
                taken.append(handed)
                await asyncio.sleep(PAUSE)
            cpu.append((time.process_time() - begun) * 1000 / alarms)

        desk.run(measure)
        return {
            "alarms": alarms,
            "stored_p50_ms": round(statistics.median(stored), 2),
            **_quantiles(taken),
            "cpu_ms_per_alarm": round(cpu[0], 2),
        }


def loaded(place: Place, alarms: int, prompts: int) -> Figures:
    """Alarms of strangers while check-in prompts wait in the outbox.

    The sockets answer after `SLOW_ANSWER` seconds, as a quick network would: with answers at once the outbox would be
    empty before the measurement is done.
    """
    with place.database() as (url, schema):
        desk = open_desk(url, schema, answer_after=SLOW_ANSWER)
        now = RealClock().now()
        for _ in add_people(desk.store, desk.rules, prompts, now - timedelta(seconds=1)):
            pass
        while desk.engine.work_deadlines().full:
            pass
        waiting: list[int] = []
        taken: list[float] = []

        async def measure() -> None:
            await settle(desk)
            waiting.append(await asyncio.to_thread(_unsent, desk.store))
            for n in range(alarms):
                taken.append((await _one(desk, n, f"stranger-{n}"))[1])
                await asyncio.sleep(PAUSE)
            waiting.append(await asyncio.to_thread(_unsent, desk.store))

        desk.run(measure)
        return {
            "alarms": alarms,
            "prompts": prompts,
            "socket_answers_after_ms": SLOW_ANSWER * 1000,
            "outbox_at_start": waiting[0],
            "outbox_at_end": waiting[1],
            **_quantiles(taken),
        }


def burst(place: Place, alarms: int) -> Figures:
    """Alarms of as many people at the same instant."""
    with place.database() as (url, schema):
        desk = open_desk(url, schema)
        times: dict[str, float] = {}

        async def measure() -> None:
            await settle(desk)
            times["begun"], cpu = time.perf_counter(), time.process_time()
            await asyncio.gather(*(desk.hand_in(alarm(n, f"stranger-{n}")) for n in range(alarms)))
            times["accepted"] = time.perf_counter()
            await until(lambda: not _busy(desk.store), 0.25)
            times["cpu"] = (time.process_time() - cpu) * 1000 / alarms

        desk.run(measure)
        opened = desk.when("case_opened")
        references = {str(what["case"]) for _, name, what in desk.seen if name == "case_opened"}
        named: dict[str, float] = {}
        for at, text in (page for socket in desk.sockets.values() for page in socket.pages):
            for reference in references.intersection(_REFERENCE.findall(text)):
                named[reference] = min(at, named.get(reference, at))
        begun = times["begun"]
        lost = _lost(desk, url, schema, alarms)
        return {
            "alarms": alarms,
            "accepted_per_s": _rate(alarms, times["accepted"] - begun),
            "opened_per_s": _rate(len(opened), max(opened) - begun),
            "paged_per_s": _rate(len(named), max(named.values()) - begun),
            "first_page_ms": round((min(named.values()) - begun) * 1000, 1),
            "cases_named_in_pages": len(named),
            "page_messages": sum(len(socket.pages) for socket in desk.sockets.values()),
            "cpu_ms_per_alarm": round(times["cpu"], 2),
            **lost,
        }


async def _one(desk: BenchDesk, number: int, who: str) -> tuple[float, float]:
    """Milliseconds until an alarm was stored, and until its page was handed to the channel."""
    handed: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def page(_text: str) -> None:
        if not handed.done():
            handed.set_result(time.perf_counter())

    for socket in desk.sockets.values():
        socket.on_page = page
    begun = time.perf_counter()
    await desk.hand_in(alarm(number, who))
    stored = time.perf_counter()
    at = await asyncio.wait_for(handed, PATIENCE)
    return (stored - begun) * 1000, (at - begun) * 1000


def _busy(store: Store) -> bool:
    with store.reading() as work:
        return inbox.inbox_waiting(work.connection) or bool(queues.unsent(work.connection))


def _unsent(store: Store) -> int:
    with store.reading() as work:
        return queues.unsent(work.connection)


def _lost(desk: BenchDesk, url: str, schema: str, alarms: int) -> Figures:
    """What the store holds after the burst, read by a process that starts anew."""
    store = desk.reopened(url, schema)
    try:
        with store.reading() as work:
            ask = work.connection
            cases, people, outbox = tables.cases, tables.people, tables.outbox
            count = ask.execute(select(func.count(distinct(cases.c.person_id)))).scalar_one()
            strangers = select(func.count()).select_from(people).where(people.c.role == "stranger")
            paged = select(func.count(distinct(outbox.c.case_id))).where(
                outbox.c.kind == "page", outbox.c.state == "sent"
            )
            return {
                "people_in_store": ask.execute(strangers).scalar_one(),
                "cases_in_store": count,
                "cases_paged_in_store": ask.execute(paged).scalar_one(),
                "lost": alarms - int(count),
            }
    finally:
        store.close()


def _quantiles(taken: list[float]) -> Figures:
    return {
        "p50_ms": round(statistics.median(taken), 2),
        "p99_ms": percentile(taken, 99),
        "max_ms": round(max(taken), 2),
    }


def _rate(count: int, seconds: float) -> int:
    return round(count / seconds) if seconds > 0 else 0
