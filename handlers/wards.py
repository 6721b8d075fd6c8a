"""What an alerted trusted contact writes: it joins the case of the defender whom the contact was asked about.

Source: protection practice, "SOS" and "Check-ins".
"""

from __future__ import annotations

from datetime import datetime

from alerts.cases import raised
from alerts.events import OutboundKind
from alerts.facts import Heard, Ward
from alerts.outbox import Outgoing
from alerts.people import Person
from alerts.records import replace
from handlers import missed, paging, relay
from handlers.draft import Draft


def alerted_ward(draft: Draft, person: Person) -> Ward | None:
    """The defender about whom this trusted contact was told, and who is not safe yet. Of several the one whose message
    is quoted, else the one who was asked last."""
    told = [(ward, when) for ward in draft.facts.wards if (when := told_of(ward, person)) is not None]
    quoted = draft.facts.target
    meant = next((w for w, _ in told if quoted is not None and is_about(quoted, w)), None)
    return meant or max(told, key=lambda one: one[1], default=(None, None))[0]


def is_about(quoted: Outgoing, ward: Ward) -> bool:
    """Whether a message that the contact got was about this defender."""
    return quoted.defender_id == ward.defender.id or any(c.id == quoted.case_id for c in ward.cases)


def told_of(ward: Ward, person: Person) -> datetime | None:
    """Since when the defender is silent about whom the contact was told; None when they were not told."""
    rounds = [r.asked_at for r in ward.rounds if person.id in r.alerted]
    return max(rounds or [c.opened_at for c in ward.cases if person.id in c.alerted], default=None)


def for_ward(draft: Draft, event: Heard, contact: Person, ward: Ward, *, urgency: int | None = None) -> None:
    """What an alerted trusted contact writes joins the defender's case; an alarm has an urgency, and opens it if need
    be."""
    desk = draft.facts.desk.staff[0] if draft.facts.desk.staff else ward.defender
    words = f"{draft.word(desk, 'relay.from_contact')} {relay.headline_of(draft, event.inbound)}"
    if ward.cases:
        case = draft.latest(ward.cases[0])
        relay.keep(draft, event, ward.defender.id, contact, case)
        if urgency is not None and case.taken_by:
            graver = replace(raised(case, urgency, draft.now), headline=words)
            case = paging.alert_taker(draft, graver, event.inbound.text, contact)
        elif urgency is not None:
            case = paging.raise_to_p1(draft, replace(case, headline=words) if case.urgency != 1 else case)
        relay.to_desk(draft, case, contact, event.inbound, note="relay.from_contact")
        relay.waits_for_words(draft, case)
    else:
        case = missed.told_by_contact(draft, ward, urgency or 3, words, event.received_at)
        relay.keep(draft, event, ward.defender.id, contact, case)
        relay.rest_to_desk(draft, case, contact, event.inbound)
    if urgency is not None:
        case = missed.belongs_to(draft, ward.rounds, case)
    called = urgency is not None and not case.taken_by
    text = draft.word(contact, "receipt.stored" if called else "contact.stored")
    draft.say(contact, OutboundKind.RECEIPT, text, case=case)
