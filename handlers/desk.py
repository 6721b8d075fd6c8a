"""What officers and leads say: taking, answering, notes, closing, and looking.

1. A message of an officer goes to a defender only when it is certain to which one: by a quoted message, or by the one
   case that the officer has open. When it is not certain, nothing is sent and the officer is told so.
2. An officer's own SOS is a whole message that is an SOS word, outside a reply about a case.
3. Notes stay with the desk.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from alerts.cases import Case, CaseStatus, IllegalTransition, acknowledged, reopened, taken
from alerts.events import Inbound, InboundKind, OutboundKind
from alerts.facts import Heard
from alerts.invitations import folded, ways
from alerts.people import Person
from alerts.recognition import Alarm
from handlers import board, checkin_proposals, closing, enrol, paging, planning, questions, relay, rota, sos
from handlers.draft import Draft
from handlers.person import chosen
from handlers.person import heard as heard_as_person
from handlers.words import Words

THUMBS = ("👍", "👌", "✅", "🫡")
REFERENCE = re.compile(r"\b[ACDEFGHJKLMNPQRTUVWXY34679]{4}\b", re.IGNORECASE)
SLIPPED = re.compile(r"[A-Za-z0-9]{4}", re.ASCII)
"""What may have been meant for a reference, letters that no reference has included."""
COMMANDS = (
    "take",
    "close",
    "note",
    "plan",
    "reopen",
    "case",
    "cases",
    "oncall",
    "help",
    "invite",
    "rota",
    "cover",
    "raise",
    "checkin",
)
ASKED_ABOUT_AN_ALARM = frozenset({*questions.BY_CODE, sos.DOUBT})
LONG_ENOUGH = 3
"""Letters that a slip of a command must have to be taken for one."""


@dataclass(frozen=True, slots=True)
class Said:
    """A command as it was typed."""

    command: str
    case: Case | None
    rest: str
    ref: str
    """A reference that stands in it, whether such a case exists or not."""


def references_in(text: str) -> tuple[str, ...]:
    """What looks like case references, for loading the cases."""
    return tuple(dict.fromkeys(found.upper() for found in REFERENCE.findall(text[:2000])))


def heard(draft: Draft, event: Heard) -> None:
    """One message of a member of staff."""
    inbound = event.inbound
    officer = draft.facts.me
    if officer is None:
        return
    officer = draft.talk(officer, last_channel=inbound.channel)
    if inbound.kind in (InboundKind.REACHABLE, InboundKind.LIVE_UPDATE):
        return
    if inbound.kind is InboundKind.REACTION:
        reacted(draft, officer, inbound)
        return
    if takes_the_one_that_waits(draft, officer, inbound):
        run(draft, event, officer, Said("take", None, "", ""))
        return
    chosen_code = chosen(draft, inbound)
    if chosen_code is not None and choice(draft, event, officer, chosen_code[0], chosen_code[1].case_id):
        return
    if chosen_code is not None and chosen_code[0].partition(":")[0] in ASKED_ABOUT_AN_ALARM:
        heard_as_person(draft, event)
        return
    said = command_in(draft, officer, inbound)
    if said is not None:
        run(draft, event, officer, said)
        return
    if inbound.text and not draft.facts.targets and is_own_alarm(draft, inbound):
        draft.talk(officer, focus=None)
        sos.alarm(draft, event, officer)
        return
    if speaks_for_themselves(draft, officer, inbound):
        heard_as_person(draft, event)
        return
    if enrol.heard(draft, event, officer):
        return
    bare_words(draft, event, officer)


def takes_the_one_that_waits(draft: Draft, officer: Person, inbound: Inbound) -> bool:
    """The bare word `take` while one case waits: that one, and not the latest page's, which may be in hand already."""
    said = None if draft.facts.targets else command_in(draft, officer, inbound)
    bare = said is not None and said.command == "take" and not said.rest and said.case is None
    return bare and default_case(draft, officer, "take") is not None


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


def is_own_alarm(draft: Draft, inbound: Inbound) -> bool:
    """An SOS word that is the officer's whole message."""
    if draft.rules.recogniser.whole_message_sos(inbound.text):
        return True
    return (
        inbound.text.strip().casefold() in ("/sos", "🆘")
        and draft.rules.recogniser.recognise(inbound.text).alarm is Alarm.SOS
    )


# ----------------------------------------------------------------------------------------- which case, which command


