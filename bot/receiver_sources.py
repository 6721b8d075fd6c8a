"""From where a receiver takes the messages: signal-cli's own socket, or the gateway's websocket.

The keeper opens the connection (`Source`), the worker reads it (`Intake`), each in its own process.
"""

from __future__ import annotations

import hashlib
import json
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol
from urllib.parse import quote

import structlog

from bot.socket_lines import Lines
from bot.socket_peek import say

log = structlog.get_logger(__name__)
CONNECT_SECONDS = 3.0
_SUBSCRIBE, _PING, _ACCOUNTS = "subscribe", "ping", "accounts"
_ANSWER_LIMIT = 16 * 1024
"""Bytes of the answer with which a websocket begins."""
_LISTED_LIMIT = 64 * 1024
"""Bytes of the longest list of accounts that is read."""


class Kind(Enum):
    """How the messages come."""

    LINES = "lines"
    """signal-cli's JSON-RPC socket, one JSON object a line, once they are asked for."""
    FRAMES = "frames"
    """The gateway's websocket, from the beginning."""


class SubscriptionRefused(Exception):
    """signal-cli does not hand out the account's messages: it does not know the account (yet)."""


class Intake(Protocol):
    """What has come, looked at before it is taken out."""

    def peek(self) -> list[bytes]:
        """The messages that are there, an empty one for a mere sign of life. Raises `ConnectionGone` and
        `SubscriptionRefused`."""

    def take(self) -> None:
        """Takes what `peek` returned out of the socket."""

    def ask(self) -> None:
        """Asks the other side for a sign of life. Raises `ConnectionGone`."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where messages come from."""

    kind: Kind
    host: str
    port: int
    account: str = field(repr=False)
    linked: bool = False
    """It belongs to a second device of the account, not to the one with whose keys we write."""

    def connect(self) -> socket.socket:
        """A connection. Raises OSError."""
        connection = socket.create_connection((self.host, self.port), CONNECT_SECONDS)
        try:
            self.greet(connection)
            connection.settimeout(None)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        except OSError:
            connection.close()
            raise
        return connection

    def greet(self, connection: socket.socket) -> None:
        """Makes a websocket of a new connection, where it is to be one. Raises OSError."""
        if self.kind is Kind.FRAMES:
            host = f"[{self.host}]" if ":" in self.host else self.host
            _upgrade(connection, f"{host}:{self.port}", self.account)

    def opening(self) -> bytes:
        """What is said once somebody reads, so that messages come; nothing where they come from the beginning."""
        if self.kind is Kind.FRAMES:
            return b""
        return _request(_SUBSCRIBE, "subscribeReceive", account=self.account)

    def hands_out(self) -> bool:
        """Whether signal-cli answers and knows the account, as far as it says; it need not, if it was started for a
        single one. Asked on a connection of its own, on which no messages come. Never raises."""
        try:
            with socket.create_connection((self.host, self.port), CONNECT_SECONDS) as connection:
                connection.sendall(_request(_ACCOUNTS, "listAccounts"))
                answer = _listed(connection)
        except (OSError, ValueError, RecursionError):
            return False
        return "error" in answer or has_number(answer.get("result"), self.account)


def has_number(listed: object, account: str) -> bool:
    """Whether the account is among those that signal-cli's `listAccounts` names."""
    accounts = listed if isinstance(listed, list) else []
    return any(isinstance(entry, dict) and entry.get("number") == account for entry in accounts)


def _listed(connection: socket.socket) -> Mapping[str, object]:
    """The answer to `listAccounts`. What else signal-cli writes is passed over. Raises OSError and ValueError."""
    with connection.makefile("rb") as lines:
        while line := lines.readline(_LISTED_LIMIT):
            answer = json.loads(line)
            if isinstance(answer, dict) and answer.get("id") == _ACCOUNTS:
                return answer
    return {}


def purpose(sources: Sequence[Source]) -> str:
    """One word for all of it, which changes when the settings do. Too short to find a telephone number by it."""
    told = "|".join(f"{one.kind.value} {one.host} {one.port} {one.account}" for one in sources)
    return hashlib.sha256(told.encode()).hexdigest()[:6]


def intake(kind: Kind, connection: socket.socket) -> Intake:
    """How to read a connection."""
    if kind is Kind.FRAMES:
        # Only here, as below: a receiver on signal-cli's own socket is not to hold a library of websockets in memory.
        from bot.socket_frames import Frames

        log.info("receiver.receiving")
        return Frames(connection)
    return _Notifications(connection)


class _Notifications:
    """Lines of signal-cli, and its answers among them."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lines = Lines(connection)

    def peek(self) -> list[bytes]:
        return [b"" if self._is_answer(line) else line for line in self._lines.peek()]

    def take(self) -> None:
        self._lines.take()

    def ask(self) -> None:
        say(self._connection, _request(_PING, "version"))

    def _is_answer(self, line: bytes) -> bool:
        """Whether it answers a request of ours. Everything else is a frame or must be treated as one."""
        answer = _answer(line)
        if answer is not None and answer.get("id") == _SUBSCRIBE:
            if "error" in answer:
                raise SubscriptionRefused
            log.info("receiver.receiving")
        return answer is not None


def _request(name: str, method: str, **params: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": name, "method": method, "params": params}).encode() + b"\n"


def _answer(line: bytes) -> Mapping[str, object] | None:
    if b'"id"' not in line:
        return None
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if isinstance(found, dict) and "method" not in found and found.get("id") in (_SUBSCRIBE, _PING):
        return found
    return None


def _upgrade(connection: socket.socket, host: str, account: str) -> None:
    """Makes a websocket of it. Takes nothing out of the socket that comes after the answer. Raises OSError."""
    from websockets.client import ClientProtocol
    from websockets.exceptions import WebSocketException
    from websockets.protocol import State
    from websockets.uri import parse_uri

    end = time.monotonic() + CONNECT_SECONDS
    try:
        protocol = ClientProtocol(parse_uri(f"ws://{host}/v1/receive/{quote(account, safe='+')}"))
        protocol.send_request(protocol.connect())
        connection.sendall(b"".join(protocol.data_to_send()))
        answer = bytearray()
        while not answer.endswith(b"\r\n\r\n"):
            connection.settimeout(max(0.001, end - time.monotonic()))
            byte = connection.recv(1)
            if not byte or len(answer) > _ANSWER_LIMIT:
                raise ConnectionError("no websocket")
            answer += byte
        protocol.receive_data(bytes(answer))
    except WebSocketException:
        raise ConnectionError("no websocket") from None  # theirs holds the address, with the account in it
    if protocol.state is not State.OPEN:
        raise ConnectionError("no websocket")
