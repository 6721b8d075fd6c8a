"""What an officer typed: which command it is, if it is one, and which cases it is about.

A sentence is not a command because it begins with the word of one: words for a defender must not be lost to the desk's
own vocabulary, and private words must not reach a defender.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from alerts.cases import Case
from alerts.events import Inbound, InboundKind
from alerts.ids import REFERENCE_LENGTH, REFERENCE_LETTERS
from alerts.invitations import folded, ways
from alerts.people import Person
from handlers import closing
from handlers.corrections import PRIVATE
from handlers.draft import Draft
from handlers.words import Words

REFERENCE = re.compile(rf"\b[{REFERENCE_LETTERS}]{{{REFERENCE_LENGTH}}}\b", re.IGNORECASE)
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
WITH_WORDS = (InboundKind.TEXT, InboundKind.PHOTO, InboundKind.FILE, InboundKind.VOICE)


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


def case_meant(draft: Draft, inbound: Inbound) -> tuple[Case, ...]:
    """The cases that the quoted message was about."""
    ids = dict.fromkeys(t.case_id for t in draft.facts.targets if t.case_id)
    known = {c.id: c for c in (*draft.facts.board, *draft.facts.named)}
    if draft.facts.case is not None:
        known.setdefault(draft.facts.case.id, draft.facts.case)
    return tuple(draft.latest(known[i]) for i in ids if i in known)


def command_in(draft: Draft, officer: Person, inbound: Inbound) -> Said | None:
    """The command that a text is, if it is one: `/take K7PM`, `take K7PM`, or `take` in reply to a page."""
    text = inbound.text.strip()
    if not text or inbound.kind not in WITH_WORDS:
        return None
    first, _, rest = text.partition(" ")
    slash = first.startswith("/")
    word = folded(first.lstrip("/").split("@")[0]).rstrip(":")
    language = draft.language_of(officer)
    command = next((c for c in COMMANDS if word in spellings(draft, language, c)), "")
    if slash and word == "sos":
        return None  # an alarm, and no command that the desk does not know
    if not command:
        return Said("unknown", None, rest, "") if slash and inbound.kind is InboundKind.TEXT else None
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
    if inbound.kind is not InboundKind.TEXT and command not in PRIVATE:
        return None  # words under a file are for whoever gets the file, unless they say that it is private
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
        known = bool(closing.outcome_in(draft, officer, rest)[0])
        # "close done" says what the desk did; how it ended for the person is asked, and nothing goes to them.
        done = rest.casefold().rstrip(".!") in draft.rules.taxonomy.lists["outcome_intervention"]
        return not rest or known or done or bool(unknown_reference(command, rest))
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
