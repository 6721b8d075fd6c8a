"""Setting up check-ins by chat: commands of a defender whose rights hold.

1. What was understood is said back on the person's own clock, with the next question's time.
2. A person has one schedule of periodic check-ins; a new one takes its place and keeps quiet hours and protocol.
3. Words about time that were not understood are answered with how to say it, and nothing is changed.
4. While a P1 case is open nothing is set up: what is said then is for the officer.

Source: protection practice, "Check-ins".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time

from alerts.cases import Case
from alerts.checkins import CheckIn, CheckInKind, CheckInStatus
from alerts.events import InboundKind, OutboundKind
from alerts.facts import Heard
from alerts.invitations import folded
from alerts.people import Person, Role
from alerts.records import replace
from alerts.schedule import CheckInSchedule, next_prompt
from alerts.timetext import (
    End,
    Extend,
    Misread,
    Pause,
    Quiet,
    Timer,
    Timetable,
    parse_end,
    parse_extend,
    parse_pause,
    parse_quiet,
    parse_resume,
    parse_schedule,
    parse_timer,
    parse_zone,
)
from alerts.timetext.lexing import Phrases, Reader, one_of
from handlers import checkin_answers, checkin_timers, paging, relay, resting
from handlers.asking import has_rights, said_with, spoken
from handlers.checkin_words import check_in_words, misread_words, protocol_word, schedule_words
from handlers.draft import Draft
from handlers.localtime import clock, zone_of
from handlers.telling import first_on_call, notice_of

LONGEST = 300
"""Characters of a message that may be a command."""
PROTOCOL = one_of(("protocol", "protocolo", "protocole", "بروتوكول"))
FIRST_PROTOCOL = "routine"
ZONE_WORDS = 3
"""Words of a message that may have been meant for a zone: "time zone Atlantis"."""


def listens(draft: Draft, person: Person, text: str) -> bool:
    """Whether a text may be about setting up check-ins: a verified defender's, short, and no P1 case is open."""
    return may_ask(draft, person, text) and grave(draft) is None


def may_ask(draft: Draft, person: Person, text: str) -> bool:
    """Whether a short text comes from a verified defender whose rights hold."""
    may = person.role is Role.DEFENDER and person.verified and has_rights(draft, person)
    return may and bool(text) and len(text) <= LONGEST


def grave(draft: Draft) -> Case | None:
    """The person's open P1 case, while which check-ins rest and all words are for the desk."""
    return next((c for c in map(draft.latest, draft.facts.cases) if c.urgency == 1 and not c.drill), None)


def says_that_they_rest(draft: Draft, person: Person, text: str) -> None:
    """Whoever asks for a timer while an alarm of theirs is open must not believe that one runs, and who asks what is
    set up not that they will be asked."""
    case = grave(draft)
    if case is None or not may_ask(draft, person, text):
        return
    if is_list(draft, person, text):
        draft.say(person, OutboundKind.ANSWER, draft.word(person, "checkin.rest_now"), case=case)
        return
    if isinstance(parse_timer(text, draft.now, zone_of(draft, person)), Timer):
        draft.say(person, OutboundKind.ANSWER, draft.word(person, "timer.not_now"), case=case)


def heard(draft: Draft, event: Heard, person: Person) -> bool:
    """A command about check-ins. False: it was none, and goes on as what it is."""
    if not commanded(draft, event, person):
        return False
    tell_of_change(draft, person)
    return True


def tell_of_change(draft: Draft, person: Person) -> None:
    """What this turn has changed may need a second look: the officer on call hears of it."""
    changed = any(draft.latest(check_in) != check_in for check_in in draft.facts.check_ins)
    name = paging.name_for_desk(draft, person)
    if changed and person.ok_word:
        # Who holds the phone needs no word for it: to be asked no more is as good as an OK.
        for officer in first_on_call(draft):
            key, somebody = "notice.changed_without_word", draft.word(officer, "desk.somebody")
            notice_of(draft, (officer,), key, name=name or somebody)
    elif gone := put_off(draft):
        # Somebody else may hold the phone, or stand beside it.
        told = {check_in.made_by for check_in in gone if check_in.status is CheckInStatus.ENDED}
        for officer in first_on_call(draft):
            if officer.id not in told:
                somebody = draft.word(officer, "desk.somebody")
                notice_of(draft, (officer,), "notice.checkins_put_off", name=name or somebody)


