"""Who belongs to the desk: inviting, confirming, removing, freezing and trusting again.

1. Leads decide who is staff. Officers enrol defenders.
2. Whoever was invited by chat reads a number out to the desk, by telephone or face to face; only then do they get
   rights. The number stands on their phone alone: what stands in the desk's chat could be copied from there.
3. Cases of somebody who leaves or is frozen go back to the desk and page from the first step.
4. The desk is never left without anybody who has rights.

Source: protection practice, "The desk"; law 11.
"""

from __future__ import annotations

from alerts.cases import Case, CaseStatus, released
from alerts.facts import Heard, Order, Ordered
from alerts.invitations import clean_name, name_key
from alerts.people import STAFF, Person, Purpose, Reach, Role, Standing
from alerts.records import replace
from handlers import codes, joining, paging, reach, rota, sos
from handlers.asking import first_of
from handlers.draft import Draft
from handlers.telling import answer, notice, staff_but

ROLES = {"officer": Purpose.OFFICER, "lead": Purpose.LEAD, "defender": Purpose.DEFENDER}


def leads_only(draft: Draft, officer: Person) -> bool:
    """Whether an officer asks for what only leads may do; told so."""
    if officer.role is not Role.LEAD:
        answer(draft, officer, "staff.leads_only")
    return officer.role is not Role.LEAD


def invite(draft: Draft, officer: Person, rest: str) -> None:
    """`invite NAME`, `invite officer NAME`, `invite lead NAME`."""
    role, named = first_of(draft, officer, rest, "word", ROLES)
    purpose = ROLES.get(role, Purpose.DEFENDER)
    name = clean_name(named)
    if not name:
        answer(draft, officer, "invite.usage")
        return
    if purpose is not Purpose.DEFENDER and leads_only(draft, officer):
        return
    others = called(draft, name)
    known = next((p for p in others if p.role is Role.OFFICER and p.is_staff), None)
    if purpose is Purpose.LEAD and known is not None:
        promote(draft, officer, known)
    elif others:
        answer(draft, officer, "invite.taken", name=name)
    else:
        code = codes.give(draft, officer, purpose, alias=name)
        hours = draft.rules.invitation_hours
        answer(draft, officer, f"invite.{purpose.value}", name=name, code=code, hours=hours)


def promote(draft: Draft, lead: Person, officer: Person) -> None:
    """A lead makes an officer whom everybody knows a lead."""
    officer = draft.put_person(replace(draft.latest(officer), role=Role.LEAD))
    answer(draft, officer, "staff.welcome_lead", name=officer.alias)
    notice(draft, staff_but(draft, officer), "staff.joined_lead", name=officer.alias)
    draft.event("staff_joined", role="lead")


def called(draft: Draft, name: str) -> list[Person]:
    """Everybody of the desk who has this name, contacts excepted: these have the name that a defender gave them."""
    return [
        p
        for p in map(draft.latest, (*draft.facts.called, *draft.facts.desk.waiting))
        if name_key(p.alias) == name_key(name)
        and p.role is not Role.CONTACT
        and p.status is not Standing.GONE
    ]


# ---------------------------------------------------------------------------------------------------------- confirming


def confirm(draft: Draft, officer: Person, number: str) -> None:
    """`confirm NUMBER`: the number was read out by somebody whom the officer knows."""
    digits = "".join(number.split())
    found = [
        p for p in draft.facts.desk.waiting if p.status is Standing.PENDING and p.check and p.check == digits
    ]
    if not found:
        answer(draft, officer, "confirm.no_such")
        return
    person = found[0]
    if person.role is Role.LEAD and leads_only(draft, officer):
        return
    person = joining.confirmed(draft, person, by=officer)
    answer(draft, officer, f"confirm.{person.role.value}", name=person.alias)


def stranger_again(person: Person) -> Person:
    """The person without any role: what they write still reaches the desk."""
    return replace(
        person,
        role=Role.STRANGER,
        status=Standing.ACTIVE,
        verified=False,
        alias="",
        check="",
        content_channel="",
        talk=replace(person.talk, focus=None),
    )


# ------------------------------------------------------------------------------------------------- leaving, freezing


def remove(draft: Draft, lead: Person, name: str) -> None:
    """`remove NAME`: an officer's or a lead's rights end now."""
    if leads_only(draft, lead):
        return
    found = next(
        (p for p in (*draft.facts.desk.staff, *draft.facts.desk.waiting) if is_called(p, name)), None
    )
    if found is None:
        answer(draft, lead, "remove.no_such", name=clean_name(name))
        return
    person = draft.latest(found)
    leads = [p for p in staff_but(draft, person) if p.role is Role.LEAD]
    if person.is_staff and person.role is Role.LEAD and not leads:
        answer(draft, lead, "remove.last_lead")
        return
    if lead.id != person.id:
        answer(draft, lead, "remove.done", name=person.alias)
    end_rights(draft, person, lead)


def end_rights(draft: Draft, person: Person, *told: Person) -> None:
    """Somebody does not belong to the desk any more. Everybody there hears it but those who know."""
    gone = draft.put_person(stranger_again(person))
    release_cases(draft, gone)
    rota.leaves(draft, gone)
    answer(draft, gone, "remove.told")
    notice(draft, staff_but(draft, gone, *told), "remove.notice", name=person.alias)
    draft.event("staff_removed")


