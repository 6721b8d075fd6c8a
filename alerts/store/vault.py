"""The keys, the cipher and the blind indexes of one installation, as the store's other files use them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from alerts.invitations import name_key
from alerts.sealing import Digests, Sealer
from alerts.store.keyring import Keyring

REMEMBERED: Final = 2_000
"""Payloads: a few megabytes. What an alarm needs again in the next transaction is among the last hundred."""


class Memory:
    """What was opened or sealed a moment ago, by its sealed bytes, so that it need not be opened again.

    Sealed bytes are never the same twice, so nothing in here can be out of date. Once a key is destroyed nothing is
    remembered any more. Safe to share between threads: a race costs an entry at most.
    """

    def __init__(self, keys: Keyring) -> None:
        self._keys = keys
        self._forgotten = keys.forgotten
        self._young: dict[bytes, Any] = {}
        self._old: dict[bytes, Any] = {}

    def get(self, sealed: bytes) -> Any | None:
        """What was kept for these bytes, or None."""
        if self._forgotten != self._keys.forgotten:
            self._forgotten = self._keys.forgotten
            self._young, self._old = {}, {}
        found = self._young.get(sealed)
        if found is None:
            found = self._old.get(sealed)
            if found is not None:
                self.keep(sealed, found)
        return found

    def keep(self, sealed: bytes, opened: Any) -> None:
        """Remembers it, and forgets what was not asked for in a long time."""
        if len(self._young) >= REMEMBERED // 2:
            self._young, self._old = {}, self._young
        self._young[sealed] = opened


@dataclass(frozen=True, slots=True)
class Vault:
    """What seals and opens. Safe to share between threads."""

    keys: Keyring
    sealer: Sealer
    digests: Digests
    memory: Memory = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "memory", Memory(self.keys))

    def account(self, channel: str, account: str) -> bytes:
        """The blind index of an account."""
        return self.digests.blind("account", f"{channel}|{account}")

    def message(self, channel: str, ref: str) -> bytes:
        """The blind index of a channel's message reference."""
        return self.digests.blind("message", f"{channel}|{ref}")

    def dedup(self, channel: str, dedup: str) -> bytes:
        """The blind index of a channel's frame id."""
        return self.digests.blind("frame", f"{channel}|{dedup}")

    def twin(self, channel: str, twin: str) -> bytes:
        """The same for what the copies of one message have in common: no frame's own id begins so."""
        return self.digests.blind("frame", f"{channel}|twin|{twin}")

    def code(self, code: str) -> bytes:
        """The keyed digest of an invitation code."""
        return self.digests.code_digest(code)

    def word(self, key_id: str, word: str) -> bytes:
        """The digest of a person's own word, under that person's key."""
        return self.digests.word_digest(key_id, word)

    def name(self, desk: str, name: str) -> bytes:
        """The blind index of what somebody at a desk is called."""
        return self.digests.blind("name", f"{desk}|{name_key(name)}")

    def load(self, key_ids: Iterable[str]) -> None:
        """Fetches the keys of many rows in one query, ahead of opening them."""
        self.keys.load_many(key_ids)

    def intake(self, now: datetime) -> str:
        """The key that seals what arrives today, before anybody knows from whom."""
        return self.keys.intake(now.date())
