"""A check-in that an officer sets up for a defender, who has to agree before it begins.

Source: protection practice, "Check-ins".
"""

from __future__ import annotations

from alerts.checkins import CheckIn, CheckInStatus
from alerts.events import OutboundKind
from alerts.facts import Heard
from alerts.invitations import name_key
from alerts.people import Person, Role, Standing
from alerts.recognition import Intent
from alerts.records import replace
from alerts.timetext import Misread, parse_resume, parse_schedule
from handlers import checkin_setup, resting
from handlers.checkin_words import misread_words, protocol_word, schedule_words
from handlers.draft import Draft
from handlers.localtime import clock, zone_of
from handlers.telling import unasked

ANSWERS = (("checkin_set:yes", "button.agree"), ("checkin_set:no", "button.disagree"))


def propose(draft: Draft, officer: Person, rest: str) -> None:
    """`checkin NAME daily 9:00 21:00 routine` or `checkin NAME resume`, or in reply to a message of the defender's
    case."""
    person, words = meant(draft, rest)
    if person is None:
        tell(draft, officer, "desk.checkin_who")
        return
    if person.role is not Role.DEFENDER or not person.verified or person.status is not Standing.ACTIVE:
        tell(draft, officer, "desk.checkin_not_defender", name=person.alias)
        return
    if parse_resume(words):
        go_on(draft, officer, person)
        return
    wish = parse_schedule(words, protocols=checkin_setup.protocol_words(draft), asked=True)
    if wish is None or isinstance(wish, Misread):
        hint = misread_words(draft, officer, wish) if isinstance(wish, Misread) else ""
        tell(draft, officer, "desk.checkin_how", name=person.alias, hint=hint)
        return
    made = checkin_setup.made_schedule(draft, person, wish)
    protocol = wish.protocol or checkin_setup.FIRST_PROTOCOL
    check_in = checkin_setup.new_check_in(
        draft, person, made, protocol, made_by=officer.id, status=CheckInStatus.PROPOSED
    )
    draft.put_check_in(check_in)
    text = draft.word(
        person,
        "checkin.proposed",
        officer=officer.alias or draft.word(person, "desk.officer"),
        schedule=schedule_words(draft, person, made),
        protocol=protocol_word(draft, person, check_in.protocol),
    )
    silent = next((c for c in draft.facts.board if c.person_id == person.id and c.silent), None)
    draft.say(
        person,
        OutboundKind.QUESTION,
        text,
        case=silent,
        choices=draft.choices(person, ANSWERS),
        question="checkin_set",
    )
    tell(
        draft,
        officer,
        "desk.checkin_asked",
        name=person.alias,
        schedule=schedule_words(draft, officer, made, of=person),
        zone=zone_of(draft, person),
    )


def go_on(draft: Draft, officer: Person, person: Person) -> None:
    """`checkin NAME resume`: what rests since a case ended begins again, and both hear when."""
    coming = []
    for one in resting.laid_down(draft, person.id):
        one = checkin_setup.set_next(draft, replace(one, status=CheckInStatus.ACTIVE))
        coming += [one.next_at] if one.next_at is not None else []
    if not coming:
        tell(draft, officer, "desk.checkin_none_rests", name=person.alias)
        return
    tell(draft, officer, "notice.checkins_go_on", time=clock(draft, officer, min(coming)))
    cases = (c for c in draft.facts.board if c.person_id == person.id)
    unasked(draft, person, cases, "checkin.goes_on", time=clock(draft, person, min(coming)))


def meant(draft: Draft, rest: str) -> tuple[Person | None, str]:
    """Whom the command is about, and its other words. Nobody when the name is not one defender's alone."""
    words = rest.split()
    for length in range(min(3, len(words)), 0, -1):
        key = name_key(" ".join(words[:length]))
        found = [p for p in draft.facts.called if name_key(p.alias) == key and p.role is Role.DEFENDER]
        if len(found) == 1:
            return draft.latest(found[0]), " ".join(words[length:])
    cases = draft.facts.named or ((draft.facts.case,) if draft.facts.case is not None else ())
    if len(cases) == 1:
        return draft.person(cases[0].person_id), rest
    return None, rest


def tell(draft: Draft, officer: Person, key: str, **arguments: object) -> None:
    """An answer to the officer."""
    draft.say(officer, OutboundKind.ANSWER, draft.word(officer, key, **arguments).strip(), urgency=3)


def heard(draft: Draft, event: Heard, person: Person, intent: Intent | None) -> bool:
    """A yes or no in words to a check-in that an officer proposed. False: it was none."""
    if intent not in (Intent.YES, Intent.OK, Intent.NO) or proposed(draft) is None:
        return False
    if not checkin_setup.listens(draft, person, event.inbound.text.strip()):
        return False
    decided(draft, event, person, yes=intent is not Intent.NO)
    return True


def proposed(draft: Draft) -> CheckIn | None:
    """The newest proposal that waits for the person's answer."""
    mine = [c for c in map(draft.latest, draft.facts.check_ins) if c.status is CheckInStatus.PROPOSED]
    return max(mine, key=lambda c: c.id, default=None)


def decided(draft: Draft, event: Heard, person: Person, *, yes: bool) -> None:
    """The defender's yes or no. A yes takes the place of what was set up before."""
    newest = proposed(draft)
    if newest is None:
        draft.say(person, OutboundKind.ANSWER, draft.word(person, "checkin.over"), urgency=3)
        return
    waiting = [c for c in map(draft.latest, draft.facts.check_ins) if c.status is CheckInStatus.PROPOSED]
    earlier = (*checkin_setup.periodic(draft), *resting.laid_down(draft, person.id)) if yes else ()
    for other in (*(c for c in waiting if c.id != newest.id), *earlier):
        draft.put_check_in(replace(other, status=CheckInStatus.ENDED, next_at=None))
    if not yes:
        draft.put_check_in(replace(newest, status=CheckInStatus.ENDED))
        draft.say(person, OutboundKind.ANSWER, draft.word(person, "checkin.declined"), urgency=3)
        checkin_setup.tell_maker(draft, person, newest, "notice.checkin_declined")
        return
    agreed = checkin_setup.set_next(draft, replace(newest, status=CheckInStatus.ACTIVE))
    checkin_setup.confirm(draft, person, agreed, instead_of=earlier)
    checkin_setup.tell_maker(draft, person, agreed, "notice.checkin_agreed", instead_of=earlier)
