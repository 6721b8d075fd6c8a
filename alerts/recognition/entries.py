"""How an entry of a lexicon is written, and what it stands for.

An entry is a word, or several set apart by spaces. In it `stop*` stands for every word that begins so, `_` for any
one word, `~` for up to two words, `(a|b)` for either, `(a|b)?` for either or none. Entries are folded as messages are.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from alerts.recognition.normal import BREAK, fold, persian_joined

ANY, GAP = "_", "~"
_SPACES = re.compile(r"\s+(?![^()]*\))")
# Three ways in which people write Russian with Latin letters; the rest is left to spelling correction.
_ROMAN_COMMON = dict(zip("абвгдезийклмнопрстуфыэё", "abvgdeziiklmnoprstufyee", strict=True)) | {
    "ь": "",
    "ъ": "",
}
_ROMAN = (
    {
        **_ROMAN_COMMON,
        "й": "y",
        "ж": "zh",
        "х": "h",
        "ц": "ts",
        "ч": "ch",
        "ш": "sh",
        "щ": "sch",
        "ю": "yu",
        "я": "ya",
    },
    {
        **_ROMAN_COMMON,
        "ж": "zh",
        "х": "kh",
        "ц": "c",
        "ч": "ch",
        "ш": "sh",
        "щ": "shch",
        "ю": "iu",
        "я": "ia",
        "ы": "i",
    },
    {
        **_ROMAN_COMMON,
        "й": "j",
        "ж": "j",
        "х": "x",
        "ц": "c",
        "ч": "4",
        "ш": "w",
        "щ": "w",
        "ю": "u",
        "я": "ja",
    },
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One place of a phrase: the words, and the beginnings of words, that may stand there."""

    words: frozenset[str]
    stems: tuple[str, ...]

    @classmethod
    def of(cls, written: Iterable[str]) -> Choice:
        given = list(written)
        return cls(
            frozenset(word for word in given if word[-1] != "*"),
            tuple(word[:-1] for word in given if word[-1] == "*"),
        )


Part = str | Choice  # a string is one of the signs `_` and `~`


def parts(plain: str) -> list[Part]:
    """The places of an entry that `plain_forms` gave."""
    apart = _SPACES.split(plain.strip()) if "(" in plain else plain.split()
    return [part for written in apart for part in _folded_part(written)]


def romanised(entry: str) -> list[str]:
    """A Russian entry as it is written with Latin letters."""
    return ["".join(table.get(sign, sign) for sign in entry.lower()) for table in _ROMAN]


def plain_forms(entry: str, wholly: bool) -> set[str]:
    """`entry` without its choices; unless `wholly`, choices between single words stay, which is far smaller."""
    # A word that is joined to the next must be so before the entry is cut into words.
    if not entry.isascii():
        entry = persian_joined(entry.replace("ی", "ي"))
    if "(" not in entry:
        return {entry}
    opens = entry.find("(")
    while opens >= 0:
        closes = _closing(entry, opens)
        rest = closes + 1
        optional = entry[rest : rest + 1] == "?"
        choices = _alternatives(entry[opens + 1 : closes])
        if wholly or optional or not _stands_alone(entry, opens, rest, choices):
            choices += [""] * optional
            before, after = entry[:opens], entry[rest + optional :]
            # Each way on its own: the choices inside one of them must not multiply those inside another.
            return {plain for choice in choices for plain in plain_forms(before + choice + after, wholly)}
        opens = entry.find("(", rest)
    return {entry}


def _closing(entry: str, opens: int) -> int:
    depth = 0
    for at in range(opens, len(entry)):
        depth += (entry[at] == "(") - (entry[at] == ")")
        if depth == 0:
            return at
    raise ValueError(f"lexicon: a bracket is left open in {entry!r}")


def _alternatives(inside: str) -> list[str]:
    found, depth = [""], 0
    for sign in inside:
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and depth == 0:
            found.append("")
        else:
            found[-1] += sign
    return found


def _stands_alone(entry: str, opens: int, rest: int, choices: Sequence[str]) -> bool:
    apart = entry[max(opens - 1, 0) : opens] in ("", " ") and entry[rest : rest + 1] in ("", " ")
    return apart and all("(" not in choice and len(_folded_words(choice)) == 1 for choice in choices)


@functools.cache
def _folded_part(written: str) -> tuple[Part, ...]:
    if written in (ANY, GAP):
        return (written,)
    if written.startswith("("):
        choices = [_folded_words(choice)[0] for choice in written.strip("()").split("|")]
        return (Choice.of(choices),)
    return tuple(Choice.of([word]) for word in _folded_words(written))


@functools.cache
def _folded_words(written: str) -> tuple[str, ...]:
    words = [word for word in fold(written.rstrip("*")).split() if word != BREAK]
    if words and written.endswith("*"):
        words[-1] += "*"
    return tuple(words)
