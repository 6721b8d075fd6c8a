"""One row that cannot be opened, damaged or sealed under a key that is gone, costs what it is about and nobody else.

What everybody's turn reads must not stand before everybody: who belongs to the desk, the rota, the cases on the board.
"""

from __future__ import annotations

import pytest
from sqlalchemy import Table, select, update

from alerts.cases import CaseStatus
from alerts.store import tables
from bot.rehearsal.script import Character
from tests.stories.chat import BOTH, Chat, chat

SAMI = Character("sami", BOTH, verified=True)


def spoil(it: Chat, table: Table, column: str = "", value: str = "") -> None:
    """Changes a byte of the sealed payload in these rows of a table."""
    with it.stage.engine.store.writing() as work:
        every = select(table.c.id, table.c.sealed)
        found = work.connection.execute(every.where(table.c[column] == value) if column else every).all()
        for row in found:
            sealed = bytes(row.sealed)
            wrong = sealed[:-1] + bytes([sealed[-1] ^ 1])
            work.connection.execute(update(table).where(table.c.id == row.id).values(sealed=wrong))
    assert found


def who(it: Chat, name: str) -> str:
    person = it.person(name)
    assert person is not None
    return person.id


def reference(it: Chat, words: str) -> str:
    """The reference of the case whose page says this."""
    return next(str(line["case"]) for line in it.new() if words in line["text"])


@pytest.mark.parametrize("what", ["person", "account", "accounts", "rota"])
def test_an_alarm_calls_whoever_of_the_desk_can_be_read(what: str, database: str) -> None:
    with chat("nour", database=database) as it:
        ben = it.person("ben")
        assert ben is not None
        match what:
            case "person":
                spoil(it, tables.people, "id", ben.id)
            case "account":
                spoil(it, tables.addresses, "id", ben.addresses[0].id)
            case "accounts":
                spoil(it, tables.addresses, "person_id", ben.id)
            case _:
                spoil(it, tables.rotas)
        with it.stage.engine.store.reading() as work:
            assert work.desk_shut() == (2 if what == "accounts" else 1)
        it.says("nour", "SOS")
        assert it.told("nour", "receipt.stored")
        assert it.new("ana", "page")
        it.waits(minutes=2)
        heard = {line["channel"] for line in it.new("ben", "page")}
        assert heard == {"person": set(), "account": {"telegram"}, "accounts": set(), "rota": set(BOTH)}[what]
        assert heard or it.new("carla", "page")
        it.says("ana", "take")
        it.says("ana", "I am with you")
        assert any("I am with you" in text for text in it.texts("nour"))


def test_a_rota_that_does_not_open_is_set_anew() -> None:
    with chat() as it:
        spoil(it, tables.rotas)
        it.says("carla", "rota weekly mon 09:00 ben ana")
        with it.stage.engine.store.reading() as work:
            assert work.rota("main") is not None
            assert not work.desk_shut()


@pytest.mark.parametrize(
    "what", [tables.cases, tables.people, tables.addresses], ids=lambda table: table.name
)
def test_one_case_that_does_not_open_keeps_nobody_from_the_others(what: Table, database: str) -> None:
    with chat(SAMI, "nour", database=database) as it:
        it.says("sami", "may I ask about the grant")
        it.says("nour", "SOS they are here")
        alarm = reference(it, "they are here")
        spoil(it, what, "id" if what is tables.people else "person_id", who(it, "sami"))
        it.says("ana", f"take {alarm}")
        assert it.told("nour", "receipt.seen", officer="Ana")
        it.says("ana", "I am with you")
        assert any("I am with you" in text for text in it.texts("nour"))
        it.says("nour", "thank you")
        assert any("thank you" in text for text in it.texts("ana"))
        it.says("ana", "/cases")
        assert any(alarm in text for text in it.texts("ana"))
        it.says("ana", f"close {alarm} safe")
        with it.stage.engine.store.reading() as work:
            (case,) = work.cases_named("main", [alarm])
        assert case.status is CaseStatus.CLOSED


def test_words_for_a_case_that_does_not_open_go_to_no_other(database: str) -> None:
    with chat(SAMI, "nour", database=database) as it:
        it.says("nour", "SOS they are here")
        it.says("ana", f"take {reference(it, 'they are here')}")
        it.says("sami", "SOS by the river")
        it.says("ana", f"take {reference(it, 'by the river')}")
        it.says("ana", "Sami, go home")
        assert any("go home" in text for text in it.texts("sami"))
        spoil(it, tables.cases, "person_id", who(it, "sami"))
        it.says("ana", "your sister is at the bridge")
        assert not it.new("nour")
        assert it.told("ana", "desk.not_sent_which")
