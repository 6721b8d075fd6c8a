"""Which of the messages that wait for one chat go out as one, and what that one says. Nothing is dropped.

1. Pages for unverified cases, once there are more than a few: the message names every case. A verified one always goes
   alone.
2. Notices that may concern many people at once.
3. What one person writes faster than a chat may be written to: one by one it would keep the pages of less urgent cases
   from whoever reads it, for as long as it takes to write it.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta

from alerts.events import OutboundKind
from alerts.outbox import UNASKED, Outgoing, SendState
from alerts.sealing import Unsealable
from alerts.store import queues
from alerts.store.work import Work
from handlers.localtime import shown
from handlers.rules import Rules

BUNDLE_ABOVE = 3
"""More messages than this waiting for one chat become one."""
BUNDLE_SIZE = 40
NOTICES = 400
BUNDLED = {UNASKED: "notice.checkin_unsent_bundle"}
"""Notices that may concern many people at once -> what stands above them in one message."""
LATE = timedelta(minutes=10)
"""Words that reach a defender later than this after they were written say when that was; so does what tells the desk
that our channels were down."""
RELAYS = 150
RELAYED_LENGTH = 3500
"""Characters of relayed words in one message: what one message of either platform holds."""
SHUT = (Unsealable, ValueError, TypeError, KeyError)
"""What a row that cannot be opened raises. Its neighbours go without it; it is found out when its own turn comes."""
MAYBE_SENT = "maybe_sent"
"""The reason of what may have gone out. So may what was tried and has no reason: nobody lived to note its answer."""


def may_repeat(row: Outgoing) -> bool:
    """Whether a message that waits may have gone out: at an earlier try, or as the same words by another channel."""
    return row.reason == MAYBE_SENT or (row.attempts > 0 and row.reason == "")


def is_verified(work: Work, row: Outgoing) -> bool:
    """Whether a message is about the case of somebody verified, or about none."""
    case = work.case(row.case_id) if row.case_id else None
    return case is None or case.verified


def bundle(work: Work, row: Outgoing, all_waiting: list[Outgoing] | None, now: datetime) -> list[Outgoing]:
    """The message together with the others that wait for the same chat and go with it; in their order, it first."""
    if row.kind is OutboundKind.NOTICE and row.question in BUNDLED:
        return _alike(work, row)
    if row.kind is OutboundKind.RELAY and _joins(row):
        return _relayed(work, row, now)
    if row.kind is not OutboundKind.PAGE or is_verified(work, row):
        return [row]
    if all_waiting is not None:
        to_chat = [r for r in all_waiting if r.address_id == row.address_id]
        found = [r for r in to_chat if r.kind is OutboundKind.PAGE][:BUNDLE_SIZE]
    else:
        found = queued(work, queues.pages_to(work.connection, row.channel, row.address_id, BUNDLE_SIZE))
    others = [r for r in found if r.id != row.id and _alike_told(r, row) and _is_strangers(work, r)]
    return [row, *others] if len(others) >= BUNDLE_ABOVE else [row]


def opened(work: Work, ids: list[str]) -> list[Outgoing]:
    """Those of these rows that can be opened."""
    with contextlib.suppress(*SHUT):
        work.outgoings(ids)
    found = []
    for one in ids:
        with contextlib.suppress(*SHUT):
            found.append(work.outgoing(one))
    return [row for row in found if row is not None]


def queued(work: Work, ids: list[str]) -> list[Outgoing]:
    """Those of these rows that wait and can be opened, and that no other node is about to hand over."""
    return _still_queued(opened(work, queues.claimed(work.connection, ids)))


def _still_queued(rows: list[Outgoing]) -> list[Outgoing]:
    return [row for row in rows if row.state is SendState.QUEUED]


def _is_strangers(work: Work, row: Outgoing) -> bool:
    try:
        return not is_verified(work, row)
    except SHUT:
        return False


def _alike_told(one: Outgoing, other: Outgoing) -> bool:
    """Whether both or neither may be a repeat: one note above them says so of all."""
    return may_repeat(one) == may_repeat(other)


def _alike(work: Work, row: Outgoing) -> list[Outgoing]:
    """A notice together with the others that tell the same reader the same of other people."""
    found = queued(work, queues.notices_to(work.connection, row.channel, row.address_id, NOTICES))
    alike, length = [row], len(row.entry)
    for other in found:
        if other.id != row.id and other.question == row.question and _alike_told(other, row):
            length += len(other.entry) + 1
            if length > RELAYED_LENGTH:
                break
            alike.append(other)
    return alike


def _joins(row: Outgoing) -> bool:
    """Whether a relayed message may stand among others: what goes to the desk, and is nothing but words and a place.
    An officer's words to a defender go alone, since they can be taken back one by one."""
    alone = row.file_id or row.delete_ref or row.quote_ref or row.choices
    return row.defender_id is not None and not alone


def _relayed(work: Work, row: Outgoing, now: datetime) -> list[Outgoing]:
    behind = queues.conversation(work.connection, row, RELAYS, after=row.id)
    # None behind one that has to wait: nothing overtakes.
    ready = itertools.takewhile(lambda place: not place.sending and place.ready_at <= now, behind)
    ids = [place.id for place in ready]
    if len(ids) < BUNDLE_ABOVE:
        return [row]
    # Whoever holds the first of a conversation holds all of it: other nodes do not look behind it.
    return [row, *_that_fit(row, _still_queued(opened(work, ids)))]


def _that_fit(row: Outgoing, following: list[Outgoing]) -> Iterator[Outgoing]:
    """Those that fit into one message; none behind one that does not, so that nothing overtakes."""
    length = len(row.text)
    for other in following:
        length += len(other.text) + 1
        if length > RELAYED_LENGTH or not _joins(other) or not _alike_told(other, row):
            return
        yield other


def words(work: Work, rules: Rules, rows: list[Outgoing], now: datetime) -> str:
    """What the one message says."""
    row = rows[0]
    text = row.text
    notes = [next((r.repeat_note for r in rows if r.repeat_note and may_repeat(r)), "")]
    notes.append(_says_when(work, rules, row, now))
    if row.kind is OutboundKind.RELAY:
        text = "\n".join(r.text for r in rows)
    elif len(rows) > 1:
        person = work.person(row.person_id)
        title = rules.words.say(
            (person.language if person else "") or rules.language,
            BUNDLED.get(row.question, "page.bundle"),
            count=len(rows),
        )
        text = "\n".join([title, *dict.fromkeys(r.entry or r.line or r.text for r in rows)])
    return "\n".join(part for part in (*notes, text) if part)


def _says_when(work: Work, rules: Rules, row: Outgoing, now: datetime) -> str:
    """When an officer's words to a defender were written, if that is a while ago: "I am with you in ten minutes" must
    not be read an hour later as if it were said now. Nor must "our channel is not working" once it works again."""
    case = work.case(row.case_id) if row.kind is OutboundKind.RELAY and row.case_id else None
    to_defender = case is not None and row.person_id == case.person_id and not row.delete_ref
    if not to_defender and row.question != UNASKED:
        return ""
    # What goes by another channel instead is no younger for it.
    written = min([row.created_at, *(r.created_at for r in work.group(row.group_id))])
    person = work.person(row.person_id)
    if person is None or now - written < LATE:
        return ""
    language = person.language if rules.words.speaks(person.language) else rules.language
    at = shown(written, now, person.zone or rules.zone, language)
    return rules.words.say(
        language, "relay.written" if to_defender else "notice.checkin_unsent_late", time=at
    )
