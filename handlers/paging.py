"""Cases and pages: opening, paging, climbing, being taken, and telling the defender honestly what happened.

The defender is told three different things and never one for another: *received and stored*, *seen by a person*,
*not seen yet, we are calling the next person*. Source: protection practice, "SOS".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from alerts.cases import Case, CaseStatus, Source, acknowledged, climbing_anew, raised, taken
from alerts.deadlines import DeadlineKind
from alerts.escalation import (
    answer_by,
    beside_taker,
    case_deadlines,
    leads,
    officers,
    order_of_call,
    rule_of,
    to_page,
)
from alerts.events import OutboundKind
from alerts.outbox import Guard, Outgoing
from alerts.people import Person, Reach
from alerts.records import replace
from handlers.draft import Draft
from handlers.localtime import by_day
from handlers.telling import remind
from handlers.untaken import PAGED_URGENCIES, says_since, says_waiting, tell_not_seen, wrote_to_us
from handlers.waiting import asides, second_line
from handlers.words import excerpt

ANSWER_LINE = 200
"""Characters of an answer in a list of them."""
CALLS = ("page.case", "page.crowd")
"""Pages that a climb repeats: they say how long it has waited."""
YOURS = {"page.case": "page.case_yours", "page.unanswered": "page.unanswered_yours"}
"""Pages that also reach whoever has the case, and their words for them: they are not to take it any more."""
LISTED = 500
"""References that the page of a crowd names, all of them: what one message of either platform holds. Of more it says
how many."""
CROWDED = 2 * LISTED
"""Cases among which those of a crowd are looked for."""


def kind_for(case: Case) -> OutboundKind:
    """Whether the desk is paged for this case, or told."""
    return OutboundKind.PAGE if case.urgency in PAGED_URGENCIES else OutboundKind.NOTICE


def name_for_desk(draft: Draft, person: Person | None) -> str:
    """What the desk calls a person: their alias, else the name their platform shows, else nothing."""
    if person is None:
        return ""
    person = draft.latest(person)
    return person.alias or person.shown_name


def open_case(
    draft: Draft,
    person: Person,
    urgency: int,
    source: Source,
    headline: str,
    *,
    drill: bool = False,
    check_in_id: str | None = None,
    round_id: str | None = None,
    opened_at: datetime | None = None,
    doubt_until: datetime | None = None,
) -> Case:
    """A new case with its first page queued, in this very transaction."""
    case = Case(
        id=draft.new_id(),
        ref=draft.facts.spare.reference,
        desk=draft.facts.desk.id,
        person_id=person.id,
        urgency=urgency,
        status=CaseStatus.OPEN,
        silent=False,
        verified=person.verified,
        drill=drill,
        source=source,
        taken_by=None,
        opened_at=opened_at or draft.now,
        taken_at=None,
        answered_at=None,
        closed_at=None,
        version=0,
        key_id=draft.facts.spare.case_key,
        headline=excerpt(headline),
        climb_from=draft.now,
        check_in_id=check_in_id,
        round_id=round_id,
        doubt_until=doubt_until,
    )
    draft.used_case_key = True
    draft.urgent = draft.urgent or urgency == 1
    case = climb(draft, case)
    draft.event("case_opened", case=case.ref, urgency=case.urgency, source=case.source.value)
    return case


def crowded(draft: Draft, case: Case) -> bool:
    """Whether so many unverified P1 cases wait that they are paged as one list."""
    if case.verified or case.urgency != 1 or case.drill:
        return False
    return crowd_of(draft) > draft.rules.policy.unverified_bundle_above


def crowd_of(draft: Draft) -> int:
    """How many unverified P1 cases wait, one that is opened at this moment included."""
    return draft.facts.desk.crowd + (0 if draft.facts.case else 1)


def crowd_list(draft: Draft) -> list[str]:
    """References of the unverified P1 cases that climb as one list, the oldest first."""
    waiting = [c for c in draft.facts.board if not c.verified and c.urgency == 1 and not c.drill]
    refs = [c.ref for c in waiting if c.status is CaseStatus.OPEN][:LISTED]
    more = draft.facts.desk.crowd - len(refs)
    return [*refs, f"+{more}"] if refs and more > 0 else refs


def climb(draft: Draft, case: Case, without: frozenset[str] = frozenset(), words: str = "") -> Case:
    """Carries out the next step of the policy for the case and notes it. `words` stand for the case's headline."""
    rule = rule_of(case, draft.rules.policy)
    step = rule.step(case.step)
    listed = crowded(draft, case) and case.step > 0
    if listed and draft.facts.desk.crowd_head not in (None, case.id):
        # The oldest of the crowd climbs for all of them; this one keeps its own deadline behind it.
        return draft.put_case(replace(case, step=case.step + 1))
    # An officer who raises an alarm is not who is called for it.
    people = to_page(step, draft.facts.desk, case.paged, without | {case.person_id})
    called = called_now(draft, case)
    fresh = [p for p in people if p.id not in called]
    page(
        draft, case, fresh, key="page.crowd" if crowded(draft, case) else "page.case", words=words, step=True
    )
    reached = [p.id for p in people if p.id not in case.paged]
    case = draft.put_case(replace(case, step=case.step + 1, paged=(*case.paged, *reached)))
    if fresh:
        draft.event("paged", case=case.ref, urgency=case.urgency, step=case.step, people=len(fresh))
    return case


