"""A desk to measure: the real store, turn, delivery and runtime of `watchline run`, with sockets that answer at once.

Nothing is made cheaper than in earnest: payloads are sealed, SQLite commits with synchronous FULL, PostgreSQL with
fsync, events are logged (to a file), keys are made ahead by the same ticker.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alerts.events import Attachment, Inbound, Outbound, OutboundKind, Outcome, RawInbound, Sent
from alerts.store.keks import NewKek
from alerts.store.store import Store
from bot import app
from bot.channels.port import Accept, FetchFailed
from bot.channels.pretend_frames import parse, to_raw
from bot.clock import RealClock, SystemEntropy
from bot.delivery import Budget, Delivery
from bot.engine import Engine
from bot.lane import Lane
from bot.rehearsal.cast import settle_in
from bot.rehearsal.play import KEK, RehearsalKeys
from bot.rehearsal.script import parse_script
from bot.rules import shipped_rules
from bot.runtime import Runtime
from handlers.rules import Rules

CHANNELS = ("signal", "telegram")
ZONE = "Europe/Brussels"
_DESK = parse_script("""
zone: Europe/Brussels
start: 2026-03-02T09:00
desk: {officers: [ana, ben], lead: carla}
people: {}
steps: []
""")
_numbers = itertools.count(1)


@dataclass
class Place:
    """Where a measurement has its database: a folder for SQLite and for the log, or a PostgreSQL server."""

    folder: Path
    server: str = ""
    """URL of a PostgreSQL database in which schemas may be made; empty: SQLite in `folder`."""

    @property
    def kind(self) -> str:
        """The kind of database."""
        return "postgresql" if self.server else "sqlite"

    @contextlib.contextmanager
    def database(self) -> Iterator[tuple[str, str]]:
        """(URL, schema) of a database of its own that is gone afterwards."""
        schema = f"rehearsal_bench_{os.getpid()}_{next(_numbers)}"
        if self.server:
            try:
                yield self.server, schema
            finally:
                Store.drop(self.server, schema)
            return
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=self.folder))
        try:
            yield f"sqlite:///{folder / 'watchline.db'}", schema
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Socket:
    """A practice socket: it takes every message, at once or after `answer_after` seconds."""

    name: str
    answer_after: float = 0.0
    accept: Accept | None = None
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    handed: int = 0
    pages: list[tuple[float, str]] = field(default_factory=list)
    """(when it was handed over, its text) of each page."""
    on_page: Callable[[str], None] | None = None

    def parse(self, raw: bytes) -> Inbound:
        """As the pretend channels do."""
        return parse(self.name, raw)

    async def run(self, accept: Accept) -> None:
        """Gives the measurement a way to hand in frames."""
        self.accept = accept
        self.begun.set()
        await asyncio.Event().wait()

    async def send(self, outbound: Outbound) -> Outcome:
        """Notes when a page was handed over."""
        self.handed += 1
        ref = f"{self.name}-{self.handed}"
        if outbound.kind is OutboundKind.PAGE:
            self.pages.append((time.perf_counter(), outbound.text))
            if self.on_page is not None:
                self.on_page(outbound.text)
        if self.answer_after:
            await asyncio.sleep(self.answer_after)
        return Sent(ref)

    async def fetch(self, attachment: Attachment, limit: int) -> AsyncIterator[bytes]:
        """There are no files here."""
        if attachment.remote_id:
            raise FetchFailed("no files", gone=True)
        yield b""

    async def close(self) -> None:
        """Nothing to end."""


@dataclass
class BenchDesk:
    """An open desk that is not running yet."""

    store: Store
    rules: Rules
    engine: Engine
    sockets: dict[str, Socket]
    keys: RehearsalKeys
    seen: list[tuple[float, str, Mapping[str, Any]]] = field(default_factory=list)
    """(when it was committed, what happened, references): what the engine tells its observer."""
    runtime: Runtime = field(init=False)

    def run(self, measure: Callable[[], Awaitable[None]]) -> None:
        """Runs the desk as `watchline run` does until `measure` is done. The store is closed afterwards."""
        lanes = {n: Lane(s, Delivery(self.engine, n, Budget())) for n, s in self.sockets.items()}
        self.runtime = Runtime(self.engine, lanes)

        async def begin() -> None:
            for socket in self.sockets.values():
                await socket.begun.wait()
            await measure()

        asyncio.run(app.serve(self.runtime, dict(self.sockets), (begin,)))

    def reopened(self, url: str, schema: str) -> Store:
        """The same store, opened as a process that starts anew does."""
        return open_store(url, schema, self.keys)

    def when(self, *names: str) -> list[float]:
        """When events of these names were committed."""
        return [at for at, name, _ in self.seen if name in names]

    async def hand_in(self, frame: RawInbound) -> None:
        """As a channel does: returns when the frame is durably stored."""
        accept = self.sockets[frame.channel].accept
        if accept is None:
            raise RuntimeError("the desk does not run")
        await accept(frame)


def open_store(url: str, schema: str, keys: RehearsalKeys) -> Store:
    """The store as `watchline run` opens it."""
    return Store.open(url, keys, entropy=SystemEntropy().draw, now=RealClock().now, schema=schema)


def make_store(url: str, schema: str, key: bytes) -> None:
    """Makes a store with two officers and a lead in it."""
    clock, entropy = RealClock(), SystemEntropy()
    Store.create(url, NewKek(KEK, key), entropy=entropy.draw, now=clock.now, schema=schema)
    store = open_store(url, schema, RehearsalKeys(key))
    settle_in(store, _DESK, shipped_rules(ZONE), entropy, clock.now())
    store.close()


def open_desk(url: str, schema: str, *, answer_after: float = 0.0, key: bytes | None = None) -> BenchDesk:
    """Opens a desk: one that was made before under `key`, or else a new one."""
    clock, entropy = RealClock(), SystemEntropy()
    if key is None:
        key = entropy.draw(32)
        make_store(url, schema, key)
    keys = RehearsalKeys(key)
    store = open_store(url, schema, keys)
    rules = shipped_rules(ZONE)
    sockets = {name: Socket(name, answer_after) for name in CHANNELS}
    engine = Engine(store, rules, {n: s.parse for n, s in sockets.items()}, clock, entropy)
    desk = BenchDesk(store, rules, engine, sockets, keys)
    engine.observe = lambda name, references: desk.seen.append((time.perf_counter(), name, references))
    return desk


def alarm(number: int, who: str) -> RawInbound:
    """An SOS from an account."""
    return to_raw("signal", {"n": number, "from": who, "kind": "text", "ref": f"in-{number}", "text": "SOS"})


async def settle(desk: BenchDesk) -> None:
    """Lets the desk thread have its first look, before anything is measured."""
    await desk.runtime.call(lambda: None)
    await asyncio.sleep(0.2)


async def until(so: Callable[[], bool], every: float) -> None:
    """Asks every so many seconds, on another thread, and returns when it is so."""
    while True:
        if await asyncio.to_thread(so):
            return
        await asyncio.sleep(every)
