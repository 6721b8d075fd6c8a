"""Whether what waits to be said is still worth saying, looked at right before it is handed over."""

from __future__ import annotations

from datetime import timedelta

from alerts.cases import Case, CaseStatus
from alerts.checkins import Round, RoundStatus
from alerts.events import OutboundKind
from alerts.outbox import CHANNEL_BACK, CHANNEL_DEAD, OUT, UNASKED, Guard, Outgoing, SendState
from alerts.people import LinkStatus
from alerts.store.work import Work
from bot.bundles import LATE, may_repeat

STANDING = frozenset({Guard.UNTAKEN, Guard.SOUGHT})
"""Guards of pages that say how a case stands. Others tell of something that happened once."""


def said_otherwise(work: Work, row: Outgoing) -> bool:
    """Whether something else that was said since, or was not, makes this one superfluous."""
    meanwhile = asked_elsewhere(work, row) or gone_elsewhere(work, row) or asked_after_all(work, row)
    return meanwhile or clears_nothing(work, row) or old_news(work, row)


def gone_elsewhere(work: Work, row: Outgoing) -> bool:
    """Whether the same words have gone out by the person's other channel meanwhile."""
    return any(r.state in OUT for r in twins(work, row))


def twins(work: Work, row: Outgoing) -> list[Outgoing]:
    """The same words to the same person by another channel, since the one they were meant for was down. A page goes by
    all channels: one of them may be what wakes somebody."""
    if row.kind is OutboundKind.PAGE or not (row.attempts > 0 or row.fallback):
        return []
    others = (r for r in work.group(row.group_id) if r.id != row.id and r.person_id == row.person_id)
    return [r for r in others if r.text == row.text and (r.fallback or row.fallback)]


def no_longer_theirs(work: Work, desk: str, row: Outgoing) -> bool:
    """Whether this tells of somebody's case or silence, and whom it was for has lost the right to hear of it since it
    was said: they left the desk or their rights are frozen, or they are no trusted contact any more."""
    about = row.defender_id
    case = work.case(row.case_id) if row.case_id else None
    if about is None or row.person_id in (about, case.person_id if case is not None else about):
        return False
    if any(p.id == row.person_id and p.is_staff for p in work.desk_people(desk)):
        return False
    whose = {about, case.person_id if case is not None else about}
    links = (link for person_id in sorted(whose) for link in work.links_of(person_id))
    return not any(link.contact_id == row.person_id and link.status is LinkStatus.CONSENTED for link in links)


def says_as_much(one: Outgoing, other: Outgoing) -> bool:
    """Whether of two messages to one chat the later one makes the earlier one needless: pages that say how a case
    stands, or the same words about it."""
    if one.case_id is None or one.case_id != other.case_id or one.kind is not other.kind:
        return False
    standing = one.kind is OutboundKind.PAGE and one.guard in STANDING and other.guard in STANDING
    return standing or one.text == other.text


def old_news(work: Work, row: Outgoing) -> bool:
    """Whether this says that a channel is dead which is back, or that one is back of whose death nobody has heard."""
    if row.question not in (CHANNEL_DEAD, CHANNEL_BACK):
        return False
    told = work.group(row.group_id)
    if row.question == CHANNEL_DEAD:
        return any(r.question == CHANNEL_BACK for r in told)
    dead = [r for r in told if r.question == CHANNEL_DEAD]
    return not any(r.state in OUT or r.state is SendState.SENDING or may_repeat(r) for r in dead)


def asked_elsewhere(work: Work, row: Outgoing) -> bool:
    """Whether this question has gone out by the person's other channel, since the one it was meant for was down."""
    asks = row.kind in (OutboundKind.PROMPT, OutboundKind.REMINDER) and (row.attempts > 0 or row.fallback)
    return asks and any(r.state in OUT for r in work.group(row.group_id) if r.id != row.id)


def asked_after_all(work: Work, row: Outgoing) -> bool:
    """Whether this says that what we ask somebody does not leave us, and soon after it has. After longer the desk hears
    it all the same: with no channel up there was nobody to tell before."""
    if row.question != UNASKED or row.round_id is None or row.defender_id is None:
        return False
    sends = work.sends_of_round(row.round_id, row.defender_id)
    after = (s.sent_at - row.created_at for s in sends if s.state in OUT and s.sent_at is not None)
    return any(timedelta(0) <= waited < LATE for waited in after)


def clears_nothing(work: Work, row: Outgoing) -> bool:
    """Whether this all-clear is for an alert that never went out: whoever heard of nothing has nothing to be cleared
    of, and may be alerted anew meanwhile."""
    if row.kind is not OutboundKind.ALL_CLEAR or row.round_id is None:
        return False
    alerts = work.alerts_of_round(row.round_id, row.person_id)  # none: another check-in has told them
    handed = (a.state in OUT or a.state is SendState.SENDING or may_repeat(a) for a in alerts)
    return bool(alerts) and not any(handed)


def wanted(row: Outgoing, case: Case | None, round_: Round | None) -> bool:
    """Whether what a row says is still worth saying."""
    match row.guard:
        case Guard.NONE:
            return True
        case Guard.UNTAKEN:
            climbing = (
                case is not None
                and case.status is not CaseStatus.CLOSED
                and (case.status is CaseStatus.OPEN or case.climb_from is not None)
            )
            return climbing and case is not None and case.climbs == row.token
        case Guard.UNCLOSED:
            return case is not None and case.is_open
        case Guard.UNPLANNED:
            return case is not None and case.is_open and case.planned_at is None
        case Guard.SOUGHT:
            return (
                case is not None
                and case.is_open
                and (
                    case.ack_by is not None
                    or case.unanswered_since is not None
                    or case.status is CaseStatus.OPEN
                )
            )
        case Guard.ROUND:
            return round_ is not None and round_.status is RoundStatus.LIVE
        case Guard.UNRESOLVED:
            live = round_ is not None and round_.status in (RoundStatus.LIVE, RoundStatus.DESK)
            if live and row.kind is not OutboundKind.ALL_CLEAR:
                # Nor is a contact told that there was no answer, once there is one: the desk has it verified.
                return round_ is not None and not round_.answer
            return live or (case is not None and case.is_open)
