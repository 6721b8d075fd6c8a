"""A socket looked at without taking anything out of it.

What the system holds in a socket's buffer outlives the process that reads it, as long as some process holds the socket.
"""

from __future__ import annotations

import array
import fcntl
import select
import socket
import termios

PEEK_LIMIT = 32 * 1024
"""Bytes of a frame that can wait in the socket's buffer; Signal's own limit for a text is 2,000."""
FRAME_LIMIT = 8 * 2**20
"""Bytes of the largest frame that is stored whole. Of a larger one the beginning is stored, which no parser
understands, so that it reaches quarantine and a person instead of nobody."""


class ConnectionGone(Exception):
    """The other side closed the connection, or does not answer any more."""


def look(connection: socket.socket, limit: int) -> bytes | None:
    """What has come, left where it is; None if that is nothing. Raises `ConnectionGone`."""
    try:
        waiting = connection.recv(limit, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return None
    except OSError:
        raise ConnectionGone from None
    if not waiting:
        raise ConnectionGone
    return waiting


def expect(connection: socket.socket, count: int) -> None:
    """From now on only so many bytes together make the socket readable."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, count)


def waiting(connection: socket.socket) -> int:
    """How many bytes lie in it that nobody took out. Raises OSError."""
    found = array.array("i", [0])
    fcntl.ioctl(connection.fileno(), termios.FIONREAD, found)
    return found[0]


def closed(connection: socket.socket) -> bool:
    """Whether the other side will send no more."""
    return bool(_polled(connection, select.POLLRDHUP))


def full(connection: socket.socket) -> bool:
    """Whether it is readable though there is less than was expected: no more has room until some is taken out."""
    return bool(_polled(connection, select.POLLIN))


def _polled(connection: socket.socket, what: int) -> int:
    poll = select.poll()
    poll.register(connection, what)
    return sum(event & what for _, event in poll.poll(0))


def say(connection: socket.socket, data: bytes) -> None:
    """Sends without waiting. Raises `ConnectionGone`, also when the other side takes nothing any more."""
    try:
        sent = connection.send(data, socket.MSG_DONTWAIT)
    except OSError:
        raise ConnectionGone from None
    if sent < len(data):
        raise ConnectionGone
