"""What looks like a mistyped command of the desk: it goes to nobody, and the officer hears so.

1. Only short messages without a quote are looked at: whoever quotes a message of the defender means them.
2. Ordinary words that are one slip away from a command are listed in the catalogues. They are words, unless what
   follows them is what follows a command.
3. A note is private: for words like one more is held back.
"""

from __future__ import annotations

from rapidfuzz.distance import OSA

from alerts.events import Inbound, InboundKind
from alerts.invitations import folded, ways
from alerts.people import Person
from handlers import closing
from handlers.asking import spoken
from handlers.corrections import PRIVATE
from handlers.desk_commands import COMMANDS, REFERENCE, WITH_WORDS, spellings
from handlers.draft import Draft

SHORTEST = 4
"""Letters of a word that can be a slip of another: of shorter ones nearly all are."""
LONG = 6
"""Letters of a command that hardly any other word resembles."""
FEW, SOME = 3, 6
"""Words of a message that may be a command: of most, and of notes and long command words."""
MARKS = ".,;!?…،؛؟"


def slip_of(draft: Draft, officer: Person, inbound: Inbound) -> str:
    """The command that a message which is none was surely or perhaps meant to be, as the officer may write it."""
    words = folded(inbound.text[:2000]).split()
    if not words or inbound.kind not in WITH_WORDS:
        return ""
    first, rest = words[0], words[1:]
    if rest and rest[0] in (":", "-"):
        first, rest = f"{first}:", rest[1:]
    head, colon, glued = first.partition(":")
    rest = [glued, *rest] if glued else rest
    head = head.strip(MARKS)
    for command in COMMANDS:
        if inbound.kind is not InboundKind.TEXT and command not in PRIVATE:
            continue  # words under a file are for whoever gets the file
        said = spellings(draft, draft.language_of(officer), command)
        if head in said:
            if is_slip_after(draft, officer, command, rest):
                return command
            continue
        near = [one for one in said if is_near(head, one)]
        if near and is_meant(draft, officer, command, near[0], head, rest, bool(colon)):
            return command
    return ""


def is_near(word: str, command: str) -> bool:
    """Whether a word is one slip away from another: a letter too many, missing, wrong, or two that changed places."""
    return (
        min(len(word), len(command)) >= SHORTEST
        and word != command
        and OSA.distance(word, command, score_cutoff=1) <= 1
    )


def is_slip_after(draft: Draft, officer: Person, command: str, rest: list[str]) -> bool:
    """Whether what follows the right word of a command is a slip of what can follow it."""
    if not rest:
        return True
    if command == "close":
        return len(rest) < FEW and any(
            is_near(rest[0].strip(MARKS), one) for one in outcome_words(draft, officer)
        )
    return command in ("take", "reopen", "raise", "case") and len(rest) == 1 and is_like_a_reference(rest[0])


def is_meant(
    draft: Draft, officer: Person, command: str, spelling: str, head: str, rest: list[str], colon: bool
) -> bool:
    """Whether a word one slip away from a command was meant for it."""
    if command in PRIVATE and colon:
        return True
    if head in spoken(draft, officer, "desk.no_slips"):
        if command == "close":
            return bool(rest) and closing.outcome_in(draft, officer, " ".join(rest))[0] != ""
        return len(rest) == 1 and is_like_a_reference(rest[0])
    few = SOME if command in PRIVATE or len(spelling) >= LONG else FEW
    return 1 + len(rest) <= few


def is_like_a_reference(word: str) -> bool:
    """Whether a word has the shape of a case reference, with a slip in it or without."""
    return any(letter.isdigit() for letter in word) and (len(word) == 3 or bool(REFERENCE.fullmatch(word)))


def outcome_words(draft: Draft, officer: Person) -> set[str]:
    """The first words of the outcomes that a case can be closed with."""
    words = draft.rules.words
    said = set(closing.outcomes(draft))
    for language in {"en", draft.language_of(officer)}:
        for code in closing.outcomes(draft):
            key = f"outcome.{code}"
            said |= ways(words.say(language, key)) if words.has(key) else set()
    return {one.split()[0] for one in said if one}
