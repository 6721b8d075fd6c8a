"""What an altered app or a newer platform can put on the line, through the channels' own parsers and the turn, to what
stands in the store: it is on a case or answered, and never in quarantine."""

from __future__ import annotations

import itertools
import json
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


def update(kind: str, **content: Any) -> RawInbound:
    """An update of Sami's Telegram."""
    me, number = int(account("sami", "telegram")), next(_count)
    person, room = {"id": me, "is_bot": False, "first_name": "S"}, {"id": me, "type": "private"}
    message = {"message_id": number, "chat": room, "date": 1_800_000_000, "from": person}
    payload = (
        {"from": person, "message": message, **content} if kind == "callback_query" else message | content
    )
    return frame_of({"update_id": number, kind: payload}, number).inbound


def signal(**content: Any) -> RawInbound:
    """A message from Sami's Signal."""
    me, number = account("sami", "signal"), 1_800_000_000_000 + next(_count)
    envelope = {"sourceUuid": me, "timestamp": number, "dataMessage": {"timestamp": number, **content}}
    return describe(json.dumps({"envelope": envelope}).encode())


@pytest.mark.parametrize("data", ["w:\ud800:1", "w:\0:1", "w:a\0b:0", "w::\udfff", "\ud83c", "x" * 64, ""])
def test_a_button_that_is_not_ours_is_told_to_the_desk(it: Chat, data: str) -> None:
    comes(it, update("callback_query", id="1", data=data))
    assert any("not one of ours" in text for text in it.texts("ana"))


@pytest.mark.parametrize("size", [2**70, 2**63, -1, 50_000_000, None, "many"])
def test_a_file_of_whatever_size_is_told_to_the_desk(it: Chat, size: object) -> None:
    file = {"id": "a", "contentType": "application/pdf", "filename": "a", "size": size}
    it.stage._fetch = lambda: False  # type: ignore[method-assign]  # what Signal holds is not played here
    comes(it, signal(message="look", attachments=[file]))
    assert any("look" in text for text in it.texts("ana"))


@pytest.mark.parametrize("odd", ["\ud800", "\0", "a\0b", "\u202e", "\u200b", "\u200f" * 9, "x" * 65_536])
def test_odd_letters_anywhere_in_a_message_reach_the_desk(it: Chat, odd: str) -> None:
    file = {"file_id": "F", "file_unique_id": "U", "file_name": odd, "mime_type": odd, "file_size": 5}
    it.stage._fetch = lambda: False  # type: ignore[method-assign]
    for content in ({"text": odd}, {"document": file, "caption": odd}, {"contact": {"first_name": odd}}):
        comes(it, update("message", **content))
        assert it.texts("ana")
        comes(it, update("edited_message", **content))
        assert it.texts("ana")
