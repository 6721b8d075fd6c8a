"""Timers by chat: "timer 2h court", more time, and an early end: by command, or by "arrived" and "I am home".

With several timers it is asked which one is meant. Until that is answered nothing is changed, and their ends stand.

Source: protection practice, "Check-ins": a timer's missed end is P1, and quiet hours do not delay it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from alerts.checkins import CheckIn, CheckInKind, CheckInStatus, RoundStatus
from alerts.events import OutboundKind
from alerts.facts import Heard
from alerts.ids import from_micros, micros
from alerts.invitations import ways
from alerts.outbox import Choice
from alerts.people import Person
from alerts.recognition.answers import whole
from alerts.records import replace
from alerts.rounds import MORE_TIME, ended, opener
from alerts.timetext import End, Extend, Timer
from handlers import checkin_answers, checkin_said, relay
from handlers.checkin_words import check_in_words
from handlers.draft import Draft
from handlers.localtime import clock, length

MOST_TIMERS = 10
"""Timers of one person at once. More is a slip."""
WHICH_ENDS, WHICH_GOES_ON = "timer_end", "timer_extend"
"""What `question` is of "which timer?"."""
ALL = "all"
SHORT = 60
"""Characters of a message that may say that somebody has arrived."""


def timers(draft: Draft) -> tuple[CheckIn, ...]:
    """The person's timers that have not ended, those that run out first in front."""
    mine = map(draft.latest, draft.facts.check_ins)
    running = [c for c in mine if c.kind is CheckInKind.TIMER and c.status is CheckInStatus.ACTIVE]
    return tuple(sorted(running, key=lambda c: (c.next_at or draft.now, c.id)))


def start(draft: Draft, person: Person, timer: Timer) -> None:
    """A new timer. What happens at its end is said along with it."""
    if len(timers(draft)) >= MOST_TIMERS:
        say(draft, person, "timer.too_many")
        return
    protocol = next(
        (p for p in draft.rules.protocols.values() if p.watches is CheckInKind.TIMER), draft.protocol("")
    )
    check_in = draft.put_check_in(
        CheckIn(
            id=draft.new_id(),
            person_id=person.id,
            desk=person.desk,
            kind=CheckInKind.TIMER,
            status=CheckInStatus.ACTIVE,
            version=0,
            next_at=timer.deadline,
            key_id=person.key_id,
            protocol=protocol.name,
            label=timer.label,
            made_by=person.id,
            created_at=draft.now,
        )
    )
    wait = protocol.ladder.rungs[opener(protocol.ladder)].after
    say(
        draft,
        person,
        "timer.started",
        label=check_in.label,
        time=clock(draft, person, timer.deadline),
        length=length(draft, person, wait),
    )
    draft.event("timer_started", check_in=check_in.id)


def extend(draft: Draft, person: Person, wish: Extend) -> bool:
    """More time for a timer. False when there is none to extend. Which one is asked when there are several."""
    running = timers(draft)
    if len(running) > 1:
        if wish.until is not None:
            more = f"until:{micros(wish.until)}"
        else:
            more = f"by:{int((wish.by or MORE_TIME).total_seconds())}"
        ask_which(draft, person, WHICH_GOES_ON, more)
        return True
    return bool(running) and lengthen(draft, person, running[0], wish)


def lengthen(draft: Draft, person: Person, check_in: CheckIn, wish: Extend) -> bool:
    """More time for this timer. False when it is over."""
    until = extended(draft, check_in, wish)
    if until <= draft.now or (check_in.next_at is not None and until <= check_in.next_at):
        say(draft, person, "timer.not_longer")
        return True
    live = [r for r in checkin_answers.waiting(draft) if r.check_in_id == check_in.id]
    if check_in.next_at is None and not live:
        return False
    for round_ in live:
        draft.put_round(ended(round_, RoundStatus.ANSWERED, draft.now, "extended"))
    if live:
        checkin_answers.contacts_clear(draft, person, tuple(live), "contact.in_touch")
    draft.put_check_in(replace(check_in, next_at=until, extended=check_in.extended + 1))
    say(draft, person, "timer.extended", label=check_in.label, time=clock(draft, person, until))
    return True


def extended(draft: Draft, check_in: CheckIn, wish: Extend) -> datetime:
    """Until when a timer runs after a wish for more time; one without a length is for half an hour."""
    if wish.until is not None:
        return wish.until
    return max(check_in.next_at or draft.now, draft.now) + (wish.by or MORE_TIME)


def end(draft: Draft, person: Person, wish: End) -> bool:
    """An early end. False when the person has no timer. Which one is asked when it is not certain."""
    running = timers(draft)
    if not running:
        return False
    chosen = pick(running, wish.label)
    if chosen is None:
        ask_which(draft, person, WHICH_ENDS)
        return True
    return finish(draft, person, chosen)


