"""The keyring: data keys in memory, and new ones made ahead.

Two rules:

1. Taking a key for a new person or case touches no disk: keys are made in batches before anybody needs one.
   Only a pool run dry makes a taker wait for a batch.
2. Memory is bounded whatever the number of people: the least recently used keys are dropped and loaded again.
"""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict, deque
from collections.abc import Collection, Iterable
from threading import Lock
from typing import Final

from alerts.sealing import DataKey, KeyMissing, Unsealable
from alerts.store.keks import Now
from alerts.store.key_tables import KeyKind
from alerts.store.keystore import POOL_LIFETIME, KeyStore

_DAY: Final = dt.timedelta(days=1)


class Keyring:
    """Every data key the process works with. Safe to share between threads; each process has one of its own.

    `low` and `high` are the pool's marks: `refill` fills up to `high` when fewer than `low` keys are ready, a
    taker who finds none makes `low`.
    `cached` bounds the keys kept in memory, at about 3 KB each.
    """

    def __init__(
        self, store: KeyStore, now: Now, *, low: int = 250, high: int = 1_000, cached: int = 4_096
    ) -> None:
        if not 0 < low <= high or cached < 1:
            raise ValueError(
                f"low, high and cached must be positive and low <= high, not {low}, {high}, {cached}"
            )
        self._store = store
        self._now = now
        self._low = low
        self._high = high
        self._cached = cached
        self._cache: OrderedDict[str, DataKey] = OrderedDict()
        self._cache_lock = Lock()
        self._pool: deque[tuple[str, bytes, dt.datetime]] = deque()
        self._filling = Lock()
        self._intake: dict[dt.date, str] = {}
        self.forgotten = 0
        """Grows whenever keys are dropped: what they opened must not be remembered either."""
        self._root = DataKey(*store.root())

    @property
    def root(self) -> DataKey:
        """The root key, from which the blind index's keys are derived."""
        return self._root

    @property
    def held(self) -> int:
        """How many keys are in memory, the pool apart."""
        return len(self._cache)

    # ------------------------------------------------------------------------------------------------ reading

    def get(self, key_id: str) -> DataKey:
        """The key with this id, from memory or the key store. Raises KeyMissing, KeyDestroyed, WrongKey."""
        key = self._cache.get(key_id)
        if key is not None:
            try:  # noqa: SIM105  # a context manager would cost more than all of this
                self._cache.move_to_end(key_id)
            except KeyError:
                pass  # another thread has dropped it this moment: it serves once more
            return key
        plain = self._store.load([key_id]).get(key_id)
        if plain is None:
            raise KeyMissing(f"the key store has no key {key_id}")
        if isinstance(plain, Unsealable):
            raise plain
        return self._keep(key_id, plain)

    def load_many(self, key_ids: Iterable[str]) -> None:
        """Have these keys in memory, asking the key store once for many; for batches no larger than `cached`.

        Missing and destroyed ones are passed over here: `get` raises when one of them is used.
        """
        with self._cache_lock:
            wanted = {key_id for key_id in key_ids if key_id not in self._cache}
        for key_id, plain in self._store.load(wanted).items():
            if not isinstance(plain, Unsealable):
                self._keep(key_id, plain)

    def _keep(self, key_id: str, plain: bytes) -> DataKey:
        key = DataKey(key_id, plain)
        with self._cache_lock:
            self._cache[key_id] = key
            self._cache.move_to_end(key_id)
            while len(self._cache) > self._cached:
                self._cache.popitem(last=False)
        return key

    # ----------------------------------------------------------------------------------------------- new keys

    def take(self) -> str:
        """The id of a key that nobody has had: durable already, and in memory. It is its taker's by being
        written into a row of the main store; a key taken and not written there is swept one day."""
        while True:
            try:
                key_id, plain, made_at = self._pool.popleft()
            except IndexError:
                # Few, since somebody waits; the next refill makes the rest.
                self._fill(1, self._low)
                continue
            # An older one may be judged unused by another process's sweep.
            if self._now() - made_at < POOL_LIFETIME:
                self._keep(key_id, plain)
                return key_id

    def refill(self) -> None:
        """Make keys ahead: the pool when it is low, and today's and tomorrow's intake keys. Off the hot
        path."""
        today = self._now().date()
        for day in (today, today + _DAY):
            self.intake(day)
        with self._cache_lock:
            for day in [day for day in self._intake if day < today - _DAY]:
                del self._intake[day]
        self._fill(self._low, self._high)

    def _fill(self, low: int, high: int) -> None:
        """Fill the pool up to `high` keys unless it has `low`, which another thread may just have seen to."""
        with self._filling:
            if len(self._pool) >= low:
                return
            made_at = self._now()
            made = self._store.add(KeyKind.POOL, high - len(self._pool))
            self._pool.extend((key_id, plain, made_at) for key_id, plain in made)

    def intake(self, day: dt.date) -> str:
        """The id of the key that seals what came in on that UTC day, before the sender is known."""
        key_id = self._intake.get(day)
        if key_id is None:
            key_id, plain = self._store.intake(day)
            self._keep(key_id, plain)
            with self._cache_lock:
                self._intake[day] = key_id
        return key_id

    # ----------------------------------------------------------------------------------------- no longer keys

    def destroy(self, key_ids: Collection[str]) -> int:
        """Make all that these keys sealed unreadable, for good. The rows of the main store go first: a row
        sealed while its key is being destroyed would be lost. Says how many living keys there were."""
        destroyed = self._store.destroy(key_ids)
        self._forget(key_ids)
        return destroyed

    def destroy_intake(self, before: dt.date, needed: Collection[str] = ()) -> int:
        """Destroy the intake keys of the UTC days before `before`, but for those in `needed` (rows not worked
        off yet). Nothing calls it yet: erasure will."""
        return self.destroy([key_id for key_id in self._store.intake_before(before) if key_id not in needed])

    def drop_gone(self) -> int:
        """Drop from memory the keys that other processes destroyed. Housekeeping calls it every few
        minutes."""
        with self._cache_lock:
            held = list(self._cache)
        gone = self._store.gone(held)
        self._forget(gone)
        return len(gone)

    def _forget(self, key_ids: Collection[str]) -> None:
        with self._cache_lock:
            self.forgotten += 1 if key_ids else 0
            for key_id in key_ids:
                self._cache.pop(key_id, None)
            for day in [day for day, key_id in self._intake.items() if key_id in key_ids]:
                del self._intake[day]
