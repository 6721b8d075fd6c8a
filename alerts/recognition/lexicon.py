"""The lexicons of all languages as one index: which classes of words a word, or a run of words, belongs to.

An entry of a class is a word, or several set apart by spaces. In an entry `stop*` stands for every word that begins so,
`_` for any one word, `~` for up to two words, `(a|b)` for either, `(a|b)?` for either or none. All entries are folded as messages are.
`forms` are patterns over one word for languages that put subject, tense and object into the verb; `{name}` in one
stands for any stem of the list `stems.name`. `endings` give a class to every word that ends so.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import OSA

from alerts.recognition.normal import BREAK, fold, spellings

_ANY, _GAP = "_", "~"
_SHORTEST_STEM = 2
_SHORTEST_FORM = 5
_SHORTEST_CORRECTED = 6
_SPACES = re.compile(r"\s+(?![^()]*\))")
WHOLE = frozenset(("sos", "help", "helpme", "bare", "test"))  # classes also compared with whole messages
_ARABIZI = str.maketrans({"2": "", "3": "", "5": "kh", "6": "t", "7": "h", "8": "gh", "9": "q", "a": "", "e": "",
                          "i": "", "o": "", "u": "", "y": "", "'": ""})
# Three ways in which people write Russian with Latin letters; the rest is left to spelling correction.
_ROMAN_COMMON = dict(zip("абвгдезийклмнопрстуфыэё", "abvgdeziiklmnoprstufyee", strict=True)) | {"ь": "", "ъ": ""}
_ROMAN = (
    {**_ROMAN_COMMON, "й": "y", "ж": "zh", "х": "h", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sch", "ю": "yu", "я": "ya"},
    {**_ROMAN_COMMON, "ж": "zh", "х": "kh", "ц": "c", "ч": "ch", "ш": "sh", "щ": "shch", "ю": "iu", "я": "ia", "ы": "i"},
    {**_ROMAN_COMMON, "й": "j", "ж": "j", "х": "x", "ц": "c", "ч": "4", "ш": "w", "щ": "w", "ю": "u", "я": "ja"},
)


@dataclass(frozen=True, slots=True)
class Hit:
    """Words `start` to `end` (excluded) of a clause belong to class `kind` of `language`."""

    start: int
    end: int
    language: str
    kind: str


@dataclass(frozen=True, slots=True)
class _Choice:
    """One place of a phrase: the words, and the beginnings of words, that may stand there."""

    words: frozenset[str]
    stems: tuple[str, ...]

    @classmethod
    def of(cls, written: Iterable[str]) -> _Choice:
        given = list(written)
        return cls(frozenset(word for word in given if word[-1] != "*"),
                   tuple(word[:-1] for word in given if word[-1] == "*"))


_Part = str | _Choice  # a string is one of the signs `_` and `~`


@dataclass(frozen=True, slots=True)
class _Target:
    language: str
    kind: str
    rest: tuple[_Part, ...] = ()


@dataclass(slots=True)
class Lexicon:
    """Built once from plain data, then only read."""

    languages: tuple[str, ...]
    words: dict[str, list[_Target]] = field(default_factory=dict)
    stems: dict[str, list[tuple[str, _Target]]] = field(default_factory=dict)
    forms: list[tuple[re.Pattern[str], str, str, tuple[str, ...]]] = field(default_factory=list)
    endings: list[tuple[tuple[str, ...], str, _Target]] = field(default_factory=list)
    arabizi: dict[str, list[_Target]] = field(default_factory=dict)
    phrases: dict[str, dict[str, str]] = field(default_factory=dict)
    ordinary: set[str] = field(default_factory=set)
    _near: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def compiled(cls, lexicons: Mapping[str, Mapping[str, object]]) -> Lexicon:
        """Builds the index. Raises ValueError naming language and entry if an entry cannot be read."""
        index = cls(tuple(sorted(lexicons)))
        for language in index.languages:
            data = lexicons[language]
            for kind, entries in _mapping(data.get("classes")).items():
                for entry in entries:
                    written = [entry]
                    if data.get("roman") == "russian":
                        written += ["".join(table.get(c, c) for c in entry.lower()) for table in _ROMAN]
                    for plain in sorted({one for form in written for one in _expanded(form, kind in WHOLE)}):
                        index._add(language, kind, plain)
            stems = _mapping(data.get("stems"))
            for kind, patterns in _mapping(data.get("forms")).items():
                for pattern in patterns:
                    index._add_form(language, kind, pattern, stems)
            for kind, endings in _mapping(data.get("endings")).items():
                folded = tuple(fold(ending).strip() for ending in endings)
                index.endings.append((folded, _script(folded[0]), _Target(language, kind)))
            for entry in _mapping({"ordinary": data.get("ordinary") or ()})["ordinary"]:
                index.ordinary.update(fold(entry).split())
        for word in {word for word in index.words if len(word) >= _SHORTEST_CORRECTED}:
            for shortened in _shortened(word):
                index._near.setdefault(shortened, []).append(word)
        return index

    def _add(self, language: str, kind: str, entry: str) -> None:
        parts = [part for written in _SPACES.split(entry.strip()) for part in _folded_part(written)]
        if not parts or isinstance(parts[0], str):
            raise ValueError(f"lexicon {language}, class {kind}: {entry!r} must begin with a word")
        target = _Target(language, kind, tuple(parts[1:]))
        for stem in parts[0].stems:
            if len(stem) < _SHORTEST_STEM:
                raise ValueError(f"lexicon {language}, class {kind}: {entry!r} begins too short")
            self.stems.setdefault(stem[:_SHORTEST_STEM], []).append((stem, target))
        for head in parts[0].words:
            self.words.setdefault(head, []).append(target)
            if not target.rest and any(digit in "235679" for digit in head) and head[0].isascii():
                self.arabizi.setdefault(head.translate(_ARABIZI), []).append(target)
        for part in target.rest:
            if not isinstance(part, str):
                for word in part.words:
                    self.words.setdefault(word, [])
        if kind in WHOLE and all(not isinstance(part, str) and len(part.words) == 1 for part in parts):
            phrase = " ".join(next(iter(part.words)) for part in parts if not isinstance(part, str))
            self.phrases.setdefault(phrase, {})[language] = kind

    def _add_form(self, language: str, kind: str, pattern: str, stems: Mapping[str, Sequence[str]]) -> None:
        def choice(found: re.Match[str]) -> str:
            names = stems.get(found.group(1))
            if not names:
                raise ValueError(f"lexicon {language}: form {pattern!r} names an unknown list of stems")
            return "(?:" + "|".join(sorted({fold(name).strip() for name in names}, key=len, reverse=True)) + ")"

        compiled = re.compile(re.sub(r"\{(\w+)\}", choice, _fold_pattern(pattern)))
        letter = next(sign for sign in compiled.pattern if sign.isalpha())
        self.forms.append((compiled, _script(letter), language, tuple(kind.split("+"))))

    def targets(self, word: str) -> list[_Target]:
        """Every class and every beginning of a phrase that `word` stands for."""
        found = list(self.words.get(word, ()))
        bucket = self.stems.get(word[:_SHORTEST_STEM])
        if bucket:
            found += [target for stem, target in bucket if word.startswith(stem)]
        if len(word) >= _SHORTEST_FORM:
            script = _script(word)
            for pattern, of, language, kinds in self.forms:
                if of == script and pattern.fullmatch(word):
                    found += [_Target(language, kind) for kind in kinds]
            found += [target for endings, of, target in self.endings if of == script and word.endswith(endings)]
        if not found and word[0].isascii() and any(digit in word for digit in "235679") and not word.isdigit():
            found += self.arabizi.get(word.translate(_ARABIZI), ())
        return found

    def known(self, word: str) -> bool:
        return word in self.words or word in self.ordinary

    def corrected(self, word: str, languages: set[str] | None = None) -> str:
        """`word`, or the lexicon's word it differs from by one slip of the finger; unchanged if it is ordinary.

        With `languages`, only a word of one of these: a slip in one language is a good word of another.
        """
        if self.known(word) or self.targets(word):
            return word
        for other in spellings(word):
            if self.known(other) or self.targets(other):
                return other
        if len(word) < _SHORTEST_CORRECTED or word.isdigit():
            return word
        for shortened in (word, *_shortened(word)):
            for near in self._near.get(shortened, ()):
                if near[0] == word[0] and OSA.distance(word, near, score_cutoff=1) <= 1 and (
                        not languages or any(target.language in languages for target in self.words[near])):
                    return near
        return word

    def hits(self, words: Sequence[str], memory: dict[str, list[_Target]]) -> list[Hit]:
        """All hits in one clause; `memory` keeps what each word stands for while one message is read."""
        found: list[Hit] = []
        for start, word in enumerate(words):
            targets = memory.get(word)
            if targets is None:
                targets = memory[word] = self.targets(word)
            for target in targets:
                if not target.rest:
                    found.append(Hit(start, start + 1, target.language, target.kind))
                else:
                    end = _matched(words, start + 1, target.rest)
                    if end:
                        found.append(Hit(start, end, target.language, target.kind))
        return found


def _mapping(value: object) -> dict[str, list[str]]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError("lexicon: classes, stems and forms are mappings of lists")
    return {str(key): [str(entry) for entry in entries] for key, entries in value.items()}


def _expanded(entry: str, wholly: bool) -> set[str]:
    """`entry` without its choices; unless `wholly`, choices between single words stay, which is far smaller."""
    opens = entry.find("(")
    while opens >= 0:
        closes = _closing(entry, opens)
        rest = closes + 1
        optional = entry[rest:rest + 1] == "?"
        choices = _alternatives(entry[opens + 1:closes])
        if wholly or optional or not _stands_alone(entry, opens, rest, choices):
            choices += [""] * optional
            before, after = entry[:opens], entry[rest + optional:]
            # Each way on its own: the choices inside one of them must not multiply those inside another.
            return {plain for choice in choices for plain in _expanded(before + choice + after, wholly)}
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
    apart = entry[max(opens - 1, 0):opens] in ("", " ") and entry[rest:rest + 1] in ("", " ")
    return apart and all("(" not in choice and len(_folded_words(choice)) == 1 for choice in choices)


@functools.cache
def _folded_part(written: str) -> tuple[_Part, ...]:
    if written in (_ANY, _GAP):
        return (written,)
    if written.startswith("("):
        choices = [_folded_words(choice)[0] for choice in written.strip("()").split("|")]
        return (_Choice.of(choices),)
    return tuple(_Choice.of([word]) for word in _folded_words(written))


@functools.cache
def _folded_words(written: str) -> tuple[str, ...]:
    words = [word for word in fold(written.rstrip("*")).split() if word != BREAK]
    if words and written.endswith("*"):
        words[-1] += "*"
    return tuple(words)


def _fold_pattern(pattern: str) -> str:
    return re.sub(r"[^\W\d_a-zA-Z]+", lambda found: fold(found.group()).strip(), pattern)


def _script(word: str) -> str:
    first = word[0]
    if first.isascii():
        return "latin"
    if "\u0600" <= first <= "\u06ff":
        return "arabic"
    if "\u0400" <= first <= "\u04ff":
        return "cyrillic"
    return "bengali" if "\u0980" <= first <= "\u09ff" else "other"


def _shortened(word: str) -> Iterable[str]:
    return {word[:at] + word[at + 1:] for at in range(len(word))}


def _matched(words: Sequence[str], at: int, rest: tuple[_Part, ...]) -> int:
    """The end of `rest` in `words` from `at` on, or 0 where it does not stand there."""
    for index, part in enumerate(rest):
        if part == _GAP:
            for skipped in range(3):
                end = _matched(words, at + skipped, rest[index + 1:])
                if end:
                    return end
            return 0
        if at >= len(words):
            return 0
        if not isinstance(part, str) and words[at] not in part.words and not words[at].startswith(part.stems):
            return 0
        at += 1
    return at
