"""The pretend platforms behind the port that Signal and Telegram have, so that delivery and turns cannot
tell them apart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import structlog

from alerts.events import Attachment, Inbound, Outbound, OutboundFile, Outcome, Refusal, Refused, RetryAt
from bot.channels.port import Accept, FetchFailed
from bot.channels.pretend import PretendNetwork
from bot.channels.pretend_frames import parse

LARGEST_FILE = 25 * 1024 * 1024
"""Bytes a pretend phone takes. It keeps what it gets in memory."""

_CHUNK = 64 * 1024
_RETRY = (0.05, 0.2, 1.0, 3.0)
"""Seconds before a frame whose `accept` raised is offered again, the last one for ever."""

_log = structlog.get_logger(__name__)


class PretendChannel:
    """One of the pretend platforms, "signal" or "telegram"."""

    def __init__(self, name: str, network: PretendNetwork) -> None:
        self._name = name
        self._network = network

    @property
    def name(self) -> str:
        return self._name

    def parse(self, raw: bytes) -> Inbound:
        return parse(self._name, raw)

    async def run(self, accept: Accept) -> None:
        """Hands frames over in their order until cancelled. A frame that is refused holds the later ones
        back, as an offset does."""
        wake = asyncio.Event()
        loop = asyncio.get_running_loop()

        def ring() -> None:
            loop.call_soon_threadsafe(wake.set)

        self._network.on_pending.append(ring)
        failures = 0
        try:
            while True:
                wake.clear()
                for raw in self._network.pending(self._name):
                    try:
                        await accept(raw)
                        self._network.handed(raw)
                    except Exception as error:  # noqa: BLE001  # the port: any failure means "offer it again"
                        _log.warning("frame_not_stored", channel=self._name, error=type(error).__name__)
                        failures += 1
                        break
                    failures = 0
                if failures:
                    await asyncio.sleep(_RETRY[min(failures, len(_RETRY)) - 1])
                elif not self._network.pending(self._name):
                    await wake.wait()
        finally:
            self._network.on_pending.remove(ring)

    async def send(self, outbound: Outbound) -> Outcome:
        data = b""
        if outbound.file is not None:
            if outbound.file.size > LARGEST_FILE:
                return Refused(Refusal.TOO_LARGE)
            data = await asyncio.to_thread(_read, outbound.file)
        try:
            return self._network.deliver(outbound, data)
        except OSError as error:
            _log.warning("pretend_phone_not_written", channel=self._name, error=type(error).__name__)
            return RetryAt(1.0, "server_error", whole_channel=True)

    async def fetch(self, attachment: Attachment, limit: int) -> AsyncIterator[bytes]:
        file = self._network.world.files.get(attachment.remote_id)
        if file is None:
            raise FetchFailed("the file is not on the phone any more", gone=True)
        if len(file.data) > limit:
            raise FetchFailed("the file is larger than allowed", gone=True)
        for start in range(0, len(file.data), _CHUNK):
            yield file.data[start : start + _CHUNK]

    async def close(self) -> None:
        """Nothing is open."""


def _read(file: OutboundFile) -> bytes:
    return b"".join(file.open())
