"""Check-ins rest while the desk has a case because of one, or an alarm: who hears that they rest, and that they go on.

1. Whoever has the case, or is called for it, hears once that a question was not asked because of it: an officer who
   relies on tonight's check-in must not wait for it.
2. The defender hears it when they ask what is set up.
3. With the case the rest ends, and both hear when the next question comes.
4. Not after an outcome that the taxonomy calls quiet: whoever holds the phone by then is asked nothing, until an
   officer lets the check-ins go on.

Source: protection practice, "Check-ins".
"""

from __future__ import annotations

from datetime import datetime

from alerts.cases import Case, Source
from alerts.checkins import CheckIn, CheckInKind, CheckInStatus
from alerts.people import Person
from alerts.records import replace
from handlers import missed, relay
from handlers.draft import Draft
from handlers.localtime import clock


def rests_for(case: Case) -> bool:
    """Whether the check-ins of the person whose case it is rest while it is open."""
    grave = case.source is Source.SOS or case.urgency == 1
    return case.is_open and not case.drill and (grave or case.round_id is not None)


def resting(draft: Draft) -> Case | None:
    """The case of the person at hand that their check-ins rest for."""
    return next((c for c in map(draft.latest, draft.facts.cases) if rests_for(c)), None)


def passed_over(draft: Draft, person: Person, meant: datetime) -> None:
    """A question was not asked because of a case: those who watch the case hear it, each once."""
    case = resting(draft)
    if case is None:
        return
    fresh = [p for p in relay.watchers(draft, case) if p.id not in case.rest_told]
    for officer in fresh:
        at = clock(draft, officer, meant)
        missed.tell(draft, case, person, "notice.checkins_rest", (officer,), time=at)
    if fresh:
        draft.put_case(replace(case, rest_told=(*case.rest_told, *(p.id for p in fresh))))


def line(draft: Draft, person: Person) -> str:
    """A line under what is set up, for the person themselves, while it rests."""
    return "" if resting(draft) is None else "\n" + draft.word(person, "checkin.rest_now")


def goes_on_at(draft: Draft, case: Case) -> datetime | None:
    """When the next question comes to whose case this is, once it is closed; None when nothing rested because of it
    alone. `case` is as it was before it was closed."""
    others = (c for c in map(draft.latest, draft.facts.board) if c.id != case.id)
    if not rests_for(case) or any(c.person_id == case.person_id and rests_for(c) for c in others):
        return None
    mine = (c for c in draft.facts.resting if c.person_id == case.person_id)
    asks = (c for c in mine if c.kind is CheckInKind.PERIODIC and c.status is CheckInStatus.ACTIVE)
    return min((c.next_at for c in asks if c.next_at is not None), default=None)


def lay_down(draft: Draft, person_id: str) -> None:
    """Nothing is asked of this person any more until an officer says so. What was only suggested is withdrawn, and a
    timer is over: nobody is left to report its end."""
    for one in map(draft.latest, draft.facts.resting):
        if one.person_id != person_id or one.status is CheckInStatus.RESTING:
            continue
        goes_on = one.kind is CheckInKind.PERIODIC and one.status is CheckInStatus.ACTIVE
        status = CheckInStatus.RESTING if goes_on else CheckInStatus.ENDED
        draft.put_check_in(replace(one, status=status, next_at=None))


def laid_down(draft: Draft, person_id: str) -> tuple[CheckIn, ...]:
    """The check-ins of this person that rest until an officer lets them go on."""
    known = map(draft.latest, (*draft.facts.resting, *draft.facts.check_ins))
    mine = (c for c in known if c.person_id == person_id and c.status is CheckInStatus.RESTING)
    return tuple({c.id: c for c in mine}.values())
