"""What is read for staff who may be closing a case, or letting somebody's check-ins go on."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.cases import Case
from alerts.facts import Facts
from alerts.people import Person
from alerts.records import replace
from alerts.store.work import Work


def read(work: Work, facts: Facts, cases: Iterable[Case], called: Iterable[Person]) -> Facts:
    """The check-ins and waiting questions of those whose cases these are, or who are called by name; and when they last
    wrote on the cases."""
    known = {case.id: case for case in cases}
    whose = sorted({case.person_id for case in known.values()} | {p.id for p in called if not p.is_staff})
    return replace(
        facts,
        resting=tuple(one for i in whose for one in work.check_ins_of(i)),
        asked=tuple(one for i in whose for one in work.live_rounds_of(i)),
        written=work.last_written(known.values()),
    )
