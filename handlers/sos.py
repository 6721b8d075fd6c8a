"""The alarm: the first message opens the case and queues the page, and only then is anything said or asked.

1. Any alarm, from any state of any conversation, from anybody.
2. Repeated alarms of one person fold into one open case, and a fold never silences: on a taken case the taker is paged
   again and has to acknowledge it.
3. Doubt pages at once as P2; the question whether it is an emergency goes beside the page, and no answer makes it P1.
   What is told as done (a threat, a raid, a seized phone, a detention, an attack) pages and asks the same, and stays
   P2; a threat that comes again is a doubt. On a P2 case that rests its taker is paged anew for either.
4. "I am safe" is always possible and never closes anything by itself.

Source: protection practice, "SOS".
"""

from __future__ import annotations

from datetime import timedelta

from alerts.cases import Case, CaseStatus, Source, raised
from alerts.checkins import Round, RoundStatus
from alerts.deadlines import DeadlineKind
from alerts.events import InboundKind, OutboundKind
from alerts.facts import Heard
from alerts.people import Person, Question
from alerts.records import replace
from handlers import paging, questions, relay
from handlers.draft import Draft

AGAIN_AFTER = timedelta(minutes=1)
"""A repeated alarm is confirmed at most this often; every one of them reaches the desk."""
SAME_TELLING = timedelta(minutes=15)
"""What somebody says so soon after they told of it, or after staff did something on the case, belongs to it: a person's
eyes are on it, and the taker need not be woken for each sentence."""
DOUBT = "doubt"
INCIDENTS = {
    "told-threat": "threat",
    "told-raid": "raid_seizure",
    "told-seizure": "raid_seizure",
    "told-spyware": "digital_attack",
    "told-warrant": "arrest_detention",
    "told-detention": "arrest_detention",
    "told-attack": "physical_attack",
}
"""What recognition says was told -> the taxonomy's code for it."""
SAID = {"yes": "button.emergency", "no": "doubt.said_no"}
"""Keys of what each answer to it says to the desk."""


def alarm(draft: Draft, event: Heard, person: Person, about: str = "") -> Case:
    """An alarm from a person: a new case, or folded into the one that is open.

    `about` are words that say more about it than the message which raised it.
    """
    draft.urgent = True
    cases = tuple(c for c in map(draft.latest, draft.facts.cases) if c.is_open and not c.drill)
    case = fold(draft, event, person, cases[0], about) if cases else begin(draft, event, person)
    end_rounds(draft, person, case)
    return draft.latest(case)


def begin(draft: Draft, event: Heard, person: Person) -> Case:
    """The first message of an SOS."""
    inbound = event.inbound
    case = paging.open_case(
        draft, person, 1, Source.SOS, relay.headline_of(draft, inbound), opened_at=event.received_at
    )
    relay.keep(draft, event, person.id, person, case)
    relay.rest_to_desk(draft, case, person, inbound)
    stored(draft, case, person)
    if inbound.location is not None:
        # Where she is stands on the case already; asking it would be asking twice.
        answers = {questions.WHERE: questions.value_of(inbound)}
        case = draft.put_case(replace(draft.latest(case), asked=(questions.WHERE,), answers=answers))
    questions.ask_next(draft, case, person)
    return case


def stored(draft: Draft, case: Case, person: Person) -> None:
    """*Received and stored*, and a number to call meanwhile if the desk has one for the place."""
    person = draft.latest(person)
    text = draft.word(person, "receipt.stored")
    number = draft.rules.emergency_numbers.get(person.zone, "")
    if number:
        text += " " + draft.word(person, "receipt.number", number=number)
    draft.say(person, OutboundKind.RECEIPT, text, case=case)
    draft.put_case(replace(draft.latest(case), told_at=draft.now))


