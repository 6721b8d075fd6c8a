"""Answers to a check-in: OK, talk to me, more time, help.

1. Before the desk has a case an OK ends the ladder at once, and everybody who was alerted hears it.
2. From then on an OK ends nothing by itself: it is shown to those who watch the case, and an officer verifies it.
3. A question that is over takes no answer for another one. "Help" is an alarm whenever it comes.

Source: protection practice, "Check-ins".
"""

from __future__ import annotations

from alerts.cases import Case, Source
from alerts.checkins import CheckInKind, CheckInStatus, Round, RoundStatus
from alerts.events import InboundKind, OutboundKind
from alerts.facts import Heard
from alerts.people import Person
from alerts.records import replace
from alerts.rounds import ASKS, MORE_TIMES, ended, next_rung, told_others_at
from handlers import ladder_rungs, paging, relay, sos
from handlers.draft import Draft
from handlers.localtime import clock

LABELS = {code.partition(":")[2]: key for code, key in ladder_rungs.ANSWERS}
ASKED = "checkin"
"""What `question` is of "are you OK?", however it is put."""
LATER = "checkin_later"
"""What `question` is of "you have more time": a yes or a thumb may mean that, and no OK."""
WELLBEING = tuple((f"wellbeing:{n}", f"wellbeing.{n}") for n in range(1, 6))


def waiting(draft: Draft) -> tuple[Round, ...]:
    """The person's questions that wait for an answer, the newest last."""
    return tuple(r for r in map(draft.latest, draft.facts.rounds) if r.status is RoundStatus.LIVE)


def answered(draft: Draft, event: Heard, person: Person, value: str, round_: Round | None) -> None:
    """One of the four answers, to a round or (None) to whatever waits."""
    event = worded(draft, event, person, value)
    counts = value != "ok" or not person.ok_word or draft.facts.says_ok_word
    if value == "help":
        sos.alarm(draft, event, person)
        return
    live = waiting(draft)
    case = desk_case(draft, round_)
    if round_ is not None and round_.status is not RoundStatus.LIVE and not (case and not live):
        over(draft, event, person, value, round_)
    elif live:
        behind = case or desk_case(draft, None)
        match value:
            case "ok" if not counts:
                without_word(draft, event, person, behind)
            case "ok" | "talk" if behind is not None:
                answered_beside(draft, live, behind, value)
                to_verify(draft, event, person, behind, value)
            case "ok":
                ok(draft, person, live)
            case "talk":
                talk(draft, event, person, live)
            case _:
                more_time(draft, person, live[-1] if round_ is None else round_)
    elif case is not None and not counts:
        without_word(draft, event, person, case)
    elif case is not None:
        to_verify(draft, event, person, case, value)


def without_word(draft: Draft, event: Heard, person: Person, case: Case | None) -> None:
    """An OK without the secret word that the person chose is none. Nobody who looks on learns what was missing."""
    if case is None:
        ask_to_be_sure(draft, person, "checkin.to_be_sure")
        return
    relay.keep(draft, event, person.id, person, case)
    relay.to_desk(draft, case, person, event.inbound, note="notice.ok_without_word")
    relay.waits_for_words(draft, case)
    draft.say(person, OutboundKind.ANSWER, draft.word(person, "checkin.late_ok"), case=case)


def worded(draft: Draft, event: Heard, person: Person, value: str) -> Heard:
    """The message with the answer in words: a number or a pressed button says nothing to an officer, and a secret word
    is not for them."""
    inbound = event.inbound
    bare = inbound.kind is InboundKind.PRESS or inbound.text.strip().isdecimal()
    return in_words(draft, event, value) if bare or draft.facts.says_ok_word else event


def in_words(draft: Draft, event: Heard, value: str) -> Heard:
    """The message as if the answer had been written out."""
    words = draft.rules.words.say(draft.rules.language, LABELS[value])
    return replace(event, inbound=replace(event.inbound, text=words, kind=InboundKind.TEXT))


def desk_case(draft: Draft, round_: Round | None) -> Case | None:
    """The open case that a missed check-in became, of this round or of any."""
    cases = [c for c in map(draft.latest, draft.facts.cases) if c.is_open and not c.drill]
    if round_ is not None:
        return next((c for c in cases if c.id == round_.case_id and round_.status is RoundStatus.DESK), None)
    return next((c for c in cases if c.source in (Source.CHECK_IN, Source.TIMER)), None)


# --------------------------------------------------------------------------------------------------- the four answers


