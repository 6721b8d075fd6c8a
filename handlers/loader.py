"""Loading: everything a decision may need, before it decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from alerts.cases import Case, Message
from alerts.checkins import Round, RoundStatus
from alerts.deadlines import DeadlineKind
from alerts.escalation import CASE_DEADLINES
from alerts.events import LONG_TEXT, InboundKind, OutboundKind, Refused
from alerts.facts import (
    Answered,
    ChannelTurned,
    DeskView,
    Due,
    Event,
    Facts,
    Fetched,
    Gap,
    Heard,
    Ordered,
    Poisoned,
    Spare,
    Ward,
)
from alerts.ids import Ids
from alerts.invitations import code_in, codes_of, names_in
from alerts.oncall import on_call
from alerts.people import Person
from alerts.records import replace
from alerts.rounds import Reached, asks_next, reached
from alerts.store import dead_channels, files, queues
from alerts.store.work import Work
from handlers import clearing, closing, ending, ok_word, outcome
from handlers.asking import asks_about_codes
from handlers.desk_commands import begins_with, references_in
from handlers.draft import Draft
from handlers.paging import CROWDED
from handlers.rules import Rules

BOARD = 200
"""Cases that staff see at once."""
THREAD = 12
NAMED_OVERDUE = 20
"""After a gap: people whom the desk is told by name."""
NAMING = 200
"""Characters of a message in which staff may name somebody in a command."""
CASE_KINDS, ROUND_KINDS = frozenset(CASE_DEADLINES), frozenset({DeadlineKind.RUNG})
CHECK_IN_KINDS = frozenset({DeadlineKind.PROMPT, DeadlineKind.WARN})


@dataclass
class Loader:
    """Makes facts for events of one transaction."""

    work: Work
    rules: Rules
    entropy: Callable[[int], bytes]
    ordinal: Callable[[], int]
    """Counts the turns of this process."""
    spare_keys: list[str]
    """Keys that were taken and not used; the next turn uses them."""
    spare_references: list[str] = field(default_factory=list)
    """Free case references, likewise."""
    _held: tuple[datetime, DeskView] | None = None

    def prefetch(self, events: Iterable[Event]) -> None:
        """Reads in bulk what a batch of events will need."""
        batch = list(events)
        heard = [e.inbound for e in batch if isinstance(e, Heard)]
        self.work.locate(((i.channel, i.sender) for i in heard if i.sender), self.rules.desk)
        writers = [p.id for p in (self.work.person_at(i.channel, i.sender) for i in heard if i.sender) if p]
        if writers:
            self.work.open_cases_of_many(writers)
            self.work.live_rounds_of_many(writers)
            self.work.links_of_many(writers)
        due = [e.deadline for e in batch if isinstance(e, Due)]
        self.work.ask_ahead(due)
        self.work.subjects(due)
        people = {d.person_id for d in due if d.person_id}
        if people:
            self.work.people(people)
            self.work.open_cases_of_many(people)
            self.work.live_rounds_of_many(people)
        rungs = [d for d in due if d.kind in ROUND_KINDS]
        if rungs:
            climbing = [r for r in (self.work.round(d.subject) for d in rungs) if r is not None]
            self.work.check_ins(r.check_in_id for r in climbing)
            self.work.cases(r.case_id for r in climbing if r.case_id)
            self.work.sends_of_rounds(d.subject for d in rungs)
            grave = [r.person_id for r in climbing if not self._asks_next(r)]
            self.work.links_of_many(grave)
            self.work.people(link.contact_id for i in grave for link in self.work.links_of(i))
        self.work.outgoings(e.outgoing_id for e in batch if isinstance(e, Answered) and not e.behind)

    def load(self, event: Event, now: datetime) -> Facts:
        """The facts for one event."""
        desk = self._steady_desk(now) if isinstance(event, Due) else self.desk(now)
        match event:
            case Heard():
                return self._heard(event, desk, now)
            case Due():
                return self._due(event, desk, now)
            case Answered():
                return self._answered(event, desk, now)
            case Poisoned():
                person = self.work.person_at(event.channel, event.account) if event.account else None
                cases = self.work.open_cases_of(person.id) if person else ()
                spare = self._spare(now, person=person is None and bool(event.account), case=True)
                return Facts(now, event, desk, spare, me=person, cases=cases)
            case Fetched():
                return self._fetched(event, desk, now)
            case Ordered():
                return self._ordered(event, desk, now)
            case Gap():
                overdue, count = self.work.overdue((DeadlineKind.PROMPT, *ROUND_KINDS), now, NAMED_OVERDUE)
                people = self.work.people_that_open(d.person_id for d in overdue if d.person_id)
                facts = Facts(now, event, desk, self._spare(now), people=people)
                return replace(facts, overdue=tuple(overdue), overdue_count=count)
            case ChannelTurned():
                return Facts(now, event, desk, self._spare(now))

    def _steady_desk(self, now: datetime) -> DeskView:
        """The desk for a batch of deadlines: none of them changes who belongs to it or who is on call."""
        held = self._held
        if held is None or held[0] != now:
            held = self._held = (now, self.desk(now))
        elif (held[1].crowd, held[1].crowd_head) != self.work.crowd(self.rules.desk):
            crowd, head = self.work.crowd(self.rules.desk)
            held = self._held = (now, replace(held[1], crowd=crowd, crowd_head=head))
        return held[1]

    def desk(self, now: datetime) -> DeskView:
        """The desk at this instant."""
        name = self.rules.desk
        people = self.work.desk_people(name)
        staff = tuple(p for p in people if p.is_staff)
        rota = self.work.rota(name)
        # Without a rota the officers are called in the order in which they joined.
        order = on_call(rota, now) if rota else tuple(p.id for p in staff if p.role.value == "officer")
        present = {p.id for p in staff}
        crowd, head = self.work.crowd(name)
        return DeskView(
            id=name,
            staff=staff,
            rota=rota,
            on_call=tuple(i for i in order if i in present),
            crowd=crowd,
            crowd_head=head,
            waiting=tuple(p for p in people if not p.is_staff),
        )

    def _ordered(self, event: Ordered, desk: DeskView, now: datetime) -> Facts:
        called = self.work.people_called(desk.id, [event.about])
        facts = Facts(now, event, desk, self._spare(now), called=called)
        return self._with_people(replace(facts, board=self._board(called)))

    def _board(self, whose: Iterable[Person]) -> tuple[Case, ...]:
        """What staff see at once, and what these have in hand: many alarms of strangers must not hide it from them."""
        desk, staff = self.rules.desk, (p.id for p in whose if p.is_staff)
        seen = (*self.work.unclosed_cases(desk, BOARD), *self.work.cases_in_hand(desk, staff))
        return tuple({case.id: case for case in seen}.values())

    def _spare(
        self, now: datetime, *, person: bool = False, case: bool = False, codes: bool = False
    ) -> Spare:
        ids = Ids(now, self.entropy(16), self.ordinal())
        taken = codes_of(self.entropy(64)) if codes else ()
        return Spare(
            ids=ids,
            person_key=self._key() if person else "",
            case_key=self._key() if case else "",
            reference=self._reference(ids) if case else "",
            codes=taken,
            code_digests=tuple(self.work.vault.code(c) for c in taken),
        )

    def _key(self) -> str:
        return self.spare_keys.pop() if self.spare_keys else self.work.vault.keys.take()

    def _reference(self, ids: Ids) -> str:
        while not self.spare_references:
            self.spare_references += self.work.free_references(ids.references())
        return self.spare_references.pop()

    def give_back(self, facts: Facts, used_person: bool, used_case: bool) -> None:
        """Keys that a decision did not use are there for the next."""
        if facts.spare.person_key and not used_person:
            self.spare_keys.append(facts.spare.person_key)
        if facts.spare.case_key and not used_case:
            self.spare_keys.append(facts.spare.case_key)
            self.spare_references.append(facts.spare.reference)

    # -------------------------------------------------------------------------------------------------- by event

    def _heard(self, event: Heard, desk: DeskView, now: datetime) -> Facts:
        work, inbound = self.work, event.inbound
        me = work.person_at(inbound.channel, inbound.sender)
        staff = me is not None and desk.person(me.id) is not None
        if me is not None and staff:
            me = work.hold(me.id)
        cases = work.open_cases_of(me.id) if me else ()
        address = me.on(inbound.channel) if me else None
        targets = work.outgoings_at(inbound.channel, inbound.target_ref) if inbound.target_ref else ()
        if not targets and inbound.outbound_id:
            # The button carries the row itself: it is known even when we died between the send and noting it.
            pressed = work.outgoing(inbound.outbound_id)
            targets = (pressed,) if pressed is not None and pressed.channel == inbound.channel else ()
        ref = "" if targets else inbound.target_ref
        quoted = work.message_at(inbound.channel, ref) if ref else None
        short = inbound.kind is InboundKind.TEXT and len(inbound.text) < 80
        menu = work.latest_menu(address.id) if address and short else None
        facts = Facts(
            now=now,
            event=event,
            desk=desk,
            spare=self._spare(
                now,
                person=me is None,
                case=not cases or staff,
                codes=me is not None and me.role.value != "stranger",
            ),
            me=me,
            address=address,
            cases=cases,
            last_closed=work.case_that_opens(me.talk.closed) if me and staff and me.talk.closed else None,
            target=next((t for t in targets if address and t.address_id == address.id), None),
            targets=tuple(t for t in targets if address and t.address_id == address.id),
            quoted=quoted,
            menu=menu,
        )
        code = code_in(inbound.text)
        if code:
            facts = self._for_code(facts, code)
        if me is not None:
            facts = self._conversation(facts, me)
            facts = self._for_staff(facts, inbound.text) if staff else facts
        if staff and quoted is not None and inbound.kind in (InboundKind.EDIT, InboundKind.DELETE):
            facts = self._corrected(facts, quoted)
        facts = self._with_people(facts)
        if staff and begins_with(self.rules.words, inbound.text, ("rota", "cover")):
            # Last, so that nothing else is waited for while the rota is held.
            facts = replace(facts, desk=replace(desk, rota=work.rota_to_change(desk.id)))
        return facts

    def _for_code(self, facts: Facts, code: str) -> Facts:
        """Whom an invitation is about, and who else has the name that it gives."""
        work = self.work
        invitation = work.invitation(code)
        if invitation is None:
            return facts
        subject = invitation.subject_id
        return replace(
            facts,
            invitation=invitation,
            subject_links=work.links_of(subject) if subject else (),
            subject_cases=work.open_cases_of(subject) if subject else (),
            called=work.people_called(invitation.desk, [invitation.alias]) if invitation.alias else (),
        )

    def _conversation(self, facts: Facts, me: Person) -> Facts:
        work = self.work
        if not isinstance(facts.event, Heard):
            return facts
        wards = []
        for link in work.links_to(me.id):
            defender = work.person(link.defender_id)
            if defender is not None:
                wards.append(
                    Ward(link, defender, work.open_cases_of(defender.id), work.live_rounds_of(defender.id))
                )
        text = facts.event.inbound.text
        about_codes = asks_about_codes(Draft(facts, self.rules), me, text)
        facts = replace(facts, rounds=work.live_rounds_of(me.id))
        facts = clearing.read(work, facts, self.rules.recogniser.intent)
        facts = ok_word.noticed(facts, self.rules, me, partial(work.vault.word, me.key_id))
        asked = facts.target if facts.target is not None and facts.target.round_id else facts.menu
        return replace(
            facts,
            round=work.round(asked.round_id) if asked is not None and asked.round_id else None,
            wards=tuple(wards),
            links=work.links_of(me.id),
            unused=work.unused_codes(me, self.rules.desk, facts.now) if about_codes else (),
            check_ins=work.check_ins_of(me.id),
        )

    def _corrected(self, facts: Facts, said: Message) -> Facts:
        group = files.passed_on(self.work, said.channel, said.ref)
        return replace(facts, case=self.work.case(said.case_id or ""), group=group)

    def _for_staff(self, facts: Facts, text: str) -> Facts:
        work = self.work
        named = work.cases_named(self.rules.desk, references_in(text))
        quoted = next((t.case_id for t in facts.targets if t.case_id), None)
        asked = facts.menu.case_id if facts.menu is not None else None
        # What was quoted is what is meant, and has to open. A menu is only the latest.
        case = work.case(quoted) if quoted else work.case_that_opens(asked) if asked else None
        me = facts.me
        named_so = work.people_called(self.rules.desk, names_in(text)) if len(text) < NAMING else ()
        called = tuple({p.id: p for p in (*facts.called, *named_so)}.values())
        board = self._board((*([me] if me else []), *called))
        looked_at = (*named, case)[0] or next((c for c in board if me and c.id == me.talk.focus), None)
        if looked_at is not None and begins_with(self.rules.words, text, ("case",)):
            lately = work.recent_rounds_of(looked_at.person_id, 2 * THREAD)
            facts = replace(facts, thread=work.messages_of(looked_at.id, THREAD), lately=lately)
        mine = [c.id for c in board if me and c.taken_by == me.id]
        menu = facts.target or facts.menu
        outcome = menu is not None and menu.question == closing.QUESTION
        if outcome or begins_with(self.rules.words, text, ("close", "checkin")):
            meant = (*(c for c in board if c.id in mine), *named, *((case,) if case else ()))
            facts = ending.read(work, facts, meant, called)
        held = work.rounds_of_cases((*mine, *(c.id for c in (*named, case) if c)))
        facts = replace(facts, relayed=work.last_relayed(me.id, mine) if me else None)
        facts = replace(facts, focus_shut=bool(me and me.talk.focus and work.is_shut(me.talk.focus)))
        return replace(facts, board=board, named=named, case=case, called=called, held=held)

    def _due(self, event: Due, desk: DeskView, now: datetime) -> Facts:
        work, deadline = self.work, event.deadline
        if deadline.kind in CASE_KINDS:
            case = work.case(deadline.subject)
            facts = Facts(now, event, desk, self._spare(now), case=case)
            facts = replace(facts, me=work.person(case.person_id) if case else None)
            if case is not None and case.id == desk.crowd_head and self._crowded(desk):
                facts = replace(facts, board=work.unclosed_cases(desk.id, CROWDED))
        elif deadline.kind in ROUND_KINDS:
            round_ = work.round(deadline.subject)
            asks = round_ is not None and self._asks_next(round_)
            facts = Facts(now, event, desk, self._spare(now, case=not asks), round=round_)
            if round_ is not None:
                facts = replace(self._round(facts, round_), me=work.person(round_.person_id))
            if asks:
                return facts
        elif deadline.kind in CHECK_IN_KINDS:
            check_in = work.check_in(deadline.subject)
            if check_in is None:
                return Facts(now, event, desk, self._spare(now))
            # Nobody but the person is written to by a prompt, so nobody else is read for one.
            return Facts(
                now,
                event,
                desk,
                self._spare(now),
                me=work.person(check_in.person_id),
                cases=work.open_cases_of(check_in.person_id),
                rounds=work.live_rounds_of(check_in.person_id),
                check_in=check_in,
            )
        else:
            facts = Facts(now, event, desk, self._spare(now))
        return self._with_people(facts)

    def _crowded(self, desk: DeskView) -> bool:
        return desk.crowd > self.rules.policy.unverified_bundle_above

    def _round(self, facts: Facts, round_: Round) -> Facts:
        """What concerns a round: its check-in, its case, what was sent for it, and the person's contacts."""
        work = self.work
        return replace(
            facts,
            check_in=work.check_in(round_.check_in_id),
            sends=work.sends_of_round(round_.id, round_.person_id),
            outages=dead_channels.outages(work, round_, self.rules.protocols.get(round_.protocol)),
            cases=work.open_cases_of(round_.person_id),
            case=work.case(round_.case_id) if round_.case_id else None,
            links=() if self._asks_next(round_) else work.links_of(round_.person_id),
            rounds=work.live_rounds_of(round_.person_id),
            board=self._others_unreached(round_),
        )

    def _others_unreached(self, round_: Round) -> tuple[Case, ...]:
        """The desk's open cases, when this round is about to become one of somebody whom nothing reached."""
        if round_.status is not RoundStatus.LIVE or self._asks_next(round_):
            return ()
        undelivered = reached(self.work.sends_of_round(round_.id, round_.person_id)) is Reached.UNDELIVERED
        return self.work.unclosed_so_far(self.rules.desk, BOARD) if undelivered else ()

    def _asks_next(self, round_: Round) -> bool:
        protocol = self.rules.protocols.get(round_.protocol)
        return protocol is not None and asks_next(round_, protocol.ladder)

    def _answered(self, event: Answered, desk: DeskView, now: datetime) -> Facts:
        work = self.work
        row = (queues.still_behind if event.behind else Work.outgoing)(work, event.outgoing_id)
        if row is None:
            return Facts(now, event, desk, self._spare(now))
        case = work.case(row.case_id) if row.case_id else None
        round_ = work.round(row.round_id) if row.round_id else None
        check_in = work.check_in(round_.check_in_id) if round_ else None
        me, group = work.person(row.person_id), work.group(row.group_id)
        facts = Facts(now, event, desk, self._spare(now), me=me, case=case, round=round_, check_in=check_in)
        facts = replace(facts, outgoing=row, group=group)
        if round_ is None:
            return self._with_people(facts)
        if row.kind is OutboundKind.CONTACT_ALERT and isinstance(event.outcome, Refused):
            # A contact who cannot be reached may leave nobody but the desk.
            facts = self._round(replace(facts, spare=self._spare(now, case=True)), round_)
        elif row.kind in outcome.OF_ROUNDS and outcome.is_down(event.outcome):
            alerts = dead_channels.alerts_kept(work, round_)
            facts = replace(self._round(facts, round_), alerts=alerts)
        return self._with_people(facts)

    def _fetched(self, event: Fetched, desk: DeskView, now: datetime) -> Facts:
        work = self.work
        file = work.file(event.file_id)
        message = work.message(file.message_id) if file else None
        case = work.case(file.case_id) if file and file.case_id else None
        me = work.person(message.author_id) if message else None
        facts = Facts(now, event, desk, self._spare(now), me=me, case=case, file=file, message=message)
        if file is not None and file.state == "stored" and file.content_type == LONG_TEXT:
            facts = replace(
                facts,
                spare=self._spare(now, case=True),
                cases=work.open_cases_of(me.id) if me else (),
                rounds=work.live_rounds_of(me.id) if me else (),
                whole_text=files.text_in(work, file),
            )
        return self._with_people(facts)

    def _with_people(self, facts: Facts) -> Facts:
        cases: tuple[Case | None, ...] = (
            *facts.cases,
            *facts.board,
            *facts.named,
            facts.case,
            facts.last_closed,
        )
        ids = {c.person_id for c in cases if c} | {i for c in cases if c for i in c.alerted}
        ids |= {c.taken_by for c in cases if c and c.taken_by}
        ids |= {link.contact_id for link in facts.links} | {w.defender.id for w in facts.wards}
        ids |= {m.author_id for m in facts.thread} | {
            i for r in (*facts.rounds, *facts.asked) for i in r.alerted
        }
        if facts.round is not None:
            ids |= {*facts.round.alerted, facts.round.person_id}
        if facts.check_in is not None and facts.check_in.made_by:
            ids.add(facts.check_in.made_by)
        if facts.invitation is not None:
            ids |= {i for i in (facts.invitation.made_by, facts.invitation.subject_id) if i}
        return replace(facts, people=self.work.people_that_open(sorted(i for i in ids if i)))
