"""What a defender, a trusted contact or a stranger says: the alarm is looked for first, in everything.

The order of this file is the order of the law: an alarm before an answer, an answer before a command, a command before
a plain message, and a plain message is never lost.
"""

from __future__ import annotations

import re
from unicodedata import category

from alerts.cases import Case, Source
from alerts.events import REPEATED, Inbound, InboundKind, OutboundKind
from alerts.facts import Heard
from alerts.invitations import code_in, folded
from alerts.outbox import Outgoing
from alerts.people import Address, Person, Reach, Role, Standing, Talk
from alerts.recognition import Alarm, Intent
from alerts.records import replace
from handlers import (
    checkin,
    checkin_answers,
    checkin_setup,
    clearing,
    enrol,
    ok_word,
    own_plan,
    paging,
    questions,
    relay,
    sos,
)
from handlers.draft import Draft
from handlers.wards import alerted_ward, for_ward
from handlers.words import legible

ARABIC_LETTERS = re.compile("[\u0620-\u064a\u066e-\u06d3]")
NOT_IN_ARABIC = frozenset("\u067e\u0686\u0698\u06af\u06a9\u06cc\u06c1\u06d2\u0679\u0688\u0691")
"""Letters of Persian and Urdu."""
GRAVE_STILL = frozenset({(sos.DOUBT, "yes"), ("sos.danger", "now")})
"""Answers that may tell of an emergency whenever they come."""
OUT_OF_THE_BLUE = frozenset({InboundKind.LOCATION, InboundKind.LIVE_LOCATION, InboundKind.VOICE})


def stranger(draft: Draft, inbound: Inbound) -> Person:
    """Somebody never seen before: kept, with the account they wrote from."""
    draft.used_person_key = True
    person_id, key = draft.new_id(), draft.facts.spare.person_key
    address = Address(
        id=draft.new_id(),
        person_id=person_id,
        channel=inbound.channel,
        rank=0,
        status=Reach.OK,
        heard_at=draft.now,
        key_id=key,
        account=inbound.sender,
    )
    language = inbound.language.split("-")[0].lower()
    person = Person(
        id=person_id,
        desk=draft.facts.desk.id,
        role=Role.STRANGER,
        status=Standing.ACTIVE,
        verified=False,
        version=0,
        key_id=key,
        shown_name=inbound.name,
        language=language if draft.rules.words.speaks(language) else "",
        talk=Talk(last_channel=inbound.channel),
        addresses=(address,),
    )
    return draft.put_person(person)


def heard(draft: Draft, event: Heard) -> None:
    """One message of somebody who is not staff."""
    inbound = event.inbound
    person = draft.facts.me or stranger(draft, inbound)
    person = draft.talk(person, last_channel=inbound.channel)
    if inbound.kind is InboundKind.REACHABLE:
        reachable(draft, person, inbound)
        return
    if inbound.kind is InboundKind.UNREADABLE:
        unreadable(draft, event, person)
        return
    person = draft.reached(person, inbound.channel)
    person = learn_language(draft, person, inbound)
    code = chosen(draft, inbound)
    if code is not None:
        # The words of a button whose question is over may be an alarm of today.
        if not (is_past(draft, *code) and is_alarm(draft, event, person)):
            choice(draft, event, person, *code)
        return
    event = of_a_lost_button(draft, event)
    if own_plan.heard(draft, event, person) or ok_word.heard(draft, event, person):
        return
    if is_alarm(draft, event, person):
        return
    if not expected(draft, event, person):
        unexpected(draft, enrol.without_code(draft, event), person)
        checkin_setup.zone_unchanged(draft, event, person)
    elif (said := enrol.beside_code(draft, event)) is not None:
        unexpected(draft, said, draft.latest(person))


def learn_language(draft: Draft, person: Person, inbound: Inbound) -> Person:
    """The language of somebody's words is the language to answer in, as long as nothing else is known."""
    if person.language or not inbound.text:
        return person
    verdict = draft.verdict(inbound.text)
    told = verdict.language or (
        draft.rules.recogniser.language(inbound.text) if verdict.alarm is Alarm.NONE else ""
    )
    language = written_in(inbound.text, told)
    if draft.rules.words.speaks(language) and language != draft.rules.language:
        return draft.put_person(replace(person, language=language))
    return person


def written_in(text: str, language: str) -> str:
    """The language of a text, given what its words look like. Words that stand in several languages do not make a text
    in Latin letters Arabic; Arabic letters without those of its neighbours are answered in Arabic."""
    letters = set(ARABIC_LETTERS.findall(text))
    if language == "ar" and not letters:
        return ""
    return language or ("ar" if letters and not letters & NOT_IN_ARABIC else "")


# ---------------------------------------------------------------------------------------------------------- the alarm


