"""One transaction's view of the store: what was read, what is to be written.

Rules:

1. An entity is read once a transaction; later reads give what the transaction made of it. So the turns of one batch
   see each other's work though nothing has been written yet.
2. `put`, `arm` and `disarm` only note. `flush` writes everything, a table at a time, so that a batch of turns costs few
   statements however many turns it has.
3. On PostgreSQL what a writing transaction reads for a decision it locks, people before cases, so that two nodes
   cannot decide about one person at once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, select, update

from alerts.cases import Case
from alerts.checkins import CheckIn, CheckInStatus, Round, RoundStatus
from alerts.deadlines import Deadline, DeadlineKind
from alerts.escalation import CASE_DEADLINES
from alerts.ids import micros
from alerts.outbox import RECEIVED_RANK, Outgoing, SendState
from alerts.people import STAFF, Address, ContactLink, Person, Standing
from alerts.records import replace
from alerts.sealing import Unsealable
from alerts.store import ahead, tables
from alerts.store.case_reads import UNCLOSED, CaseReads
from alerts.store.loading import (
    CHUNK,
    CROWD,
    DEADLINE_COLUMNS,
    DeskCache,
    count_rows,
    deadline_of,
    deadline_row,
    deadline_values,
    upsert_of,
)
from alerts.store.prepared import Prepared, prepared
from alerts.store.shapes import (
    BY_KIND,
    CASES,
    CHECK_INS,
    PEOPLE,
    ROUNDS,
    Shape,
)
from alerts.store.vault import Vault
from alerts.store.wakes import Wake

__all__ = ["CHUNK", "DeskCache", "Work", "count_rows", "deadline_of", "deadline_row"]

GOING_ON = tables.check_ins.c.status != CheckInStatus.ENDED.value

_ABOUT = {
    **dict.fromkeys(CASE_DEADLINES, CASES),
    **dict.fromkeys((DeadlineKind.PROMPT, DeadlineKind.WARN), CHECK_INS),
    DeadlineKind.RUNG: ROUNDS,
}
"""What the subject of a deadline is."""
_SUBJECTS: tuple[Shape[Any], ...] = (CASES, ROUNDS, CHECK_INS)

_d, _r, _o = tables.deadlines.c, tables.rounds.c, tables.outbox.c
_DISARM = prepared(
    delete(tables.deadlines).where(
        _d.kind.in_(bindparam("kinds", expanding=True)),
        _d.subject.in_(bindparam("subjects", expanding=True)),
    )
)
_DEADLINE = prepared(
    select(tables.deadlines).where(_d.kind == bindparam("kind"), _d.subject == bindparam("subject"))
)
_DEADLINE_IF_FREE = Prepared(
    lambda dialect: (
        _DEADLINE.make(dialect).with_for_update(skip_locked=True)  # type: ignore[attr-defined]
        if dialect == "postgresql"
        else _DEADLINE.make(dialect)
    )
)
_RECENT_ROUNDS = prepared(
    select(tables.rounds)
    .where(_r.person_id == bindparam("person"))
    .order_by(_r.asked_at.desc(), _r.id.desc())
    .limit(bindparam("limit"))
)
_OF_CASES = prepared(
    select(tables.rounds)
    .where(_r.case_id.in_(bindparam("cases", expanding=True)))
    .order_by(_r.asked_at, _r.id)
)
_NOT_SAID_RECEIVED = _o.state.in_(bindparam("states", expanding=True))
_RECEIVED = prepared(
    select(_o.id, _o.blind).where(
        _o.blind.in_(bindparam("blinds", expanding=True)),
        _o.blind.is_not(None),
        _o.channel == bindparam("channel"),
        _o.address_id == bindparam("address"),
        _NOT_SAID_RECEIVED,
    )
)
_NOTE_RECEIVED = prepared(
    update(tables.outbox)
    .where(_o.id.in_(bindparam("ids", expanding=True)), _NOT_SAID_RECEIVED)
    .values(state=bindparam("received"))
)


class Work(CaseReads):
    """Reads and writes of one transaction. Not shared between threads."""

    def check_in(self, check_in_id: str) -> CheckIn | None:
        """One check-in."""
        return self._one(CHECK_INS, check_in_id)

    def check_ins(self, ids: Iterable[str]) -> None:
        """Reads many check-ins ahead."""
        self._many(CHECK_INS, ids)

    def check_ins_of(self, person_id: str) -> tuple[CheckIn, ...]:
        """A defender's check-ins that have not ended."""
        self._sets_of("check_ins_of", CHECK_INS, tables.check_ins.c.person_id, [person_id], GOING_ON)
        return self._members(
            "check_ins_of",
            person_id,
            CHECK_INS,
            lambda c: c.status is not CheckInStatus.ENDED,
            lambda c: c.id,
        )

    def round(self, round_id: str) -> Round | None:
        """One round."""
        return self._one(ROUNDS, round_id)

    def rounds(self, ids: Iterable[str]) -> None:
        """Reads many rounds ahead."""
        self._many(ROUNDS, ids)

    def rounds_that_open(self, ids: Iterable[str]) -> list[Round]:
        """Many rounds, less those that cannot be opened."""
        asked, found = list(ids), []
        with contextlib.suppress(Unsealable):
            self.rounds(asked)
        for one in asked:
            with contextlib.suppress(Unsealable):
                found.append(self.round(one))
        return [round_ for round_ in found if round_ is not None]

    def live_rounds_of(self, person_id: str) -> tuple[Round, ...]:
        """A defender's rounds that wait for an answer, oldest first."""
        if ("rounds_of", person_id) not in self._sets:
            self.live_rounds_of_many([person_id])
        return self._members(
            "rounds_of",
            person_id,
            ROUNDS,
            lambda r: r.status is RoundStatus.LIVE,
            lambda r: (r.asked_at, r.id),
        )

    def live_rounds_of_many(self, person_ids: Iterable[str]) -> None:
        """Reads many people's live rounds ahead."""
        self._sets_of("rounds_of", ROUNDS, tables.rounds.c.person_id, person_ids, tables.LIVE)

    def recent_rounds_of(self, person_id: str, limit: int) -> tuple[Round, ...]:
        """A defender's latest rounds, newest first."""
        return tuple(self._find(ROUNDS, _RECENT_ROUNDS, person=person_id, limit=limit))

    def subjects(self, due: Sequence[Deadline]) -> None:
        """Reads what these deadlines are about."""
        for shape in _SUBJECTS:
            self._many(shape, _subjects(due, shape))

    def ask_ahead(self, due: Sequence[Deadline]) -> None:
        """Asks PostgreSQL for the subjects of these, for the people, and for what is open of theirs: what is read next.
        Nothing may be written before."""
        for shape in _SUBJECTS:
            ids = self._unread(shape, _subjects(due, shape))
            self._ask(shape.table.c.id, ids, lock=self._locks(shape))
        people = {d.person_id for d in due if d.person_id}
        unread = self._unread(PEOPLE, people)
        self._ask(tables.people.c.id, unread, lock=self._lock)
        self._ask(tables.addresses.c.person_id, unread)
        unread = self._without_set("cases_of", people)
        self._ask(tables.cases.c.person_id, unread, UNCLOSED, lock=self._locks(CASES))
        unread = self._without_set("rounds_of", people)
        self._ask(tables.rounds.c.person_id, unread, tables.LIVE, lock=self._locks(ROUNDS))

    def deadline(self, kind: DeadlineKind, subject: str) -> Deadline | None:
        """The deadline of that kind, None when none is armed."""
        place = (kind._value_, subject)
        if place in self._deadlines:
            return self._deadlines[place]
        if place in self._due:
            return self._due[place]
        row = _DEADLINE.first(self.connection, kind=kind.value, subject=subject)
        return deadline_of(row) if row else None

    def holds(self, deadline: Deadline) -> bool:
        """Whether a deadline that an earlier transaction found is as it was then. It is held until the commit; False as
        well when another node holds it."""
        row = _DEADLINE_IF_FREE.first(self.connection, kind=deadline.kind.value, subject=deadline.subject)
        return row is not None and deadline_of(row) == deadline

    def read_deadlines(self, found: Iterable[Deadline]) -> None:
        """Deadlines that this transaction has just read, so that `deadline` need not."""
        self._due.update({(d.kind._value_, d.subject): d for d in found})

    def overdue(self, kinds: Iterable[DeadlineKind], at: datetime, limit: int) -> tuple[list[Deadline], int]:
        """The first deadlines of these kinds that have come, and how many there are in all."""
        t = tables.deadlines
        due = (t.c.due_at <= micros(at)) & t.c.kind.in_([kind.value for kind in kinds])
        count = self.connection.execute(select(func.count()).select_from(t).where(due)).scalar_one()
        rows = self.connection.execute(select(t).where(due).order_by(t.c.due_at, t.c.subject).limit(limit))
        return [deadline_of(row) for row in rows], int(count)

    def rounds_of_cases(self, case_ids: Iterable[str]) -> tuple[Round, ...]:
        """The rounds behind cases that are not over."""
        wanted = sorted(set(case_ids))[:CHUNK]
        if not wanted:
            return ()
        found = self._find_openable(ROUNDS, _OF_CASES, cases=wanted)
        return tuple(r for r in found if r.status in (RoundStatus.LIVE, RoundStatus.DESK))

    # ----------------------------------------------------------------------------------------------------- writing

    def put(self, entity: Any) -> None:
        """Notes a new or changed entity."""
        shape = BY_KIND[type(entity)]
        place = (shape.table.name, entity.id)
        before = self._seen.get(place)
        self._seen[place] = entity
        self._dirty[place] = entity
        match entity:
            case Person():
                self._put_person(entity, before)
            case Case():
                self._join("cases_of", entity.person_id, entity.id)
                self._count_crowd(entity, before)
            case ContactLink():
                self._join("links_of", entity.defender_id, entity.id)
                self._join("links_to", entity.contact_id, entity.id)
            case CheckIn():
                self._join("check_ins_of", entity.person_id, entity.id)
            case Round():
                self._join("rounds_of", entity.person_id, entity.id)

    def _put_person(self, person: Person, before: Person | None) -> None:
        if person.role in STAFF or (before is not None and before.role in STAFF):
            self.desk_changed = True
            self._join("staff", person.desk, person.id)
        known = {a.id: a for a in before.addresses} if before else {}
        for address in person.addresses:
            if known.get(address.id) != address:
                self._seen[("addresses", address.id)] = address
                self._dirty[("addresses", address.id)] = address
                self._at[self.vault.account(address.channel, address.account)] = person.id

    def note_received(
        self, channel: str, address_id: str, refs: Sequence[str], state: SendState
    ) -> list[str]:
        """Notes of what went to an address in these messages that it was delivered, or read. Returns the references by
        which nothing went there of which that was not known.

        Nothing is opened for it, and what this transaction has not read is not read either.
        """
        lower = [known.value for known, rank in RECEIVED_RANK.items() if rank < RECEIVED_RANK[state]]
        blinds = {self.vault.message(channel, ref): ref for ref in refs}
        wanted, noted = list(blinds), set()
        for start in range(0, len(wanted), CHUNK):
            part = wanted[start : start + CHUNK]
            asked = {"blinds": part, "channel": channel, "address": address_id, "states": lower}
            found = _RECEIVED.rows(self.connection, **asked)
            noted |= {row.blind for row in found}
            unseen = []
            for row in found:
                seen = self._seen.get((tables.outbox.name, row.id))
                if seen is None:
                    unseen.append(row.id)
                elif seen.state.value in lower:
                    self.put(replace(seen, state=state))
            for first in range(0, len(unseen), CHUNK):
                ids = unseen[first : first + CHUNK]
                _NOTE_RECEIVED.write(self.connection, ids=ids, states=lower, received=state.value)
        return [ref for blind, ref in blinds.items() if blind not in noted]

    def arm(self, deadline: Deadline) -> None:
        """Notes a deadline; one of the same kind and subject is replaced."""
        self._deadlines[(deadline.kind._value_, deadline.subject)] = deadline

    def disarm(self, kind: DeadlineKind, subject: str) -> None:
        """Notes that a deadline is no longer wanted."""
        self._deadlines[(kind._value_, subject)] = None

    def wake(self, wake: Wake) -> None:
        """Notes that a queue has something for others to look at."""
        self._wakes.add(wake)

    def added(self, now: datetime) -> frozenset[Wake]:
        """The queues in which this transaction has put something that can be worked on now."""
        due = {Wake.DEADLINES} if self._soonest is not None and self._soonest <= now else set()
        return frozenset(self._wakes | due)

    def flush(self, *, crowd: bool = False) -> None:
        """Writes what was noted. What is written for a `crowd` is nobody's alarm, and not remembered."""
        ahead.begin(self.connection)
        self._asked.clear()  # what is written now is not in it
        # First what needs no sealing: on PostgreSQL it is written while the rest is sealed.
        self._write_deadlines()
        put: dict[type, list[tuple[tuple[str, str], Any]]] = {}
        for place, entity in self._dirty.items():
            put.setdefault(type(entity), []).append((place, entity))
        remember = not crowd and len(self._dirty) <= 3 * CROWD
        for kind, some in put.items():
            shape, more, rows = BY_KIND[kind], FOUND_BY.get(kind), []
            for place, entity in some:
                values = shape.values(entity, self.vault, self._stored.get(place), remember)
                self._stored[place] = (entity, values[-1])
                if kind is Outgoing and entity.state is SendState.QUEUED:
                    self._wakes.add(Wake.OUTBOX)
                rows.append((*values, more[1](entity, self.vault)) if more else values)
            _PUT[kind].run_rows(self.connection, rows)
        self._dirty.clear()

    def _write_deadlines(self) -> None:
        armed = [deadline_values(d) for d in self._deadlines.values() if d is not None]
        by_subject: dict[str, set[str]] = {}
        for (kind_of, subject), deadline in self._deadlines.items():
            if deadline is None:
                by_subject.setdefault(subject, set()).add(kind_of)
        alike: dict[frozenset[str], list[str]] = {}
        for subject, kinds in by_subject.items():
            alike.setdefault(frozenset(kinds), []).append(subject)
        for of, subjects in alike.items():
            for start in range(0, len(subjects), CHUNK):
                part = subjects[start : start + CHUNK]
                _DISARM.write(self.connection, kinds=sorted(of), subjects=part)
        if armed:
            _ARM.run_rows(self.connection, armed)
            times = [d.due_at for d in self._deadlines.values() if d is not None]
            self._soonest = min(times if self._soonest is None else (*times, self._soonest))
        self._due.update(self._deadlines)
        self._deadlines.clear()


def _subjects(due: Iterable[Deadline], shape: Shape[Any]) -> list[str]:
    return [d.subject for d in due if _ABOUT.get(d.kind) is shape]


def _blind(address: Address, vault: Vault) -> bytes:
    return vault.account(address.channel, address.account)


def _named(person: Person, vault: Vault) -> bytes | None:
    called = person.alias and person.status is not Standing.GONE
    return vault.name(person.desk, person.alias) if called else None


FOUND_BY: dict[type, tuple[str, Callable[[Any, Vault], bytes | None]]] = {
    Address: ("blind", _blind),
    Person: ("named", _named),
}
"""What some are found by, beside what an entity holds: the column, and how it is worked out."""
_PUT = {
    kind: upsert_of(
        shape.table, (*shape.columns, FOUND_BY[kind][0]) if kind in FOUND_BY else shape.columns, ("id",)
    )
    for kind, shape in BY_KIND.items()
}
_ARM = upsert_of(tables.deadlines, DEADLINE_COLUMNS, ("kind", "subject"))
