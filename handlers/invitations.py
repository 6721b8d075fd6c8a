"""Codes that come in.

1. Whoever made a code must still be allowed to make it when it is used.
2. A code that does not exist, was used, is too old or has lost its maker gets one and the same answer; after a few of
   these in an hour there is no answer of its own any more. Whoever used it hears that it has done its work.
3. Using a code and what follows from it are one transaction, and the invitation is locked in it: it works once.
4. Words beside a code are a message like any other, whether the code works or not; those of the invitation itself and a
   greeting are none.
"""

from __future__ import annotations

import functools
import re

from alerts.events import Inbound, InboundKind
from alerts.facts import Heard
from alerts.invitations import GUESS_WINDOW, GUESSES, code_in, folded, hide_code, is_usable, within
from alerts.people import Invitation, LinkStatus, Person, Purpose, Role, Standing
from alerts.records import replace
from handlers import contacts, joining, relay
from handlers.draft import Draft
from handlers.telling import answer

GREETING = 3
"""Words beside a code that say no more than that it is one: "here is my code"."""
GREETING_LETTERS = 30
"""The same for scripts that do not part words."""
PASSED_ON = ("invite.defender", "invite.officer", "invite.lead", "contact.code", "link.code")
"""What somebody with a code may have got with it, and sends as it is."""
_SHORTEST_PIECE = 6


def entered(draft: Draft, event: Heard, person: Person) -> bool:
    """A code came in. Returns False when the message is to be treated as any unexpected text."""
    inbound = event.inbound
    if not code_in(inbound.text) or person.status is Standing.FROZEN:
        return False
    wrong = within(person.talk.wrong_codes, GUESS_WINDOW, draft.now)
    if len(wrong) >= GUESSES:
        return False
    invitation = draft.facts.invitation
    if invitation is not None and stands(draft, invitation):
        draft.code_heard = use(draft, inbound, person, invitation)
        return draft.code_heard
    edited = inbound.kind is InboundKind.EDIT  # words that were said before, and are no code now either
    if invitation is not None and holds_by(draft, person, invitation):
        if not edited:
            said_again(draft, person, invitation)
            draft.code_heard = True
        return not edited
    draft.talk(person, wrong_codes=(*wrong, draft.now))
    draft.event("code_refused")
    if edited:
        return False
    busy = any(not c.drill for c in draft.facts.cases) or any(
        c.taken_by == person.id for c in draft.facts.board
    )
    if busy:
        # Somebody is listening: what only looks like a code has a reader.
        return False
    if not says_more(draft, inbound.text):
        relay.keep(draft, event, person.id, person, None)
    answer(draft, person, "code.wrong")
    draft.code_heard = True
    return True


def stands(draft: Draft, invitation: Invitation) -> bool:
    """Whether a code works: not used, not too old, and its maker still may make it."""
    if not is_usable(invitation, draft.now) or invitation.desk != draft.facts.desk.id:
        return False
    if invitation.made_by is None:
        return invitation.purpose in (Purpose.OFFICER, Purpose.LEAD, Purpose.DEFENDER)
    maker = draft.person(invitation.made_by)
    if maker is None or maker.status is not Standing.ACTIVE:
        return False
    match invitation.purpose:
        case Purpose.OFFICER | Purpose.LEAD:
            return maker.role is Role.LEAD
        case Purpose.DEFENDER:
            return maker.is_staff
        case Purpose.CONTACT:
            return maker.role is Role.DEFENDER
        case Purpose.CHANNEL:
            return maker.role is not Role.STRANGER


def holds_by(draft: Draft, person: Person, invitation: Invitation) -> bool:
    """Whether this person is what the code made of them. Who presses Start twice sends it twice."""
    if invitation.purpose is Purpose.CHANNEL:
        return invitation.used_at is not None and invitation.subject_id == person.id
    if invitation.used_by != person.id:
        return False
    match invitation.purpose:
        case Purpose.OFFICER | Purpose.LEAD:
            return person.is_staff or person.status is Standing.PENDING
        case Purpose.DEFENDER:
            return person.role is Role.DEFENDER
        case _:
            mine = (w.link.status for w in draft.facts.wards if w.defender.id == invitation.subject_id)
            return LinkStatus.CONSENTED in mine


