"""Prompts and rungs that have come.

1. A check-in asks again and again, whatever becomes of one question: its next prompt is armed before anything else.
2. One question at a time. While a question of the same check-in waits for its answer, or the desk has a case because of
   one, the next prompt is passed over: the ladder of the first goes on, and a second one would say nothing new.
3. While an SOS or another P1 case is open, check-ins rest. A timer that ends then is a new alarm on that case: whoever
   has it is paged and has to acknowledge it, and who is called for it from then on reads of it.
4. A prompt or a rung that comes late was held up by us. The person is asked anew, and what comes before the desk starts
   afresh; the desk's own rung is carried out at once. So our outage is never counted as anybody's silence, whether or
   not somebody noticed the outage as such.

Source: protection practice, "Check-ins".
"""

from __future__ import annotations

from datetime import datetime, timedelta

from alerts.cases import Case, CaseStatus, Source
from alerts.checkins import CheckIn, CheckInKind, CheckInStatus, Round, RoundStatus
from alerts.deadlines import DeadlineKind
from alerts.events import OutboundKind
from alerts.facts import Due
from alerts.people import Person, Standing
from alerts.records import replace
from alerts.rounds import ended, next_rung
from alerts.schedule import next_prompt
from alerts.walltime import zone_named
from handlers import ladder_rungs, missed, paging, relay, resting
from handlers.draft import Draft
from handlers.localtime import clock, dated
from handlers.words import excerpt


def due(draft: Draft, event: Due) -> None:
    """A prompt, a timer's end, a warning or a rung has come. One with a stale token does nothing."""
    deadline = event.deadline
    if deadline.kind is DeadlineKind.RUNG:
        round_ = draft.facts.round
        if round_ is not None and round_.version == deadline.token:
            due_rung(draft, round_, late=late(draft, deadline.due_at))
        return
    check_in, person = draft.facts.check_in, draft.facts.me
    if check_in is None or check_in.version != deadline.token or check_in.status is not CheckInStatus.ACTIVE:
        return
    if person is None or person.status is Standing.GONE:
        draft.put_check_in(replace(check_in, status=CheckInStatus.ENDED, next_at=None))
    elif deadline.kind is DeadlineKind.WARN:
        warn(draft, check_in, person)
    elif check_in.kind is CheckInKind.TIMER:
        timer_ended(draft, check_in, person)
    else:
        prompt(draft, check_in, person)


def late(draft: Draft, due_at: datetime) -> bool:
    """Whether this comes so late that we must have been away."""
    return draft.now - due_at > timedelta(seconds=draft.rules.gap_seconds)


def grave_case(draft: Draft) -> Case | None:
    """The person's open case that check-ins rest for: an SOS, or any other P1."""
    cases = map(draft.latest, draft.facts.cases)
    return next((c for c in cases if not c.drill and (c.source is Source.SOS or c.urgency == 1)), None)


# ------------------------------------------------------------------------------------------------------------ prompts


def prompt(draft: Draft, check_in: CheckIn, person: Person) -> None:
    """The time of a periodic check-in has come."""
    meant = check_in.next_at or draft.now
    following = next_prompt(check_in.schedule, max(draft.now, meant)) if check_in.schedule else None
    status = CheckInStatus.ACTIVE if following is not None else CheckInStatus.ENDED
    check_in = draft.put_check_in(replace(check_in, next_at=following, status=status))
    if grave_case(draft) is not None or still_waits(draft, check_in):
        resting.passed_over(draft, person, meant)
        draft.event("prompt_passed_over", check_in=check_in.id)
        return
    ask(draft, check_in, person, meant)


def still_waits(draft: Draft, check_in: CheckIn) -> bool:
    """Whether an earlier question still waits, or is the desk's by now."""
    live = any(r.check_in_id == check_in.id for r in draft.facts.rounds)
    return live or any(c.round_id is not None for c in draft.facts.cases)


def timer_ended(draft: Draft, check_in: CheckIn, person: Person) -> None:
    """A timer has run out without a word. Its first message goes out now, and its rungs count from its end."""
    meant = check_in.next_at or draft.now
    grave = grave_case(draft)
    if grave is not None:
        draft.put_check_in(replace(check_in, status=CheckInStatus.ENDED, next_at=None))
        ended_meanwhile(draft, check_in, person, grave, meant)
        return
    check_in = draft.put_check_in(replace(check_in, next_at=None))
    ask(draft, check_in, person, meant)


def ended_meanwhile(draft: Draft, check_in: CheckIn, person: Person, case: Case, meant: datetime) -> None:
    """A timer has run out while a grave case of the person is open."""
    zone = zone_named(draft.rules.zone)
    at = dated(meant.astimezone(zone), draft.now.astimezone(zone), draft.rules.language)
    words = draft.rules.words.say(draft.rules.language, "checkin.timer_meanwhile_short", time=at)
    words = " ".join(part for part in (check_in.label, words) if part)
    draft.record(
        person_id=person.id, author_id=person.id, kind="system", case=case, key_id=case.key_id, text=words
    )
    told = relay.watchers(
        draft, case
    )  # its taker too: for a case with an alarm unacknowledged no page goes out
    case = replace(case, needs_verification=False)  # an OK that was said before this silence
    if case.status is CaseStatus.TAKEN:
        case = paging.alert_taker(draft, replace(case, headline=words), words)
    else:
        case = draft.put_case(replace(case, headline=excerpt(f"{words} · {case.headline}")))
    for officer in told:
        missed.tell(
            draft,
            case,
            person,
            "checkin.timer_meanwhile",
            (officer,),
            label=check_in.label,
            time=clock(draft, officer, meant),
        )


def ask(draft: Draft, check_in: CheckIn, person: Person, meant: datetime) -> None:
    """Begins a round: the question goes out, and the next rung is armed."""
    protocol = draft.protocol(check_in.protocol, check_in.kind)
    round_ = draft.put_round(
        Round(
            id=draft.new_id(),
            check_in_id=check_in.id,
            person_id=person.id,
            case_id=None,
            status=RoundStatus.LIVE,
            rung=1,
            version=0,
            asked_at=meant,
            ended_at=None,
            key_id=person.key_id,
            protocol=protocol.name,
            done=(0,),
            shifted_from=draft.now if late(draft, meant) else None,
        )
    )
    ladder_rungs.ask(draft, round_, check_in, person)
    draft.event("asked", round=round_.id, protocol=protocol.name)


def warn(draft: Draft, check_in: CheckIn, person: Person) -> None:
    """A timer ends soon. Said once, and not at all when the end has come meanwhile."""
    if check_in.next_at is None or check_in.next_at <= draft.now or grave_case(draft) is not None:
        return
    at = clock(draft, person, check_in.next_at)
    text = draft.word(person, "checkin.timer_soon", label=check_in.label, time=at)
    draft.say(person, OutboundKind.NOTICE, text, urgency=3)


# -------------------------------------------------------------------------------------------------------------- rungs


def due_rung(draft: Draft, round_: Round, *, late: bool) -> None:
    """The next rung of a round has come."""
    person = draft.facts.me
    if person is None or round_.status not in (RoundStatus.LIVE, RoundStatus.DESK):
        return
    case = draft.facts.case
    if round_.status is RoundStatus.DESK and (case is None or case.status is CaseStatus.CLOSED):
        # Whoever closed the case ended this; nothing more is done about it.
        draft.put_round(ended(round_, RoundStatus.CLOSED, draft.now))
        return
    coming = next_rung(round_, draft.protocol(round_.protocol).ladder)
    if coming is not None:
        ladder_rungs.carry_out(draft, round_, person, coming[0], late=late)
