"""Receivers as processes of a test, and what they listen to: signal-cli's own socket, or the gateway's websocket."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

from bot.channels.signal.parse import parse
from bot.seats import holders_of, seats_taken
from tests.fakes.signal_daemon import ACCOUNT, FakeDaemon, message
from tests.fakes.signal_gateway import SignalGateway
from tests.fakes.signal_receiver import SELF, environment, open_database

PATIENCE = 30.0


def eventually(condition: Callable[[], Any]) -> Any:
    """Asks until the answer is true, and returns it."""
    end = time.monotonic() + PATIENCE
    while not (answer := condition()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)
    return answer


class Running:
    """A receiver that was started, and what it stored."""

    def __init__(
        self, folder: Path, *servers: FakeDaemon | SignalGateway, lock: str = "receiver.lock", **more: Any
    ) -> None:
        self.lock = str(folder / lock)
        self.database = str(folder / "inbox.db")
        self.environment = environment(
            host="127.0.0.1",
            ports=[one.port for one in servers],
            account=ACCOUNT,
            lock=self.lock,
            database=self.database,
            **more,
        )
        self._log = folder / f"{lock}.log"
        self.keeper = self.another()

    def another(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(SELF, env=self.environment, stdout=log, start_new_session=True)

    def subscriptions(self) -> int:
        """How often signal-cli has said that it hands out the messages."""
        return self._log.read_bytes().count(b"receiver.receiving")

    def stands(self) -> bool:
        """Whether a worker has seen a frame that the store does not take."""
        return b"receiver.not_stored" in self._log.read_bytes()

    def refused(self) -> int:
        """How often signal-cli has said that it does not know the account."""
        return self._log.read_bytes().count(b"receiver.subscription_refused")

    def stayed(self) -> bool:
        """Whether a keeper wanted back to its own signal-cli and put it off."""
        return b"receiver.stays" in self._log.read_bytes()

    def worker(self) -> int:
        """Process id of the keeper's only child, once there is one."""
        children = Path(f"/proc/{self.keeper.pid}/task/{self.keeper.pid}/children")
        return int(eventually(lambda: children.read_text().split())[0])

    def end(self) -> None:
        """Ends whoever receives: the keeper, or the worker it left."""
        if self.keeper.poll() is None:
            self.keeper.terminate()
        else:
            for holder in holders_of(self.lock):
                os.kill(holder, signal.SIGTERM)
        eventually(self.free)
        self.keeper.wait(PATIENCE)

    def free(self) -> bool:
        """Whether keeper and worker are both gone."""
        return not seats_taken(self.lock)

    def kill_worker(self) -> None:
        """Kill -9, until the keeper has noticed."""
        worker = self.worker()
        os.kill(worker, signal.SIGKILL)
        eventually(lambda: not Path(f"/proc/{worker}").exists())

    def count(self) -> int:
        """How many frames are stored."""
        with closing(open_database(self.database)) as database:
            return int(database.execute("SELECT count(*) FROM inbox").fetchone()[0])

    def stores_more(self) -> None:
        """Waits until another frame is stored."""
        before = self.count()
        eventually(lambda: self.count() > before)

    def raws(self) -> list[bytes]:
        with closing(open_database(self.database)) as database:
            return [raw for (raw,) in database.execute("SELECT raw FROM inbox ORDER BY rowid")]

    def texts(self) -> list[str]:
        return [parse(raw).text for raw in self.raws()]


class Line(Protocol):
    """What hands messages over, once, to whoever is connected at that time."""

    def receiving(self, folder: Path, **more: Any) -> AbstractContextManager[Running]:
        """A receiver that is connected, and ends with the test. `more` is what the stand-in of a worker is told."""
        ...

    def say(self, *texts: str) -> None:
        """Somebody writes."""
        ...

    def connections(self) -> int:
        """How many connections there have been."""
        ...


TIMESTAMPS = itertools.count(1_800_000_000_000)


def say(daemon: FakeDaemon, *texts: str) -> None:
    """Somebody writes, by signal-cli."""
    for text in texts:
        daemon.push(message(text, next(TIMESTAMPS)))


class SignalCli:
    """signal-cli's own socket."""

    def __init__(self, daemon: FakeDaemon) -> None:
        self.daemon = daemon

    @contextmanager
    def receiving(self, folder: Path, **more: Any) -> Iterator[Running]:
        running = Running(folder, self.daemon, **more)
        try:
            self.daemon.wait_for("subscribed")
            yield running
        finally:
            running.end()

    def say(self, *texts: str) -> None:
        say(self.daemon, *texts)

    def connections(self) -> int:
        return self.daemon.subscriptions


class Websocket:
    """The gateway's websocket."""

    def __init__(self, gateway: SignalGateway) -> None:
        self.gateway = gateway

    @contextmanager
    def receiving(self, folder: Path, **more: Any) -> Iterator[Running]:
        before = self.gateway.attached()
        running = Running(folder, self.gateway, kind="frames", **more)
        try:
            eventually(lambda: self.gateway.attached() > before)
            yield running
        finally:
            running.end()

    def say(self, *texts: str) -> None:
        for text in texts:
            self.gateway.say("sami", text)

    def connections(self) -> int:
        return sum(path == f"/v1/receive/{ACCOUNT}" for _, path, _ in self.gateway.requests)
