"""What officers and leads say: taking, answering, notes, closing, and looking.

1. A message of an officer goes to a defender only when it is certain to which one: by a quoted message, or by the one
   case that the officer has open. When it is not certain, nothing is sent and the officer is told so.
2. An officer's own SOS is a whole message that is an SOS word, outside a reply about a case.
3. Notes stay with the desk.
"""

from __future__ import annotations

from collections.abc import Callable

from alerts.cases import Case, CaseStatus, IllegalTransition, acknowledged, raised, reopened, taken
from alerts.events import Inbound, InboundKind, OutboundKind
from alerts.facts import Heard
from alerts.outbox import Outgoing
from alerts.people import Person
from alerts.recognition import Alarm
from alerts.records import replace
from handlers import (
    board,
    checkin_proposals,
    closing,
    corrections,
    desk_slips,
    enrol,
    paging,
    planning,
    questions,
    reach,
    relay,
    rota,
    sos,
    taking,
)
from handlers.desk_commands import REFERENCE, Said, case_meant, command_in
from handlers.draft import Draft
from handlers.person import chosen
from handlers.person import heard as heard_as_person
from handlers.telling import answer_on
from handlers.words import excerpt

THUMBS = ("👍", "👌", "✅", "🫡")
ASKED_ABOUT_AN_ALARM = frozenset({*questions.BY_CODE, sos.DOUBT})


def heard(draft: Draft, event: Heard) -> None:
    """One message of a member of staff."""
    inbound = event.inbound
    officer = draft.facts.me
    if officer is None:
        return
    officer = draft.talk(officer, last_channel=inbound.channel)
    if inbound.kind in (InboundKind.REACHABLE, InboundKind.LIVE_UPDATE):
        return
    officer = draft.reached(officer, inbound.channel)
    if inbound.kind is InboundKind.REACTION:
        reacted(draft, officer, inbound)
        return
    own_words = draft.facts.quoted is not None and draft.facts.quoted.person_id == officer.id
    if inbound.kind is InboundKind.DELETE and not own_words:
        corrections.deleted(draft, officer)
        return
    if inbound.kind is InboundKind.EDIT and not own_words:
        if corrected(draft, event, officer):
            return
        inbound = replace(inbound, kind=InboundKind.TEXT, target_ref="")
        event = replace(event, inbound=inbound)
    if is_bare_take(draft, officer, inbound):
        run(draft, event, officer, Said("take", None, "", ""))
        return
    chosen_code = chosen(draft, inbound)
    if chosen_code is not None and choice(draft, event, officer, *chosen_code):
        return
    if chosen_code is not None and chosen_code[0].partition(":")[0] in ASKED_ABOUT_AN_ALARM:
        heard_as_person(draft, event)
        return
    said = command_in(draft, officer, inbound)
    if said is not None and said.command in corrections.PRIVATE and is_about_themselves(draft, officer, said):
        heard_as_person(draft, event)
        return
    if said is not None:
        run(draft, event, officer, said)
        return
    if inbound.text and not draft.facts.targets and is_own_alarm(draft, inbound):
        draft.talk(officer, focus=None)
        sos.alarm(draft, event, officer)
        if not draft.facts.cases:
            reach.taker_in_danger(draft, officer)
        return
    if speaks_for_themselves(draft, officer, inbound):
        heard_as_person(draft, event)
        return
    if enrol.heard(draft, event, officer):
        return
    bare_words(draft, event, officer)


def is_bare_take(draft: Draft, officer: Person, inbound: Inbound) -> bool:
    """Whether it is the bare word `take` while cases wait: it is about these, and not about the latest page, whose case
    may be in hand already, or not be the only one."""
    said = None if draft.facts.targets else command_in(draft, officer, inbound)
    bare = said is not None and said.command == "take" and not said.rest and said.case is None
    return bare and bool(taking.candidates(draft, officer))


