"""The keys, the cipher and the blind indexes of one installation, as the store's other files use them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from alerts.invitations import name_key
from alerts.sealing import Digests, Sealer
from alerts.store.keyring import Keyring


@dataclass(frozen=True, slots=True)
class Vault:
    """What seals and opens. Safe to share between threads."""

    keys: Keyring
    sealer: Sealer
    digests: Digests

    def account(self, channel: str, account: str) -> bytes:
        """The blind index of an account."""
        return self.digests.blind("account", f"{channel}|{account}")

    def message(self, channel: str, ref: str) -> bytes:
        """The blind index of a channel's message reference."""
        return self.digests.blind("message", f"{channel}|{ref}")

    def dedup(self, channel: str, dedup: str) -> bytes:
        """The blind index of a channel's frame id."""
        return self.digests.blind("frame", f"{channel}|{dedup}")

    def code(self, code: str) -> bytes:
        """The keyed digest of an invitation code."""
        return self.digests.code_digest(code)

    def name(self, desk: str, name: str) -> bytes:
        """The blind index of what somebody at a desk is called."""
        return self.digests.blind("name", f"{desk}|{name_key(name)}")

    def load(self, key_ids: Iterable[str]) -> None:
        """Fetches the keys of many rows in one query, ahead of opening them."""
        self.keys.load_many(key_ids)

    def intake(self, now: datetime) -> str:
        """The key that seals what arrives today, before anybody knows from whom."""
        return self.keys.intake(now.date())
