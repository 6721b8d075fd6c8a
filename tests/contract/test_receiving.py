"""A channel is received from while this node may: what happens to that when the store is away."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from bot import receiving


class Leases:
    """The store's answers when a lease is renewed."""

    single = False

    def __init__(self, *answers: bool | Exception) -> None:
        self._answers = list(answers)
        self.asked = 0

    def hold(self, channel: str) -> bool:
        self.asked += 1
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Receives:
    """A channel that receives until it is told to end."""

    name = "signal"

    def __init__(self, *, hands_over_once: bool) -> None:
        self.hands_over_once = hands_over_once
        self.ended = False

    async def run(self, accept: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.ended = True


def received(channel: Receives, leases: Leases, monkeypatch: pytest.MonkeyPatch, *, until: int) -> None:
    """Receives until the lease was asked for so often, or receiving has ended."""
    monkeypatch.setattr(receiving, "LEASE_RENEWAL", 0.0)
    runtime = SimpleNamespace(engine=SimpleNamespace(nodes=leases), accept=None)

    async def story() -> None:
        ours = asyncio.ensure_future(
            receiving._receive_while_held(runtime, SimpleNamespace(channel=channel))  # type: ignore[arg-type]
        )
        while leases.asked < until and not ours.done():  # noqa: ASYNC110 -- a thread asks
            await asyncio.sleep(0)
        if ours.done():
            ours.result()
        assert channel.ended == ours.done()
        ours.cancel()
        await asyncio.gather(ours, return_exceptions=True)

    asyncio.run(story())


def test_what_hands_over_once_is_received_from_however_long_the_store_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its receivers hold what they were handed until the store is back; ended now, they would lose it."""
    monkeypatch.setattr(receiving, "LIFETIME", timedelta(0))
    channel = Receives(hands_over_once=True)
    received(channel, Leases(True, OSError()), monkeypatch, until=50)


def test_any_other_channel_is_left_to_other_nodes_when_the_lease_has_run_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    channel = Receives(hands_over_once=False)
    received(channel, Leases(True, OSError()), monkeypatch, until=50)
    monkeypatch.setattr(receiving, "LIFETIME", timedelta(0))
    with pytest.raises(OSError, match="away"):
        received(channel, Leases(True, OSError("away")), monkeypatch, until=10**6)
    assert channel.ended


@pytest.mark.parametrize("hands_over_once", [True, False])
def test_a_lease_that_another_node_has_ends_receiving(
    monkeypatch: pytest.MonkeyPatch, hands_over_once: bool
) -> None:
    channel = Receives(hands_over_once=hands_over_once)
    received(channel, Leases(True, OSError(), True, False), monkeypatch, until=10**6)
    assert channel.ended