def finish(draft: Draft, person: Person, chosen: CheckIn) -> bool:
    """The end of this timer. False when it is over already."""
    if chosen.next_at is None:
        # It has run out already, and a question waits: its end is an answer to that, and not this.
        live = [r for r in checkin_answers.waiting(draft) if r.check_in_id == chosen.id]
        if not live:
            return False
        checkin_answers.ask_to_be_sure(draft, person, "checkin.to_be_sure")
    else:
        draft.put_check_in(replace(chosen, status=CheckInStatus.ENDED, next_at=None))
        say(draft, person, "timer.ended", label=chosen.label)
    return True


def is_arrival(draft: Draft, text: str) -> bool:
    """Whether a whole message says, in any language that the bot speaks, that somebody is back or where they went."""
    words = draft.rules.words
    said = whole(text) if 0 < len(text) <= SHORT and not checkin_said.SIGNS.intersection(text) else ""
    known = (way for language in words.languages for way in ways(words.say(language, "ask.arrived")))
    return bool(said) and said in map(whole, known)


def arrived(draft: Draft, event: Heard, person: Person) -> bool:
    """Somebody is back: the end of the timer that runs, and the OK to its question when that waits. False when they
    have no timer."""
    running, live = timers(draft), checkin_answers.waiting(draft)
    if not running:
        return False
    case = next((c for c in map(draft.latest, draft.facts.cases) if not c.drill), None)
    if case is not None:
        # An officer may have asked where they are.
        relay.keep(draft, event, person.id, person, case)
        relay.to_desk(draft, case, person, event.inbound)
    if len(running) > 1:
        ask_which(draft, person, WHICH_ENDS)
    elif running[0].next_at is None and [r.check_in_id for r in live] == [running[0].id]:
        checkin_answers.answered(draft, event, person, "ok", live[0])
    elif not finish(draft, person, running[0]):
        return False
    elif running[0].next_at is not None and live:
        checkin_answers.ask_to_be_sure(draft, person, "checkin.to_be_sure")
    return True


def ask_which(draft: Draft, person: Person, question: str, more: str = "") -> None:
    """Names them all, to choose from."""
    running = timers(draft)
    labels = ((c.id, check_in_words(draft, person, c)) for c in running)
    offered = [Choice(f"{question}:{i}:{more}".rstrip(":"), label) for i, label in labels]
    if question == WHICH_ENDS:
        offered.append(Choice(f"{question}:{ALL}", draft.word(person, "timer.all")))
    draft.say(
        person,
        OutboundKind.QUESTION,
        draft.word(person, f"timer.which_{'ends' if question == WHICH_ENDS else 'goes_on'}"),
        choices=tuple(offered),
        question=question,
        urgency=3,
    )


def chosen(draft: Draft, person: Person, question: str, value: str) -> None:
    """One of those that were named, or all of them. What has ended meanwhile is none any more."""
    which, _, more = value.partition(":")
    found = [c for c in timers(draft) if which in (c.id, ALL)]
    if question == WHICH_GOES_ON:
        done = [lengthen(draft, person, c, extension(more)) for c in found]
    else:
        done = [finish(draft, person, c) for c in still_running_first(found)]
    if not any(done):
        say(draft, person, "timer.over")


def still_running_first(found: list[CheckIn]) -> Iterator[CheckIn]:
    """Of several that have run out one question is enough."""
    yield from (c for c in found if c.next_at is not None)
    yield from [c for c in found if c.next_at is None][:1]


def extension(more: str) -> Extend:
    """What was wished for when it was asked which."""
    kind, _, number = more.partition(":")
    if kind == "until":
        return Extend(until=from_micros(int(number)))
    return Extend(by=timedelta(seconds=int(number)))


def pick(running: tuple[CheckIn, ...], label: str) -> CheckIn | None:
    """The one that is meant: by its number, by what it is called, or because there is only one."""
    wanted = label.strip().casefold()
    if wanted.isdecimal():
        return running[int(wanted) - 1] if 1 <= int(wanted) <= len(running) else None
    if wanted:
        named = [c for c in running if c.label.casefold().startswith(wanted)]
        return named[0] if len(named) == 1 else None
    return running[0] if len(running) == 1 else None


def say(draft: Draft, person: Person, key: str, **arguments: object) -> None:
    """An answer; a timer without a label leaves no gap."""
    text = draft.word(person, key, **arguments)
    draft.say(person, OutboundKind.ANSWER, text.replace("  ", " ").replace(" :", ":"), urgency=3)
