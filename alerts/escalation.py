"""Whom a case pages, and which deadlines stand behind it: both follow from the case and the policy alone.

`case_deadlines` is law 3 in code: every status of an unclosed case gives at least one deadline. It is the only place
that decides when a case is looked at again; the turn arms what it says after every change and disarms the rest.

Source of the rules: protection practice, "Urgency" and "The desk".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from alerts.cases import Case, CaseStatus
from alerts.deadlines import Deadline, DeadlineKind
from alerts.facts import DeskView
from alerts.people import Person, Role
from alerts.policy import Escalation, EscalationPolicy, Step, Target, Urgency, answer_due, plan_due
from alerts.records import replace

CASE_DEADLINES = (
    DeadlineKind.CLIMB,
    DeadlineKind.DOUBT,
    DeadlineKind.ACK,
    DeadlineKind.ANSWER,
    DeadlineKind.PLAN,
    DeadlineKind.REVIEW,
)

LATER_ANSWER = timedelta(minutes=10)
"""In a conversation that has begun nobody else is called sooner than this, however urgent the case: people put their
phones down. Our own judgement."""
PLAN_NAGS = 2
"""The taker is reminded of a missing plan, then others are told; after that the review is left."""


def rule_of(case: Case, policy: EscalationPolicy) -> Escalation:
    """The escalation of the case's urgency."""
    return policy.by_urgency[Urgency(case.urgency)]


def case_deadlines(case: Case, policy: EscalationPolicy) -> dict[DeadlineKind, datetime]:
    """When the case is looked at again, and why. Empty for a closed case only."""
    if case.status is CaseStatus.CLOSED:
        return {}
    rule = rule_of(case, policy)
    due: dict[DeadlineKind, datetime] = {}
    if case.status is CaseStatus.OPEN:
        start = case.climb_from or case.opened_at
        due[DeadlineKind.CLIMB] = start + rule.step(case.step).after
    elif case.climb_from is not None:
        due[DeadlineKind.CLIMB] = case.climb_from + rule.step(case.step).after
    if case.doubt_until is not None:
        due[DeadlineKind.DOUBT] = case.doubt_until
    if case.ack_by is not None:
        due[DeadlineKind.ACK] = case.ack_by
    if case.status is CaseStatus.TAKEN and case.unanswered_since is not None:
        due[DeadlineKind.ANSWER] = answer_by(case, rule)
    if not due:
        due[DeadlineKind.REVIEW] = (case.seen_at or case.opened_at) + rule.review
    plan = plan_by(case, rule)
    if plan is not None:
        due[DeadlineKind.PLAN] = plan
    return due


def in_time(case: Case, policy: EscalationPolicy, now: datetime) -> Case:
    """The case as it is; but where its times lie ahead, since the machine's clock was set back, they are now, and it
    climbs on from the step that it had reached. Else nobody would be called until the clock has caught up.

    The same where its next step lies further ahead than the policy ever waits for it: the policy's times were edited.
    """
    case = _climbing_in_time(case, policy, now)
    times = (case.opened_at, case.climb_from, case.taken_at, case.answered_at, case.unanswered_since)
    if all(at is None or at <= now for at in (*times, case.seen_at, case.raised_at, case.told_at)):
        return case

    def past(at: datetime | None) -> datetime | None:
        return min(at, now) if at is not None else None

    climb_from = case.climb_from
    if climb_from is not None and climb_from > now:
        climb_from = now - (rule_of(case, policy).step(case.step - 1).after if case.step else timedelta())
    return replace(
        case,
        opened_at=min(case.opened_at, now),
        climb_from=climb_from,
        taken_at=past(case.taken_at),
        answered_at=past(case.answered_at),
        unanswered_since=past(case.unanswered_since),
        seen_at=past(case.seen_at),
        raised_at=past(case.raised_at),
        told_at=past(case.told_at),
        ack_by=min(case.ack_by, now + policy.fold_ack) if case.ack_by is not None else None,
        doubt_until=min(case.doubt_until, now + policy.doubt) if case.doubt_until is not None else None,
    )


def _climbing_in_time(case: Case, policy: EscalationPolicy, now: datetime) -> Case:
    if case.climb_from is None or case.climb_from > now or not case.step:
        return case
    rule = rule_of(case, policy)
    ahead = case.climb_from + rule.step(case.step).after - now - rule.wait_before(case.step)
    return replace(case, climb_from=case.climb_from - ahead) if ahead > timedelta() else case


