"""The rungs of the missed check-in, one by one. What they are and when they come is the protocol's.

* The person is asked, and asked again, until the desk has the case.
* Contacts hear of it only if they consented, and only when our question had reached the person, or may have. Where it
  was refused or not delivered, their rung is the desk's; where it never left us, or went out by channels known to be
  dead alone, they wait and the desk is told.
* From the desk's rung on there is a case. It climbs by the escalation policy; the ladder's later rungs go on beside it
  until it is closed. From the lead's rung on it is P1.
* Nothing is ever made public by a rung: the last one asks two people for a decision.

Source: protection practice, "Check-ins".
"""

from __future__ import annotations

from datetime import datetime, timedelta

from alerts.cases import Case, CaseStatus, raised
from alerts.checkins import CheckIn, CheckInKind, Round, RoundStatus
from alerts.escalation import leads
from alerts.events import OutboundKind
from alerts.ladder import RungKind
from alerts.outbox import UNASKED, Guard
from alerts.people import Address, LinkStatus, Person, Reach, Standing
from alerts.policy import Protocol
from alerts.records import replace
from alerts.rounds import (
    ASKS,
    Reached,
    asked_anew,
    carried_out,
    could_answer,
    grace,
    heard_from,
    held_up,
    reached,
    told_of_it,
)
from handlers import missed, paging, relay
from handlers.draft import Draft
from handlers.localtime import clock

ANSWERS = (
    ("checkin:ok", "button.checkin_ok"),
    ("checkin:talk", "button.checkin_talk"),
    ("checkin:more", "button.checkin_more"),
    ("checkin:help", "button.checkin_help"),
)
URGENCY = {CheckInKind.PERIODIC: 4, CheckInKind.TIMER: 2}
"""How soon a question to the person goes out, among everything else that waits."""

LOOK_AGAIN = timedelta(minutes=10)
"""While all channels of a person are known to be dead, their contacts' rung comes again so often."""
COMPANY = timedelta(seconds=10)
"""A notice that may concern many people at once waits so long for theirs."""


def carry_out(draft: Draft, round_: Round, person: Person, place: int, *, late: bool) -> None:
    """Carries out the rung at a place of the ladder."""
    protocol = draft.protocol(round_.protocol)
    kind = protocol.ladder.rungs[place].kind
    before_desk = kind in (*ASKS, RungKind.CONTACTS)
    if late and (round_.status is RoundStatus.LIVE or before_desk) and not just_asked(draft, round_):
        round_ = draft.put_round(asked_anew(round_, protocol.ladder, draft.now))
        ask(draft, round_, draft.facts.check_in, person)
        if before_desk:
            return
    held = draft.facts.case
    if kind in ASKS and held is not None and held.needs_verification:
        draft.put_round(carried_out(round_, place))  # they have answered; that is for an officer to verify
        return
    draft.event("rung", round=round_.id, rung=kind.value)
    match kind:
        case RungKind.PROMPT:
            draft.put_round(carried_out(round_, place))
        case RungKind.REMINDER | RungKind.SECOND_CHANNEL:
            ask_again(draft, round_, person, place, via="first" if kind is RungKind.REMINDER else "second")
        case RungKind.CONTACTS:
            contacts(draft, round_, person, place, protocol)
        case RungKind.DESK:
            missed.to_desk(draft, carried_out(round_, place), person, protocol)
        case RungKind.LEAD:
            lead(draft, carried_out(round_, place), person, protocol)
        case RungKind.PLAN:
            plan(draft, missed.to_desk(draft, carried_out(round_, place), person, protocol), person)
        case RungKind.PUBLICATION:
            publication(draft, missed.to_desk(draft, carried_out(round_, place), person, protocol), person)


def just_asked(draft: Draft, round_: Round) -> bool:
    """Whether the new question after a gap has gone out already."""
    anew = round_.shifted_from
    return anew is not None and draft.now - anew <= timedelta(seconds=draft.rules.gap_seconds)


def ask(
    draft: Draft,
    round_: Round,
    check_in: CheckIn | None,
    person: Person,
    *,
    again: bool = False,
    via: str = "first",
    to: tuple[Address, ...] = (),
) -> None:
    """The question with its four answers. It goes out as long as nobody has answered it, to the person or the desk."""
    kind = check_in.kind if check_in is not None else CheckInKind.PERIODIC
    key = "checkin.again" if again else f"checkin.prompt_{kind.value}"
    label = check_in.label if check_in is not None else ""
    silent = next((c for c in map(draft.latest, draft.facts.cases) if c.silent), None)
    draft.say(
        person,
        OutboundKind.REMINDER if again else OutboundKind.PROMPT,
        draft.word(person, key, label=label).replace("  ", " "),
        to=to or draft.addresses(person, via) or draft.addresses(person, "first"),
        round_=round_,
        case=silent,  # while a case of theirs is silent, this is held with it
        urgency=URGENCY[kind],
        choices=draft.choices(person, ANSWERS),
        question="checkin",
        guard=Guard.UNRESOLVED,
    )


