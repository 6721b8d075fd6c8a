"""What a channel answered: an event like any other.

Sent and delivered are noted. Refused for good goes on at once: to the person's other channel, and when there is none
left, a page goes to the next person, and a check-in knows that it was not heard.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from alerts.events import OutboundKind, Outcome, Refusal, Refused, RetryAt, Sent
from alerts.facts import Answered
from alerts.outbox import ELSEWHERE_AFTER, LIVE, OUT, Outgoing, SendState, retry_in
from alerts.people import Person, Reach
from alerts.records import replace
from handlers import ladder_rungs, reach, relay, unasked
from handlers.draft import Draft

ASK_ELSEWHERE_AFTER = 2
"""Tries of a check-in's question by a channel that is down, after which the person's other channel is taken."""
ASKED_ELSEWHERE = timedelta(minutes=5)
"""Until the channel that was down is tried with it again."""
OF_ROUNDS = (OutboundKind.PROMPT, OutboundKind.REMINDER, OutboundKind.CONTACT_ALERT)
"""What a check-in says to others than the desk: while it cannot go out, nobody's silence is counted."""
NEVER_ELSEWHERE = frozenset({Refusal.REJECTED, Refusal.TOO_LARGE, Refusal.EXPIRED})
"""Refusals that are about the message: another channel may still take it, but the address is not to blame."""


def decide(draft: Draft, event: Answered) -> None:
    """Notes the outcome of one send and does what follows from it."""
    row = draft.facts.outgoing
    if row is None:
        return
    match event.outcome:
        case Sent():
            draft.put(sent(row, event.outcome, draft.now))
            if draft.facts.me is not None and not row.delete_ref:
                draft.reached(draft.facts.me, row.channel)
        case RetryAt():
            later(draft, row, event.outcome, behind=event.behind)
        case Refused():
            refused(draft, row, event.outcome)


def sent(row: Outgoing, outcome: Sent, now: datetime) -> Outgoing:
    """The row once the channel took it."""
    state = SendState.DELIVERED if outcome.delivered else SendState.SENT
    return replace(row, state=state, sent_at=now, ref=outcome.ref, earlier_refs=outcome.earlier_refs)


def later(draft: Draft, row: Outgoing, outcome: RetryAt, *, behind: bool) -> None:
    """Not now: it is tried again, and something urgent meanwhile on another channel too. What only waits `behind` it
    while the channel is down counts as tried."""
    if behind:
        reason = row.reason if row.attempts else outcome.reason  # an earlier try may have gone out
        row = replace(row, attempts=max(row.attempts, ELSEWHERE_AFTER), reason=reason)
        draft.put(row)
    else:
        reason = "maybe_sent" if outcome.ambiguous or row.reason == "maybe_sent" else outcome.reason
        ready = draft.now + retry_in(row.urgency, row.attempts, outcome)
        draft.put(replace(row, state=SendState.QUEUED, reason=reason, ready_at=ready, sent_at=None))
    person = draft.facts.me
    # A channel that is down as a whole is no reason to leave a check-in unasked on the other.
    asks = row.kind in (OutboundKind.PROMPT, OutboundKind.REMINDER) and outcome.whole_channel
    pressing = row.urgency <= 2 and row.attempts >= ELSEWHERE_AFTER
    if person is None or row.delete_ref or not (pressing or (asks and row.attempts >= ASK_ELSEWHERE_AFTER)):
        return
    tried = {r.address_id for r in draft.facts.group} | {row.address_id}
    other = next((a for a in person.addresses if a.id not in tried and a.status is Reach.OK), None)
    if other is not None:
        copy(draft, row, person, other.id, other.channel)
        if asks:
            # The person is asked; where the channel is probed meanwhile others shall have their turn.
            draft.put(replace(draft.entities[row.id], ready_at=draft.now + ASKED_ELSEWHERE))
    elif row.kind in OF_ROUNDS and outcome.whole_channel and nowhere(draft, row):
        if asks:
            unasked.not_asked(draft, person)
        else:
            unasked.alert_waits(draft, row)


def nowhere(draft: Draft, row: Outgoing) -> bool:
    """Whether this has gone out by no channel, and each one that is left has been tried and is down."""
    others = [r for r in draft.facts.group if r.id != row.id]
    tried = all(r.attempts >= ASK_ELSEWHERE_AFTER for r in others if r.state in LIVE)
    return tried and not any(r.state in OUT for r in others)


def is_down(outcome: Outcome) -> bool:
    """Whether the channel as a whole is down."""
    return isinstance(outcome, RetryAt) and outcome.whole_channel