def fold(draft: Draft, event: Heard, person: Person, case: Case, about: str = "") -> Case:
    """A new alarm while a case is open: onto that case, and heard."""
    relay.keep(draft, event, person.id, person, case)
    first = case.urgency != 1
    if case.source is Source.MESSAGE:
        case = replace(case, source=Source.SOS)
    case = replace(case, doubt_until=None, needs_verification=False)
    if first or case.status is CaseStatus.TAKEN:
        # What is paged from now on is this alarm, not what the case was about before.
        case = replace(case, headline=about or relay.headline_of(draft, event.inbound) or case.headline)
    if case.status is CaseStatus.TAKEN:
        case = paging.alert_taker(draft, replace(case, urgency=1), event.inbound.text)
    elif first:
        case = paging.raise_to_p1(draft, case)
    else:
        case = draft.put_case(case)
    relay.to_desk(draft, case, person, event.inbound)
    if first:
        stored(draft, case, person)
        questions.ask_next(draft, case, person)
    elif case.told_at is None or draft.now - case.told_at >= AGAIN_AFTER:
        key = "receipt.again_taken" if case.status is CaseStatus.TAKEN else "receipt.again"
        draft.say(person, OutboundKind.RECEIPT, draft.word(person, key), case=case)
        case = draft.put_case(replace(draft.latest(case), told_at=draft.now))
    return case


def end_rounds(draft: Draft, person: Person, case: Case) -> None:
    """Check-ins rest while an SOS is open: what waits for an answer has found a graver one."""
    for waiting in draft.facts.rounds:
        end_round(draft, draft.latest(waiting), case)


def end_round(draft: Draft, waiting: Round, case: Case | None) -> None:
    """A round is over because a case has taken its place."""
    draft.put(
        replace(
            waiting,
            status=RoundStatus.CLOSED,
            ended_at=draft.now,
            case_id=case.id if case else waiting.case_id,
            version=waiting.version + 1,
        )
    )
    draft.disarm(DeadlineKind.RUNG, waiting.id)
    if case is not None and waiting.alerted:
        held = draft.latest(case)
        alerted = tuple(dict.fromkeys((*held.alerted, *waiting.alerted)))
        draft.put_case(replace(held, alerted=alerted))


def told(draft: Draft, event: Heard, person: Person, rule: str) -> Case:
    """Something grave was done and is told, without a cry for help: the desk is paged now, the person is asked beside
    it whether it is an emergency, and the case stays P2 until somebody says more. `rule` is recognition's code."""
    cases = [c for c in map(draft.latest, draft.facts.cases) if c.is_open and not c.drill]
    # A repeated threat raises the urgency (protection practice, "Urgency"); that it is none, only the person can say.
    again = rule == "told-threat" and bool(cases) and cases[0].urgency == 2 and rests(draft, cases[0])
    case = draft.latest(doubt(draft, event, person, past=not again))
    if questions.WHAT in case.answers or case.urgency != 2:
        return case
    # Not among those asked: whoever goes on to the questions says it in their own choice.
    return draft.put_case(replace(case, answers={**case.answers, questions.WHAT: INCIDENTS[rule]}))


def rests(draft: Draft, case: Case) -> bool:
    """Whether nobody has told of it or done anything on it lately. That somebody was reminded of it is no deed."""
    done = case.seen_at if case.seen_at != case.reminded_at else None
    times = (case.opened_at, case.raised_at, done)
    return draft.now - max(at for at in times if at is not None) >= SAME_TELLING


