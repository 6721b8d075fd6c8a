"""Durable receiving is other processes' work: that one of them is gone shows in the channel's state."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.channels.signal.health import Health, SignalState
from bot.channels.signal.lookout import Lookout
from bot.channels.signal.settings import SignalSettings
from bot.seats import take_seat
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
    seat = take_seat(lock)
    looks(lookout)
    os.close(seat.descriptor)
    looks(lookout, 2)
    assert seen(health) == "unreachable"
    seat = take_seat(lock)
    looks(lookout)
    os.close(seat.descriptor)
    assert seen(health) == "elsewhere"
