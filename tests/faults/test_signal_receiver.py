"""The receiver's processes against a signal-cli that forgets what it handed over: nothing may be lost.

What the gateway's websocket is owed as well is in `test_receivers.py`; the same with the real signal-cli, and with many
kills, in `test_signal_kill.py`.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.channels.signal.parse import parse
from bot.receiver import STOP_SECONDS
from bot.seats import SEATS, AlreadyReceiving, holders_of, take_seat
from bot.socket_peek import FRAME_LIMIT
from tests.fakes.signal_daemon import ACCOUNT, FakeDaemon
from tests.fakes.signal_receiver import environment, open_database
from tests.faults.receivers import PATIENCE, Running, eventually, say


@pytest.fixture
def daemon() -> Iterator[FakeDaemon]:
    fake = FakeDaemon()
    yield fake
    fake.close()
    assert fake.strange == []


@contextmanager
def receiving(folder: Path, daemon: FakeDaemon, **more: Any) -> Iterator[Running]:
    running = Running(folder, daemon, **more)
    try:
        yield running
    finally:
        running.end()


def test_what_came_before_anybody_listened_is_stored_in_order(tmp_path: Path, daemon: FakeDaemon) -> None:
    say(daemon, "SOS", "second")
    with receiving(tmp_path, daemon) as running:
        say(daemon, "third")
        eventually(lambda: running.texts() == ["SOS", "second", "third"])


def test_what_comes_while_nobody_receives_the_next_receiver_has(tmp_path: Path, daemon: FakeDaemon) -> None:
    with receiving(tmp_path, daemon) as running:
        daemon.wait_for("subscribed")
        worker = running.worker()
        running.keeper.kill()
        running.keeper.wait(PATIENCE)
        eventually(lambda: holders_of(running.lock) == {worker})
        os.kill(worker, signal.SIGTERM)
        eventually(running.free)
        say(daemon, "while nobody was there")
        running.keeper = running.another()
        eventually(lambda: running.texts() == ["while nobody was there"])


def test_a_keeper_killed_while_its_next_worker_starts_is_outlived_too(
    tmp_path: Path, daemon: FakeDaemon
) -> None:
    with receiving(tmp_path, daemon, start=0.5) as running:
        daemon.wait_for("subscribed")
        running.kill_worker()
        say(daemon, "SOS")
        running.worker()
        running.keeper.kill()
        running.keeper.wait(PATIENCE)
        eventually(lambda: running.texts() == ["SOS"])


def test_an_orderly_end_takes_what_a_worker_that_just_died_has_left(
    tmp_path: Path, daemon: FakeDaemon
) -> None:
    with receiving(tmp_path, daemon) as running:
        daemon.wait_for("subscribed")
        os.kill(running.worker(), signal.SIGKILL)
        say(daemon, "SOS")
        running.keeper.terminate()
        assert running.keeper.wait(PATIENCE) == 0
        assert running.texts() == ["SOS"]


def test_a_receiver_that_is_told_to_end_while_its_worker_starts_ends_at_once(
    tmp_path: Path, daemon: FakeDaemon
) -> None:
    with receiving(tmp_path, daemon, start=3600) as running:
        worker = running.worker()
        running.keeper.terminate()
        assert running.keeper.wait(STOP_SECONDS - 1) == 0
        assert not Path(f"/proc/{worker}").exists()
        assert running.free()


def test_signal_cli_killed_and_back(tmp_path: Path, daemon: FakeDaemon) -> None:
    with receiving(tmp_path, daemon) as running:
        say(daemon, "before")
        eventually(lambda: running.texts() == ["before"])
        daemon.die()
        say(daemon, "meanwhile")
        daemon.rise()
        eventually(lambda: running.texts() == ["before", "meanwhile"])


def test_a_frame_larger_than_the_socket_and_one_beyond_all_measure(
    tmp_path: Path, daemon: FakeDaemon
) -> None:
    large = "x" * 300_000
    with receiving(tmp_path, daemon) as running:
        say(daemon, "small", large)
        daemon.push_line(b'{"envelope":"' + b"y" * (FRAME_LIMIT + 1000) + b'"}')
        say(daemon, "after")
        eventually(lambda: len(running.raws()) == 4)
        raws = running.raws()
        assert parse(raws[1]).text == large
        assert len(raws[2]) <= FRAME_LIMIT, "stored as far as it goes, for quarantine"
        assert parse(raws[3]).text == "after"


def test_who_writes_without_a_pause_takes_few_commits_and_keeps_nobody_waiting(
    tmp_path: Path, daemon: FakeDaemon
) -> None:
    texts = [f"and another thing, {n}" for n in range(300)]
    say(daemon, *texts, "SOS")
    with receiving(tmp_path, daemon) as running:
        eventually(lambda: running.count() == len(texts) + 1)
        assert running.texts() == [*texts, "SOS"]
        with closing(open_database(running.database)) as database:
            commits = database.execute("SELECT count(*) FROM commits").fetchone()[0]
        assert commits <= 60, "what is there is stored in one go"


def test_a_frame_is_stored_before_its_end_comes(tmp_path: Path, daemon: FakeDaemon) -> None:
    """signal-cli writes the end by itself, and its kernel keeps it back until the frame is acknowledged."""
    daemon.holds_ends = True
    with receiving(tmp_path, daemon) as running:
        say(daemon, "SOS")
        eventually(lambda: running.texts() == ["SOS"])
        running.kill_worker()
        daemon.push_line(b'{"broken": "}')
        daemon.holds_ends = False
        say(daemon, "next", "last")
        eventually(lambda: len(running.raws()) == 4)
        assert [parse(raw).text for raw in running.raws() if b"broken" not in raw] == ["SOS", "next", "last"]


def test_bytes_that_are_no_frame_are_stored_and_stand_in_nobodys_way(
    tmp_path: Path, daemon: FakeDaemon
) -> None:
    with receiving(tmp_path, daemon) as running:
        daemon.push_line(b'{"envelope": 7}')
        daemon.push_line(b"[" * 5000)
        daemon.push_line(b'{"broken\xff')
        say(daemon, "SOS")
        eventually(lambda: len(running.raws()) == 4)
        assert parse(running.raws()[3]).text == "SOS"


def test_a_receiver_for_whom_there_is_no_seat_refuses_to_start(tmp_path: Path, daemon: FakeDaemon) -> None:
    with receiving(tmp_path, daemon) as running:
        daemon.wait_for("subscribed")
        assert holders_of(running.lock) == {running.keeper.pid}
        taken = [take_seat(running.lock) for _ in range(SEATS - 1)]
        assert running.another().wait(PATIENCE) == 75
        with pytest.raises(AlreadyReceiving):
            take_seat(running.lock)
        for seat in taken:
            os.close(seat.descriptor)
    assert holders_of(running.lock) == set()


def test_what_two_receivers_are_handed_is_stored_once(tmp_path: Path, daemon: FakeDaemon) -> None:
    with receiving(tmp_path, daemon) as one, receiving(tmp_path, daemon, lock="other.lock"):
        daemon.wait_for("subscribed")
        daemon.wait_for("subscribed")
        daemon.push_line(b'{"envelope": 7}')
        daemon.push_line(b'{"envelope": {"timestamp": 5, "dataMessage": {"message": "from nobody"}}}')
        say(daemon, "SOS", "second")
        eventually(lambda: len(one.raws()) == 4)
    assert len(one.raws()) == 4, "both have ended, and taken all they were handed"


def test_an_account_that_is_not_there_yet_is_asked_for_again(tmp_path: Path, daemon: FakeDaemon) -> None:
    running = Running(tmp_path, daemon)
    running.keeper.terminate()
    running.keeper.wait(PATIENCE)
    running.environment = environment(
        host="127.0.0.1",
        ports=[daemon.port],
        account="+14155559999",
        lock=running.lock,
        database=running.database,
    )
    running.keeper = running.another()
    try:
        daemon.wait_for("gone")
        daemon.wait_for("gone")
    finally:
        running.keeper.terminate()
        assert running.keeper.wait(PATIENCE) == 0


def test_nothing_secret_in_any_command_line(tmp_path: Path, daemon: FakeDaemon) -> None:
    with receiving(tmp_path, daemon) as running:
        daemon.wait_for("subscribed")
        for pid in (running.keeper.pid, running.worker()):
            assert ACCOUNT.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()


def test_a_store_that_is_down_is_waited_for_and_holds_up_no_other_frame_of_the_batch(
    tmp_path: Path, daemon: FakeDaemon
) -> None:
    refuse = tmp_path / "inbox.db.refuse"
    refuse.write_bytes(b"bad one")
    say(daemon, "good one", "bad one", "next one")
    with receiving(tmp_path, daemon) as running:
        eventually(lambda: running.texts() == ["good one", "next one"])
        refuse.unlink()
        eventually(lambda: len(running.texts()) == 3)