def refused(draft: Draft, row: Outgoing, outcome: Refused) -> None:
    """This address will not take it."""
    person = draft.facts.me
    # A deletion that is refused leaves nobody without a message.
    state = SendState.STALE if row.delete_ref else SendState.REFUSED
    row = replace(row, state=state, reason=outcome.reason.value)
    draft.put(row)
    draft.event("refused", channel=row.channel, reason=outcome.reason.value, row=row.id)
    if row.delete_ref:
        stays(draft, row)
        return
    if person is None:
        return
    if outcome.reason is Refusal.MIGRATED and outcome.moved_to:
        moved(draft, person, row, outcome.moved_to)
        return
    if outcome.reason not in NEVER_ELSEWHERE:
        person = mark(draft, person, row)
    tried = {r.address_id for r in draft.facts.group} | {row.address_id}
    others = tuple(a for a in person.addresses if a.id not in tried and a.status is Reach.OK)
    if others:
        copy(draft, row, person, others[0].id, others[0].channel)
        return
    reached = any(
        r.state in OUT or r.state in (SendState.QUEUED, SendState.SENDING)
        for r in draft.facts.group
        if r.id != row.id
    )
    if not reached:
        out_of_reach(draft, row, person)


def stays(draft: Draft, row: Outgoing) -> None:
    """An officer deleted words of theirs, and the channel does not delete them at the defender's: whoever has the case
    must not believe that they are gone. What somebody clears from their own chat belongs to no case."""
    case = draft.facts.case
    if case is None or row.person_id != case.person_id:
        return
    for officer in relay.watchers(draft, case):
        text = draft.word(officer, "desk.not_deleted", ref=case.ref)
        draft.say(officer, OutboundKind.NOTICE, text, case=case, defender_id=case.person_id)


def mark(draft: Draft, person: Person, row: Outgoing) -> Person:
    """Remembers that an address refused, so that the next message begins elsewhere. One whose key has changed has no
    rights until somebody has spoken to its owner, who may not have written yet."""
    status = Reach.FROZEN if row.reason == Refusal.UNTRUSTED.value else Reach.REFUSED
    addresses = tuple(
        replace(a, status=status) if a.id == row.address_id and a.status is not Reach.FROZEN else a
        for a in person.addresses
    )
    return draft.put_person(replace(person, addresses=addresses)) if addresses != person.addresses else person


def moved(draft: Draft, person: Person, row: Outgoing, account: str) -> None:
    """The chat has a new id: the address follows, and the message with it."""
    addresses = tuple(replace(a, account=account) if a.id == row.address_id else a for a in person.addresses)
    draft.put_person(replace(person, addresses=addresses))
    copy(draft, row, person, row.address_id, row.channel)


def copy(draft: Draft, row: Outgoing, person: Person, address_id: str, channel: str) -> None:
    """The same message to another address."""
    text = row.text
    if (
        channel == "telegram"
        and person.is_staff
        and row.kind in (OutboundKind.RELAY, OutboundKind.NOTICE)
        and draft.rules.telegram_content == "never"
        and (row.line or draft.facts.case is not None)
    ):
        # `line` are words that name nobody.
        ref = draft.facts.case.ref if draft.facts.case is not None else ""
        text = row.line or draft.word(person, "relay.bare", ref=ref)
    if (
        channel == "telegram"
        and person.is_staff
        and row.kind is OutboundKind.PAGE
        and draft.facts.case is not None
    ):
        # A page that falls back to Telegram says no more than a page made for it would have said.
        text = next((r.text for r in draft.facts.group if r.channel == channel), row.line or row.text)
    fresh = replace(
        row,
        id=draft.new_id(),
        address_id=address_id,
        channel=channel,
        state=SendState.QUEUED,
        attempts=0,
        created_at=draft.now,
        ready_at=draft.now,
        sent_at=None,
        ref="",
        quote_ref="",
        reason="",
        text=text,
        entry=row.entry if text == row.text else "",
        fallback=True,
    )
    draft.put(fresh)
    draft.urgent = draft.urgent or row.urgency == 1


def out_of_reach(draft: Draft, row: Outgoing, person: Person) -> None:
    """No address of this person takes it."""
    case = draft.facts.case
    if row.kind is OutboundKind.CONTACT_ALERT and draft.facts.round is not None:
        ladder_rungs.contact_unreached(draft, draft.facts.round, person)
        return
    if case is None:
        return
    if person.is_staff and person.id != case.person_id:
        if row.question == "page":
            reach.out_of_reach(draft, case, person)
        elif row.kind is OutboundKind.RELAY and case.taken_by == person.id and case.climb_from is None:
            # The first of the copies says the most.
            said = min((row, *draft.facts.group), key=lambda copied: copied.id).text
            reach.out_of_reach(draft, case, person, said.removeprefix(f"{case.ref} "))
        return
    if row.kind in (OutboundKind.RELAY, OutboundKind.RECEIPT):
        key = "notice.not_delivered" if row.kind is OutboundKind.RELAY else "notice.unreachable"
        for officer in relay.watchers(draft, case):
            text = draft.word(officer, key, ref=case.ref, channel=row.channel)
            draft.say(officer, OutboundKind.NOTICE, text, case=case, defender_id=person.id)
