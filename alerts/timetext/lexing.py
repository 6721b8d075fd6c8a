"""Cuts a message into tokens that do not care how it was typed.

Cleaning is a character at a time: full-width and other digits become ASCII, capitals become small, accents and vowel
marks fall away, letters of one sound become one letter, and direction marks and other invisible characters vanish. Each
cleaned character remembers where it stood, so a label can be given back as the person wrote it.

Only the first `LIMIT` characters are read, so the cost of any message is bounded.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

LIMIT = 1000
"""Characters of a message that are read. A command about time is one line."""

_SAME = str.maketrans(
    {
        **dict.fromkeys("’‘ʼ`´′", "'"),
        **dict.fromkeys("–—−‐‑‒", "-"),
        **dict.fromkeys("،٫", ","),
        "؛": ";",
        "：": ":",
        "ة": "ه",
        "ى": "ي",
        "ی": "ي",
        "ک": "ك",
        "ـ": "",
        "ı": "i",
    }
)
_TOKEN = re.compile(r"\d+|[^\W\d_]+|[^\w\s]|_")
_APOSTROPHE_IN_WORD = re.compile(r"(?<=[^\W\d_])'(?=[^\W\d_])")


@dataclass(frozen=True, slots=True)
class Token:
    """A run of digits or of letters, or one sign."""

    text: str
    glued: bool
    """Nothing stands between it and the token before it."""
    begins: int
    """Where it begins in the message as it was written."""

    @property
    def number(self) -> int | None:
        """Its value, when it is a run of at most six digits."""
        return int(self.text) if self.text.isdecimal() and len(self.text) <= 6 else None


@lru_cache(maxsize=4096)
def _clean(char: str) -> str:
    """What is left of one character; nothing for accents and invisible ones."""
    if unicodedata.category(char) == "Nd":
        return str(unicodedata.decimal(char))
    plain = unicodedata.normalize("NFKD", char.translate(_SAME)).translate(_SAME).casefold()
    return "".join(
        "" if kind in {"Mn", "Cf", "Cs", "Co", "Cn"} else " " if kind == "Cc" else one
        for one in plain
        if (kind := unicodedata.category(one))
    )


def tokens(message: str) -> tuple[Token, ...]:
    """The tokens of the first `LIMIT` characters."""
    cleaned: list[str] = []
    places: list[int] = []
    for place, char in enumerate(message[:LIMIT]):
        for one in _clean(char):
            cleaned.append(one)
            places.append(place)
    text = "".join(cleaned)
    dropped = {match.start() for match in _APOSTROPHE_IN_WORD.finditer(text)}
    if dropped:
        places = [place for n, place in enumerate(places) if n not in dropped]
        text = "".join(char for n, char in enumerate(text) if n not in dropped)
    found: list[Token] = []
    end = -1
    for match in _TOKEN.finditer(text):
        found.append(Token(match.group(), match.start() == end, places[match.start()]))
        end = match.end()
    return tuple(found)


_Value = TypeVar("_Value")


class Phrases(Generic[_Value]):
    """Words and phrases, each with a value. The longest that fits wins."""

    def __init__(self, table: Mapping[_Value, Iterable[str]]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], _Value]]] = {}
        for value, phrases in table.items():
            for phrase in phrases:
                parts = tuple(token.text for token in tokens(phrase))
                self._by_first.setdefault(parts[0], []).append((parts, value))
        for entries in self._by_first.values():
            entries.sort(key=lambda entry: -len(entry[0]))

    def match(self, stream: tuple[Token, ...], at: int) -> tuple[_Value, int] | None:
        """The value of the longest phrase that begins at that token, and the place after it."""
        if at >= len(stream):
            return None
        for parts, value in self._by_first.get(stream[at].text, ()):
            end = at + len(parts)
            if end <= len(stream) and all(stream[at + n].text == part for n, part in enumerate(parts)):
                return value, end
        return None


def one_of(phrases: Iterable[str]) -> Phrases[bool]:
    """Phrases that only are there or are not."""
    return Phrases({True: phrases})


class Reader:
    """Goes through the tokens of a message. `at` may be set back to any place it was at."""

    __slots__ = ("at", "message", "stream")

    def __init__(self, message: str) -> None:
        self.message = message
        self.stream = tokens(message)
        self.at = 0

    def peek(self, ahead: int = 0) -> Token | None:
        place = self.at + ahead
        return self.stream[place] if place < len(self.stream) else None

    def ended(self) -> bool:
        """Nothing but signs is left: the full stop or the emoji after a command."""
        return all(not token.text[0].isalnum() for token in self.stream[self.at :])

    def take(self, phrases: Phrases[_Value]) -> _Value | None:
        """The value of the phrase that stands here, which is then behind; None, and nothing moves."""
        found = phrases.match(self.stream, self.at)
        if found is None:
            return None
        self.at = found[1]
        return found[0]

    def skip(self, phrases: Phrases[_Value]) -> bool:
        """Leaves behind every such phrase that stands here; True when there was one."""
        start = self.at
        while self.take(phrases) is not None:
            pass
        return self.at > start

    def has_number(self) -> bool:
        """A number is still to come."""
        return any(token.text.isdecimal() for token in self.stream[self.at :])

    def between(self, start: int, end: int | None = None) -> str:
        """The message as written, from that token to before the other (or to its end), on one line."""
        if start >= len(self.stream) or (end is not None and end <= start):
            return ""
        stop = self.stream[end].begins if end is not None and end < len(self.stream) else LIMIT
        written = self.message[self.stream[start].begins : min(stop, LIMIT)]
        shown = "".join(" " if char.isspace() else char for char in written if _visible(char))
        return " ".join(shown.split())


def _visible(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