def case_meant(draft: Draft, inbound: Inbound) -> tuple[Case, ...]:
    """The cases that the quoted message was about."""
    ids = dict.fromkeys(t.case_id for t in draft.facts.targets if t.case_id)
    known = {c.id: c for c in (*draft.facts.board, *draft.facts.named)}
    if draft.facts.case is not None:
        known.setdefault(draft.facts.case.id, draft.facts.case)
    return tuple(draft.latest(known[i]) for i in ids if i in known)


def focus(draft: Draft, officer: Person) -> Case | None:
    """The case that a bare message goes to: the one in focus, else the only one that the officer has."""
    mine = [c for c in draft.facts.board if c.taken_by == officer.id]
    inside = next((c for c in mine if c.id == officer.talk.focus), None)
    if inside is not None:
        return inside
    return mine[0] if len(mine) == 1 else None


def command_in(draft: Draft, officer: Person, inbound: Inbound) -> Said | None:
    """The command that a text is, if it is one: `/take K7PM`, `take K7PM`, or `take` in reply to a page."""
    text = inbound.text.strip()
    if not text or inbound.kind is not InboundKind.TEXT:
        return None
    first, _, rest = text.partition(" ")
    slash = first.startswith("/")
    word = folded(first.lstrip("/").split("@")[0]).rstrip(":")
    language = draft.language_of(officer)
    command = next((c for c in COMMANDS if word in spellings(draft, language, c)), "")
    if not command:
        return Said("unknown", None, rest, "") if slash else None
    refs = references_in(rest)
    named = next((c for r in refs for c in draft.facts.named if c.ref == r), None)
    # The reference is cut out wherever it stands, so that "note K7PM she is safe" and "note she is safe" both work.
    rest = (
        re.sub(rf"\b{named.ref}\b", "", rest, count=1, flags=re.IGNORECASE).strip() if named else rest.strip()
    )
    ref = "" if named else unknown_reference(command, rest)
    quoted = case_meant(draft, inbound)
    if not slash and not named and not is_bare_command(draft, officer, command, rest, bool(quoted)):
        return None
    return Said(command, named or (quoted[0] if len(quoted) == 1 else None), rest, ref)


def unknown_reference(command: str, rest: str) -> str:
    """What stands where a reference would stand, and is none that exists. "calm" in a note and "held" as an outcome
    are words; four letters after `take` cannot be anything but a slip."""
    first = rest.split()[0] if rest.split() else ""
    alone = first == rest and command in ("take", "reopen", "raise", "case") and REFERENCE.fullmatch(first)
    typed = SLIPPED.fullmatch(first) and (first.isupper() or any(letter.isdigit() for letter in first))
    return first.upper() if alone or typed else ""


def is_bare_command(draft: Draft, officer: Person, command: str, rest: str, quoted: bool) -> bool:
    """Whether a command word without slash and reference is meant as one, and is not the start of a sentence."""
    if command in ("cases", "oncall", "help"):
        return not rest
    if command in ("take", "reopen", "raise", "case"):
        return not rest or bool(unknown_reference(command, rest))
    if command == "close":
        return not rest or bool(closing.outcome_in(draft, officer, rest)[0])
    if command in ("note", "plan"):
        return True
    return command in ("invite", "rota", "cover", "checkin") and (not rest or not quoted)


def begins_with(words: Words, text: str, commands: Iterable[str]) -> bool:
    """Whether a text begins with one of these commands in any language, for loading what it is about."""
    first = folded(text[:40].lstrip("/ ").split(" ")[0].split("@")[0]).rstrip(":")
    return any(
        first == command or first in ways(words.say(language, f"command.{command}"))
        for language in words.languages
        for command in commands
    )


def spellings(draft: Draft, language: str, command: str) -> tuple[str, ...]:
    """How a command may be written: in English, and in the officer's language."""
    return (command, *ways(draft.rules.words.say(language, f"command.{command}")))


# -------------------------------------------------------------------------------------------------------- carrying out


