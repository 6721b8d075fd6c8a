"""What the bot says, in the language of the person it says it to.

Texts are looked up by key. Whatever a person wrote or is called goes into a text as an argument and is wrapped in
Unicode isolates where directions meet, so that a name in one direction cannot turn a sentence of the other around.
A key without a translation falls back to English: a frightened person gets words, not an error.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from alerts.outbox import Choice

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
RIGHT_TO_LEFT_MARK = "\u200f"
SOURCE_LANGUAGE = "en"
MENUS_KEPT = 500


DIRECTING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of what follows them, until another one ends it."""
BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters that show nothing."""


def legible(text: str) -> bool:
    """Whether anything of a text can be seen: spaces, joiners and direction marks say nothing."""
    return any(
        not letter.isspace()
        and letter not in BLANK
        and unicodedata.category(letter) not in ("Cf", "Cc", "Mn")
        for letter in text
    )


def is_rtl(text: str) -> bool:
    """Whether any letter of the text is written from right to left."""
    return any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text[:500])


@dataclass(frozen=True)
class Words:
    """The catalogues: language -> key -> text."""

    catalogues: Mapping[str, Mapping[str, str]]
    _menus: dict[tuple[str, tuple[tuple[str, str], ...]], tuple[Choice, ...]] = field(
        default_factory=dict, repr=False, compare=False
    )
    """Choices that were asked for before: every prompt has the same four."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that the bot speaks."""
        return tuple(self.catalogues)

    def speaks(self, language: str) -> bool:
        """Whether the bot has words in this language."""
        return language in self.catalogues

    def has(self, key: str) -> bool:
        """Whether there is a text with this key."""
        return key in self.catalogues[SOURCE_LANGUAGE]

    def say(self, language: str, key: str, /, **arguments: object) -> str:
        """The text, arguments put in. Raises KeyError for a key that English does not have."""
        catalogue = self.catalogues.get(language) or self.catalogues[SOURCE_LANGUAGE]
        text = catalogue.get(key) or self.catalogues[SOURCE_LANGUAGE][key]
        if not arguments:
            return text
        rtl = language in RIGHT_TO_LEFT
        said = text.format_map({name: _isolated(str(value), rtl) for name, value in arguments.items()})
        return _from_the_right(said) if rtl else said

    def choices(self, language: str, codes: tuple[tuple[str, str], ...]) -> tuple[Choice, ...]:
        """(code, key of the label) pairs as choices in a language."""
        found = self._menus.get((language, codes))
        if found is None:
            if len(self._menus) >= MENUS_KEPT:
                self._menus.clear()
            found = tuple([Choice(code, self.say(language, key)) for code, key in codes])
            self._menus[(language, codes)] = found
        return found


def _isolated(value: str, rtl: bool) -> str:
    if not value or (rtl == is_rtl(value) and not rtl and DIRECTING.isdisjoint(value)):
        return value
    return f"{FIRST_STRONG_ISOLATE}{_closed(value)}{POP_ISOLATE}"


def _from_the_right(text: str) -> str:
    """The text with a mark before each line that would be taken for one from left to right: an app goes by the first
    letter outside of isolates, and a line that begins with a reference or a name has none, or a Latin one."""
    lines = text.split("\n")
    return "\n".join(
        line if not line or _goes_from_the_right(line) else RIGHT_TO_LEFT_MARK + line for line in lines
    )


def _goes_from_the_right(line: str) -> bool:
    """Whether the first letter outside of isolates is written from right to left."""
    depth = 0
    for letter in line:
        if letter in "\u2066\u2067\u2068":
            depth += 1
        elif letter == POP_ISOLATE:
            depth -= 1
        elif depth <= 0 and (way := unicodedata.bidirectional(letter)) in ("L", "R", "AL"):
            return way != "L"
    return False


def _closed(value: str) -> str:
    """A text whose isolates end inside it, so that nothing around it is turned around with it."""
    if DIRECTING.isdisjoint(value):
        return value
    kept, opened = [], 0
    for letter in value:
        if letter == POP_ISOLATE and not opened:
            continue
        opened += (letter in "\u2066\u2067\u2068") - (letter == POP_ISOLATE)
        kept.append(letter)
    return "".join(kept) + POP_ISOLATE * opened


HEADLINE = 1000
"""Characters of what somebody wrote that a page shows: nearly every message whole, to everybody who is called."""


def excerpt(text: str, limit: int = HEADLINE) -> str:
    """The beginning of what somebody wrote, on one line, for pages and lists."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
