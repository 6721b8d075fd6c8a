"""One large file after another must not fill the disk that the next alarm has to be stored on, nor keep the rest of a
long message waiting: it may be an alarm."""

from __future__ import annotations

import asyncio
import shutil
from collections import namedtuple
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from alerts.events import LONG_TEXT, Attachment
from bot import room
from bot.channels.pretend_frames import to_raw
from bot.channels.pretend_phones import account
from bot.downloads import Downloads
from bot.runtime import Runtime
from tests.contract.test_laws import drained
from tests.stories.chat import Chat, chat

PATIENCE = 10.0
Usage = namedtuple("Usage", "total used free")


def sends(it: Chat, number: int, *files: tuple[str, int]) -> None:
    """A message of nour's with files of these kinds and sizes."""
    listed = [
        {"id": f"{number}-{place}", "content_type": kind, "size": size, "name": "x"}
        for place, (kind, size) in enumerate(files)
    ]
    frame = {
        "n": number,
        "from": account("nour", "signal"),
        "kind": "file",
        "ref": f"m{number}",
        "files": listed,
    }
    it.stage.engine.accept([to_raw("signal", frame)])
    drained(it.stage.engine)


def test_while_room_is_scarce_files_wait_and_the_rest_of_a_long_text_does_not(database: str) -> None:
    scarce = True
    with chat("nour", database=database, restarts=False) as it:
        engine = it.stage.engine
        downloads = Downloads(engine, Runtime(engine, {}), {}, lambda: scarce)
        for number in range(10):
            sends(it, 10 + number, ("video/mp4", 25_000_000))
        sends(it, 30, (LONG_TEXT, 9_000), (LONG_TEXT, 20_000_000))
        assert [file.size for file in downloads.wanted()] == [9_000]
        scarce = False
        assert next(file.size for file in downloads.wanted()) == 25_000_000


class Dripping:
    """A channel whose large files take for ever."""

    name = "signal"

    def __init__(self) -> None:
        self.text_asked = asyncio.Event()

    async def fetch(self, attachment: Attachment, _: int) -> AsyncIterator[bytes]:
        if attachment.content_type == LONG_TEXT:
            self.text_asked.set()
        await asyncio.Event().wait()
        yield b""


def test_files_that_take_long_do_not_keep_the_rest_of_a_long_text_waiting() -> None:
    with chat("nour", restarts=False) as it:
        engine = it.stage.engine
        for number in range(10):
            sends(it, 10 + number, ("video/mp4", 25_000_000))
        sends(it, 30, (LONG_TEXT, 9_000))

        async def go() -> None:
            channel = Dripping()
            downloads = Downloads(engine, Runtime(engine, {}), {"signal": channel})  # type: ignore[dict-item]
            running = asyncio.ensure_future(downloads.run())
            try:
                await asyncio.wait_for(channel.text_asked.wait(), PATIENCE)
            finally:
                running.cancel()
                await asyncio.wait([running])

        asyncio.run(go())


@pytest.mark.parametrize(("free", "scarce"), [(room.FLOOR - 1, True), (room.FLOOR, False)])
def test_room_is_that_beside_the_database(
    free: int, scarce: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Path] = []

    def usage(folder: Path) -> Usage:
        looked.append(folder)
        return Usage(0, 0, free)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    assert room.is_scarce(f"sqlite:///{tmp_path}/desk.db")() is scarce
    assert looked == [tmp_path]
    assert not room.is_scarce("postgresql://localhost/desk")()
