"""A photo and a voice note of nobody, made by arithmetic, for scripts that say that a person sent one."""

from __future__ import annotations

import struct
import zlib
from functools import cache

_WIDTH, _HEIGHT = 48, 32
_RATE = 8_000


@cache
def sample_photo() -> bytes:
    """A PNG of a dusk sky over a dark street, 48 by 32 pixels."""
    rows = bytearray()
    for y in range(_HEIGHT):
        rows.append(0)
        for x in range(_WIDTH):
            house = y > 18 + (x // 8 * 5) % 7
            rows += bytes((28, 32, 44) if house else (90 + 5 * y, 110 + 2 * y, 160 - 2 * y))
    header = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 2, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


@cache
def sample_voice() -> bytes:
    """A WAV of half a second of a quiet low tone, 8 kHz, 8 bit, one channel."""
    samples = bytes(128 + (12 if i // 32 % 2 else -12) for i in range(_RATE // 2))
    form = struct.pack("<HHIIHH", 1, 1, _RATE, _RATE, 1, 8)
    body = (
        b"WAVEfmt "
        + struct.pack("<I", len(form))
        + form
        + b"data"
        + struct.pack("<I", len(samples))
        + samples
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
