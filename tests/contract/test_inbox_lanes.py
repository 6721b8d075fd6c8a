"""What one person sent is worked off in order and in one go, on both databases and by several nodes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.store import inbox
from bot.engine import INBOX_BATCH, Engine
from tests.contract.desks import Desk, frame

SOME = 5


def comes(desk: Desk, who: str, *texts: str, to: Engine | None = None) -> None:
    """Somebody writes, a second after all that came before; `to` another node than the first."""
    desk.clock.advance(timedelta(seconds=1))
    (to or desk.engine).accept([frame(who, text=text) for text in texts])


def taken(engine: Engine, limit: int = INBOX_BATCH) -> list[str]:
    """The words that this node would have turns for now. It lets go of them again."""
    with engine.store.writing() as work:
        waiting = inbox.next_in_inbox(work.connection, work.vault, limit)
        return [engine.parsers[row.channel](row.opened()).text for row in waiting]


def words(count: int) -> list[str]:
    return [f"word {number}" for number in range(count)]


def test_one_who_wrote_much_is_worked_off_without_a_pause(desk: Desk) -> None:
    comes(desk, "ana", *words(SOME))
    assert taken(desk.engine) == words(SOME)
    while desk.engine.work_inbox().full:
        pass
    with desk.store.reading() as work:
        assert not inbox.inbox_waiting(work.connection)


def test_a_batch_is_no_longer_than_it_may_be_and_more_is_told(desk: Desk) -> None:
    comes(desk, "ana", *words(INBOX_BATCH + 1))
    assert taken(desk.engine, 3) == words(3)
    assert taken(desk.engine) == words(INBOX_BATCH)
    assert desk.engine.work_inbox().full


def test_what_stands_before_an_alarm_comes_with_it(desk: Desk) -> None:
    comes(desk, "sami", "one", "two", "SOS", "after it")
    assert taken(desk.engine) == ["one", "two", "SOS"]


def test_nobody_waits_behind_somebody_who_writes_without_an_end(nodes: tuple[Desk, Engine]) -> None:
    first, _ = nodes
    comes(first, "ana", *words(SOME))
    comes(first, "ben", "I will call you")
    assert taken(first.engine, 2) == ["word 0", "I will call you"]


@pytest.mark.parametrize("texts", [("one", "two", "three"), ("one", "two", "SOS"), ("SOS", "two", "SOS")])
def test_what_is_behind_another_nodes_first_is_left_to_it(
    nodes: tuple[Desk, Engine], texts: tuple[str, ...]
) -> None:
    first, second = nodes
    comes(first, "sami", *texts)
    with first.store.writing() as work:
        assert inbox.next_in_inbox(work.connection, work.vault, INBOX_BATCH)
        assert taken(second) == []
        comes(first, "ana", "I will call you", to=second)
        assert taken(second) == ["I will call you"]
    assert taken(second)[0] == texts[0]


def test_what_another_node_has_or_had_is_not_done_again_alone(nodes: tuple[Desk, Engine]) -> None:
    first, second = nodes
    comes(first, "sami", "SOS")
    with second.store.writing() as work:
        (row,) = inbox.next_in_inbox(work.connection, work.vault, INBOX_BATCH)
    with first.store.writing() as work:
        inbox.next_in_inbox(work.connection, work.vault, INBOX_BATCH)
        with second.store.writing() as other:
            assert second.turns.one(other, row, second.clock.now()).turns == 0
    first.engine.work_inbox()
    with second.store.writing() as other:
        assert second.turns.one(other, row, second.clock.now()).turns == 0


@pytest.mark.parametrize("texts", [("two", "three"), ("two", "SOS")])
def test_what_another_node_has_is_not_had_twice_when_something_earlier_turns_up(
    nodes: tuple[Desk, Engine], texts: tuple[str, ...]
) -> None:
    """Of two receivers the one that stores what was said first may be the slower one."""
    first, second = nodes
    comes(first, "sami", *texts)
    with first.store.writing() as work:
        assert inbox.next_in_inbox(work.connection, work.vault, INBOX_BATCH)
        first.clock.advance(-timedelta(seconds=5))
        comes(first, "sami", "one", to=second)
        assert taken(second) == ["one"]