def called_now(draft: Draft, case: Case) -> set[str]:
    """Who is called for the case in this very turn, in its present climb."""
    rows = (row for row in draft.entities.values() if isinstance(row, Outgoing))
    return {
        row.person_id
        for row in rows
        if row.case_id == case.id and row.guard is Guard.UNTAKEN and row.question == "page"
        if row.token == case.climbs
    }


def page(
    draft: Draft,
    case: Case,
    people: Iterable[Person],
    *,
    key: str,
    guard: Guard = Guard.UNTAKEN,
    words: str = "",
    author: Person | None = None,
    first: bool = False,
    step: bool = False,
) -> None:
    """Queues the page for each person, on every channel they have. `words` stand for the case's headline, `author` for
    the person whose case it is. `first` says that nobody has heard of it yet, though somebody was called; `step` that
    it is a step of the policy."""
    subject, taker = draft.person(case.person_id), draft.person(case.taken_by)
    name = name_for_desk(draft, author or subject)
    # The first word of a case is heard at any hour; what only says once more that it waits wakes nobody.
    again = not first and (case.step > 0 or case.status is not CaseStatus.OPEN)
    again = again and kind_for(case) is OutboundKind.NOTICE
    ready_at = by_day(draft, draft.now) if again else draft.now
    for person in people:
        arguments = {
            "urgency": f"P{case.urgency}",
            "ref": case.ref,
            "name": name or draft.word(person, "desk.somebody"),
            "text": excerpt(words) or case.headline or draft.word(person, "desk.no_text"),
            "standing": draft.word(person, "desk.verified" if case.verified else "desk.unverified"),
            "source": draft.word(person, f"source.{case.source.value}"),
            "count": crowd_of(draft),
            "officer": (taker.alias if taker else "") or draft.word(person, "desk.officer"),
        }
        listed = "\n" + ", ".join(others) if (others := crowd_list(draft)) and key == "page.crowd" else ""
        prefix = draft.word(person, "drill.mark") + " " if case.drill else ""
        waits = says_waiting(draft, person, case) if step else ""
        aside, bare_aside = asides(draft, person, case, waits) if key in CALLS else ("", "")
        since = says_since(draft, person, case) if key == "page.unanswered" else ""
        # Whoever has the case cannot take it over.
        key_here = YOURS.get(key, key) if person.id == case.taken_by else key
        full = second_line(draft.word(person, key_here, **arguments), aside)
        full = prefix + full + listed + since + says_safe(draft, person, case)
        bare_key = f"{key_here}_bare" if draft.rules.words.has(f"{key_here}_bare") else "page.contentless"
        bare = second_line(draft.word(person, bare_key, **arguments), bare_aside)
        bare = prefix + bare + listed + since
        no_content = {} if draft.rules.telegram_content == "always" else {"telegram": bare}
        draft.say(
            person,
            kind_for(case),
            full,
            via="all",
            case=case,
            texts=no_content,
            choices=draft.choices(person, wishes(case, person, subject, guard)),
            question="page",
            guard=guard,
            token=case.climbs,
            ready_at=ready_at,
            line=" · ".join(
                part for part in (draft.word(person, "page.line", **arguments), bare_aside) if part
            ),
            defender_id=case.person_id,
        )


