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
from handlers.untaken import wrote_to_us

QUESTION = "outcome"
"""Code of the question how a case ended."""
OUTCOME_LIST = "outcome_person"


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
    quiet = outcome in draft.rules.taxonomy.quiet and not case.drill
    told = not quiet and has_written(draft, case)
    goes_on = None if quiet else resting.goes_on_at(draft, case)
    case = draft.put_case(closed(case, outcome, note, draft.now))
    draft.event("case_closed", case=case.ref, urgency=case.urgency, outcome=outcome)
    person = draft.person(case.person_id)
    if person is not None:
        draft.talk(person, question=None, exchange_at=draft.now if told else person.talk.exchange_at)
        if told:
            text = draft.word(person, "case.closed")
            if goes_on is not None:
                text += "\n" + draft.word(person, "checkin.goes_on", time=clock(draft, person, goes_on))
            draft.say(person, OutboundKind.NOTICE, text, case=case)
        if quiet:
            resting.lay_down(draft, person.id)
        all_clear(draft, case, person, outcome, quiet=quiet)
    checkin.case_closed(draft, case, everything=quiet)
    officer = draft.talk(officer, focus=None, question=None, closed=case.id)
    parts = [draft.word(officer, "notice.you_closed", ref=case.ref)]
    if not told and not case.drill:
        parts.append(draft.word(officer, "notice.nothing_sent"))
    if goes_on is not None:
        parts.append(draft.word(officer, "notice.checkins_go_on", time=clock(draft, officer, goes_on)))
    if not case.drill and resting.laid_down(draft, case.person_id):
        parts.append(draft.word(officer, "notice.checkins_laid_down", ref=case.ref))
    if quiet and not case.silent and alerted(draft, case, quiet=True):
        parts.append(draft.word(officer, "notice.contacts_wait"))
    draft.say(officer, OutboundKind.NOTICE, " ".join(parts), case=case)
    for other_id in case.paged:
        other = draft.facts.desk.person(other_id)
        if other is not None and other.id != officer.id:
            bare = draft.word(other, "notice.closed", ref=case.ref, officer=officer.alias)
            ended = draft.word(other, f"taxonomy.{OUTCOME_LIST}.{outcome}")
            text = draft.word(other, "notice.closed_so", closed=bare, outcome=ended)
            texts = {} if draft.rules.telegram_content == "always" else {"telegram": bare}
            draft.say(other, OutboundKind.NOTICE, text, texts=texts, case=case, defender_id=case.person_id)


def has_written(draft: Draft, case: Case) -> bool:
    """Whether whom the case is about knows of it: they called for somebody, or have written since they missed a
    check-in. Who has not was never told of the case, and is not told of its end: whoever holds the phone would learn
    that the desk was looking."""
    if case.drill or wrote_to_us(case):
        return not case.drill
    last = draft.facts.written.get(case.id)
    missed = [r.asked_at for r in draft.facts.held if r.case_id == case.id]
    return last is not None and last >= min(missed, default=case.opened_at)


def alerted(draft: Draft, case: Case, *, quiet: bool) -> tuple[str, ...]:
    """The trusted contacts who were told; after a `quiet` outcome also those of a question that has no case yet, since
    it ends with this one."""
    waiting = (r for r in draft.facts.asked if quiet and r.person_id == case.person_id)
    return tuple(dict.fromkeys((*case.alerted, *(i for r in waiting for i in r.alerted))))


def all_clear(draft: Draft, case: Case, person: Person, outcome: str, *, quiet: bool) -> None:
    """Every trusted contact who was alerted hears how it ended; not while a case is silent. After a `quiet` outcome
    they hear that a person will tell them: no machine says that somebody is dead or held."""
    if case.silent:
        return
    name = paging.name_for_desk(draft, person)
    key = "contact.all_clear" if outcome in draft.rules.taxonomy.good else "contact.case_over"
    key, kind = ("contact.desk_will_tell", OutboundKind.NOTICE) if quiet else (key, OutboundKind.ALL_CLEAR)
    for contact_id in alerted(draft, case, quiet=quiet):
        contact = draft.person(contact_id)
        if contact is not None:
            text = draft.word(contact, key, name=name or draft.word(contact, "desk.somebody"))
            rounds = [r for r in draft.facts.held if contact_id in r.alerted and r.case_id == case.id]
            draft.say(
                contact,
                kind,
                text,
                case=case,
                round_=rounds[0] if len(rounds) == 1 else None,
                defender_id=person.id,
            )
