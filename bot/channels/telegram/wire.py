"""HTTP to Telegram: clients with bounds, and the libraries' own logging put to silence.

Every address of the Bot API holds the token, and python-telegram-bot and httpx log addresses and texts. Nothing of them
is let into our logs at any level; what has to be known is logged by us, as codes.
"""

from __future__ import annotations

import json
import logging
import operator
import socket
from collections.abc import Sequence

import httpx
from telegram import Bot
from telegram.error import TelegramError
from telegram.request import BaseRequest, HTTPXRequest, RequestData

from bot.channels.telegram.settings import TelegramSettings

_LOUD = ("httpx", "httpcore", "telegram")

_DEFAULT = BaseRequest.DEFAULT_NONE

CONNECT_SECONDS = 4.0
READ_SECONDS = 10.0
SEND_SECONDS = 30.0
"""Upper bound of one call, uploads apart, however slowly its bytes drip."""
UPLOAD_SECONDS = 180.0


def silence() -> None:
    """Keeps httpx, httpcore and telegram out of every log. Safe to call again, as after a logging set-up."""
    for name in _LOUD:
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False
        # Their children may have levels of their own; they still end here.
        logger.handlers[:] = [logging.NullHandler()]


class QuietBot(Bot):
    """The library's own `repr` of a bot shows the token, and tracebacks with values show reprs."""

    def __repr__(self) -> str:
        return "Bot[]"


class RateLimited(TelegramError):
    """Telegram answered 429: nothing before `seconds` have passed."""

    def __init__(self, seconds: float) -> None:
        super().__init__("Too Many Requests")
        self.seconds = seconds


class SendRequest(HTTPXRequest):
    """Looks at answers before the library does.

    python-telegram-bot turns the whole answer to a send into objects. If one day it does not know some part, a message
    that was delivered would look like a failure and be sent again, and again: the answer is cut down to what we use.
    """

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = _DEFAULT,
        write_timeout: object = _DEFAULT,
        connect_timeout: object = _DEFAULT,
        pool_timeout: object = _DEFAULT,
    ) -> tuple[int, bytes]:
        code, payload = await super().do_request(
            url,
            method,
            request_data,
            read_timeout,  # type: ignore[arg-type] # the type behind DEFAULT_NONE is private to the library
            write_timeout,  # type: ignore[arg-type]
            connect_timeout,  # type: ignore[arg-type]
            pool_timeout,  # type: ignore[arg-type]
        )
        if code == 429:
            raise RateLimited(retry_after(payload))
        return code, _checked(url.rpartition("/")[2], payload) if 200 <= code <= 299 else payload


def _checked(method: str, payload: bytes) -> bytes:
    """The part of a good answer that we use. Raises `TelegramError` without the answer's words when it is not there."""
    try:
        result = json.loads(payload)["result"]
        if method.startswith("send"):
            result = {
                "message_id": operator.index(result["message_id"]),
                "date": 0,
                "chat": {"id": 0, "type": "private"},
            }
        elif method == "getFile":
            result = {
                "file_id": "",
                "file_unique_id": "",
                "file_path": "" + result["file_path"],
                "file_size": operator.index(result["file_size"]) if "file_size" in result else None,
            }
    except (ValueError, KeyError, TypeError, RecursionError):
        raise TelegramError("unreadable answer") from None
    return json.dumps({"ok": True, "result": result}).encode()


def retry_after(payload: bytes) -> float:
    """Seconds that an answer with status 429 tells to wait; 3 when it does not tell."""
    try:
        return max(0.0, float(json.loads(payload)["parameters"]["retry_after"]))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return 3.0


def send_request(settings: TelegramSettings) -> HTTPXRequest:
    """For everything but receiving: a pool of its own, so that a storm of sends never keeps us from asking."""
    return SendRequest(
        connection_pool_size=32,
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        write_timeout=READ_SECONDS,
        media_write_timeout=60.0,
        pool_timeout=3.0,
        proxy=settings.proxy,
        httpx_kwargs={"trust_env": False},
    )


def poll_request(settings: TelegramSettings) -> HTTPXRequest:
    """For receiving."""
    return HTTPXRequest(
        connection_pool_size=4,
        connect_timeout=CONNECT_SECONDS,
        read_timeout=settings.poll_timeout + 5.0,
        write_timeout=5.0,
        pool_timeout=3.0,
        proxy=settings.proxy,
        socket_options=_keepalive(),
        httpx_kwargs={"trust_env": False},
    )


def file_client(settings: TelegramSettings) -> httpx.AsyncClient:
    """For downloads, which python-telegram-bot would read whole into memory."""
    return httpx.AsyncClient(
        proxy=settings.proxy,
        trust_env=False,
        timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        limits=httpx.Limits(max_connections=8),
    )


def _keepalive() -> Sequence[tuple[int, int, int]]:
    """A peer that vanished without a word is noticed in about 6 s, where the system can do that."""
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    for name, value in (("TCP_KEEPIDLE", 2), ("TCP_KEEPINTVL", 2), ("TCP_KEEPCNT", 2)):
        if hasattr(socket, name):
            options.append((socket.IPPROTO_TCP, getattr(socket, name), value))
    return options
