"""Attachments: asked for by id, streamed, counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import quote

import httpx
from telegram import Bot
from telegram.error import BadRequest, TelegramError

from alerts.events import Attachment
from bot.channels.port import FetchFailed
from bot.channels.telegram.wire import SEND_SECONDS

DOWNLOAD_BYTES = 20_000_000
"""A bot's downloads, https://core.telegram.org/bots/api#getfile."""
DOWNLOAD_SECONDS = 300.0
CHUNK_BYTES = 65536


async def fetch(
    bot: Bot, client: httpx.AsyncClient, attachment: Attachment, limit: int
) -> AsyncIterator[bytes]:
    """Streams the file in chunks of at most 64 KiB.

    Raises `FetchFailed`: `gone` when the file is too large or Telegram does not know it, else another try may do.
    """
    if attachment.size is not None and attachment.size > limit:
        raise FetchFailed("too_large", gone=True)
    try:
        async with asyncio.timeout(SEND_SECONDS):
            told = await bot.get_file(attachment.remote_id)
    except BadRequest as error:
        raise FetchFailed(
            "too_large" if "too big" in error.message.lower() else "unknown_file", gone=True
        ) from None
    except (TelegramError, TimeoutError):
        raise FetchFailed("not_told_where") from None
    if told.file_size is not None and told.file_size > limit:
        raise FetchFailed("too_large", gone=True)
    if not told.file_path or not told.file_path.startswith(bot.base_file_url + "/"):
        # A Bot API server of one's own in local mode names a path on its own disk.
        raise FetchFailed("not_served", gone=True)
    url = f"{bot.base_file_url}/{quote(told.file_path.removeprefix(bot.base_file_url + '/'))}"
    count = 0
    ends = asyncio.get_running_loop().time() + DOWNLOAD_SECONDS
    try:
        async with client.stream("GET", url) as answer:
            if answer.status_code != httpx.codes.OK:
                raise FetchFailed(f"status_{answer.status_code}")
            async for chunk in answer.aiter_raw(CHUNK_BYTES):
                count += len(chunk)
                if count > limit:
                    raise FetchFailed("too_large", gone=True)
                if asyncio.get_running_loop().time() > ends:
                    raise FetchFailed("too_slow")
                yield chunk
    except (httpx.HTTPError, OSError):
        raise FetchFailed("broken_off") from None
    if told.file_size is not None and count != told.file_size:
        raise FetchFailed("incomplete")
