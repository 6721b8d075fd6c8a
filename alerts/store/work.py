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

import functools
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Insert, Select, Table, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from alerts.cases import Case, CaseStatus, Message, StoredFile
from alerts.checkins import CheckIn, CheckInStatus, Round, RoundStatus
from alerts.deadlines import Deadline, DeadlineKind
from alerts.ids import from_micros, micros
from alerts.oncall import Rota, rota_from_data, rota_to_data
from alerts.outbox import OUT, Outgoing, SendState
from alerts.people import STAFF, Address, ContactLink, Invitation, Person, Standing
from alerts.rounds import Sending
from alerts.store import tables
from alerts.store.shapes import (
    ADDRESSES,
    BY_KIND,
    CASES,
    CHECK_INS,
    CONTACTS,
    FILES,
    INVITATIONS,
    MESSAGES,
    OUTBOX,
    PEOPLE,
    ROUNDS,
    Shape,
)
from alerts.store.vault import Vault

T = TypeVar("T")
CHUNK = 400
"""Values in one IN list: SQLite's oldest supported limit is 999."""


class DeskCache:
    """Staff and rota as they were read a moment ago, for every transaction of this process.

    A change made by this process empties it; one made by another is seen after `SECONDS`.
    """

    SECONDS = 1.0

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._known: dict[str, tuple[float, tuple[tuple[Person, ...], Rota | None]]] = {}

    def get(self, desk: str) -> tuple[tuple[Person, ...], Rota | None] | None:
        """Who belongs to the desk, and its rota; None when that has to be read."""
        at, known = self._known.get(desk, (0.0, None))
        return known if known is not None and abs(self._seconds() - at) < self.SECONDS else None

    def keep(self, desk: str, known: tuple[tuple[Person, ...], Rota | None]) -> None:
        """Remembers what was read."""
        self._known[desk] = (self._seconds(), known)

    def forget(self) -> None:
        """It is not so any more."""
        self._known.clear()


