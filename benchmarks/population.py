"""Many people with check-ins, put into a store in bulk: sealed as the store seals, one key a person."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as wall_time
from typing import Any

from sqlalchemy import Connection, Index, Table, delete, insert, select, update
from sqlalchemy.schema import CreateIndex, DropIndex

from alerts.checkins import CheckIn, CheckInKind, CheckInStatus, Round, RoundStatus
from alerts.deadlines import Deadline, DeadlineKind
from alerts.ids import Ids, micros
from alerts.ladder import RungKind
from alerts.people import Address, Person, Reach, Role, Standing
from alerts.rounds import opener, round_deadline
from alerts.schedule import CheckInSchedule
from alerts.store import tables
from alerts.store.shapes import ADDRESSES, CHECK_INS, PEOPLE, ROUNDS
from alerts.store.store import Store
from alerts.store.work import deadline_row
from bot.clock import SystemEntropy
from handlers.rules import Rules

CHUNK = 2_000
"""People in one transaction of the bulk; fewer than the keyring holds."""
PROTOCOL = "elevated"
FAR_AWAY = datetime(2036, 1, 1, tzinfo=UTC)
"""When everybody is asked who is not to be asked now."""
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
"""When what a population consists of was made; ids sort by it."""
_FILLED = (tables.people, tables.addresses, tables.check_ins, tables.rounds, tables.deadlines)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of a population, and their place in it."""

    number: int
    id: str
    key: str
    check_in: str


def account(number: int) -> str:
    """The account of a member on the Signal-like channel."""
    return f"member-{number}"


def add_people(
    store: Store,
    rules: Rules,
    count: int,
    next_at: datetime,
    *,
    first: int = 0,
    tell: Callable[[str], None] | None = None,
) -> Iterator[list[Member]]:
    """Adds defenders with one address and one check-in each, next asked at `next_at`; yields them by chunks.

    Each chunk is committed when it is yielded. `first` is the number of the first of them.
    """
    entropy = SystemEntropy()
    schedule = CheckInSchedule(zone=rules.zone, times=(wall_time(9, 0), wall_time(18, 30)))
    begun = time.perf_counter()
    for start in range(0, count, CHUNK):
        store.vault.keys.refill()
        ids = Ids(LONG_AGO + timedelta(milliseconds=first + start), entropy.draw(16))
        numbers = range(start, min(start + CHUNK, count))
        members = [Member(first + n, ids.new(), store.vault.keys.take(), ids.new()) for n in numbers]
        rows: dict[str, list[dict[str, Any]]] = {table.name: [] for table in _FILLED}
        for member in members:
            _person(rows, store, rules, member, ids, schedule, next_at)
        with store.writing() as work:
            for table in _FILLED:
                if rows[table.name]:
                    work.connection.execute(insert(table), rows[table.name])
        yield members
        if tell is not None:
            done = numbers[-1] + 1
            tell(f"{done} of {count} people, {done / (time.perf_counter() - begun):.0f} a second")


def _person(
    rows: dict[str, list[dict[str, Any]]],
    store: Store,
    rules: Rules,
    member: Member,
    ids: Ids,
    schedule: CheckInSchedule,
    next_at: datetime,
) -> None:
    vault = store.vault
    person = Person(
        id=member.id,
        desk=rules.desk,
        role=Role.DEFENDER,
        status=Standing.ACTIVE,
        verified=True,
        version=1,
        key_id=member.key,
        alias=f"Member {member.number}",
        language="en",
        zone=rules.zone,
    )
    row = PEOPLE.row(person, vault)
    row["named"] = vault.name(rules.desk, person.alias)
    rows["people"].append(row)
    address = Address(ids.new(), member.id, "signal", 0, Reach.OK, None, member.key, account(member.number))
    row = ADDRESSES.row(address, vault)
    row["blind"] = vault.account(address.channel, address.account)
    rows["addresses"].append(row)
    check_in = CheckIn(
        id=member.check_in,
        person_id=member.id,
        desk=rules.desk,
        kind=CheckInKind.PERIODIC,
        status=CheckInStatus.ACTIVE,
        version=1,
        next_at=next_at,
        key_id=member.key,
        protocol=PROTOCOL,
        schedule=schedule,
        made_by=member.id,
        created_at=LONG_AGO,
    )
    rows["check_ins"].append(CHECK_INS.row(check_in, vault))
    deadline = Deadline(DeadlineKind.PROMPT, check_in.id, member.id, check_in.version, 0, 4, next_at)
    rows["deadlines"].append(deadline_row(deadline))


