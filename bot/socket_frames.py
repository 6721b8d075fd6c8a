"""Messages of a websocket that stay in the socket until they are done with: `bot.socket_lines` for the gateway's way.

A server's frames are not masked, so what lies in the socket can be read as it is (RFC 6455, section 5). A connection
whose process holds part of what came, as that of every websocket library does, cannot be handed on to the next worker;
here nothing is held but a frame too large to wait in the socket.

Pings are answered when they are taken out. A close, and whatever is not as the standard says, ends the connection.
"""

from __future__ import annotations

import socket
from typing import NamedTuple

from websockets.frames import Frame, Opcode

from bot.socket_peek import FRAME_LIMIT, PEEK_LIMIT, ConnectionGone, closed, expect, full, look, say

NO_MESSAGE = b""
"""Stands for a ping or a pong: the other side is there, and said nothing."""
_MESSAGE = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)
_HEAD = 10
"""Bytes of the longest head of a frame that is not masked."""
_CONTROL_LIMIT = 125


class _Head(NamedTuple):
    opcode: Opcode
    last: bool
    size: int
    """Of the head itself, in bytes."""
    length: int
    """Of what follows it, in bytes."""


class Frames:
    """The messages of a websocket, looked at before they are taken out."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._looked_at = 0
        self._pings: list[bytes] = []
        self._seen = 0
        self._spilt: bytearray | None = None
        self._spilling: _Head | None = None
        self._left = 0
        expect(self._connection, 1)

    def peek(self) -> list[bytes]:
        """The messages that are there; `NO_MESSAGE` for what is none. Raises `ConnectionGone`."""
        if self._spilt is not None:
            return self._spill(self._spilt)
        waiting = look(self._connection, PEEK_LIMIT)
        if waiting is None:
            return []
        messages, needed = self._whole(waiting)
        if messages:
            expect(self._connection, 1)
            self._seen = 0
            return messages
        if len(waiting) >= PEEK_LIMIT or (len(waiting) == self._seen and full(self._connection)):
            # The buffer is full: the rest comes only when we make room.
            expect(self._connection, 1)
            self._seen = 0
            self._spilt = bytearray()
            return self._spill(self._spilt)
        if closed(self._connection):
            raise ConnectionGone
        # Wake us only when the frame is whole, or what has come fills the buffer.
        self._seen = len(waiting)
        expect(self._connection, min(max(needed, self._seen + 1), PEEK_LIMIT))
        return []

    def take(self) -> None:
        """Takes the messages that `peek` returned out of the socket. Raises `ConnectionGone`."""
        if self._spilling is None:
            self._spilt = None
        while self._looked_at and (taken := self._connection.recv(self._looked_at)):
            self._looked_at -= len(taken)
        for ping in self._pings:
            self._say(Opcode.PONG, ping)
        self._pings = []

    def ask(self) -> None:
        """Asks the other side for a sign of life. Raises `ConnectionGone`."""
        self._say(Opcode.PING, b"")

    def _say(self, opcode: Opcode, data: bytes) -> None:
        say(self._connection, Frame(opcode, data).serialize(mask=True))

    def _whole(self, waiting: bytes) -> tuple[list[bytes], int]:
        """The messages that are there to their end, and how many bytes have to be there for one more. Raises
        `ConnectionGone` where nothing comes before what ends the connection."""
        messages: list[bytes] = []
        pings: list[bytes] = []
        begun: bytearray | None = None
        self._looked_at = at = 0
        needed, answered = 1, 0
        try:
            while (head := _head(waiting, at)) is not None:
                start, needed = at + head.size, at + head.size + head.length
                if needed > len(waiting):
                    break
                at = needed
                needed += 1
                if head.opcode in _MESSAGE:
                    begun = bytearray() if begun is None else begun
                    begun += waiting[start:at]
                    if not head.last:
                        continue
                    messages.append(bytes(begun))
                    begun = None
                else:
                    if head.opcode is Opcode.PING:
                        pings.append(waiting[start:at])
                    if begun is not None:
                        continue  # taken out with the message between whose pieces it came
                    messages.append(NO_MESSAGE)
                self._looked_at, answered = at, len(pings)
        except ConnectionGone:
            if not messages:
                raise
        self._pings = pings[:answered]
        return messages, needed

    def _spill(self, spilt: bytearray) -> list[bytes]:
        """Takes a long message out piece by piece; its beginning, if it is beyond all measure. `NO_MESSAGE` stands for
        a piece more, which is a sign of life."""
        expect(self._connection, 1)
        if not self._left:
            head = self._next_head()
            if head is None:
                return []
            self._connection.recv(head.size)
            self._spilling, self._left = head, head.length
        elif (piece := look(self._connection, min(self._left, PEEK_LIMIT))) is None:
            return []
        else:
            self._connection.recv(len(piece))
            self._left -= len(piece)
            spilt += piece[: max(0, FRAME_LIMIT - len(spilt))]
        if self._left or self._spilling is None or not self._spilling.last:
            return [NO_MESSAGE]
        self._spilling = None
        return [bytes(spilt)]

    def _next_head(self) -> _Head | None:
        """The head of the next piece; None if it is not there yet. Deals with what comes between the pieces."""
        while (waiting := look(self._connection, _HEAD + _CONTROL_LIMIT)) is not None:
            head = _head(waiting, 0)
            if head is not None and head.opcode in _MESSAGE:
                return head
            needed = len(waiting) + 1 if head is None else head.size + head.length
            if head is None or len(waiting) < needed:
                if closed(self._connection):
                    raise ConnectionGone
                expect(self._connection, needed)
                return None
            self._connection.recv(needed)
            if head.opcode is Opcode.PING:
                self._say(Opcode.PONG, waiting[head.size : needed])
        return None


def _head(waiting: bytes, at: int) -> _Head | None:
    """The head of the frame that begins there; None if it is not whole yet. Raises `ConnectionGone` for a close, and
    for what no server may send."""
    if len(waiting) < at + 2:
        return None
    first, second = waiting[at], waiting[at + 1]
    size, length = 2, second & 0x7F
    if length > _CONTROL_LIMIT:
        size = 4 if length == 126 else _HEAD
        if len(waiting) < at + size:
            return None
        length = int.from_bytes(waiting[at + 2 : at + size])
    try:
        opcode = Opcode(first & 0x0F)
    except ValueError:
        raise ConnectionGone from None
    control = opcode not in _MESSAGE
    if opcode is Opcode.CLOSE:
        raise ConnectionGone
    if first & 0x70 or second & 0x80 or (control and (length > _CONTROL_LIMIT or not first & 0x80)):
        raise ConnectionGone
    return _Head(opcode, bool(first & 0x80), size, length)
