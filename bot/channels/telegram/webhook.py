"""The alternative to polling: Telegram calls us.

A call is looked at in this order, and the first thing that is wrong ends it: path and method, the secret (compared in
constant time, before a byte of the body is read), the size, the form. 200 is answered when the update is stored; else
503 with a time, since without one Telegram doubles its waits up to minutes.

Telegram calls for one chat one after the other, so one person's messages stay in order. For the same reason an update
that cannot be read is stored as the bytes it came in, for the turn to put into quarantine: refused, it would be called
with again and again, and what the person wrote after it would wait for a day.

Whoever opens connections and says nothing keeps nobody out: when there are too many, the one that has been idle for
longest goes.

Whoever is called does not notice that no call gets through: a proxy that is down, a certificate that has run out. So
Telegram is asked every minute how its calls go.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import socket
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from telegram import Bot
from telegram.error import TelegramError
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.channels.port import Accept
from bot.channels.telegram.health import Health, TelegramHealth
from bot.channels.telegram.parse import ALLOWED_UPDATES
from bot.channels.telegram.receive import RETRY_SECONDS, failure_of, frame_of, unreadable_frame
from bot.channels.telegram.settings import WebhookSettings

log = structlog.get_logger(__name__)

BODY_BYTES = 1_000_000
"""An update with the longest text, its formatting and a quoted message is far below."""
BODY_SECONDS = 10.0
LOOK_SECONDS = 60.0
MOST_CONNECTIONS = 256


class Webhook:
    """Receives by being called."""

    def __init__(
        self,
        bot: Bot,
        settings: WebhookSettings,
        health: Health,
        *,
        on_stored: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self._bot = bot
        self._settings = settings
        self._health = health
        self._on_stored = on_stored
        self._last_error: datetime | None = None

    async def run(self, accept: Accept) -> None:
        """Serves until cancelled. Raises `OSError` when the address cannot be listened on."""
        self._health.turn(TelegramHealth.STARTING)
        listening = socket.create_server((self._settings.listen, self._settings.port), backlog=256)
        server = _Server(
            uvicorn.Config(
                self._app(accept),
                access_log=False,
                log_config=None,
                log_level="critical",
                server_header=False,
                lifespan="off",
                timeout_keep_alive=30,
                timeout_graceful_shutdown=3,
                limit_concurrency=MOST_CONNECTIONS,
                http=_Door,
            )
        )
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        looking: asyncio.Task[None] | None = None
        try:
            await self._register()
            looking = asyncio.create_task(self._keep_looking())
            await serving
        finally:
            if looking is not None:
                looking.cancel()
            server.should_exit = True
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(serving)
            listening.close()

    async def _register(self) -> None:
        failures = 0
        while True:
            try:
                await self._bot.set_webhook(
                    self._settings.url,
                    secret_token=self._settings.secret,
                    allowed_updates=ALLOWED_UPDATES,
                    drop_pending_updates=False,
                )
            except TelegramError as error:
                failure = failure_of(error)
                self._health.turn(failure.state)
                own = RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)]
                failures += 1
                await asyncio.sleep(max(failure.wait, own))
            else:
                self._health.turn(TelegramHealth.RECEIVING)
                return

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - it must outlive whatever it looks at
                log.error("telegram.webhook_look_failed", error=type(error).__name__)

    async def look(self) -> None:
        """Asks how the calls go: when something waits and a call has failed since the last look, none gets through.
        That is so until nothing waits, or a call comes; Telegram tries again after minutes only."""
        try:
            told = await self._bot.get_webhook_info()
        except TelegramError as error:
            self._health.turn(failure_of(error).state)
            return
        if told.url != self._settings.url:
            log.error("telegram.webhook_taken_away")
            self._health.turn(TelegramHealth.CONFLICT)
            await self._register()
            return
        failed = told.last_error_date is not None and told.last_error_date != self._last_error
        self._last_error = told.last_error_date
        if not told.pending_update_count:
            self._health.turn(TelegramHealth.RECEIVING)
        elif failed and self._health.state is not TelegramHealth.STORE_DOWN:
            self._health.turn(TelegramHealth.UNREACHABLE)

    def _app(self, accept: Accept) -> Starlette:
        secret = self._settings.secret.encode()

        async def receive(request: Request) -> Response:
            told = request.headers.get("x-telegram-bot-api-secret-token", "").encode()
            if not hmac.compare_digest(told, secret):
                log.warning("telegram.webhook_secret_wrong")
                return Response(status_code=403)
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    body = await _body(request)
            except (ClientDisconnect, TimeoutError):
                return Response(status_code=400)
            if body is None:
                log.warning("telegram.webhook_too_large")
                return Response(status_code=413)
            try:
                update = json.loads(body)
                frame = frame_of(update, int(update["update_id"]))
            except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
                unread = unreadable_frame(body)
                if unread is None:
                    log.warning("telegram.webhook_no_update")
                    return Response(status_code=400)
                update, frame = {}, unread
            try:
                await accept(frame.inbound)
            except Exception as error:  # noqa: BLE001 - whatever the store raises, Telegram has to keep the update
                log.error("telegram.not_stored", error=type(error).__name__)
                self._health.turn(TelegramHealth.STORE_DOWN)
                return Response(status_code=503, headers={"Retry-After": "1"})
            self._health.turn(TelegramHealth.RECEIVING)
            self._on_stored(update)
            return Response(status_code=200)

        path = urlsplit(self._settings.url).path or "/"
        return Starlette(routes=[Route(path, receive, methods=["POST"])])


async def _body(request: Request) -> bytes | None:
    """The body; None when it is, or says it is, too large."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > BODY_BYTES:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES:
            return None
    return bytes(body)


class _Door(H11Protocol):
    """A connection. uvicorn counts idle ones too, answers 503 when there are too many, and never closes one that has
    not asked anything."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.since = self.loop.time()
        if len(self.connections) >= MOST_CONNECTIONS:
            doors = [one for one in self.connections if isinstance(one, _Door) and one is not self]
            idle = [one for one in doors if one.is_idle]
            if idle:
                oldest = min(idle, key=lambda one: one.since)
                self.connections.discard(oldest)
                oldest.transport.abort()

    @property
    def is_idle(self) -> bool:
        """Whether nothing that was asked here waits for its answer."""
        cycle: Any = self.cycle
        return cycle is None or bool(cycle.response_complete)


class _Server(uvicorn.Server):
    """Leaves the signals of the process to whoever started it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
