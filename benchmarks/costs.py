"""What one alarm costs, step by step: statements and processor time, and what sealing takes of it."""

from __future__ import annotations

import contextlib
import functools
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Engine, event

from alerts.events import Sent
from benchmarks.desk import Place, alarm, open_desk
from benchmarks.machine import Figures
from bot.delivery import Budget, Consignment, Delivery

T = TypeVar("T")
PAYLOAD = {"text": "x" * 200, "at": 1, "choices": [], "question": ""}


@dataclass
class Counter:
    """Counts the statements of every engine of this process."""

    statements: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def counting(self) -> Iterator[list[str]]:
        """The statements executed inside."""
        self.statements.clear()

        def note(_c: Any, _u: Any, statement: str, *_rest: Any) -> None:
            self.statements.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        try:
            yield self.statements
        finally:
            event.remove(Engine, "before_cursor_execute", note)


@dataclass
class Step:
    """What one step cost, alarm by alarm."""

    statements: list[int] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    def run(self, counter: Counter, do: Callable[[], T]) -> T:
        """Does it, and notes what it cost."""
        with counter.counting() as statements:
            begun = time.thread_time()
            made = do()
            self.cpu_ms.append((time.thread_time() - begun) * 1000)
            self.statements.append(len(statements))
        return made


STEPS = ("accept", "turn", "hand_out", "answers")


def per_alarm(place: Place, alarms: int) -> Figures:
    """Statements and milliseconds of processor time of each step of an alarm, on one thread, one after another."""
    with place.database() as (url, schema):
        desk = open_desk(url, schema)
        deliveries = [Delivery(desk.engine, name, Budget()) for name in desk.sockets]
        steps = {name: Step() for name in STEPS}
        counter = Counter()
        desk.store.vault.keys.refill()

        def hand_out() -> list[tuple[Delivery, Consignment]]:
            with desk.store.writing(lock=False) as work:
                chosen = [(d, c) for d in deliveries for c in d.choose(work, 16)]
                work.flush()
            return chosen

        for n in range(alarms):
            frame = alarm(n, f"stranger-{n}")
            steps["accept"].run(counter, functools.partial(desk.engine.accept, [frame]))
            steps["turn"].run(counter, desk.engine.work_inbox)
            chosen = steps["hand_out"].run(counter, hand_out)
            done = [e for d, c in chosen for e in d.answered(c, Sent(f"out-{n}-{c.outbound.id}"))]
            steps["answers"].run(counter, functools.partial(desk.engine.settle, done))
        desk.store.close()
    figures: Figures = {"alarms": alarms}
    for name, step in steps.items():
        figures[f"{name}_statements"] = statistics.median(step.statements)
        figures[f"{name}_cpu_ms"] = round(statistics.median(step.cpu_ms), 2)
    return figures


def sealing(place: Place, times: int) -> Figures:
    """Microseconds that sealing and opening one payload of a usual size take."""
    with place.database() as (url, schema):
        desk = open_desk(url, schema)
        vault = desk.store.vault
        vault.keys.refill()
        key = vault.keys.take()
        begun = time.process_time()
        sealed = [vault.sealer.seal("outbox", str(n), key, PAYLOAD) for n in range(times)]
        between = time.process_time()
        for n, one in enumerate(sealed):
            vault.sealer.open("outbox", str(n), key, one)
        ended = time.process_time()
        desk.store.close()
    return {
        "seal_us": round((between - begun) / times * 1e6, 1),
        "open_us": round((ended - between) / times * 1e6, 1),
        "payload_bytes": len(sealed[0]),
    }