def says_safe(draft: Draft, reader: Person, case: Case) -> str:
    """A line for whoever is told once more of a case whose person has said meanwhile that they are well. Nothing is
    lowered by it, but who is woken must not believe that there was no word since."""
    return "\n" + draft.word(reader, "page.says_safe") if case.needs_verification else ""


def wishes(case: Case, reader: Person, subject: Person | None, guard: Guard) -> list[tuple[str, str]]:
    """What a page offers: to take the case, and to read what came under a changed key."""
    sought = case.climb_from is not None or guard is Guard.SOUGHT
    free = not case.taken_by or (sought and reader.id != case.taken_by)
    locked = subject is not None and any(a.status is Reach.FROZEN for a in subject.addresses)
    return [("take", "button.take")] * free + [("read", "button.read")] * locked


def due_climb(draft: Draft, case: Case) -> None:
    """Nobody took the case in time: the next step, and the defender is told so."""
    if case.status is CaseStatus.CLOSED:
        return
    before, called = case.step, case.paged
    case = climb(draft, case)
    while is_due(draft, case):
        # After an outage several steps come at one instant: nobody is called twice for them, or told twice.
        case = climb(draft, case)
    tell_not_seen(draft, case, case.step - before, called=called)


def is_due(draft: Draft, case: Case) -> bool:
    """Whether the case's next step has come already."""
    coming = case_deadlines(case, draft.rules.policy).get(DeadlineKind.CLIMB)
    return coming is not None and coming <= draft.now


def takes_messages(draft: Draft, person: Person) -> bool:
    """Whether an account of theirs has not refused the last message."""
    return any(a.status is Reach.OK for a in draft.latest(person).addresses)


def due_doubt(draft: Draft, case: Case) -> None:
    """Nobody said whether it is an emergency: a phone that was taken cannot answer. It is P1 now."""
    raise_to_p1(draft, replace(case, doubt_until=None))


def raise_to_p1(draft: Draft, case: Case) -> Case:
    """The case as P1, paging from the first step again, since it is a different call now."""
    if case.urgency == 1:
        return draft.put_case(case)
    case = raised(case, 1, draft.now)
    draft.urgent = True
    draft.event("case_raised", case=case.ref, urgency=1)
    if case.status is CaseStatus.TAKEN:
        return alert_taker(draft, case)
    return climb(draft, climbing_anew(case, draft.now))


def alert_taker(draft: Draft, case: Case, words: str = "", author: Person | None = None) -> Case:
    """A new alarm on a taken case: its taker is paged and has a short while to acknowledge it. `author` is who raised
    it, when that is not the person whose case it is."""
    taker = draft.person(case.taken_by)
    if taker is None or not taker.is_staff:
        return climb(draft, climbing_anew(case, draft.now))
    if case.ack_by is None:
        page(draft, case, [taker], key="page.again", guard=Guard.SOUGHT, words=words, author=author)
    case = replace(
        case,
        ack_by=case.ack_by or draft.now + draft.rules.policy.fold_ack,
        unanswered_since=case.unanswered_since or draft.now,
    )
    return draft.put_case(case)


def due_ack(draft: Draft, case: Case, words: str = "") -> None:
    """The taker did not acknowledge a new alarm, or cannot: the policy climbs from its first step, around him at
    first."""
    taker = frozenset({case.taken_by}) if case.taken_by else frozenset[str]()
    called = (*case.paged, *taker)
    case = climb(draft, climbing_anew(case, draft.now), without=taker, words=words)
    # He counts as called already: the next step calls the next person.
    case = draft.put_case(replace(case, paged=tuple(dict.fromkeys((*case.paged, *taker)))))
    tell_not_seen(draft, case, called=called)


def due_answer(draft: Draft, case: Case) -> None:
    """Taken, and the person has no words from anybody: somebody else is paged, and the taker too.

    The taker's phone may be the one that was seized.
    """
    if case.status is not CaseStatus.TAKEN or case.unanswered_since is None:
        return
    desk = draft.facts.desk
    others = [
        p for i in order_of_call(desk) if i not in (case.taken_by, case.person_id) and (p := desk.person(i))
    ]
    others = [p for p in others if takes_messages(draft, p)] or others
    # After an outage several waits end at one instant: nobody is called twice for them.
    nags = nags_by_now(draft, case)
    turns = [others[nth % len(others)] for nth in range(case.nags, nags)] if others else []
    taker = desk.person(case.taken_by)
    everybody = [*turns, *([taker] if taker is not None else [])]
    if case.climb_from is None:
        # Else the steps of the policy call people already.
        page(draft, case, {p.id: p for p in everybody}.values(), key="page.unanswered", guard=Guard.SOUGHT)
    draft.event("unanswered", case=case.ref, urgency=case.urgency, times=nags)
    called = (*case.paged, *(p.id for p in turns))
    draft.put_case(replace(case, nags=nags, paged=tuple(dict.fromkeys(called))))


