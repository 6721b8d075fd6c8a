"""A check-in's question, or the alert of its contacts, that no channel takes now: nobody's silence is counted then.

1. The desk hears as soon as it is known that somebody cannot be asked; theirs whom the same channel keeps make one
   notice.
2. An alert that its channel keeps is a sign that ours may have been down before: the person may not have been able to
   answer. They are asked anew, by another channel first.
3. When that does not go out either, no contact is told the moment a channel is back: the alert is taken back, and the
   contacts' rung comes again. It finds by itself how long the person could not be asked (`ladder_rungs.contacts`).

Source: protection practice, "Check-ins".
"""

from __future__ import annotations

from datetime import timedelta

from alerts.checkins import Round, RoundStatus
from alerts.ladder import RungKind
from alerts.outbox import LIVE, OUT, Outgoing, SendState
from alerts.people import Person
from alerts.records import replace
from alerts.rounds import Reached, reached, told_of_it
from handlers import ladder_rungs
from handlers.draft import Draft


def waiting_round(draft: Draft) -> Round | None:
    """The round that the message is for, while it waits for an answer."""
    round_ = draft.latest(draft.facts.round) if draft.facts.round is not None else None
    waits = round_ is not None and round_.status in (RoundStatus.LIVE, RoundStatus.DESK) and not round_.answer
    return round_ if waits else None


def not_asked(draft: Draft, person: Person) -> None:
    """What we ask goes out by none of the person's channels."""
    before = round_ = waiting_round(draft)
    if round_ is None or round_.person_id != person.id:
        return
    if round_.status is RoundStatus.LIVE and not told_of_it(round_, draft.facts.sends):
        round_ = ladder_rungs.unsent(draft, round_, person)
    round_ = taken_back(draft, round_)
    if round_ != before:
        draft.put_round(round_)


def alert_waits(draft: Draft, row: Outgoing) -> None:
    """What a contact is to be told goes out by none of theirs: the person is asked once more, unless that was done."""
    round_, case = waiting_round(draft), draft.facts.case
    person = draft.person(round_.person_id) if round_ is not None else None
    if round_ is None or person is None or (case is not None and case.needs_verification):
        return
    since = min(r.created_at for r in (row, *draft.facts.group))
    sends = draft.facts.sends
    if any(s.state in LIVE or (s.created_at is not None and s.created_at >= since) for s in sends):
        return
    kept = {a.channel for a in draft.addresses(person, "first")} == {row.channel}
    again = reached(sends) is not Reached.UNSENT
    via = "second" if kept else "first"
    ladder_rungs.ask(draft, round_, draft.facts.check_in, person, again=again, via=via)


def taken_back(draft: Draft, round_: Round) -> Round:
    """The round with its contacts' rung still to come, if none of them can have heard anything yet."""
    alerts = [a for a in draft.facts.alerts if a.state in LIVE or a.state in OUT]
    heard = (
        a.state is not SendState.QUEUED or (a.attempts > 0 and a.reason in ("", "maybe_sent")) for a in alerts
    )
    if not alerts or any(heard):
        return round_
    for alert in alerts:
        draft.put(replace(alert, state=SendState.STALE))
    people = {a.person_id for a in alerts}
    if draft.facts.case is not None:
        case = draft.latest(draft.facts.case)
        draft.put_case(replace(case, alerted=tuple(i for i in case.alerted if i not in people)))
    rungs = draft.protocol(round_.protocol).ladder.rungs
    done = tuple(n for n in round_.done if rungs[n].kind is not RungKind.CONTACTS)
    return replace(
        round_,
        done=done,
        rung=len(done),
        alerted=tuple(i for i in round_.alerted if i not in people),
        contacts_from=draft.now + timedelta(seconds=draft.rules.gap_seconds),
    )
