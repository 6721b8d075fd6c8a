"""The token and what people write stay out of every log and every exception, at any level."""

from __future__ import annotations

import asyncio
import io
import logging
import traceback

import pytest
import structlog

from alerts.events import Attachment
from bot.channels.port import FetchFailed
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.parse import ALLOWED_UPDATES
from bot.channels.telegram.wire import silence
from tests.contract.bench_telegram import TelegramBench, number_of, settings_for
from tests.contract.channel_suite import Inbox, receiving, send
from tests.fakes.telegram_server import TOKEN, telegram

MARKERS = (
    TOKEN,
    TOKEN.partition(":")[2],
    "marker-text-9c4e",
    "marker-name-77b1",
    "marker-file-d0d0",
    str(number_of("sami")),
)


@pytest.fixture
def everything_logged() -> io.StringIO:
    """All that any logger of the process says, from DEBUG up, with tracebacks."""
    return io.StringIO()


def test_nothing_readable_is_logged_or_raised(everything_logged: io.StringIO) -> None:
    handler = logging.StreamHandler(everything_logged)
    root = logging.getLogger()
    level, before = root.level, list(root.handlers)
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    for name in ("httpx", "httpcore", "telegram", "telegram.Bot", "httpcore.http11"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    silence()
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(everything_logged),
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        cache_logger_on_first_use=False,
    )
    try:
        raised = asyncio.run(_troubled_day())
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        structlog.reset_defaults()
    logged = everything_logged.getvalue()
    assert "telegram.receiving" in logged, "our own lines are there"
    for marker in MARKERS:
        assert marker not in logged
        assert marker not in raised


async def _troubled_day() -> str:
    """Everything that can go wrong, with markers in every field; returns all that was raised."""
    raised = []
    with telegram() as server:
        server.do("allow", kinds=ALLOWED_UPDATES)
        bench = TelegramBench(server)
        channel = TelegramChannel(settings_for(server))
        inbox = Inbox(channel)
        refused = iter([True, True])
        inbox.refuse = lambda raw: next(refused, False)
        sami = number_of("sami")
        server.do("name", who=sami, first_name="marker-name-77b1")
        async with receiving(channel, inbox.accept):
            server.do(
                "raw",
                update={"message": {"text": "marker-text-9c4e", "from": 5, "chat": [], "entities": "?"}},
            )
            bench.text("sami", "marker-text-9c4e")
            await inbox.get(1)
            for fault in (
                {"status": 401, "description": "Unauthorized"},
                {"status": 400, "description": "Bad Request: marker-text-9c4e"},
                {"status": 502, "description": "marker-text-9c4e"},
                {"body": "marker-text-9c4e"},
                {"body": '{"ok":true,"result":"marker-text-9c4e"}'},
                {},
            ):
                for method in (
                    "getUpdates",
                    "sendMessage",
                    "getFile",
                    "answerCallbackQuery",
                    "deleteMessage",
                ):
                    server.do("fail", method=method, **fault)
                await send(bench, channel, "sami", "marker-text-9c4e", choices=("marker-text-9c4e",))
                await send(bench, channel, "sami", delete_ref=f"{sami}:101")
                raised.append(await _fetch_fails(channel))
                server.do("mend")
            server.do("down")
            await send(bench, channel, "sami", "marker-text-9c4e")
            raised.append(await _fetch_fails(channel))
            server.do("up")
            bench.text("sami", "again")
            await inbox.get(2)
        await channel.close()
        raised.append(_values_of(channel))
    return "\n".join(raised)


async def _fetch_fails(channel: TelegramChannel) -> str:
    try:
        async for _ in channel.fetch(Attachment(MARKERS[4], "x/y", None), 100):
            pass
    except FetchFailed:
        return traceback.format_exc()
    raise AssertionError("the file is not there")


def _values_of(channel: TelegramChannel) -> str:
    """What a traceback that shows values would show."""
    held = [vars(channel)]
    held += [vars(part) for part in vars(channel).values() if hasattr(part, "__dict__")]
    return repr(held)
