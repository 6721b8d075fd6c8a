"""The port's five members for Telegram."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import structlog
from telegram.error import TelegramError

from alerts.events import Attachment, Inbound, Outbound, Outcome
from bot.channels.port import Accept
from bot.channels.telegram.fetch import DOWNLOAD_BYTES, fetch
from bot.channels.telegram.health import Health, TelegramHealth
from bot.channels.telegram.parse import CHANNEL, parse
from bot.channels.telegram.receive import Poller
from bot.channels.telegram.send import Sender
from bot.channels.telegram.settings import TelegramSettings
from bot.channels.telegram.webhook import Webhook
from bot.channels.telegram.wire import QuietBot, file_client, poll_request, send_request, silence

log = structlog.get_logger(__name__)

_COURTESIES = 64
_COURTESY_SECONDS = 5.0


class TelegramChannel:
    """One bot account. To be made and used inside one event loop."""

    def __init__(self, settings: TelegramSettings) -> None:
        silence()
        self._settings = settings
        self._send_request = send_request(settings)
        self._poll_request = poll_request(settings)
        self._files = file_client(settings)
        self._bot = QuietBot(
            settings.token,
            base_url=settings.base_url,
            base_file_url=settings.base_file_url,
            request=self._send_request,
            get_updates_request=self._poll_request,
        )
        self._sender = Sender(self._bot, protect=settings.protect_content)
        self._health = Health()
        self._courtesies: set[asyncio.Task[None]] = set()
        self._caught_up = asyncio.Event()
        self._webhook = (
            Webhook(self._bot, settings.webhook, self._health, on_stored=self._on_stored)
            if settings.webhook is not None
            else None
        )

    @property
    def name(self) -> str:
        return CHANNEL

    @property
    def health(self) -> TelegramHealth:
        """How receiving goes."""
        return self._health.state

    def parse(self, raw: bytes) -> Inbound:
        return parse(raw)

    async def caught_up(self) -> None:
        """Returns when the first backlog is read. Telegram calls a webhook when it likes: nothing is known of it."""
        if self._webhook is None:
            await self._caught_up.wait()

    async def run(self, accept: Accept) -> None:
        try:
            if self._webhook is not None:
                await self._webhook.run(accept)
            else:
                poller = Poller(
                    self._bot,
                    self._poll_request,
                    self._health,
                    poll_timeout=self._settings.poll_timeout,
                    on_stored=self._on_stored,
                )
                poller.caught_up = self._caught_up
                await poller.run(accept)
        finally:
            self._health.turn(TelegramHealth.STOPPED)

    async def send(self, outbound: Outbound) -> Outcome:
        return await self._sender.send(outbound)

    def fetch(self, attachment: Attachment, limit: int) -> AsyncIterator[bytes]:
        return fetch(self._bot, self._files, attachment, min(limit, DOWNLOAD_BYTES))

    async def close(self) -> None:
        for task in self._courtesies:
            task.cancel()
        await asyncio.gather(*self._courtesies, return_exceptions=True)
        await self._send_request.shutdown()
        await self._poll_request.shutdown()
        await self._files.aclose()

    def _on_stored(self, update: Mapping[str, Any]) -> None:
        """Ends the little clock on a pressed button. Only now: the person must not take it for heard before it is
        stored; and never waited for."""
        query = update.get("callback_query")
        query_id = query.get("id") if isinstance(query, dict) else None
        if isinstance(query_id, str) and len(self._courtesies) < _COURTESIES:
            task = asyncio.create_task(self._answer(query_id))
            self._courtesies.add(task)
            task.add_done_callback(self._courtesies.discard)

    async def _answer(self, query_id: str) -> None:
        try:
            async with asyncio.timeout(_COURTESY_SECONDS):
                await self._bot.answer_callback_query(query_id)
        except (TelegramError, TimeoutError) as error:
            # The clock stops by itself after some seconds; what was pressed is stored.
            log.debug("telegram.press_not_answered", error=type(error).__name__)
