"""Answers to a check-in: OK, talk to me, more time, help.

1. Before the desk has a case an OK ends the ladder at once, and everybody who was alerted hears it.
2. From then on an OK ends nothing by itself: it is shown to those who watch the case, and an officer verifies it.
3. Only words that are an OK as a whole message, a button, or the number of the latest menu count. A voice message, a
   picture or a reaction is never one: the person is asked.
4. A question that is over takes no answer for another one. "Help" is an alarm whenever it comes.

Source: protection practice, "Check-ins".
"""

from __future__ import annotations

from dataclasses import replace

from alerts.cases import Case, Source
from alerts.checkins import CheckIn, CheckInKind, CheckInStatus, Round, RoundStatus
from alerts.deadlines import DeadlineKind
from alerts.events import InboundKind, OutboundKind
from alerts.facts import Heard
from alerts.ladder import RungKind
from alerts.outbox import Outgoing
from alerts.people import Person
from alerts.recognition import Intent
from alerts.rounds import MORE_TIMES, ended, next_rung, told_others_at
from handlers import checkin_setup, ladder_rungs, paging, relay, sos
from handlers.draft import Draft
from handlers.localtime import clock

CHOICES = frozenset({"checkin", "wellbeing", "checkin_set"})
BY_INTENT = {Intent.OK: "ok", Intent.TALK: "talk", Intent.MORE_TIME: "more", Intent.HELP: "help"}
LABELS = {code.partition(":")[2]: key for code, key in ladder_rungs.ANSWERS}
WELLBEING = tuple((f"wellbeing:{n}", f"wellbeing.{n}") for n in range(1, 6))
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
THUMBS = ("👍", "👌", "✅", "❤", "🆗")


def choice(draft: Draft, event: Heard, person: Person, question: str, value: str, menu: Outgoing) -> None:
    """A choice on a prompt, on the question how they are, or on what an officer proposed."""
    round_ = draft.latest(draft.facts.round) if draft.facts.round is not None else None
    if question == "checkin_set":
        checkin_setup.decided(draft, event, person, yes=value == "yes")
    elif question == "wellbeing":
        if round_ is not None and round_.person_id == person.id:
            draft.put_round(replace(round_, wellbeing=int(value)))
        draft.say(person, OutboundKind.ANSWER, draft.word(person, "checkin.wellbeing_thanks"))
    else:
        answered(draft, event, person, value, round_)


def answered(draft: Draft, event: Heard, person: Person, value: str, round_: Round | None) -> None:
    """One of the four answers, to a round or (None) to whatever waits."""
    event = worded(draft, event, person, value)
    if value == "help":
        sos.alarm(draft, event, person)
        return
    waiting = tuple(r for r in map(draft.latest, draft.facts.rounds) if r.status is RoundStatus.LIVE)
    case = desk_case(draft, round_)
    if round_ is not None and round_.status is not RoundStatus.LIVE and not (case and not waiting):
        over(draft, event, person, value, round_)
    elif waiting:
        match value:
            case "ok":
                ok(draft, person, waiting)
            case "talk":
                talk(draft, event, person, waiting)
            case _:
                more_time(draft, person, waiting[-1] if round_ is None else draft.latest(round_))
    elif case is not None:
        to_verify(draft, event, person, case, value)


def worded(draft: Draft, event: Heard, person: Person, value: str) -> Heard:
    """The message with the answer in words: a number or a pressed button says nothing to an officer."""
    inbound = event.inbound
    if inbound.kind is InboundKind.PRESS or inbound.text.strip().isdecimal():
        words = draft.rules.words.say(draft.rules.language, LABELS[value])
        inbound = replace(inbound, text=words, kind=InboundKind.TEXT)
    return replace(event, inbound=inbound)


def desk_case(draft: Draft, round_: Round | None) -> Case | None:
    """The open case that a missed check-in became, of this round or of any."""
    cases = [c for c in map(draft.latest, draft.facts.cases) if c.is_open and not c.drill]
    if round_ is not None:
        return next((c for c in cases if c.id == round_.case_id and round_.status is RoundStatus.DESK), None)
    return next((c for c in cases if c.source in (Source.CHECK_IN, Source.TIMER)), None)