def is_alarm(draft: Draft, event: Heard, person: Person) -> bool:
    """Looks for an alarm in anything a person can send, and raises it."""
    inbound = event.inbound
    text = enrol.own_words(draft, inbound.text) if code_in(inbound.text) else inbound.text
    verdict = draft.verdict(text) if text else None
    kind = verdict.alarm if verdict is not None else Alarm.NONE
    if kind is Alarm.TEST:
        sos.test_alarm(draft, person)
        return True
    ward = alerted_ward(draft, person)
    blue = inbound.kind in OUT_OF_THE_BLUE and ward is None and sos.out_of_the_blue(draft, person)
    if kind is Alarm.NONE and blue:
        if inbound.kind is InboundKind.VOICE and person.uses_voice:
            kind = Alarm.DOUBT
        elif not expects_file(draft, person):
            kind = Alarm.SOS
    if inbound.kind is InboundKind.REACTION and (kind is not Alarm.SOS or inbound.removed):
        return False
    if kind is Alarm.NONE or inbound.kind is InboundKind.DELETE:
        return False
    event = enrol.without_code(draft, event)
    if answers_in_words(draft, event, person, kind):
        return True
    if ward is not None:
        # Of somebody who is silent even what is past is grave.
        for_ward(draft, event, person, ward, urgency=1 if kind is Alarm.SOS else 2)
    elif verdict is not None and kind is Alarm.TOLD:
        sos.told(draft, event, person, verdict.rule)
    elif kind is Alarm.DOUBT:
        sos.doubt(draft, event, person)
    else:
        sos.alarm(draft, event, person)
    return True


def expects_file(draft: Draft, person: Person) -> bool:
    """Whether a question waits that a pin or a voice note may answer."""
    return person.talk.question is not None


def answers_in_words(draft: Draft, event: Heard, person: Person, kind: Alarm) -> bool:
    """While a follow-up waits, alarming words are its answer. Nobody is called anew for words that are not sure to be
    an alarm, nor for any while everybody is being paged; an alarm on a case that somebody has wakes them."""
    question, inbound = person.talk.question, event.inbound
    if question is None or question.code not in questions.BY_CODE or inbound.kind is InboundKind.EDIT:
        return False
    case = next((draft.latest(c) for c in draft.facts.cases if c.id == question.case_id), None)
    if case is None or case.urgency != 1 or draft.rules.recogniser.whole_message_sos(inbound.text):
        return False
    code, value = questions.meant(draft, case, inbound, question.code), questions.value_of(inbound)
    if case.taken_by and kind is Alarm.SOS:
        sos.alarm(draft, event, person)
        questions.noted(draft, case, person, code, value)
        return True
    relay.keep(draft, event, person.id, person, case)
    questions.answer(draft, case, person, inbound, code, value)
    relay.waits_for_words(draft, case)
    return True


# ------------------------------------------------------------------------------------------------------------ choices


def number_in(text: str) -> int | None:
    """The number that a whole message is, written in any script's digits, or as a keycap."""
    # Keyboards put direction marks around the digits of some scripts.
    shown = (letter for letter in text if letter not in "\ufe0f\u20e3" and category(letter) != "Cf")
    plain = "".join(shown).strip().rstrip(".)").strip()
    if 0 < len(plain) <= 2 and plain.isdecimal():
        return int(plain)
    return None


def chosen(draft: Draft, inbound: Inbound) -> tuple[str, Outgoing] | None:
    """The choice that was made, by a button or by the number of the latest menu in this chat."""
    target = draft.facts.target
    if inbound.kind is InboundKind.PRESS and target is not None and inbound.choice is not None:
        if 0 <= inbound.choice < len(target.choices):
            return target.choices[inbound.choice].code, target
        return None
    menu = draft.facts.menu if target is None or not target.choices else target
    if inbound.kind is not InboundKind.TEXT or menu is None:
        return None
    number = number_in(inbound.text)
    if number is not None:
        if 1 <= number <= len(menu.choices):
            return menu.choices[number - 1].code, menu
        return "none", menu
    label = folded(inbound.text)
    exact = [c.code for c in menu.choices if folded(c.label) == label]
    return (exact[0], menu) if exact else None


def of_a_lost_button(draft: Draft, event: Heard) -> Heard:
    """A press under a message of which we know nothing any more, in words: it answers no question that waits."""
    if event.inbound.kind is not InboundKind.PRESS:
        return event
    said = draft.rules.words.say(draft.rules.language, "relay.pressed")
    return replace(event, inbound=replace(event.inbound, kind=InboundKind.OTHER, text=said))


