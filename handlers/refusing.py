"""`refuse NAME`: whoever used a code is not who was invited; or nobody has used it yet, and nobody shall.

1. A lead may refuse anybody. An officer refuses whom an officer may let in: takes back codes for defenders, codes of
   their own, and somebody who waits to be confirmed as an officer.
2. When several of one name are meant, nothing is done before it was chosen which.

Source: protection practice, "The desk"; law 11.
"""

from __future__ import annotations

from alerts.events import OutboundKind
from alerts.invitations import name_key
from alerts.outbox import Choice, Outgoing
from alerts.people import Invitation, Person, Purpose, Role, Standing
from alerts.records import replace
from handlers.asking import WHICH_CODE
from handlers.draft import Draft
from handlers.localtime import clock
from handlers.staffing import stranger_again
from handlers.telling import answer

ALL = "all"


def refuse(draft: Draft, officer: Person, name: str) -> None:
    """`refuse NAME`."""
    found = [one for one in refusable(draft) if name_key(one.alias) == name_key(name)]
    mine = [one for one in found if may_refuse(officer, one)]
    if not found:
        answer(draft, officer, "refuse.no_such")
    elif not mine:
        answer(draft, officer, "staff.leads_only")
    elif len(found) == 1:
        carry_out(draft, officer, mine[0])
    else:
        ask_which(draft, officer, mine)


def refusable(draft: Draft) -> tuple[Invitation | Person, ...]:
    """Codes that are out, and who waits to be confirmed."""
    pending = (p for p in draft.facts.desk.waiting if p.status is Standing.PENDING)
    return (*draft.facts.unused, *map(draft.latest, pending))


def may_refuse(officer: Person, one: Invitation | Person) -> bool:
    """Whether it is this member of the desk who may refuse this one."""
    if officer.role is Role.LEAD:
        return True
    if isinstance(one, Person):
        return one.role is Role.OFFICER
    return one.purpose is Purpose.DEFENDER or one.made_by == officer.id


def carry_out(draft: Draft, officer: Person, one: Invitation | Person) -> None:
    """The code stops working, or who waits has no role any more."""
    if isinstance(one, Person):
        draft.put_person(stranger_again(one))
        draft.event("staff_refused")
        answer(draft, officer, "refuse.done", name=one.alias)
    else:
        draft.put(replace(one, expires_at=draft.now))
        draft.event("invitation_withdrawn")
        answer(draft, officer, "refuse.code", name=one.alias)


def ask_which(draft: Draft, officer: Person, mine: list[Invitation | Person]) -> None:
    """Names them all, to choose from."""
    offered = [Choice(f"{WHICH_CODE}:{one.id}", in_words(draft, officer, one)) for one in mine]
    if len(mine) > 1:
        offered.append(Choice(f"{WHICH_CODE}:{ALL}", draft.word(officer, "refuse.all")))
    draft.say(
        officer,
        OutboundKind.QUESTION,
        draft.word(officer, "refuse.which", name=mine[0].alias),
        choices=tuple(offered),
        question=WHICH_CODE,
        urgency=3,
    )


def in_words(draft: Draft, officer: Person, one: Invitation | Person) -> str:
    """What tells one from others of the same name."""
    if isinstance(one, Person):
        return draft.word(officer, f"refuse.waits_{one.role.value}")
    maker = draft.facts.desk.person(one.made_by)
    nobody = "desk.somebody" if one.made_by is not None else "refuse.administrator"
    by = maker.alias if maker is not None else draft.word(officer, nobody)
    return draft.word(
        officer, f"refuse.for_{one.purpose.value}", officer=by, time=clock(draft, officer, one.made_at)
    )


def chosen(draft: Draft, officer: Person, value: str, menu: Outgoing) -> None:
    """One of those that were named, or all of them. What was used or refused meanwhile is none any more."""
    named = {choice.code.partition(":")[2] for choice in menu.choices}
    wanted = named if value == ALL else {value}
    found = [one for one in refusable(draft) if one.id in wanted and may_refuse(officer, one)]
    for one in found:
        carry_out(draft, officer, one)
    if not found:
        answer(draft, officer, "refuse.no_such")
