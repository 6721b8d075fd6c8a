"""Lines of a socket that stay in it until they are done with.

A line is looked at (`bot.socket_peek`), dealt with, and only then taken out.

signal-cli writes a line and its end separately, and its kernel holds the end back, and all that follows, until ours
has acknowledged the line (Nagle's algorithm, which only signal-cli could switch off). Ours puts that off for 40 ms as
long as the line lies unread in the socket. So nobody waits for the end: a JSON object that is closed is whole. Its end,
which comes once it is taken out, is passed over.
"""

from __future__ import annotations

import json
import socket

from bot.socket_peek import FRAME_LIMIT, PEEK_LIMIT, ConnectionGone, closed, expect, full, look


class Lines:
    """The lines of a socket, looked at before they are taken out."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._looked_at = 0
        self._spilt: bytearray | None = None
        self._seen = 0
        expect(self._connection, 1)

    def peek(self) -> list[bytes]:
        """The lines that are there, without their ends and without empty ones. Raises `ConnectionGone`."""
        if self._spilt is not None:
            return self._spill()
        waiting = look(self._connection, PEEK_LIMIT)
        if waiting is None:
            return []
        if ends := len(waiting) - len(waiting.lstrip(b"\n")):
            # Of the line before, which was dealt with without it.
            self._connection.recv(ends)
            waiting = waiting[ends:]
            self._seen = 0
        if not waiting:
            expect(self._connection, 1)
            return []
        self._looked_at = len(waiting) if _is_whole(waiting) else waiting.rfind(b"\n") + 1
        if self._looked_at:
            expect(self._connection, 1)
            self._seen = 0
            return [line for line in waiting[: self._looked_at].split(b"\n") if line]
        if len(waiting) >= PEEK_LIMIT or (len(waiting) == self._seen and full(self._connection)):
            # Woken without anything new, the buffer is full: the rest comes only when we make room.
            expect(self._connection, 1)
            self._seen = 0
            self._spilt = bytearray()
            return self._spill()
        if closed(self._connection):
            raise ConnectionGone
        # Wake us only when there is more than what we have seen.
        self._seen = len(waiting)
        expect(self._connection, self._seen + 1)
        return []

    def take(self) -> None:
        """Takes the lines that `peek` returned out of the socket."""
        if self._spilt is not None and self._spilt.endswith(b"\n"):
            self._spilt = None
        while self._looked_at and (taken := self._connection.recv(self._looked_at)):
            self._looked_at -= len(taken)

    def _spill(self) -> list[bytes]:
        """Takes a long line out piece by piece; its beginning, if it is beyond all measure. An empty one stands for a
        piece more, which is a sign of life."""
        spilt = self._spilt
        if spilt is None:
            return []
        waiting = look(self._connection, PEEK_LIMIT)
        if waiting is None:
            return []
        end = waiting.find(b"\n")
        piece = self._connection.recv(len(waiting) if end < 0 else end + 1)
        if len(spilt) + len(piece) <= FRAME_LIMIT:
            spilt += piece
        elif piece.endswith(b"\n"):
            spilt += b"\n"
        return [bytes(spilt[:-1])] if spilt.endswith(b"\n") else [b""]


def _is_whole(waiting: bytes) -> bool:
    """Whether the last line, whose end has not come, is a JSON object all the same."""
    if not waiting.endswith(b"}"):
        return False
    try:
        json.loads(waiting[waiting.rfind(b"\n") + 1 :])
    except (ValueError, RecursionError):
        return False
    return True
