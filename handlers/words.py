"""What the bot says, in the language of the person it says it to.

Texts are looked up by key. Whatever a person wrote or is called goes into a text as an argument and is wrapped in
Unicode isolates where directions meet, so that a name in one direction cannot turn a sentence of the other around.
A key without a translation falls back to English: a frightened person gets words, not an error.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
SOURCE_LANGUAGE = "en"


def is_rtl(text: str) -> bool:
    """Whether any letter of the text is written from right to left."""
    return any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text[:500])


@dataclass(frozen=True)
class Words:
    """The catalogues: language -> key -> text."""

    catalogues: Mapping[str, Mapping[str, str]]

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
        return text.format_map({name: _isolated(str(value), rtl) for name, value in arguments.items()})


def _isolated(value: str, rtl: bool) -> str:
    if not value or (rtl == is_rtl(value) and not rtl):
        return value
    return f"{FIRST_STRONG_ISOLATE}{value}{POP_ISOLATE}"


def excerpt(text: str, limit: int = 300) -> str:
    """The beginning of what somebody wrote, on one line, for pages and lists."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
