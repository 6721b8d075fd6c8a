"""Check-ins by chat: where every message that may be about one comes in.

Only words that are an answer as a whole message, a button, the number of the latest menu, or a thumb under the question
count. A voice message, a picture or a changed message is never an OK: the person is asked.

Source: protection practice, "Check-ins".
"""

from __future__ import annotations

from alerts.cases import Case, Source
from alerts.checkins import RoundStatus
from alerts.events import InboundKind, OutboundKind
from alerts.facts import Heard
from alerts.outbox import Outgoing
from alerts.people import Person
from alerts.recognition import Intent
from alerts.records import replace
from alerts.rounds import ended
from handlers import (
    checkin_answers,
    checkin_proposals,
    checkin_setup,
    checkin_timers,
    paging,
    relay,
    resting,
    sos,
)
from handlers.checkin_said import OKS, SIGNS, plainly_ok
from handlers.draft import Draft
from handlers.localtime import clock

WHICH_TIMER = frozenset({checkin_timers.WHICH_ENDS, checkin_timers.WHICH_GOES_ON})
CHOICES = frozenset({"checkin", "wellbeing", "checkin_set"}) | WHICH_TIMER
BY_INTENT = {
    **dict.fromkeys(OKS, "ok"),
    Intent.TALK: "talk",
    Intent.MORE_TIME: "more",
    Intent.HELP: "help",
}
NEARLY_OK = frozenset({Intent.YES, Intent.FALSE_ALARM})
"""They answer other questions. Here they may mean an OK, and it is asked about."""
NOT_WORDS = frozenset(
    {
        InboundKind.VOICE,
        InboundKind.PHOTO,
        InboundKind.FILE,
        InboundKind.LOCATION,
        InboundKind.LIVE_LOCATION,
        InboundKind.OTHER,
    }
)
THUMBS = ("👍", "👌", "✅", "🆗")
"""Reactions that answer a question with yes, as they take a case for an officer."""
HEARTS = ("❤", "♥", "🙏")
"""They may mean as much, or only thanks: it is asked about."""
THUMB_DOWN = "👎"


def choice(draft: Draft, event: Heard, person: Person, question: str, value: str, menu: Outgoing) -> None:
    """A choice on a prompt, on the question how they are, or on what an officer proposed."""
    round_ = draft.latest(draft.facts.round) if draft.facts.round is not None else None
    if round_ is not None and (round_.id != menu.round_id or round_.person_id != person.id):
        round_ = None
    if question in WHICH_TIMER:
        which_timer(draft, event, person, question, value, menu)
    elif question == "checkin_set":
        checkin_proposals.decided(draft, event, person, yes=value == "yes")
    elif question == "wellbeing":
        if round_ is not None:
            draft.put_round(replace(round_, wellbeing=int(value)))
        draft.say(person, OutboundKind.ANSWER, draft.word(person, "checkin.wellbeing_thanks"))
    elif round_ is not None:
        checkin_answers.answered(draft, event, person, value, round_)


def heard(draft: Draft, event: Heard, person: Person, intent: Intent | None) -> bool:
    """Words that answer a prompt or set up a check-in. Returns whether the message was one of these."""
    inbound = event.inbound
    live = checkin_answers.waiting(draft)
    if inbound.kind is InboundKind.EDIT and live and means_an_answer(draft, inbound.text):
        to_be_sure(draft, event, person)
        return True
    if inbound.kind is InboundKind.TEXT:
        expects = live or checkin_answers.desk_case(draft, None) is not None
        if draft.facts.says_ok_word and (expects or not draft.facts.cases):
            if expects:
                checkin_answers.answered(draft, event, person, "ok", None)
            elif resting.laid_down(draft, person.id):
                sign_of_life(draft, checkin_answers.in_words(draft, event, "ok"), person)
            elif not nothing_asked(draft, checkin_answers.in_words(draft, event, "ok"), person):
                draft.say(person, OutboundKind.ANSWER, draft.word(person, "checkin.thanks"), urgency=3)
            return True
        if live and plainly_ok(draft, event, person, intent):
            checkin_answers.answered(draft, event, person, "ok", None)
            return True
        if live and intent in (*OKS, Intent.YES) and SIGNS.intersection(inbound.text):
            to_be_sure(draft, event, person)
            return True
        if expects and intent in BY_INTENT:
            checkin_answers.answered(draft, event, person, BY_INTENT[intent], None)
            return True
        if live and intent is Intent.NO:
            # "No" to "are you OK?" may be the whole cry for help.
            sos.doubt(draft, event, person)
            return True
        if checkin_proposals.heard(draft, event, person, intent) or checkin_setup.heard(draft, event, person):
            return True
        if intent in OKS and not draft.facts.cases and nothing_asked(draft, event, person):
            return True
        if live and intent in NEARLY_OK:
            to_be_sure(draft, event, person)
            return True
    if live and not draft.facts.cases and inbound.kind in (*NOT_WORDS, InboundKind.TEXT):
        not_an_answer(draft, event, person)
        return True
    return False


def which_timer(
    draft: Draft, event: Heard, person: Person, question: str, value: str, menu: Outgoing
) -> None:
    """Which timer is meant. In an alarm nothing is changed, whenever it was asked, and the desk sees what came."""
    rests = resting.laid_down(draft, person.id) or not checkin_setup.listens(
        draft, person, event.inbound.text or "1"
    )
    case = next((c for c in map(draft.latest, draft.facts.cases) if not c.drill), None)
    if rests and case is not None:
        label = next((c.label for c in menu.choices if c.code == f"{question}:{value}"), event.inbound.text)
        event = replace(event, inbound=replace(event.inbound, text=label, kind=InboundKind.TEXT))
        relay.keep(draft, event, person.id, person, case)
        relay.to_desk(draft, case, person, event.inbound)
        relay.waits_for_words(draft, case)
    elif rests:
        draft.say(person, OutboundKind.ANSWER, draft.word(person, "checkin.over"), urgency=3)
    else:
        checkin_timers.chosen(draft, person, question, value)
        checkin_setup.tell_of_change(draft, person)