def is_called(person: Person, name: str) -> bool:
    """Whether somebody has this name, however it is written."""
    return bool(person.alias) and name_key(person.alias) == name_key(name)


def release_cases(draft: Draft, person: Person) -> None:
    """What this person had taken pages the desk again, from the first step. Where nobody but they was called, the next
    person is called now: they will not take it."""
    for case in map(draft.latest, draft.facts.board):
        if not case.is_open:
            continue
        if case.taken_by == person.id:
            paging.climb(draft, released(case, draft.now), without=frozenset({person.id}))
            draft.event("case_released", case=case.ref)
        elif person.id in case.paged and waits_for(draft, case, person):
            reach.out_of_reach(draft, case, person)


def waits_for(draft: Draft, case: Case, person: Person) -> bool:
    """Whether it is this person alone who was called for a case, or whose turn it is to answer in a taker's place."""
    if case.status is CaseStatus.TAKEN and case.climb_from is None:
        return case.unanswered_since is not None and bool(case.nags) and case.paged[-1] == person.id
    others = (i for i in case.paged if i not in (person.id, case.taken_by, case.person_id))
    return not any(draft.facts.desk.person(i) for i in others)


def key_changed(draft: Draft, event: Heard, officer: Person) -> None:
    """A member of staff wrote and it cannot be read: rights are frozen, and it is an alarm as a defender's would be."""
    channel = event.inbound.channel
    others = staff_but(draft, officer)
    addresses = tuple(
        replace(a, status=Reach.FROZEN) if a.channel == channel else a for a in officer.addresses
    )
    # The last one who has rights keeps them on the other accounts: a desk without anybody hears nothing.
    status = Standing.FROZEN if others else officer.status
    officer = draft.put_person(replace(officer, addresses=addresses, status=status))
    release_cases(draft, officer)
    leads = [p for p in others if p.role is Role.LEAD]
    notice(draft, leads or others, "freeze.staff", name=officer.alias, channel=channel.capitalize())
    draft.event("rights_frozen", person=officer.id)
    sos.alarm(draft, event, officer)


def unfreeze(draft: Draft, officer: Person, name: str) -> None:
    """`unfreeze NAME`: somebody has spoken to this person, and it is they who have the new telephone or key."""
    everybody = (*draft.facts.called, *draft.facts.desk.waiting, *draft.facts.desk.staff)
    frozen = {p.id: p for p in everybody if is_called(p, name) and is_frozen(p)}
    if not frozen:
        answer(draft, officer, "unfreeze.no_such", name=clean_name(name))
        return
    for person in frozen.values():
        if person.role in (Role.OFFICER, Role.LEAD) and leads_only(draft, officer):
            continue
        reinstate(draft, person)
        answer(draft, officer, "unfreeze.done", name=person.alias)


def is_frozen(person: Person) -> bool:
    """Whether this person, or one of their accounts, is frozen."""
    return person.status is Standing.FROZEN or any(a.status is Reach.FROZEN for a in person.addresses)


def reinstate(draft: Draft, person: Person) -> Person:
    """Rights and accounts count again. The channels hear which accounts to trust."""
    for address in person.addresses:
        if address.status is Reach.FROZEN:
            draft.event("trust_wanted", channel=address.channel, address=address.id)
    addresses = tuple(
        replace(a, status=Reach.OK) if a.status is Reach.FROZEN else a for a in person.addresses
    )
    status = Standing.ACTIVE if person.status is Standing.FROZEN else person.status
    return draft.put_person(replace(person, status=status, addresses=addresses))


def content(draft: Draft, officer: Person, channel: str) -> None:
    """`content signal`: where this officer gets what defenders write."""
    wanted = channel.casefold()
    if wanted == "auto":
        draft.put_person(replace(officer, content_channel=""))
        answer(draft, officer, "content.auto")
    elif officer.on(wanted) is None:
        answer(draft, officer, "content.usage", channels=", ".join(a.channel for a in officer.addresses))
    elif wanted == "telegram" and draft.rules.telegram_content == "never":
        answer(draft, officer, "content.never")
    else:
        draft.put_person(replace(officer, content_channel=wanted))
        answer(draft, officer, "content.done", channel=wanted.capitalize())


# ---------------------------------------------------------------------------------------------- at the machine itself


def ordered(draft: Draft, event: Ordered) -> None:
    """What the administrator decided on the command line, where there may be no lead to decide it. Nobody found: an
    event that says so, and nothing else."""
    desk = draft.facts.desk
    everybody = {p.id: p for p in (*draft.facts.called, *desk.waiting, *desk.staff)}.values()
    done = 0
    match event.order:
        case Order.CONFIRM:
            for person in [
                p for p in desk.waiting if p.status is Standing.PENDING and p.check == event.about
            ]:
                joining.confirmed(draft, person)
                done += 1
        case Order.UNFREEZE:
            for person in [p for p in everybody if is_called(p, event.about) and is_frozen(p)]:
                reinstate(draft, person)
                done += 1
        case Order.REMOVE:
            for person in [p for p in everybody if is_called(p, event.about) and p.role in STAFF]:
                end_rights(draft, person)
                done += 1
    draft.event("ordered", order=event.order.value, people=done)
