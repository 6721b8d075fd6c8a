"""Ladders, escalation and protocols as values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.cases import Case, CaseStatus, Source
from alerts.checkins import CheckInKind
from alerts.deadlines import DeadlineKind
from alerts.escalation import case_deadlines, in_time
from alerts.ladder import Ladder, Rung, RungKind
from alerts.policy import (
    Escalation,
    Protocol,
    Step,
    Target,
    Urgency,
    answer_due,
    escalation_policy_from_data,
    plan_due,
    protocols_from_data,
)
from alerts.records import replace
from config.escalation import load_escalation

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CASE = Case(
    id="c",
    ref="K7PM",
    desk="main",
    person_id="p",
    urgency=1,
    status=CaseStatus.OPEN,
    silent=False,
    verified=True,
    drill=False,
    source=Source.SOS,
    taken_by=None,
    opened_at=START,
    taken_at=None,
    answered_at=None,
    closed_at=None,
    version=1,
    key_id="k",
)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


LADDER = Ladder(
    "short",
    (
        Rung(RungKind.PROMPT, minutes(0)),
        Rung(RungKind.REMINDER, minutes(15)),
        Rung(RungKind.REMINDER, minutes(25)),
        Rung(RungKind.CONTACTS, minutes(30)),
        Rung(RungKind.DESK, minutes(30)),
        Rung(RungKind.PLAN, minutes(60)),
    ),
)


def test_what_was_reached_counts_graver_rungs_too() -> None:
    assert not LADDER.reached(range(4), RungKind.DESK)
    assert LADDER.reached(range(5), RungKind.DESK)
    assert not LADDER.reached(range(5), RungKind.LEAD)
    assert LADDER.reached(range(6), RungKind.LEAD), "the lead's rung is left out, the plan's is past it"
    desk_first = Ladder(
        "desk first",
        (
            Rung(RungKind.PROMPT, minutes(0)),
            Rung(RungKind.DESK, minutes(5)),
            Rung(RungKind.CONTACTS, minutes(9)),
        ),
    )
    assert desk_first.reached(range(3), RungKind.DESK), "contacts after the desk do not undo it"


def test_what_was_reached_is_told_by_the_rungs_that_were_carried_out_and_not_by_how_many() -> None:
    assert LADDER.reached((0, 4), RungKind.DESK), "an outage of ours fell on those before the desk's"
    assert not LADDER.reached((0, 9), RungKind.DESK), "the desk has shortened the ladder since"


def test_where_a_kind_stands() -> None:
    assert LADDER.index_of(RungKind.REMINDER) == 1
    assert LADDER.index_of(RungKind.LEAD) is None


@pytest.mark.parametrize(
    ("rungs", "said"),
    [
        ([], "first rung must be the prompt"),
        ([("desk", 0)], "first rung must be the prompt"),
        ([("prompt", 5), ("desk", 10)], "first rung must be the prompt, at 0"),
        ([("prompt", 0), ("reminder", 10)], "no rung reaches the desk or the lead"),
        ([("prompt", 0), ("desk", 10), ("lead", 5)], "rung lead is due before desk"),
        ([("prompt", 0), ("prompt", 5), ("desk", 10)], "only the first rung is a prompt"),
    ],
)
def test_a_ladder_that_cannot_be_climbed_is_refused(rungs: list[tuple[str, int]], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Ladder("bad", tuple(Rung(RungKind(kind), minutes(after)) for kind, after in rungs))


def test_a_protocols_case_is_more_urgent_from_the_leads_rung() -> None:
    protocol = Protocol("p", CheckInKind.PERIODIC, LADDER, Urgency.P2, Urgency.P1)
    assert protocol.urgency_at(range(5)) is Urgency.P2
    assert protocol.urgency_at(range(6)) is Urgency.P1
    with pytest.raises(ValueError, match="lead_urgency must not be lower"):
        Protocol("p", CheckInKind.PERIODIC, LADDER, Urgency.P1, Urgency.P2)


def escalation(**changes: object) -> Escalation:
    fields: dict[str, object] = {
        "steps": (Step(minutes(0), (Target.ON_CALL,)), Step(minutes(2), (Target.NEXT,))),
        "repeat_every": minutes(10),
        "repeat_targets": (Target.DESK, Target.LEAD),
        "answer": minutes(5),
        "answer_grace": minutes(3),
        "plan": minutes(30),
        "plan_again": minutes(10),
        "review": minutes(720),
        **changes,
    }
    return Escalation(**fields)  # type: ignore[arg-type]


def test_the_climb_never_ends() -> None:
    rule = escalation()
    assert [rule.step(n).after for n in range(5)] == [minutes(n) for n in (0, 2, 12, 22, 32)]
    assert rule.step(0).targets == (Target.ON_CALL,)
    assert rule.step(500).targets == (Target.DESK, Target.LEAD)


def test_the_repeats_stretch_to_the_longest_wait_and_no_further() -> None:
    rule = escalation(repeat_rounds=2, repeat_longest=minutes(35))
    assert [rule.step(n).after for n in range(2, 10)] == [
        minutes(n) for n in (12, 22, 42, 62, 97, 132, 167, 202)
    ]
    assert rule.wait_before(0) == minutes(0)
    assert rule.wait_before(4) == minutes(20)
    assert rule.wait_before(900) == minutes(35)
    assert [rule.evenly(minutes(n)) for n in (0, 1, 2, 11, 12, 42, 97)] == [0, 0, 1, 1, 2, 5, 10]
    assert [escalation().evenly(escalation().step(n).after) for n in range(9)] == list(range(9))


def test_an_edited_policy_leaves_nobody_waiting_longer_than_it_ever_waits() -> None:
    policy = escalation_policy_from_data(load_escalation())
    case = replace(CASE, step=900, climb_from=START)
    deadlines = case_deadlines(in_time(case, policy, START + minutes(9_000)), policy)
    assert deadlines == {DeadlineKind.CLIMB: START + minutes(9_060)}
    early = replace(CASE, step=5, climb_from=START)
    assert in_time(early, policy, START + minutes(20)) == early


def test_the_answer_is_due_from_the_opening_and_never_sooner_than_the_grace() -> None:
    rule = escalation()
    assert answer_due(rule, START, START + minutes(1)) == START + minutes(5)
    assert answer_due(rule, START, START + minutes(9)) == START + minutes(12)
    assert plan_due(rule, START, START + minutes(9)) == START + minutes(30)
    assert plan_due(rule, START, START + minutes(40)) == START + minutes(43)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"steps": ()}, "first step must be at 0"),
        ({"steps": (Step(minutes(1), (Target.LEAD,)),)}, "first step must be at 0"),
        (
            {"steps": (Step(minutes(0), (Target.LEAD,)), Step(minutes(0), (Target.LEAD,)))},
            "later than the one before",
        ),
        ({"repeat_targets": ()}, "repeat needs at least one target"),
        ({"repeat_every": minutes(0)}, "at least a minute"),
        ({"repeat_rounds": 3, "repeat_longest": minutes(9)}, "repeat.longest must be at least repeat.every"),
        ({"repeat_rounds": -1}, "repeat.rounds at least 1"),
        ({"review": minutes(0.5)}, "at least a minute"),
    ],
)
def test_an_escalation_with_a_hole_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        escalation(**changes)


def test_a_step_without_anybody_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one target"):
        Step(minutes(0), ())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "escalation must be a mapping"),
        (
            {"urgencies": {}, "night": {}, "shutdown": {}},
            "escalation.fold_ack must be a whole number of seconds",
        ),
        ({"urgencies": {"P6": {}}, "night": {}, "shutdown": {}}, "escalation.urgencies has an unknown key"),
        (
            {"urgencies": {"P1": {"steps": [{"after": -1}]}}, "night": {}, "shutdown": {}},
            r"escalation.urgencies.P1.steps\[0\].after",
        ),
        (
            {
                "urgencies": {"P1": {"steps": [{"after": 0, "targets": ["boss"]}]}},
                "night": {},
                "shutdown": {},
            },
            r"P1.steps\[0\].targets\[0\] must be one of on_call, next, desk, lead",
        ),
        (
            {
                "urgencies": {},
                "fold_ack": 120,
                "doubt": 120,
                "night": {"from": 79200, "until": 25200},
                "shutdown": {"people": 3, "within": 10800},
                "unverified_bundle_above": 5,
            },
            "nothing for P1, P2, P3, P4, P5",
        ),
    ],
)
def test_bad_escalation_data_is_refused_with_the_key(data: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        escalation_policy_from_data(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "at least one protocol"),
        ({"x": {"watches": "both"}}, "protocols.x.watches must be one of periodic, timer"),
        ({"x": {"watches": "timer", "rungs": "none"}}, "protocols.x.rungs must be a list of rungs"),
        (
            {"x": {"watches": "timer", "rungs": [{"kind": "siren"}]}},
            r"protocols.x.rungs\[0\].kind must be one of",
        ),
        (
            {
                "x": {
                    "watches": "timer",
                    "rungs": [{"kind": "prompt", "after": 0}, {"kind": "desk", "after": 9}],
                    "case_urgency": "P0",
                }
            },
            "protocols.x.case_urgency must be one of P1, P2, P3, P4, P5",
        ),
    ],
)
def test_bad_protocol_data_is_refused_with_the_key(data: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        protocols_from_data(data)