def put_off(draft: Draft) -> tuple[CheckIn, ...]:
    """The periodic check-ins that this turn has ended or paused, when none is left that asks at its usual times."""
    gone = []
    for before in draft.facts.check_ins:
        now = draft.latest(before)
        if before.kind is not CheckInKind.PERIODIC or before.status is not CheckInStatus.ACTIVE:
            continue
        if now.status is CheckInStatus.ACTIVE and not (
            is_paused(draft, now) and not is_paused(draft, before)
        ):
            return ()
        gone.append(now)
    made_anew = any(not is_paused(draft, c) for c in draft.entities.values() if is_going_on(c))
    return () if made_anew else tuple(gone)


def is_going_on(entity: object) -> bool:
    """Whether it is a periodic check-in that asks."""
    periodic_one = isinstance(entity, CheckIn) and entity.kind is CheckInKind.PERIODIC
    return periodic_one and isinstance(entity, CheckIn) and entity.status is CheckInStatus.ACTIVE


def is_paused(draft: Draft, check_in: CheckIn) -> bool:
    """Whether a check-in asks nothing for now because its person wished so."""
    until = check_in.schedule.paused_until if check_in.schedule is not None else None
    return until is not None and until > draft.now


def commanded(draft: Draft, event: Heard, person: Person) -> bool:
    """Does what a command about check-ins asks for. False when it was none."""
    text = event.inbound.text.strip()
    if resting.laid_down(draft, person.id):
        return False  # from a phone that may be in other hands: the desk reads it and decides
    if not listens(draft, person, text):
        says_that_they_rest(draft, person, text)
        return False
    if is_list(draft, person, text):
        listing(draft, person)
        return True
    if checkin_timers.is_arrival(draft, text):
        return checkin_timers.arrived(draft, event, person)
    protocol = protocol_named(draft, text)
    if protocol is not None and periodic(draft):
        change(draft, person, protocol=protocol)
        return True
    found = understood(draft, person, text)
    if found is None:
        return False
    if isinstance(found, Misread):
        relay.keep(draft, event, person.id, person, None)
        draft.say(person, OutboundKind.ANSWER, misread_words(draft, person, found), urgency=3)
        return True
    return carry_out(draft, person, found)


def understood(
    draft: Draft, person: Person, text: str
) -> Timer | Extend | End | Pause | Quiet | Timetable | str | bool | Misread | None:
    """What a text asks for, in the order in which the commands are looked for. A bare text is a zone; True a resume."""
    now, zone = draft.now, zone_of(draft, person)
    if parse_resume(text):
        return True
    return (
        parse_timer(text, now, zone)
        or parse_extend(text, now, zone)
        or parse_end(text)
        or parse_pause(text, now, zone)
        or parse_quiet(text)
        or parse_zone(text)
        or parse_schedule(text, protocols=protocol_words(draft))
    )


def carry_out(
    draft: Draft, person: Person, wish: Timer | Extend | End | Pause | Quiet | Timetable | str | bool
) -> bool:
    """Does what was asked for. False when there is nothing it could be about."""
    match wish:
        case Timer():
            checkin_timers.start(draft, person, wish)
        case Extend():
            return extend(draft, person, wish)
        case End():
            done = end(draft, person, wish)
            if done and wish.what == "check_in":
                still_asked(draft, person)
            return done
        case Pause():
            change(draft, person, paused_until=wish.until)
            still_asked(draft, person)
        case Quiet():
            change(draft, person, quiet=wish.hours, quiet_said=True)
        case Timetable():
            schedule(draft, person, wish)
        case str():
            move(draft, person, wish)
        case _:
            change(draft, person, resumed=True)
    return True


def still_asked(draft: Draft, person: Person) -> None:
    """Whoever wants to be asked no more may think that this answers the question which waits: it is asked about."""
    if checkin_answers.waiting(draft):
        checkin_answers.ask_to_be_sure(draft, person, "checkin.to_be_sure")


# ----------------------------------------------------------------------------------------------------------- periodic


def periodic(draft: Draft) -> tuple[CheckIn, ...]:
    """The person's periodic check-ins that go on."""
    mine = map(draft.latest, draft.facts.check_ins)
    return tuple(c for c in mine if c.kind is CheckInKind.PERIODIC and c.status is CheckInStatus.ACTIVE)


