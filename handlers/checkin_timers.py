"""Timers by chat: "timer 2h court", more time, and an early end.

Source: protection practice, "Check-ins": a timer's missed end is P1, and quiet hours do not delay it.
"""

from __future__ import annotations

from datetime import datetime

from alerts.checkins import CheckIn, CheckInKind, CheckInStatus, RoundStatus
from alerts.events import OutboundKind
from alerts.people import Person
from alerts.records import replace
from alerts.rounds import MORE_TIME, ended, opener
from alerts.timetext import End, Extend, Timer
from handlers import checkin_answers
from handlers.checkin_words import check_in_words
from handlers.draft import Draft
from handlers.localtime import clock, length

MOST_TIMERS = 10
"""Timers of one person at once. More is a slip."""


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
    """More time for the timer that runs out first. False when there is none to extend."""
    running = timers(draft)
    if not running:
        return False
    check_in = running[0]
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
        lines = [f"{n}. {check_in_words(draft, person, c)}" for n, c in enumerate(running, 1)]
        text = "\n".join([draft.word(person, "timer.which"), *lines])
        draft.say(person, OutboundKind.ANSWER, text, urgency=3)
    elif chosen.next_at is None:
        # It has run out already, and a question waits: its end is an answer to that, and not this.
        live = [r for r in checkin_answers.waiting(draft) if r.check_in_id == chosen.id]
        if not live:
            return False
        checkin_answers.ask_to_be_sure(draft, person, "checkin.to_be_sure")
    else:
        draft.put_check_in(replace(chosen, status=CheckInStatus.ENDED, next_at=None))
        say(draft, person, "timer.ended", label=chosen.label)
    return True


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