def corrected(draft: Draft, event: Heard, officer: Person) -> bool:
    """Takes the new words of a message to where the old ones went. Returns False when they went nowhere."""
    said, case = corrections.original(draft, officer), draft.facts.case
    if said is None or case is None:
        return False
    command = command_in(draft, officer, replace(event.inbound, kind=InboundKind.TEXT))
    if said.kind in corrections.PRIVATE:
        known = command is not None and command.command in corrections.PRIVATE
        rest = command.rest if known and command is not None else event.inbound.text.strip()
        run(draft, event, officer, Said(said.kind, case, rest, ""))
    elif command is not None and event.inbound.text.lstrip().startswith("/"):
        return False
    elif case.status is CaseStatus.CLOSED:
        tell(draft, officer, "desk.not_sent_closed")
    else:
        answer(draft, event, officer, draft.latest(case))
        # Mending an old message turns nobody to its case: the next words go where they would have gone.
        draft.talk(officer, focus=officer.talk.focus)
    return True


def speaks_for_themselves(draft: Draft, officer: Person, inbound: Inbound) -> bool:
    """Whether an officer with an open alarm of their own speaks as the one in danger: in reply to a message of that
    case, or with words that are not for a case they have turned to since."""
    own = {c.id for c in draft.facts.cases if not c.drill}
    if not own:
        return False
    quoted = case_meant(draft, inbound)
    if quoted or draft.facts.targets:
        return any(c.id in own for c in quoted)
    return not any(c.id == officer.talk.focus for c in draft.facts.board)


def is_about_themselves(draft: Draft, officer: Person, said: Said) -> bool:
    """Whether a note or a plan is about the officer's own alarm: others make its plan, and what the one in danger
    writes is for them to read."""
    return said.case is not None and said.case.is_open and taking.is_own(draft, officer, said.case)


def is_own_alarm(draft: Draft, inbound: Inbound) -> bool:
    """An SOS word that is the officer's whole message."""
    if draft.rules.recogniser.whole_message_sos(inbound.text):
        return True
    return (
        inbound.text.strip().casefold() in ("/sos", "🆘")
        and draft.rules.recogniser.recognise(inbound.text).alarm is Alarm.SOS
    )


# -------------------------------------------------------------------------------------------------------- carrying out


def run(draft: Draft, event: Heard, officer: Person, said: Said) -> None:
    """Carries out a command, or says what is missing."""
    if said.ref and said.command in ("take", "close", "note", "plan", "reopen", "case", "raise"):
        tell(draft, officer, "desk.no_such_case", ref=said.ref)
        return
    by_case: dict[str, Callable[[Draft, Heard, Person, Case, str], None]] = {
        "take": taking.command,
        "close": closing.close,
        "note": note,
        "plan": planning.plan,
        "reopen": reopen,
        "case": board.show,
        "raise": raise_case,
    }
    if said.command in by_case:
        case = said.case or default_case(draft, officer, said.command)
        if case is None:
            ask_which(draft, officer, said.command)
            return
        if said.command in ("take", "close", "reopen") and taking.is_theirs(draft, officer, case):
            return
        try:
            by_case[said.command](draft, event, officer, draft.latest(case), said.rest)
        except IllegalTransition:
            tell(draft, officer, f"desk.cannot_{said.command}", ref=case.ref)
        return
    match said.command:
        case "cases":
            board.cases(draft, officer)
        case "oncall":
            board.on_call(draft, officer)
        case "invite":
            enrol.invite(draft, officer, said.rest)
        case "rota" | "cover":
            rota.command(draft, officer, said.command, said.rest)
        case "checkin":
            checkin_proposals.propose(draft, officer, said.rest)
        case "help":
            tell(draft, officer, "desk.help")
        case _:
            if not enrol.heard(draft, event, officer):
                tell(draft, officer, "desk.unknown_command")


def default_case(draft: Draft, officer: Person, command: str) -> Case | None:
    """The case that is meant when none is named: the only one that waits for `take`, else the one in focus."""
    if command == "take":
        found = taking.candidates(draft, officer)
        if found:
            return found[0] if len(found) == 1 else None
    if command == "reopen":
        return draft.facts.last_closed
    return taking.focus(draft, officer)


