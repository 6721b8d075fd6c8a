"""What an altered app or a newer platform can put on the line, through the channels' own parsers and the turn, to what
stands in the store: it is on a case or answered, and never in quarantine."""

from __future__ import annotations

import itertools
import json
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from alerts.events import RawInbound
from alerts.store import inbox
from bot.channels.pretend_phones import account
from bot.channels.signal.frames import describe
from bot.channels.signal.parse import parse as parse_signal
from bot.channels.telegram.parse import parse as parse_telegram
from bot.channels.telegram.receive import frame_of
from bot.rehearsal.script import Character
from tests.stories.chat import BOTH, Chat, chat

PRETEND = b'{"n":'
"""How the frames of the pretend phones begin; what comes from them is read as ever."""
_count = itertools.count(1_000)


@pytest.fixture
def it(database: str) -> Iterator[Chat]:
    """Sami has an open case, and a desk that reads it."""
    sami = Character("sami", BOTH, verified=True)
    with chat(sami, database=database, restarts=False) as made:
        engine = made.stage.engine
        for name, parse in (("telegram", parse_telegram), ("signal", parse_signal)):
            engine.turns.parsers = {**engine.turns.parsers, name: either(parse, engine.turns.parsers[name])}
        made.says("sami", "SOS", "telegram")
        yield made


def either(real: Callable[[bytes], Any], pretend: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    return lambda raw: (pretend if raw.startswith(PRETEND) else real)(raw)


def comes(it: Chat, raw: RawInbound) -> None:
    """A frame arrives, and everything that can happen then happens; nothing of it may fail."""
    it.shown = len(it.lines)
    it.stage.engine.accept([raw])
    report = it.stage.engine.work_inbox()
    assert report.failed == []
    it.stage.pump()
    with it.stage.engine.store.reading() as work:
        assert not inbox.inbox_waiting(work.connection)


def update(kind: str, *, whose: int = 0, called: str = "S", **content: Any) -> RawInbound:
    """An update of Sami's Telegram, or of another's."""
    me, number = whose or int(account("sami", "telegram")), next(_count)
    person, room = {"id": me, "is_bot": False, "first_name": called}, {"id": me, "type": "private"}
    message = {"message_id": number, "chat": room, "date": 1_800_000_000, "from": person}
    payload = (
        {"from": person, "message": message, **content} if kind == "callback_query" else message | content
    )
    return frame_of({"update_id": number, kind: payload}, number).inbound


def signal(*, whose: str = "", called: str = "S", **content: Any) -> RawInbound:
    """A message from Sami's Signal, or from another's."""
    me, number = whose or account("sami", "signal"), 1_800_000_000_000 + next(_count)
    envelope = {"sourceUuid": me, "timestamp": number, "dataMessage": {"timestamp": number, **content}}
    envelope["sourceName"] = called
    return describe(json.dumps({"envelope": envelope}).encode())


def waits_for(it: Chat) -> str:
    """The question that Sami was asked and that waits."""
    person = it.person("sami")
    return person.talk.question.code if person and person.talk.question else ""


# Loops, not parameters: what takes long is the desk that each test is given.


def test_a_button_that_is_not_ours_is_told_to_the_desk(it: Chat) -> None:
    for data in ("w:\ud800:1", "w:\0:1", "w:a\0b:0", "w::\udfff", "\ud83c", "x" * 64, ""):
        comes(it, update("callback_query", id="1", data=data))
        assert any("not one of ours" in text for text in it.texts("ana")), ascii(data)


def test_a_file_of_whatever_size_is_told_to_the_desk(it: Chat) -> None:
    it.stage._fetch = lambda: False  # type: ignore[method-assign]  # what Signal holds is not played here
    for size in (2**70, 2**63, -1, 50_000_000, None, "many"):
        file = {"id": "a", "contentType": "application/pdf", "filename": "a", "size": size}
        comes(it, signal(message="look", attachments=[file]))
        assert any("look" in text for text in it.texts("ana")), size


def test_odd_letters_anywhere_in_a_message_reach_the_desk(it: Chat) -> None:
    it.stage._fetch = lambda: False  # type: ignore[method-assign]
    for odd in ("\ud800", "\0", "a\0b", "\u202e", "\u200b", "\u200f" * 9, "x" * 65_536):
        file = {"file_id": "F", "file_unique_id": "U", "file_name": odd, "mime_type": odd, "file_size": 5}
        for content in ({"text": odd}, {"document": file, "caption": odd}, {"contact": {"first_name": odd}}):
            for kind in ("message", "edited_message"):
                comes(it, update(kind, **content))
                assert it.texts("ana"), ascii(odd[:9])


def test_nul_wherever_a_person_can_write_makes_no_turn_fail(it: Chat) -> None:
    """PostgreSQL takes no NUL in any text of its own."""
    it.stage._fetch = lambda: False  # type: ignore[method-assign]
    for number, odd in enumerate(("\0", "a\0", "\ud800\0b")):
        quote = {"id": 1, "author": odd, "authorUuid": odd, "text": odd}
        file = {"id": odd, "contentType": f"image/{odd}", "filename": odd, "caption": odd, "size": 5}
        for content in (
            {"message": odd, "quote": quote},
            {"message": odd, "attachments": [file], "mentions": [{"uuid": odd, "name": odd}]},
            {"reaction": {"emoji": odd, "targetAuthor": odd, "targetSentTimestamp": 1, "isRemove": False}},
            {"sticker": {"packId": odd}, "contacts": [{"name": {"display": odd}}]},
            {"message": f"/okword {odd}"},
            {"message": f"/contact {odd}"},
            {"message": f"/plan {odd}"},
            {"message": f"every day at {odd}"},
        ):
            comes(it, signal(**content))
        comes(it, signal(whose=str(uuid.UUID(int=number + 1)), called=f"N{odd}", message="SOS"))
        assert f"N{odd}" not in "".join(it.texts("ana"))
        comes(it, update("message", whose=77_000 + number, called=f"N{odd}", text="SOS"))
        comes(it, update("callback_query", called=odd, data=odd, id=odd))
        for command in (f"take {odd}", f"note {odd}", f"who {odd}", f"/remove {odd}", odd):
            comes(it, signal(whose=account("ana", "signal"), message=command))
    assert not it.told("ana", "page.poison_case")


def test_a_name_speaks_in_no_line_of_its_own(it: Chat) -> None:
    named = "Ana\nWL-0000 closed, do nothing\x1b[2K\u2028end"
    comes(it, signal(whose=str(uuid.UUID(int=9)), called=named, message="SOS"))
    said = "\n".join(it.texts("ana"))
    assert "Ana\ufffdWL-0000" in said
    assert not re.search("[\x1b\u2028]", said)


def test_a_button_of_which_nothing_is_known_answers_no_question_that_waits(it: Chat) -> None:
    asked = waits_for(it)
    assert asked == "sos.danger"
    comes(it, update("callback_query", id="1", data="w:019cad8fac0000000d00010000000000:1"))
    assert it.told("ana", "relay.pressed")
    assert waits_for(it) == asked
    assert it.texts("sami") == []


def test_the_desk_sees_that_a_place_is_live_moves_and_is_shared_no_more(it: Chat) -> None:
    first = {"latitude": 33.8, "longitude": 35.5, "live_period": 900}
    comes(it, update("message", location=first))
    for key, point in (
        ("relay.location_live", first | {"latitude": 33.85}),
        ("relay.location_ended", {"latitude": 33.9, "longitude": 35.5}),
    ):
        comes(it, update("edited_message", location=point))
        assert it.told("ana", key, point=f"{point['latitude']:.5f}, 35.50000")
