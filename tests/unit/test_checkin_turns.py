"""Single turns of check-ins that no story reaches: stale tokens, contacts without consent, a silent case."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from alerts.cases import Case, CaseStatus, Source
from alerts.checkins import CheckIn, CheckInKind, CheckInStatus, Round, RoundStatus
from alerts.deadlines import Deadline, DeadlineKind
from alerts.events import OutboundKind
from alerts.facts import DeskView, Due, Facts, Gap, Spare
from alerts.ids import Ids
from alerts.outbox import Outgoing, SendState
from alerts.people import Address, ContactLink, LinkStatus, Person, Reach, Role, Standing
from alerts.rounds import Sending
from alerts.schedule import CheckInSchedule
from bot.rules import shipped_rules
from handlers import checkin, gap, rounds
from handlers.draft import Draft
from handlers.rules import Rules

NOW = datetime(2026, 3, 2, 21, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@cache
def the_rules() -> Rules:
    """The shipped policy."""
    return shipped_rules("Europe/Brussels")


def somebody(name: str, role: Role, **changes: Any) -> Person:
    """A person on Signal and Telegram."""
    addresses = tuple(
        Address(f"{name}-{channel}", name, channel, rank, Reach.OK, None, "k", f"{name}@{channel}")
        for rank, channel in enumerate(("signal", "telegram"))
    )
    person = Person(
        id=name,
        desk="main",
        role=role,
        status=Standing.ACTIVE,
        verified=role is Role.DEFENDER,
        version=1,
        key_id="k",
        alias=name.capitalize(),
        addresses=addresses,
    )
    return replace(person, **changes)


SAMI = somebody("sami", Role.DEFENDER, zone="Asia/Beirut")
LINA = somebody("lina", Role.CONTACT)
ANA, CARLA = somebody("ana", Role.OFFICER), somebody("carla", Role.LEAD)
CHECK_IN = CheckIn(
    id="c",
    person_id="sami",
    desk="main",
    kind=CheckInKind.PERIODIC,
    status=CheckInStatus.ACTIVE,
    version=7,
    next_at=NOW,
    key_id="k",
    protocol="routine",
    schedule=CheckInSchedule(zone="Asia/Beirut", every_hours=6, anchor=NOW),
)
ROUND = Round(
    id="r",
    check_in_id="c",
    person_id="sami",
    case_id=None,
    status=RoundStatus.LIVE,
    rung=3,
    version=4,
    asked_at=NOW - 2 * HOUR,
    ended_at=None,
    key_id="k",
    protocol="routine",
    done=(0, 1, 2),
)
DELIVERED = (Sending("signal", SendState.DELIVERED, NOW - 2 * HOUR),)


def link(status: LinkStatus) -> ContactLink:
    """Lina as Sami's trusted contact."""
    return ContactLink("l", "sami", "lina", status, 0, 1, "k")


def case(**changes: Any) -> Case:
    """An open case of Sami."""
    plain = Case(
        id="x",
        ref="K7PM",
        desk="main",
        person_id="sami",
        urgency=2,
        status=CaseStatus.OPEN,
        silent=False,
        verified=True,
        drill=False,
        source=Source.CHECK_IN,
        taken_by=None,
        opened_at=NOW - HOUR,
        taken_at=None,
        answered_at=None,
        closed_at=None,
        version=1,
        key_id="k",
        climb_from=NOW - HOUR,
        round_id="r",
    )
    return replace(plain, **changes)


def facts_of(event: Any, **known: Any) -> Facts:
    """What a turn knows."""
    desk = DeskView("main", (ANA, CARLA), None, ("ana",), 0, None)
    spare = Spare(Ids(NOW, b"0" * 16), "pk", "ck", "H4NC")
    people = {p.id: p for p in (SAMI, LINA)}
    plain: dict[str, Any] = {"me": SAMI, "people": people, "sends": DELIVERED}
    return Facts(now=NOW, event=event, desk=desk, spare=spare, **{**plain, **known})


def rung(token: int = 4, due_at: datetime = NOW, **known: Any) -> Draft:
    """The turn of a rung."""
    event = Due(Deadline(DeadlineKind.RUNG, "r", "sami", token, 3, 4, due_at))
    draft = Draft(facts_of(event, **{"round": ROUND, "check_in": CHECK_IN, **known}), the_rules())
    rounds.due(draft, event)
    return draft


def prompt(token: int = 7, due_at: datetime = NOW, **known: Any) -> Draft:
    """The turn of a prompt."""
    event = Due(Deadline(DeadlineKind.PROMPT, "c", "sami", token, 0, 4, due_at))
    draft = Draft(facts_of(event, **{"check_in": CHECK_IN, **known}), the_rules())
    rounds.due(draft, event)
    return draft


def said(draft: Draft, kind: OutboundKind) -> list[Outgoing]:
    """What went into the outbox of one kind."""
    return [e for e in draft.entities.values() if isinstance(e, Outgoing) and e.kind is kind]


def test_a_stale_token_fires_nothing() -> None:
    assert rung(token=3).entities == {}
    assert prompt(token=6).entities == {}
    assert rung(token=4).entities != {}
    assert prompt(token=7).entities != {}