def doubt(draft: Draft, event: Heard, person: Person, *, past: bool = False) -> Case:
    """It may be an emergency: the desk is paged now, and the person is asked beside it. What is told as `past` is none
    by silence alone."""
    draft.urgent = True
    cases = tuple(c for c in map(draft.latest, draft.facts.cases) if c.is_open and not c.drill)
    until = None if past else draft.now + draft.rules.policy.doubt
    # What is paged from now on is what may be an emergency, not what the case was about before.
    words = relay.headline_of(draft, event.inbound)
    if cases and (cases[0].urgency <= 2 or cases[0].status is CaseStatus.TAKEN):
        # Somebody is on it, or being called for it: their eyes are what the doubt needs.
        case = cases[0]
        relay.keep(draft, event, person.id, person, case)
        relay.to_desk(draft, case, person, event.inbound)
        worse = case.urgency > 2 or (case.urgency == 2 and case.ack_by is None and rests(draft, case))
        if case.status is CaseStatus.TAKEN and worse:
            again = replace(raised(case, 2, draft.now), doubt_until=until, headline=words or case.headline)
            case = paging.alert_taker(draft, again, event.inbound.text)
            ask_if_emergency(draft, case, person)
        elif case.status is CaseStatus.OPEN and case.urgency == 2 and not (case.doubt_until or past):
            # Called for something that can wait an hour; if this is worse, it must not.
            case = draft.put_case(replace(case, doubt_until=until, headline=words or case.headline))
            ask_if_emergency(draft, case, person)
        return relay.waits_for_words(draft, case)
    if cases:
        relay.keep(draft, event, person.id, person, cases[0])
        again = replace(raised(cases[0], 2, draft.now), doubt_until=until, step=0, climb_from=draft.now)
        case = paging.climb(draft, replace(again, paged=(), headline=words or again.headline))
        relay.to_desk(draft, case, person, event.inbound)
    else:
        case = paging.open_case(
            draft, person, 2, Source.MESSAGE, words, opened_at=event.received_at, doubt_until=until
        )
        relay.keep(draft, event, person.id, person, case)
        relay.rest_to_desk(draft, case, person, event.inbound)
    draft.say(person, OutboundKind.RECEIPT, draft.word(person, "receipt.stored"), case=case)
    ask_if_emergency(draft, case, person)
    return case


def ask_if_emergency(draft: Draft, case: Case, person: Person) -> None:
    """ "Is this an emergency?", beside the page."""
    choices = draft.choices(
        person, [(f"{DOUBT}:yes", "button.emergency"), (f"{DOUBT}:no", "button.no_emergency")]
    )
    draft.say(
        person, OutboundKind.QUESTION, draft.word(person, "doubt"), case=case, choices=choices, question=DOUBT
    )
    codes = tuple(c.code for c in choices)
    draft.talk(person, question=Question(DOUBT, draft.now, case.id, choices=codes))


def doubt_answered(draft: Draft, event: Heard, person: Person, case: Case, value: str) -> None:
    """Yes: it is an alarm. No: the case stays as urgent as it is, and an officer looks at it."""
    if value == "yes":
        answer = draft.rules.words.say(draft.rules.language, "button.emergency")
        said = replace(event, inbound=replace(event.inbound, text=answer, kind=InboundKind.TEXT))
        alarm(draft, said, person, about=case.headline)
        return
    case = draft.put_case(replace(draft.latest(case), doubt_until=None))
    draft.talk(person, question=None)
    words = replace(event.inbound, text="", kind=InboundKind.PRESS)
    relay.to_desk(draft, case, person, words, note="doubt.said_no")
    draft.say(person, OutboundKind.ANSWER, draft.word(person, "doubt.no"), case=case)


def test_alarm(draft: Draft, person: Person) -> None:
    """A marked trial: what a real SOS would look like, and nobody is paged."""
    example = draft.word(person, "receipt.stored")
    draft.say(person, OutboundKind.RECEIPT, draft.word(person, "test.shown", example=example))


def says_safe(draft: Draft, event: Heard, person: Person, case: Case) -> None:
    """ "False alarm, I am safe": thanked for, told to the desk, and verified by a person before anything closes."""
    relay.keep(draft, event, person.id, person, case)
    case = draft.put_case(replace(draft.latest(case), needs_verification=True, doubt_until=None))
    draft.talk(person, question=None)
    relay.to_desk(draft, case, person, event.inbound, note="notice.says_safe")
    relay.waits_for_words(draft, case)
    draft.say(person, OutboundKind.ANSWER, draft.word(person, "sos.safe_heard"), case=case)


def out_of_the_blue(draft: Draft, person: Person) -> bool:
    """No open case, nothing asked, no check-in waiting, and no exchange with an officer in the last 24 hours. That an
    old message is quoted makes no difference: on a phone that is one slip of the thumb."""
    talk = person.talk
    recent = talk.exchange_at is not None and draft.now - talk.exchange_at < timedelta(hours=24)
    asked = talk.question is not None or bool(draft.facts.rounds)
    return not draft.facts.cases and not asked and not recent