def schedule(draft: Draft, person: Person, wish: Timetable) -> None:
    """A new schedule. Earlier ones end: two schedules of one person would ask them twice."""
    earlier = periodic(draft)
    kept = earlier[0] if earlier else None
    old = kept.schedule if kept is not None else None
    made = made_schedule(draft, person, wish, old)
    for other in earlier[1:]:
        draft.put_check_in(replace(other, status=CheckInStatus.ENDED, next_at=None))
    protocol = wish.protocol or (kept.protocol if kept is not None else "") or FIRST_PROTOCOL
    if kept is None:
        kept = new_check_in(draft, person, made, protocol, made_by=person.id)
    kept = set_next(draft, replace(kept, schedule=made, protocol=draft.protocol(protocol).name))
    confirm(draft, person, kept, instead_of=earlier)


def made_schedule(
    draft: Draft, person: Person, wish: Timetable, old: CheckInSchedule | None = None
) -> CheckInSchedule:
    """The schedule that was asked for, in the person's zone. Raises ValueError for one that cannot be."""
    return CheckInSchedule(
        zone=zone_of(draft, person),
        times=wish.times,
        days=wish.days,
        every_hours=wish.every_hours,
        anchor=draft.now.replace(second=0, microsecond=0) if wish.every_hours is not None else None,
        quiet=wish.quiet or (old.quiet if old is not None else None),
    )


def new_check_in(
    draft: Draft,
    person: Person,
    made: CheckInSchedule,
    protocol: str,
    *,
    made_by: str,
    status: CheckInStatus = CheckInStatus.ACTIVE,
) -> CheckIn:
    """A periodic check-in that is not stored yet."""
    return CheckIn(
        id=draft.new_id(),
        person_id=person.id,
        desk=person.desk,
        kind=CheckInKind.PERIODIC,
        status=status,
        version=0,
        next_at=None,
        key_id=person.key_id,
        protocol=draft.protocol(protocol).name,
        schedule=made,
        made_by=made_by,
        created_at=draft.now,
    )


def set_next(draft: Draft, check_in: CheckIn) -> CheckIn:
    """Notes a check-in whose schedule has changed, with its next question."""
    following = next_prompt(check_in.schedule, draft.now) if check_in.schedule is not None else None
    return draft.put_check_in(replace(check_in, next_at=following))


def confirm(draft: Draft, person: Person, check_in: CheckIn, *, instead_of: Iterable[CheckIn] = ()) -> None:
    """Says back what was understood, and which check-ins this takes the place of."""
    text = draft.word(
        person,
        "checkin.set",
        check_in=check_in_words(draft, person, check_in),
        zone=zone_of(draft, person),
    )
    text += replaced_words(draft, person, instead_of) + resting.line(draft, person)
    draft.say(person, OutboundKind.ANSWER, text, urgency=3)


def replaced_words(draft: Draft, reader: Person, earlier: Iterable[CheckIn]) -> str:
    """What was asked until now and is not any more, as a line of its own; nothing when there was nothing."""
    were = [
        draft.word(
            reader,
            "checkin.replaces",
            schedule=schedule_words(draft, reader, one.schedule),
            protocol=protocol_word(draft, reader, one.protocol),
        )
        for one in earlier
        if one.schedule is not None
    ]
    return "".join(f"\n{line}" for line in were)


def change(
    draft: Draft,
    person: Person,
    *,
    protocol: str = "",
    paused_until: datetime | None = None,
    resumed: bool = False,
    quiet: tuple[time, time] | None = None,
    quiet_said: bool = False,
) -> None:
    """Changes every periodic check-in of the person, and says what holds now."""
    mine = periodic(draft)
    if not mine:
        draft.say(person, OutboundKind.ANSWER, draft.word(person, "checkin.none"), urgency=3)
        return
    for check_in in mine:
        held = check_in.schedule
        if held is not None and quiet_said:
            held = replace(held, quiet=quiet)
        if held is not None and (paused_until is not None or resumed):
            held = replace(held, paused_until=paused_until)
        name = draft.protocol(protocol).name if protocol else check_in.protocol
        confirm(draft, person, set_next(draft, replace(check_in, schedule=held, protocol=name)))


def move(draft: Draft, person: Person, zone: str) -> None:
    """A new time zone: every local time is meant there from now on. Timers keep their instant."""
    person = draft.put_person(replace(draft.latest(person), zone=zone))
    now = clock(draft, person, draft.now)
    draft.say(person, OutboundKind.ANSWER, draft.word(person, "zone.set", zone=zone, time=now), urgency=3)
    for check_in in periodic(draft):
        if check_in.schedule is not None:
            moved = set_next(draft, replace(check_in, schedule=replace(check_in.schedule, zone=zone)))
            confirm(draft, person, moved)


