"""Members of the desk who cannot be reached, or who need help themselves: somebody else is called at once.

Source: protection practice, "The desk"; a refused send escalates at once, to the next channel or the next person.
"""

from __future__ import annotations

from alerts.cases import Case, CaseStatus
from alerts.escalation import order_of_call, rule_of
from alerts.outbox import Guard
from alerts.people import Person
from alerts.policy import Target
from alerts.records import replace
from handlers import paging
from handlers.draft import Draft
from handlers.untaken import tell_not_seen


def out_of_reach(draft: Draft, case: Case, person: Person, words: str = "") -> None:
    """Somebody of the desk who was called for the case, or who has it, takes nothing on any channel: somebody else is
    called at once. `words` is what did not reach them."""
    if case.status is CaseStatus.CLOSED:
        return
    if case.status is CaseStatus.OPEN or case.climb_from is not None:
        next_at_once(draft, case, person)
    elif case.taken_by == person.id:
        paging.due_ack(draft, case, words)
    else:
        ask_another(draft, case, person)


def next_at_once(draft: Draft, case: Case, person: Person) -> None:
    """The next person is called now, and the policy's steps keep their times.

    With nobody left the steps go on, and nothing goes round in circles between phones that all refuse. But when it was
    the last one who refused, and nobody else was called with them, the others hear it again.
    """
    desk = draft.facts.desk
    if paging.crowded(draft, case) and desk.crowd_head not in (None, case.id):
        return
    done = {*case.paged, case.person_id}
    following = [desk.person(i) for i in order_of_call(desk) if i not in done][:1]
    if not following:
        single = set(rule_of(case, draft.rules.policy).step(case.step - 1).targets) <= {
            Target.ON_CALL,
            Target.NEXT,
        }
        if not single or case.paged[-1:] != (person.id,):
            return
        following = [
            p
            for p in desk.staff
            if p.id not in (person.id, case.person_id) and paging.takes_messages(draft, p)
        ]
    people = [p for p in following if p is not None]
    if not people:
        return
    key = "page.crowd" if paging.crowded(draft, case) else "page.case"
    paging.page(draft, case, people, key=key, first=True)
    called = case.paged
    case = draft.put_case(replace(case, paged=tuple(dict.fromkeys((*called, *(p.id for p in people))))))
    draft.event("paged", case=case.ref, urgency=case.urgency, step=case.step, people=len(people))
    tell_not_seen(draft, case, called=called)


def ask_another(draft: Draft, case: Case, person: Person) -> None:
    """Who was asked to answer in the taker's place takes nothing: the one after them is asked."""
    order = order_of_call(draft.facts.desk)
    place = order.index(person.id) + 1 if person.id in order else 0
    following = (draft.facts.desk.person(i) for i in (*order[place:], *order[:place]))
    others = (
        p for p in following if p is not None and p.id not in (case.taken_by, case.person_id, person.id)
    )
    other = next((p for p in others if paging.takes_messages(draft, p)), None)
    if other is not None:
        paging.page(draft, case, [other], key="page.unanswered", guard=Guard.SOUGHT)
        draft.put_case(replace(case, paged=tuple(dict.fromkeys((*case.paged, other.id)))))


def taker_in_danger(draft: Draft, officer: Person) -> None:
    """An officer has raised an alarm: of what is urgent in their hands the next person hears, who may take it over.
    Their phone may be in other hands by now."""
    mine = [c for c in draft.facts.board if c.taken_by == officer.id and c.urgency <= 2 and not c.drill]
    for case in mine:
        order = (i for i in order_of_call(draft.facts.desk) if i not in (officer.id, case.person_id))
        other = draft.facts.desk.person(next(order, None))
        if other is not None:
            paging.page(draft, case, [other], key="page.taker_in_danger", guard=Guard.UNCLOSED)
