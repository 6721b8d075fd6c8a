"""Short things said to staff and to people about who is who: always in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.cases import Case
from alerts.events import OutboundKind
from alerts.outbox import Guard
from alerts.people import Address, Person
from handlers.draft import Draft
from handlers.localtime import for_the_day


def answer(draft: Draft, person: Person, key: str, **arguments: object) -> None:
    """An answer to what somebody just wrote."""
    draft.say(person, OutboundKind.ANSWER, draft.word(person, key, **arguments), urgency=3)


def answer_on(draft: Draft, person: Person, case: Case, key: str, **arguments: object) -> None:
    """An answer about a case: words in reply to it are for that case."""
    words = draft.word(person, key, **arguments)
    draft.say(person, OutboundKind.ANSWER, words, case=case, urgency=3, defender_id=case.person_id)


def notice(draft: Draft, people: Iterable[Person], key: str, **arguments: object) -> None:
    """Something that members of staff should know, without waking anybody."""
    for person in {p.id: p for p in people}.values():
        draft.say(person, OutboundKind.NOTICE, draft.word(person, key, **arguments), urgency=3)


def notice_of(draft: Draft, people: Iterable[Person], key: str, **arguments: object) -> None:
    """As `notice`, where it names a defender or a trusted contact: on the account that may carry content; whoever has
    none reads only that there is something."""
    for person in {p.id: p for p in people}.values():
        text, bare = draft.word(person, key, **arguments), draft.word(person, "notice.of_somebody")
        draft.say(person, OutboundKind.NOTICE, text, via="content", urgency=3, bare=bare, line=bare)


def unasked(
    draft: Draft,
    person: Person,
    cases: Iterable[Case],
    key: str,
    *,
    to: tuple[Address, ...] | None = None,
    **arguments: object,
) -> None:
    """Something that a defender did not ask for just now. While one of their cases is silent it is held with it."""
    silent = next((case for case in map(draft.latest, cases) if case.silent), None)
    draft.say(person, OutboundKind.NOTICE, draft.word(person, key, **arguments), case=silent, to=to)


def staff_but(draft: Draft, *people: Person) -> tuple[Person, ...]:
    """Everybody at the desk whose rights hold, less these."""
    left_out = {person.id for person in people}
    return tuple(p for p in map(draft.latest, draft.facts.desk.staff) if p.id not in left_out and p.is_staff)


def first_on_call(draft: Draft) -> tuple[Person, ...]:
    """Who would be called first now; everybody when nobody is on call."""
    first = draft.facts.desk.person(next(iter(draft.facts.desk.on_call), None))
    return (first,) if first is not None else draft.facts.desk.staff


def remind(
    draft: Draft, case: Case, told: Iterable[tuple[Person, str]], taker: Person | None, guard: Guard
) -> None:
    """Tells staff of a case on which nothing happens, each by the text of a key; nobody is paged, and in the morning
    where it can wait. Without a name for the taker it is "an officer"."""
    ready_at = for_the_day(draft, case.urgency)
    for person, key in told:
        officer = (taker.alias if taker else "") or draft.word(person, "desk.officer")
        text = draft.word(person, key, ref=case.ref, urgency=f"P{case.urgency}", officer=officer)
        draft.say(
            person,
            OutboundKind.NOTICE,
            text,
            via="content",
            bare=text,
            case=case,
            guard=guard,
            ready_at=ready_at,
            defender_id=case.person_id,
        )