def ask_which(draft: Draft, officer: Person, command: str) -> None:
    """Which case a command is about, with those that it may be about."""
    mine = tuple(c for c in draft.facts.board if c.taken_by == officer.id)
    offered = taking.candidates(draft, officer) if command == "take" else mine
    lines = [board.line(draft, officer, case) for case in offered[: board.SHOWN]]
    text = "\n".join([draft.word(officer, "desk.which_case", command=command), *lines])
    draft.say(officer, OutboundKind.ANSWER, text, urgency=3)


def tell(draft: Draft, reader: Person, key: str, /, **arguments: object) -> None:
    """A short answer to a member of staff."""
    draft.say(reader, OutboundKind.ANSWER, draft.word(reader, key, **arguments), urgency=3)


def note(draft: Draft, event: Heard, officer: Person, case: Case, rest: str) -> None:
    """`note`: kept on the case, never sent to the defender."""
    if not rest:
        tell(draft, officer, "desk.note_empty", ref=case.ref)
        return
    relay.keep(draft, event, case.person_id, officer, case, kind="note", text=rest)
    # Whoever has the case and writes a note on it has seen what came last.
    mine = case.status is CaseStatus.TAKEN and case.taken_by == officer.id
    draft.put_case(acknowledged(case, draft.now) if mine else replace(case, seen_at=draft.now))
    tell(draft, officer, "desk.noted", ref=case.ref)


def reopen(draft: Draft, event: Heard, officer: Person, case: Case, rest: str) -> None:
    """`reopen`: the officer who reopens it has it."""
    case = taken(reopened(case, draft.now), officer.id, draft.now)
    draft.put_case(case)
    draft.talk(officer, focus=case.id)
    tell(draft, officer, "desk.reopened", ref=case.ref)


def raise_case(draft: Draft, event: Heard, officer: Person, case: Case, rest: str) -> None:
    """`raise`: P1, with everything that follows from it."""
    if case.status is CaseStatus.CLOSED:
        raise IllegalTransition("closed")
    if case.taken_by == officer.id:
        # Whoever has it needs no page about what they just did.
        draft.put_case(acknowledged(raised(case, 1, draft.now), draft.now))
    else:
        paging.raise_to_p1(draft, case)
    tell(draft, officer, "desk.raised", ref=case.ref)


def reacted(draft: Draft, officer: Person, inbound: Inbound) -> None:
    """👍 on a page takes the case; on anything else about a case it says "seen"."""
    if inbound.removed or not inbound.text.startswith(THUMBS):
        return
    cases = [c for c in case_meant(draft, inbound) if c.status is not CaseStatus.CLOSED]
    if len(cases) > 1:
        refs = ", ".join(c.ref for c in cases)
        tell(draft, officer, "desk.several_cases", refs=refs)
    elif not cases:
        if draft.facts.targets and draft.facts.targets[0].case_id:
            tell(draft, officer, "desk.already_closed")
    else:
        taking.thumb(draft, officer, cases[0])


def choice(draft: Draft, event: Heard, officer: Person, code: str, menu: Outgoing) -> bool:
    """A button of `menu`, or a number. Returns whether it meant something to staff."""
    known = {c.id: c for c in (*draft.facts.board, *draft.facts.named)}
    case = known.get(menu.case_id or "") or (
        draft.facts.case if draft.facts.case and draft.facts.case.id == menu.case_id else None
    )
    kind, _, value = code.partition(":")
    if (
        kind in ("take", "outcome", planning.INSTEAD)
        and case is not None
        and taking.is_theirs(draft, officer, case)
    ):
        return True
    if kind == "take" and case is not None:
        taking.button(draft, event, officer, draft.latest(case), menu)
        return True
    if kind == "read" and case is not None:
        relay.read_it(draft, officer, case)
        return True
    if kind == "outcome" and case is not None:
        try:
            closing.finish(draft, officer, draft.latest(case), value, "")
        except IllegalTransition:
            tell(draft, officer, "desk.cannot_close", ref=case.ref)
        return True
    if kind == planning.INSTEAD and case is not None:
        if case.status is CaseStatus.CLOSED:
            tell(draft, officer, "desk.not_sent_closed")
        else:
            planning.was_none(draft, case, menu)
            said = replace(event.inbound, kind=InboundKind.TEXT, text=value)
            answer(draft, replace(event, inbound=said), officer, draft.latest(case))
        return True
    if code == "none" and menu.question == closing.QUESTION and case is not None and case.is_open:
        number = event.inbound.text.strip()[:4]
        tell(draft, officer, "menu.no_such_number", number=number, last=len(menu.choices))
        return True
    if code == "none":
        # A number that no menu has may be part of the conversation: it goes on as words.
        return False
    if kind in enrol.STAFF_CHOICES:
        enrol.choice(draft, event, officer, kind, value, menu)
        return True
    return False


