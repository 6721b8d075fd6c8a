"""`clear`: what can be deleted from the chat is, and what remains is said.

Her phone may be taken in the next minute. Source: protection practice, "SOS".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from alerts.events import OutboundKind
from alerts.facts import Facts, Heard
from alerts.ids import micros
from alerts.people import Person
from alerts.recognition import Intent
from alerts.records import replace
from alerts.store.work import Work
from handlers.draft import Draft

SHORT = 40
"""Characters of a message that may be a yes, or ask for all to be deleted."""
CLEARED = 60
WINDOW = timedelta(hours=47)
"""Telegram deletes messages of the last 48 hours only."""


def read(work: Work, facts: Facts, intent: Callable[[str], Intent | None]) -> Facts:
    """What went out to who asks for all of it to be deleted; or, to who says yes to a check-in, the last of it."""
    text = facts.event.inbound.text if isinstance(facts.event, Heard) else ""
    if facts.address is None or not 0 < len(text) < SHORT:
        return facts
    said, since = intent(text), micros(facts.now - WINDOW)
    if said is Intent.CLEAR:
        return replace(facts, to_clear=work.sent_to(facts.address.id, since, CLEARED))
    if said is Intent.YES and facts.rounds:
        return replace(facts, last_said=next(iter(work.sent_to(facts.address.id, since, 1)), None))
    return facts


def clear(draft: Draft, event: Heard, person: Person) -> None:
    """Asks the channel to delete what we sent to this chat, and says honestly what cannot be deleted."""
    # Of somebody who writes for the first time the account is known since a moment ago.
    address = draft.facts.address or next(a for a in person.addresses if a.channel == event.inbound.channel)
    for row in draft.facts.to_clear:
        for ref in (*row.earlier_refs, row.ref):
            draft.say(person, OutboundKind.NOTICE, "", to=(address,), delete_ref=ref, urgency=2)
    theirs = event.inbound.message_ref
    if address.channel == "telegram" and theirs:
        draft.say(person, OutboundKind.NOTICE, "", to=(address,), delete_ref=theirs, urgency=2)
    key = "clear.telegram" if address.channel == "telegram" else "clear.other"
    draft.say(
        person, OutboundKind.ANSWER, draft.word(person, key, count=len(draft.facts.to_clear)), to=(address,)
    )
