"""With a proxy set, nothing goes to Telegram but through it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from alerts.events import RetryAt, Sent
from bot.channels.telegram.channel import TelegramChannel
from tests.contract.bench_telegram import TelegramBench, number_of, settings_for
from tests.contract.channel_suite import Inbox, receiving, send
from tests.fakes.loopback_http import LoopbackServer, Request, Response
from tests.fakes.telegram_server import telegram


@asynccontextmanager
async def proxy(passed: list[str]) -> AsyncIterator[str]:
    """A forwarding proxy; `passed` tells the method of each call, without its address."""
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:

        async def forward(request: Request) -> Response:
            passed.append(request.target.partition("?")[0].rpartition("/")[2])
            kind = {"content-type": request.headers.get("content-type", "text/plain")}
            answer = await client.request(request.method, request.target, content=request.body, headers=kind)
            return Response(answer.status_code, answer.content)

        server = LoopbackServer(forward)
        await server.start()
        try:
            yield f"http://127.0.0.1:{server.port}"
        finally:
            await server.stop()


def test_polls_sends_and_downloads_go_through_the_proxy() -> None:
    async def whole() -> None:
        passed: list[str] = []
        with telegram() as server:
            bench = TelegramBench(server)
            async with proxy(passed) as address:
                channel = TelegramChannel(settings_for(server, proxy=address))
                inbox = Inbox(channel)
                async with receiving(channel, inbox.accept):
                    content = base64.b64encode(b"OggS-and-more").decode()
                    file_id = server.do("media", who=number_of("sami"), kind="voice", content=content)[
                        "file_id"
                    ]
                    (event,) = await inbox.get(1)
                    assert isinstance(await send(bench, channel, "sami", "hello"), Sent)
                    fetched = [part async for part in channel.fetch(event.attachments[0], 1000)]
                    assert b"".join(fetched) == b"OggS-and-more"
                await channel.close()
            assert {"getUpdates", "sendMessage", "getFile", file_id} <= set(passed)
            assert len(server.do("calls")) == len(passed) - 1, "all but the download is a call of the API"

    asyncio.run(whole())


@pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h"])
def test_a_proxy_that_is_not_there_is_never_gone_around(scheme: str) -> None:
    async def whole() -> None:
        with telegram() as server:
            bench = TelegramBench(server)
            # Port 1 of loopback is nobody's.
            channel = TelegramChannel(settings_for(server, proxy=f"{scheme}://user:word@127.0.0.1:1"))
            outcome = await send(bench, channel, "sami", "hello")
            assert isinstance(outcome, RetryAt)
            assert outcome.whole_channel
            assert not outcome.ambiguous
            await channel.close()
            assert server.do("calls") == []

    asyncio.run(whole())
