"""What a channel is to the rest of Watchline.

To add a channel: write one module with a class that has the five members below, give it to the contract suite in
`tests/contract/benches.py`, and add it to the composition root. Nothing else knows channels by name.

Two rules bind every implementation:

1. `accept` returns when the frame is durably stored. Only then may the channel be told (offset, acknowledgement,
   reading on). If `accept` raises, the channel is not told, and the frame is offered again.
2. `send` answers with an outcome and does not raise for anything the network or the platform does. It does not retry
   and does not wait out limits by itself: delivery does, since only delivery knows what is more urgent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from typing import Protocol, runtime_checkable

from alerts.events import Attachment, Inbound, Outbound, Outcome, RawInbound


class Accept(Protocol):
    """Stores frames in this order, all or none; returns when they are durable, and raises when they are not."""

    def __call__(self, *frames: RawInbound) -> Awaitable[None]: ...


class FetchFailed(Exception):
    """The attachment could not be fetched whole; `gone` says that trying again is of no use."""

    def __init__(self, reason: str, *, gone: bool = False) -> None:
        super().__init__(reason)
        self.gone = gone


@runtime_checkable
class CatchesUp(Protocol):
    """A channel that can tell when it has handed over what waited at the platform."""

    async def caught_up(self) -> None:
        """Returns when what had waited there when `run` began was accepted, as far as can be known."""
        ...


@runtime_checkable
class HandsOverOnce(Protocol):
    """A channel whose platform never offers again what it has handed over, and from which two nodes may receive at once
    without harm: so it is received from as long as nobody else is known to do it."""

    @property
    def hands_over_once(self) -> bool: ...


class Channel(Protocol):
    """A way to reach people."""

    @property
    def name(self) -> str:
        """The channel's name in addresses and settings."""
        ...

    def parse(self, raw: bytes) -> Inbound:
        """Understands a stored frame. Pure: no network, no clock.

        Raises `alerts.events.Unreadable` when the frame has no form that is known.
        """
        ...

    async def run(self, accept: Accept) -> None:
        """Receives until cancelled. Outages of the platform are waited out inside, at most 3 s between tries."""
        ...

    async def send(self, outbound: Outbound) -> Outcome:
        """Hands one message to the platform."""
        ...

    def fetch(self, attachment: Attachment, limit: int) -> AsyncIterator[bytes]:
        """Streams an attachment in chunks, never more than `limit` bytes. Raises `FetchFailed`."""
        ...

    async def close(self) -> None:
        """Ends connections. Called once, after `run` was cancelled."""
        ...
