"""Gateway mode under kill -9, on the real stack: what the gateway drops is lost, and that is why it is not the default.

Nothing else may be, as long as one receiver lives. WATCHLINE_SIGNAL_KILLS and WATCHLINE_SIGNAL_SEED are those of
`test_signal_kill`.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.faults.receivers import Running, eventually
from tests.faults.test_signal_kill import A_KILL, KILLS, SEED, Load, kill_whole
from tests.signal_stack import BOT, signal_stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with signal_stack(tmp_path_factory.mktemp("stack"), receive_mode="on-start") as running:
        yield running


class Gateway:
    """The stack's, as `Running` wants to know it."""

    def __init__(self, stack: Any) -> None:
        self.port = int(stack.gateway_address.rpartition(":")[2])


def attached(stack: Any) -> int:
    return int(stack.gateway_state()["attached"].get(BOT) or 0)


def dropped(stack: Any) -> int:
    """Messages that the gateway did not hand to a websocket, each counted once for every websocket."""
    return sum(stack.gateway_state()["dropped"].values())


@contextmanager
def receivers(stack: Any, folder: Path, count: int) -> Iterator[list[Running]]:
    running = [
        # A commit that takes its time: half of the kills hit somebody who has seen a message and not stored it.
        Running(folder, Gateway(stack), lock=f"{number}.lock", kind="frames", pause=0.01)  # type: ignore[arg-type]
        for number in range(count)
    ]
    try:
        eventually(lambda: attached(stack) == count and all(one.subscriptions() for one in running))
        yield running
    finally:
        for one in running:
            one.end()


def campaign(
    stack: Any, name: str, running: list[Running], kill: Callable[[Running], None], capsys: Any
) -> tuple[int, int]:
    """How many were lost, and how many the gateway dropped, with kills in turns in a steady flow."""
    chance = random.Random(SEED)
    before = dropped(stack)
    with Load(stack.user(name), name) as load:
        for one in itertools.islice(itertools.cycle(running), KILLS):
            load.wanted = len(load.sent) + 10_000
            load.reaches(len(load.sent) + 1 + chance.randrange(A_KILL))
            eventually(lambda: set(load.sent[-5:]) & set(running[0].texts()))
            threading.Event().wait(chance.random() * 0.05)
            kill(one)
            load.wanted = 0
        load.reaches(len(load.sent) + A_KILL)
    eventually(lambda: stack.pending(BOT) == 0)
    stack.user(f"{name} at the end").send("last")
    eventually(lambda: "last" in running[0].texts())
    stored = running[0].texts()
    assert len(stored) == len(set(stored)), "what is handed over twice is stored once"
    lost, gone = len(set(load.sent) - set(stored)), dropped(stack) - before
    with capsys.disabled():
        print(  # noqa: T201
            f"\ngateway mode, {name}: {KILLS} kills, seed {SEED}: {len(load.sent)} sent, {lost} lost, {gone} times "
            "the gateway dropped one"
        )
    return lost, gone


def test_the_worker_killed(stack: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with receivers(stack, tmp_path, 1) as running:
        lost, gone = campaign(stack, "worker", running, Running.kill_worker, capsys)
    assert lost <= gone


def test_both_workers_killed_at_once(stack: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with receivers(stack, tmp_path, 2) as running:

        def kill(one: Running) -> None:
            workers = [each.worker() for each in running]
            for worker in workers:
                os.kill(worker, signal.SIGKILL)
            eventually(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))

        lost, gone = campaign(stack, "both workers", running, kill, capsys)
    assert lost <= gone


def test_one_of_two_receivers_killed_whole(
    stack: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The gateway hands each message to every websocket, so the other receiver has what the killed one lost."""
    with receivers(stack, tmp_path, 2) as running:
        lost, gone = campaign(stack, "one of two", running, kill_whole, capsys)
    assert lost <= gone


def test_the_only_receiver_killed_whole(
    stack: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one case in which something more may be lost: what lies in its socket, which goes with it, and what the
    gateway writes to a connection of which it does not know yet that it is gone."""
    with receivers(stack, tmp_path, 1) as running:
        lost, gone = campaign(stack, "only receiver", running, kill_whole, capsys)
    assert lost <= gone + KILLS
