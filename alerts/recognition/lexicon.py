"""The lexicons of all languages as one index: which classes of words a word, or a run of words, belongs to.

An entry of a class is a word, or several set apart by spaces. In an entry `stop*` stands for every word that begins so,
`_` for any one word, `~` for up to two words, `(a|b)` for either, `(a|b)?` for either or none. All entries are folded as messages are.
`forms` are patterns over one word for languages that put subject, tense and object into the verb; `{name}` in one
stands for any stem of the list `stems.name`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import OSA

from alerts.recognition.normal import BREAK, fold, spellings

_ANY, _GAP = "_", "~"
_SHORTEST_STEM = 2
_SHORTEST_CORRECTED = 5
_CHOICE = re.compile(r"\(([^()]*)\)(\?)?")
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
class _Target:
    language: str
    kind: str
    rest: tuple[str, ...] = ()


@dataclass(slots=True)
class Lexicon:
    """Built once from plain data, then only read."""

    languages: tuple[str, ...]
    words: dict[str, list[_Target]] = field(default_factory=dict)
    stems: dict[str, list[tuple[str, _Target]]] = field(default_factory=dict)
    forms: list[tuple[re.Pattern[str], str, str, tuple[str, ...]]] = field(default_factory=list)
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
                    for plain in sorted(_expanded(entry)):
                        index._add(language, kind, plain)
                        if data.get("roman") == "russian":
                            for table in _ROMAN:
                                index._add(language, kind, "".join(table.get(c, c) for c in plain.lower()))
            stems = _mapping(data.get("stems"))
            for kind, patterns in _mapping(data.get("forms")).items():
                for pattern in patterns:
                    index._add_form(language, kind, pattern, stems)
            for entry in _mapping({"ordinary": data.get("ordinary") or ()})["ordinary"]:
                index.ordinary.update(fold(entry).split())
        for word in {word for word in index.words if len(word) >= _SHORTEST_CORRECTED}:
            for shortened in _shortened(word):
                index._near.setdefault(shortened, []).append(word)
        return index

    def _add(self, language: str, kind: str, entry: str) -> None:
        parts = _folded_entry(entry)
        if not parts:
            raise ValueError(f"lexicon {language}, class {kind}: {entry!r} has no word in it")
        head, rest = parts[0], tuple(parts[1:])
        if head in (_ANY, _GAP):
            raise ValueError(f"lexicon {language}, class {kind}: {entry!r} must begin with a word")
        target = _Target(language, kind, rest)
        if head.endswith("*"):
            stem = head[:-1]
            if len(stem) < _SHORTEST_STEM:
                raise ValueError(f"lexicon {language}, class {kind}: {entry!r} begins too short")
            self.stems.setdefault(stem[:_SHORTEST_STEM], []).append((stem, target))
        else:
            self.words.setdefault(head, []).append(target)
            if not rest and any(digit in "235679" for digit in head) and head[0].isascii():
                self.arabizi.setdefault(head.translate(_ARABIZI), []).append(target)
        for part in rest:
            if part[-1] not in "*_~":
                self.words.setdefault(part, [])
        if not any(mark in part for part in parts for mark in "*_~"):
            self.phrases.setdefault(" ".join(parts), {})[language] = kind

    def _add_form(self, language: str, kind: str, pattern: str, stems: Mapping[str, Sequence[str]]) -> None:
        def choice(found: re.Match[str]) -> str:
            names = stems.get(found.group(1))
            if not names:
                raise ValueError(f"lexicon {language}: form {pattern!r} names an unknown list of stems")
            return "(?:" + "|".join(sorted({fold(name).strip() for name in names}, key=len, reverse=True)) + ")"

        compiled = re.compile(re.sub(r"\{(\w+)\}", choice, _fold_pattern(pattern)))
        first = next(iter(stems.values()))[0]
        self.forms.append((compiled, _script(fold(first).strip()), language, tuple(kind.split("+"))))

    def targets(self, word: str) -> list[_Target]:
        """Every class and every beginning of a phrase that `word` stands for."""
        found = list(self.words.get(word, ()))
        bucket = self.stems.get(word[:_SHORTEST_STEM])
        if bucket:
            found += [target for stem, target in bucket if word.startswith(stem)]
        if len(word) >= _SHORTEST_CORRECTED:
            script = _script(word)
            for pattern, of, language, kinds in self.forms:
                if of == script and pattern.fullmatch(word):
                    found += [_Target(language, kind) for kind in kinds]
        if not found and word[0].isascii() and any(digit in word for digit in "235679") and not word.isdigit():
            found += self.arabizi.get(word.translate(_ARABIZI), ())
        return found

    def known(self, word: str) -> bool:
        return word in self.words or word in self.ordinary

    def corrected(self, word: str) -> str:
        """`word`, or the lexicon's word it differs from by one slip of the finger; unchanged if it is ordinary."""
        if self.known(word) or self.targets(word):
            return word
        for other in spellings(word):
            if self.known(other) or self.targets(other):
                return other
        if len(word) < _SHORTEST_CORRECTED or word.isdigit():
            return word
        for shortened in (word, *_shortened(word)):
            for near in self._near.get(shortened, ()):
                if near[0] == word[0] and OSA.distance(word, near, score_cutoff=1) <= 1:
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


def _expanded(entry: str) -> set[str]:
    found = _CHOICE.search(entry)
    if found is None:
        return {entry}
    choices = found.group(1).split("|") + ([""] if found.group(2) else [])
    return {plain for choice in choices for plain in _expanded(entry[:found.start()] + choice + entry[found.end():])}


def _folded_entry(entry: str) -> list[str]:
    parts: list[str] = []
    for part in entry.split():
        if part in (_ANY, _GAP):
            parts.append(part)
        elif part.endswith("*"):
            parts += [word for word in fold(part[:-1]).split() if word != BREAK]
            parts[-1] += "*"
        else:
            parts += [word for word in fold(part).split() if word != BREAK]
    # The Persian prefix may stand apart in an entry too.
    joined = " ".join(parts)
    return re.sub(r"(?<!\S)(ن?مي) (?=[^\W\d_])", r"\1", joined).split()


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


def _matched(words: Sequence[str], at: int, rest: tuple[str, ...]) -> int:
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
        word = words[at]
        if part != _ANY and word != part and not (part[-1] == "*" and word.startswith(part[:-1])):
            return 0
        at += 1
    return at
