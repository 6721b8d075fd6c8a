"""A text longer than Signal sends at once: its beginning is worked on at once, the rest follows when it comes."""

from __future__ import annotations

import functools

from alerts.cases import StoredFile
from alerts.events import LONG_TEXT
from alerts.facts import Fetched
from alerts.store import files
from tests.stories.chat import Chat, chat

CUT = "I am writing down what happened in the village last week. "
REST = "Then we met at the well and talked. " * 150 + "The end of it all."


def comes(it: Chat, whole: str) -> None:
    """The whole of the latest message of the only case was fetched."""
    it._begin()
    with it.stage.engine.store.writing() as work:
        (case,) = work.all_cases("main")
        message = work.messages_of(case.id, 5)[-1]
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