# --------------------------------------------------------------------------------------------------- the four answers


def ok(draft: Draft, person: Person, waiting: tuple[Round, ...]) -> None:
    """All is well, in time: every question that waits is answered, and whoever was alerted hears it."""
    for round_ in waiting:
        draft.put_round(ended(round_, RoundStatus.ANSWERED, draft.now, "ok"))
        end_timer(draft, round_)
    contacts_clear(draft, person, waiting, "contact.clear")
    draft.say(person, OutboundKind.ANSWER, draft.word(person, "checkin.thanks"), urgency=3)
    draft.say(
        person,
        OutboundKind.QUESTION,
        draft.word(person, "checkin.wellbeing"),
        round_=waiting[-1],
        choices=draft.choices(person, WELLBEING),
        question="wellbeing",
    )


def talk(draft: Draft, event: Heard, person: Person, waiting: tuple[Round, ...]) -> None:
    """They want a person: the question is answered, and an officer is called to write to them."""
    for round_ in waiting:
        draft.put_round(ended(round_, RoundStatus.ANSWERED, draft.now, "talk"))
        end_timer(draft, round_)
    contacts_clear(draft, person, waiting, "contact.in_touch")
    wants_talk(draft, event, person)


def wants_talk(draft: Draft, event: Heard, person: Person) -> None:
    """A P3 case, or a word on the one that is open."""
    case = next((c for c in map(draft.latest, draft.facts.cases) if not c.drill), None)
    if case is None:
        headline = draft.rules.words.say(draft.rules.language, LABELS["talk"])
        case = paging.open_case(draft, person, 3, Source.MESSAGE, headline, opened_at=event.received_at)
        relay.keep(draft, event, person.id, person, case)
    else:
        relay.keep(draft, event, person.id, person, case)
        relay.to_desk(draft, case, person, event.inbound)
        relay.waits_for_words(draft, case)
    draft.say(person, OutboundKind.RECEIPT, draft.word(person, "checkin.talk"), case=case)


def more_time(draft: Draft, person: Person, round_: Round) -> None:
    """Every rung that is not done comes later. Said clearly until when, and given only so often."""
    ladder = draft.protocol(round_.protocol).ladder
    given = round_.more_time < MORE_TIMES
    if given:
        round_ = draft.put_round(replace(round_, more_time=round_.more_time + 1))
    coming = next_rung(round_, ladder)
    others = coming is None or ladder.rungs[coming[0]].kind not in (
        RungKind.REMINDER,
        RungKind.SECOND_CHANNEL,
    )
    until = told_others_at(round_, ladder) if others or coming is None else coming[1]
    key = "checkin.more_others" if others else "checkin.more_again"
    at = clock(draft, person, until)
    draft.say(
        person,
        OutboundKind.ANSWER,
        draft.word(person, key if given else "checkin.no_more", time=at),
        round_=round_,
        choices=draft.choices(person, ladder_rungs.ANSWERS),
        question="checkin",
        urgency=3,
    )


def to_verify(draft: Draft, event: Heard, person: Person, case: Case, value: str) -> None:
    """An answer when the desk has the case already: heard, shown to the desk, and verified by a person."""
    relay.keep(draft, event, person.id, person, case)
    case = draft.latest(case)
    if value == "ok":
        case = draft.put_case(replace(case, needs_verification=True))
    note = "notice.says_ok" if value == "ok" else ""
    relay.to_desk(draft, case, person, event.inbound, note=note)
    relay.waits_for_words(draft, case)
    key = "checkin.late_ok" if value == "ok" else "checkin.late_other"
    draft.say(person, OutboundKind.ANSWER, draft.word(person, key), case=case)


