"""What a short message says as a whole: the answers that a conversation may expect, in every language of the lexicons.

1. A message is an answer when all of it is one of the known ones; repeated letters and signs around it do not matter.
2. "False alarm" and "I am safe" are often said in one breath, with a courtesy or an "I am fine" beside them: they count
   where nothing else is said. Nothing is put together for any other answer.

Source: protection practice, "SOS": that it was a false alarm can be said at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from alerts.recognition.entries import plain_forms
from alerts.recognition.normal import BREAK, fold, spellings
from alerts.recognition.verdict import Intent

BARE = 40
"""Characters of the longest message that is looked at as one answer."""
TOGETHER = 100
"""The same where several are said in one."""
_CALM = frozenset((Intent.FALSE_ALARM, Intent.SAFE, Intent.OK))
_COLOURS = frozenset("\ufe0e\ufe0f") | {chr(tone) for tone in range(0x1F3FB, 0x1F400)}


class Answers:
    """`lexicons` is plain data by language code, as the recogniser's."""

    def __init__(self, lexicons: Mapping[str, Mapping[str, object]]) -> None:
        self._known: dict[str, Intent] = {}
        self._calm: dict[str, list[tuple[tuple[str, ...], Intent | None]]] = {}
        for data in lexicons.values():
            intents = data.get("intents")
            for name, entries in intents.items() if isinstance(intents, Mapping) else ():
                for key in _keys(entries):
                    self._known.setdefault(key, Intent(name))
        for key, intent in self._known.items():
            if intent in _CALM:
                self._add(key, intent)
        for data in lexicons.values():
            courtesies = data.get("courtesies")
            for key in _keys(courtesies if isinstance(courtesies, Iterable) else ()):
                self._add(key, None)

    def __contains__(self, key: str) -> bool:
        return key in self._known

    def at(self, key: str) -> Intent | None:
        """What a folded message says as a whole."""
        return self._known.get(key)

    def said(self, text: str) -> Intent | None:
        """What a message says as a whole, however its letters are repeated."""
        key = whole(text)
        # "okkk" is ok; a single letter written often ("kkk") is laughter.
        readings = [key, *(other for other in spellings(key) if len(other) > 1)]
        return next((self._known[reading] for reading in readings if reading in self._known), None)

    def calm(self, text: str) -> Intent | None:
        """FALSE_ALARM or SAFE when a message says that in several known pieces and nothing else."""
        if len(text) > TOGETHER or "?" in text or "؟" in text:
            return None
        words = tuple(whole(text).split())
        reached: dict[int, frozenset[Intent]] = {0: frozenset()}
        for at in range(len(words)):
            if at not in reached:
                continue
            for phrase, intent in self._calm.get(words[at], ()):
                end = at + len(phrase)
                if words[at:end] == phrase:
                    said = reached[at] | ({intent} if intent is not None else frozenset())
                    # Of two ways to read the same words the one that says more counts.
                    reached[end] = max(reached.get(end, frozenset()), said, key=_weight)
        found = reached.get(len(words), frozenset())
        return next((intent for intent in (Intent.FALSE_ALARM, Intent.SAFE) if intent in found), None)

    def _add(self, key: str, intent: Intent | None) -> None:
        words = tuple(key.split())
        if words:
            self._calm.setdefault(words[0], []).append((words, intent))


def whole(text: str) -> str:
    """A whole message as one key: its words, or, where it has none, its signs without their colours."""
    words = " ".join(fold(text).replace(BREAK, " ").split())
    return words or "".join(sign for sign in text if not sign.isspace() and sign not in _COLOURS)


def _weight(said: frozenset[Intent]) -> int:
    return 2 * (Intent.FALSE_ALARM in said) + (Intent.SAFE in said)


def _keys(entries: Iterable[object]) -> Iterator[str]:
    for entry in entries:
        yield from (whole(form) for form in sorted(plain_forms(str(entry), wholly=True)))
