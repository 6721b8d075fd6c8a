"""The turn: one event, its facts, one pure decision, its effects, one commit.

1. Parse the stored frame with the channel's pure parser (messages only).
2. Load the facts.
3. Decide. Nothing is written and nothing is read while deciding.
4. Note the effects in the transaction's `Work`; the last step of the batch writes them.

A turn that fails leaves no trace but a count on its message: after three attempts the message is in quarantine and the
desk is paged, and meanwhile the next message has had its turn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from alerts.cases import Message, Source, raised
from alerts.deadlines import Deadline, DeadlineKind
from alerts.events import Inbound, InboundKind, OutboundKind, Sent
from alerts.facts import Answered, ChannelTurned, Due, Event, Facts, Fetched, Gap, Heard, Ordered, Poisoned
from alerts.ids import MICROSECOND
from alerts.oncall import RotaChange
from alerts.outbox import Guard, Outgoing, SendState
from alerts.people import Reach
from alerts.records import replace
from alerts.store import inbox, queues
from alerts.store.inbox import Waiting
from alerts.store.work import Work
from handlers import desk, files, gap, outcome, paging, person, planning, rota, rounds, staffing, unread
from handlers.clean import clean
from handlers.draft import Draft
from handlers.loader import Loader
from handlers.receipts import Receipts
from handlers.rules import Rules
from handlers.telling import notice

Parser = Callable[[bytes], Inbound]
POISON_DELAY = timedelta(minutes=1)
POISON_URGENCY = 2
STUCK_AGAIN = timedelta(minutes=15)
"""Until the desk is paged again about something that still cannot be carried out."""
BATCH_SECONDS = 0.02
"""A commit carries turns for at most this long, and is ended at once by an alarm."""
SLICE = 100
"""Deadlines that are read ahead at once."""
SLICES_SECONDS = 0.05
"""A commit takes up no further slice of deadlines after this long, nor once a message has arrived."""
SILENT_KINDS = frozenset({InboundKind.TYPING, InboundKind.IGNORED})


@dataclass
class Report:
    """What a batch did, for wakeups and the log. References only."""

    turns: int = 0
    urgent: bool = False
    failed: list[tuple[str, str]] = field(default_factory=list)
    """(inbox id, exception's class name)."""
    events: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    full: bool = False
    """There may be more to do."""
    frames: bool = False
    """Frames that were put aside have their turn now."""

    def add(self, other: Report) -> None:
        """Takes up what another batch did."""
        self.turns += other.turns
        self.urgent = self.urgent or other.urgent
        self.failed += other.failed
        self.events += other.events
        self.full = self.full or other.full
        self.frames = self.frames or other.frames


def decide(facts: Facts, rules: Rules) -> Draft:
    """The decision about one event. Pure."""
    draft = Draft(facts, rules)
    match facts.event:
        case Heard():
            if speaks_as_staff(facts):
                desk.heard(draft, facts.event)
            else:
                person.heard(draft, facts.event)
        case Due():
            due(draft, facts.event)
        case Answered():
            outcome.decide(draft, facts.event)
        case Poisoned():
            poisoned(draft, facts.event)
        case Fetched():
            files.decide(draft)
        case Ordered():
            staffing.ordered(draft, facts.event)
        case Gap() | ChannelTurned():
            gap.decide(draft, facts.event)
    return draft


def speaks_as_staff(facts: Facts) -> bool:
    """Whether the sender's rights hold, on the account they wrote from: a changed account has none."""
    if facts.me is None or not facts.me.is_staff:
        return False
    changed = facts.address is not None and facts.address.status is Reach.FROZEN
    unreadable = isinstance(facts.event, Heard) and facts.event.inbound.kind is InboundKind.UNREADABLE
    return unreadable or not changed


def due(draft: Draft, event: Due) -> None:
    """A deadline has come. One with a stale token does nothing: what it was armed for is not so any more."""
    deadline, case = event.deadline, draft.facts.case
    if deadline.kind in (DeadlineKind.RUNG, DeadlineKind.PROMPT, DeadlineKind.WARN):
        rounds.due(draft, event)
        return
    if deadline.kind is DeadlineKind.WATCH:
        rota.due(draft)
        return
    if case is None or case.version != deadline.token:
        return
    match deadline.kind:
        case DeadlineKind.CLIMB:
            paging.due_climb(draft, case)
        case DeadlineKind.DOUBT:
            paging.due_doubt(draft, case)
        case DeadlineKind.ACK:
            paging.due_ack(draft, case)
        case DeadlineKind.ANSWER:
            paging.due_answer(draft, case)
        case DeadlineKind.PLAN:
            planning.due(draft, case)
        case DeadlineKind.REVIEW:
            paging.due_review(draft, case)


def poisoned(draft: Draft, event: Poisoned) -> None:
    """A message that we cannot work on: an officer is paged, since it may be the one that mattered. What looked like an
    alarm is taken for one."""
    if event.file:
        notice(draft, draft.facts.desk.staff, "file.shut", about=event.stuck)
        return
    sender = draft.facts.me
    urgency = 1 if event.urgent else POISON_URGENCY
    if sender is None and event.account:
        sender = person.stranger(draft, Inbound(event.channel, InboundKind.OTHER, sender=event.account))
    if sender is None:
        key = "page.stuck" if event.stuck else "page.poison_unknown"
        for officer in draft.facts.desk.staff:
            draft.say(
                officer,
                OutboundKind.PAGE,
                draft.word(officer, key, channel=event.channel, about=event.stuck, urgency=f"P{urgency}"),
                via="all",
                urgency=urgency,
            )
        return
    case = next((c for c in draft.facts.cases if not c.drill), None)
    if case is None:
        paging.open_case(
            draft,
            sender,
            urgency,
            Source.MESSAGE,
            draft.rules.words.say(draft.rules.language, "page.poison"),
        )
    else:
        if case.urgency > urgency:
            # Of an ordinary conversation the desk is only told; this must wake somebody.
            case = draft.put_case(raised(case, urgency, draft.now))
        paging.page(draft, case, draft.facts.desk.staff, key="page.poison_case", guard=Guard.NONE)


class Turns:
    """Runs batches of turns inside a transaction that somebody else began and will commit."""

    def __init__(
        self,
        rules: Rules,
        parsers: Mapping[str, Parser],
        entropy: Callable[[int], bytes],
        stopwatch: Callable[[], float],
        ordinal: Callable[[], int],
    ) -> None:
        self.rules = rules
        self.parsers = parsers
        self.entropy = entropy
        self._stopwatch = stopwatch
        self._ordinal = ordinal
        self._last_sent: datetime | None = None
        self._spare_keys: list[str] = []
        self._receipts = Receipts()
        self._told: dict[str, datetime] = {}
        """Of what deadlines that cannot be carried out the desk was told, and when."""

    def loader(self, work: Work) -> Loader:
        """A loader on a transaction."""
        return Loader(work, self.rules, self.entropy, self._ordinal, self._spare_keys)

    def inbox(self, work: Work, now: datetime, limit: int) -> Report:
        """Turns for what waits in the inbox."""
        report = Report()
        started = self._stopwatch()
        waiting = inbox.next_in_inbox(work.connection, work.vault, limit)
        report.full = len(waiting) >= limit or any(row.urgent for row in waiting)
        events = [(w, self._parsed(w, work, now, report)) for w in waiting]
        loader = self.loader(work)
        loader.prefetch(e for _, e in events if e is not None)
        done: list[str] = []
        # On a slow machine the time is over after what stands before an alarm: the alarm has its turn all the same.
        alarms = any(row.urgent for row in waiting)
        for row, event in events:
            if event is not None and self._turn(loader, work, event, now, report, row):
                done.append(row.id)
            late = self._stopwatch() - started > BATCH_SECONDS and (row.urgent or not alarms)
            if (report.urgent and not row.urgent) or late:
                report.full = True
                break
        inbox.finish(work.connection, done)
        work.flush()
        return report

    def one(self, work: Work, row: Waiting, now: datetime) -> Report:
        """The turn of one frame alone, unless another node has had it. Raises whatever is wrong with it."""
        report = Report()
        if not inbox.claim(work.connection, row.id):
            return report
        event = Heard(row.id, clean(self.parsers[row.channel](row.opened())), row.received_at)
        loader, fate = self.loader(work), unread.fate(work, row, event.inbound, now)
        if event.inbound.kind is InboundKind.RECEIPT:
            self._receipts.came(work, event.inbound)
        elif event.inbound.kind not in SILENT_KINDS and fate is unread.Fate.TOLD:
            self._apply(work, decide(loader.load(event, now), self.rules), report)
        if fate is not unread.Fate.WAITS:
            inbox.finish(work.connection, [row.id])
        work.flush()
        return report

    def failed(self, work: Work, row: Waiting, now: datetime, error: Exception) -> Report:
        """Counts a failure against a frame, and tells the desk once it is in quarantine."""
        report = Report()
        if inbox.claim(work.connection, row.id):
            self._failed(row, work, now, report, error)
            work.flush()
        return report

    def one_deadline(self, work: Work, deadline: Deadline, now: datetime) -> Report:
        """The turn of one deadline alone, if it still stands. Raises whatever is wrong with it."""
        report = Report()
        if work.holds(deadline):
            work.disarm(deadline.kind, deadline.subject)
            report.frames = unread.due(work, deadline)
            if not report.frames:
                self._apply(work, decide(self.loader(work).load(Due(deadline), now), self.rules), report)
            work.flush()
        return report

    def deadline_failed(self, work: Work, deadline: Deadline, now: datetime, error: Exception) -> Report:
        """A deadline that cannot be carried out stays, a minute later, so that what is behind it is not forgotten; and
        the desk is paged, since nobody else is called meanwhile."""
        report = self.put_off(work, deadline, now, error)
        told = self._told.get(deadline.subject)
        if report.failed and (told is None or abs(now - told) >= STUCK_AGAIN):
            about = work.reference_of(deadline.subject) or deadline.subject
            event = Poisoned("", "", "", deadline.urgency == 1, about)
            self._apply(work, decide(self.loader(work).load(event, now), self.rules), report)
            work.flush()
            self._told[deadline.subject] = now
        return report

    def put_off(self, work: Work, deadline: Deadline, now: datetime, error: Exception) -> Report:
        """The deadline a minute later, and nothing more; nor that, when another node has carried it out meanwhile."""
        if not work.holds(deadline):
            return Report()
        work.arm(replace(deadline, due_at=now + POISON_DELAY))
        work.flush()
        return Report(failed=[(deadline.subject, type(error).__name__)])

    def bare_outcome(self, work: Work, event: Answered, now: datetime) -> Report:
        """An outcome without what would follow from it: what is sent is not sent again, the rest is tried again."""
        report = Report(failed=[(event.outgoing_id, "outcome")])
        row = work.outgoing(event.outgoing_id)
        if row is not None and not event.behind:
            state = SendState.SENT if isinstance(event.outcome, Sent) else SendState.QUEUED
            ref = event.outcome.ref if isinstance(event.outcome, Sent) else ""
            put = replace(row, state=state, sent_at=now, ref=ref, ready_at=now + POISON_DELAY)
            work.put(with_blind(put, work))
            work.flush()
        return report

    def _parsed(self, row: Waiting, work: Work, now: datetime, report: Report) -> Heard | None:
        """The frame understood; None when it was noted as failed."""
        try:
            inbound = self.parsers[row.channel](row.opened())
        except Exception as error:  # noqa: BLE001
            # Unreadable, or a parser's bug: one frame must not stop the frames behind it.
            self._failed(row, work, now, report, error)
            return None
        return Heard(row.id, clean(inbound), row.received_at)

    def _failed(self, row: Waiting, work: Work, now: datetime, report: Report, error: Exception) -> None:
        report.failed.append((row.id, type(error).__name__))
        attempts = inbox.note_attempt(work.connection, row.id)
        # An alarm pages at its first failure: the next tries may never come, and the mark is gone after this one.
        if attempts < inbox.QUARANTINE_AFTER and not row.urgent:
            return
        for sender in dict.fromkeys((row.sender, "")):
            try:
                event = Poisoned(row.id, row.channel, sender, row.urgent)
                facts = self.loader(work).load(event, now)
                self._apply(work, decide(facts, self.rules), report)
            except Exception as worse:  # noqa: BLE001  # perhaps it is the sender's row: the desk is paged without a name
                report.failed.append((row.id, f"quarantine {type(worse).__name__}"))
            else:
                return

    def _turn(
        self,
        loader: Loader,
        work: Work,
        event: Event,
        now: datetime,
        report: Report,
        row: Waiting | None = None,
    ) -> bool:
        if isinstance(event, Heard) and event.inbound.kind in SILENT_KINDS:
            return True
        if isinstance(event, Heard) and event.inbound.kind is InboundKind.RECEIPT:
            self._receipts.came(work, event.inbound)
            return True
        if isinstance(event, Heard) and row is not None:
            fate = unread.fate(work, row, event.inbound, now)
            if fate is not unread.Fate.TOLD:
                return fate is unread.Fate.KNOWN
        try:
            facts = loader.load(event, now)
            draft = decide(facts, self.rules)
        except Exception as error:
            if row is None:
                raise
            self._failed(row, work, now, report, error)
            return False
        loader.give_back(facts, draft.used_person_key, draft.used_case_key)
        self._apply(work, draft, report)
        return True

    def _apply(self, work: Work, draft: Draft, report: Report) -> None:
        for entity in draft.entities.values():
            if isinstance(entity, RotaChange):
                work.change_rota(entity.desk, entity.rota)
            else:
                work.put(with_blind(entity, work))
        for (kind, subject), deadline in draft.deadlines.items():
            if deadline is None:
                work.disarm(kind, subject)
            else:
                work.arm(deadline)
        report.turns += 1
        report.urgent = report.urgent or draft.urgent
        report.events += draft.events

    def deadlines(
        self,
        work: Work,
        now: datetime,
        limit: int,
        *,
        check_ins: bool = True,
        pressed: Callable[[], object] = lambda: False,
    ) -> Report:
        """Turns for deadlines that have come; without those of check-ins while answers may wait at a platform.

        `pressed` says whether something else waits for this commit to end.
        """
        report = Report()
        started = self._stopwatch()
        found = queues.due(work.connection, now, limit, check_ins=check_ins)
        report.full = len(found) >= limit
        loader = self.loader(work)
        work.read_deadlines(found)
        parts = [found[start : start + SLICE] for start in range(0, len(found), SLICE)]
        for place, part in enumerate(parts):
            if place == 0:
                loader.prefetch(Due(d) for d in part)
            if part is not parts[-1] and self._stopwatch() - started <= SLICES_SECONDS:
                # On PostgreSQL the next slice is looked for while this one is decided.
                work.ask_ahead(parts[place + 1])
            for deadline in part:
                if deadline != work.deadline(deadline.kind, deadline.subject):
                    continue  # an earlier turn of this batch armed it anew or disarmed it
                work.disarm(deadline.kind, deadline.subject)
                if unread.due(work, deadline):
                    report.frames = True
                    continue
                self._turn(loader, work, Due(deadline), now, report)
            if part is parts[-1]:
                break
            # What is read ahead is worked off before the clock is looked at: a slow machine must not read all of a
            # slice, do one turn, and begin again.
            if self._stopwatch() - started > SLICES_SECONDS or report.urgent or pressed():
                report.full = True
                break
            # First the next slice is read, then this one written: so the database may write while we decide.
            loader.prefetch(Due(d) for d in parts[place + 1])
            work.flush(crowd=True)
        work.flush(crowd=len(parts) > 1)
        return report

    def _moment(self, now: datetime) -> datetime:
        """Now, or just after the last such moment: which menu of a chat is the latest must never be a tie."""
        if self._last_sent is not None and now <= self._last_sent < now + POISON_DELAY:
            now = self._last_sent + MICROSECOND
        self._last_sent = now
        return now

    def outcomes(self, work: Work, answered: Sequence[Answered], now: datetime) -> Report:
        """Turns for what the channels answered."""
        report = Report()
        loader = self.loader(work)
        loader.prefetch(answered)
        for event in answered:
            row = work.outgoing(event.outgoing_id) if isinstance(event.outcome, Sent) else None
            if row is not None and isinstance(event.outcome, Sent) and not came_back(work, row):
                # The ordinary case needs no facts: it is noted and nothing follows from it.
                gone = self._receipts.received(outcome.sent(row, event.outcome, self._moment(now)))
                work.put(with_blind(gone, work))
                report.turns += 1
            else:
                self._turn(loader, work, event, now, report)
        work.flush()
        return report

    def event(self, work: Work, event: Event, now: datetime) -> Report:
        """A turn for one event that is in no queue: a gap."""
        report = Report()
        self._turn(self.loader(work), work, event, now, report)
        work.flush()
        return report


def came_back(work: Work, row: Outgoing) -> bool:
    """Whether a page went to an account that had refused: it takes messages again. Only pages are tried there."""
    address = work.address(row.address_id) if row.kind is OutboundKind.PAGE else None
    return address is not None and address.status is Reach.REFUSED


def with_blind(entity: Any, work: Work) -> Any:
    """Sets the blind index of what can be referred to later."""
    if isinstance(entity, (Message, Outgoing)) and entity.ref and entity.blind is None:
        return replace(entity, blind=work.vault.message(entity.channel, entity.ref))
    return entity
