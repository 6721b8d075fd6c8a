"""What a page says beyond its case when it is not the first one: that it comes again, how long the case has waited, and
who was called before. An officer who is woken twice must not take the second page for the first."""

from __future__ import annotations

from datetime import datetime, timedelta

from alerts.cases import Case, CaseStatus
from alerts.people import Person
from handlers.draft import Draft
from handlers.localtime import length

NAMED = 5
"""Names of those who were called before; of a whole desk the rest is counted."""
SHORTEST = timedelta(minutes=1)
"""A wait that is shorter is not spoken of."""


def asides(draft: Draft, reader: Person, case: Case, waits: str = "") -> tuple[str, str]:
    """The line in the reader's language, and one that says nothing of who was called, for channels that others may
    read; both empty on the first call of a climb. `waits` stands for how long it has waited."""
    span = draft.now - since(case)
    if span < SHORTEST or not (case.step or case.climbs):
        return "", ""
    again = reader.id in case.paged
    parts = [draft.word(reader, "page.comes_again")] * again
    parts += [waits or draft.word(reader, "page.waiting_for", span=length(draft, reader, span))]
    names = _called(draft, reader, case)
    who = (
        [draft.word(reader, "page.called_too" if again else "page.called_before", names=names)]
        if names
        else []
    )
    return " ".join([*parts, *who]), " ".join(parts)


def since(case: Case) -> datetime:
    """Since when nobody has answered the call: from its opening, or from when it began to climb again after somebody
    had had it."""
    never_taken = case.status is CaseStatus.OPEN and not case.reopened
    raised = case.climb_from is not None and case.climb_from == case.raised_at
    if case.climb_from is None or (never_taken and (not case.climbs or raised)):
        return case.opened_at
    return case.climb_from


def second_line(text: str, line: str) -> str:
    """The text with the line behind its first one, which a notification shows."""
    head, broken, rest = text.partition("\n")
    return f"{head}\n{line}{broken}{rest}" if line else text


def _called(draft: Draft, reader: Person, case: Case) -> str:
    """Who was called in this climb before, without the reader."""
    people = [draft.person(i) for i in case.paged if i != reader.id]
    names = [person.alias for person in people if person is not None and person.alias]
    more = f" +{len(names) - NAMED}" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
