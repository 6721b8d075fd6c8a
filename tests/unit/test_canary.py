"""Canaries: when one is sent, what counts as having come back, when a channel is called broken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.events import Inbound, InboundKind, Outcome, Refusal, Refused, RetryAt, Sent
from bot.canary import (
    AGAIN,
    PATIENCE,
    UNPROVEN_IS_BAD,
    Canaries,
    Canary,
    Do,
    Leg,
    Trip,
    came_back,
    message,
    noted,
    recalled,
    receipt_came,
    sending,
    step,
    went_out,
    witnessed,
)
from bot.clock import SimulatedClock

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
EVERY = timedelta(minutes=15)
ROUND = Canary("signal", Trip.ROUND, EVERY)
OUT = Canary("telegram", Trip.OUT, EVERY)
SECOND = timedelta(seconds=1)
PHONE = "0e1d2c3b-4a59-4687-8796-a5b4c3d2e1f0"


def receipt(ref: str, sender: str = PHONE) -> Inbound:
    return Inbound("signal", InboundKind.RECEIPT, sender, target_refs=(ref,))


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


def silent(times: int, canary: Canary = ROUND, at: datetime = NOW) -> tuple[Canary, datetime]:
    """So many that were taken, did not come back, and nobody was heard meanwhile; and when the next is due."""
    for _ in range(times):
        canary, _ = step(went_out(sending(canary, at), Sent("ref"), at), at + PATIENCE + SECOND)
        at += EVERY
    return canary, at


def test_two_in_a_row_that_are_not_even_taken_make_a_channel_bad() -> None:
    canary, at = ROUND, NOW
    for expected in (False, True):
        canary = went_out(sending(canary, at), RetryAt(1.0, "unreachable"), at)
        assert canary.bad(at) is expected
        at += EVERY


def test_a_phone_that_is_off_on_a_quiet_night_wakes_nobody_and_nothing_is_called_well() -> None:
    canary, at = silent(30)
    assert not canary.bad(at)
    assert canary.unproven_since == NOW
    assert (canary.missed, canary.trouble) == (30, "not_back")
    back = came_back(went_out(sending(canary, at), Sent("ref"), at), ["ref"], at)
    assert (back.unproven_since, back.missed, back.bad(at)) == (None, 0, False)


def test_a_channel_that_nothing_has_proved_for_half_a_day_is_broken() -> None:
    canary, at = silent(49)
    assert at - NOW > UNPROVEN_IS_BAD
    assert canary.bad(at)


def test_a_channel_whose_messages_nobody_gets_is_broken_and_one_receipt_says_that_it_is_not() -> None:
    canary, at = silent(1)
    assert not witnessed(canary, 0, 2, at).bad(at)
    deaf = witnessed(canary, 0, 3, at)
    assert deaf.bad(at)
    assert silent(1, deaf, at)[0].bad(at)
    for better in (witnessed(deaf, 1, 3, at), receipt_came(deaf, at)):
        assert not better.bad(at)
        assert better.unproven_since is None
    assert witnessed(ROUND, 0, 9, at) == ROUND, "nothing is in doubt"


def test_a_receipt_of_anybody_ends_the_doubt_until_the_next_canary_stays_away() -> None:
    canary, at = silent(3)
    heard = receipt_came(canary, at - SECOND)
    assert heard.unproven_since is None
    again, _ = silent(1, heard, at)
    assert again.unproven_since == at


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


def test_a_receipt_may_be_faster_than_the_channel_s_answer() -> None:
    early = came_back(sending(ROUND, NOW), ["other", "ref-0"], NOW)
    back = went_out(early, Sent("ref-1", earlier_refs=("ref-0",)), NOW + SECOND)
    assert (back.leg, back.done_at, back.refs, back.early) == (
        Leg.OVER,
        NOW + SECOND,
        frozenset(),
        frozenset(),
    )
    crowded = sending(ROUND, NOW)
    for number in range(1_000):
        crowded = came_back(crowded, [str(number)], NOW)
    assert len(crowded.early) <= 100


def test_after_one_that_was_not_even_taken_the_next_comes_soon_and_after_a_phone_that_is_off_at_its_time() -> (
    None
):
    failed = flying(ROUND, RetryAt(1.0, "unreachable"))
    assert step(failed, NOW + AGAIN - SECOND)[1] is Do.WAIT
    assert step(failed, NOW + AGAIN)[1] is Do.SEND
    twice = went_out(sending(failed, NOW + AGAIN), RetryAt(1.0, "unreachable"), NOW + AGAIN)
    assert twice.bad(NOW + AGAIN)
    assert step(twice, NOW + AGAIN * 2)[1] is Do.WAIT
    off, _ = step(flying(), NOW + PATIENCE + SECOND)
    assert step(off, NOW + EVERY - SECOND)[1] is Do.WAIT


def test_a_phone_that_is_off_wakes_nobody_while_others_are_heard() -> None:
    canary, at = ROUND, NOW
    for _ in range(3):
        canary = receipt_came(went_out(sending(canary, at), Sent("ref"), at), at)
        canary, _ = step(canary, at + PATIENCE + SECOND)
        assert (canary.trouble, canary.missed, canary.leg) == ("phone_silent", 0, Leg.OVER)
        at += EVERY
    away, _ = silent(1, canary, at)
    assert (away.trouble, away.missed) == ("not_back", 1)
    well = came_back(flying(), ["ref-1"], NOW)
    assert receipt_came(well, at) == well, "only where something is in doubt"


def test_a_new_process_knows_what_the_last_one_knew() -> None:
    for canary in (flying(), sending(OUT, NOW), flying(OUT, RetryAt(1.0, "unreachable"))):
        fresh = Canary(canary.channel, canary.trip, canary.every)
        assert recalled(fresh, noted(canary), NOW + SECOND) == canary
    broken = went_out(sending(flying(OUT, RetryAt(1.0, "x")), NOW), RetryAt(1.0, "x"), NOW)
    assert recalled(OUT, noted(broken), NOW).bad(NOW)
    doubted, at = silent(2)
    assert recalled(ROUND, noted(doubted), at).unproven_since == NOW


def test_only_what_is_later_is_taken_up() -> None:
    under_way, back = flying(), came_back(flying(), ["ref-1"], NOW + SECOND)
    later = sending(back, NOW + EVERY)
    assert recalled(under_way, noted(back), NOW + SECOND) == back
    assert recalled(back, noted(under_way), NOW + SECOND) == back
    assert recalled(later, noted(back), NOW + EVERY) == later
    # Written before the clock was set back: it must not come up again and again.
    assert recalled(back, noted(later), NOW + SECOND) == back


@pytest.mark.parametrize("note", ["", "no", "[]", "{}", '{"sent_at": null}', '{"sent_at": 1, "leg": 9}'])
def test_a_note_that_cannot_be_read_is_none(note: str) -> None:
    assert recalled(flying(), note, NOW) == flying()


def test_two_nodes_send_one_canary_and_either_hears_it() -> None:
    clock = SimulatedClock(NOW)
    one, two = Canaries(clock.now), Canaries(clock.now)
    for node in (one, two):
        node.add(ROUND, PHONE)
    assert one.due() == ["signal"]
    two.recall(one.to_note())
    assert two.due() == []
    one.change("signal", lambda canary: went_out(canary, Sent("ref-1"), clock.now()))
    two.recall(one.to_note())
    heard = receipt("ref-1")
    two.listening("signal", lambda _: heard)(b"")
    one.recall(two.to_note())
    (canary,) = one.all()
    assert (canary.done_at, canary.missed, one.to_note()) == (NOW, 0, {})


def test_the_listening_parser_understands_what_the_channel_s_does_and_tells_the_canary() -> None:
    clock = SimulatedClock(NOW)
    trips = Canaries(clock.now)
    trips.add(ROUND, PHONE)
    heard = receipt("ref-1")
    listen = trips.listening("signal", lambda _: heard)
    assert trips.due() == ["signal"]
    assert trips.due() == []
    trips.change("signal", lambda one: went_out(one, Sent("ref-1"), clock.now()))
    clock.advance(5 * SECOND)
    assert listen(b"") is heard
    (canary,) = trips.all()
    assert (canary.round_seconds, canary.refs) == (5.0, frozenset())


@pytest.mark.parametrize(
    ("came", "back"),
    [
        (Inbound("signal", InboundKind.RECEIPT, PHONE, target_refs=("ref-9", "ref-1")), True),
        (Inbound("signal", InboundKind.RECEIPT, PHONE.upper(), target_refs=("ref-1",)), True),
        (Inbound("signal", InboundKind.RECEIPT, PHONE, target_refs=("an-earlier-one",)), False),
        (Inbound("signal", InboundKind.RECEIPT, "stranger", target_refs=("ref-1",)), False),
        (Inbound("signal", InboundKind.RECEIPT, "", target_refs=("ref-1",)), False),
        (Inbound("signal", InboundKind.TEXT, PHONE, target_refs=("ref-1",), target_ref="ref-1"), False),
    ],
)
def test_only_the_receipt_for_it_from_its_phone_brings_a_canary_back(came: Inbound, back: bool) -> None:
    clock = SimulatedClock(NOW)
    for early in (False, True):
        trips = Canaries(clock.now)
        trips.add(ROUND, PHONE)
        trips.due()
        hear = trips.listening("signal", lambda _: came)
        if early:
            hear(b"")
        trips.change("signal", lambda one: went_out(one, Sent("ref-1"), clock.now()))
        if not early:
            hear(b"")
        (canary,) = trips.all()
        assert (canary.done_at is not None) is back
        assert canary.heard is False


def test_a_phone_that_is_named_by_its_number_is_known_by_it() -> None:
    for number, back in (("+14155550123", True), ("+14155550124", False), ("", False)):
        trips = Canaries(SimulatedClock(NOW).now)
        trips.add(ROUND, "+14155550123")
        trips.due()
        trips.change("signal", lambda one: went_out(one, Sent("ref-1"), NOW))
        came = Inbound("signal", InboundKind.RECEIPT, PHONE, number=number, target_refs=("ref-1",))
        trips.listening("signal", lambda _, came=came: came)(b"")  # type: ignore[misc]
        (canary,) = trips.all()
        assert (canary.done_at is not None) is back


def test_nobody_s_receipts_end_a_doubt_unless_they_are_for_what_was_sent_since() -> None:
    canary, at = silent(2)
    trips = Canaries(SimulatedClock(at).now)
    trips.add(canary, PHONE)
    for sender in ("stranger", PHONE):
        trips.listening("signal", lambda _, sender=sender: receipt("old", sender))(b"")  # type: ignore[misc]
    assert trips.asking() == {"signal": NOW}


def test_it_matters_whether_others_get_something_while_a_canary_is_away_or_was_not_taken() -> None:
    assert ROUND.asks_since is None
    assert sending(ROUND, NOW).asks_since is None, "that is over in a moment"
    away = flying()
    assert away.asks_since == NOW
    assert witnessed(away, 0, 9, NOW) == away
    heard = witnessed(away, 1, 0, NOW)
    assert (heard.heard, heard.asks_since) == (True, None)
    assert flying(outcome=RetryAt(1.0, "unreachable")).asks_since == NOW
    assert flying(OUT, RetryAt(1.0, "unreachable")).asks_since is None, "there are no receipts"
    assert came_back(away, ["ref-1"], NOW).asks_since is None


def test_what_was_sent_before_a_canary_says_nothing_about_it() -> None:
    doubted, at = silent(1)
    later = went_out(sending(doubted, at), Sent("ref"), at)
    assert later.asks_since == NOW
    proved = witnessed(later, 1, 0, at)
    assert (proved.unproven_since, proved.heard, proved.asks_since) == (None, False, at)


def test_what_was_not_taken_counts_until_something_proves_that_the_channel_carries() -> None:
    canary, at = ROUND, NOW
    for _ in range(2):
        canary = went_out(sending(canary, at), RetryAt(1.0, "unreachable"), at)
        at += EVERY
    canary, at = silent(1, canary, at)
    assert canary.bad(at), "it is taken now, and nothing says that it arrives"
    assert not receipt_came(canary, at).bad(at)
    assert not came_back(went_out(sending(canary, at), Sent("ref"), at), ["ref"], at).bad(at)


def test_what_one_node_heard_ends_the_doubt_of_another() -> None:
    doubted, at = silent(2)
    heard = receipt_came(doubted, at)
    assert recalled(doubted, noted(heard), at).unproven_since is None
    assert recalled(heard, noted(doubted), at) == heard
    assert noted(recalled(doubted, noted(heard), at)) == noted(heard), "they agree, and write no more"


def test_the_message_says_what_it_is_and_no_repr_shows_where_it_goes() -> None:
    outbound = message("signal", "PLANTED-address", "0" * 32)
    assert "canary" in outbound.text.lower()
    assert "PLANTED" not in repr(outbound)
    assert "ref-1" not in repr(flying())