def ask_again(draft: Draft, round_: Round, person: Person, place: int, *, via: str) -> None:
    """A rung that asks once more. While the first question could not leave us, the same chat gets no second one to find
    beside it, and the desk hears that this silence is ours, unless it has heard so."""
    ours = reached(draft.facts.sends) is Reached.UNSENT
    held = kept_waiting(draft)
    if (ours or held) and not told_of_it(round_, draft.facts.sends):
        round_ = unsent(draft, round_, person)
    draft.put_round(carried_out(round_, place))
    if not (ours or held) or (via == "second" and draft.addresses(person, via)):
        ask(draft, round_, draft.facts.check_in, person, again=not ours, via=via)


def kept_waiting(draft: Draft) -> tuple[datetime, ...]:
    """Since when what we asked waits, when nothing of ours can leave by any of the person's channels."""
    return held_up(draft.facts.sends, draft.now, timedelta(seconds=draft.rules.gap_seconds))


# ----------------------------------------------------------------------------------------------------------- contacts


def contacts(draft: Draft, round_: Round, person: Person, place: int, protocol: Protocol) -> None:
    """The trusted contacts' rung: theirs, or the desk's, or it waits."""
    case = draft.facts.case
    if case is not None and case.needs_verification:
        draft.put_round(carried_out(round_, place))
        return
    willing = consented(draft)
    how = reached(draft.facts.sends)
    patience = timedelta(seconds=draft.rules.gap_seconds)
    sent_at = heard_from(draft.facts.sends, patience)
    meant, fresh = round_.shifted_from or round_.asked_at, grace(protocol.ladder)
    held = kept_waiting(draft)
    if how is Reached.UNSENT or held:
        if round_.status is RoundStatus.LIVE and not told_of_it(round_, draft.facts.sends):
            round_ = unsent(draft, round_, person)
        draft.put_round(replace(round_, contacts_from=draft.now + fresh))
    elif sent_at is not None and sent_at - meant > patience and draft.now < sent_at + fresh:
        draft.put_round(replace(round_, contacts_from=sent_at + fresh))
    elif not willing or (how is Reached.UNDELIVERED and not person.contacts_when_undelivered):
        missed.to_desk(draft, carried_out(round_, place), person, protocol)
    elif not could_answer(draft.facts.sends, draft.facts.outages) and contacts_wait(
        draft, round_, person, fresh
    ):
        return
    else:
        alert(draft, carried_out(round_, place), person, willing)


def contacts_wait(draft: Draft, round_: Round, person: Person, fresh: timedelta) -> bool:
    """Whether contacts wait because what we asked went out by dead channels alone: for a fresh grace, when the person
    can be asked anew by one that works, or until one does. Once the desk has the case, asking on is the desk's."""
    dead = {name for name, outage in draft.facts.outages.items() if outage.back_at is None}
    well = tuple(a for a in draft.addresses(person, "all") if a.channel not in dead and a.status is Reach.OK)
    if well and round_.status is not RoundStatus.LIVE:
        return False
    if well:
        ask(draft, round_, draft.facts.check_in, person, again=True, to=well[:1])
    elif round_.status is RoundStatus.LIVE and not told_of_it(round_, draft.facts.sends):
        round_ = unsent(draft, round_, person)
    draft.put_round(replace(round_, contacts_from=draft.now + (fresh if well else LOOK_AGAIN)))
    return True


def consented(draft: Draft) -> tuple[Person, ...]:
    """The person's trusted contacts who agreed to be called, in order."""
    links = [link for link in draft.facts.links if link.status is LinkStatus.CONSENTED]
    found = (draft.person(link.contact_id) for link in sorted(links, key=lambda link: (link.rank, link.id)))
    return tuple(p for p in found if p is not None and p.status is not Standing.GONE and p.addresses)


