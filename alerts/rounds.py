"""When a round climbs, and what follows from how its messages fared: pure, from the round and its ladder alone.

`round_deadline` and `check_in_deadlines` are law 3 for check-ins: a round that waits for an answer always has its next
rung as a deadline, and a check-in that goes on always has its next prompt. The turn arms what they say after every
change.

* The rung that opens the desk's case counts from `asked_at`, always. An outage of ours delays our questions to the
  person and the alert of their contacts, never the desk.
* After such an outage what is asked of the person and of their contacts counts from the new question (`asked_anew`).
  The desk's later rungs keep their times; those that came due in the outage follow the desk's first, which is carried
  out at once, at the distance that the ladder gives them.
* More time moves every rung that is not done; from the desk's rung on it is not given.

Source of the rules: protection practice, "Check-ins".
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from alerts.checkins import CheckIn, CheckInKind, CheckInStatus, Round, RoundStatus
from alerts.deadlines import Deadline, DeadlineKind
from alerts.ladder import Ladder, RungKind
from alerts.outbox import LIVE, OUT, SendState
from alerts.policy import Protocol
from alerts.records import quick, replace

MORE_TIME = timedelta(minutes=30)
MORE_TIMES = 2
"""More time on a prompt: how much, and how often. Our own judgement."""
WARN_BEFORE = timedelta(minutes=10)
WARN_FROM = timedelta(minutes=30)
"""A timer of at least `WARN_FROM` is announced `WARN_BEFORE` its end."""
WITHOUT_RECEIPTS = frozenset({"telegram"})
"""Channels that never tell whether a message arrived."""
OPENS_CASE = (RungKind.DESK, RungKind.LEAD, RungKind.PLAN, RungKind.PUBLICATION)
ASKS = (RungKind.REMINDER, RungKind.SECOND_CHANNEL)
"""Rungs that ask the person once more."""
FOR_THE_PERSON = (*ASKS, RungKind.CONTACTS)
"""Rungs before anybody of the desk is called."""
ROUTINE_URGENCY = 4


class Reached(enum.Enum):
    """What is known of our messages to the person, from nothing to arrived."""

    UNSENT = "unsent"
    """None has gone out: our channel is down, or behind."""
    UNDELIVERED = "undelivered"
    """Refused everywhere, or taken by a channel with receipts and not delivered: that another one took it and tells no
    more does not make it arrive."""
    ACCEPTED = "accepted"
    """Taken by a channel that tells no more."""
    DELIVERED = "delivered"


@quick
@dataclass(frozen=True, slots=True)
class Sending:
    """How one message of a round to the person fared."""

    channel: str
    state: SendState
    sent_at: datetime | None = None
    created_at: datetime | None = None
    """When it was put into the outbox."""


@quick
@dataclass(frozen=True, slots=True)
class Outage:
    """The last time that a channel was known to be dead."""

    since: datetime
    back_at: datetime | None
    """None: it still is."""


def reached(sends: Iterable[Sending]) -> Reached:
    """How far our messages have come."""
    states = [(s.channel, s.state) for s in sends]
    if any(state in (SendState.DELIVERED, SendState.READ) for _, state in states):
        return Reached.DELIVERED
    taken = {channel in WITHOUT_RECEIPTS for channel, state in states if state is SendState.SENT}
    if taken == {True}:
        return Reached.ACCEPTED
    if taken or any(state is SendState.REFUSED for _, state in states):
        return Reached.UNDELIVERED
    return Reached.UNSENT


def told_apart(sends: Iterable[Sending]) -> str:
    """As `reached`, in the words for the desk: who refuses us everywhere is another matter than a phone that is off."""
    rows = tuple(sends)
    how = reached(rows)
    taken = {s.channel in WITHOUT_RECEIPTS for s in rows if s.state is SendState.SENT}
    if how is Reached.UNDELIVERED and not taken:
        return "refused"
    return "unsure" if how is Reached.UNDELIVERED and True in taken else how.value


def first_sent(sends: Iterable[Sending]) -> datetime | None:
    """When the first message of a round went out."""
    return min((s.sent_at for s in sends if s.state in OUT and s.sent_at is not None), default=None)


def heard_from(sends: Iterable[Sending], patience: timedelta) -> datetime | None:
    """Since when the person could have heard from us, all the while: when the first message went out, or the first one
    after a time in which a message of ours waited longer than `patience` and none went out by any channel."""
    outs = sorted((s for s in sends if s.state in OUT and s.sent_at is not None), key=_sent_at)
    since = None
    for n, out in enumerate(outs):
        waited = out.created_at is not None and _sent_at(out) - out.created_at > patience
        if since is None or (waited and (out.created_at or since) > _sent_at(outs[n - 1])):
            since = _sent_at(out)
    return since


def held_up(sends: Iterable[Sending], now: datetime, patience: timedelta) -> tuple[datetime, ...]:
    """The instants since which messages to the person wait, longer than `patience`, while none has gone out by any
    channel; the oldest first."""
    all_sends = tuple(sends)
    waiting = [s.created_at for s in all_sends if s.state in LIVE and s.created_at is not None]
    last = max((_sent_at(s) for s in all_sends if s.state in OUT and s.sent_at is not None), default=None)
    return tuple(sorted(at for at in waiting if now - at > patience and (last is None or at > last)))


def could_answer(sends: Iterable[Sending], outages: Mapping[str, Outage]) -> bool:
    """Whether a question has gone out by a channel that works now, and that worked then or has brought it. What a dead
    channel takes may reach nobody, and no answer comes back by it. Where none has gone out, refused by the person's
    account, no channel of ours stands in the way."""
    out = [s for s in sends if s.state in OUT and s.sent_at is not None]
    return not out or any(_by_a_live_one(s, outages.get(s.channel)) for s in out)


def _by_a_live_one(sending: Sending, outage: Outage | None) -> bool:
    if outage is None or outage.back_at is None:
        return outage is None
    brought = sending.state in (SendState.DELIVERED, SendState.READ)
    return brought or not outage.since <= _sent_at(sending) < outage.back_at


def told_of_it(round_: Round, sends: Iterable[Sending]) -> bool:
    """Whether the desk has heard that what we ask does not leave us, and nothing has left us since."""
    told = round_.told_unasked
    return told is not None and not any(s.state in OUT and s.sent_at and s.sent_at >= told for s in sends)


def _sent_at(sending: Sending) -> datetime:
    return sending.sent_at or datetime.max.replace(tzinfo=UTC)


# ------------------------------------------------------------------------------------------------------------- rungs


def opener(ladder: Ladder) -> int:
    """The place of the rung that opens the desk's case. Every ladder has one."""
    return next(place for place, rung in enumerate(ladder.rungs) if rung.kind in OPENS_CASE)


