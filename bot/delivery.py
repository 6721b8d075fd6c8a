"""Delivery: what is sent next, whether it still should be, and what the channel said.

1. Look at what waits for the channel, in order of priority and age, less the chats that have to wait.
2. Look again at the state behind each row: a page for a case that somebody has, a message into a silent case, a prompt
   that was answered meanwhile, does not go out.
3. Commit "handed to the channel" before handing it over: whoever dies after that sends it again, marked as a possible
   repeat.
4. Hand over. The channel's answer is an event and has its own turn.

What piles up for one chat goes out as one message (`bot/bundles.py`), and whoever writes without a pause lets others
have their turn (`bot/conversations.py`); nothing is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from alerts.events import Location, Outbound, OutboundFile, OutboundKind, Outcome, RetryAt
from alerts.facts import Answered, Poisoned
from alerts.outbox import EVERYTHING, Outgoing, SendState
from alerts.records import replace
from alerts.store import inbox, queues
from alerts.store.work import Work
from bot.bundles import MAYBE_SENT, bundle, may_repeat, queued, words
from bot.conversations import Conversations, is_relayed
from bot.engine import Engine
from bot.limits import Budget, ChatLimits
from bot.worth import no_longer_theirs, said_otherwise, says_as_much, twins, wanted

__all__ = ["Budget", "Consignment", "Delivery", "references"]

log = structlog.get_logger("watchline")

COPIES = 400
REPEATED_AFTER = timedelta(minutes=1)
"""A page that has waited this long may have company that says the same: the policy repeats no sooner."""
PILING = {OutboundKind.PAGE: queues.pages_to, OutboundKind.NOTICE: queues.notices_to}
"""Kinds of messages that pile up for a chat while its channel is down, and how those that wait are found."""
STRANDED_AFTER = timedelta(seconds=5)
"""A channel that is down for so long, by three tries at least, has what waits for it go elsewhere meanwhile."""
STRANDED = 50
SET_ASIDE = timedelta(seconds=20)
"""Until a message that could not be made is tried again; a process that was started anew may be able to."""
SHUT_KNOWN = 1_000
"""So many messages that could not be made are kept in mind; of more, those that were tried longest ago begin anew."""


@dataclass(frozen=True, slots=True)
class Consignment:
    """One message to hand over, and the outbox rows it stands for."""

    rows: tuple[str, ...]
    outbound: Outbound = field(repr=False)
    at: datetime
    """When it was noted as handed over."""
    case_ref: str = ""
    urgency: int = 4
    person_id: str = ""
    address_id: str = ""
    """The chat: it gets its messages one after another."""
    case_urgency: int = 4
    """The case's own: what is said beside it goes out sooner or later than that."""