def nothing_asked(draft: Draft, event: Heard, person: Person) -> bool:
    """An OK that answers no question, from somebody who is asked regularly: thanked for, kept, and no more."""
    running = checkin_timers.timers(draft)
    going_on = (*checkin_setup.periodic(draft), *running)
    coming = min((c.next_at for c in going_on if c.next_at is not None), default=None)
    if coming is None:
        return False
    relay.keep(draft, event, person.id, person, None)
    text = draft.word(person, "checkin.idle", time=clock(draft, person, coming))
    if running and (at := running[0].next_at) is not None:
        # Many a "ok" answers what we said of the timer: it ends none, and whoever meant it to reads how.
        about = {"label": running[0].label, "time": clock(draft, person, at)}
        text += "\n" + draft.word(person, "checkin.timer_soon", **about)
    draft.say(person, OutboundKind.ANSWER, text, urgency=3)
    return True


def sign_of_life(draft: Draft, event: Heard, person: Person) -> None:
    """The secret OK word of somebody who was held or missing when their case was closed: the desk has to know."""
    case = paging.open_case(draft, person, 4, Source.MESSAGE, event.inbound.text, opened_at=event.received_at)
    relay.keep(draft, event, person.id, person, case)
    draft.say(person, OutboundKind.RECEIPT, draft.word(person, "message.stored"), case=case)


def not_an_answer(draft: Draft, event: Heard, person: Person) -> None:
    """Something else than an answer, while a question waits: the desk sees it, the ladder goes on, and both are said.

    What has to be listened to or looked at calls somebody to do so.
    """
    spoken = event.inbound.kind in NOT_WORDS
    headline = relay.headline_of(draft, event.inbound)
    case = paging.open_case(
        draft, person, 3 if spoken else 4, Source.MESSAGE, headline, opened_at=event.received_at
    )
    relay.keep(draft, event, person.id, person, case)
    relay.rest_to_desk(draft, case, person, event.inbound)
    checkin_answers.ask_to_be_sure(draft, person, "checkin.not_counted", case)


def means_an_answer(draft: Draft, text: str) -> bool:
    """Whether a whole text is one of the answers, or nearly."""
    intent = draft.rules.recogniser.intent(text)
    return intent in BY_INTENT or intent in NEARLY_OK


def to_be_sure(draft: Draft, event: Heard, person: Person) -> None:
    """What may be an answer, or for whoever has their case: both have it, and the person is asked. So is who changed a
    message into an answer, which may be an old one."""
    case = next((c for c in map(draft.latest, draft.facts.cases) if not c.drill), None)
    relay.keep(draft, event, person.id, person, case)
    if case is not None:
        relay.to_desk(draft, case, person, event.inbound)
        if event.inbound.kind is InboundKind.TEXT:
            relay.waits_for_words(draft, case)
    checkin_answers.ask_to_be_sure(draft, person, "checkin.to_be_sure", case)


def reacted(draft: Draft, event: Heard, person: Person) -> bool:
    """A thumb under a question of ours is an answer to it. Returns whether it was one."""
    target, sign = draft.facts.target, event.inbound.text
    if target is None or event.inbound.removed or not sign.startswith((*THUMBS, *HEARTS, THUMB_DOWN)):
        return False
    round_ = draft.latest(draft.facts.round) if draft.facts.round is not None else None
    waits = round_ is not None and (
        round_.status is RoundStatus.LIVE or checkin_answers.desk_case(draft, round_) is not None
    )
    asked = target.question in (checkin_answers.ASKED, checkin_answers.LATER)
    if asked and waits and round_ is not None and round_.id == target.round_id:
        live = round_.status is RoundStatus.LIVE
        if sign.startswith(THUMBS) and not (live and target.question == checkin_answers.LATER):
            checkin_answers.answered(draft, event, person, "ok", round_)
        elif live and sign.startswith((*THUMBS, *HEARTS)):
            checkin_answers.ask_to_be_sure(draft, person, "checkin.to_be_sure")
        elif live:
            sos.doubt(draft, event, person)
        return live or sign.startswith(THUMBS)
    if target.question == "checkin_set" and checkin_proposals.proposed(draft) is not None:
        yes = sign.startswith(THUMBS)
        if yes or sign.startswith(THUMB_DOWN):
            checkin_proposals.decided(draft, event, person, yes=yes)
            return True
    return False


def back_again(draft: Draft, person: Person, case: Case) -> None:
    """Somebody who was being looked for has written, in words of their own: they are told, once, what happens next."""
    case = draft.latest(case)
    if case.source in (Source.CHECK_IN, Source.TIMER) and case.told_next_at is None:
        draft.say(person, OutboundKind.ANSWER, draft.word(person, "checkin.late_other"), case=case)
        draft.put_case(replace(case, told_next_at=draft.now))


def case_closed(draft: Draft, case: Case, *, everything: bool = False) -> None:
    """A case was closed: the rounds behind it are over, and no rung of theirs comes any more. With `everything` so is
    whatever else waits for the person's answer."""
    for round_ in map(draft.latest, (*draft.facts.held, *draft.facts.asked)):
        behind = round_.case_id == case.id or (everything and round_.person_id == case.person_id)
        if behind and round_.status in (RoundStatus.LIVE, RoundStatus.DESK):
            draft.put_round(ended(round_, RoundStatus.CLOSED, draft.now))
