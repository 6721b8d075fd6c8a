"""What a receiver owes whatever it listens to, signal-cli's own socket or the gateway's websocket: nothing that was
handed over is lost, and nothing is stored twice.

What only one of the two has is in `test_signal_receiver.py` and `test_signal_gateway_receiver.py`.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.seats import holders_of
from tests.fakes.signal_daemon import FakeDaemon
from tests.fakes.signal_gateway import signal_gateway
from tests.faults.receivers import PATIENCE, Line, SignalCli, Websocket, eventually


@pytest.fixture(params=["signal-cli", "gateway"])
def line(request: pytest.FixtureRequest) -> Iterator[Line]:
    if request.param == "signal-cli":
        daemon = FakeDaemon()
        yield SignalCli(daemon)
        daemon.close()
        assert daemon.strange == []
    else:
        with signal_gateway() as gateway:
            yield Websocket(gateway)


def test_a_killed_worker_loses_nothing_and_repeats_nothing(tmp_path: Path, line: Line) -> None:
    texts = [f"m{n}" for n in range(40)]
    with line.receiving(tmp_path, pause=0.01) as running:
        for n, text in enumerate(texts):
            line.say(text)
            if n % 10 == 5:
                running.stores_more()
                running.kill_worker()
        eventually(lambda: len(running.texts()) >= len(texts))
        assert running.texts() == texts
        assert line.connections() == 1, "the connection outlived the workers"


def test_what_a_killed_worker_had_seen_and_not_stored_the_next_one_finds(tmp_path: Path, line: Line) -> None:
    refuse = tmp_path / "inbox.db.refuse"
    refuse.write_bytes(b"SOS")
    with line.receiving(tmp_path) as running:
        line.say("SOS 1", "SOS 2")
        eventually(running.stands)
        running.kill_worker()
        refuse.unlink()
        eventually(lambda: running.texts() == ["SOS 1", "SOS 2"])


def test_a_killed_keeper_is_outlived_by_its_worker(tmp_path: Path, line: Line) -> None:
    with line.receiving(tmp_path) as running:
        worker = running.worker()
        running.keeper.kill()
        running.keeper.wait(PATIENCE)
        line.say(*(f"a{n}" for n in range(20)))
        eventually(lambda: len(running.texts()) == 20)
        eventually(lambda: holders_of(running.lock) == {worker})


def test_what_a_receiver_that_is_killed_whole_had_not_stored_the_other_has(
    tmp_path: Path, line: Line
) -> None:
    texts = [f"c{n}" for n in range(20)]
    # The first takes an hour to store anything, so that all it was handed is lost with it.
    with line.receiving(tmp_path, pause=3600) as slow, line.receiving(tmp_path) as other:
        worker = slow.worker()
        line.say(*texts)
        for pid in (slow.keeper.pid, worker):
            os.kill(pid, signal.SIGKILL)
        slow.keeper.wait(PATIENCE)
        eventually(lambda: other.texts() == texts)


def test_an_orderly_end_takes_what_is_under_way(tmp_path: Path, line: Line) -> None:
    with line.receiving(tmp_path, pause=0.01) as running:
        line.say(*(f"b{n}" for n in range(20)))
        running.keeper.terminate()
        assert running.keeper.wait(PATIENCE) == 0
        line.say("not under way any more")
        assert len(running.texts()) == 20
