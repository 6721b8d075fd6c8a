"""What a channel needs to be held to the port: its platform in the hand of a test.

A channel joins by a `Bench` and one entry in `BENCHES` of `benches.py`. The bench says what its platform can do;
a test is not even collected for a channel whose platform cannot do what it is about.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from alerts.events import Inbound, InboundKind, Outbound, OutboundKind, Outcome, RawInbound, Unreadable
from bot.channels.port import Accept, Channel

PATIENCE = 20.0
"""Seconds after which a test gives up. Nothing is expected to take it."""


class Feature(enum.Enum):
    """What platforms differ in."""

    BUTTONS = "buttons"
    """Choices are buttons; else they are numbered lines in the text."""
    DELETES_OF_THEIRS = "we are told when a person deletes a message"
    EDITS = "edits"
    LIVE_LOCATION = "live location"
    GROUPS = "groups"
    REDELIVERS = "what was not confirmed comes again"
    HELD = "messages written while nobody listens are kept"
    FORMATS = "frames may come that no parser knows"
    OUTAGE = "the platform can go down"
    LOST_ANSWERS = "a send may arrive while its answer is lost"
    LIMITS = "the platform limits a chat and says for how long"
    BLOCKING = "people can block us"
    UNKNOWN = "an address may be unknown to the platform"
    DELETES_OF_OURS = "we can delete our messages"
    PROTECTION = "the platform can hinder forwarding"


@dataclass(frozen=True, slots=True)
class Received:
    """A message of ours as it stands on a person's phone."""

    ref: str
    """As in `Sent.ref`."""
    text: str
    choices: tuple[str, ...] = ()
    quote: str = ""
    file: bytes | None = None
    location: tuple[float, float] | None = None
    protected: bool = False


class Bench(Protocol):
    """One account on one platform. People are named, and exist from the moment they are named.

    The methods are called from the event loop that the channel runs in: they must not wait for the channel.
    """

    features: frozenset[Feature]

    def channel(self) -> Channel:
        """A fresh channel on the account, as a process makes it that has just started."""
        ...

    def address(self, who: str) -> str:
        """The account id of the person."""
        ...

    # A person does something. Those that write return the message's reference, as in `Inbound.message_ref`.

    def text(self, who: str, text: str, quote: str = "") -> str: ...
    def voice(self, who: str, content: bytes) -> str: ...
    def photo(self, who: str, content: bytes, caption: str = "") -> str: ...
    def location(self, who: str, latitude: float, longitude: float) -> str: ...
    def odd(self, who: str) -> str:
        """Sends something that Watchline has no word for."""
        ...

    def react(self, who: str, ref: str, emoji: str) -> None: ...
    def unreact(self, who: str, ref: str, emoji: str) -> None: ...
    def edit(self, who: str, ref: str, text: str) -> None: ...
    def delete(self, who: str, ref: str) -> None: ...
    def press(self, who: str, ref: str, index: int) -> None: ...
    def live(self, who: str, *points: tuple[float, float]) -> str:
        """Starts a live location at the first point, moves it to the others and ends it there."""
        ...

    def group(self, who: str, text: str) -> None: ...

    # What stands on a person's phone.

    def phone(self, who: str) -> list[Received]:
        """Our messages that are not deleted, in order."""
        ...

    # The platform does something.

    def malformed(self) -> None:
        """Hands out a frame that no parser knows."""
        ...

    def block(self, who: str) -> None: ...
    def unknown(self) -> str:
        """An address of the platform's own form that nobody has."""
        ...

    def limit(self, who: str, seconds: int) -> None: ...
    def lose_next_answer(self) -> None:
        """The next send is carried out, and the connection breaks before its answer."""
        ...

    def down(self) -> None: ...
    def up(self) -> None: ...


OpenBench = Callable[[], AbstractContextManager[Bench]]


class StoreFails(Exception):
    """The inbox's stand-in does not take a frame."""


class Inbox:
    """Stands for the store: keeps frames in order, or fails when told."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.frames: list[RawInbound] = []
        self.seen: set[str] = set()
        self.refuse: Callable[[RawInbound], bool] = lambda raw: False
        self.hold: asyncio.Event | None = None
        self.offered = self.calls = 0
        self._changed = asyncio.Event()

    async def accept(self, *frames: RawInbound) -> None:
        self.offered += len(frames)
        self.calls += 1
        self._changed.set()
        if self.hold is not None:
            await self.hold.wait()
        if any(self.refuse(raw) for raw in frames):
            raise StoreFails
        for raw in frames:
            if raw.dedup not in self.seen:
                self.seen.add(raw.dedup)
                self.frames.append(raw)
        self._changed.set()

    def events(self) -> list[Inbound]:
        """What was said, without what is nobody speaking to us."""
        found = []
        for raw in self.frames:
            with contextlib.suppress(Unreadable):
                found.append(self._channel.parse(raw.raw))
        quiet = (InboundKind.IGNORED, InboundKind.TYPING, InboundKind.RECEIPT)
        return [event for event in found if event.kind not in quiet]

    async def until(self, enough: Callable[[], Any]) -> None:
        """Waits until it is true, looked at with every frame."""
        async with asyncio.timeout(PATIENCE):
            while not enough():
                self._changed.clear()
                await self._changed.wait()

    async def get(self, count: int) -> list[Inbound]:
        """The events, once there are so many."""
        await self.until(lambda: len(self.events()) >= count)
        return self.events()


@contextlib.asynccontextmanager
async def receiving(channel: Channel, accept: Accept) -> AsyncIterator[None]:
    """The channel runs meanwhile, and is cut off at the end."""
    task = asyncio.create_task(channel.run(accept))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def play(open_bench: OpenBench, story: Callable[[Bench, Channel, Inbox], Awaitable[None]]) -> None:
    """Runs a story with the channel receiving into an inbox."""

    async def whole() -> None:
        with open_bench() as bench:
            channel = bench.channel()
            inbox = Inbox(channel)
            try:
                async with receiving(channel, inbox.accept):
                    await story(bench, channel, inbox)
            finally:
                await channel.close()

    asyncio.run(whole())


_rows = iter(range(1, 1_000_000))


async def send(bench: Bench, channel: Channel, who: str, text: str = "", **more: Any) -> Outcome:
    """Sends as delivery does."""
    address = more.pop("address", None) or bench.address(who)
    kind = more.pop("kind", OutboundKind.NOTICE)
    return await channel.send(
        Outbound(
            id=f"018f2c3a-0000-7000-8000-{next(_rows):012d}",
            channel=channel.name,
            address=address,
            kind=kind,
            text=text,
            **more,
        )
    )
