"""What the pretend phones remember between runs: an append-only file of sealed records.

A record is written and flushed to the disk before what it tells of becomes true, as the real platforms do.
Layout:

    8 bytes   magic
    then, for each record: 4 bytes length, 12 bytes nonce, AES-256-GCM of zlib of JSON

The number of a record is its associated data, so records cannot be swapped, repeated or left out in the
middle. What a crash cut off at the end was never true and is cut away.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Json = dict[str, Any]

_MAGIC = b"WLPHONE1"
_NONCE = 12


class JournalUnreadable(Exception):
    """The file of the practice phones is not what this key sealed. Nothing is guessed: the file is moved
    away by hand, and the phones start empty."""


class Journal:
    """The open file. One process, one thread."""

    def __init__(self, path: Path, key: bytes, draw: Callable[[int], bytes]) -> None:
        """Opens or makes the file and reads it into `records`. `key` is 32 bytes, `draw` gives random bytes.

        Raises `JournalUnreadable` for a file that is damaged or was sealed with another key.
        """
        self._path = path
        self._cipher = AESGCM(key)
        self._draw = draw
        self.records: list[list[Json]] = []
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._read()
        except BaseException:
            os.close(self._file)
            raise

    def append(self, changes: Sequence[Json]) -> None:
        """Writes one record, durably. Raises OSError; then the record does not exist."""
        end = os.lseek(self._file, 0, os.SEEK_END)
        try:
            _write(self._file, self._seal(self._count, changes))
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, end)
            raise
        self._count += 1

    def rewrite(self, records: Sequence[Sequence[Json]]) -> None:
        """Puts other records in the place of all that there are, as one step."""
        beside = self._path.with_name(self._path.name + ".new")
        fresh = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            sealed = b"".join(self._seal(number, changes) for number, changes in enumerate(records))
            _write(fresh, _MAGIC + sealed)
            os.fsync(fresh)
            beside.replace(self._path)
            _sync_directory(self._path.parent)
        except BaseException:
            os.close(fresh)
            raise
        os.close(self._file)
        self._file = fresh
        self._count = len(records)

    def close(self) -> None:
        os.close(self._file)

    def _read(self) -> None:
        data = self._path.read_bytes()
        if not data:
            _write(self._file, _MAGIC)
            os.fsync(self._file)
            _sync_directory(self._path.parent)
            self._count = 0
            return
        if data[: len(_MAGIC)] != _MAGIC:
            raise JournalUnreadable(f"{self._path.name} is not a file of the practice phones")
        at = len(_MAGIC)
        while len(data) - at >= 4:
            length = int.from_bytes(data[at : at + 4], "big")
            if length > len(data) - at - 4:
                break
            self.records.append(self._open(len(self.records), data[at + 4 : at + 4 + length]))
            at += 4 + length
        os.ftruncate(self._file, at)
        self._count = len(self.records)

    def _seal(self, number: int, changes: Sequence[Json]) -> bytes:
        nonce = self._draw(_NONCE)
        plain = zlib.compress(json.dumps(list(changes), separators=(",", ":")).encode("ascii"), 1)
        sealed = nonce + self._cipher.encrypt(nonce, plain, number.to_bytes(8, "big"))
        return len(sealed).to_bytes(4, "big") + sealed

    def _open(self, number: int, sealed: bytes) -> list[Json]:
        try:
            plain = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], number.to_bytes(8, "big"))
        except (InvalidTag, ValueError):
            raise JournalUnreadable(
                f"{self._path.name} was sealed with another key or is damaged; "
                "move it away to start with empty phones"
            ) from None
        changes: list[Json] = json.loads(zlib.decompress(plain))
        return changes


def _write(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def _sync_directory(path: Path) -> None:
    directory = os.open(path, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