def bare_words(draft: Draft, event: Heard, officer: Person) -> None:
    """Words for a defender, when it is certain for whom; else the officer hears that nothing was sent."""
    inbound = event.inbound
    quoted = [c for c in case_meant(draft, inbound) if c.status is not CaseStatus.CLOSED]
    if len(quoted) > 1:
        tell(draft, officer, "desk.several_cases", refs=", ".join(c.ref for c in quoted))
        return
    if draft.facts.targets and draft.facts.targets[0].case_id and not quoted:
        tell(draft, officer, "desk.not_sent_closed")
        return
    case = quoted[0] if quoted else taking.focus(draft, officer)
    if case is None:
        tell(draft, officer, "desk.not_sent_which")
        if draft.verdict(inbound.text).alarm is Alarm.SOS:
            tell(draft, officer, "desk.own_danger")
        return
    if not quoted and held_back(draft, officer, case, inbound):
        return
    other = None if quoted else who_spoke_last(draft, case)
    answer(draft, event, officer, draft.latest(case))
    if other is not None:
        answer_on(draft, officer, other, "desk.went_to", ref=case.ref, other=other.ref)


def who_spoke_last(draft: Draft, case: Case) -> Case | None:
    """Another case of the officer's, if words came on it last, since anything was done on this one: what is written
    now may be meant for there."""
    if draft.facts.relayed is None:
        return None
    which, when = draft.facts.relayed
    # By the second: what happens at one instant has no order.
    since = when.replace(microsecond=0) > (case.seen_at or case.opened_at)
    return next((c for c in draft.facts.board if c.id == which and which != case.id and since), None)


def held_back(draft: Draft, officer: Person, case: Case, inbound: Inbound) -> bool:
    """A mistyped command is not something to tell a defender: the officer hears that it went nowhere."""
    meant = desk_slips.slip_of(draft, officer, inbound)
    if meant:
        command = draft.word(officer, f"command.{meant}").split("|")[0]
        answer_on(draft, officer, case, "desk.not_sent_slip_of", text=excerpt(inbound.text), command=command)
    elif looks_like_slip(inbound.text):
        answer_on(draft, officer, case, "desk.not_sent_slip", text=excerpt(inbound.text))
    else:
        return False
    return True


def looks_like_slip(text: str) -> bool:
    """A short text with a case reference in it is a mistyped command too, whatever its first word is."""
    words = text.split()
    return (
        len(words) <= desk_slips.FEW
        and any(any(letter.isdigit() for letter in w) for w in words if REFERENCE.fullmatch(w))
        and words[0].isascii()
    )


def answer(draft: Draft, event: Heard, officer: Person, case: Case) -> None:
    """An officer's words to the defender. Answering a page that nobody has taken takes it."""
    inbound = event.inbound
    if case.status is CaseStatus.TAKEN and case.taken_by != officer.id:
        other = draft.person(case.taken_by)
        tell(draft, officer, "desk.not_sent_other", ref=case.ref, officer=(other.alias if other else ""))
        return
    if case.status is CaseStatus.OPEN:
        case = paging.take(draft, case, officer)
    if inbound.text or inbound.location:
        said = replace(inbound, text=inbound.text)
        person = draft.person(case.person_id)
        words = relay.content_of(draft, person, said) if person is not None else inbound.text
        case = relay.to_person(draft, case, officer, words, inbound)
    if inbound.attachments:
        relay.keep(draft, event, case.person_id, officer, case)
        draft.put_case(replace(draft.latest(case), seen_at=draft.now))
    draft.talk(officer, focus=case.id)