def unsent(draft: Draft, round_: Round, person: Person) -> Round:
    """Our question has not left us, or what we ask once more: the desk hears it, so that it is not taken for the
    person's silence. Returns the round with that noted."""
    key = "notice.checkin_unsent" if reached(draft.facts.sends) is Reached.UNSENT else "notice.checkin_held"
    for officer in missed.on_duty(draft):
        about = {
            "name": paging.name_for_desk(draft, person) or draft.word(officer, "desk.somebody"),
            "time": clock(draft, officer, round_.asked_at),
        }
        draft.say(
            officer,
            OutboundKind.NOTICE,
            draft.word(officer, key, **about),
            via="content",
            # Once the desk has the case it says how far the question came; kept for days, this would be wrong by then.
            round_=round_,
            guard=Guard.ROUND,
            urgency=2,
            line=draft.word(officer, "notice.checkin_unsent_bare"),
            # A channel that is down is down for many: theirs make one message with this.
            question=UNASKED,
            entry=draft.word(officer, "notice.checkin_unsent_line", **about),
            ready_at=draft.now + COMPANY,
            defender_id=person.id,
        )
    return replace(round_, told_unasked=draft.now)


def alert(draft: Draft, round_: Round, person: Person, willing: tuple[Person, ...]) -> None:
    """Tells the trusted contacts, and remembers whom, since they get the all-clear."""
    name = paging.name_for_desk(draft, person)
    case = draft.facts.case
    open_cases = (c for c in map(draft.latest, draft.facts.cases) if c.is_open)
    others = (r for r in map(draft.latest, draft.facts.rounds) if r.id != round_.id)
    know = {i for c in open_cases for i in c.alerted} | {i for r in others for i in r.alerted}
    for contact in willing:
        if contact.id in know:
            continue  # another check-in of the same person has told them
        text = draft.word(contact, "contact.alert", name=name or draft.word(contact, "desk.somebody"))
        draft.say(
            contact,
            OutboundKind.CONTACT_ALERT,
            text,
            case=draft.latest(case) if case else None,
            round_=round_,
            urgency=2,
            guard=Guard.UNRESOLVED,
            defender_id=person.id,
        )
    told = tuple(dict.fromkeys((*round_.alerted, *(p.id for p in willing))))
    draft.put_round(replace(round_, alerted=told))
    if case is not None:
        missed.remember_alerted(draft, case, told)
    draft.event("contacts_alerted", round=round_.id, people=len(willing))


def contact_unreached(draft: Draft, round_: Round, contact: Person) -> None:
    """A contact's every address refused the alert. When nobody else was told, the rung is the desk's after all."""
    round_ = draft.latest(round_)
    person = draft.person(round_.person_id)
    if person is None or round_.status not in (RoundStatus.LIVE, RoundStatus.DESK):
        return
    left = tuple(i for i in round_.alerted if i != contact.id)
    round_ = draft.put_round(replace(round_, alerted=left))
    if round_.status is RoundStatus.LIVE and not left:
        missed.to_desk(draft, round_, person, draft.protocol(round_.protocol))
    elif draft.facts.case is not None:
        missed.tell_watchers(draft, draft.facts.case, person, "notice.contact_unreached")


# ------------------------------------------------------------------------------------------- the lead, plan, publicity


def lead(draft: Draft, round_: Round, person: Person, protocol: Protocol) -> None:
    """The lead is paged. Not when an officer has the case and is in touch with the person: then the lead is told.

    The case is P1 from here, unless the person has said OK meanwhile and that only waits to be verified.
    """
    case = missed.to_desk(draft, round_, person, protocol)
    wanted = int(protocol.lead_urgency)
    in_touch = case.status is CaseStatus.TAKEN and case.answered_at is not None
    if case.urgency > wanted and not case.needs_verification:
        case = (
            draft.put_case(raised(case, wanted, draft.now))
            if in_touch
            else missed.raise_to(draft, case, wanted)
        )
    whom = leads(draft.facts.desk) or draft.facts.desk.staff
    if in_touch:
        missed.tell_watchers(draft, case, person, "notice.lead_rung", whom)
        return
    uncalled = tuple(p for p in whom if p.id not in case.paged)
    paging.page(draft, case, uncalled, key="page.case", guard=Guard.SOUGHT)
    draft.put_case(replace(case, paged=(*case.paged, *(p.id for p in uncalled))))


def plan(draft: Draft, case: Case, person: Person) -> None:
    """The emergency plan is put before the desk."""
    key = "notice.plan" if person.notes else "notice.no_plan"
    missed.tell_watchers(
        draft, case, person, key, leads(draft.facts.desk), plan=person.notes[: relay.RELAY_LIMIT]
    )


def publication(draft: Draft, case: Case, person: Person) -> None:
    """Whether to go public is a decision of two people who have the person's consent; this asks for it: the leads, and
    whoever watches the case."""
    whom = {p.id: p for p in (*leads(draft.facts.desk), *relay.watchers(draft, case))}
    enough = tuple(whom.values()) if len(whom) > 1 else draft.facts.desk.staff
    missed.tell(draft, case, person, "notice.publication", enough)