def plan_by(case: Case, rule: Escalation) -> datetime | None:
    """When the taker is reminded that no plan is noted, then when others are told; None when nobody is any more.

    It is looked at once somebody has answered the person: until then the answer is what is missing. Beside it the case
    has the deadlines that it would have without a plan.
    """
    waits = case.status is CaseStatus.TAKEN and case.planned_at is None and case.plan_nags < PLAN_NAGS
    if not waits or case.answered_at is None:
        return None
    since = case.raised_at or case.opened_at
    first = max(
        plan_due(rule, since, case.taken_at or case.opened_at),
        max(since, case.answered_at) + rule.answer_grace,
    )
    return first + rule.plan_again * case.plan_nags


def answer_by(case: Case, rule: Escalation) -> datetime:
    """When somebody else is paged because the person waits for words.

    The first answer is due by the policy's target; a later one within the same time from the person's message, though
    not before `LATER_ANSWER`. Each page for it is followed by a longer wait, so that a chat that simply ended does not
    go on waking people; but by none longer than the policy's `review`, so that nobody is forgotten whose officer has
    fallen silent.
    """
    waiting = case.unanswered_since or case.opened_at
    if case.answered_at is None:
        first = answer_due(rule, case.opened_at, case.taken_at or case.opened_at)
    else:
        first = waiting + max(rule.answer, LATER_ANSWER)
    wait = max(rule.answer, rule.answer_grace)
    longest, doublings = max(rule.review, wait), 0
    while doublings < case.nags and wait * 2**doublings < longest:
        doublings += 1
    return first + wait * float(2**doublings - 1) + longest * (case.nags - doublings)


def armed(case: Case, policy: EscalationPolicy) -> tuple[Deadline, ...]:
    """The deadlines of a case as rows, with its version as token."""
    return tuple(
        Deadline(kind, case.id, case.person_id, case.version, case.step, case.urgency, at)
        for kind, at in case_deadlines(case, policy).items()
    )


def officers(desk: DeskView) -> tuple[Person, ...]:
    """Officers of the desk, not leads."""
    return tuple(p for p in desk.staff if p.role is Role.OFFICER)


def leads(desk: DeskView) -> tuple[Person, ...]:
    """The desk's leads."""
    return tuple(p for p in desk.staff if p.role is Role.LEAD)


def order_of_call(desk: DeskView) -> tuple[str, ...]:
    """Everybody in the order in which they would be called: the rota's, then the other officers, then the leads."""
    ids = [*desk.on_call, *(p.id for p in officers(desk)), *(p.id for p in leads(desk))]
    present = {p.id for p in desk.staff}
    return tuple(i for i in dict.fromkeys(ids) if i in present)


def beside_taker(desk: DeskView, case: Case) -> tuple[Person, ...]:
    """Who hears of a taken case that rests: whoever would be called next, and the leads. Never its taker, nor the
    officer whose own alarm it is."""
    not_these = (case.taken_by, case.person_id)
    following = next((i for i in order_of_call(desk) if i not in not_these), None)
    found = {i: desk.person(i) for i in (following, *(p.id for p in leads(desk))) if i not in not_these}
    return tuple(p for p in found.values() if p is not None)


def to_page(
    step: Step, desk: DeskView, already: Iterable[str], without: frozenset[str] = frozenset()
) -> tuple[Person, ...]:
    """The people that a step pages. `already` were paged in this climb; `without` are not to be paged.

    With nobody on call the whole desk and the lead are paged at once. Never empty while the desk has anybody at all:
    when nobody else is left, `without` gives way.
    """
    done = frozenset(already) | without
    found: list[str] = []
    for target in step.targets:
        match target:
            case Target.ON_CALL:
                first = next((i for i in desk.on_call if i not in without), None)
                found += [first] if first else [p.id for p in desk.staff]
            case Target.NEXT:
                following = next((i for i in order_of_call(desk) if i not in done), None)
                found += [following] if following else [p.id for p in officers(desk)]
            case Target.DESK:
                found += [p.id for p in officers(desk)]
            case Target.LEAD:
                found += [p.id for p in leads(desk)] or [p.id for p in desk.staff]
    chosen = [i for i in dict.fromkeys(found) if i not in without]
    if not chosen:
        chosen = [p.id for p in desk.staff if p.id not in without] or [p.id for p in desk.staff]
    people = (desk.person(i) for i in chosen)
    return tuple(p for p in people if p is not None)
