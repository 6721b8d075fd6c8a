"""A check-in without an answer becomes the desk's: a case, or more reason for the one that is open."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from alerts.cases import Case, CaseStatus, Source, climbing_anew, raised
from alerts.checkins import CheckInKind, Round, RoundStatus
from alerts.escalation import leads
from alerts.events import OutboundKind
from alerts.facts import Ward
from alerts.outbox import Guard
from alerts.people import Person
from alerts.policy import Protocol
from alerts.records import replace
from alerts.rounds import Reached, first_sent, held_up, reached, told_apart
from alerts.walltime import zone_named
from handlers import paging, relay, shutdown
from handlers.draft import Draft
from handlers.localtime import dated


def to_desk(draft: Draft, round_: Round, person: Person, protocol: Protocol) -> Case:
    """The case behind a round from here on. The round is noted; a round that has its case already keeps it."""
    case = draft.latest(draft.facts.case) if draft.facts.case is not None else None
    if round_.status is RoundStatus.DESK and case is not None:
        draft.put_round(round_)
        return case
    wanted = int(protocol.urgency_at(round_.done))
    open_cases = [c for c in map(draft.latest, draft.facts.cases) if c.is_open and not c.drill]
    headline = headline_of(draft, round_, protocol)
    if open_cases:
        case = fold(draft, round_, person, protocol, open_cases[0], wanted, headline)
    else:
        case = paging.open_case(
            draft,
            person,
            wanted,
            source_of(protocol),
            headline,
            check_in_id=round_.check_in_id,
            round_id=round_.id,
        )
        if reached(draft.facts.sends) is Reached.UNDELIVERED:
            case = shutdown.suspected(draft, draft.latest(case), person, on_duty(draft))
    draft.put_round(replace(round_, status=RoundStatus.DESK, case_id=case.id))
    return remember_alerted(draft, case, round_.alerted)


def told_by_contact(draft: Draft, ward: Ward, urgency: int, headline: str, at: datetime) -> Case:
    """A case about a defender, by what an alerted contact writes before the desk has one. It comes from the check-in
    that they were told of: the defender has written nothing, and is told nothing."""
    source = source_of(draft.protocol(ward.rounds[0].protocol)) if ward.rounds else Source.CHECK_IN
    case = paging.open_case(draft, ward.defender, urgency, source, headline, opened_at=at)
    return remember_alerted(draft, case, tuple(i for r in ward.rounds for i in r.alerted))


def belongs_to(draft: Draft, rounds: Iterable[Round], case: Case) -> Case:
    """The desk has a case before its rung has come, by a contact's alarm: the questions that wait are its from now on,
    and an OK is verified."""
    for round_ in map(draft.latest, rounds):
        if round_.status is RoundStatus.LIVE:
            draft.put_round(replace(round_, status=RoundStatus.DESK, case_id=case.id))
            held = draft.latest(case)
            held = replace(
                held,
                check_in_id=held.check_in_id or round_.check_in_id,
                round_id=held.round_id or round_.id,
                alerted=tuple(dict.fromkeys((*held.alerted, *round_.alerted))),
            )
            draft.put_case(held)
    return draft.latest(case)


def headline_of(draft: Draft, round_: Round, protocol: Protocol) -> str:
    """What was asked when, and how far the question came: the desk must tell "not answered" from "not delivered"."""
    reader = draft.facts.desk.staff[0] if draft.facts.desk.staff else None
    language = draft.language_of(reader) if reader is not None else draft.rules.language
    say = draft.rules.words.say
    label = draft.facts.check_in.label if draft.facts.check_in is not None else ""
    what = say(language, f"checkin.headline_{protocol.watches.value}", label=label).replace("  ", " ")
    zone = zone_named(draft.rules.zone)
    # Read for as long as the case is open: with its day, whatever day it is.
    at = dated(round_.asked_at.astimezone(zone), draft.now.astimezone(zone), language)
    how = say(language, f"checkin.reached_{told_apart(draft.facts.sends)}")
    text = say(language, "checkin.headline", what=what.strip(), time=at, reached=how)
    patience = timedelta(seconds=draft.rules.gap_seconds)
    sent_at = first_sent(draft.facts.sends)
    # Away, or our channel was down: either way they had less time than the question's hour says.
    if round_.shifted_from is not None or (sent_at is not None and sent_at - round_.asked_at > patience):
        text += " " + say(language, "checkin.headline_gap")
    if reached(draft.facts.sends) is not Reached.UNSENT and held_up(draft.facts.sends, draft.now, patience):
        text += " " + say(language, "checkin.headline_held")
    return text


def source_of(protocol: Protocol) -> Source:
    """What a case of such a check-in comes from."""
    return Source.TIMER if protocol.watches is CheckInKind.TIMER else Source.CHECK_IN


def fold(
    draft: Draft, round_: Round, person: Person, protocol: Protocol, case: Case, wanted: int, headline: str
) -> Case:
    """A missed check-in of somebody who has an open case: onto that one, and heard."""
    graver = case.urgency > wanted
    # An OK that waits to be verified was said before this silence: it answers every question that waits at the time.
    case = replace(
        case,
        check_in_id=case.check_in_id or round_.check_in_id,
        round_id=case.round_id or round_.id,
        needs_verification=False,
    )
    draft.record(
        person_id=person.id, author_id=person.id, kind="system", case=case, key_id=case.key_id, text=headline
    )
    if graver:
        # What it is about from here on; the conversation before it stays on the case.
        source = source_of(protocol) if case.source is Source.MESSAGE else case.source
        case = raise_to(draft, replace(case, headline=headline, source=source), wanted)
    elif case.status is CaseStatus.TAKEN and wanted == 1:
        case = paging.alert_taker(draft, replace(case, headline=headline))
    else:
        case = draft.put_case(case)
    tell_watchers(draft, case, person, "notice.checkin_missed", headline=headline)
    return draft.latest(case)


def raise_to(draft: Draft, case: Case, urgency: int) -> Case:
    """The case at a graver urgency. Without a taker it is a different call now and climbs from the first step; a taker
    is paged and has to acknowledge it."""
    case = raised(case, urgency, draft.now)
    draft.urgent = draft.urgent or urgency == 1
    draft.event("case_raised", case=case.ref, urgency=urgency)
    if case.status is CaseStatus.TAKEN:
        return paging.alert_taker(draft, case)
    return paging.climb(draft, climbing_anew(case, draft.now))


def remember_alerted(draft: Draft, case: Case, contact_ids: tuple[str, ...]) -> Case:
    """Notes on the case which contacts were told: they get its all-clear."""
    case = draft.latest(case)
    alerted = tuple(dict.fromkeys((*case.alerted, *contact_ids)))
    return case if alerted == case.alerted else draft.put_case(replace(case, alerted=alerted))


def on_duty(draft: Draft) -> tuple[Person, ...]:
    """Who is on call, and the leads; the whole desk when nobody is on call."""
    desk = draft.facts.desk
    first = desk.person(desk.on_call[0]) if desk.on_call else None
    found = (first, *leads(desk)) if first is not None else desk.staff
    return tuple({p.id: p for p in found}.values())


def tell_watchers(
    draft: Draft, case: Case, person: Person, key: str, also: Iterable[Person] = (), **arguments: object
) -> None:
    """Tells those who watch a case, and others, without paging them."""
    tell(draft, case, person, key, (*relay.watchers(draft, case), *also), **arguments)


def tell(
    draft: Draft, case: Case, person: Person, key: str, whom: Iterable[Person], **arguments: object
) -> None:
    """Tells staff something about a case, each once, without paging them."""
    case = draft.latest(case)
    name = paging.name_for_desk(draft, person)
    taker = draft.person(case.taken_by)
    for officer in {p.id: p for p in whom}.values():
        text = draft.word(
            officer,
            key,
            ref=case.ref,
            name=name or draft.word(officer, "desk.somebody"),
            officer=(taker.alias if taker else "") or draft.word(officer, "desk.officer"),
            **arguments,
        )
        text += paging.says_safe(draft, officer, case)
        bare = draft.word(officer, "relay.bare", ref=case.ref)
        draft.say(
            officer,
            OutboundKind.NOTICE,
            text,
            via="content",
            case=case,
            texts={"telegram": bare} if draft.rules.telegram_content == "never" else {},
            bare=bare,
            guard=Guard.UNCLOSED,
            defender_id=person.id,
        )