def test_only_contacts_who_consented_are_told() -> None:
    told = rung(links=(link(LinkStatus.CONSENTED),))
    assert [row.person_id for row in said(told, OutboundKind.CONTACT_ALERT)] == ["lina"]
    for status in set(LinkStatus) - {LinkStatus.CONSENTED}:
        draft = rung(links=(link(status),))
        assert said(draft, OutboundKind.CONTACT_ALERT) == []
        assert [row.person_id for row in said(draft, OutboundKind.PAGE)] == ["ana", "ana"]


def test_the_person_may_want_contacts_told_though_nothing_was_delivered() -> None:
    unheard = (Sending("signal", SendState.SENT, NOW - 2 * HOUR),)
    links = (link(LinkStatus.CONSENTED),)
    assert said(rung(links=links, sends=unheard), OutboundKind.CONTACT_ALERT) == []
    wants = replace(SAMI, contacts_when_undelivered=True)
    assert said(rung(links=links, sends=unheard, me=wants), OutboundKind.CONTACT_ALERT) != []


def test_a_question_that_went_out_late_gives_contacts_a_whole_grace() -> None:
    sent = (Sending("telegram", SendState.SENT, NOW - HOUR),)
    draft = rung(links=(link(LinkStatus.CONSENTED),), sends=sent)
    assert said(draft, OutboundKind.CONTACT_ALERT) == []
    deadline = draft.deadlines[(DeadlineKind.RUNG, "r")]
    assert deadline is not None
    assert deadline.due_at == NOW + HOUR  # the desk's, at its own time, or the contacts', then


def test_a_rung_whose_case_was_closed_does_nothing_more() -> None:
    closed = case(status=CaseStatus.CLOSED)
    draft = rung(round=replace(ROUND, status=RoundStatus.DESK, case_id="x"), case=closed)
    assert said(draft, OutboundKind.CONTACT_ALERT) == []
    assert draft.entities["r"].status is RoundStatus.CLOSED
    assert draft.deadlines[(DeadlineKind.RUNG, "r")] is None


def test_closing_the_case_ends_the_rounds_behind_it_at_once() -> None:
    # Else a case that is reopened later would go on climbing an old ladder.
    mine, other = replace(ROUND, status=RoundStatus.DESK, case_id="x"), replace(ROUND, id="o", case_id="y")
    draft = Draft(facts_of(Gap(NOW, NOW), held=(mine, other)), the_rules())
    checkin.case_closed(draft, case(status=CaseStatus.CLOSED))
    assert draft.entities["r"].status is RoundStatus.CLOSED
    assert draft.deadlines == {(DeadlineKind.RUNG, "r"): None}


def test_nothing_is_asked_while_a_graver_case_is_open_and_the_next_question_is_armed() -> None:
    for open_case in (case(source=Source.SOS, urgency=2), case(source=Source.MESSAGE, urgency=1), case()):
        draft = prompt(cases=(open_case,))
        assert said(draft, OutboundKind.PROMPT) == []
        deadline = draft.deadlines[(DeadlineKind.PROMPT, "c")]
        assert deadline is not None
        assert deadline.due_at == NOW + 6 * HOUR


def test_a_message_case_does_not_stop_the_questions() -> None:
    assert said(prompt(cases=(case(source=Source.MESSAGE, urgency=4, round_id=None),)), OutboundKind.PROMPT)


def test_while_a_case_is_silent_a_question_is_held_with_it() -> None:
    silent = case(silent=True, source=Source.MESSAGE, urgency=3, round_id=None)
    [row] = said(prompt(cases=(silent,)), OutboundKind.PROMPT)
    assert row.case_id == "x"


def test_somebody_who_is_gone_is_asked_no_more() -> None:
    draft = prompt(me=replace(SAMI, status=Standing.GONE))
    assert said(draft, OutboundKind.PROMPT) == []
    assert draft.entities["c"].status is CheckInStatus.ENDED


def test_a_protocol_that_was_taken_out_of_the_policy_does_not_stop_a_round() -> None:
    draft = rung(round=replace(ROUND, protocol="gone"), links=(link(LinkStatus.CONSENTED),))
    assert draft.deadlines[(DeadlineKind.RUNG, "r")] is not None


def test_after_a_gap_who_is_on_call_and_the_lead_are_told_who_is_overdue() -> None:
    event = Gap(NOW - 2 * HOUR, NOW)
    overdue = (Deadline(DeadlineKind.RUNG, "r", "sami", 4, 3, 4, NOW - HOUR),)
    draft = Draft(facts_of(event, overdue=overdue, overdue_count=30), the_rules())
    gap.decide(draft, event)
    notices = said(draft, OutboundKind.NOTICE)
    assert sorted(row.person_id for row in notices) == ["ana", "carla"]
    assert all("Sami" in row.text and "2 hours" in row.text and "29 more" in row.text for row in notices)


def test_a_clock_that_was_set_back_is_said_as_that() -> None:
    event = Gap(NOW + 2 * HOUR, NOW)
    draft = Draft(facts_of(event), the_rules())
    gap.decide(draft, event)
    assert all("set back" in row.text for row in said(draft, OutboundKind.NOTICE))