def waiting_round(rules: Rules, member: Member, kind: RungKind, due_at: datetime, ids: Ids) -> Round:
    """A question to a member without an answer, whose rung of this kind is due then; those before it are done."""
    ladder = rules.protocols[PROTOCOL].ladder
    place = opener(ladder) if kind is RungKind.DESK else ladder.index_of(kind)
    if place is None:
        raise ValueError(f"the ladder {PROTOCOL} has no rung {kind.value}")
    return Round(
        id=ids.new(),
        check_in_id=member.check_in,
        person_id=member.id,
        case_id=None,
        status=RoundStatus.LIVE,
        rung=place,
        version=1,
        asked_at=due_at - ladder.rungs[place].after,
        ended_at=None,
        key_id=member.key,
        protocol=PROTOCOL,
        done=tuple(range(place)),
    )


def add_rounds(store: Store, rules: Rules, rounds: Iterable[Round]) -> None:
    """Adds rounds with the deadlines that follow from them."""
    made = list(rounds)
    due = [d for d in (round_deadline(r, rules.protocols[PROTOCOL]) for r in made) if d is not None]
    with store.writing() as work:
        work.connection.execute(insert(tables.rounds), [ROUNDS.row(r, store.vault) for r in made])
        work.connection.execute(insert(tables.deadlines), [deadline_row(d) for d in due])


def ask_at(connection: Connection, check_ins: list[str], at: datetime) -> None:
    """Sets when check-ins are asked next."""
    for start in range(0, len(check_ins), 400):
        part = check_ins[start : start + 400]
        c, d = tables.check_ins, tables.deadlines
        connection.execute(update(c).where(c.c.id.in_(part)).values(next_at=micros(at)))
        connection.execute(
            update(d).where(d.c.kind == "prompt", d.c.subject.in_(part)).values(due_at=micros(at))
        )


def bring_forward(store: Store, planned: datetime, now: datetime) -> None:
    """What was planned for an instant has just come."""
    came = micros(now - timedelta(seconds=1))
    c, d = tables.check_ins, tables.deadlines
    with store.writing() as work:
        work.connection.execute(update(c).where(c.c.next_at == micros(planned)).values(next_at=came))
        work.connection.execute(update(d).where(d.c.due_at == micros(planned)).values(due_at=came))


def make_due(store: Store, check_ins: list[str], now: datetime) -> None:
    """Undoes what an earlier sweep left, and makes these check-ins due."""
    d = tables.deadlines
    with store.writing() as work:
        connection = work.connection
        for table in (tables.outbox, tables.rounds):
            connection.execute(delete(table))
        connection.execute(delete(d).where(d.c.kind != "prompt"))
        near = select(d.c.subject).where(d.c.due_at < micros(FAR_AWAY))
        ask_at(connection, list(connection.execute(near).scalars()), FAR_AWAY)
        ask_at(connection, check_ins, now - timedelta(seconds=1))


def spread(store: Store, count: int, times: int) -> list[list[str]]:
    """So many check-ins from all over the population, so many times, others each time."""
    c = tables.check_ins
    with store.reading() as work:
        every = list(work.connection.execute(select(c.c.id).order_by(c.c.id)).scalars())
    return [
        [every[(n * len(every) // count + time) % len(every)] for n in range(count)] for time in range(times)
    ]


def without_indexes(store: Store, fill: Callable[[], None]) -> None:
    """Fills tables while their indexes are away, which is many times faster, and makes them again."""
    filled: list[Index] = [index for table in _FILLED for index in sorted(_indexes(table), key=_name)]
    with store.writing() as work:
        for index in filled:
            work.connection.execute(DropIndex(index))
    fill()
    for index in filled:
        with store.writing() as work:
            work.connection.execute(CreateIndex(index))


def _indexes(table: Table) -> Iterable[Index]:
    return table.indexes


def _name(index: Index) -> str:
    return str(index.name)


def progress(line: str) -> None:
    """Tells on stderr how far a long measurement is."""
    print(f"  {line}", file=sys.stderr, flush=True)
