"""What follows when somebody uses a code: they join the desk, are enrolled, or turn out to be somebody known.

1. A member of staff who was invited by chat has no rights until somebody who spoke to them confirms it; one whom the
   administrator invited at the machine has them at once.
2. One person on two channels is one person: the stranger's account and open cases move to the person who asked for
   the link. Only a stranger's account can move.
3. Whoever made the code hears that it was used.
"""

from __future__ import annotations

from alerts.events import Inbound
from alerts.invitations import check_number, free_name
from alerts.people import Invitation, LinkStatus, Person, Purpose, Reach, Role, Standing
from alerts.records import replace
from handlers import dialogue, relay, rota
from handlers.draft import Draft
from handlers.telling import answer, first_on_call, notice, notice_of, staff_but, unasked


def name_for(draft: Draft, person: Person, invitation: Invitation) -> str:
    """The name of the invitation, or with a number behind it when somebody else has it by now."""
    others = [p.alias for p in draft.facts.called if p.id != person.id]
    return free_name(invitation.alias, others)


# -------------------------------------------------------------------------------------------------------------- staff


def as_staff(draft: Draft, person: Person, invitation: Invitation) -> bool:
    """Somebody uses a code for officers or leads. Returns whether it is used up."""
    role = Role.LEAD if invitation.purpose is Purpose.LEAD else Role.OFFICER
    maker = draft.person(invitation.made_by)
    promoted = maker is None and person.role is Role.OFFICER and role is Role.LEAD
    if person.role is not Role.STRANGER and person.status is not Standing.PENDING and not promoted:
        answer(draft, person, "code.has_role")
        return False
    alias = person.alias if promoted else name_for(draft, person, invitation)
    person = replace(person, alias=alias, role=role)
    if maker is None:
        confirmed(draft, person)
        return True
    number = check_number(draft.new_id(), (other.check for other in draft.facts.desk.waiting))
    person = draft.put_person(replace(person, status=Standing.PENDING, verified=False, check=number))
    ask_for_number(draft, person, maker)
    notice(draft, [maker], f"staff.used_{role.value}", name=alias)
    draft.event("staff_waits", role=role.value)
    return True


def ask_for_number(draft: Draft, person: Person, maker: Person) -> None:
    """Tells somebody who used a code for staff which number they will be asked for."""
    role = Role.LEAD if person.role is Role.LEAD else Role.OFFICER
    answer(
        draft,
        person,
        f"staff.wait_{role.value}",
        name=person.alias,
        number=person.check,
        inviter=maker.alias,
    )


def confirmed(draft: Draft, person: Person, by: Person | None = None) -> Person:
    """Somebody belongs to the desk from now on, and everybody there hears it."""
    person = draft.put_person(replace(person, status=Standing.ACTIVE, verified=True, check=""))
    told = person.talk.told_telegram or not any(a.channel == "telegram" for a in person.addresses)
    answer(draft, person, f"staff.welcome_{person.role.value}", name=person.alias)
    if not told:
        answer(draft, draft.talk(person, told_telegram=True), "staff.telegram")
    others = staff_but(draft, person, *([by] if by else []))
    notice(draft, others, f"staff.joined_{person.role.value}", name=person.alias)
    draft.event("staff_joined", role=person.role.value)
    verified_cases(draft, person)
    rota.keep_watch(draft)
    return person


# ---------------------------------------------------------------------------------------------------------- defenders


def as_defender(draft: Draft, person: Person, invitation: Invitation) -> bool:
    """Somebody uses a defender's code. Returns whether it is used up."""
    if person.role is Role.DEFENDER:
        answer(draft, person, "code.enrolled")
        return False
    known = person.alias if person.role is not Role.STRANGER else ""
    alias = name_for(draft, person, invitation)
    person = draft.put_person(replace(person, role=Role.DEFENDER, verified=True, alias=alias))
    verified_cases(draft, person)
    if any(c.urgency == 1 and c.is_open and not c.drill for c in map(draft.latest, draft.facts.cases)):
        # A number answers the latest question: between an alarm's questions another one would take its answer.
        answer(draft, person, "enrol.in_alarm", name=alias)
    else:
        dialogue.begin(draft, person)
    maker = draft.person(invitation.made_by)
    if maker is not None:
        notice_of(draft, [maker], "staff.enrolled", name=alias)
    if known:
        # A code may have come to somebody it was not meant for, who is known here: nobody gets in unnoticed.
        heard_by = (*([maker] if maker is not None else ()), *first_on_call(draft))
        notice_of(draft, heard_by, "staff.known_before", name=alias, known=known)
    draft.event("defender_joined")
    return True


def verified_cases(draft: Draft, person: Person) -> None:
    """Cases that were opened before anybody knew from whom: the desk learns it, and they are a known person's now."""
    for case in map(draft.latest, draft.facts.cases):
        if not case.is_open:
            continue
        case = draft.put_case(replace(case, person_id=person.id, verified=case.verified or person.verified))
        for officer in relay.watchers(draft, case):
            if officer.id != person.id:
                words = draft.word(officer, "desk.known_now", name=person.alias)
                relay.relay_to_staff(draft, case, officer, person, words)


# ----------------------------------------------------------------------------------------------------- second channel


def as_channel(draft: Draft, inbound: Inbound, person: Person, invitation: Invitation) -> bool:
    """Somebody uses the code of a link: their account is another one of the person who asked for it."""
    owner = draft.person(invitation.subject_id)
    here = person.on(inbound.channel)
    if owner is None or here is None or owner.id == person.id:
        answer(draft, person, "link.same")
        return False
    known = any(ward.link.status is not LinkStatus.ENDED for ward in draft.facts.wards)
    if person.role is not Role.STRANGER or known:
        answer(draft, person, "link.taken")
        return False
    if owner.on(inbound.channel) is not None:
        answer(draft, person, "link.full", channel=inbound.channel.capitalize())
        return False
    rank = max((a.rank for a in owner.addresses), default=-1) + 1
    moved = replace(here, person_id=owner.id, rank=rank, key_id=owner.key_id, status=Reach.OK)
    before = owner.addresses
    owner = draft.put_person(replace(owner, addresses=(*before, moved)))
    talk = person.talk
    owner = draft.talk(
        owner,
        question=owner.talk.question or talk.question,
        exchange_at=max(filter(None, (owner.talk.exchange_at, talk.exchange_at)), default=None),
        last_channel=inbound.channel,
    )
    leave_empty(draft, person, owner)
    verified_cases(draft, owner)
    unasked(draft, owner, draft.facts.subject_cases, "link.done", to=(moved,), name=owner.alias)
    channel = inbound.channel.capitalize()
    unasked(draft, owner, draft.facts.subject_cases, "link.added", to=before, channel=channel)
    if owner.is_staff:
        leads = (p for p in staff_but(draft, owner) if p.role is Role.LEAD)
        notice(draft, leads, "staff.linked", name=owner.alias, channel=channel)
    elif owner.role is Role.DEFENDER:
        # Whoever held the phone for a minute could answer for them from then on.
        notice_of(draft, first_on_call(draft), "notice.linked", name=owner.alias, channel=channel)
    draft.event("channel_linked", channel=inbound.channel)
    return True


def leave_empty(draft: Draft, stranger: Person, owner: Person) -> None:
    """The row of the stranger who was somebody known: nothing is left, or a name for what they said before."""
    if draft.facts.me is None:
        del draft.entities[stranger.id]
        draft.used_person_key = False
        return
    gone = replace(stranger, status=Standing.GONE, alias=owner.alias, addresses=())
    draft.put_person(gone)
