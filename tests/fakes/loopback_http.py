"""A small HTTP/1.1 server on loopback, so that a fake can do what a framework would not: break off, hang, vanish."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import h11

BODY_LIMIT = 60_000_000


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    send_only: int | None = None
    """Send that many bytes of the body and break off."""


Handler = Callable[[Request], Awaitable[Response | None]]
"""None breaks the connection off without an answer."""


class LoopbackServer:
    """Serves until stopped; may be started again on the same port."""

    def __init__(self, handler: Handler, *, port: int = 0) -> None:
        self._handler = handler
        self.port = port
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", self.port, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Nobody listens any more, and every connection is cut."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in tuple(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._serve(reader, writer)
        except (ConnectionError, h11.RemoteProtocolError):
            pass  # the client went away in the middle, which is what clients do
        except asyncio.CancelledError:
            if self._server is not None:
                raise
        finally:
            self._connections.discard(task)
            if self._server is None:
                writer.transport.abort()
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER)
        while True:
            request = await self._request(connection, reader)
            if request is None:
                return
            response = await self._handler(request)
            if response is None:
                writer.transport.abort()
                return
            headers = {
                "content-type": response.content_type,
                "content-length": str(len(response.body)),
                **response.headers,
            }
            head = h11.Response(status_code=response.status, headers=list(headers.items()))
            writer.write(connection.send(head) or b"")
            if response.send_only is not None:
                writer.write(connection.send(h11.Data(data=response.body[: response.send_only])) or b"")
                await writer.drain()
                return
            writer.write(connection.send(h11.Data(data=response.body)) or b"")
            writer.write(connection.send(h11.EndOfMessage()) or b"")
            await writer.drain()
            if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                return
            connection.start_next_cycle()

    async def _request(self, connection: h11.Connection, reader: asyncio.StreamReader) -> Request | None:
        head: h11.Request | None = None
        body = bytearray()
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                connection.receive_data(await reader.read(262_144))
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > BODY_LIMIT:
                    return None
            elif isinstance(event, h11.EndOfMessage):
                assert head is not None
                headers = {key.decode().lower(): value.decode("latin-1") for key, value in head.headers}
                return Request(head.method.decode(), head.target.decode(), headers, bytes(body))
            else:
                return None
