"""Closing a case with an outcome, and telling everybody who was alerted."""

from __future__ import annotations

from alerts.cases import Case, CaseStatus, IllegalTransition, closed, taken
from alerts.events import OutboundKind
from alerts.facts import Heard
from alerts.people import Person, Question
from handlers import checkin, paging, resting
from handlers.asking import first_of
from handlers.draft import Draft
from handlers.localtime import clock

QUESTION = "outcome"
"""Code of the question how a case ended."""
OUTCOME_LIST = "outcome_person"
GOOD = frozenset({"safe", "released"})


def outcomes(draft: Draft) -> tuple[str, ...]:
    """The outcomes a case can be closed with."""
    return draft.rules.taxonomy.lists[OUTCOME_LIST]


def outcome_in(draft: Draft, officer: Person, text: str) -> tuple[str, str]:
    """The outcome that a text begins with, as the officer says it, and the note after it; ("", the text) for none."""
    return first_of(draft, officer, text, "outcome", outcomes(draft))


def close(draft: Draft, event: Heard, officer: Person, case: Case, rest: str) -> None:
    """`close`: with an outcome at once, or asks for one."""
    if case.status is CaseStatus.CLOSED:
        raise IllegalTransition("closed")
    outcome, note = outcome_in(draft, officer, rest)
    if outcome:
        finish(draft, officer, case, outcome, note)
        return
    offered = draft.choices(
        officer, [(f"outcome:{c}", f"taxonomy.{OUTCOME_LIST}.{c}") for c in outcomes(draft)]
    )
    draft.say(
        officer,
        OutboundKind.QUESTION,
        draft.word(officer, "desk.which_outcome", ref=case.ref),
        case=case,
        choices=offered,
        question=QUESTION,
        defender_id=case.person_id,
    )
    draft.talk(officer, question=Question(QUESTION, draft.now, case.id))


def finish(draft: Draft, officer: Person, case: Case, outcome: str, note: str) -> None:
    """The case is closed. Raises IllegalTransition when it already is."""
    if case.status is CaseStatus.OPEN:
        case = taken(case, officer.id, draft.now)
    goes_on = resting.goes_on_at(draft, case)
    case = draft.put_case(closed(case, outcome, note, draft.now))
    draft.event("case_closed", case=case.ref, urgency=case.urgency, outcome=outcome)
    person = draft.person(case.person_id)
    if person is not None:
        draft.talk(person, question=None, exchange_at=draft.now)
        if not case.drill:
            text = draft.word(person, "case.closed")
            if goes_on is not None:
                text += "\n" + draft.word(person, "checkin.goes_on", time=clock(draft, person, goes_on))
            draft.say(person, OutboundKind.NOTICE, text, case=case)
        all_clear(draft, case, person, outcome)
    checkin.case_closed(draft, case)
    officer = draft.talk(officer, focus=None, question=None, closed=case.id)
    text = draft.word(officer, "notice.you_closed", ref=case.ref)
    if goes_on is not None:
        text += " " + draft.word(officer, "notice.checkins_go_on", time=clock(draft, officer, goes_on))
    draft.say(officer, OutboundKind.NOTICE, text, case=case)
    for other_id in case.paged:
        other = draft.facts.desk.person(other_id)
        if other is not None and other.id != officer.id:
            text = draft.word(other, "notice.closed", ref=case.ref, officer=officer.alias)
            draft.say(other, OutboundKind.NOTICE, text, case=case, defender_id=case.person_id)


def all_clear(draft: Draft, case: Case, person: Person, outcome: str) -> None:
    """Every trusted contact who was alerted hears how it ended; not while a case is silent."""
    if case.silent:
        return
    name = paging.name_for_desk(draft, person)
    for contact_id in case.alerted:
        contact = draft.person(contact_id)
        if contact is not None:
            key = "contact.all_clear" if outcome in GOOD else "contact.case_over"
            text = draft.word(contact, key, name=name or draft.word(contact, "desk.somebody"))
            rounds = [r for r in draft.facts.held if contact_id in r.alerted and r.case_id == case.id]
            draft.say(
                contact,
                OutboundKind.ALL_CLEAR,
                text,
                case=case,
                round_=rounds[0] if len(rounds) == 1 else None,
                defender_id=person.id,
            )