def said_again(draft: Draft, person: Person, invitation: Invitation) -> None:
    """A code has come once more from whoever used it: what it did, and for a new officer the number again."""
    maker = draft.person(invitation.made_by)
    if person.status is Standing.PENDING and maker is not None:
        joining.ask_for_number(draft, person, maker)
    else:
        answer(draft, person, "code.done")


def use(draft: Draft, inbound: Inbound, person: Person, invitation: Invitation) -> bool:
    """What a code that works does for this person. Whoever cannot use it is told why, and it stays good."""
    staff = person.role in (Role.OFFICER, Role.LEAD)
    if staff and invitation.purpose in (Purpose.DEFENDER, Purpose.CONTACT):
        return False  # they pass it on, in words that are not for us
    if carried_out(draft, inbound, person, invitation):
        draft.put(replace(invitation, used_at=draft.now, used_by=person.id))
        draft.event("invitation_used", purpose=invitation.purpose.value)
    return True


def carried_out(draft: Draft, inbound: Inbound, person: Person, invitation: Invitation) -> bool:
    """What the invitation's purpose means for this person. Returns whether the code is used up."""
    match invitation.purpose:
        case Purpose.OFFICER | Purpose.LEAD:
            return joining.as_staff(draft, person, invitation)
        case Purpose.DEFENDER:
            return joining.as_defender(draft, person, invitation)
        case Purpose.CONTACT:
            return contacts.consents(draft, person, invitation)
        case Purpose.CHANNEL:
            return joining.as_channel(draft, inbound, person, invitation)


def beside_code(draft: Draft, event: Heard) -> Heard | None:
    """What else was said in a message whose code has been dealt with, as the desk may see it; None for nothing."""
    invitation = draft.facts.invitation
    if invitation is not None and invitation.purpose not in (Purpose.DEFENDER, Purpose.CONTACT):
        return None  # staff are spoken to on a call, and whoever links an account is heard on the other one
    if not draft.code_heard or not says_more(draft, event.inbound.text):
        return None
    return without_code(draft, event)


def says_more(draft: Draft, text: str) -> bool:
    """Whether a message with a code in it says more than that."""
    rest = own_words(draft, hide_code(text))
    said = {"".join(filter(str.isalpha, word)) for word in rest.split()} - {""}
    return len(said) > GREETING or sum(map(len, said)) > GREETING_LETTERS


def own_words(draft: Draft, text: str) -> str:
    """A text that may be an invitation passed on, without what we said ourselves: in words that tell how to use a code
    there is no alarm."""
    catalogues = draft.rules.words
    texts = tuple(catalogues.say(lang, key) for lang in catalogues.languages for key in PASSED_ON)
    rest = plain = folded(text)
    for piece in _pieces(texts):
        rest = rest.replace(piece, " ")
    return text if rest == plain else rest


@functools.lru_cache(maxsize=8)
def _pieces(texts: tuple[str, ...]) -> tuple[str, ...]:
    """What stands between the names and numbers of texts with a code, the longest first."""
    found = {folded(piece) for text in texts for piece in re.split(r"\{[a-z_]+\}", text)}
    return tuple(sorted((p for p in found if len(p) >= _SHORTEST_PIECE), key=len, reverse=True))


def without_code(draft: Draft, event: Heard) -> Heard:
    """The message as the desk may see it: a code that works is for whoever was invited."""
    invitation, text = draft.facts.invitation, event.inbound.text
    if invitation is None or not is_usable(invitation, draft.now):
        return event
    return replace(event, inbound=replace(event.inbound, text=hide_code(text)))