def zone_unchanged(draft: Draft, event: Heard, person: Person) -> None:
    """A few words that begin as a zone does and name none went to the desk: they may have been meant for a zone, and
    whoever believes that it moved is asked at the wrong hours."""
    text = event.inbound.text.strip()
    is_short = len(text.split()) <= ZONE_WORDS and event.inbound.kind is InboundKind.TEXT
    if not is_short or text.startswith("/") or not listens(draft, person, text):
        return
    wish = parse_zone(f"/{text}")
    if isinstance(wish, Misread):
        draft.say(person, OutboundKind.ANSWER, misread_words(draft, person, wish), urgency=3)


def protocol_words(draft: Draft) -> Phrases[str]:
    """How the ladders of periodic check-ins are called, in every language that the bot speaks."""
    names = (p.name for p in draft.rules.protocols.values() if p.watches is CheckInKind.PERIODIC)
    return said_with(draft.rules.words, draft.rules.words.languages, "protocol", names)


def protocol_named(draft: Draft, text: str) -> str | None:
    """The protocol whose name is the whole message, with or without the word before it."""
    reader = Reader(text.lstrip("/"))
    reader.skip(PROTOCOL)
    found = reader.take(protocol_words(draft))
    return found if reader.at and reader.ended() else None


# ----------------------------------------------------------------------------------------------- both kinds together


def extend(draft: Draft, person: Person, wish: Extend) -> bool:
    """More time: for a timer, else for the question that waits."""
    if checkin_timers.extend(draft, person, wish):
        return True
    live = checkin_answers.waiting(draft)
    if live:
        checkin_answers.more_time(draft, person, live[-1])
    return bool(live)


def end(draft: Draft, person: Person, wish: End) -> bool:
    """The early end of a timer, or of periodic check-ins."""
    if wish.what != "check_in":
        if checkin_timers.end(draft, person, wish):
            return True
        if wish.what is None:
            return False
        draft.say(person, OutboundKind.ANSWER, draft.word(person, "timer.none"), urgency=3)
        return True
    mine = periodic(draft)
    chosen = checkin_timers.pick(mine, wish.label) if wish.label else None
    for check_in in (chosen,) if chosen is not None else mine:
        draft.put_check_in(replace(check_in, status=CheckInStatus.ENDED, next_at=None))
        tell_maker(draft, person, check_in, "notice.checkin_stopped")
    key = "checkin.stopped" if mine else "checkin.none"
    draft.say(person, OutboundKind.ANSWER, draft.word(person, key), urgency=3)
    return True


def tell_maker(
    draft: Draft, person: Person, check_in: CheckIn, key: str, *, instead_of: Iterable[CheckIn] = ()
) -> None:
    """The officer who set a check-in up hears what became of it, and of those that it takes the place of."""
    maker = draft.facts.desk.person(check_in.made_by)
    if maker is not None:
        text = draft.word(
            maker,
            key,
            name=draft.latest(person).alias or draft.word(maker, "desk.somebody"),
            check_in=check_in_words(draft, maker, check_in, of=person),
            zone=zone_of(draft, person),
        )
        text += replaced_words(draft, maker, instead_of)
        draft.say(maker, OutboundKind.NOTICE, text, via="content", urgency=3, defender_id=person.id)


def is_list(draft: Draft, person: Person, text: str) -> bool:
    """Whether the whole message asks for the list."""
    plain = folded(text.lstrip("/").partition("@")[0]).rstrip(".!?")
    return plain in spoken(draft, person, "ask.checkins")


def listing(draft: Draft, person: Person) -> None:
    """`checkins`: what is set up, and how to change it."""
    mine = (*periodic(draft), *checkin_timers.timers(draft))
    if not mine:
        draft.say(person, OutboundKind.ANSWER, draft.word(person, "checkin.none"), urgency=3)
        return
    # A dash: a number would look like an answer to choose, and none is heard here.
    lines = [f"– {check_in_words(draft, person, c)}" for c in mine]
    title = draft.word(person, "checkin.list", zone=zone_of(draft, person))
    text = "\n".join([title, *lines, draft.word(person, "checkin.how")]) + resting.line(draft, person)
    draft.say(person, OutboundKind.ANSWER, text, urgency=3)
