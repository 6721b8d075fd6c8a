"""`clear`: what can be deleted from the chat is, and what remains is said.

Her phone may be taken in the next minute. Source: protection practice, "SOS".
"""

from __future__ import annotations

from alerts.events import OutboundKind
from alerts.facts import Heard
from alerts.people import Person
from handlers.draft import Draft


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