def ok(draft: Draft, person: Person, live: tuple[Round, ...]) -> None:
    """All is well, in time: every question that waits is answered, and whoever was alerted hears it."""
    for round_ in live:
        draft.put_round(ended(round_, RoundStatus.ANSWERED, draft.now, "ok"))
        end_timer(draft, round_)
    contacts_clear(draft, person, live, "contact.clear")
    draft.say(person, OutboundKind.ANSWER, draft.word(person, "checkin.thanks"), urgency=3)
    draft.say(
        person,
        OutboundKind.QUESTION,
        draft.word(person, "checkin.wellbeing"),
        round_=live[-1],
        choices=draft.choices(person, WELLBEING),
        question="wellbeing",
    )


def answered_beside(draft: Draft, live: tuple[Round, ...], case: Case, value: str) -> None:
    """An answer while the desk has a case of another check-in: what waits is answered, and those who were alerted hear
    of it when an officer has verified it."""
    for round_ in live:
        draft.put_round(ended(round_, RoundStatus.ANSWERED, draft.now, value))
        end_timer(draft, round_)
    alerted = tuple(dict.fromkeys((*case.alerted, *(i for r in live for i in r.alerted))))
    if alerted != case.alerted:
        draft.put_case(replace(draft.latest(case), alerted=alerted))


def talk(draft: Draft, event: Heard, person: Person, live: tuple[Round, ...]) -> None:
    """They want a person: the question is answered, and an officer is called to write to them."""
    for round_ in live:
        draft.put_round(ended(round_, RoundStatus.ANSWERED, draft.now, "talk"))
        end_timer(draft, round_)
    contacts_clear(draft, person, live, "contact.in_touch")
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
    others = coming is None or ladder.rungs[coming[0]].kind not in ASKS
    until = told_others_at(round_, ladder) if others or coming is None else coming[1]
    key = "checkin.more_others" if others else "checkin.more_again"
    at = clock(draft, person, until)
    draft.say(
        person,
        OutboundKind.ANSWER,
        draft.word(person, key if given else "checkin.no_more", time=at),
        round_=round_,
        choices=draft.choices(person, ladder_rungs.ANSWERS),
        question=LATER,
        urgency=3,
    )


def to_verify(draft: Draft, event: Heard, person: Person, case: Case, value: str) -> None:
    """An answer when the desk has the case already: heard, shown to the desk, and verified by a person."""
    relay.keep(draft, event, person.id, person, case)
    case = draft.latest(case)
    if value == "ok":
        case = draft.put_case(replace(case, needs_verification=True, told_next_at=draft.now))
        behind = draft.facts.round
        if behind is not None and behind.case_id == case.id:
            # What still waits to be asked is not asked any more; the ladder goes on until the case is closed.
            draft.put_round(replace(draft.latest(behind), answer="ok"))
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


def contacts_clear(draft: Draft, person: Person, live: tuple[Round, ...], key: str) -> None:
    """Everybody who was alerted hears that the person has answered."""
    name = paging.name_for_desk(draft, person)
    told = tuple(dict.fromkeys(i for r in live for i in r.alerted))
    for case in map(draft.latest, draft.facts.cases):
        if set(told) & set(case.alerted):
            # They hear it now, and not once more when the case is closed.
            draft.put_case(replace(case, alerted=tuple(i for i in case.alerted if i not in told)))
    for contact_id in told:
        contact = draft.person(contact_id)
        if contact is not None:
            text = draft.word(contact, key, name=name or draft.word(contact, "desk.somebody"))
            of = next(r for r in live if contact_id in r.alerted)
            draft.say(contact, OutboundKind.ALL_CLEAR, text, round_=of, urgency=2, defender_id=person.id)


def end_timer(draft: Draft, round_: Round) -> None:
    """A timer's one round is over, and so is the timer."""
    check_in = next((c for c in draft.facts.check_ins if c.id == round_.check_in_id), None)
    if check_in is not None and check_in.kind is CheckInKind.TIMER:
        draft.put_check_in(replace(draft.latest(check_in), status=CheckInStatus.ENDED, next_at=None))


def ask_to_be_sure(draft: Draft, person: Person, key: str, case: Case | None = None) -> None:
    """Asks once more for one of the four answers."""
    live = waiting(draft)
    draft.say(
        person,
        OutboundKind.ANSWER,
        draft.word(person, key),
        round_=live[-1],
        case=case,
        choices=draft.choices(person, ladder_rungs.ANSWERS),
        question=ASKED,
        urgency=3,
    )
