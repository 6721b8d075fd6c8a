"""Lines of a socket that stay in it until they are done with.

What the system holds in a socket's buffer outlives the process that reads it, as long as some process holds the socket:
so a line is looked at (MSG_PEEK), dealt with, and only then taken out.

signal-cli writes a line and its end separately, and its kernel holds the end back, and all that follows, until ours
has acknowledged the line (Nagle's algorithm, which only signal-cli could switch off). Ours puts that off for 40 ms as
long as the line lies unread in the socket. So nobody waits for the end: a JSON object that is closed is whole. Its end,
which comes once it is taken out, is passed over.
"""

from __future__ import annotations

import json
import select
import socket

PEEK_LIMIT = 32 * 1024
"""Bytes of a frame that can wait in the socket's buffer; Signal's own limit for a text is 2,000."""
FRAME_LIMIT = 8 * 2**20
"""Bytes of the largest frame that is stored whole. Of a larger one the beginning is stored, which no parser
understands, so that it reaches quarantine and a person instead of nobody."""


class ConnectionGone(Exception):
    """signal-cli closed the connection, or does not answer any more."""


class Lines:
    """The lines of a socket, looked at before they are taken out."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._looked_at = 0
        self._spilt: bytearray | None = None
        self._seen = 0
        self._expect(1)

    def peek(self) -> list[bytes]:
        """The lines that are there, without their ends and without empty ones. Raises `ConnectionGone`."""
        if self._spilt is not None:
            return self._spill()
        try:
            waiting = self._connection.recv(PEEK_LIMIT, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return []
        except OSError:
            raise ConnectionGone from None
        if not waiting:
            raise ConnectionGone
        if ends := len(waiting) - len(waiting.lstrip(b"\n")):
            # Of the line before, which was dealt with without it.
            self._connection.recv(ends)
            waiting = waiting[ends:]
            self._seen = 0
        if not waiting:
            self._expect(1)
            return []
        self._looked_at = len(waiting) if _is_whole(waiting) else waiting.rfind(b"\n") + 1
        if self._looked_at:
            self._expect(1)
            self._seen = 0
            return [line for line in waiting[: self._looked_at].split(b"\n") if line]
        if len(waiting) >= PEEK_LIMIT or len(waiting) == self._seen:
            # Woken without anything new, the buffer is full: the rest comes only when we make room.
            self._expect(1)
            self._seen = 0
            self._spilt = bytearray()
            return self._spill()
        if self._closed():
            raise ConnectionGone
        # Wake us only when there is more than what we have seen.
        self._seen = len(waiting)
        self._expect(self._seen + 1)
        return []

    def take(self) -> None:
        """Takes the lines that `peek` returned out of the socket."""
        self._spilt = None
        while self._looked_at and (taken := self._connection.recv(self._looked_at)):
            self._looked_at -= len(taken)

    def _spill(self) -> list[bytes]:
        """Takes a long line out piece by piece; its beginning, if it is beyond all measure."""
        spilt = self._spilt
        if spilt is None:
            return []
        while not spilt.endswith(b"\n"):
            try:
                waiting = self._connection.recv(PEEK_LIMIT, socket.MSG_PEEK | socket.MSG_DONTWAIT)
            except BlockingIOError:
                return []
            except OSError:
                raise ConnectionGone from None
            if not waiting:
                raise ConnectionGone
            end = waiting.find(b"\n")
            piece = self._connection.recv(len(waiting) if end < 0 else end + 1)
            if len(spilt) + len(piece) <= FRAME_LIMIT:
                spilt += piece
            elif piece.endswith(b"\n"):
                spilt += b"\n"
        return [bytes(spilt[:-1])]

    def _expect(self, count: int) -> None:
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, count)

    def _closed(self) -> bool:
        """Whether the other side will send no more."""
        poll = select.poll()
        poll.register(self._connection, select.POLLRDHUP)
        return bool(poll.poll(0))


def _is_whole(waiting: bytes) -> bool:
    """Whether the last line, whose end has not come, is a JSON object all the same."""
    if not waiting.endswith(b"}"):
        return False
    try:
        json.loads(waiting[waiting.rfind(b"\n") + 1 :])
    except (ValueError, RecursionError):
        return False
    return True