def choice(draft: Draft, event: Heard, person: Person, code: str, menu: Outgoing) -> None:
    """A choice was made: it is dispatched by what it means, whenever it was asked."""
    question, _, value = code.partition(":")
    case = menu_case(draft, menu)
    if code == "none":
        no_such_number(draft, event, person, menu, case)
    elif question in questions.BY_CODE or question == sos.DOUBT:
        if case is None:
            closed_meanwhile(draft, event, person, question, value)
            return
        if question == sos.DOUBT:
            doubt_choice(draft, event, person, case, value)
            return
        relay.keep(draft, event, person.id, person, case)
        questions.answer(draft, case, person, event.inbound, question, value, goes_on=True)
    elif question in checkin.CHOICES:
        checkin.choice(draft, event, person, question, value, menu)
    elif question in enrol.CHOICES:
        enrol.choice(draft, event, person, question, value, menu)
    else:
        unexpected(draft, event, person)


def doubt_choice(draft: Draft, event: Heard, person: Person, case: Case, value: str) -> None:
    """The answer to "is this an emergency?"."""
    if value == "no":
        relay.keep(draft, event, person.id, person, case)
    sos.doubt_answered(draft, event, person, case, value)


def menu_case(draft: Draft, menu: Outgoing) -> Case | None:
    """The case that a menu was about, when it is not closed and is this person's."""
    return next((draft.latest(c) for c in draft.facts.cases if c.id == menu.case_id), None)


def no_such_number(draft: Draft, event: Heard, person: Person, menu: Outgoing, case: Case | None) -> None:
    """A number that the latest menu does not have."""
    if case is not None:
        relay.keep(draft, event, person.id, person, case)
        relay.to_desk(draft, case, person, event.inbound)
    number, last = event.inbound.text.strip()[:4], len(menu.choices)
    text = (
        draft.word(person, "menu.no_such_number_one", number=number, only=menu.choices[0].label)
        if last == 1
        else draft.word(person, "menu.no_such_number", number=number, last=last)
    )
    draft.say(person, OutboundKind.ANSWER, text, case=case)


def is_past(draft: Draft, code: str, menu: Outgoing) -> bool:
    """Whether a choice is about an alarm that is over."""
    question = code.partition(":")[0]
    return (question in questions.BY_CODE or question == sos.DOUBT) and menu_case(draft, menu) is None


def closed_meanwhile(draft: Draft, event: Heard, person: Person, question: str, value: str) -> None:
    """An answer to something that is closed: said so, and passed on all the same, with the question it answers. Whoever
    says now that there is danger may be in it."""
    said = (
        draft.rules.words.say(draft.rules.language, sos.SAID[value])
        if question == sos.DOUBT
        else questions.in_words(draft, question, value)
    )
    # A case of today may be open meanwhile: that the question is not one of it has to stand beside the answer.
    said = f"{draft.rules.words.say(draft.rules.language, 'relay.of_closed_earlier')} {said}"
    event = replace(event, inbound=replace(event.inbound, text=said, kind=InboundKind.TEXT))
    if (question, value) in GRAVE_STILL:
        sos.doubt(draft, event, person)
    else:
        unexpected(draft, event, person, key="message.closed_meanwhile")


# ----------------------------------------------------------------------------------------------------- other messages


def expected(draft: Draft, event: Heard, person: Person) -> bool:
    """What a conversation waits for, and commands. Returns whether the message was one of these."""
    inbound = event.inbound
    if inbound.kind is InboundKind.REACTION:
        if not checkin.reacted(draft, event, person):
            thumb_for_the_desk(draft, event, person)
        return True
    intent = draft.rules.recogniser.intent(inbound.text) if inbound.kind is InboundKind.TEXT else None
    if enrol.heard(draft, event, person):
        return True
    serious = next((c for c in draft.facts.cases if not c.drill and c.urgency <= 3), None)
    if intent is Intent.CLEAR:
        clearing.clear(draft, event, person)
        return True
    if serious is not None and is_over(draft, serious, intent):
        sos.says_safe(draft, event, person, serious)
        return True
    if question_answered(draft, event, person, intent):
        return True
    return checkin.heard(draft, event, person, intent)


def is_over(draft: Draft, case: Case, intent: Intent | None) -> bool:
    """Whether somebody says that an alarm was none, or is over. To a check-in "I am safe" is the OK it asks for."""
    asked_for = case.source in (Source.CHECK_IN, Source.TIMER) or bool(checkin_answers.waiting(draft))
    return intent is Intent.FALSE_ALARM or (intent is Intent.SAFE and not asked_for)


