"""Costs follow what is due, never what is stored: no statement behind an alarm or a deadline reads a whole table.

SQLite says before it runs a statement how it will find the rows, PostgreSQL counts afterwards how it found them. A
partial index serves only a query that repeats its condition, which is easily lost in a rewording, and shows in no
result.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql
from sqlalchemy import Engine, Integer, String, column, event, make_url, select, table

from alerts.events import Sent
from alerts.store import tables
from alerts.store.keks import NewKek
from alerts.store.store import Store
from bot.channels.pretend_frames import parse, to_raw
from bot.clock import SeededEntropy, SimulatedClock
from bot.delivery import Budget, Delivery
from bot.engine import Engine as Desk
from bot.rehearsal.cast import settle_in
from bot.rehearsal.play import RehearsalKeys
from bot.rehearsal.script import parse_script
from bot.rules import shipped_rules
from tests.postgres import Postgres

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
SCRIPT = parse_script("""
zone: Europe/Brussels
start: 2026-03-02T09:00
desk: {officers: [ana, ben], lead: carla}
people: {sami: {channels: [signal], verified: true, check_in: {protocol: routine, every_hours: 1}}}
steps: []
""")


@contextmanager
def whole_tables() -> Iterator[list[str]]:
    """Statements that read a whole table, while inside."""
    found: list[str] = []

    def explain(_c: Any, cursor: Any, statement: str, parameters: Any, _x: Any, many: bool) -> None:
        if many or not statement.startswith(("SELECT", "UPDATE", "DELETE")):
            return
        plan = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
        found.extend(f"{step}: {statement}" for *_, step in plan if reads_all(step))

    event.listen(Engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", explain)


def reads_all(step: str) -> bool:
    """Whether a step of a plan goes through a table of ours from end to end."""
    words = step.split()
    return words[0] == "SCAN" and words[1] in tables.metadata.tables and "USING" not in words


@contextmanager
def desk_at(url: str) -> Iterator[Desk]:
    clock, entropy = SimulatedClock(START), SeededEntropy(1)
    key = entropy.draw(32)
    Store.create(url, NewKek("rehearsal", key), entropy=entropy.draw, now=clock.now)
    store = Store.open(url, RehearsalKeys(key), entropy=entropy.draw, now=clock.now, pool_low=8, pool_high=32)
    rules = shipped_rules("Europe/Brussels")
    settle_in(store, SCRIPT, rules, entropy, START)
    channels = ("signal", "telegram")
    yield Desk(store, rules, {n: functools.partial(parse, n) for n in channels}, clock, entropy)
    store.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_at(f"sqlite:///{tmp_path / 'w.db'}") as made:
        yield made


def everything(desk: Desk) -> int:
    """All that can be done now. Says how many messages went out."""
    sent = 0
    for number in range(20):
        while desk.work_inbox().turns or desk.work_deadlines().turns:
            pass
        for channel in ("signal", "telegram"):
            delivery = Delivery(desk, channel, Budget())
            handed = delivery.claim(16)
            sent += len(handed)
            for n, consignment in enumerate(handed):
                desk.settle(delivery.answered(consignment, Sent(f"{channel}-{sent}-{number}-{n}")))
            delivery.next_change()
    return sent


def an_alarm_and_what_follows(desk: Desk) -> None:
    for number, (who, text) in enumerate([("stranger", "SOS"), ("sami", "hello"), ("ana", "/take")]):
        frame = {"n": number, "from": who, "kind": "text", "ref": str(number), "text": text}
        desk.accept([to_raw("signal", frame)])
        assert everything(desk) > 0


def a_check_in_that_climbs_to_the_desk(desk: Desk) -> None:
    for minutes in range(0, 360, 15):
        assert isinstance(desk.clock, SimulatedClock)
        desk.clock.set(START + timedelta(minutes=minutes))
        everything(desk)


def test_an_alarm_and_what_follows_read_no_whole_table(desk: Desk) -> None:
    with whole_tables() as found:
        an_alarm_and_what_follows(desk)
    assert found == []


def test_a_check_in_that_climbs_to_the_desk_reads_no_whole_table(desk: Desk) -> None:
    with whole_tables() as found:
        a_check_in_that_climbs_to_the_desk(desk)
    with desk.store.reading() as work:
        assert work.connection.execute(select(tables.cases.c.source)).scalars().all() != []
    assert found == []


def test_on_postgresql_neither_reads_a_whole_table(postgres: Postgres) -> None:
    """Its plans are made once, for values that are not known yet and tables that may still be small."""
    with postgres.fresh_database() as url:
        name = sql.Identifier(str(make_url(url).database))
        postgres.execute(sql.SQL("ALTER DATABASE {} SET plan_cache_mode TO force_generic_plan").format(name))
        with desk_at(url) as desk:
            before, _ = reads(desk)
            an_alarm_and_what_follows(desk)
            a_check_in_that_climbs_to_the_desk(desk)
            after, used = reads(desk)
    assert {name for name in after if after[name] > before[name]} == set()
    assert used["ix_rounds_live"] > 0, "of a year of answers only what waits for one is read"


def reads(desk: Desk) -> tuple[dict[str, int], dict[str, int]]:
    """How often PostgreSQL has gone through each table of the store, and how often it has looked into each index."""
    for transaction in (desk.store.writing, desk.store.reading):
        with transaction() as work:  # what its own connection has counted is told to others when it ends
            work.connection.exec_driver_sql("SELECT pg_stat_force_next_flush()")
    ours = column("schemaname") == desk.store.schema
    asked = (
        ("relname", "seq_scan", "pg_stat_user_tables"),
        ("indexrelname", "idx_scan", "pg_stat_user_indexes"),
    )
    found: list[dict[str, int]] = []
    with desk.store.reading() as work:
        for name, count, where in asked:
            query = select(column(name, String), column(count, Integer)).select_from(table(where))
            found.append({row[0]: row[1] for row in work.connection.execute(query.where(ours))})
    tables_read, indexes_used = found
    return tables_read, indexes_used


def test_a_statement_that_reads_a_whole_table_would_be_noticed(desk: Desk) -> None:
    with whole_tables() as found, desk.store.reading() as work:
        work.connection.execute(select(tables.people.c.id).where(tables.people.c.version == 1)).all()
    assert len(found) == 1
