"""Canaries: when one is sent, what counts as having come back, when a channel is called broken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alerts.events import Inbound, InboundKind, Outcome, Refusal, Refused, RetryAt, Sent
from bot.canary import PATIENCE, Canaries, Canary, Do, Trip, came_back, message, sending, step, went_out
from bot.clock import SimulatedClock

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
EVERY = timedelta(minutes=15)
ROUND = Canary("signal", Trip.ROUND, EVERY)
OUT = Canary("telegram", Trip.OUT, EVERY)
SECOND = timedelta(seconds=1)


def flying(canary: Canary = ROUND, outcome: Outcome | None = None) -> Canary:
    return went_out(sending(canary, NOW), outcome or Sent("ref-1", earlier_refs=("ref-0",)), NOW + SECOND)


def test_the_first_goes_at_once_and_the_next_after_its_time() -> None:
    assert step(ROUND, NOW)[1] is Do.SEND
    sent = came_back(flying(), ["ref-1"], NOW + 3 * SECOND)
    assert step(sent, NOW + EVERY - SECOND)[1] is Do.WAIT
    assert step(sent, NOW + EVERY)[1] is Do.SEND


def test_a_round_trip_is_timed_and_ends_the_count() -> None:
    missed = step(flying(), NOW + PATIENCE + SECOND)[0]
    assert (missed.missed, missed.trouble) == (1, "not_back")
    back = came_back(flying(missed), ["other", "ref-0"], NOW + 4 * SECOND)
    assert (back.round_seconds, back.taken_seconds, back.missed, back.trouble) == (4.0, 1.0, 0, "")


def test_another_message_s_receipt_is_not_the_canary_s() -> None:
    under_way = flying()
    assert came_back(under_way, ["ref-2", ""], NOW) == under_way
    assert came_back(OUT, [""], NOW) == OUT


def test_two_in_a_row_that_do_not_come_back_make_a_channel_bad() -> None:
    canary, at = ROUND, NOW
    for expected in (False, True):
        canary = went_out(sending(canary, at), Sent("ref"), at)
        canary, _ = step(canary, at + PATIENCE + SECOND)
        assert canary.bad is expected
        at += EVERY


def test_on_telegram_being_taken_is_all_there_is_to_see() -> None:
    taken = flying(OUT)
    assert (taken.done_at, taken.taken_seconds, taken.missed) == (NOW + SECOND, 1.0, 0)
    assert step(taken, NOW + PATIENCE + SECOND)[0].missed == 0


def test_a_refusal_and_a_failure_count_and_are_named() -> None:
    assert flying(OUT, RetryAt(1.0, "unreachable")).trouble == "unreachable"
    refused = flying(OUT, Refused(Refusal.BLOCKED))
    assert (refused.trouble, refused.missed) == ("blocked", 1)


def test_a_clock_set_back_does_not_silence_the_canaries() -> None:
    back = came_back(flying(), ["ref-1"], NOW)
    assert step(back, NOW - timedelta(days=1))[1] is Do.SEND


def test_the_listening_parser_understands_what_the_channel_s_does_and_tells_the_canary() -> None:
    clock = SimulatedClock(NOW)
    trips = Canaries(clock.now)
    trips.add(ROUND)
    heard = Inbound("signal", InboundKind.RECEIPT, "somebody", target_refs=("ref-1",))
    listen = trips.listening("signal", lambda _: heard)
    assert trips.due() == ["signal"]
    assert trips.due() == []
    trips.change("signal", lambda one: went_out(one, Sent("ref-1"), clock.now()))
    clock.advance(5 * SECOND)
    assert listen(b"") is heard
    (canary,) = trips.all()
    assert (canary.round_seconds, canary.refs) == (5.0, frozenset())


def test_the_message_says_what_it_is_and_no_repr_shows_where_it_goes() -> None:
    outbound = message("signal", "PLANTED-address", "0" * 32)
    assert "canary" in outbound.text.lower()
    assert "PLANTED" not in repr(outbound)
    assert "ref-1" not in repr(flying())
