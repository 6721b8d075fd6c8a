"""The practice page on a real socket, with the stand-in desk behind it, for tests that come from outside."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from bot.channels.practice.page import PracticePage
from bot.channels.practice.phones import PracticePhones
from bot.clock import SystemEntropy
from tests.fakes.echo_desk import EchoDesk

KEY = b"k" * 32
_T = TypeVar("_T")


@dataclass
class PracticeServer:
    """A running page. What touches the phones goes through `on_loop`, since they belong to the server's
    thread."""

    phones: PracticePhones
    page: PracticePage
    desk: EchoDesk
    loop: asyncio.AbstractEventLoop

    @property
    def root(self) -> str:
        return self.page.address.split("/#")[0]

    @property
    def token(self) -> str:
        return self.page.address.split("/#")[1]

    def on_loop(self, do: Callable[[], _T]) -> _T:
        async def call() -> _T:
            return do()

        return asyncio.run_coroutine_threadsafe(call(), self.loop).result(timeout=10)


@contextmanager
def practice_server(
    folder: Path, next_due: Callable[[], datetime | None] = lambda: None
) -> Iterator[PracticeServer]:
    phones = PracticePhones(folder / "phones", KEY, SystemEntropy(), lineage="practice")
    page = PracticePage(phones, SystemEntropy(), next_due=next_due)
    desk = EchoDesk(phones)
    loop = asyncio.new_event_loop()
    jobs: list[asyncio.Task[None]] = []
    begun = threading.Event()

    async def live() -> None:
        jobs.extend((asyncio.ensure_future(page.serve()), asyncio.ensure_future(desk.run())))
        begun.set()
        await asyncio.gather(*jobs, return_exceptions=True)

    thread = threading.Thread(target=loop.run_until_complete, args=(live(),))
    thread.start()
    begun.wait(timeout=10)
    try:
        yield PracticeServer(phones, page, desk, loop)
    finally:
        for job in jobs:
            loop.call_soon_threadsafe(job.cancel)
        thread.join(timeout=20)
        loop.close()
        phones.close()
