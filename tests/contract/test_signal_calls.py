"""Calls to signal-cli's socket: which line is the answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

import pytest

from bot.channels.signal.daemon import DaemonAway, DaemonRefused, ask_daemon, call_daemon
from tests.fakes.signal_daemon import message

RECEIVED = {"jsonrpc": "2.0", "method": "receive", "params": message("SOS")}


def called(*lines: Mapping[str, object] | bytes) -> object:
    """What a call makes of what signal-cli writes after it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = json.loads(await reader.readline())
        for line in lines:
            said = line if isinstance(line, bytes) else json.dumps(line).encode()
            writer.write(said.replace(b'"ours"', json.dumps(asked["id"]).encode()) + b"\n")
        await writer.drain()
        writer.close()

    async def ask() -> object:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            return await call_daemon(server.sockets[0].getsockname()[:2], "version")

    return asyncio.run(ask())


def test_the_answer_is_the_one_to_this_call_whatever_comes_before_it() -> None:
    other = {"jsonrpc": "2.0", "id": "another", "result": {"version": "other"}}
    ours = {"jsonrpc": "2.0", "id": "ours", "result": {"version": "0.13.19"}}
    # A stranger's words may look like an answer.
    talked = {**RECEIVED, "id": "call", "result": "x", "error": {"message": "x"}}
    assert called(RECEIVED, talked, other, [1], ours) == {"version": "0.13.19"}  # type: ignore[arg-type]


@pytest.mark.parametrize("number", ["ours", None])
def test_an_error_is_ours_with_our_id_or_without_any(number: str | None) -> None:
    with pytest.raises(DaemonRefused):
        called(RECEIVED, {"jsonrpc": "2.0", "id": number, "error": {"code": -1, "message": "no"}})


@pytest.mark.parametrize("end", [b"", b"not JSON"])
def test_nothing_but_messages_is_no_answer(end: bytes) -> None:
    with pytest.raises(DaemonAway):
        called(RECEIVED, end)


def test_a_daemon_that_is_not_there_is_away() -> None:
    assert asyncio.run(ask_daemon(("127.0.0.1", 1))) is None
