"""Files that people sent on Signal: the gateway has them on its disk, a second signal-cli on its own."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator

from alerts.events import Attachment
from bot.channels.port import FetchFailed
from bot.channels.signal.daemon import ANSWER_LIMIT, DaemonAway, DaemonRefused, call_daemon
from bot.channels.signal.gateway import Gateway, GatewayAway, GatewayRefused
from bot.channels.signal.settings import SignalSettings


class Files:
    """Fetching and deleting them."""

    def __init__(self, settings: SignalSettings, gateway: Gateway) -> None:
        self._settings = settings
        self._gateway = gateway

    async def fetch(self, attachment: Attachment, limit: int) -> AsyncIterator[bytes]:
        """Streams an attachment. Raises `FetchFailed`, also when fewer bytes came than were announced: a failed
        download is an empty file and no error."""
        if attachment.size is not None and attachment.size > limit:
            raise FetchFailed("too large", gone=True)
        if not attachment.remote_id:
            raise FetchFailed("no reference", gone=True)
        begun = False
        try:
            async for chunk in self._stream(attachment, limit):
                begun = True
                yield chunk
        except FetchFailed as failure:
            addresses = self._settings.daemon_addresses()[1:]
            if begun or not addresses:
                raise
            yield await self._from_second(addresses[0], attachment, limit, failure)

    async def _from_second(
        self, address: tuple[str, int], attachment: Attachment, limit: int, failure: FetchFailed
    ) -> bytes:
        """The linked signal-cli's copy: the message may have come through it while the other was down."""
        try:
            answer = await call_daemon(
                address,
                "getAttachment",
                seconds=self._settings.file_timeout,
                limit=2 * limit + ANSWER_LIMIT,
                account=self._settings.account,
                id=attachment.remote_id,
            )
        except DaemonRefused:
            raise failure from None
        except DaemonAway:
            raise FetchFailed("unreachable") from None
        encoded = answer.get("data") if isinstance(answer, dict) else None
        try:
            data = base64.b64decode(encoded, validate=True) if isinstance(encoded, str) else b""
        except ValueError:
            raise failure from None
        if not data or len(data) > limit or attachment.size not in (None, len(data)):
            raise failure
        return data

    async def _stream(self, attachment: Attachment, limit: int) -> AsyncIterator[bytes]:
        total = 0
        try:
            stream = self._gateway.attachment(attachment.remote_id, pause=self._settings.file_timeout)
            async for chunk in stream:
                total += len(chunk)
                if total > limit:
                    await stream.aclose()  # type: ignore[attr-defined]
                    raise FetchFailed("too large", gone=True)
                yield chunk
        except GatewayAway as away:
            raise FetchFailed(away.reason) from None
        except GatewayRefused as refused:
            raise FetchFailed(f"status {refused.status}", gone=refused.status == 404) from None
        if total == 0 and attachment.size != 0:
            raise FetchFailed("empty", gone=True)
        if attachment.size is not None and total != attachment.size:
            raise FetchFailed("size differs")

    async def discard(self, attachment: Attachment) -> bool:
        """Deletes the gateway's own, unsealed copy. To be called when ours is committed. False: it is still there."""
        try:
            await self._gateway.delete_attachment(attachment.remote_id)
        except GatewayRefused as refused:
            return refused.status == 404
        except GatewayAway:
            return False
        return True
