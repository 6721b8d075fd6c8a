"""One code, two accounts at the same instant, two nodes: one of them gets in. And the code itself is nowhere."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from alerts.people import Purpose, Role
from alerts.store.store import Store
from bot.engine import Engine
from bot.rehearsal.play import RehearsalKeys
from tests.stories.chat import Chat, chat

PATIENCE = 200
"""Looks at the other node, a twentieth of a second each."""


def second_node(it: Chat) -> Engine:
    """Another process on the same store."""
    stage = it.stage
    store = Store.open(
        stage.url,
        RehearsalKeys(stage.key),
        entropy=stage.entropy.draw,
        now=stage.clock.now,
        schema=stage.schema,
        durable=False,
        pool_low=8,
        pool_high=32,
    )
    return Engine(store, stage.rules, stage.engine.parsers, stage.clock, stage.entropy)


def waits_for_a_lock(it: Chat) -> bool:
    """Whether anybody on this PostgreSQL waits for a row; never on SQLite, which does not tell."""
    if it.stage.engine.store.dialect != "postgresql":
        return False
    with it.stage.engine.store.reading() as work:
        query = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")
        return bool(work.connection.execute(query).scalar())


def test_of_two_who_use_a_code_at_once_one_gets_in(database: str) -> None:
    with chat("nour", "eve", officers=(), lead="", database=database, restarts=False) as it:
        code = it.invited(Purpose.DEFENDER, "Nour")
        engine, other = it.stage.engine, second_node(it)
        for who in ("nour", "eve"):
            it.stage.network.say(who, "signal", text=code)
        it.stage.hand_over()
        done: list[int] = []
        node = threading.Thread(target=lambda: done.append(other.work_inbox().turns))
        with engine.store.writing() as work:
            assert engine.turns.inbox(work, it.stage.clock.now(), 1).turns == 1
            node.start()
            for _ in range(PATIENCE if engine.store.dialect == "postgresql" else 1):
                node.join(timeout=0.05)
                if done or waits_for_a_lock(it):
                    break
        node.join()
        other.store.close()
        it.stage.pump()
        found = {person.role for who in ("nour", "eve") if (person := it.person(who))}
        assert found == {Role.DEFENDER, Role.STRANGER}
        refused = [line for line in it.new() if line["text"] == it.stage.rules.words.say("en", "code.wrong")]
        assert len(refused) == 1


def test_no_code_is_in_a_log_line_or_readable_in_the_database(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path / 'watchline.db'}"
    with chat("nour", "eve", database=url) as it:
        it.says("ana", "invite Nour")
        code = it.code("ana")
        it.says("nour", code)
        it.says("eve", code)
        assert make_url(url).database
        written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    captured = capsys.readouterr()
    assert "invitation_used" in captured.out
    for form in (code, code.replace("-", ""), code.lower()):
        assert form not in captured.out + captured.err
        assert form.encode() not in written


def test_a_code_is_refused_at_the_end_of_its_time_and_not_before() -> None:
    with chat("nour", "eve", restarts=False) as it:
        hours = timedelta(hours=it.stage.rules.invitation_hours)
        first, second = it.invited(Purpose.DEFENDER, "Nour"), it.invited(Purpose.DEFENDER, "Eve")
        it.stage.until(it.stage.clock.now() + hours - timedelta(seconds=1))
        it.says("nour", first)
        it.waits(seconds=1)
        it.says("eve", second)
        nour, eve = it.person("nour"), it.person("eve")
        assert nour is not None
        assert eve is not None
        assert (nour.role, eve.role) == (Role.DEFENDER, Role.STRANGER)
