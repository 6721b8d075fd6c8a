"""The lexicons of all languages as one index: which classes of words a word, or a run of words, belongs to.

How entries are written stands in `entries`.
`forms` are patterns over one word for languages that put subject, tense and object into the verb; `{name}` in one
stands for any stem of the list `stems.name`. `endings` give a class to every word that ends so.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from alerts.recognition.entries import GAP, Part, parts, plain_forms, romanised
from alerts.recognition.normal import fold, spellings, squeeze

_LONGESTGAP = 2  # words that `~` may stand for
_SHORTEST_STEM = 2
_SHORTEST_FORM = 5
_SHORTEST_CORRECTED = 6
_SEVERAL = 2
_ARABIC = "ar"
_AND = "و"  # is written joined to the next word
WHOLE = frozenset(
    ("sos", "help", "helpme", "bare", "alone", "test")
)  # classes also compared with whole messages
# Arabic in Latin letters and figures is compared by its consonants alone: everybody writes its vowels differently.
_ARABIZI = str.maketrans(
    {
        "2": "",
        "3": "",
        "5": "kh",
        "6": "t",
        "7": "h",
        "8": "gh",
        "9": "q",
        "a": "",
        "e": "",
        "i": "",
        "o": "",
        "u": "",
        "y": "",
        "'": "",
        "w": "",
    }
)
_CONSONANTS = str.maketrans(
    dict(zip("بتجحدرزسصضطفقكلمنه", "btjhdrzssdtfqklmnh", strict=True))
    | {"خ": "kh", "ش": "sh", "غ": "gh"}
    | dict.fromkeys("اويعئؤ", "")
)
_ARABIZI_WORD = re.compile(r"[a-z]*(?:[235679][a-z]+)+[235679]?|[a-z]{3,}[235679]")
_CONSONANTS_NEEDED = 3


class Hit(NamedTuple):
    """Words `start` to `end` (excluded) of a clause belong to class `kind` of `language`."""

    start: int
    end: int
    language: str
    kind: str


class Target(NamedTuple):
    """A class of a language, and the places that must follow for it."""

    language: str
    kind: str
    rest: tuple[Part, ...] = ()


Index = dict[str, tuple[Target, ...]]


@dataclass(slots=True)
class Entry:
    """What one word, or one beginning of words, stands for: classes of its own, and the phrases it begins.

    Frequent words begin hundreds of phrases, so these are kept by their second word (`phrases`), or by the first
    word after a gap (`gapped`); only `loose` ones must be tried one by one. There are tens of thousands of entries
    and most hold one thing, so what is empty takes no room.
    """

    plain: tuple[Target, ...] = ()
    phrases: Index | None = None
    gapped: Index | None = None
    loose: tuple[Target, ...] = ()
    languages: frozenset[str] = frozenset()

    def add(self, target: Target) -> None:
        if target.language not in self.languages:
            self.languages = _with(self.languages, target.language)
        rest = target.rest
        if not rest:
            self.plain = (*self.plain, target)
            return
        gapped = rest[0] == GAP and len(rest) > 1
        second = rest[1] if gapped else rest[0]
        if isinstance(second, str) or second.stems:
            self.loose = (*self.loose, target)
            return
        if gapped:
            index = self.gapped = self.gapped or {}
        else:
            index = self.phrases = self.phrases or {}
        for word in second.words:
            index[word] = (*index.get(word, ()), target)


_BLANK = Entry()  # shared by all words that only occur inside phrases


@functools.cache
def _with(languages: frozenset[str], language: str) -> frozenset[str]:
    return languages | {language}


@dataclass(slots=True)
class Gate:
    """The patterns and endings of one script; `form` and `ending` pass a word that any of them would."""

    forms: list[tuple[re.Pattern[str], Entry]] = field(default_factory=list)
    endings: list[tuple[tuple[str, ...], Entry]] = field(default_factory=list)
    form: re.Pattern[str] = re.compile("(?!)")
    ending: tuple[str, ...] = ()

    def close(self) -> None:
        if self.forms:
            self.form = re.compile("|".join(f"(?:{pattern.pattern})" for pattern, _ in self.forms))
        self.ending = tuple(ending for endings, _ in self.endings for ending in endings)


Memory = dict[str, list[Entry]]  # what the words of one message stand for, while it is read


@dataclass(slots=True)
class Lexicon:
    """Built once from plain data, then only read."""

    languages: tuple[str, ...]
    words: dict[str, Entry] = field(default_factory=dict)
    stems: dict[str, Entry] = field(default_factory=dict)
    stem_lengths: dict[str, list[int]] = field(default_factory=dict)
    gates: dict[str, Gate] = field(default_factory=dict)
    arabizi: dict[str, Entry] = field(default_factory=dict)
    phrases: dict[str, dict[str, str]] = field(default_factory=dict)
    ordinary: set[str] = field(default_factory=set)
    _alike: dict[tuple[str, int], list[str]] = field(default_factory=dict)

    @classmethod
    def compiled(cls, lexicons: Mapping[str, Mapping[str, object]]) -> Lexicon:
        """Builds the index. Raises ValueError naming language and entry if an entry cannot be read."""
        index = cls(tuple(sorted(lexicons)))
        for language in index.languages:
            data = lexicons[language]
            for kind, entries in _mapping(data.get("classes")).items():
                for entry in entries:
                    written = [entry, *(romanised(entry) if data.get("roman") == "russian" else ())]
                    plain_ones = {one for form in written for one in plain_forms(form, kind in WHOLE)}
                    for plain in sorted(plain_ones) if len(plain_ones) > 1 else plain_ones:
                        index._add(language, kind, plain)
            stems = _mapping(data.get("stems"))
            for kind, patterns in _mapping(data.get("forms")).items():
                for pattern in patterns:
                    index._add_form(language, kind, pattern, stems)
            for kind, endings in _mapping(data.get("endings")).items():
                folded = tuple(fold(ending).strip() for ending in endings)
                index.gates.setdefault(_script(folded[0]), Gate()).endings.append(
                    (folded, Entry((Target(language, kind),), languages=frozenset((language,))))
                )
            for entry in _mapping({"ordinary": data.get("ordinary") or ()})["ordinary"]:
                index.ordinary.update(fold(entry).split())
        for gate in index.gates.values():
            gate.close()
        for word in sorted(word for word in index.words if len(word) >= _SHORTEST_CORRECTED):
            index._alike.setdefault((word[0], len(word)), []).append(word)
        return index

    def _add(self, language: str, kind: str, entry: str) -> None:
        places = parts(entry)
        if not places or isinstance(places[0], str):
            raise ValueError(f"lexicon {language}, class {kind}: {entry!r} must begin with a word")
        target = Target(language, kind, tuple(places[1:])) if len(places) > 1 else _whole(language, kind)
        for stem in places[0].stems:
            if len(stem) < _SHORTEST_STEM:
                raise ValueError(f"lexicon {language}, class {kind}: {entry!r} begins too short")
            self.stems.setdefault(stem, Entry()).add(target)
            lengths = self.stem_lengths.setdefault(stem[:_SHORTEST_STEM], [])
            if len(stem) not in lengths:
                lengths.append(len(stem))
        for head in places[0].words:
            own = self.words.get(head, _BLANK)
            if own is _BLANK:
                own = self.words[head] = Entry()
            own.add(target)
            if not target.rest and language == _ARABIC:
                bare = _consonants(head)
                if len(bare) >= _CONSONANTS_NEEDED:
                    self.arabizi.setdefault(bare, Entry()).add(target)
        for part in target.rest:
            if not isinstance(part, str):
                for word in part.words:
                    self.words.setdefault(word, _BLANK)
        if kind in WHOLE and all(not isinstance(part, str) and len(part.words) == 1 for part in places):
            phrase = " ".join(next(iter(part.words)) for part in places if not isinstance(part, str))
            self.phrases.setdefault(phrase, {})[language] = kind

    def _add_form(self, language: str, kind: str, pattern: str, stems: Mapping[str, Sequence[str]]) -> None:
        def choice(found: re.Match[str]) -> str:
            names = stems.get(found.group(1))
            if not names:
                raise ValueError(f"lexicon {language}: form {pattern!r} names an unknown list of stems")
            return (
                "(?:" + "|".join(sorted({fold(name).strip() for name in names}, key=len, reverse=True)) + ")"
            )

        compiled = re.compile(re.sub(r"\{(\w+)\}", choice, _fold_pattern(pattern)))
        letter = next(sign for sign in compiled.pattern if sign.isalpha())
        targets = tuple(Target(language, one) for one in kind.split("+"))
        entry = Entry(targets, languages=frozenset((language,)))
        self.gates.setdefault(_script(letter), Gate()).forms.append((compiled, entry))

    def entries(self, word: str) -> list[Entry]:
        """All that `word` stands for."""
        found = []
        whole = self.words.get(word)
        if whole is not None:
            found.append(whole)
        for length in self.stem_lengths.get(word[:_SHORTEST_STEM], ()):
            stem = self.stems.get(word[:length]) if length <= len(word) else None
            if stem is not None:
                found.append(stem)
        if len(word) >= _SHORTEST_FORM:
            gate = self.gates.get(_script(word))
            if gate is not None:
                if gate.form.fullmatch(word):
                    found += [entry for pattern, entry in gate.forms if pattern.fullmatch(word)]
                if word.endswith(gate.ending):
                    found += [entry for endings, entry in gate.endings if word.endswith(endings)]
        if word[0] == _AND and len(word) > _SHORTEST_STEM and not any(entry.plain for entry in found):
            joined = self.words.get(word[1:])
            found += [joined] if joined is not None and _ARABIC in joined.languages else []
        if not found and word.isascii() and _ARABIZI_WORD.fullmatch(word):
            # A "2" is a hamza, and in the cities also a qaf; "th" and "dh" are letters that are folded to t and d.
            readings = (word, word.replace("2", "9"), *(word.replace(of, "d") for of in ("th", "dh")))
            known = (self.arabizi.get(_consonants(reading)) for reading in readings)
            arabic = next((entry for entry in known if entry is not None), None)
            found += [arabic] if arabic is not None else []
        return found

    def known(self, word: str) -> bool:
        return word in self.words or word in self.ordinary

    def corrected(self, word: str, languages: set[str], memory: Memory) -> str:
        """`word`, or the lexicon's word it differs from by one slip of the finger; unchanged if it is ordinary.

        Where `languages` are given, only a word of one of these: a slip in one language is a good word of another.
        """
        if self.known(word):
            return word
        # A drawn-out word is the word it draws out, before it is one that only begins like an entry.
        others = spellings(word)
        for other in others:
            if self.known(other):
                return other
        if self.meaning(word, memory):
            return word
        for other in others:
            if self.meaning(other, memory):
                return other
        if len(word) < _SHORTEST_CORRECTED or word.isdigit():
            return word
        longer = self._one_slip_from(word, len(word) + 1, languages)
        if longer:
            return longer[0]
        alike = self._one_slip_from(word, len(word), languages)
        if len(alike) < _SEVERAL:
            return alike[0] if alike else word
        # Which of several is meant: the one that is right for the longest, from the end.
        without = {near: set(_shortened(near)) for near in alike}
        return next(near for shortened in _shortened(word) for near in alike if shortened in without[near])

    def _one_slip_from(self, word: str, length: int, languages: set[str]) -> list[str]:
        """The words of `length` letters that begin as `word` does and differ from it by one slip, in order."""
        near = process.extract(
            word, self._alike.get((word[0], length), ()), scorer=OSA.distance, score_cutoff=1, limit=None
        )
        found = sorted(other for other, _, _ in near)
        return [other for other in found if not languages or languages & self.words[other].languages]

    def meaning(self, word: str, memory: Memory) -> list[Entry]:
        """`entries`, looked up once a message."""
        found = memory.get(word)
        if found is None:
            found = memory[word] = self.entries(word)
        return found

    def hits(self, words: Sequence[str], memory: Memory) -> list[Hit]:
        """All hits in one clause, in the order of their beginnings."""
        found: list[Hit] = []
        for start, word in enumerate(words):
            for entry in self.meaning(word, memory):
                ends = [(target, start + 1) for target in entry.plain]
                if entry.phrases and start + 1 < len(words):
                    ends += [
                        (target, _matched(words, start + 2, target.rest[1:]))
                        for target in entry.phrases.get(words[start + 1], ())
                    ]
                if entry.gapped:
                    for at in range(start + 1, min(start + 2 + _LONGESTGAP, len(words))):
                        ends += [
                            (target, _matched(words, at + 1, target.rest[2:]))
                            for target in entry.gapped.get(words[at], ())
                        ]
                ends += [(target, _matched(words, start + 1, target.rest)) for target in entry.loose]
                found += [Hit(start, end, target.language, target.kind) for target, end in ends if end]
        return found


def _consonants(word: str) -> str:
    """What is left of an Arabic word, in either alphabet, to compare it by."""
    if word.isascii():
        return squeeze(word.replace("ch", "sh").translate(_ARABIZI))
    return squeeze(word.translate(_CONSONANTS))


def _mapping(value: object) -> dict[str, list[str]]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise TypeError("lexicon: classes, stems, forms and endings are mappings of lists")
    return {str(key): [str(entry) for entry in entries] for key, entries in value.items()}


def _fold_pattern(pattern: str) -> str:
    return re.sub(r"[^\W\d_a-zA-Z]+", lambda found: fold(found.group()).strip(), pattern)


@functools.cache
def _whole(language: str, kind: str) -> Target:
    return Target(language, kind)


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
    # In order: which of two neighbours a slip is taken for must not change from one start to the next.
    return dict.fromkeys(word[:at] + word[at + 1 :] for at in range(len(word)))


def _matched(words: Sequence[str], at: int, rest: tuple[Part, ...]) -> int:
    """The end of `rest` in `words` from `at` on, or 0 where it does not stand there."""
    for index, part in enumerate(rest):
        if part == GAP:
            for skipped in range(_LONGESTGAP + 1):
                end = _matched(words, at + skipped, rest[index + 1 :])
                if end:
                    return end
            return 0
        if at >= len(words):
            return 0
        if not isinstance(part, str) and words[at] not in part.words and not words[at].startswith(part.stems):
            return 0
        at += 1
    return at
