"""Kill -9 at random instants while messages come, with the real signal-cli: what is stored afterwards?

WATCHLINE_SIGNAL_KILLS says how many kills each campaign has (10 if unset; 200 for the figures in the documents). The
instants come from a seed that is printed, WATCHLINE_SIGNAL_SEED sets it.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.channels.signal.parse import parse
from tests.faults.test_signal_receiver import Running, eventually
from tests.signal_stack import BOT, signal_stack

KILLS = int(os.environ.get("WATCHLINE_SIGNAL_KILLS", "10"))
SEED = int(os.environ.get("WATCHLINE_SIGNAL_SEED", "7"))
DAEMON_KILLS = max(2, KILLS // 4)
"""signal-cli takes several seconds to start."""
A_KILL = 10
"""Messages that are sent for each kill, at the least."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with signal_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


class Daemon:
    """The real one, as `Running` wants to know it."""

    def __init__(self, stack: Any) -> None:
        self.port = stack.ports["signal-cli"]


class Load:
    """Somebody who writes one message after the other, as many as are wanted."""

    def __init__(self, person: Any, prefix: str) -> None:
        self.sent: list[str] = []
        self.wanted = 0
        self._person = person
        self._prefix = prefix
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _write(self) -> None:
        while not self._done.wait(0.02):
            if len(self.sent) >= self.wanted:
                continue
            text = f"{self._prefix} {len(self.sent)}"
            self._person.send(text)
            self.sent.append(text)

    def reaches(self, count: int) -> None:
        self.wanted = max(self.wanted, count)
        eventually(lambda: len(self.sent) >= count)


def campaign(
    stack: Any, folder: Path, name: str, kill: Callable[[Running], None], kills: int = KILLS
) -> tuple[list[str], list[str]]:
    """What was sent and what was stored, with a kill after every few messages."""
    chance = random.Random(SEED)
    running = Running(folder, Daemon(stack))  # type: ignore[arg-type]
    try:
        with Load(stack.user(name), name) as load:
            load.reaches(1)
            eventually(running.texts)
            for n in range(kills):
                load.wanted = (n + 2) * A_KILL
                load.reaches(n * A_KILL + chance.randrange(A_KILL))
                threading.Event().wait(chance.random() * 0.05)
                kill(running)
            load.reaches((kills + 1) * A_KILL)
        eventually(lambda: stack.pending(BOT) == 0)
        stack.user(f"{name} at the end").send("last")
        eventually(lambda: "last" in running.texts())
        return load.sent, running.texts()
    finally:
        running.end()


def killed(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def account(
    name: str, sent: list[str], stored: list[str], capsys: pytest.CaptureFixture[str], kills: int = KILLS
) -> set[str]:
    lost = set(sent) - set(stored)
    with capsys.disabled():
        print(f"\n{name}: {kills} kills, seed {SEED}: {len(sent)} sent, {len(lost)} lost")  # noqa: T201
    return lost


def test_the_worker_killed(stack: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sent, stored = campaign(stack, tmp_path, "worker", lambda running: killed(running.worker()))
    assert account("receiver's worker", sent, stored, capsys) == set()
    assert len(stored) == len(set(stored)), "a frame that was stored and not taken out is stored once"


def test_the_keeper_killed(stack: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its worker goes on; killed later, it is followed by a new keeper, which is the case below."""

    def kill(running: Running) -> None:
        if running.keeper.poll() is None:
            running.worker()
            running.keeper.kill()
            running.keeper.wait()

    sent, stored = campaign(stack, tmp_path, "keeper", kill)
    assert account("receiver's keeper", sent, stored, capsys) == set()


def test_keeper_and_worker_killed_together(
    stack: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one case in which something may be lost: what was in the socket, which is the frame in flight."""

    def kill(running: Running) -> None:
        running.worker()
        os.killpg(running.keeper.pid, signal.SIGKILL)
        running.keeper.wait()
        eventually(running.free)
        running.keeper = running.another()

    sent, stored = campaign(stack, tmp_path, "both", kill)
    assert len(account("keeper and worker at once", sent, stored, capsys)) <= KILLS


def test_signal_cli_killed_while_messages_come(
    stack: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def kill(running: Running) -> None:
        stack.stop_daemon(kill=True)
        stack.start_daemon()
        stored = len(running.texts())
        eventually(lambda: len(running.texts()) > stored)

    sent, stored = campaign(stack, tmp_path, "signal-cli", kill, DAEMON_KILLS)
    assert account("signal-cli", sent, stored, capsys, DAEMON_KILLS) == set()


def test_two_hundred_that_waited_while_everything_was_down(stack: Any, tmp_path: Path) -> None:
    waiting = stack.user("patient")
    texts = [f"waiting {n}" for n in range(200)]
    for text in texts:
        waiting.send(text)
    running = Running(tmp_path, Daemon(stack))  # type: ignore[arg-type]
    try:
        eventually(lambda: len(running.texts()) > 20)
        stack.stop_daemon(kill=True)
        stack.start_daemon()
        eventually(lambda: set(running.texts()) >= set(texts))
    finally:
        running.end()
    assert [parse(raw).kind.value for raw in running.raws()].count("text") == 200
