"""Taking a case: the command, the button and the thumb, and which case is meant when none is named.

A case that somebody has is taken over on purpose only: by its reference, or in answer to a page that asks for it.
"""

from __future__ import annotations

from alerts.cases import Case, CaseStatus, IllegalTransition
from alerts.events import InboundKind
from alerts.facts import Heard
from alerts.outbox import Guard, Outgoing
from alerts.people import Person
from handlers import paging
from handlers.draft import Draft
from handlers.telling import answer, answer_on


def candidates(draft: Draft, officer: Person) -> tuple[Case, ...]:
    """The cases that `take` may mean: those that the officer was called for and that wait, without anybody, else
    because their taker does not answer; else what nobody has, whoever was called for it."""
    called = [c for c in draft.facts.board if officer.id in c.paged]
    untaken = [c for c in called if c.status is CaseStatus.OPEN]
    sought = [c for c in called if is_sought(c) and c.taken_by != officer.id]
    free = [c for c in draft.facts.board if c.status is CaseStatus.OPEN and c.person_id != officer.id]
    return tuple(untaken or sought or free)


def focus(draft: Draft, officer: Person) -> Case | None:
    """The case that a bare message goes to: the one in focus, else the only one that the officer has; none while the
    one in focus cannot be opened, since the words may be for there."""
    if draft.facts.focus_shut:
        return None
    mine = [c for c in draft.facts.board if c.taken_by == officer.id]
    inside = next((c for c in mine if c.id == officer.talk.focus), None)
    if inside is not None:
        return inside
    return mine[0] if len(mine) == 1 else None


def is_sought(case: Case) -> bool:
    """Whether others than its taker are called for a taken case."""
    overdue = case.unanswered_since is not None and case.nags > 0
    return case.status is CaseStatus.TAKEN and (case.climb_from is not None or overdue)


def is_own(draft: Draft, officer: Person, case: Case) -> bool:
    """Whether a case is the officer's own alarm. Somebody else takes it and closes it, as long as there is anybody:
    whoever holds the phone of the one in danger must not be able to silence it."""
    return case.person_id == officer.id and any(p.id != officer.id for p in draft.facts.desk.staff)


def is_theirs(draft: Draft, officer: Person, case: Case) -> bool:
    """Whether a case is the officer's own alarm; told so."""
    own = is_own(draft, officer, case)
    if own:
        answer(draft, officer, "desk.own_case", ref=case.ref)
    return own


def command(draft: Draft, event: Heard, officer: Person, case: Case, rest: str) -> None:
    """`take`: whoever had it before is told. Raises IllegalTransition when the case is closed."""
    if case.status is CaseStatus.CLOSED:
        raise IllegalTransition("closed")
    take(draft, event, officer, case)


def button(draft: Draft, event: Heard, officer: Person, case: Case, menu: Outgoing) -> None:
    """The button of a page, or its number: takes the case unless somebody has it and answers."""
    if case.status is CaseStatus.CLOSED:
        answer(draft, officer, "desk.already_closed")
    elif may_take(officer, case, menu.guard is Guard.SOUGHT):
        take(draft, event, officer, case)
    else:
        taken_by_other(draft, officer, case)


def thumb(draft: Draft, officer: Person, case: Case) -> None:
    """A thumb on a message about a case: takes it when nobody has it, or acknowledges it."""
    if is_theirs(draft, officer, case):
        return
    if may_take(officer, case, any(t.guard is Guard.SOUGHT for t in draft.facts.targets)):
        paging.take(draft, case, officer)
    elif any(t.question == "page" for t in draft.facts.targets):
        taken_by_other(draft, officer, case)


def may_take(officer: Person, case: Case, asked: bool) -> bool:
    """Whether a tap is enough: nobody has the case, the officer has it, or its taker does not answer and the message
    that was tapped (`asked`) says so."""
    if case.status is CaseStatus.OPEN or case.taken_by == officer.id or case.climb_from is not None:
        return True
    return asked and is_sought(case)


def take(draft: Draft, event: Heard, officer: Person, case: Case) -> None:
    """The officer has the case; told so as well when it is no news, if they wrote."""
    again = case.status is CaseStatus.TAKEN and case.taken_by == officer.id
    paging.take(draft, case, officer)
    if again and event.inbound.kind is InboundKind.TEXT:
        answer_on(draft, officer, case, "desk.have_already", ref=case.ref)


def taken_by_other(draft: Draft, officer: Person, case: Case) -> None:
    """Says who has a case that the officer wished to take."""
    other = draft.person(case.taken_by)
    answer(draft, officer, "desk.taken_by_other", ref=case.ref, officer=(other.alias if other else ""))
