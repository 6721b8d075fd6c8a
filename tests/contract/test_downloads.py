"""Each node fetches what is wanted, and two may fetch the same file: it is stored, and passed on, once. What cannot be
noted is not fetched for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from alerts.events import Attachment
from alerts.store import files, tables
from bot.downloads import Downloads
from bot.engine import Engine
from bot.runtime import Runtime
from tests.contract.desks import Desk, frame, say

PATIENCE = 20.0
PICTURE = {"id": "p1", "content_type": "image/jpeg", "size": 3, "name": "x"}


def said(desk: Desk, kind: str) -> int:
    with desk.store.reading() as work:
        rows = select(func.count()).select_from(tables.outbox).where(tables.outbox.c.kind == kind)
        return int(work.connection.execute(rows).scalar_one())


@pytest.mark.parametrize("fails", [False, True])
def test_what_another_node_has_stored_is_neither_passed_on_again_nor_lost(
    nodes: tuple[Desk, Engine], fails: bool
) -> None:
    first, second = nodes
    one, other = (Downloads(e, Runtime(e, {}), {}) for e in (first.engine, second))
    say(first, frame("sami", text="SOS"), frame("sami", "file", files=[PICTURE]))
    (file,) = one.wanted()
    assert other.wanted() == [file]
    one._store(file, [b"abc"])
    passed = said(first, "relay")
    if fails:  # the gateway's copy was deleted once it was stored
        other._failed(file, gone=True)
    else:
        other._store(file, [b"abc"])
    assert said(first, "relay") == passed
    with first.store.reading() as work:
        stored = work.file(file.id)
    assert stored is not None
    assert stored.state == "stored"
    assert b"".join(files.read(first.store, stored)) == b"abc"


class Giving:
    """A channel that has every file."""

    name = "signal"

    async def fetch(self, _attachment: Attachment, _limit: int) -> AsyncIterator[bytes]:
        yield b"abc"


def test_a_file_of_a_case_that_does_not_open_is_not_fetched_for_ever(desk: Desk) -> None:
    say(desk, frame("sami", text="SOS"), frame("sami", "file", files=[PICTURE]))
    with desk.store.writing() as work:
        work.connection.execute(tables.cases.update().values(sealed=b"\1" * 60))
    told = said(desk, "notice")
    runtime = Runtime(desk.engine, {})
    downloads = Downloads(desk.engine, runtime, {"signal": Giving()})  # type: ignore[dict-item]

    async def go() -> None:
        runtime.start(asyncio.get_running_loop())
        for _ in range(len(files.RETRY) + 1):
            for file in downloads.wanted():
                await asyncio.wait_for(downloads._fetch(file), PATIENCE)
            desk.clock.advance(timedelta(hours=1))
        await asyncio.to_thread(runtime.stop)

    asyncio.run(go())
    assert downloads.wanted() == []
    assert said(desk, "notice") > told, "and the desk hears of it"