def grace(ladder: Ladder) -> timedelta:
    """How long a person has from the question until their contacts are told."""
    place = ladder.index_of(RungKind.CONTACTS)
    return ladder.rungs[place if place is not None else opener(ladder)].after


def rung_at(round_: Round, ladder: Ladder, place: int) -> datetime:
    """When the rung at a place is due."""
    rung = ladder.rungs[place]
    more, anew = round_.more_time * MORE_TIME, round_.shifted_from
    at = round_.asked_at + rung.after + more
    if anew is not None and rung.kind in FOR_THE_PERSON:
        at = anew + rung.after + more
    elif anew is not None and place > opener(ladder) and at <= anew:
        at = anew + (rung.after - ladder.rungs[opener(ladder)].after)
    if rung.kind is RungKind.CONTACTS and round_.contacts_from is not None:
        at = max(at, round_.contacts_from)
    return at


def next_rung(round_: Round, ladder: Ladder) -> tuple[int, datetime] | None:
    """The place and the instant of the rung that comes next; None when all are done.

    A live round never runs out of rungs, not even when the desk has shortened the ladder under it: then the desk's
    comes.
    """
    places = [n for n in range(len(ladder.rungs)) if n not in round_.done]
    if round_.shifted_from is None and round_.contacts_from is None:
        # Rungs stand in the order of their times, and nothing has moved one of them.
        places = places[:1]
    left = [(rung_at(round_, ladder, n), n) for n in places]
    if not left:
        if round_.status is not RoundStatus.LIVE:
            return None
        place = opener(ladder)
        left = [(rung_at(round_, ladder, place), place)]
    at, place = min(left)
    return place, at


