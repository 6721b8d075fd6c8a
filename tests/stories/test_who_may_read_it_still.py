"""What waits for a channel goes to whoever may still read it by then, and to whoever it was meant for.

While it waited somebody may have left the desk, lost their rights or ceased to be a trusted contact; or a stranger may
have turned out to be somebody known. And what names a defender is not sent where others may read it.
"""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from sqlalchemy import update

from alerts.ids import micros
from alerts.records import replace
from alerts.store import tables
from bot.channels.pretend_world import SIGNAL, TELEGRAM
from bot.rehearsal.script import Character, CheckInPlan
from tests.stories.chat import Chat, chat


def is_back(it: Chat, channel: str) -> None:
    it.shown = len(it.lines)
    it.stage.network.set_channel(channel, True)
    it.stage.until(it.stage.clock.now() + timedelta(minutes=1))


@pytest.mark.parametrize("how", ["removed", "frozen"])
def test_whoever_has_no_rights_any_more_reads_nothing_that_waited(how: str, database: str) -> None:
    with chat("nour", "omar", database=database, restarts=False) as it:
        it.says("nour", "SOS", TELEGRAM).says("ana", "take", TELEGRAM)
        it.stage.network.set_channel(SIGNAL, False)
        it.says("nour", "the house is in Rose Street", TELEGRAM)
        it.says("omar", "SOS they are at the mill", TELEGRAM)
        assert not any("Rose Street" in text or "the mill" in text for text in it.texts("ana"))
        if how == "removed":
            it.says("carla", "remove Ana", TELEGRAM)
        else:
            it.unreadable("ana")
        is_back(it, SIGNAL)
        assert not it.new("ana", "page")
        assert not it.new("ana", "relay")
        assert it.new("ben", "page"), "the others are called"


def test_a_contact_who_was_taken_back_while_the_alert_waited_is_not_written_to() -> None:
    plan = CheckInPlan("routine", (time(9, 5),))
    sami = Character("sami", (SIGNAL,), verified=True, contacts=("lina", "omar"), check_in=plan)
    with chat(sami, Character("lina", (TELEGRAM,)), Character("omar", (TELEGRAM,)), restarts=False) as it:
        it.waits(hours=1, minutes=55)
        it.stage.network.set_channel(TELEGRAM, False)
        it.waits(minutes=20)
        it.says("sami", "stop contact lina", SIGNAL)
        is_back(it, TELEGRAM)
        assert not it.new("lina")
        assert it.new("omar", "contact_alert")


def test_an_officers_words_reach_a_stranger_who_turned_out_to_be_somebody_known(database: str) -> None:
    with chat(Character("nour", (SIGNAL, TELEGRAM)), database=database, restarts=False) as it:
        it.says("ana", "invite Nour")
        it.says("nour", it.code("ana"), SIGNAL).says("nour", "skip", SIGNAL).says("nour", "skip", SIGNAL)
        code = it.says("nour", "link", SIGNAL).code("nour")
        it.says("nour", "SOS", TELEGRAM).says("ana", "take")
        it.stage.network.set_channel(TELEGRAM, False)
        it.says("ana", "go to the red house").says("nour", code, TELEGRAM)
        is_back(it, TELEGRAM)
        assert any("red house" in text for text in it.texts("nour"))


def test_a_silent_case_stays_silent_for_an_account_that_was_linked_since() -> None:
    with chat(Character("nour", (SIGNAL, TELEGRAM)), restarts=False) as it:
        it.says("ana", "invite Nour")
        it.says("nour", it.code("ana"), SIGNAL).says("nour", "skip", SIGNAL).says("nour", "skip", SIGNAL)
        code = it.says("nour", "link", SIGNAL).code("nour")
        it.says("nour", "SOS", TELEGRAM).says("ana", "take")
        it.stage.network.set_channel(TELEGRAM, False)
        it.says("ana", "go to the red house")
        later = micros(it.stage.clock.now() + timedelta(minutes=10))
        with it.stage.engine.store.writing() as work:
            waits = tables.outbox.c.kind == "relay"
            work.connection.execute(update(tables.outbox).where(waits).values(ready_at=later))
        it.says("nour", code, TELEGRAM)
        is_back(it, TELEGRAM)
        assert it.told("nour", "link.done", name="Nour")
        nour = it.person("nour")
        assert nour is not None
        with it.stage.engine.store.writing() as work:
            (case,) = work.open_cases_of(nour.id)
            work.put(replace(case, silent=True))
            work.flush()
        it.waits(minutes=15)
        assert not any("red house" in text for text in it.texts("nour"))


def test_what_names_a_defender_goes_where_content_may_go() -> None:
    with chat(Character("nour", (SIGNAL, TELEGRAM)), restarts=False) as it:
        it.says("ana", "invite Nour", TELEGRAM)
        code = it.code("ana")
        it.says("ana", "/oncall", TELEGRAM)
        told = it.says("nour", code, SIGNAL).new("ana")
        it.says("nour", "skip", SIGNAL).says("nour", "skip", SIGNAL)
        for words in ("/name Rose", "/plan call my brother", "/plan off", "/okword lemon"):
            told += it.says("nour", words, SIGNAL).new("ana")
        code = it.says("nour", "link", SIGNAL).code("nour")
        told += it.says("nour", code, TELEGRAM).new("ana")
        assert len(told) >= 4
        named = [line for line in told if "Nour" in line["text"] or "Rose" in line["text"]]
        assert named
        assert {line["channel"] for line in named} == {SIGNAL}