class Work:
    """Reads and writes of one transaction. Not shared between threads."""

    def __init__(
        self, connection: Connection, vault: Vault, *, lock: bool = False, desks: DeskCache | None = None
    ) -> None:
        self.connection = connection
        self.vault = vault
        self.desks = desks if desks is not None else DeskCache(lambda: 0.0)
        self.desk_changed = False
        """Whether this transaction changes who belongs to the desk, or its rota."""
        self._lock = lock and connection.dialect.name == "postgresql"
        self._seen: dict[tuple[str, str], Any] = {}
        self._dirty: dict[tuple[str, str], Any] = {}
        self._deadlines: dict[tuple[str, str], Deadline | None] = {}
        self._at: dict[bytes, str | None] = {}
        self._sets: dict[tuple[str, str], set[str]] = {}
        self._rotas: dict[str, Rota | None] = {}
        self._rota_held: set[str] = set()
        self._counts: dict[str, set[str]] = {}
        self._sends: dict[str, list[tuple[str, Sending]]] = {}
        self._due: dict[tuple[str, str], Deadline] = {}

    # ------------------------------------------------------------------------------------------- reading, in bulk

    def _load(self, shape: Shape[T], query: Select[Any], **extra: Any) -> list[T]:
        if self._lock and shape in (PEOPLE, CASES, ROUNDS, CHECK_INS, INVITATIONS):
            query = query.with_for_update()
        rows = self.connection.execute(query).all()
        self.vault.load({row.key_id for row in rows})
        found: list[T] = []
        for row in rows:
            place = (shape.table.name, row.id)
            if place not in self._seen:
                self._seen[place] = shape.entity(row, self.vault, **extra)
            found.append(self._seen[place])
        return found

    def _many(self, shape: Shape[T], ids: Iterable[str]) -> None:
        wanted = sorted({i for i in ids if (shape.table.name, i) not in self._seen})
        for start in range(0, len(wanted), CHUNK):
            self._load(shape, select(shape.table).where(shape.table.c.id.in_(wanted[start : start + CHUNK])))

    def _one(self, shape: Shape[T], entity_id: str) -> T | None:
        place = (shape.table.name, entity_id)
        if place not in self._seen:
            self._many(shape, [entity_id])
        return self._seen.get(place)

    def people(self, ids: Iterable[str]) -> dict[str, Person]:
        """People by id, with their addresses. Those who are not there are left out."""
        asked = list(dict.fromkeys(ids))
        wanted = sorted(i for i in asked if ("people", i) not in self._seen)
        for start in range(0, len(wanted), CHUNK):
            part = wanted[start : start + CHUNK]
            query = select(tables.people).where(tables.people.c.id.in_(part)).order_by(tables.people.c.id)
            self._with_addresses(query, part)
        return {i: self._seen[("people", i)] for i in asked if ("people", i) in self._seen}

    def _with_addresses(self, query: Select[Any], ids: list[str]) -> None:
        held: dict[str, list[Address]] = {}
        if self._lock:
            query = query.with_for_update()
        rows = self.connection.execute(query).all()
        self.vault.load({row.key_id for row in rows})
        found = self._load(ADDRESSES, select(tables.addresses).where(tables.addresses.c.person_id.in_(ids)))
        for address in found:
            held.setdefault(address.person_id, []).append(address)
        for row in rows:
            mine = tuple(sorted(held.get(row.id, ()), key=lambda a: (a.rank, a.id)))
            self._seen.setdefault(("people", row.id), PEOPLE.entity(row, self.vault, addresses=mine))

    def person(self, person_id: str) -> Person | None:
        """One person."""
        return self.people([person_id]).get(person_id)

    def hold(self, person_id: str) -> Person | None:
        """One person, locked until the commit; for staff, who are otherwise read from memory."""
        if self._lock:
            self._seen.pop(("people", person_id), None)
        return self.person(person_id)

    def person_at(self, channel: str, account: str) -> Person | None:
        """Who writes from this account."""
        blind = self.vault.account(channel, account)
        if blind not in self._at:
            t = tables.addresses
            query = select(t.c.person_id).where(t.c.channel == channel, t.c.blind == blind)
            self._at[blind] = self.connection.execute(query).scalar()
        found = self._at[blind]
        return self.person(found) if found else None

    def locate(self, accounts: Iterable[tuple[str, str]]) -> None:
        """Looks up many accounts at once, ahead of `person_at`."""
        t = tables.addresses
        blinds = {self.vault.account(channel, account) for channel, account in accounts} - set(self._at)
        wanted = sorted(blinds)
        for start in range(0, len(wanted), CHUNK):
            part = wanted[start : start + CHUNK]
            self._at.update(dict.fromkeys(part))
            for row in self.connection.execute(select(t.c.blind, t.c.person_id).where(t.c.blind.in_(part))):
                self._at[row.blind] = row.person_id
        self.people(i for i in self._at.values() if i)

    def people_called(self, desk: str, names: Iterable[str]) -> tuple[Person, ...]:
        """Everybody at a desk who has one of these names, however it is written."""
        t = tables.people
        blinds = sorted({self.vault.name(desk, name) for name in names})
        if not blinds:
            return ()
        ids = self.connection.execute(select(t.c.id).where(t.c.desk == desk, t.c.named.in_(blinds)))
        return tuple(self.people(sorted(ids.scalars())).values())

    def staff(self, desk: str) -> tuple[Person, ...]:
        """Officers and leads of a desk whose rights hold, in the order in which they joined."""
        return tuple(person for person in self.desk_people(desk) if person.is_staff)

    def desk_people(self, desk: str) -> tuple[Person, ...]:
        """Officers and leads of a desk, those whose rights do not hold as well, in the order in which they joined."""
        place = ("staff", desk)
        if place not in self._sets:
            self._know_desk(desk)
        found = self.people(sorted(self._sets[place]))
        return tuple(found[i] for i in sorted(found) if found[i].role in STAFF)

    def _know_desk(self, desk: str) -> None:
        """Staff and rota, from memory when they were read a moment ago. They are read without a lock: everybody's turn
        needs them and hardly any changes them."""
        known = self.desks.get(desk)
        if known is None:
            t = tables.people
            query = select(t.c.id).where(t.c.desk == desk, t.c.role.in_(("officer", "lead")))
            ids = set(self.connection.execute(query).scalars())
            lock, self._lock = self._lock, False
            try:
                found = self.people(sorted(ids))
            finally:
                self._lock = lock
            known = (tuple(found.values()), self.rota(desk))
            if not self.desk_changed:
                self.desks.keep(desk, known)
        people, rota = known
        for person in people:
            self._seen.setdefault(("people", person.id), person)
        self._rotas.setdefault(desk, rota)
        self._sets[("staff", desk)] = {person.id for person in people}
        self._adopt("staff", PEOPLE, "desk", [desk])

    def rota(self, desk: str) -> Rota | None:
        """The desk's rota, None when none was set."""
        if desk not in self._rotas:
            row = self.connection.execute(select(tables.rotas).where(tables.rotas.c.id == desk)).first()
            opened = self.vault.sealer.open("rotas", desk, row.key_id, row.sealed) if row else None
            self._rotas[desk] = rota_from_data(opened) if opened else None
        return self._rotas[desk]

    def rota_to_change(self, desk: str) -> Rota | None:
        """The rota as it is now, held until the commit, so that two changes at once are made one after the other."""
        t = tables.rotas
        if self._lock and desk not in self._rota_held:
            self.connection.execute(select(t.c.id).where(t.c.id == desk).with_for_update())
            self._rotas.pop(desk, None)
            self._rota_held.add(desk)
        return self.rota(desk)

    def change_rota(self, desk: str, rota: Rota | None) -> None:
        """Replaces the desk's rota under the key it has, or removes it."""
        t = tables.rotas
        if rota is None:
            self.desk_changed = True
            self.connection.execute(delete(t).where(t.c.id == desk))
            self._rotas[desk] = None
            return
        key_id = self.connection.execute(select(t.c.key_id).where(t.c.id == desk)).scalar()
        self.save_rota(desk, rota, key_id or self.vault.keys.take())

    def save_rota(self, desk: str, rota: Rota, key_id: str) -> None:
        """Replaces the desk's rota at once."""
        sealed = self.vault.sealer.seal("rotas", desk, key_id, rota_to_data(rota))
        self.desk_changed = True
        self._upsert(tables.rotas, [{"id": desk, "version": 1, "key_id": key_id, "sealed": sealed}], ["id"])
        self._rotas[desk] = rota

    # --------------------------------------------------------------------------------------------- cases, messages

    def case(self, case_id: str) -> Case | None:
        """One case."""
        return self._one(CASES, case_id)

    def cases(self, ids: Iterable[str]) -> None:
        """Reads many cases ahead."""
        self._many(CASES, ids)

    def open_cases_of(self, person_id: str) -> tuple[Case, ...]:
        """A person's cases that are not closed, the most urgent and oldest first."""
        self.open_cases_of_many([person_id])
        return self._members(
            "cases_of", person_id, CASES, lambda c: c.is_open, lambda c: (c.urgency, c.opened_at)
        )

    def open_cases_of_many(self, person_ids: Iterable[str]) -> None:
        """Reads many people's open cases ahead."""
        t = tables.cases
        condition = t.c.status != CaseStatus.CLOSED.value
        self._sets_of("cases_of", CASES, t.c.person_id, person_ids, condition)

    def last_closed_case_of(self, person_id: str) -> Case | None:
        """The case of this person that was closed last."""
        t = tables.cases
        query = select(t).where(t.c.person_id == person_id, t.c.status == CaseStatus.CLOSED.value)
        found = self._load(CASES, query.order_by(t.c.closed_at.desc()).limit(1))
        return found[0] if found else None

    def cases_named(self, desk: str, refs: Iterable[str]) -> tuple[Case, ...]:
        """Cases by their references."""
        wanted = list(dict.fromkeys(refs))[:20]
        if not wanted:
            return ()
        found = self._load(
            CASES, select(tables.cases).where(tables.cases.c.desk == desk, tables.cases.c.ref.in_(wanted))
        )
        return tuple(sorted(found, key=lambda c: wanted.index(c.ref)))

    def unclosed_cases(self, desk: str, limit: int) -> tuple[Case, ...]:
        """The desk's cases that are not closed, urgent and old ones first."""
        t = tables.cases
        query = select(t).where(t.c.desk == desk, t.c.status != CaseStatus.CLOSED.value)
        return tuple(self._load(CASES, query.order_by(t.c.urgency, t.c.opened_at, t.c.id).limit(limit)))

    def all_cases(self, desk: str) -> tuple[Case, ...]:
        """Every case of a desk, oldest first. For rehearsals; a real desk has too many."""
        t = tables.cases
        return tuple(self._load(CASES, select(t).where(t.c.desk == desk).order_by(t.c.opened_at, t.c.id)))

    def undelivered(self) -> int:
        """How many things were said of which no copy went out: refused, or still waiting."""
        t = tables.outbox
        query = select(t.c.group_id, t.c.state).where(t.c.kind != "")
        reached: dict[str, bool] = {}
        for group, state in self.connection.execute(query):
            fine = state in ("sent", "delivered", "read", "stale", "held")
            reached[group] = reached.get(group, False) or fine
        return sum(not fine for fine in reached.values())

    def free_references(self, candidates: tuple[str, ...]) -> list[str]:
        """The candidates that no case has."""
        used = set(
            self.connection.execute(
                select(tables.cases.c.ref).where(tables.cases.c.ref.in_(candidates))
            ).scalars()
        )
        used |= {e.ref for (table, _), e in self._dirty.items() if table == "cases"}
        return [c for c in candidates if c not in used]

    def crowd(self, desk: str) -> frozenset[str]:
        """Ids of the desk's untaken unverified P1 cases."""
        if desk not in self._counts:
            t = tables.cases
            query = select(t.c.id).where(
                t.c.desk == desk,
                t.c.status == CaseStatus.OPEN.value,
                t.c.urgency == 1,
                t.c.verified.is_(False),
                t.c.drill.is_(False),
            )
            self._counts[desk] = set(self.connection.execute(query).scalars())
        return frozenset(self._counts[desk])

    def crowd_size(self, desk: str) -> int:
        """How many they are, without copying."""
        self.crowd(desk) if desk not in self._counts else None
        return len(self._counts[desk])

    def crowd_head(self, desk: str) -> str | None:
        """The oldest of them: the one whose climb is the list's."""
        self.crowd(desk) if desk not in self._counts else None
        return min(self._counts[desk], default=None)

    def message_at(self, channel: str, ref: str) -> Message | None:
        """The stored message with a channel's reference."""
        blind = self.vault.message(channel, ref)
        t = tables.messages
        found = self._load(MESSAGES, select(t).where(t.c.blind == blind).order_by(t.c.at.desc()).limit(1))
        return found[0] if found else None

    def messages_of(self, case_id: str, limit: int) -> tuple[Message, ...]:
        """The newest messages of a case, oldest first."""
        t = tables.messages
        query = select(t).where(t.c.case_id == case_id).order_by(t.c.at.desc(), t.c.id.desc()).limit(limit)
        return tuple(reversed(self._load(MESSAGES, query)))

    def file(self, file_id: str) -> StoredFile | None:
        """One attachment."""
        return self._one(FILES, file_id)

    def message(self, message_id: str) -> Message | None:
        """One message."""
        return self._one(MESSAGES, message_id)

    # ------------------------------------------------------------------------------------------------------ outbox

    def outgoing(self, outgoing_id: str) -> Outgoing | None:
        """One outbox row."""
        return self._one(OUTBOX, outgoing_id)

    def outgoings(self, ids: Iterable[str]) -> None:
        """Reads many outbox rows ahead."""
        self._many(OUTBOX, ids)

    def outgoing_at(self, channel: str, ref: str) -> Outgoing | None:
        """The outbox row that went out under a channel's reference."""
        blind = self.vault.message(channel, ref)
        t = tables.outbox
        found = self._load(OUTBOX, select(t).where(t.c.blind == blind).order_by(t.c.id.desc()).limit(1))
        return found[0] if found else None

    def outgoings_at(self, channel: str, ref: str) -> tuple[Outgoing, ...]:
        """Every outbox row that went out in the message with this reference: several when pages were bundled."""
        blind = self.vault.message(channel, ref)
        return tuple(self._load(OUTBOX, select(tables.outbox).where(tables.outbox.c.blind == blind)))

    def latest_menu(self, address_id: str) -> Outgoing | None:
        """The latest message with choices that went out to an address."""
        t = tables.outbox
        out = [s.value for s in OUT]
        query = select(t).where(t.c.address_id == address_id, t.c.menu, t.c.state.in_(out))
        found = self._load(OUTBOX, query.order_by(t.c.sent_at.desc(), t.c.id.desc()).limit(1))
        return found[0] if found else None

    def group(self, group_id: str) -> tuple[Outgoing, ...]:
        """Every copy and fallback of one thing said."""
        return tuple(self._load(OUTBOX, select(tables.outbox).where(tables.outbox.c.group_id == group_id)))

    def sends_of_round(self, round_id: str, person_id: str) -> tuple[Sending, ...]:
        """Everything sent to the defender for a round."""
        self.sends_of_rounds([round_id])
        return tuple(sending for person, sending in self._sends[round_id] if person == person_id)

    def sends_of_rounds(self, round_ids: Iterable[str]) -> None:
        """Reads ahead what was sent for many rounds. Nothing is opened for it."""
        t = tables.outbox
        wanted = sorted({i for i in round_ids if i not in self._sends})
        for start in range(0, len(wanted), CHUNK):
            part = wanted[start : start + CHUNK]
            self._sends.update((i, []) for i in part)
            query = select(t.c.round_id, t.c.person_id, t.c.channel, t.c.state, t.c.sent_at)
            for row in self.connection.execute(query.where(t.c.round_id.in_(part))):
                at = from_micros(row.sent_at) if row.sent_at is not None else None
                sending = Sending(row.channel, SendState(row.state), at)
                self._sends[row.round_id].append((row.person_id, sending))

    def sent_to(self, address_id: str, since_micros: int, limit: int) -> tuple[Outgoing, ...]:
        """What went out to an address since an instant, newest first: for `clear`."""
        t = tables.outbox
        query = select(t).where(
            t.c.address_id == address_id, t.c.blind.is_not(None), t.c.sent_at >= since_micros
        )
        return tuple(self._load(OUTBOX, query.order_by(t.c.sent_at.desc()).limit(limit)))

    # ---------------------------------------------------------------------------------- contacts, codes, check-ins

    def links_of(self, defender_id: str) -> tuple[ContactLink, ...]:
        """A defender's trusted contacts, in order."""
        self.links_of_many([defender_id])
        return self._members(
            "links_of", defender_id, CONTACTS, lambda _: True, lambda link: (link.rank, link.id)
        )

    def links_of_many(self, defender_ids: Iterable[str]) -> None:
        """Reads many defenders' contacts ahead."""
        self._sets_of("links_of", CONTACTS, tables.contacts.c.defender_id, defender_ids)

    def links_to(self, contact_id: str) -> tuple[ContactLink, ...]:
        """Whose trusted contact somebody is."""
        self._sets_of("links_to", CONTACTS, tables.contacts.c.contact_id, [contact_id])
        return self._members("links_to", contact_id, CONTACTS, lambda _: True, lambda link: link.id)

    def invitation(self, code: str) -> Invitation | None:
        """The invitation that a code belongs to, used or not."""
        t = tables.invitations
        found = self._load(INVITATIONS, select(t).where(t.c.digest == self.vault.code(code)))
        return found[0] if found else None

    def check_in(self, check_in_id: str) -> CheckIn | None:
        """One check-in."""
        return self._one(CHECK_INS, check_in_id)

    def check_ins(self, ids: Iterable[str]) -> None:
        """Reads many check-ins ahead."""
        self._many(CHECK_INS, ids)

    def check_ins_of(self, person_id: str) -> tuple[CheckIn, ...]:
        """A defender's check-ins that have not ended."""
        t = tables.check_ins
        self._sets_of(
            "check_ins_of", CHECK_INS, t.c.person_id, [person_id], t.c.status != CheckInStatus.ENDED.value
        )
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

    def live_rounds_of(self, person_id: str) -> tuple[Round, ...]:
        """A defender's rounds that wait for an answer, oldest first."""
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
        t = tables.rounds
        self._sets_of("rounds_of", ROUNDS, t.c.person_id, person_ids, t.c.status == RoundStatus.LIVE.value)

    def recent_rounds_of(self, person_id: str, limit: int) -> tuple[Round, ...]:
        """A defender's latest rounds, newest first."""
        t = tables.rounds
        query = select(t).where(t.c.person_id == person_id).order_by(t.c.asked_at.desc(), t.c.id.desc())
        return tuple(self._load(ROUNDS, query.limit(limit)))

    def deadline(self, kind: DeadlineKind, subject: str) -> Deadline | None:
        """The deadline of that kind, None when none is armed."""
        if (kind.value, subject) in self._deadlines:
            return self._deadlines[(kind.value, subject)]
        if (kind.value, subject) in self._due:
            return self._due[(kind.value, subject)]
        t = tables.deadlines
        row = self.connection.execute(select(t).where(t.c.kind == kind.value, t.c.subject == subject)).first()
        return deadline_of(row) if row else None

    def read_deadlines(self, found: Iterable[Deadline]) -> None:
        """Deadlines that this transaction has just read, so that `deadline` need not."""
        self._due.update({(d.kind.value, d.subject): d for d in found})

    def overdue(self, kinds: Iterable[DeadlineKind], at: datetime, limit: int) -> tuple[list[Deadline], int]:
        """The first deadlines of these kinds that have come, and how many there are in all."""
        t = tables.deadlines
        due = (t.c.due_at <= micros(at)) & t.c.kind.in_([kind.value for kind in kinds])
        count = self.connection.execute(select(func.count()).select_from(t).where(due)).scalar_one()
        rows = self.connection.execute(select(t).where(due).order_by(t.c.due_at, t.c.subject).limit(limit))
        return [deadline_of(row) for row in rows], int(count)

    def rounds_of_cases(self, case_ids: Iterable[str]) -> tuple[Round, ...]:
        """The rounds behind cases that are not over."""
        t = tables.rounds
        wanted = sorted(set(case_ids))[:CHUNK]
        if not wanted:
            return ()
        found = self._load(ROUNDS, select(t).where(t.c.case_id.in_(wanted)).order_by(t.c.asked_at, t.c.id))
        return tuple(r for r in found if r.status in (RoundStatus.LIVE, RoundStatus.DESK))

    # ---------------------------------------------------------------------------------------------- sets of a parent

    def _sets_of(
        self, name: str, shape: Shape[Any], column: Any, parents: Iterable[str], *where: Any
    ) -> None:
        wanted = sorted({p for p in parents if (name, p) not in self._sets})
        for start in range(0, len(wanted), CHUNK):
            part = wanted[start : start + CHUNK]
            for parent in part:
                self._sets[(name, parent)] = set()
            for entity in self._load(shape, select(shape.table).where(column.in_(part), *where)):
                self._sets[(name, getattr(entity, column.name))].add(entity.id)
        self._adopt(name, shape, column.name, wanted)

    def _adopt(self, name: str, shape: Shape[Any], attribute: str, parents: list[str]) -> None:
        """What this transaction put before the set was read belongs to it too."""
        fresh = set(parents)
        for (table, entity_id), entity in self._dirty.items() if fresh else ():
            if table == shape.table.name and getattr(entity, attribute) in fresh:
                self._sets[(name, getattr(entity, attribute))].add(entity_id)

    def _members(self, name: str, parent: str, shape: Shape[T], keep: Any, order: Any) -> tuple[T, ...]:
        found = (self._seen[(shape.table.name, i)] for i in self._sets[(name, parent)])
        return tuple(sorted((e for e in found if keep(e)), key=order))

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
                if entity.desk in self._counts:
                    crowded = (
                        entity.status is CaseStatus.OPEN
                        and entity.urgency == 1
                        and not entity.verified
                        and not entity.drill
                    )
                    (self._counts[entity.desk].add if crowded else self._counts[entity.desk].discard)(
                        entity.id
                    )
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

    def _join(self, name: str, parent: str, entity_id: str) -> None:
        if (name, parent) in self._sets:
            self._sets[(name, parent)].add(entity_id)

    def arm(self, deadline: Deadline) -> None:
        """Notes a deadline; one of the same kind and subject is replaced."""
        self._deadlines[(deadline.kind.value, deadline.subject)] = deadline

    def disarm(self, kind: DeadlineKind, subject: str) -> None:
        """Notes that a deadline is no longer wanted."""
        self._deadlines[(kind.value, subject)] = None

    def flush(self) -> None:
        """Writes what was noted."""
        rows: dict[str, list[dict[str, Any]]] = {}
        for (table, _), entity in self._dirty.items():
            row = BY_KIND[type(entity)].row(entity, self.vault)
            if isinstance(entity, Address):
                row["blind"] = self.vault.account(entity.channel, entity.account)
            if isinstance(entity, Person):
                named = entity.alias and entity.status is not Standing.GONE
                row["named"] = self.vault.name(entity.desk, entity.alias) if named else None
            rows.setdefault(table, []).append(row)
        for table, values in rows.items():
            self._upsert(tables.metadata.tables[table], values, ["id"])
        t = tables.deadlines
        armed = [deadline_row(d) for d in self._deadlines.values() if d is not None]
        gone = [place for place, d in self._deadlines.items() if d is None]
        by_subject: dict[str, set[str]] = {}
        for kind, subject in gone:
            by_subject.setdefault(subject, set()).add(kind)
        alike: dict[frozenset[str], list[str]] = {}
        for subject, kinds in by_subject.items():
            alike.setdefault(frozenset(kinds), []).append(subject)
        for some, subjects in alike.items():
            for start in range(0, len(subjects), CHUNK):
                part = subjects[start : start + CHUNK]
                self.connection.execute(delete(t).where(t.c.kind.in_(sorted(some)), t.c.subject.in_(part)))
        if armed:
            self._upsert(t, armed, ["kind", "subject"])
        self._dirty.clear()
        self._deadlines.clear()

    def _upsert(self, table: Table, rows: list[dict[str, Any]], key: list[str]) -> None:
        self.connection.execute(
            _upsert_of(self.connection.dialect.name, table, tuple(rows[0]), tuple(key)), rows
        )


@functools.cache
def _upsert_of(dialect: str, table: Table, columns: tuple[str, ...], key: tuple[str, ...]) -> Insert:
    """The statement, made once: making it costs more than running it."""
    statement = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    changed = {name: statement.excluded[name] for name in columns if name not in key}
    return statement.on_conflict_do_update(index_elements=list(key), set_=changed)


def deadline_row(deadline: Deadline) -> dict[str, Any]:
    """Column values of a deadline."""
    return {
        "kind": deadline.kind.value,
        "subject": deadline.subject,
        "person_id": deadline.person_id,
        "token": deadline.token,
        "step": deadline.step,
        "urgency": deadline.urgency,
        "due_at": micros(deadline.due_at),
    }


def deadline_of(row: Any) -> Deadline:
    """A deadline from its row."""
    return Deadline(
        DeadlineKind(row.kind),
        row.subject,
        row.person_id,
        row.token,
        row.step,
        row.urgency,
        from_micros(row.due_at),
    )


def count_rows(connection: Connection, table: Table) -> int:
    """How many rows a table has."""
    return connection.execute(select(func.count()).select_from(table)).scalar_one()