def nags_by_now(draft: Draft, case: Case) -> int:
    """How many times somebody was to be called by now because the person waits for words."""
    nags, rule = case.nags + 1, rule_of(case, draft.rules.policy)
    while answer_by(replace(case, nags=nags), rule) <= draft.now:
        nags += 1
    return nags


def due_review(draft: Draft, case: Case) -> None:
    """Not closed, and nothing pending: the taker is reminded, or the desk when he is not there any more. When nothing
    came of the last reminder others hear it too: the taker's phone may be the one that was seized."""
    desk, taker = draft.facts.desk, draft.person(case.taken_by)
    there = taker if taker is not None and taker.is_staff else None
    told = [(p, "notice.review") for p in ((there,) if there else officers(desk) or leads(desk))]
    if there and case.reminded_at is not None and case.reminded_at == case.seen_at:
        told += [(p, "notice.review_other") for p in beside_taker(desk, case)]
    remind(draft, case, told, there, Guard.UNCLOSED)
    draft.put_case(replace(case, seen_at=draft.now, reminded_at=draft.now))


def take(draft: Draft, case: Case, officer: Person) -> Case:
    """The officer has the case: the defender hears that a person has seen it, the others that it is in hand."""
    again = case.taken_by == officer.id and case.status is CaseStatus.TAKEN
    if again:
        case = draft.put_case(acknowledged(case, draft.now))
        draft.talk(officer, focus=case.id)
        return case
    before = draft.person(case.taken_by) if case.status is CaseStatus.TAKEN else None
    case = draft.put_case(taken(case, officer.id, draft.now))
    officer = draft.talk(officer, focus=case.id)
    person = draft.person(case.person_id)
    if person is not None and wrote_to_us(case):
        key = "receipt.seen" if officer.alias else "receipt.seen_nameless"
        draft.say(person, OutboundKind.RECEIPT, draft.word(person, key, officer=officer.alias), case=case)
    tell_desk_taken(draft, case, officer, before)
    draft.event("case_taken", case=case.ref, urgency=case.urgency)
    return case


def answers_so_far(draft: Draft, reader: Person, case: Case) -> list[str]:
    """What the person has answered to the questions about their alarm, one line each, in the reader's language."""
    lines = []
    for code, value in case.answers.items():
        list_name = {"sos.what": "incident", "sos.need": "need"}.get(code)
        key = f"taxonomy.{list_name}.{value}" if list_name else f"{code}.{value}"
        shown = draft.word(reader, key) if draft.rules.words.has(key) else excerpt(value, ANSWER_LINE)
        lines.append(f"{draft.word(reader, f'{code}.short')} {shown}")
    return lines


def tell_desk_taken(draft: Draft, case: Case, officer: Person, before: Person | None) -> None:
    """Who was paged hears that somebody has it, and can go back to sleep."""
    name = name_for_desk(draft, draft.person(case.person_id)) or draft.word(officer, "desk.somebody")
    bare = draft.word(officer, "notice.you_have_bare", ref=case.ref)
    draft.say(
        officer,
        OutboundKind.NOTICE,
        "\n".join(
            [
                draft.word(officer, "notice.you_have", ref=case.ref, name=name),
                *answers_so_far(draft, officer, case),
            ]
        ),
        via="content",
        case=case,
        guard=Guard.UNCLOSED,
        texts={"telegram": bare} if draft.rules.telegram_content == "never" else {},
        bare=bare,
        defender_id=case.person_id,
    )
    others = dict.fromkeys((*case.paged, before.id if before else ""))
    for other_id in others:
        other = draft.facts.desk.person(other_id)
        if other is not None and other.id != officer.id:
            draft.say(
                other,
                OutboundKind.NOTICE,
                draft.word(
                    other,
                    "notice.taken",
                    ref=case.ref,
                    officer=officer.alias or draft.word(other, "desk.officer"),
                ),
                case=case,
                guard=Guard.UNCLOSED,
                defender_id=case.person_id,
            )
