"""Durable receiving is other processes' work: that one of them is gone shows in the channel's state."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.channels.signal.health import Health, SignalState
from bot.channels.signal.lookout import Lookout
from bot.channels.signal.settings import SignalSettings
from bot.receiver_sources import purpose
from bot.seats import at_work, holders_of, inherit_seat, note_connection, strangers_at, take_seat
from tests.fakes.signal_daemon import ACCOUNT, FakeDaemon


@pytest.fixture
def daemon() -> Iterator[FakeDaemon]:
    fake = FakeDaemon()
    yield fake
    fake.close()


def looks(lookout: Lookout, count: int = 1) -> None:
    async def look() -> None:
        for _ in range(count):
            await lookout.look()

    asyncio.run(look())


def seen(health: Health) -> str:
    return health.state.value


@pytest.mark.parametrize("own", [SignalState.RECEIVING, SignalState.ELSEWHERE])
def test_a_daemon_that_does_not_answer_twice_is_gone_until_it_answers(
    daemon: FakeDaemon, own: SignalState
) -> None:
    health = Health()
    lookout = Lookout(SignalSettings(ACCOUNT, daemon=f"127.0.0.1:{daemon.port}"), health)
    health.turn(own)
    looks(lookout, 2)
    assert seen(health) == own.value
    daemon.die()
    looks(lookout)
    assert seen(health) == own.value
    looks(lookout)
    assert seen(health) == "unreachable"
    health.turn(SignalState.STORE_DOWN)
    assert seen(health) == "store_down", "what this process sees for itself is more than that"
    health.turn(own)
    daemon.rise()
    looks(lookout)
    assert seen(health) == own.value


def test_receivers_that_were_seen_and_are_gone_are_missed_and_those_never_seen_are_not(
    daemon: FakeDaemon, tmp_path: Path
) -> None:
    lock = str(tmp_path / "receiver.lock")
    health = Health()
    settings = SignalSettings(ACCOUNT, daemon=f"127.0.0.1:{daemon.port}", receiver_lock=lock)
    lookout = Lookout(settings, health)
    health.turn(SignalState.ELSEWHERE)
    looks(lookout, 3)
    assert seen(health) == "elsewhere", "they may run on another machine"
    ours = purpose(settings.sources())
    seat = take_seat(lock, ours)
    note_connection(seat.descriptor, there=True)
    looks(lookout)
    assert at_work(lock, ours) == 1
    assert at_work(lock, purpose(SignalSettings(ACCOUNT).sources())) == 0, "it receives from elsewhere"
    note_connection(seat.descriptor, there=False)
    looks(lookout, 2)
    assert seen(health) == "unreachable", "there is one, and it has nothing to receive from"
    note_connection(seat.descriptor, there=True)
    looks(lookout)
    assert seen(health) == "elsewhere"
    os.close(seat.descriptor)
    looks(lookout, 2)
    assert seen(health) == "unreachable"


def test_that_nobody_was_ever_seen_who_receives_is_said_once(daemon: FakeDaemon, tmp_path: Path) -> None:
    settings = SignalSettings(
        ACCOUNT, daemon=f"127.0.0.1:{daemon.port}", receiver_lock=str(tmp_path / "receiver.lock")
    )
    with capture_logs() as said:
        looks(Lookout(settings, Health()), 10)
    assert [line["event"] for line in said].count("signal.no_receiver_seen") == 1


def test_a_receiver_of_an_earlier_version_is_somebody_elses(tmp_path: Path) -> None:
    lock = str(tmp_path / "receiver.lock")
    seat = take_seat(lock, "purpose")
    os.ftruncate(seat.descriptor, 0)
    os.pwrite(seat.descriptor, b"12345", 0)
    assert strangers_at(lock, "purpose") == {12345} == holders_of(lock)
    assert at_work(lock, "purpose") == 0
    inherit_seat(seat.descriptor)
    assert holders_of(lock) == {os.getpid()}
    os.close(seat.descriptor)