def over(draft: Draft, event: Heard, person: Person, value: str, round_: Round) -> None:
    """An answer to a question that is over. It never counts for another question; "talk" is heard all the same."""
    if value == "talk":
        wants_talk(draft, event, person)
        return
    case = next((c for c in map(draft.latest, draft.facts.cases) if not c.drill), None)
    if case is not None:
        relay.keep(draft, event, person.id, person, case)
        relay.to_desk(draft, case, person, event.inbound)
        relay.waits_for_words(draft, case)
        draft.say(person, OutboundKind.ANSWER, draft.word(person, "message.closed_meanwhile"), case=case)
        return
    relay.keep(draft, event, person.id, person, None)
    again = value == "ok" and round_.answer == "ok" and not draft.facts.rounds
    draft.say(person, OutboundKind.ANSWER, draft.word(person, "checkin.thanks" if again else "checkin.over"))


def contacts_clear(draft: Draft, person: Person, waiting: tuple[Round, ...], key: str) -> None:
    """Everybody who was alerted hears that the person has answered."""
    name = paging.name_for_desk(draft, person)
    for contact_id in dict.fromkeys(i for r in waiting for i in r.alerted):
        contact = draft.person(contact_id)
        if contact is not None:
            text = draft.word(contact, key, name=name or draft.word(contact, "desk.somebody"))
            draft.say(contact, OutboundKind.ALL_CLEAR, text, urgency=2, defender_id=person.id)


def end_timer(draft: Draft, round_: Round) -> None:
    """A timer's one round is over, and so is the timer."""
    check_in = next((c for c in draft.facts.check_ins if c.id == round_.check_in_id), None)
    if check_in is not None and check_in.kind is CheckInKind.TIMER:
        draft.put_check_in(replace(draft.latest(check_in), status=CheckInStatus.ENDED, next_at=None))


# ------------------------------------------------------------------------------------------------------- in words


def heard(draft: Draft, event: Heard, person: Person, intent: Intent | None) -> bool:
    """Words that answer a prompt or set up a check-in. Returns whether the message was one of these."""
    inbound = event.inbound
    waiting = tuple(r for r in map(draft.latest, draft.facts.rounds) if r.status is RoundStatus.LIVE)
    if inbound.kind is InboundKind.TEXT and intent in BY_INTENT and (waiting or desk_case(draft, None)):
        # "more 45 min" is a wish of its own; a bare "more time" is the answer.
        answered(draft, event, person, BY_INTENT[intent], None)
        return True
    if inbound.kind is InboundKind.TEXT and checkin_setup.heard(draft, event, person, intent):
        return True
    if waiting and not draft.facts.cases and inbound.kind in (*NOT_WORDS, InboundKind.TEXT):
        not_an_answer(draft, event, person)
        return True
    return False


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
    ask_for_ok(draft, person, "checkin.not_counted", case)


def reacted(draft: Draft, event: Heard, person: Person) -> None:
    """A thumb under a prompt may be an OK, or a slip of a frightened hand: it is asked about."""
    target = draft.facts.target
    if target is None or target.question != "checkin" or event.inbound.removed:
        return
    live = any(r.id == target.round_id and r.status is RoundStatus.LIVE for r in draft.facts.rounds)
    if live and event.inbound.text.startswith(THUMBS):
        ask_for_ok(draft, person, "checkin.thumb", None)


def ask_for_ok(draft: Draft, person: Person, key: str, case: Case | None) -> None:
    """Asks for one of the four answers, with the answers."""
    waiting = draft.facts.rounds[-1]
    draft.say(
        person,
        OutboundKind.ANSWER,
        draft.word(person, key),
        round_=waiting,
        case=case,
        choices=draft.choices(person, ladder_rungs.ANSWERS),
        question="checkin",
        urgency=3,
    )


def case_closed(draft: Draft, case: Case) -> None:
    """A case was closed: the rounds behind it are over, and no rung of theirs comes any more."""
    for round_ in map(draft.latest, draft.facts.held):
        if round_.case_id == case.id and round_.status in (RoundStatus.LIVE, RoundStatus.DESK):
            draft.put_round(ended(round_, RoundStatus.CLOSED, draft.now))


__all__ = ["CHOICES", "CheckIn", "DeadlineKind", "case_closed", "choice", "heard", "reacted"]
