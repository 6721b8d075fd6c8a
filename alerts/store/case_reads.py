"""Reading cases: what is open, what was said, what went out about them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import bindparam, select

from alerts.cases import Case, CaseStatus, Message, StoredFile
from alerts.ids import from_micros
from alerts.outbox import OUT, Outgoing, SendState
from alerts.rounds import Sending
from alerts.store import tables
from alerts.store.loading import CHUNK
from alerts.store.people_reads import PeopleReads
from alerts.store.shapes import (
    CASES,
    FILES,
    MESSAGES,
    OUTBOX,
)

UNCLOSED = tables.cases.c.status != CaseStatus.CLOSED.value
"""Made once: making a condition costs more than looking up what is read already."""

_TAKEN = select(tables.cases.c.ref).where(tables.cases.c.ref.in_(bindparam("refs", expanding=True)))
_CROWD = select(tables.cases.c.id).where(
    tables.cases.c.desk == bindparam("desk"),
    tables.UNCLOSED,
    tables.cases.c.status == CaseStatus.OPEN.value,
    tables.cases.c.urgency == 1,
    tables.cases.c.verified.is_(False),
    tables.cases.c.drill.is_(False),
)


class CaseReads(PeopleReads):
    """Reads of cases, messages and the outbox."""

    def case(self, case_id: str) -> Case | None:
        """One case."""
        return self._one(CASES, case_id)

    def cases(self, ids: Iterable[str]) -> None:
        """Reads many cases ahead."""
        self._many(CASES, ids)

    def open_cases_of(self, person_id: str) -> tuple[Case, ...]:
        """A person's cases that are not closed, the most urgent and oldest first."""
        self.open_cases_of_many([person_id])
        return self._members(
            "cases_of", person_id, CASES, lambda c: c.is_open, lambda c: (c.urgency, c.opened_at)
        )

    def open_cases_of_many(self, person_ids: Iterable[str]) -> None:
        """Reads many people's open cases ahead."""
        self._sets_of("cases_of", CASES, tables.cases.c.person_id, person_ids, UNCLOSED)

    def last_closed_case_of(self, person_id: str) -> Case | None:
        """The case of this person that was closed last."""
        t = tables.cases
        query = select(t).where(t.c.person_id == person_id, t.c.status == CaseStatus.CLOSED.value)
        found = self._load(CASES, query.order_by(t.c.closed_at.desc()).limit(1))
        return found[0] if found else None

    def cases_named(self, desk: str, refs: Iterable[str]) -> tuple[Case, ...]:
        """Cases by their references."""
        wanted = list(dict.fromkeys(refs))[:20]
        if not wanted:
            return ()
        found = self._load(
            CASES, select(tables.cases).where(tables.cases.c.desk == desk, tables.cases.c.ref.in_(wanted))
        )
        return tuple(sorted(found, key=lambda c: wanted.index(c.ref)))

    def unclosed_cases(self, desk: str, limit: int) -> tuple[Case, ...]:
        """The desk's cases that are not closed, urgent and old ones first."""
        t = tables.cases
        query = select(t).where(t.c.desk == desk, tables.UNCLOSED)
        return tuple(self._load(CASES, query.order_by(t.c.urgency, t.c.opened_at, t.c.id).limit(limit)))

    def all_cases(self, desk: str) -> tuple[Case, ...]:
        """Every case of a desk, oldest first. For rehearsals; a real desk has too many."""
        t = tables.cases
        return tuple(self._load(CASES, select(t).where(t.c.desk == desk).order_by(t.c.opened_at, t.c.id)))

    def undelivered(self) -> int:
        """How many things were said of which no copy went out: refused, or still waiting."""
        t = tables.outbox
        query = select(t.c.group_id, t.c.state).where(t.c.kind != "")
        reached: dict[str, bool] = {}
        for group, state in self.connection.execute(query):
            fine = state in ("sent", "delivered", "read", "stale", "held")
            reached[group] = reached.get(group, False) or fine
        return sum(not fine for fine in reached.values())

    def free_references(self, candidates: tuple[str, ...]) -> list[str]:
        """The candidates that no case has."""
        used = set(self.connection.execute(_TAKEN, {"refs": list(candidates)}).scalars())
        used |= {e.ref for (table, _), e in self._dirty.items() if table == "cases"}
        return [c for c in candidates if c not in used]

    def crowd(self, desk: str) -> frozenset[str]:
        """Ids of the desk's untaken unverified P1 cases."""
        if desk not in self._counts:
            self._counts[desk] = set(self.connection.execute(_CROWD, {"desk": desk}).scalars())
        return frozenset(self._counts[desk])

    def crowd_size(self, desk: str) -> int:
        """How many they are, without copying."""
        self.crowd(desk) if desk not in self._counts else None
        return len(self._counts[desk])

    def crowd_head(self, desk: str) -> str | None:
        """The oldest of them: the one whose climb is the list's."""
        self.crowd(desk) if desk not in self._counts else None
        return min(self._counts[desk], default=None)

    def message_at(self, channel: str, ref: str) -> Message | None:
        """The stored message with a channel's reference."""
        blind = self.vault.message(channel, ref)
        t = tables.messages
        found = self._load(MESSAGES, select(t).where(t.c.blind == blind).order_by(t.c.at.desc()).limit(1))
        return found[0] if found else None

    def messages_of(self, case_id: str, limit: int) -> tuple[Message, ...]:
        """The newest messages of a case, oldest first."""
        t = tables.messages
        query = select(t).where(t.c.case_id == case_id).order_by(t.c.at.desc(), t.c.id.desc()).limit(limit)
        return tuple(reversed(self._load(MESSAGES, query)))

    def file(self, file_id: str) -> StoredFile | None:
        """One attachment."""
        return self._one(FILES, file_id)

    def message(self, message_id: str) -> Message | None:
        """One message."""
        return self._one(MESSAGES, message_id)

    # ----------------------------------------------------------------------------------------------------- outbox

    def outgoing(self, outgoing_id: str) -> Outgoing | None:
        """One outbox row."""
        return self._one(OUTBOX, outgoing_id)

    def outgoings(self, ids: Iterable[str]) -> None:
        """Reads many outbox rows ahead."""
        self._many(OUTBOX, ids)

    def outgoing_at(self, channel: str, ref: str) -> Outgoing | None:
        """The outbox row that went out under a channel's reference."""
        blind = self.vault.message(channel, ref)
        t = tables.outbox
        found = self._load(OUTBOX, select(t).where(t.c.blind == blind).order_by(t.c.id.desc()).limit(1))
        return found[0] if found else None

    def outgoings_at(self, channel: str, ref: str) -> tuple[Outgoing, ...]:
        """Every outbox row that went out in the message with this reference: several when pages were bundled."""
        blind = self.vault.message(channel, ref)
        return tuple(self._load(OUTBOX, select(tables.outbox).where(tables.outbox.c.blind == blind)))

    def latest_menu(self, address_id: str) -> Outgoing | None:
        """The latest message with choices that went out to an address."""
        t = tables.outbox
        out = [s.value for s in OUT]
        query = select(t).where(t.c.address_id == address_id, tables.MENU, t.c.state.in_(out))
        found = self._load(OUTBOX, query.order_by(t.c.sent_at.desc(), t.c.id.desc()).limit(1))
        return found[0] if found else None

    def group(self, group_id: str) -> tuple[Outgoing, ...]:
        """Every copy and fallback of one thing said."""
        return tuple(self._load(OUTBOX, select(tables.outbox).where(tables.outbox.c.group_id == group_id)))

    def sends_of_round(self, round_id: str, person_id: str) -> tuple[Sending, ...]:
        """Everything sent to the defender for a round."""
        self.sends_of_rounds([round_id])
        return tuple(sending for person, sending in self._sends[round_id] if person == person_id)

    def sends_of_rounds(self, round_ids: Iterable[str]) -> None:
        """Reads ahead what was sent for many rounds. Nothing is opened for it."""
        t = tables.outbox
        wanted = sorted({i for i in round_ids if i not in self._sends})
        for start in range(0, len(wanted), CHUNK):
            part = wanted[start : start + CHUNK]
            self._sends.update((i, []) for i in part)
            query = select(t.c.round_id, t.c.person_id, t.c.channel, t.c.state, t.c.sent_at)
            for row in self.connection.execute(query.where(t.c.round_id.in_(part))):
                at = from_micros(row.sent_at) if row.sent_at is not None else None
                sending = Sending(row.channel, SendState(row.state), at)
                self._sends[row.round_id].append((row.person_id, sending))

    def sent_to(self, address_id: str, since_micros: int, limit: int) -> tuple[Outgoing, ...]:
        """What went out to an address since an instant, newest first: for `clear`."""
        t = tables.outbox
        query = select(t).where(
            t.c.address_id == address_id, t.c.blind.is_not(None), t.c.sent_at >= since_micros
        )
        return tuple(self._load(OUTBOX, query.order_by(t.c.sent_at.desc()).limit(limit)))
