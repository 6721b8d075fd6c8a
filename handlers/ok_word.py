"""A secret OK word: while a defender has one, nothing else is an OK to a check-in.

1. It is kept as a keyed digest only, and never shown again. It is set, changed and taken out while no case is open and
   no question waits, and the officer on call hears that it was: a phone can be taken.
2. What is no OK without it is answered so that nobody who looks on learns that a word was missing.
3. A word that is an answer or an alarm by itself cannot be one.

Source: protection practice, "Check-ins".
"""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Callable
from dataclasses import replace

from alerts.events import Inbound, InboundKind
from alerts.facts import Facts, Heard
from alerts.invitations import folded
from alerts.people import Person, Role
from alerts.recognition import Alarm
from handlers import own_plan, paging
from handlers.asking import has_rights, spoken
from handlers.draft import Draft
from handlers.rules import Rules
from handlers.telling import answer, first_on_call, notice_of

SHORTEST, LONGEST = 3, 40
"""Letters of a word."""
WORDS = 2
"""Words that one may consist of."""
Digest = Callable[[str], bytes]
"""The keyed digest of a word under the person's own key."""


def plain(text: str) -> str:
    """A word as it is compared: its case, accents and marks at its end do not matter."""
    letters = (c for c in unicodedata.normalize("NFKD", text) if unicodedata.category(c) != "Mn")
    return folded("".join(letters)).strip(" .!?,;:\"'“”«»،؟")


def asked(draft: Draft, person: Person, inbound: Inbound) -> str:
    """The word that a message asks to keep: what follows `/okword`, or `okword:`. Empty for every other message."""
    if inbound.kind is not InboundKind.TEXT or person.role is not Role.DEFENDER:
        return ""
    if inbound.text[:1] != "/" and ":" not in inbound.text[: own_plan.HEAD]:
        return ""
    return plain(own_plan.said_after(draft, person, inbound.text, "okword", "ask.ok_word"))


def said(kept: str, text: str, digest: Digest) -> bool:
    """Whether a message begins with the word. Its first word and its first two are both compared, in constant time."""
    words = plain(text).split()
    beginnings = (" ".join(words[:n]) for n in range(1, WORDS + 1))
    found = [hmac.compare_digest(digest(plain(one)).hex(), kept) for one in beginnings]
    return any(found)


def noticed(facts: Facts, rules: Rules, me: Person, digest: Digest) -> Facts:
    """What a message has to do with the sender's word, as digests: decisions see no key."""
    if not isinstance(facts.event, Heard) or facts.event.inbound.kind is not InboundKind.TEXT:
        return facts
    inbound = facts.event.inbound
    if me.ok_word:
        facts = replace(facts, says_ok_word=said(me.ok_word, inbound.text, digest))
    word = asked(Draft(facts, rules), me, inbound)
    return replace(facts, ok_word=digest(word).hex()) if word else facts


def heard(draft: Draft, event: Heard, person: Person) -> bool:
    """A word was asked to be kept, or to be forgotten. Returns whether the message was that."""
    word = asked(draft, person, event.inbound)
    quiet = not draft.facts.cases and not draft.facts.rounds
    if not word or not quiet or not person.verified or not has_rights(draft, person):
        return False
    if word in spoken(draft, person, "ask.off"):
        # The same whether there was one: who holds the phone learns that from the desk's call at most.
        digest, key = "", "ok_word.none"
    elif draft.rules.recogniser.recognise(word).alarm is not Alarm.NONE:
        return False
    elif not fits(draft, word):
        answer(draft, person, "ok_word.choose")
        return True
    else:
        digest, key = draft.facts.ok_word, "ok_word.kept"
    changed = digest != person.ok_word
    if changed:
        name = paging.name_for_desk(draft, person)
        told = "notice.ok_word" if digest else "notice.ok_word_off"
        for officer in first_on_call(draft):
            notice_of(draft, (officer,), told, name=name or draft.word(officer, "desk.somebody"))
        draft.put_person(replace(draft.latest(person), ok_word=digest))
        draft.event("ok_word_changed", person=person.id)
    answer(draft, person, key)
    return True


def fits(draft: Draft, word: str) -> bool:
    """Whether a word can be one: short enough to be typed, and no answer by itself."""
    long_enough = SHORTEST <= len(word) <= LONGEST and len(word.split()) <= WORDS
    return long_enough and not word.isdecimal() and draft.rules.recogniser.intent(word) is None