@dataclass
class Delivery:
    """Chooses and settles what one channel sends. Sending itself is the caller's."""

    engine: Engine
    channel: str
    budget: Budget
    open_file: Callable[[str], OutboundFile | None] = lambda _: None
    limits: ChatLimits = field(init=False)
    conversations: Conversations = field(init=False)
    _shut: dict[str, int] = field(default_factory=dict)
    """Outbox row -> how often in a row it could not be opened or made. It is no count of sends: a channel that is down
    for an hour leaves hundreds of those, and they say nothing about the message."""

    def __post_init__(self) -> None:
        self.limits = ChatLimits(self.budget)
        self.conversations = Conversations(self.engine.nodes.single)

    def claim(self, limit: int, busy: Collection[str] = ()) -> list[Consignment]:
        """What to hand over now, marked as handed over. Steps 1 to 3.

        `busy` are the addresses that a message is being handed to: a chat gets its messages one after another.
        """
        # Without locks: a turn that takes the case this very moment is as good as one a moment later.
        with self.engine.store.writing(lock=False) as work:
            consignments = self.choose(work, limit, busy)
            work.flush()
        return consignments

    def choose(
        self, work: Work, limit: int, busy: Collection[str] = (), below: int = EVERYTHING
    ) -> list[Consignment]:
        """As `claim`, inside a transaction that the caller flushes and commits before anything is handed over.

        Only what has a priority `below` that is chosen.
        """
        now = self.engine.clock.now()
        allowed = self.limits.allowance(now, limit)
        held = self.limits.held(now) | set(busy)
        chosen: list[Consignment] = []
        while len(chosen) < allowed:
            wanted = allowed - len(chosen)
            rows = queues.waiting_messages(work, self.channel, now, wanted, without=held, below=below)
            free = [row for row in rows if row.address_id not in held]
            whole = len(rows) < wanted
            chats: set[str] = set()
            chosen += self._checked(work, free, now, chats, whole=whole, below=below)
            if whole or not free:
                break
            # What waits behind many messages to one chat, or behind many that nobody wants any more, is looked for too.
            held |= chats
            work.flush()
        return chosen

    def _checked(
        self,
        work: Work,
        rows: list[Outgoing],
        now: datetime,
        chats: set[str],
        *,
        whole: bool = False,
        below: int = EVERYTHING,
    ) -> Iterator[Consignment]:
        """What may go out of what waits, as messages. `whole` says that these rows are all that waits. Adds to `chats`
        those that have had their turn."""
        work.cases(row.case_id for row in rows if row.case_id)
        work.rounds(row.round_id for row in rows if row.round_id)
        work.addresses(row.address_id for row in rows)
        sent: set[str] = set()
        for row in (_followed(work, row) for row in rows):
            if row.id in sent:
                continue
            if row.address_id in chats:
                continue  # the next one to this chat has its turn when this one has gone
            if not is_relayed(row):
                bundled = bundle(work, row, rows if whole else None, now)
                good = [r for r in bundled if self._still_wanted(work, r)]
                sent |= {r.id for r in bundled}
                if not good:
                    continue
            else:
                good = self._in_turn(work, row, now, below)
            chats.add(row.address_id)
            good = self._not_twice(work, good)
            if not good:
                continue
            consignment = self._consign(work, self._going(work, good, now), now)
            if consignment is not None:
                yield consignment

    @staticmethod
    def _not_twice(work: Work, good: list[Outgoing]) -> list[Outgoing]:
        """These, less what another node is about to hand over by the person's other channel. What is being handed over
        there already goes out here too, and says that it may be a repeat: nobody knows what becomes of the other."""
        kept = []
        for one in good:
            same = twins(work, one)
            # Of two nodes the one with the later copy goes on: neither waits for the other, and not both hold back.
            later = [r.id for r in same if r.state is SendState.QUEUED and r.id > one.id]
            if len(queues.claimed(work.connection, later)) < len(later):
                continue
            sending = any(r.state is SendState.SENDING for r in same)
            kept.append(replace(one, reason=MAYBE_SENT) if sending else one)
        return kept

    def _in_turn(self, work: Work, first: Outgoing, now: datetime, below: int) -> list[Outgoing]:
        """What goes next to a chat where relayed words wait first."""
        row = self.conversations.next_to(work, first, now, below)
        while row is not None:
            bundled = bundle(work, _followed(work, row), None, now)
            good = [r for r in bundled if self._still_wanted(work, r)]
            if good:
                return good
            work.flush()
            row = self.conversations.next_to(work, first, now, below, anew=True)
        return []

    def _going(self, work: Work, good: list[Outgoing], now: datetime) -> list[Outgoing]:
        """Notes of rows that they are handed over, as one message."""
        self.limits.spend(good[0].address_id, now)
        self.conversations.goes(good[0])
        if now - good[0].created_at >= REPEATED_AFTER:
            good = self._last_word(work, good)
        for one in good:
            # A reason that says "nothing went out" is about the last try; over this one we may die.
            reason = MAYBE_SENT if may_repeat(one) else ""
            attempts = one.attempts + 1
            work.put(replace(one, state=SendState.SENDING, attempts=attempts, reason=reason, sent_at=now))
        return good

    def _last_word(self, work: Work, going: list[Outgoing]) -> list[Outgoing]:
        """What goes out in place of these, once they have waited: of the pages about one case that piled up while the
        channel was down the last, which says how it stands. Of what says the same word for word one says it.

        No case is dropped: of each that is named here one page goes.
        """
        piling = PILING.get(going[0].kind)
        if piling is None:
            return going
        ids = piling(work.connection, self.channel, going[0].address_id, COPIES)
        piled = [*going, *queued(work, [i for i in ids if all(i != row.id for row in going)])]
        kept: list[Outgoing] = []
        for row in going:
            if any(says_as_much(one, row) for one in kept):
                continue
            alike = [r for r in piled if r is row or says_as_much(r, row)]
            wanted_still = [r for r in alike if r is row or self._still_wanted(work, r)]
            kept.append(max(wanted_still, key=lambda r: (r.created_at, r.id)))
        going_out = {row.id for row in kept}
        for one in piled:
            if one.id not in going_out and any(says_as_much(one, row) for row in kept):
                work.put(replace(one, state=SendState.STALE))
        return kept

    def _still_wanted(self, work: Work, row: Outgoing) -> bool:
        """Looks again at what is behind a row, and notes it when it should not go out any more."""
        case = work.case(row.case_id) if row.case_id else None
        round_ = work.round(row.round_id) if row.round_id else None
        if case is not None and case.silent and row.person_id == case.person_id:
            work.put(replace(row, state=SendState.HELD))
            return False
        theirs = not no_longer_theirs(work, self.engine.rules.desk, row)
        if theirs and wanted(row, case, round_) and not said_otherwise(work, row):
            return True
        work.put(replace(row, state=SendState.STALE))
        return False

    def _consign(self, work: Work, rows: list[Outgoing], now: datetime) -> Consignment | None:
        row = rows[0]
        address = work.address(row.address_id)
        if address is None:
            for one in rows:
                work.put(replace(one, state=SendState.REFUSED, reason="no_address"))
            return None
        case = work.case(row.case_id) if row.case_id else None
        file = self.open_file(row.file_id) if row.file_id else None
        place = None
        # Of many places that came together the last one is where somebody is.
        for one in rows:
            if one.latitude is not None and one.longitude is not None:
                place = Location(one.latitude, one.longitude)
        outbound = Outbound(
            id=row.id,
            channel=self.channel,
            address=address.account,
            kind=row.kind,
            text=words(work, self.engine.rules, rows, now),
            choices=tuple(c.label for c in row.choices) if len(rows) == 1 else (),
            quote_ref=row.quote_ref,
            file=file,
            location=place,
            delete_ref=row.delete_ref,
            urgent=any(one.urgency == 1 for one in rows),
            ask_location=row.ask_location,
        )
        ref = case.ref if case else ""
        return Consignment(
            tuple(r.id for r in rows),
            outbound,
            now,
            ref,
            row.urgency,
            row.person_id,
            row.address_id,
            case.urgency if case else row.urgency,
        )

    def set_aside(self, limit: int, busy: Collection[str] = ()) -> None:
        """After `choose` has raised: tries each row alone and puts off those that raise; after three tries they are
        put away and the desk is paged.

        One message that cannot be opened or put into words must not keep the others from going out.
        """
        now, store = self.engine.clock.now(), self.engine.store
        wrong: list[queues.Parcel] = []
        shut = dict(self._shut)
        with store.writing(lock=False) as work:
            held = self.limits.held(now) | set(busy)
            parcels = queues.waiting_parcels(work.connection, self.channel, now, limit, without=held)
            for parcel in parcels:
                try:
                    # What is noted on this one is never written.
                    view = store.view(work)
                    view.outgoings([parcel.id])
                    row = view.outgoing(parcel.id)
                    if row is not None and self._still_wanted(view, row):
                        self._consign(view, [row], now)
                except Exception as error:
                    if store.is_away(error):
                        raise
                    log.error("message_set_aside", row=parcel.id, error=type(error).__name__)
                    wrong.append(parcel)
                    shut[parcel.id] = shut.pop(parcel.id, 0) + 1
                else:
                    shut.pop(parcel.id, None)
            given_up = [p for p in wrong if shut[p.id] >= inbox.QUARANTINE_AFTER]
            queues.put_off(work.connection, [p.id for p in wrong], now + SET_ASIDE)
            queues.set_aside(work.connection, [p.id for p in given_up])
        done = {p.id for p in given_up}
        self._shut = dict([one for one in shut.items() if one[0] not in done][-SHUT_KNOWN:])
        for parcel in given_up:
            # A page that says that something is poison, and is poison itself, must not beget another.
            if parcel.case_id is not None or parcel.kind != OutboundKind.PAGE.value:
                self.engine.happened(Poisoned(parcel.id, self.channel, ""))

    def answered(self, consignment: Consignment, outcome: Outcome) -> list[Answered]:
        """The channel's answer as events, one for each row; limits are learned on the way.

        While the channel is down, what presses and waits for it hears the same: it goes by another channel, if the
        person has one.
        """
        now = self.engine.clock.now()
        self.limits.learn(consignment.address_id, outcome, now)
        self.conversations.answered(consignment.rows, consignment.outbound.kind, outcome)
        events = [Answered(row_id, outcome) for row_id in consignment.rows]
        down = self.limits.down_since
        # Only what holds for everybody: one chat's own limit is none of the others'.
        everybodys = isinstance(outcome, RetryAt) and outcome.whole_channel
        if everybodys and down is not None and now - down >= STRANDED_AFTER:
            others = [row_id for row_id in self._stranded() if row_id not in consignment.rows]
            events += [Answered(row_id, outcome, behind=True) for row_id in others]
        return events

    def _stranded(self) -> list[str]:
        try:
            with self.engine.store.reading() as work:
                return queues.stranded(work.connection, self.channel, STRANDED)
        except Exception as error:  # noqa: BLE001  # the answer itself must not be lost with it; the next one looks again
            log.warning("stranded_not_read", channel=self.channel, error=type(error).__name__)
            return []

    def next_change(self) -> datetime | None:
        """When something that waits may go out: a retry, or a limit that ends."""
        now = self.engine.clock.now()
        limited = self.limits.next_change(now)
        if self.limits.down_until is not None and self.limits.down_until > now:
            return self.limits.down_until  # until then nothing goes out, whatever is ready
        with self.engine.store.reading() as work:
            ready = queues.next_ready(work.connection, now)
        times = [t for t in (ready, limited) if t is not None]
        return min(times, default=None)


def _followed(work: Work, row: Outgoing) -> Outgoing:
    """The row, for whom the account it goes to belongs to by now: a stranger who turned out to be somebody known, since
    it was written. It is the same telephone, and what was said to it is not lost."""
    address = work.address(row.address_id)
    if address is None or address.person_id == row.person_id:
        return row
    moved = replace(row, person_id=address.person_id)
    work.put(moved)
    return moved


def references(consignments: Iterable[Consignment]) -> list[str]:
    """Row ids of consignments, for logs."""
    return [row for c in consignments for row in c.rows]