def run(draft: Draft, event: Heard, officer: Person, said: Said) -> None:
    """Carries out a command, or says what is missing."""
    if said.ref and said.command in ("take", "close", "note", "plan", "reopen", "case", "raise"):
        tell(draft, officer, "desk.no_such_case", ref=said.ref)
        return
    by_case: dict[str, Callable[[Draft, Heard, Person, Case, str], None]] = {
        "take": take,
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
            tell(draft, officer, "desk.which_case", command=said.command)
            return
        if said.command in ("take", "close", "reopen") and is_theirs(draft, officer, case):
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
    """The case that is meant when none is named: the only untaken one for `take`, else the one in focus."""
    if command == "take":
        waiting = [c for c in draft.facts.board if c.status is CaseStatus.OPEN and officer.id in c.paged]
        return waiting[0] if len(waiting) == 1 else None
    if command == "reopen":
        return draft.facts.last_closed
    return focus(draft, officer)


def tell(draft: Draft, reader: Person, key: str, /, **arguments: object) -> None:
    """A short answer to a member of staff."""
    draft.say(reader, OutboundKind.ANSWER, draft.word(reader, key, **arguments), urgency=3)


def take(draft: Draft, event: Heard, officer: Person, case: Case, rest: str) -> None:
    """`take`: whoever had it before is told."""
    if case.status is CaseStatus.CLOSED:
        raise IllegalTransition("closed")
    paging.take(draft, case, officer)


def note(draft: Draft, event: Heard, officer: Person, case: Case, rest: str) -> None:
    """`note`: kept on the case, never sent to the defender."""
    if not rest:
        tell(draft, officer, "desk.note_empty", ref=case.ref)
        return
    draft.record(
        person_id=case.person_id, author_id=officer.id, kind="note", case=case, key_id=case.key_id, text=rest
    )
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
        seen_or_taken(draft, officer, cases[0])


def is_theirs(draft: Draft, officer: Person, case: Case) -> bool:
    """Whether a case is the officer's own alarm; told so. Somebody else takes it and closes it, as long as there is
    anybody: whoever holds the phone of the one in danger must not be able to silence it."""
    own = case.person_id == officer.id and any(p.id != officer.id for p in draft.facts.desk.staff)
    if own:
        tell(draft, officer, "desk.own_case", ref=case.ref)
    return own


def seen_or_taken(draft: Draft, officer: Person, case: Case) -> None:
    """A thumb on a case: takes it when nobody has it, acknowledges it when the officer has it."""
    if is_theirs(draft, officer, case):
        return
    if case.status is CaseStatus.OPEN or case.taken_by == officer.id or case.climb_from is not None:
        if case.taken_by == officer.id:
            paging.acknowledge(draft, case)
            draft.talk(officer, focus=case.id)
        else:
            paging.take(draft, case, officer)
    elif any(t.question == "page" for t in draft.facts.targets):
        taken_by_other(draft, officer, case)


def taken_by_other(draft: Draft, officer: Person, case: Case) -> None:
    """Says who has a case that the officer wished to take."""
    other = draft.person(case.taken_by)
    tell(draft, officer, "desk.taken_by_other", ref=case.ref, officer=(other.alias if other else ""))


def choice(draft: Draft, event: Heard, officer: Person, code: str, case_id: str | None) -> bool:
    """A button or a number. Returns whether it meant something to staff."""
    known = {c.id: c for c in (*draft.facts.board, *draft.facts.named)}
    case = known.get(case_id or "") or (
        draft.facts.case if draft.facts.case and draft.facts.case.id == case_id else None
    )
    kind, _, value = code.partition(":")
    if kind in ("take", "outcome") and case is not None and is_theirs(draft, officer, case):
        return True
    if kind == "take" and case is not None:
        case = draft.latest(case)
        if case.status is CaseStatus.CLOSED:
            tell(draft, officer, "desk.already_closed")
        elif case.status is CaseStatus.TAKEN and case.taken_by != officer.id and case.climb_from is None:
            taken_by_other(draft, officer, case)
        else:
            paging.take(draft, case, officer)
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
    if code == "none":
        # A number that no menu has may be part of the conversation: it goes on as words.
        return False
    menu = draft.facts.menu or draft.facts.target
    if kind in enrol.CHOICES and menu is not None:
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
    case = quoted[0] if quoted else focus(draft, officer)
    if case is None:
        tell(draft, officer, "desk.not_sent_which")
        if draft.verdict(inbound.text).alarm is Alarm.SOS:
            tell(draft, officer, "desk.own_danger")
        return
    if not quoted and looks_like_slip(inbound.text):
        tell(draft, officer, "desk.not_sent_slip")
        return
    answer(draft, event, officer, draft.latest(case))


def looks_like_slip(text: str) -> bool:
    """A short text with a case reference in it is a mistyped command, not something to tell a defender."""
    words = text.split()
    return (
        len(words) <= LONG_ENOUGH
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
