"""A text longer than Signal sends at once: its beginning is worked on at once, the rest follows when it comes."""

from __future__ import annotations

import functools

from alerts.cases import Case, StoredFile
from alerts.events import LONG_TEXT
from alerts.facts import Fetched
from alerts.recognition import Alarm
from alerts.store import files
from bot.rehearsal.script import Character
from tests.stories.chat import BOTH, Chat, chat

CUT = "I am writing down what happened in the village last week. "
REST = "Then we met at the well and talked. " * 150 + "The end of it all."


def comes(it: Chat, whole: str) -> None:
    """The whole of the latest message that was cut was fetched."""
    it._begin()
    with it.stage.engine.store.writing() as work:
        (case,) = work.all_cases("main")
        message = next(m for m in reversed(work.messages_of(case.id, 9)) if m.text.startswith(CUT.strip()))
        file = StoredFile(
            id="f" * 32,
            message_id=message.id,
            case_id=case.id,
            person_id=message.person_id,
            state="wanted",
            size=len(whole.encode()),
            attempts=0,
            ready_at=it.stage.clock.now(),
            key_id=case.key_id,
            channel="signal",
            content_type=LONG_TEXT,
        )
        work.put(file)
        work.flush()
    data = [whole.encode()]
    it.stage.engine.happened(Fetched(file.id), functools.partial(files.store_chunks, file=file, data=data))
    it.stage.pump()


def test_the_rest_of_a_long_text_reaches_the_desk_whole(database: str) -> None:
    with chat("nour", database=database) as it:
        it.says("nour", CUT.strip())
        it.says("ana", "take")
        comes(it, CUT + REST)
        told = [text for text in it.texts("ana") if "…" in text]
        assert len(told) == 2
        assert "".join(text.partition("…")[2] for text in told).strip() == REST
        with it.stage.engine.store.reading() as work:
            (case,) = work.all_cases("main")
            assert any(REST in message.text for message in work.messages_of(case.id, 5))


def test_an_alarm_that_stands_in_the_rest_alone_is_an_alarm() -> None:
    with chat("nour") as it:
        it.says("nour", CUT.strip())
        comes(it, CUT + "SOS they are taking me now")
        with it.stage.engine.store.reading() as work:
            (case,) = work.all_cases("main")
        assert case.urgency == 1
        assert it.new("ana", "page")


ALARM = "SOS they are taking me now"


def cases(it: Chat) -> list[Case]:
    with it.stage.engine.store.reading() as work:
        return list(work.all_cases("main"))


def test_an_alarm_in_the_rest_wakes_whoever_has_the_case(database: str) -> None:
    with chat(Character("nour", BOTH, verified=True), database=database) as it:
        it.says("nour", "SOS").says("ana", "take").says("ana", "We are with you").waits(hours=3)
        it.says("nour", CUT.strip())
        comes(it, CUT + ALARM)
        assert it.new("ana", "page")
        it.waits(minutes=3)
        assert it.new("ben", "page"), "and the next one, when the taker does not hear it"


def test_an_alarm_in_the_rest_of_what_is_closed_by_now_is_a_new_case(database: str) -> None:
    with chat("nour", database=database) as it:
        it.says("nour", CUT.strip()).says("ana", "take").says("ana", "close safe")
        comes(it, CUT + ALARM)
        assert [case.urgency for case in cases(it) if case.is_open] == [1]
        assert it.new("ana", "page")
        assert it.told("nour", "receipt.stored")


def test_a_doubt_in_the_rest_is_a_doubt() -> None:
    with chat("nour") as it:
        it.says("nour", CUT.strip())
        doubt = CUT + "Two men are waiting outside my door"
        assert it.stage.rules.recogniser.recognise(doubt).alarm is Alarm.DOUBT
        comes(it, doubt)
        assert cases(it)[0].urgency == 2
        assert it.new("ana", "page")
        assert it.told("nour", "doubt")


def test_the_rest_of_what_an_officer_in_danger_writes_is_for_the_desk() -> None:
    with chat() as it:
        it.says("ana", "SOS").says("ben", "take").says("ana", CUT.strip())
        comes(it, CUT + "They are at the door of the office.")
        assert any("at the door" in text for text in it.texts("ben"))
        assert not it.texts("ana")
        assert cases(it)[0].answered_at is None, "nobody has answered her"
