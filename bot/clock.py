"""Where the present moment and chance come from.

Nothing below `bot/` looks at a clock or draws a random number: both arrive as arguments. They are taken
from the two ports here, of which each has a real and a made-up implementation.

Three rules:

1. `now()` is aware UTC.
2. Nobody sleeps for "deadline minus now": a desk's hour may last six seconds on the practice phones. Who waits for
   a moment looks at `now()` again at intervals, and at once when `on_change` wakes them.
3. Only a store that was born for practice may run on a clock that is not the world's (`require_practice`).
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

PRACTICE_LINEAGE = "practice"
"""What a store says of its origin when it was made for the practice phones and never had a real account."""

FASTEST = 3600.0
"""Desk seconds in one real second. Beyond this a whole ladder passes between two ticks and shows nothing."""


class NotAPracticeStore(Exception):
    """The clock may be run faster only where nobody can be harmed: this store has had a real account, or
    its origin is unknown, so a faster clock could report a person overdue who is not."""


class Clock(Protocol):
    """The present."""

    def now(self) -> datetime:
        """The present moment, UTC."""
        ...

    def on_change(self, wake: Callable[[], None]) -> None:
        """`wake` is called whenever the clock was set, put forward or changed its speed."""
        ...


class Entropy(Protocol):
    """Chance."""

    def draw(self, count: int) -> bytes:
        """So many random bytes."""
        ...


class RealClock:
    """The machine's own clock."""

    __slots__ = ()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def on_change(self, wake: Callable[[], None]) -> None:
        """The world's clock is never sped up; a jump of the machine's clock is found by the ticker's next look."""


class SimulatedClock:
    """A clock that stands still until it is set. For rehearsals and tests."""

    __slots__ = ("_now", "_wakes")

    def __init__(self, start: datetime) -> None:
        self._now = _utc(start)
        self._wakes: list[Callable[[], None]] = []

    def now(self) -> datetime:
        return self._now

    def on_change(self, wake: Callable[[], None]) -> None:
        self._wakes.append(wake)

    def set(self, moment: datetime) -> None:
        """Sets the present; backwards too, since real clocks are set back as well."""
        self._now = _utc(moment)
        for wake in self._wakes:
            wake()

    def advance(self, by: timedelta) -> None:
        self.set(self._now + by)


class PracticeClock:
    """A clock that starts at the world's time and can run faster or be put forward, never back.

    It counts on the monotonic clock, so that a jump of the machine's clock in the middle of a drill is not
    seen.
    """

    __slots__ = ("_base", "_factor", "_monotonic", "_since", "_wakes", "_world")

    def __init__(
        self,
        offset: timedelta = timedelta(0),
        *,
        world: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`offset` is how far an earlier process had run ahead of the world: a drill goes on where it was."""
        self._world = world
        self._monotonic = monotonic
        self._base = _utc(world()) + max(timedelta(0), offset)
        self._since = monotonic()
        self._factor = 1.0
        self._wakes: list[Callable[[], None]] = []

    def now(self) -> datetime:
        return self._base + timedelta(seconds=(self._monotonic() - self._since) * self._factor)

    def on_change(self, wake: Callable[[], None]) -> None:
        self._wakes.append(wake)

    @property
    def factor(self) -> float:
        """Desk seconds in one real second."""
        return self._factor

    @property
    def offset(self) -> timedelta:
        """How far ahead of the world this clock is."""
        return self.now() - _utc(self._world())

    def run_at(self, factor: float) -> None:
        """Changes the speed from this moment on. Raises ValueError outside 1 to `FASTEST`: a clock that
        stands still would hide a deadline."""
        if not 1.0 <= factor <= FASTEST:
            raise ValueError(
                f"a practice clock runs 1 to {FASTEST:.0f} times as fast as the world's, not {factor}"
            )
        self._rebase(self.now())
        self._factor = factor
        self._wake()

    def skip_to(self, moment: datetime) -> None:
        """Puts the clock forward. A moment in the past changes nothing."""
        if moment > self.now():
            self._rebase(_utc(moment))
            self._wake()

    def _rebase(self, moment: datetime) -> None:
        self._base = moment
        self._since = self._monotonic()

    def _wake(self) -> None:
        for wake in self._wakes:
            wake()


class SystemEntropy:
    """The operating system's randomness."""

    __slots__ = ()

    def draw(self, count: int) -> bytes:
        return os.urandom(count)


class SeededEntropy:
    """Repeatable bytes for rehearsals and tests. Never for a key that protects anything."""

    __slots__ = ("_random",)

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  # repeatable on purpose

    def draw(self, count: int) -> bytes:
        return self._random.randbytes(count)


def require_practice(lineage: str) -> None:
    """Raises `NotAPracticeStore` unless the store says that it was made for practice and stayed so."""
    if lineage != PRACTICE_LINEAGE:
        raise NotAPracticeStore(
            "this store was not made for practice only; practice needs a data directory of its own"
        )


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a clock needs to know the zone of a time it is set to")
    return moment.astimezone(UTC)
