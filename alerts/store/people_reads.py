"""Reading people: who writes, who belongs to the desk, its rota, contacts and codes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, select

from alerts.ids import micros
from alerts.oncall import Rota, rota_from_data, rota_to_data
from alerts.people import STAFF, Address, ContactLink, Invitation, Person, Purpose
from alerts.sealing import Unsealable
from alerts.store import tables
from alerts.store.loading import CHUNK, CROWD, Loading, upsert_of
from alerts.store.prepared import Prepared, prepared, together
from alerts.store.shapes import (
    ADDRESSES,
    CONTACTS,
    INVITATIONS,
    PEOPLE,
)

# The index is by channel first, so the channels are named, though a blind index is of one channel only.
_AT = prepared(
    select(tables.addresses.c.blind, tables.addresses.c.person_id).where(
        tables.addresses.c.channel.in_(bindparam("channels", expanding=True)),
        tables.addresses.c.blind.in_(bindparam("blinds", expanding=True)),
    )
)
CROWD_OF_DESK = prepared(
    select(func.count().label("size"), func.min(tables.cases.c.id).label("head")).where(
        tables.cases.c.desk == bindparam("desk"), tables.CROWD
    )
)
_CALLED = prepared(
    select(tables.people.c.id).where(
        tables.people.c.desk == bindparam("desk"),
        tables.people.c.named.in_(bindparam("blinds", expanding=True)),
    )
)
_STAFF = prepared(select(tables.people.c.id).where(tables.people.c.desk == bindparam("desk"), tables.STAFF))
_ROTA = prepared(select(tables.rotas).where(tables.rotas.c.id == bindparam("desk")))
_SAVE_ROTA = upsert_of(tables.rotas, ("id", "version", "key_id", "sealed"), ("id",))
_CODE = prepared(select(tables.invitations).where(tables.invitations.c.digest == bindparam("digest")))
_UNUSED_OF_DESK = prepared(
    select(tables.invitations)
    .where(
        tables.invitations.c.desk == bindparam("desk"),
        tables.invitations.c.purpose.in_(
            [p.value for p in (Purpose.OFFICER, Purpose.LEAD, Purpose.DEFENDER)]
        ),
        tables.invitations.c.used_at.is_(None),
        tables.invitations.c.expires_at > bindparam("now"),
    )
    .order_by(tables.invitations.c.made_at, tables.invitations.c.id)
)
_UNUSED = prepared(
    select(tables.invitations)
    .where(
        tables.invitations.c.subject_id == bindparam("defender"),
        tables.invitations.c.purpose == Purpose.CONTACT.value,
        tables.invitations.c.used_at.is_(None),
        tables.invitations.c.expires_at > bindparam("now"),
    )
    .order_by(tables.invitations.c.made_at, tables.invitations.c.id)
)


class PeopleReads(Loading):
    """Reads of people and what belongs to them."""

    def people(self, ids: Iterable[str]) -> dict[str, Person]:
        """People by id, with their addresses. Those who are not there are left out."""
        asked = list(dict.fromkeys(ids))
        wanted = self._unread(PEOPLE, asked)
        for start in range(0, len(wanted), CHUNK):
            self._with_addresses(wanted[start : start + CHUNK])
        return {i: self._seen[("people", i)] for i in asked if ("people", i) in self._seen}

    def people_that_open(self, ids: Iterable[str]) -> dict[str, Person]:
        """As `people`, less those who cannot be opened: for everybody whom a turn is not about itself."""
        asked = list(dict.fromkeys(ids))
        try:
            return self.people(asked)
        except Unsealable:
            found: dict[str, Person] = {}
            for one in asked:
                with contextlib.suppress(Unsealable):
                    found |= self.people([one])
            return found

    def _with_addresses(self, ids: list[str]) -> None:
        held: dict[str, list[Address]] = {}
        rows = self._rows(tables.people.c.id, ids, lock=self._lock)
        self.vault.load({row.key_id for row in rows})
        accounts = self._rows(tables.addresses.c.person_id, ids)
        # Whoever has an account that does not open is heard and called by the others.
        for address in self._openable(ADDRESSES, accounts):
            held.setdefault(address.person_id, []).append(address)
        if shut := {row.person_id for row in accounts} - held.keys():
            raise Unsealable(f"no account of people {min(shut)} opens")
        for row in rows:
            mine = tuple(sorted(held.get(row.id, ()), key=lambda a: (a.rank, a.id)))
            place = ("people", row.id)
            if place not in self._seen:
                remember = len(rows) <= CROWD
                self._seen[place] = person = PEOPLE.entity(row, self.vault, remember, addresses=mine)
                self._stored[place] = (person, row.sealed)

    def person(self, person_id: str) -> Person | None:
        """One person."""
        found: Person | None = self._seen.get(("people", person_id))
        return found if found is not None else self.people([person_id]).get(person_id)

    def hold(self, person_id: str) -> Person | None:
        """One person, locked until the commit; for staff, who are otherwise read from memory."""
        if self._lock:
            self._seen.pop(("people", person_id), None)
            self._stored.pop(("people", person_id), None)
        return self.person(person_id)

    def addresses(self, ids: Iterable[str]) -> None:
        """Reads many addresses ahead."""
        self._many(ADDRESSES, ids)

    def address(self, address_id: str) -> Address | None:
        """One address."""
        return self._one(ADDRESSES, address_id)

    def account_of(self, address_id: str) -> str:
        """The account id of an address; empty when there is no such address."""
        found = self.address(address_id)
        return found.account if found is not None else ""

    def person_at(self, channel: str, account: str) -> Person | None:
        """Who writes from this account."""
        blind = self.vault.account(channel, account)
        if blind not in self._at:
            row = _AT.first(self.connection, channels=[channel], blinds=[blind])
            self._at[blind] = row.person_id if row is not None else None
        found = self._at[blind]
        return self.person(found) if found else None

    def locate(self, accounts: Iterable[tuple[str, str]], desk: str = "") -> None:
        """Looks up many accounts at once, ahead of `person_at`; and ahead of `crowd`, that of this desk."""
        asked = list(accounts)
        channels = sorted({channel for channel, _ in asked})
        wanted = sorted({self.vault.account(channel, account) for channel, account in asked} - set(self._at))
        for start in range(0, len(wanted), CHUNK):
            part = wanted[start : start + CHUNK]
            self._at.update(dict.fromkeys(part))
            ask: list[tuple[Prepared, dict[str, Any]]] = [(_AT, {"channels": channels, "blinds": part})]
            if desk and desk not in self._crowds:
                ask.append((CROWD_OF_DESK, {"desk": desk}))
            found, *crowd = together(self.connection, *ask)
            for row in found:
                self._at[row.blind] = row.person_id
            for (row,) in crowd:
                self._crowds[desk] = (row.size, row.head)
        self.people(i for i in self._at.values() if i)

    def people_called(self, desk: str, names: Iterable[str]) -> tuple[Person, ...]:
        """Everybody at a desk who has one of these names, however it is written."""
        blinds = sorted({self.vault.name(desk, name) for name in names})[:CHUNK]
        if not blinds:
            return ()
        ids = _CALLED.scalars(self.connection, desk=desk, blinds=blinds)
        return tuple(self.people(sorted(ids)).values())

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
            ids = set(_STAFF.scalars(self.connection, desk=desk))
            lock, self._lock = self._lock, False
            try:
                found = self.people_that_open(sorted(ids))
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

    def desk_shut(self) -> int:
        """How much of who is called cannot be opened: members of a desk, accounts of theirs, rotas."""
        staff = self.connection.execute(select(tables.people).where(tables.STAFF)).all()
        rotas = self.connection.execute(select(tables.rotas)).all()
        ids = [row.id for row in staff]
        accounts = [
            row
            for start in range(0, len(ids), CHUNK)
            for row in self._rows(tables.addresses.c.person_id, ids[start : start + CHUNK])
        ]
        every = [(tables.people, staff), (tables.addresses, accounts), (tables.rotas, rotas)]
        return sum(not self._opens(table.name, row) for table, rows in every for row in rows)

    def _opens(self, table: str, row: Any) -> bool:
        try:
            self.vault.sealer.open(table, row.id, row.key_id, row.sealed)
        except Unsealable:
            return False
        return True

    def rota(self, desk: str) -> Rota | None:
        """The desk's rota, None when none was set, or when it cannot be opened: then everybody is called in the order
        in which they joined, instead of nobody."""
        if desk not in self._rotas:
            row, opened = _ROTA.first(self.connection, desk=desk), None
            if row is not None:
                with contextlib.suppress(Unsealable):
                    opened = self.vault.sealer.open("rotas", desk, row.key_id, row.sealed)
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
        try:
            self.save_rota(desk, rota, key_id or self.vault.keys.take())
        except Unsealable:  # its key is gone
            self.save_rota(desk, rota, self.vault.keys.take())

    def save_rota(self, desk: str, rota: Rota, key_id: str) -> None:
        """Replaces the desk's rota at once."""
        sealed = self.vault.sealer.seal("rotas", desk, key_id, rota_to_data(rota))
        self.desk_changed = True
        _SAVE_ROTA.run_rows(self.connection, [(desk, 1, key_id, sealed)])
        self._rotas[desk] = rota

    # ------------------------------------------------------------------------------------------- contacts, codes

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
        found = self._find(INVITATIONS, _CODE, digest=self.vault.code(code))
        return found[0] if found else None

    def unused_codes(self, person: Person, desk: str, now: datetime) -> tuple[Invitation, ...]:
        """The codes that a defender gave out for trusted contacts, or the desk for everybody else, and that still work,
        oldest first."""
        if person.is_staff:
            return self.codes_of_desk(desk, now)
        return tuple(self._find(INVITATIONS, _UNUSED, defender=person.id, now=micros(now)))

    def codes_of_desk(self, desk: str, now: datetime) -> tuple[Invitation, ...]:
        """The codes for officers, leads and defenders of a desk that still work, oldest first."""
        return tuple(self._find(INVITATIONS, _UNUSED_OF_DESK, desk=desk, now=micros(now)))
