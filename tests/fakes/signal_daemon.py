"""A signal-cli daemon in manual receive mode, as far as its JSON-RPC socket goes.

It keeps what nobody asked for, hands each frame over once, to every subscriber, and does not ask whether it arrived:
what was written to a connection that is gone is lost, as with the real one. Another account is answered as the real one
answers it; what nobody may ask (a second subscription on one connection; taking leave, which loses a message) is noted
in `strange`.
"""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import threading
from typing import Any

ACCOUNT = "+14155550100"
OWN_ID = "5f7b8f1a-2f0b-4a7e-9d57-0f6a3a1c0b01"
ALICE = "0e1d2c3b-4a59-4687-8796-a5b4c3d2e1f0"


def envelope(timestamp: int = 1_800_000_000_000, sender: str = ALICE, **content: Any) -> dict[str, Any]:
    """What signal-cli hands over, in its own order of fields."""
    return {
        "envelope": {
            "source": sender,
            "sourceNumber": None,
            "sourceUuid": sender,
            "sourceName": "Alice",
            "sourceDevice": 1,
            "timestamp": timestamp,
            "serverReceivedTimestamp": timestamp,
            "serverDeliveredTimestamp": 0,
            **content,
        },
        "account": ACCOUNT,
    }


def ours(timestamp: int = 7, **content: Any) -> dict[str, Any]:
    """What another device of our own account did, as the real one tells it."""
    return envelope(timestamp, OWN_ID, **{"source": ACCOUNT, "sourceNumber": ACCOUNT, **content})


def message(text: str | None, timestamp: int = 1_800_000_000_000, **fields: Any) -> dict[str, Any]:
    """A frame with a message in it."""
    data = {"timestamp": timestamp, "message": text, "expiresInSeconds": 0, "viewOnce": False, **fields}
    return envelope(timestamp, dataMessage=data)


class FakeDaemon:
    """Listens on loopback until `close`. `port` stays the same over `die` and `rise`."""

    def __init__(self) -> None:
        self.port = 0
        self.subscriptions = 0
        self.strange: list[str] = []
        """Requests that the real one would not understand."""
        self.holds_ends = False
        """Keep back the end of each line until the next one, as the kernel of the real one does while a line is not
        acknowledged. What was kept back goes out before the next line, or by `push_ends`."""
        self.mute = False
        """Accept connections and answer nothing, like a daemon that hangs."""
        self.accounts = [ACCOUNT]
        self._held: list[bytes] = []
        self._subscribers: dict[socket.socket, int] = {}
        """Connections that asked for the messages, with the number of their subscription."""
        self._unended: set[socket.socket] = set()
        self._lock = threading.RLock()
        self._events: queue.Queue[str] = queue.Queue()
        self._connections: list[socket.socket] = []
        self.rise()

    @property
    def subscribers(self) -> int:
        """Connections on which the messages are handed out now."""
        return len(self._subscribers)

    def rise(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def die(self) -> None:
        """Everything is cut, as by kill -9."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            self._subscribers.clear()
            self._unended.clear()
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._connections.clear()

    close = die

    def push(self, frame: dict[str, Any]) -> None:
        """A message arrives from Signal."""
        self.push_line(json.dumps(frame, ensure_ascii=False).encode("utf-8", "surrogatepass"))

    def push_line(self, result: bytes) -> None:
        with self._lock:
            self._held.append(result)
            self._flush()

    def wait_for(self, event: str) -> None:
        """ "subscribed" or "gone"; AssertionError if it does not come."""
        while True:
            try:
                if self._events.get(timeout=20) == event:
                    return
            except queue.Empty:
                raise AssertionError(f"no {event}") from None

    def _flush(self) -> None:
        while self._subscribers and self._held:
            # All that waited in one go, so that who reads them has them together.
            frames, self._held = self._held, []
            for connection, number in list(self._subscribers.items()):
                line = b'{"jsonrpc":"2.0","method":"receive","params":{"subscription":%d,"result":%s}}'
                try:
                    self._end(connection)
                    connection.sendall(b"\n".join(line % (number, frame) for frame in frames))
                except OSError:
                    del self._subscribers[connection]
                    continue
                self._unended.add(connection)
                if not self.holds_ends:
                    self._end(connection)

    def push_ends(self) -> None:
        """Sends the ends of lines that were kept back."""
        with self._lock:
            for connection in list(self._unended):
                self._end(connection)

    def _end(self, connection: socket.socket) -> None:
        if connection in self._unended:
            self._unended.discard(connection)
            with contextlib.suppress(OSError):
                connection.sendall(b"\n")

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self._connections.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as lines:
            for line in lines:
                if not self.mute:
                    self._answer(connection, json.loads(line))
        with self._lock:
            self._subscribers.pop(connection, None)
            self._unended.discard(connection)
        self._events.put("gone")

    def _answer(self, connection: socket.socket, request: dict[str, Any]) -> None:
        params = request.get("params", {})
        with self._lock:
            answer: dict[str, Any] = {"jsonrpc": "2.0", "id": request["id"]}
            match request["method"]:
                case "version":
                    answer["result"] = {"version": "0.13.19"}
                case "listAccounts":
                    answer["result"] = [{"number": number} for number in self.accounts]
                case "subscribeReceive" if params["account"] not in self.accounts:
                    answer["error"] = {"code": -1, "message": "Specified account does not exist"}
                case "subscribeReceive":
                    if connection in self._subscribers:
                        self.strange.append("two subscriptions")
                    self._subscribers[connection] = self.subscriptions
                    answer["result"] = self.subscriptions
                    self.subscriptions += 1
                case method:
                    self.strange.append(method)
                    answer["error"] = {"code": -32601, "message": "Method not implemented"}
            self._end(connection)
            connection.sendall(json.dumps(answer).encode() + b"\n")
            self._flush()
        if "result" in answer and request["method"] == "subscribeReceive":
            self._events.put("subscribed")