def thumb_for_the_desk(draft: Draft, event: Heard, person: Person) -> None:
    """A reaction while a case is open may be the only answer that a hand dares to give: whoever has it sees it."""
    if event.inbound.removed:
        return
    ward = alerted_ward(draft, person)
    if ward is not None and ward.cases:
        case = draft.latest(ward.cases[0])
        relay.keep(draft, event, ward.defender.id, person, case)
        relay.to_desk(draft, case, person, event.inbound, note="relay.from_contact")
        return
    own = next((draft.latest(c) for c in draft.facts.cases if not c.drill), None)
    if own is not None:
        relay.keep(draft, event, person.id, person, own)
        relay.to_desk(draft, own, person, event.inbound)


def question_answered(draft: Draft, event: Heard, person: Person, intent: Intent | None) -> bool:
    """Words, a pin or a voice note that answer the question which waits."""
    question = person.talk.question
    if question is None or event.inbound.kind in (
        InboundKind.EDIT,
        InboundKind.DELETE,
        InboundKind.LIVE_UPDATE,
    ):
        return False
    case = next((draft.latest(c) for c in draft.facts.cases if c.id == question.case_id), None)
    if case is None:
        return False
    if question.code == sos.DOUBT:
        if intent not in (Intent.YES, Intent.NO, Intent.OK, Intent.SAFE, Intent.FALSE_ALARM):
            return False
        doubt_choice(draft, event, person, case, "yes" if intent is Intent.YES else "no")
        return True
    if question.code not in questions.BY_CODE or not says_something(event.inbound):
        return False
    relay.keep(draft, event, person.id, person, case)
    code = questions.meant(draft, case, event.inbound, question.code)
    value = questions.SKIP if intent is Intent.SKIP else questions.value_of(event.inbound)
    questions.answer(draft, case, person, event.inbound, code, value)
    relay.waits_for_words(draft, case)
    return True


def says_something(inbound: Inbound) -> bool:
    """Whether a message can be an answer at all."""
    if inbound.kind in (InboundKind.TEXT, InboundKind.PHOTO, InboundKind.FILE):
        # A picture shows something; what it answers only its caption says. The question goes on waiting.
        return legible(inbound.text)
    return inbound.kind is not InboundKind.OTHER


def unexpected(draft: Draft, event: Heard, person: Person, key: str = "message.stored") -> None:
    """A message that no conversation expects: it reaches the desk, and the way to an SOS is shown."""
    inbound = event.inbound
    ward = alerted_ward(draft, person)
    if ward is not None:
        for_ward(draft, event, person, ward)
        return
    case = next((draft.latest(c) for c in draft.facts.cases if not c.drill), None)
    if case is not None:
        relay.keep(draft, event, person.id, person, case)
        relay.to_desk(draft, case, person, inbound)
        if inbound.kind is not InboundKind.LIVE_UPDATE:
            relay.waits_for_words(draft, case)
        if key != "message.stored":
            draft.say(person, OutboundKind.ANSWER, draft.word(person, key), case=case)
        elif inbound.kind not in (InboundKind.EDIT, InboundKind.DELETE, InboundKind.LIVE_UPDATE):
            checkin.back_again(draft, person, case)
        return
    if inbound.kind in (InboundKind.DELETE, InboundKind.LIVE_UPDATE):
        relay.keep(draft, event, person.id, person, None)
        return
    headline = relay.headline_of(draft, inbound)
    case = paging.open_case(draft, person, 4, Source.MESSAGE, headline, opened_at=event.received_at)
    relay.keep(draft, event, person.id, person, case)
    relay.rest_to_desk(draft, case, person, inbound)
    draft.say(person, OutboundKind.RECEIPT, draft.word(person, key), case=case)


def reachable(draft: Draft, person: Person, inbound: Inbound) -> None:
    """They blocked us, or came back. A defender who cannot be reached is something the desk has to know."""
    status = Reach.OK if inbound.reachable else Reach.REFUSED
    addresses = tuple(
        replace(a, status=status) if a.channel == inbound.channel and a.status is not Reach.FROZEN else a
        for a in person.addresses
    )
    draft.put_person(replace(person, addresses=addresses))
    if not inbound.reachable:
        for case in draft.facts.cases:
            for officer in relay.watchers(draft, case):
                text = draft.word(officer, "notice.unreachable", ref=case.ref, channel=inbound.channel)
                draft.say(officer, OutboundKind.NOTICE, text, case=case, defender_id=person.id)


def unreadable(draft: Draft, event: Heard, person: Person) -> None:
    """Somebody tried to write and it cannot be read: their key changed. From a defender that is an alarm by itself."""
    if REPEATED in event.inbound.text:
        return
    addresses = tuple(
        replace(a, status=Reach.FROZEN) if a.channel == event.inbound.channel else a for a in person.addresses
    )
    if person.role is not Role.STRANGER:
        person = draft.put_person(replace(person, status=Standing.FROZEN, addresses=addresses))
        sos.alarm(draft, event, person)
    else:
        sos.doubt(draft, event, person)
