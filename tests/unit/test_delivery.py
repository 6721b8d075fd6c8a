"""Law 6: what a channel and a chat may be sent, on a clock that only moves when it is told to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.events import RetryAt, Sent
from alerts.outbox import P1_RETRY_CAP, RETRY_CAP, retry_in
from bot.limits import Budget, ChatLimits, probe_interval

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_one_chats_429_holds_that_chat_alone_and_for_the_time_it_named() -> None:
    limits = ChatLimits(Budget())
    limits.learn("ana", RetryAt(17.0, "rate_limited", obey=True), START)
    assert limits.held(after(16.9)) == {"ana"}
    assert limits.allowance(after(1), 16) == 16
    assert limits.held(after(17.1)) == set()
    assert limits.next_change(after(1)) is None, "its time has passed"


def test_a_chat_has_a_burst_and_then_its_rate_and_others_have_their_own() -> None:
    limits = ChatLimits(Budget(chat_per_second=1.0, chat_burst=3))
    for _ in range(3):
        assert "ana" not in limits.held(START)
        limits.spend("ana", START)
    limits.spend("ben", START)
    assert limits.held(START) == {"ana"}
    assert limits.next_change(START) is not None
    assert limits.held(after(1.01)) == set()
    limits.spend("ana", after(1.01))
    assert limits.held(after(1.02)) == {"ana"}
    assert limits.held(after(60)) == set()


def test_a_channel_has_a_budget_a_second() -> None:
    limits = ChatLimits(Budget(per_second=5.0))
    assert limits.allowance(START, 100) == 5
    for number in range(5):
        limits.spend(f"chat {number}", START)
    assert limits.allowance(START, 100) == 0
    assert limits.allowance(after(0.5), 100) == 2
    assert limits.allowance(after(60), 100) == 5


def test_a_channel_that_is_down_is_probed_with_one_message_and_opened_by_the_first_answer() -> None:
    limits = ChatLimits(Budget())
    limits.learn("ana", RetryAt(1.0, "unreachable", whole_channel=True), START)
    assert limits.allowance(after(0.5), 16) == 0
    assert limits.allowance(after(1.1), 16) == 1
    limits.learn("ana", Sent("1"), after(1.2))
    assert limits.allowance(after(1.2), 16) == 16


def test_a_time_that_the_channel_named_for_all_of_it_is_obeyed() -> None:
    limits = ChatLimits(Budget())
    limits.learn("ana", RetryAt(40.0, "rate_limited", whole_channel=True, obey=True), START)
    assert limits.allowance(after(39.9), 16) == 0
    assert limits.allowance(after(40.1), 16) == 1


def test_a_channel_that_is_down_for_long_is_still_tried() -> None:
    waits = [probe_interval(timedelta(seconds=s)).total_seconds() for s in (0, 30, 3600, 86400)]
    assert waits == sorted(waits)
    assert waits[0] <= P1_RETRY_CAP
    assert waits[2] <= 15
    assert waits[-1] <= 60


@pytest.mark.parametrize("attempts", [1, 2, 5, 40])
def test_retries_are_capped_and_a_named_time_is_obeyed_whatever_the_urgency(attempts: int) -> None:
    passing = RetryAt(600.0, "server_error")
    assert retry_in(1, attempts, passing).total_seconds() <= P1_RETRY_CAP
    assert retry_in(4, attempts, passing).total_seconds() <= RETRY_CAP
    named = RetryAt(33.0, "rate_limited", obey=True)
    assert retry_in(1, attempts, named) == timedelta(seconds=33)
