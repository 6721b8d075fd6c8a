"""Row ids and case references, made from what the edge hands in: an instant and a seed.

An id sorts by when it was made, also within one millisecond of one process: 48 bits of Unix milliseconds, 24 bits of
the turn's ordinal in this process, 16 bits of counter, 40 bits of the seed's stream, as 32 hexadecimal digits. A case
reference is what people say to each other over a bad line, so its letters cannot be mistaken for one another and it
carries neither order nor count.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

REFERENCE_LETTERS = "ACDEFGHJKLMNPQRTUVWXY34679"
"""No B/8, I/1, O/0, S/5, Z/2."""
REFERENCE_LENGTH = 4
REFERENCE_TRIES = 8
TAIL = 10
"""Digits of an id that come from the seed."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def micros(instant: datetime) -> int:
    """Microseconds since 1970 UTC, exactly."""
    return (instant - EPOCH) // MICROSECOND


def from_micros(value: int) -> datetime:
    """The inverse of `micros`."""
    return EPOCH + timedelta(microseconds=value)


class Ids:
    """A stream of fresh ids for one turn. The same instant and seed give the same stream."""

    __slots__ = ("_counter", "_prefix", "_seed", "_tails")

    def __init__(self, at: datetime, seed: bytes, ordinal: int = 0) -> None:
        self._prefix = f"{micros(at) // 1000 & 0xFFFFFFFFFFFF:012x}{ordinal & 0xFFFFFF:06x}"
        self._seed = seed
        self._counter = 0
        self._tails = ""

    def new(self) -> str:
        """The next id."""
        self._counter += 1
        if not self._tails:  # enough for most turns: one digest costs as much as a short one
            block = self._counter.to_bytes(4, "big")
            self._tails = hashlib.blake2b(block, key=self._seed, digest_size=60).hexdigest()
        tail, self._tails = self._tails[:TAIL], self._tails[TAIL:]
        return f"{self._prefix}{self._counter & 0xFFFF:04x}{tail}"

    def references(self) -> tuple[str, ...]:
        """Candidates for a case reference; the store takes the first that no case has."""
        self._counter += 1
        digest = hashlib.blake2b(self._counter.to_bytes(4, "big"), key=self._seed, digest_size=64).digest()
        size = REFERENCE_LENGTH
        letters = [REFERENCE_LETTERS[byte % len(REFERENCE_LETTERS)] for byte in digest]
        return tuple("".join(letters[i * size : (i + 1) * size]) for i in range(REFERENCE_TRIES))
