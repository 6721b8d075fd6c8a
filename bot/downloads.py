"""Fetching attachments, beside everything else: an alarm never waits for a file, and a file never blocks another.

A file that was announced is a row before its message's turn has ended, so a crash at any instant only means that it is
fetched again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import structlog

from alerts.cases import StoredFile
from alerts.events import LONG_TEXT, Attachment, OutboundFile
from alerts.facts import Fetched, Poisoned
from alerts.store import files
from alerts.store.work import Work
from bot.channels.port import Channel, FetchFailed
from bot.engine import Engine
from bot.runtime import Runtime

log = structlog.get_logger("watchline")

LIMIT_BYTES = 25 * 1024 * 1024
"""The largest file that is kept. Telegram lets bots fetch 20 MB; Signal carries up to 100 MB."""
AT_ONCE = 2
SMALL_BYTES = 256 * 1024
MANY = 500
"""Files that are looked through for small texts while the others have to wait for room."""
LOOKED_THROUGH = 100
"""The same while there is room."""
LOOK_SECONDS = 1.0
FETCH_SECONDS = 600.0


class Downloads:
    """Fetches what is wanted, a few files at a time."""

    def __init__(
        self,
        engine: Engine,
        runtime: Runtime,
        channels: Mapping[str, Channel],
        scarce: Callable[[], bool] = lambda: False,
    ) -> None:
        """`scarce` tells whether the room that is left is for messages alone."""
        self._scarce = scarce
        self._waits = False
        self._engine = engine
        self._runtime = runtime
        self._channels = channels
        self._busy: set[str] = set()

    async def run(self) -> None:
        """Looks for wanted files until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                for file in await self._look():
                    # The rest of a long message may be an alarm: it does not wait for files that take long.
                    most = AT_ONCE + 1 if is_small_text(file) else AT_ONCE
                    if file.id not in self._busy and len(self._busy) < most:
                        self._busy.add(file.id)
                        group.create_task(self._fetch(file))
                await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> list[StoredFile]:
        try:
            return await asyncio.to_thread(self.wanted)
        except Exception as error:  # noqa: BLE001  # a store that is away comes back, and the files are still wanted then
            log.warning("downloads_not_read", error=type(error).__name__)
            return []

    def wanted(self) -> list[StoredFile]:
        """What is to be fetched now. Of what does not open the desk is told."""
        waits, self._waits = self._waits, self._scarce()
        if self._waits and not waits:
            log.error("files_wait_for_room")
        now = self._engine.clock.now()
        with self._engine.store.reading() as work:
            found, shut = files.looked_through(work, now, MANY if self._waits else LOOKED_THROUGH)
        if self._waits:
            found = list(filter(is_small_text, found))
        for file in shut:
            tell_shut(self._engine, file)
        return found

    async def _fetch(self, file: StoredFile) -> None:
        channel = self._channels.get(file.channel)
        try:
            data = await asyncio.wait_for(self._read(channel, file), FETCH_SECONDS)
            await self._runtime.call(lambda: self._store(file, data))
            await self._discard(channel, file)
        except FetchFailed as error:
            log.warning("fetch_failed", file=file.id, gone=error.gone)
            await self._note_failure(file, gone=error.gone)
        except Exception as error:  # noqa: BLE001  # whatever a channel raises, the file is tried again later
            log.warning("fetch_failed", file=file.id, error=type(error).__name__)
            await self._note_failure(file, gone=False)
        finally:
            self._busy.discard(file.id)

    async def _note_failure(self, file: StoredFile, *, gone: bool) -> None:
        try:
            await self._runtime.call(lambda: self._failed(file, gone=gone))
        except Exception as error:  # noqa: BLE001  # it is still wanted, so that the next look finds it
            log.warning("fetch_failure_not_noted", file=file.id, error=type(error).__name__)

    @staticmethod
    async def _read(channel: Channel | None, file: StoredFile) -> list[bytes]:
        if channel is None:
            raise FetchFailed("no such channel", gone=True)
        wanted = Attachment(file.remote_id, file.content_type, file.size, file.name, file.voice)
        return [piece async for piece in channel.fetch(wanted, LIMIT_BYTES)]

    @staticmethod
    async def _discard(channel: Channel | None, file: StoredFile) -> None:
        """A gateway that keeps its own unsealed copy is asked to delete it, now that ours is committed."""
        discard = getattr(channel, "discard", None)
        if discard is not None:
            await discard(Attachment(file.remote_id, file.content_type, file.size, file.name, file.voice))

    def _store(self, file: StoredFile, data: list[bytes]) -> None:
        # One commit for the content and for passing it on: a crash in between must not keep it from the desk.
        self._happened(file, lambda work: files.store_chunks(work, file, data))

    def _failed(self, file: StoredFile, *, gone: bool) -> None:
        engine, now = self._engine, self._engine.clock.now()
        try:
            self._happened(file, lambda work: files.failed(work, file, now, gone=gone))
        except Exception as error:
            if engine.store.is_away(error):
                raise
            # Its case or its sender does not open: fetched again and again it would keep the others waiting.
            with engine.store.reading() as work:
                about = work.reference_of(file.case_id) if file.case_id else ""
            tell_shut(engine, files.Shut(file.id, about or file.id))

    def _happened(self, file: StoredFile, note: Callable[[Work], object]) -> None:
        """Notes it, and has what follows from it; unless another node has stored the file meanwhile."""

        def noted(work: Work) -> bool:
            stored = files.is_stored(work, file.id)
            if not stored:
                note(work)
            return not stored

        self._engine.happened(Fetched(file.id), noted)

    def open_file(self, file_id: str) -> OutboundFile | None:
        """A stored file for sending on; None when it is not there."""
        return stored(self._engine, file_id)


def is_small_text(file: StoredFile) -> bool:
    """Whether it is the rest of a long message, and small."""
    return file.content_type == LONG_TEXT and (file.size or 0) <= SMALL_BYTES


def tell_shut(engine: Engine, file: files.Shut) -> None:
    """Tells the desk, once a day, of a file that cannot be opened any more."""
    now = engine.clock.now()
    log.error("file_does_not_open", file=file.id)
    engine.happened(
        Poisoned("", "", "", stuck=file.about, file=True), lambda work: files.look_again(work, file.id, now)
    )


def stored(engine: Engine, file_id: str) -> OutboundFile | None:
    """A stored file for sending on; None when it is not there."""
    with engine.store.reading() as work:
        file = work.file(file_id)
    if file is None or file.state != "stored":
        return None
    store = engine.store
    return OutboundFile(
        file.name or "file",
        file.content_type,
        file.size or 0,
        lambda: files.read(store, file),
        file.voice,
    )
