"""What one turn has decided so far: entities to write, deadlines to arm, messages to send.

A `Draft` is filled by decisions and applied by the turn. It never reads anything but the facts it was given, and gives
the same result for the same facts. Two things are done here and nowhere else, so that no decision can forget them:
every change of a case or a round re-arms the deadlines that follow from its state, and every message is put into the
outbox for addresses that this person really has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from alerts.cases import Case, Message
from alerts.checkins import CheckIn, CheckInKind, Round
from alerts.deadlines import Deadline, DeadlineKind
from alerts.escalation import CASE_DEADLINES, armed, in_time
from alerts.events import OutboundKind
from alerts.facts import Facts
from alerts.outbox import Choice, Guard, Outgoing, SendState, priority
from alerts.people import Address, Person, Reach, Talk
from alerts.policy import Protocol
from alerts.recognition import Verdict
from alerts.records import replace
from alerts.rounds import check_in_deadlines, round_deadline
from handlers.rules import Rules

T = TypeVar("T", Person, Case, Round, CheckIn)
_EVENTS = (OutboundKind.PAGE, OutboundKind.NOTICE, OutboundKind.CONTACT_ALERT, OutboundKind.ALL_CLEAR)
MARKED = frozenset({*_EVENTS, OutboundKind.RELAY})
"""What says so when it may be a repeat: read twice it would be taken for two events, or for words said twice. A receipt
or a question says the same however often it comes, and a person in danger is not to be made to wonder about it."""


class Draft:
    """Collects the effects of one turn."""

    def __init__(self, facts: Facts, rules: Rules) -> None:
        self.facts = facts
        self.rules = rules
        self.now = facts.now
        self.entities: dict[str, Any] = {}
        self.deadlines: dict[tuple[DeadlineKind, str], Deadline | None] = {}
        self.urgent = False
        """Whether the batch should be committed at once."""
        self.used_case_key = False
        self.used_person_key = False
        self.code_heard = False
        """Whether the message's code has been dealt with; what else it says has not."""
        self.events: list[tuple[str, Mapping[str, Any]]] = []
        """References only: for the log and the practice page."""
        self._verdict: tuple[str, Verdict] | None = None

    # ------------------------------------------------------------------------------------------------------ state

    def new_id(self) -> str:
        """A fresh row id."""
        return self.facts.spare.ids.new()

    def latest(self, entity: T) -> T:
        """The entity as this turn has changed it so far."""
        found: T = self.entities.get(entity.id, entity)
        return found

    def person(self, person_id: str | None) -> Person | None:
        """Somebody by id, as this turn has changed them so far."""
        if person_id is None:
            return None
        known = self.entities.get(person_id)
        if isinstance(known, Person):
            return known
        if self.facts.me is not None and self.facts.me.id == person_id:
            return self.facts.me
        return self.facts.people.get(person_id) or self.facts.desk.person(person_id)

    def put(self, entity: Any) -> None:
        """Notes an entity that no deadline depends on."""
        self.entities[entity.id] = entity

    def put_person(self, person: Person) -> Person:
        """Notes a changed person."""
        person = replace(person, version=person.version + 1)
        self.entities[person.id] = person
        return person

    def talk(self, person: Person, **changes: Any) -> Person:
        """Notes a change of the conversation with a person."""
        person = self.latest(person)
        talk: Talk = replace(person.talk, **changes)
        return person if talk == person.talk else self.put_person(replace(person, talk=talk))

    def put_case(self, case: Case) -> Case:
        """Notes a changed case and arms the deadlines that follow from what it is now."""
        new = case.version == 0
        case = replace(in_time(case, self.rules.policy, self.now), version=case.version + 1)
        self.entities[case.id] = case
        wanted = {d.kind: d for d in armed(case, self.rules.policy)}
        for kind in CASE_DEADLINES:
            if kind in wanted or not new or (kind, case.id) in self.deadlines:
                self.deadlines[(kind, case.id)] = wanted.get(kind)
        return case

    def reached(self, person: Person, channel: str) -> Person:
        """Notes that an account of theirs takes messages: they wrote from there, or it took one. A frozen one stays
        frozen."""
        person = self.latest(person)
        addresses = tuple(
            replace(a, status=Reach.OK) if a.channel == channel and a.status is Reach.REFUSED else a
            for a in person.addresses
        )
        return (
            person if addresses == person.addresses else self.put_person(replace(person, addresses=addresses))
        )

    def protocol(self, name: str, watches: CheckInKind = CheckInKind.PERIODIC) -> Protocol:
        """The protocol of that name. One that the desk has since taken out of its policy gives way to the first that
        is for the same kind of check-in: a round goes on climbing whatever was edited."""
        protocols = self.rules.protocols
        if name in protocols:
            return protocols[name]
        fitting = [p for p in protocols.values() if p.watches is watches]
        return fitting[0] if fitting else next(iter(protocols.values()))

    def put_round(self, round_: Round) -> Round:
        """Notes a changed round and arms the rung that comes next."""
        round_ = replace(round_, version=round_.version + 1)
        self.entities[round_.id] = round_
        key = (DeadlineKind.RUNG, round_.id)
        self.deadlines[key] = round_deadline(round_, self.protocol(round_.protocol))
        return round_

    def put_check_in(self, check_in: CheckIn) -> CheckIn:
        """Notes a changed check-in and arms its next prompt."""
        check_in = replace(check_in, version=check_in.version + 1)
        self.entities[check_in.id] = check_in
        self.deadlines[(DeadlineKind.PROMPT, check_in.id)] = None
        if check_in.kind is CheckInKind.TIMER:
            self.deadlines[(DeadlineKind.WARN, check_in.id)] = None
        for deadline in check_in_deadlines(check_in, self.now):
            self.deadlines[(deadline.kind, check_in.id)] = deadline
        return check_in

    def arm(self, deadline: Deadline) -> None:
        """Notes a deadline of something that is no case."""
        self.deadlines[(deadline.kind, deadline.subject)] = deadline

    def disarm(self, kind: DeadlineKind, subject: str) -> None:
        """Notes that a deadline is not wanted any more."""
        self.deadlines[(kind, subject)] = None

    def event(self, name: str, **references: Any) -> None:
        """Something for the log: codes, references, ids, nothing that tells of a person."""
        self.events.append((name, references))

    # -------------------------------------------------------------------------------------------------- languages

    def verdict(self, text: str) -> Verdict:
        """What the recogniser says of a text; asked once, however many decisions want to know."""
        if self._verdict is None or self._verdict[0] != text:
            self._verdict = (text, self.rules.recogniser.recognise(text))
        return self._verdict[1]

    def language_of(self, person: Person) -> str:
        """The language that the bot speaks to a person."""
        return person.language if self.rules.words.speaks(person.language) else self.rules.language

    def word(self, person: Person, key: str, /, **arguments: object) -> str:
        """A text in a person's language."""
        return self.rules.words.say(self.language_of(person), key, **arguments)

    def choices(self, person: Person, codes: Iterable[tuple[str, str]]) -> tuple[Choice, ...]:
        """(code, key of the label) pairs as choices in a person's language."""
        return self.rules.words.choices(self.language_of(person), tuple(codes))

    # ---------------------------------------------------------------------------------------------------- sending

    def addresses(self, person: Person, via: str = "usual") -> tuple[Address, ...]:
        """Where a message goes. `via` is usual, all, first, second, content, or a channel's name.

        An address that refused the last time is used only when there is no other; but what goes to all goes there too,
        since nobody else says that it takes messages again.
        """
        person = self.latest(person)
        mine = tuple(a for a in person.addresses if a.status is not Reach.FROZEN) or person.addresses
        good = tuple(a for a in mine if a.status is Reach.OK) or mine
        match via:
            case "all":
                return mine
            case "first":
                return good[:1]
            case "second":
                return good[1:2]
            case "usual":
                last = next((a for a in good if a.channel == person.talk.last_channel), None)
                return (last,) if last else good[:1]
            case "content":
                return self._content_address(person, good)
            case _:
                return tuple(a for a in good if a.channel == via)

    def _content_address(self, person: Person, good: tuple[Address, ...]) -> tuple[Address, ...]:
        """Where staff get what a defender wrote: never on Telegram while they have something better."""
        if person.content_channel:
            chosen = tuple(a for a in good if a.channel == person.content_channel)
            if chosen:
                return chosen[:1]
        if self.rules.telegram_content == "always":
            return self.addresses(person)
        safe = tuple(a for a in good if a.channel != "telegram")
        if safe:
            return safe[:1]
        return good[:1] if self.rules.telegram_content == "fallback" else ()

    def say(
        self,
        person: Person,
        kind: OutboundKind,
        text: str,
        *,
        via: str = "usual",
        case: Case | None = None,
        round_: Round | None = None,
        urgency: int | None = None,
        choices: tuple[Choice, ...] = (),
        question: str = "",
        guard: Guard = Guard.NONE,
        token: int = 0,
        line: str = "",
        to: tuple[Address, ...] | None = None,
        group: str | None = None,
        fallback: bool = False,
        texts: Mapping[str, str] | None = None,
        bare: str = "",
        **more: Any,
    ) -> tuple[Outgoing, ...]:
        """Puts a message into the outbox, once for each address. Returns the rows; empty when there is no address.

        - `via` says which of the person's addresses (see `addresses`); `to` names them instead.
        - `case` and `round_` are what it is about. A case gives it its urgency and its key; without one it is P4.
        - `choices` are answers on offer, `question` is the code of what they answer.
        - `guard`, with its `token`, must still hold right before the send (`bot/worth.py`).
        - `line` stands for it when several are bundled; `texts` are other words for single channels; `bare` are words
          that say nothing of a person, for staff who have no account where content may go.
        - `group` is the same for all copies of one thing said to one person; `fallback` marks one that goes out since
          another address refused.
        - `more` are further fields of `Outgoing`, such as `ready_at`.
        """
        person = self.latest(person)
        to = self.addresses(person, via) if to is None else to
        if bare and not to:
            to, text = self.addresses(person), bare
        group = group or self.new_id()
        level = urgency if urgency is not None else (self.latest(case).urgency if case else 4)
        verified = case.verified if case else person.verified
        rows = []
        for address in to:
            row = Outgoing(
                id=self.new_id(),
                group_id=group,
                person_id=person.id,
                address_id=address.id,
                channel=address.channel,
                case_id=case.id if case else None,
                round_id=round_.id if round_ else None,
                kind=kind,
                priority=priority(kind, level, verified, to_desk=person.is_staff),
                urgency=level,
                state=SendState.QUEUED,
                attempts=0,
                created_at=self.now,
                ready_at=more.get("ready_at", self.now),
                sent_at=None,
                menu=bool(choices),
                guard=guard,
                token=token,
                blind=None,
                # What is said about a case goes when the case's key goes, whoever it was said to.
                key_id=case.key_id if case else person.key_id,
                text=(texts or {}).get(address.channel, text),
                choices=choices,
                question=question,
                line=line,
                fallback=fallback,
                repeat_note=self.word(person, "repeat.maybe") if kind in MARKED else "",
                **{k: v for k, v in more.items() if k != "ready_at"},
            )
            self.entities[row.id] = row
            rows.append(row)
        return tuple(rows)

    # -------------------------------------------------------------------------------------------------- recording

    def record(
        self,
        *,
        person_id: str,
        author_id: str,
        kind: str,
        case: Case | None,
        key_id: str,
        text: str = "",
        at: datetime | None = None,
        **more: Any,
    ) -> Message:
        """Keeps something that was said, under the case's key when it belongs to one."""
        message = Message(
            id=self.new_id(),
            case_id=case.id if case else None,
            person_id=person_id,
            author_id=author_id,
            at=at or self.now,
            kind=kind,
            blind=None,
            key_id=case.key_id if case else key_id,
            text=text,
            **more,
        )
        self.entities[message.id] = message
        return message
