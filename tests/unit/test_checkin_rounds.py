"""When a round climbs: law 3 for every state it can be in, and what an outage and more time may move."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.checkins import CheckIn, CheckInKind, CheckInStatus, Round, RoundStatus
from alerts.deadlines import DeadlineKind
from alerts.ladder import Ladder, Rung, RungKind
from alerts.outbox import SendState
from alerts.policy import Protocol, protocols_from_data
from alerts.rounds import (
    MORE_TIME,
    Reached,
    Sending,
    asked_anew,
    carried_out,
    check_in_deadlines,
    first_sent,
    grace,
    next_rung,
    opener,
    reached,
    round_deadline,
    rung_at,
    told_apart,
)
from config.protocols import load_protocols

NOW = datetime(2026, 3, 2, 19, 0, tzinfo=UTC)
PROTOCOLS = protocols_from_data(load_protocols())
SHIPPED = pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS.keys())
MINUTE = timedelta(minutes=1)


def live(**changes: object) -> Round:
    """A round that was just asked."""
    plain = Round(
        id="r",
        check_in_id="c",
        person_id="p",
        case_id=None,
        status=RoundStatus.LIVE,
        rung=1,
        version=3,
        asked_at=NOW,
        ended_at=None,
        key_id="k",
        protocol="routine",
        done=(0,),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def climb(round_: Round, protocol: Protocol) -> list[tuple[RungKind, timedelta]]:
    """Every rung in the order in which it comes, with its time from the question."""
    found = []
    while (coming := next_rung(round_, protocol.ladder)) is not None:
        place, at = coming
        kind = protocol.ladder.rungs[place].kind
        found.append((kind, at - round_.asked_at))
        round_ = carried_out(round_, place)
        if place == opener(protocol.ladder):
            round_ = replace(round_, status=RoundStatus.DESK)
    return found


@SHIPPED
def test_the_rungs_come_as_the_protocol_says(protocol: Protocol) -> None:
    assert climb(live(), protocol) == [(rung.kind, rung.after) for rung in protocol.ladder.rungs[1:]]


@SHIPPED
@given(
    done=st.sets(st.integers(0, 12)),
    more=st.integers(0, 2),
    gap=st.none() | st.integers(0, 3000),
    contacts=st.none() | st.integers(0, 3000),
)
def test_a_live_round_always_has_a_deadline(
    protocol: Protocol, done: set[int], more: int, gap: int | None, contacts: int | None
) -> None:
    round_ = live(
        done=tuple(done),
        more_time=more,
        shifted_from=None if gap is None else NOW + gap * MINUTE,
        contacts_from=None if contacts is None else NOW + contacts * MINUTE,
    )
    deadline = round_deadline(round_, protocol)
    assert deadline is not None
    assert (deadline.kind, deadline.token) == (DeadlineKind.RUNG, round_.version)


@SHIPPED
@given(gap=st.integers(0, 5000), more=st.integers(0, 2))
def test_an_outage_never_moves_the_desks_rung(protocol: Protocol, gap: int, more: int) -> None:
    place = opener(protocol.ladder)
    before = live(more_time=more)
    after = asked_anew(before, protocol.ladder, NOW + gap * MINUTE)
    assert rung_at(after, protocol.ladder, place) == rung_at(before, protocol.ladder, place)


@SHIPPED
def test_contacts_have_their_whole_grace_after_an_outage(protocol: Protocol) -> None:
    back = NOW + timedelta(hours=20)
    place = protocol.ladder.index_of(RungKind.CONTACTS)
    assert place is not None
    wait = protocol.ladder.rungs[place].after
    for status in (RoundStatus.LIVE, RoundStatus.DESK):
        after = asked_anew(live(status=status), protocol.ladder, back)
        assert rung_at(after, protocol.ladder, place) == back + wait == back + grace(protocol.ladder)


def test_once_the_desk_has_it_an_outage_does_not_move_the_lead() -> None:
    ladder = PROTOCOLS["routine"].ladder
    place = ladder.index_of(RungKind.LEAD)
    assert place is not None
    round_ = live(status=RoundStatus.DESK)
    assert rung_at(asked_anew(round_, ladder, NOW + timedelta(hours=3)), ladder, place) == rung_at(
        round_, ladder, place
    )


def test_more_time_moves_every_rung_that_is_not_done() -> None:
    ladder = PROTOCOLS["routine"].ladder
    for place in range(1, len(ladder.rungs)):
        assert rung_at(live(more_time=2), ladder, place) == rung_at(live(), ladder, place) + 2 * MORE_TIME


def test_two_rungs_at_one_time_come_in_the_order_of_the_ladder() -> None:
    ladder = PROTOCOLS["timer"].ladder
    kinds = [kind for kind, _ in climb(live(), PROTOCOLS["timer"])]
    assert ladder.rungs[2].after == ladder.rungs[3].after
    assert kinds.index(RungKind.CONTACTS) < kinds.index(RungKind.DESK)


def test_a_ladder_without_a_desk_rung_opens_the_case_at_the_next_graver_one() -> None:
    ladder = Ladder("short", (Rung(RungKind.PROMPT, timedelta()), Rung(RungKind.LEAD, timedelta(hours=1))))
    assert ladder.rungs[opener(ladder)].kind is RungKind.LEAD
    round_ = asked_anew(live(), ladder, NOW + timedelta(hours=3))
    assert rung_at(round_, ladder, 1) == NOW + timedelta(hours=1)


def test_a_round_that_is_over_has_no_deadline() -> None:
    for status in (RoundStatus.ANSWERED, RoundStatus.CLOSED):
        assert round_deadline(live(status=status), PROTOCOLS["routine"]) is None


@pytest.mark.parametrize(
    ("sends", "expected"),
    [
        ([], Reached.UNSENT),
        ([("signal", "queued")], Reached.UNSENT),
        ([("signal", "refused"), ("telegram", "queued")], Reached.UNDELIVERED),
        ([("signal", "refused"), ("telegram", "refused")], Reached.UNDELIVERED),
        ([("signal", "sent")], Reached.UNDELIVERED),
        ([("signal", "sent"), ("telegram", "sent")], Reached.UNDELIVERED),
        ([("signal", "refused"), ("telegram", "sent")], Reached.ACCEPTED),
        ([("telegram", "sent")], Reached.ACCEPTED),
        ([("signal", "delivered"), ("telegram", "refused")], Reached.DELIVERED),
        ([("signal", "read")], Reached.DELIVERED),
        ([("signal", "stale")], Reached.UNSENT),
    ],
)
def test_undelivered_is_not_unanswered(sends: list[tuple[str, str]], expected: Reached) -> None:
    assert reached(Sending(channel, SendState(state)) for channel, state in sends) is expected


@pytest.mark.parametrize(
    ("sends", "expected"),
    [
        ([("signal", "refused"), ("telegram", "refused")], "refused"),
        ([("signal", "sent"), ("telegram", "refused")], "undelivered"),
        ([("signal", "sent"), ("telegram", "sent")], "unsure"),
        ([("telegram", "sent")], "accepted"),
        ([("signal", "delivered"), ("telegram", "sent")], "delivered"),
        ([], "unsent"),
    ],
)
def test_the_desk_is_told_what_kept_a_question_from_arriving(
    sends: list[tuple[str, str]], expected: str
) -> None:
    assert told_apart(Sending(channel, SendState(state)) for channel, state in sends) == expected


def test_the_first_message_that_went_out_counts() -> None:
    sends = [
        Sending("signal", SendState.QUEUED, NOW),
        Sending("telegram", SendState.SENT, NOW + 5 * MINUTE),
        Sending("signal", SendState.DELIVERED, NOW + 2 * MINUTE),
    ]
    assert first_sent(sends) == NOW + 2 * MINUTE
    assert first_sent(sends[:1]) is None


def timer(minutes: int, **changes: object) -> CheckIn:
    """A timer that runs out after so many minutes."""
    plain = CheckIn(
        id="c",
        person_id="p",
        desk="main",
        kind=CheckInKind.TIMER,
        status=CheckInStatus.ACTIVE,
        version=2,
        next_at=NOW + minutes * MINUTE,
        key_id="k",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_a_check_in_that_goes_on_has_its_next_question() -> None:
    [prompt] = check_in_deadlines(timer(20), NOW)
    assert (prompt.kind, prompt.due_at, prompt.urgency) == (DeadlineKind.PROMPT, NOW + 20 * MINUTE, 1)
    assert check_in_deadlines(timer(20, status=CheckInStatus.ENDED), NOW) == ()
    assert check_in_deadlines(timer(20, status=CheckInStatus.PROPOSED), NOW) == ()


def test_a_long_timer_is_announced_before_it_ends() -> None:
    kinds = {d.kind: d.due_at - NOW for d in check_in_deadlines(timer(30), NOW)}
    assert kinds == {DeadlineKind.PROMPT: 30 * MINUTE, DeadlineKind.WARN: 20 * MINUTE}
    assert [d.kind for d in check_in_deadlines(timer(29), NOW)] == [DeadlineKind.PROMPT]
