"""Attachments in the store: wanted, sealed in chunks, read back. Never on the path of an alarm."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update

from alerts.cases import StoredFile
from alerts.ids import micros
from alerts.outbox import Outgoing
from alerts.records import replace
from alerts.sealing import Unsealable
from alerts.store import tables
from alerts.store.shapes import FILES
from alerts.store.store import Store
from alerts.store.work import Work

CHUNK_BYTES = 256 * 1024
PASSED_OVER = 100
"""Wanted files that do not open, at the most, before they keep others waiting."""
SHUT_AGAIN = timedelta(days=1)
"""Until a file that does not open is tried again, and the desk told again."""
RETRY = (timedelta(seconds=2), timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10))
"""Waits between tries of a download; after the last one the file counts as gone."""


@dataclass(frozen=True, slots=True)
class Shut:
    """A file that is wanted and whose record does not open any more, its key being gone."""

    id: str
    about: str
    """The reference of its case; its own id when it has none."""


def wanted(work: Work, now: datetime, limit: int) -> list[StoredFile]:
    """Files to fetch now, the oldest first."""
    return looked_through(work, now, limit)[0]


def looked_through(work: Work, now: datetime, limit: int) -> tuple[list[StoredFile], list[Shut]]:
    """Files to fetch now, the oldest first, and those that do not open any more."""
    t = tables.attachments
    query = (
        select(t)
        .where(t.c.state == "wanted", t.c.ready_at <= micros(now))
        .order_by(t.c.ready_at)
        .limit(limit + PASSED_OVER)
    )
    rows = work.connection.execute(query).all()
    work.vault.load({row.key_id for row in rows})
    found: list[StoredFile] = []
    shut: list[Shut] = []
    for row in rows:
        try:
            found.append(FILES.entity(row, work.vault))
        except Unsealable:
            # It must not keep the others from being fetched: in another of them an alarm may stand.
            shut.append(Shut(row.id, (work.reference_of(row.case_id) if row.case_id else "") or row.id))
    return found[:limit], shut


def look_again(work: Work, file_id: str, now: datetime) -> None:
    """Puts off a file that does not open. It stays, for the day on which its key is back."""
    t = tables.attachments
    work.connection.execute(update(t).where(t.c.id == file_id).values(ready_at=micros(now + SHUT_AGAIN)))


def passed_on(work: Work, channel: str, ref: str) -> tuple[Outgoing, ...]:
    """What was sent on of the message with a channel's reference: its words and its files, to whomever."""
    t = tables.attachments
    said = [message.id for message in work.messages_at(channel, ref)]
    came = work.connection.execute(select(t.c.id).where(t.c.message_id.in_(said))).scalars()
    return tuple(row for group in (*said, *came) for row in work.group(group))


def is_stored(work: Work, file_id: str) -> bool:
    """Whether a file has been stored meanwhile: each node fetches what is wanted. Nobody else changes that until the
    commit."""
    t = tables.attachments
    state = select(t.c.state).where(t.c.id == file_id).with_for_update()
    return work.connection.execute(state).scalar() == "stored"


def store_chunks(work: Work, file: StoredFile, data: Sequence[bytes]) -> StoredFile:
    """Seals the whole content and notes it as stored, in one transaction. `data` are pieces of any size."""
    t = tables.attachment_chunks
    work.connection.execute(delete(t).where(t.c.attachment_id == file.id))
    digest, size = hashlib.sha256(), 0
    pieces = list(_even(data)) or [b""]
    for position, piece in enumerate(pieces):
        digest.update(piece)
        size += len(piece)
        sealed = work.vault.sealer.seal_chunk(
            file.id, position, position == len(pieces) - 1, file.key_id, piece
        )
        work.connection.execute(insert(t).values(attachment_id=file.id, position=position, sealed=sealed))
    stored = replace(file, state="stored", size=size, sha256=digest.hexdigest(), attempts=file.attempts + 1)
    work.put(stored)
    return stored


def _even(data: Sequence[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for piece in data:
        held += piece
        while len(held) >= CHUNK_BYTES:
            yield bytes(held[:CHUNK_BYTES])
            del held[:CHUNK_BYTES]
    if held:
        yield bytes(held)


def failed(work: Work, file: StoredFile, now: datetime, *, gone: bool) -> StoredFile:
    """Notes a failed download: another try later, or gone."""
    if gone or file.attempts >= len(RETRY):
        noted = replace(file, state="gone", attempts=file.attempts + 1)
    else:
        noted = replace(file, attempts=file.attempts + 1, ready_at=now + RETRY[file.attempts])
    work.put(noted)
    return noted


def text_in(work: Work, file: StoredFile) -> str:
    """A file that is a text, read inside a transaction. Raises `alerts.sealing.Unsealable`."""
    t = tables.attachment_chunks
    query = select(t.c.sealed).where(t.c.attachment_id == file.id).order_by(t.c.position)
    sealed = work.connection.execute(query).scalars()
    return b"".join(work.vault.sealer.open_chunks(file.id, file.key_id, sealed)).decode("utf-8", "replace")


def read(store: Store, file: StoredFile) -> Iterator[bytes]:
    """The content, unsealed chunk by chunk. Raises `alerts.sealing.Unsealable`."""
    t = tables.attachment_chunks

    def sealed() -> Iterator[bytes]:
        position = 0
        while True:
            with store.reading() as work:
                query = select(t.c.sealed).where(t.c.attachment_id == file.id, t.c.position == position)
                found = work.connection.execute(query).scalar()
            if found is None:
                return
            yield found
            position += 1

    return store.vault.sealer.open_chunks(file.id, file.key_id, sealed())