def asks_next(round_: Round, ladder: Ladder) -> bool:
    """Whether the next rung only asks the person once more, so that nobody else has to be known for it."""
    coming = next_rung(round_, ladder)
    return coming is not None and ladder.rungs[coming[0]].kind in ASKS


def contacts_next(round_: Round, ladder: Ladder) -> bool:
    """Whether the next rung is the trusted contacts'."""
    coming = next_rung(round_, ladder)
    return coming is not None and ladder.rungs[coming[0]].kind is RungKind.CONTACTS


def told_others_at(round_: Round, ladder: Ladder) -> datetime:
    """When somebody else hears of the silence: the contacts or the desk, whichever is first."""
    places = [n for n, rung in enumerate(ladder.rungs) if rung.kind in (*OPENS_CASE, RungKind.CONTACTS)]
    return min(rung_at(round_, ladder, n) for n in places)


def round_deadline(round_: Round, protocol: Protocol) -> Deadline | None:
    """The next rung as a deadline. None only for a round that is over, or whose case carries everything from here."""
    if round_.status not in (RoundStatus.LIVE, RoundStatus.DESK):
        return None
    coming = next_rung(round_, protocol.ladder)
    if coming is None:
        return None
    place, at = coming
    grave = protocol.ladder.rungs[place].kind in OPENS_CASE or protocol.watches is CheckInKind.TIMER
    urgency = int(protocol.case_urgency) if grave else ROUTINE_URGENCY
    return Deadline(DeadlineKind.RUNG, round_.id, round_.person_id, round_.version, place, urgency, at)


# ------------------------------------------------------------------------------------------------ changes of a round


def carried_out(round_: Round, *places: int) -> Round:
    """The rungs at these places are done."""
    done = (*round_.done, *(p for p in places if p not in round_.done))
    return replace(round_, done=done, rung=len(done))


def asked_anew(round_: Round, ladder: Ladder, now: datetime) -> Round:
    """The person is asked again because we were away: what they may have missed of us starts afresh.

    Once the desk has the case, only the contacts wait anew; asking on is the desk's.
    """
    if round_.status is RoundStatus.LIVE:
        return replace(round_, shifted_from=now, contacts_from=None)
    asks = [n for n, rung in enumerate(ladder.rungs) if rung.kind in ASKS]
    return replace(carried_out(round_, *asks), contacts_from=now + grace(ladder))


def ended(round_: Round, status: RoundStatus, now: datetime, answer: str = "") -> Round:
    """The round is over."""
    return replace(round_, status=status, ended_at=now, answer=answer or round_.answer)


# -------------------------------------------------------------------------------------------------------- check-ins


def check_in_deadlines(check_in: CheckIn, now: datetime) -> tuple[Deadline, ...]:
    """The next prompt of a check-in that goes on, or a timer's end, and the word shortly before that end."""
    if check_in.status is not CheckInStatus.ACTIVE or check_in.next_at is None:
        return ()
    timer = check_in.kind is CheckInKind.TIMER
    urgency = 1 if timer else ROUTINE_URGENCY
    place = (check_in.id, check_in.person_id, check_in.version, 0)
    found = [Deadline(DeadlineKind.PROMPT, *place, urgency, check_in.next_at)]
    warn = check_in.next_at - WARN_BEFORE
    if timer and warn >= now + (WARN_FROM - WARN_BEFORE):
        found.append(Deadline(DeadlineKind.WARN, *place, ROUTINE_URGENCY, warn))
    return tuple(found)
