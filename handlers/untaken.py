"""What is said of a case that nobody takes: to the person, honestly and less and less often; to the desk, since when.

Source: protection practice, "SOS".
"""

from __future__ import annotations

from collections.abc import Iterable

from alerts.cases import Case, CaseStatus, Source
from alerts.escalation import leads, rule_of
from alerts.events import OutboundKind
from alerts.outbox import Guard
from alerts.people import Person
from handlers.draft import Draft
from handlers.localtime import clock
from handlers.waiting import since

PAGED_URGENCIES = (1, 2, 3)
"""P4 and P5 are told without waking anybody: a notice instead of a page."""
HONEST_STEPS = (1, 2, 3, 6, 12)
HONEST_AGAIN = 24
"""The defender hears of these steps of a climb, then of each so many: a phone that lights up every half hour for days
helps nobody who hides. They are counted as if the policy's repeats never stretched."""


def wrote_to_us(case: Case) -> bool:
    """Whether the person called for somebody, and hears who has seen it: by what opened the case, or by an alarm since.

    To who has missed a check-in nothing is said: they wrote nothing that could be seen, and whoever holds the phone
    would learn that the desk is looking. With a late OK they hear at once that a person will write.
    """
    called = case.source in (Source.SOS, Source.MESSAGE) or case.told_at is not None
    return called and not case.drill


def tell_not_seen(draft: Draft, case: Case, steps: int = 1, *, called: Iterable[str]) -> None:
    """*Not seen yet, we are calling the next person*: to somebody who wrote to us and waits. `steps` is how many steps
    of the policy were carried out just now; `called` are those who had been called until then: when they are called
    once more that is what is said, since there is no next person."""
    person = draft.person(case.person_id)
    if person is None or not wrote_to_us(case) or case.urgency not in PAGED_URGENCIES:
        return
    rule, before = rule_of(case, draft.rules.policy), case.step - 1 - steps
    first = rule.evenly(rule.step(before).after) + 1 if before >= 0 else 1
    done = range(max(1, first), rule.evenly(rule.step(case.step - 1).after) + 1)
    if any(step in HONEST_STEPS or step % HONEST_AGAIN == 0 for step in done):
        draft.say(
            person,
            OutboundKind.RECEIPT,
            draft.word(
                person, "receipt.not_seen" if set(case.paged) - set(called) else "receipt.called_again"
            ),
            case=case,
            guard=Guard.UNTAKEN,
            token=case.climbs,
        )


def says_since(draft: Draft, reader: Person, case: Case) -> str:
    """A line on the page of a taken case whose person waits for words: since when."""
    if case.unanswered_since is None:
        return ""
    return "\n" + draft.word(reader, "page.waits_words", time=clock(draft, reader, case.unanswered_since))


def says_waiting(draft: Draft, reader: Person, case: Case) -> str:
    """What the page says of a case whose steps are all carried out: since when nobody has taken it. The lead hears too
    when the next ones come later than this one did. `case` is before this step is noted on it."""
    rule = rule_of(case, draft.rules.policy)
    if case.step < len(rule.steps) or case.climb_from is None:
        return ""
    key = "page.waits_taken" if case.status is CaseStatus.TAKEN else "page.waits"
    taker = draft.person(case.taken_by)
    officer = (taker.alias if taker else "") or draft.word(reader, "desk.officer")
    line = draft.word(reader, key, officer=officer, time=clock(draft, reader, since(case)))
    in_charge = leads(draft.facts.desk) or draft.facts.desk.staff
    if any(p.id == reader.id for p in in_charge) and rule.wait_before(case.step + 1) > rule.wait_before(
        case.step
    ):
        coming = max(draft.now, case.climb_from + rule.step(case.step).after) + rule.wait_before(
            case.step + 1
        )
        line += " " + draft.word(reader, "page.waits_longer", time=clock(draft, reader, coming))
    return line
