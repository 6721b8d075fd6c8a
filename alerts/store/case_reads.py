"""Reading cases: what is open, what was said, what went out about them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from alerts.cases import Case, CaseStatus, Message, StoredFile
from alerts.events import OutboundKind
from alerts.ids import from_micros
from alerts.outbox import OUT, Outgoing, SendState
from alerts.rounds import WITHOUT_RECEIPTS, Sending
from alerts.sealing import Unsealable
from alerts.store import tables
from alerts.store.loading import CHUNK
from alerts.store.people_reads import CROWD_OF_DESK, PeopleReads
from alerts.store.prepared import prepared
from alerts.store.shapes import (
    CASES,
    FILES,
    MESSAGES,
    OUTBOX,
)

UNCLOSED = tables.cases.c.status != CaseStatus.CLOSED.value
"""Made once: making a condition costs more than looking up what is read already."""

_c, _m, _o = tables.cases.c, tables.messages.c, tables.outbox.c
_REFERENCE = prepared(select(_c.ref).where(_c.id == bindparam("id")))
_TAKEN = prepared(select(_c.ref).where(_c.ref.in_(bindparam("refs", expanding=True))))
_CROWD_HEADS = prepared(
    select(_c.id).where(_c.desk == bindparam("desk"), tables.CROWD).order_by(_c.id).limit(bindparam("limit"))
)
_NAMED = prepared(
    select(tables.cases).where(_c.desk == bindparam("desk"), _c.ref.in_(bindparam("refs", expanding=True)))
)
_BOARD = prepared(
    select(tables.cases)
    .where(_c.desk == bindparam("desk"), tables.UNCLOSED)
    .order_by(_c.urgency, _c.verified.desc(), _c.opened_at, _c.id)
    .limit(bindparam("limit"))
)
_IN_HAND = prepared(
    select(tables.cases)
    .where(
        _c.desk == bindparam("desk"), tables.UNCLOSED, _c.taken_by.in_(bindparam("takers", expanding=True))
    )
    .order_by(_c.urgency, _c.opened_at, _c.id)
)
_SAID = prepared(
    select(tables.messages).where(_m.blind == bindparam("blind")).order_by(_m.at.desc()).limit(1)
)
_ALL_SAID = prepared(select(tables.messages).where(_m.blind == bindparam("blind")).limit(20))
_THREAD = prepared(
    select(tables.messages)
    .where(_m.case_id == bindparam("case"))
    .order_by(_m.at.desc(), _m.id.desc())
    .limit(bindparam("limit"))
)
_SENT_AS = prepared(select(tables.outbox).where(_o.blind == bindparam("blind")).order_by(_o.id.desc()))
_LATEST_MENU = prepared(
    select(tables.outbox)
    .where(_o.address_id == bindparam("address"), tables.MENU, _o.state.in_([s.value for s in OUT]))
    .order_by(_o.sent_at.desc(), _o.id.desc())
    .limit(1)
)
_GROUP = prepared(select(tables.outbox).where(_o.group_id == bindparam("group")))
_LAST_RELAYED = prepared(
    select(_o.case_id, _o.sent_at)
    .where(
        _o.case_id == bindparam("case"),
        _o.kind == OutboundKind.RELAY.value,
        _o.state.in_([s.value for s in OUT]),
        _o.person_id == bindparam("person"),
    )
    .order_by(_o.sent_at.desc())
    .limit(1)
)
_LAST_WRITTEN = prepared(
    select(_m.at)
    .where(
        _m.case_id == bindparam("case"),
        _m.author_id == bindparam("person"),
        _m.kind != "system",
    )
    .order_by(_m.at.desc())
    .limit(1)
)
_OF_ROUNDS = prepared(
    select(_o.round_id, _o.person_id, _o.channel, _o.state, _o.sent_at, _o.created_at).where(
        _o.round_id.in_(bindparam("rounds", expanding=True))
    )
)
_ALERTS = prepared(
    select(tables.outbox).where(
        _o.round_id == bindparam("round"),
        _o.round_id.is_not(None),
        _o.person_id == bindparam("person"),
        _o.kind == OutboundKind.CONTACT_ALERT.value,
    )
)
_SENT_TO = prepared(
    select(tables.outbox)
    .where(_o.address_id == bindparam("address"), _o.blind.is_not(None), _o.sent_at >= bindparam("since"))
    .order_by(_o.sent_at.desc())
    .limit(bindparam("limit"))
)


class CaseReads(PeopleReads):
    """Reads of cases, messages and the outbox."""

    def case(self, case_id: str) -> Case | None:
        """One case."""
        return self._one(CASES, case_id)

    def case_that_opens(self, case_id: str) -> Case | None:
        """One case; None as well when it cannot be opened."""
        with contextlib.suppress(Unsealable):
            return self.case(case_id)
        return None

    def is_shut(self, case_id: str) -> bool:
        """Whether it is a case that cannot be opened."""
        return self.case_that_opens(case_id) is None and bool(self.reference_of(case_id))

    def cases(self, ids: Iterable[str]) -> None:
        """Reads many cases ahead."""
        self._many(CASES, ids)

    def open_cases_of(self, person_id: str) -> tuple[Case, ...]:
        """A person's cases that are not closed, the most urgent and oldest first."""
        if ("cases_of", person_id) not in self._sets:
            self.open_cases_of_many([person_id])
        return self._members(
            "cases_of", person_id, CASES, lambda c: c.is_open, lambda c: (c.urgency, c.opened_at)
        )

    def open_cases_of_many(self, person_ids: Iterable[str]) -> None:
        """Reads many people's open cases ahead."""
        self._sets_of("cases_of", CASES, tables.cases.c.person_id, person_ids, UNCLOSED)

    def cases_named(self, desk: str, refs: Iterable[str]) -> tuple[Case, ...]:
        """Cases by their references."""
        wanted = list(dict.fromkeys(refs))[:20]
        if not wanted:
            return ()
        found = self._find(CASES, _NAMED, desk=desk, refs=wanted)
        return tuple(sorted(found, key=lambda c: wanted.index(c.ref)))

    def unclosed_cases(self, desk: str, limit: int) -> tuple[Case, ...]:
        """The desk's cases that are not closed: urgent ones first, then verified ones, then old ones."""
        return tuple(self._find_openable(CASES, _BOARD, desk=desk, limit=limit))

    def cases_in_hand(self, desk: str, takers: Iterable[str]) -> tuple[Case, ...]:
        """The desk's cases that are not closed and that one of these has."""
        wanted = list(takers)[:CHUNK]
        return tuple(self._find_openable(CASES, _IN_HAND, desk=desk, takers=wanted)) if wanted else ()

    def unclosed_so_far(self, desk: str, limit: int) -> tuple[Case, ...]:
        """As `unclosed_cases`, with those that this transaction has opened and not written yet."""
        noted = (e for (table, _), e in self._dirty.items() if table == "cases")
        found = {case.id: case for case in (*self.unclosed_cases(desk, limit), *noted)}
        return tuple(case for case in found.values() if case.desk == desk and case.is_open)

    def all_cases(self, desk: str) -> tuple[Case, ...]:
        """Every case of a desk, oldest first. For rehearsals; a real desk has too many."""
        every = prepared(select(tables.cases).where(_c.desk == desk).order_by(_c.opened_at, _c.id))
        return tuple(self._find(CASES, every))

    def undelivered(self) -> int:
        """How many things were said of which no copy arrived: refused, still waiting, or taken by a channel with
        receipts that gave none."""
        t = tables.outbox
        query = select(t.c.group_id, t.c.state, t.c.channel).where(t.c.kind != "")
        reached: dict[str, bool] = {}
        for group, state, channel in self.connection.execute(query):
            fine = state in ("delivered", "read", "stale", "held")
            fine = fine or (state == "sent" and channel in WITHOUT_RECEIPTS)
            reached[group] = reached.get(group, False) or fine
        return sum(not fine for fine in reached.values())

    def reference_of(self, case_id: str) -> str:
        """A case's reference, read without opening the case; empty when there is none."""
        row = _REFERENCE.first(self.connection, id=case_id)
        return row.ref if row is not None else ""

    def free_references(self, candidates: tuple[str, ...]) -> list[str]:
        """The candidates that no case has."""
        used = set(_TAKEN.scalars(self.connection, refs=list(candidates)))
        used |= {e.ref for (table, _), e in self._dirty.items() if table == "cases"}
        return [c for c in candidates if c not in used]

    def crowd(self, desk: str) -> tuple[int, str | None]:
        """How many untaken unverified P1 cases a desk has, and the oldest of them: the one whose climb is the list's.

        Read once a transaction, and kept up with what it puts: a burst of alarms must not read them all for each.
        """
        known = self._crowds.get(desk)
        if known is None:
            row = CROWD_OF_DESK.rows(self.connection, desk=desk)[0]
            known = self._crowds[desk] = (row.size, row.head)
        if known[0] and known[1] is None:
            known = self._crowds[desk] = (known[0], self._crowd_head(desk))
        return known

    def _crowd_head(self, desk: str) -> str | None:
        put = [e for (table, _), e in self._dirty.items() if table == "cases" and e.desk == desk]
        stored = _CROWD_HEADS.scalars(self.connection, desk=desk, limit=len(put) + 1)
        changed = {case.id for case in put}
        left = [i for i in stored if i not in changed] + [case.id for case in put if in_crowd(case)]
        return min(left, default=None)

    def _count_crowd(self, case: Case, before: Case | None) -> None:
        """Keeps up with a case that is put."""
        if case.desk not in self._crowds:
            return
        size, head = self._crowds[case.desk]
        was, is_now = before is not None and in_crowd(before), in_crowd(case)
        if is_now and not was:
            known = case.id if size == 0 else min(head, case.id) if head is not None else None
            self._crowds[case.desk] = (size + 1, known)
        elif was and not is_now:
            # The next oldest is looked for when somebody asks.
            self._crowds[case.desk] = (size - 1, None if head == case.id else head)

    def message_at(self, channel: str, ref: str) -> Message | None:
        """The stored message with a channel's reference."""
        found = self._find(MESSAGES, _SAID, blind=self.vault.message(channel, ref))
        return found[0] if found else None

    def messages_at(self, channel: str, ref: str) -> tuple[Message, ...]:
        """Everything that is stored of the message with a channel's reference: its words, its files, its edits."""
        return tuple(self._find(MESSAGES, _ALL_SAID, blind=self.vault.message(channel, ref)))

    def messages_of(self, case_id: str, limit: int) -> tuple[Message, ...]:
        """The newest messages of a case, oldest first."""
        return tuple(reversed(self._find_openable(MESSAGES, _THREAD, case=case_id, limit=limit)))

    def file(self, file_id: str) -> StoredFile | None:
        """One attachment."""
        return self._one(FILES, file_id)

    def message(self, message_id: str) -> Message | None:
        """One message."""
        return self._one(MESSAGES, message_id)

    # ----------------------------------------------------------------------------------------------------- outbox

    def outgoing(self, outgoing_id: str) -> Outgoing | None:
        """One outbox row."""
        return self._one(OUTBOX, outgoing_id)

    def adopt_outgoings(self, rows: Sequence[Any]) -> list[Outgoing]:
        """Outbox rows that a query has just found, opened. Raises `alerts.sealing.Unsealable`."""
        return self._entities(OUTBOX, rows)

    def outgoings(self, ids: Iterable[str]) -> None:
        """Reads many outbox rows ahead."""
        self._many(OUTBOX, ids)

    def outgoings_at(self, channel: str, ref: str) -> tuple[Outgoing, ...]:
        """Every outbox row that went out in the message with this reference: several when pages were bundled."""
        return tuple(self._find(OUTBOX, _SENT_AS, blind=self.vault.message(channel, ref)))

    def latest_menu(self, address_id: str) -> Outgoing | None:
        """The latest message with choices that went out to an address."""
        found = self._find_openable(OUTBOX, _LATEST_MENU, address=address_id)
        return found[0] if found else None

    def last_relayed(self, person_id: str, case_ids: Iterable[str]) -> tuple[str, datetime] | None:
        """On which of these cases somebody was last shown what another wrote, and when; None for fewer than two."""
        wanted = list(case_ids)
        if len(wanted) < 2:
            return None
        rows = (_LAST_RELAYED.first(self.connection, case=one, person=person_id) for one in wanted)
        last = max((row for row in rows if row is not None), key=lambda row: int(row.sent_at), default=None)
        return (last.case_id, from_micros(last.sent_at)) if last is not None else None

    def last_written(self, cases: Iterable[Case]) -> dict[str, datetime]:
        """By case: when whom it is about last wrote on it; without those who have not. What the system noted of their
        silence is none of their words."""
        rows = ((c.id, _LAST_WRITTEN.first(self.connection, case=c.id, person=c.person_id)) for c in cases)
        return {case_id: from_micros(row.at) for case_id, row in rows if row is not None}

    def group(self, group_id: str) -> tuple[Outgoing, ...]:
        """Every copy and fallback of one thing said."""
        return tuple(self._find(OUTBOX, _GROUP, group=group_id))

    def sends_of_round(self, round_id: str, person_id: str) -> tuple[Sending, ...]:
        """Everything sent to the defender for a round."""
        self.sends_of_rounds([round_id])
        return tuple(sending for person, sending in self._sends[round_id] if person == person_id)

    def sends_of_rounds(self, round_ids: Iterable[str]) -> None:
        """Reads ahead what was sent for many rounds. Nothing is opened for it."""
        wanted = sorted({i for i in round_ids if i not in self._sends})
        for start in range(0, len(wanted), CHUNK):
            part = wanted[start : start + CHUNK]
            self._sends.update((i, []) for i in part)
            for row in _OF_ROUNDS.rows(self.connection, rounds=part):
                at = from_micros(row.sent_at) if row.sent_at is not None else None
                sending = Sending(row.channel, SendState(row.state), at, from_micros(row.created_at))
                self._sends[row.round_id].append((row.person_id, sending))

    def alerts_of_round(self, round_id: str, person_id: str) -> tuple[Outgoing, ...]:
        """What a trusted contact was to be told because of a round."""
        return tuple(self._find(OUTBOX, _ALERTS, round=round_id, person=person_id))

    def sent_to(self, address_id: str, since_micros: int, limit: int) -> tuple[Outgoing, ...]:
        """What went out to an address since an instant, newest first: for `clear`."""
        return tuple(self._find(OUTBOX, _SENT_TO, address=address_id, since=since_micros, limit=limit))


def in_crowd(case: Case) -> bool:
    """As `tables.CROWD`: an untaken unverified P1 case that is no drill."""
    return case.status is CaseStatus.OPEN and case.urgency == 1 and not case.verified and not case.drill
