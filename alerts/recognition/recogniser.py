"""Reads one text and says whether it tells of an emergency (protection practice, "SOS").

1. `/sos`, `/test`, `/help` and the whole-message words, also misspelt, decide alone.
2. Otherwise each clause, in stretches of at most `_STRETCH` words, is judged per language by `rules`.
3. The trained model reads the same stretches. It may raise an alarm where the rules find none, still a doubt of theirs,
   and an sos of theirs only where it is nearly sure, which leaves a doubt of a whole phrase that the lexicon has; never
   whole-message words and signs.

Of several findings of the rules the strongest wins. Time grows linearly with the text; nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

from alerts.recognition.answers import BARE, Answers
from alerts.recognition.cries import INSIDE, LEET, TAPPED, joined, pleas, told_by
from alerts.recognition.lexicon import Hit, Lexicon, Memory
from alerts.recognition.model import Model, Reading
from alerts.recognition.normal import BREAK, SIREN, SOS_SIGN, clauses, fold, oddly_written, spellings, squeeze
from alerts.recognition.pictures import morse, pictured_alarm, spelled_out
from alerts.recognition.rules import SHARED, SILENT, Finding, judge, unmasked
from alerts.recognition.told import TELLING, Told, outweighed, told_of
from alerts.recognition.tongues import CRIES, OF_ALL_LANGUAGES, chance, coverage, languages, spoken, spoken_of
from alerts.recognition.verdict import Alarm, Intent, Verdict

_STRETCH = 22  # words judged together: a long sentence and a half
_STEP = 14  # words from one stretch to the next, so that neighbours always share one
_SHORT = 60  # words up to which slips of the finger are corrected: people type these, longer texts are pasted
_TOGETHER = 24  # words up to which clauses are also judged as one: panic puts full stops anywhere
_FUZZY_FROM = 4  # letters a word needs to be recognised with one slip
_FUZZIER_FROM = 9  # letters from which two slips are allowed
_SIGNS = frozenset("$@")
_PAIR = 2
_FEW = 3  # words of a message in which one may only look like a cry, beside a plea
_TELLING = 3  # words of one language that a text needs to be told by them, and two more than of any other
_TOLD_BY = 200  # characters of a text that are looked at for its language
_NONE = Verdict(Alarm.NONE, "none")
_STILLED = Verdict(Alarm.NONE, "model")
_BARE_KINDS = ("sos", "help", "helpme", "bare")
_ASKED = frozenset(("sos", "help", "helpme"))
_AROUND = frozenset(("filler", "urgent", "now", "me", "sos", "help", "helpme", "bare"))
_STAY_UNCLEAR = frozenset(  # said to be doubts, word by word
    ("phrase-unclear", "help-me-unclear", "siren", "not-well", "named-alone")
)
_NEVER_STILLED = frozenset(  # by the model
    ("siren", "not-well", "farewell", "named-alone", "entered", "not-back")
)
_CRIED = 2  # how many times surer the model must be to still a cry for help
_MODEL_READS = 60  # words of a text the model looks at, from each end


class Recogniser:
    """`lexicons` is plain data by language code; `model` may be left out, the rules stand alone."""

    def __init__(self, lexicons: Mapping[str, Mapping[str, object]], model: Model | None) -> None:
        self._lexicon = Lexicon.compiled(lexicons)
        self._model = model
        self._bare: dict[str, str] = {}
        self._tests: dict[str, str] = {}
        self._alone: dict[str, str] = {}
        for phrase, kinds in self._lexicon.phrases.items():
            for language, kind in kinds.items():
                if kind in _BARE_KINDS:
                    self._bare.setdefault(phrase.replace(" ", ""), language)
                elif kind == "test":
                    self._tests[phrase] = language
                elif kind == "alone":
                    self._alone.setdefault(phrase, language)
        self._by_length: dict[int, list[str]] = {}
        for word in self._bare:
            self._by_length.setdefault(len(word), []).append(word)
        asked = {
            word for word, kinds in self._lexicon.phrases.items() if not _ASKED.isdisjoint(kinds.values())
        }
        self._asked = {
            length: [word for word in words if word in asked] for length, words in self._by_length.items()
        }
        self._squeezed = {
            squeeze(word): language for word, language in self._bare.items() if len(word) >= _FUZZY_FROM
        }
        said = {word for phrase in self._lexicon.phrases for word in phrase.split()}
        self._lookalikes = self._lexicon.ordinary - said
        self._implied = {language for language, data in lexicons.items() if data.get("implied_they")}
        self._answers = Answers(lexicons)

    def recognise(self, text: str) -> Verdict:
        """The verdict on `text`, of any length and with any characters in it."""
        stripped = text.strip()
        if stripped.startswith("/"):
            command, _, stripped = stripped.partition(" ")
            name = command[1:].partition("@")[0].lower()
            if name == "sos":
                return Verdict(Alarm.SOS, "command")
            if name == "test":
                return Verdict(Alarm.TEST, "command")
            if not stripped:
                return _NONE
        if SOS_SIGN in stripped:
            return Verdict(Alarm.SOS, "sos-sign")
        folded = fold(stripped)
        whole = self._whole_message(folded) or self._disguised(stripped)
        if whole is not None:
            return whole
        if not folded.replace(BREAK, " ").replace(SIREN, " ").strip():
            if SIREN in folded:
                return Verdict(Alarm.DOUBT, "siren")
            return Verdict(Alarm.DOUBT, "pictures") if pictured_alarm(stripped) else _NONE
        found, told, readings = self._read(stripped, folded)
        if self._model is None or (found.alarm is Alarm.NONE and self._ordinary_alone(folded)):
            return outweighed(found, told, guessed=False)
        heard = self._weighed(found, self._model, self._model.score(readings), words=len(folded.split()))
        return outweighed(heard, told, guessed=found.alarm is Alarm.NONE)

    def readings(self, text: str) -> tuple[Verdict, tuple[Reading, ...]]:
        """What the rules alone say of `text`, and what the model would read of it; nothing of a command.

        Whole messages are read too, though they are decided without it: it is to learn that cries are cries.
        """
        stripped = text.strip()
        folded = fold(stripped)
        if stripped.startswith("/"):
            return self.recognise(text), ()
        found, _, readings = self._read(stripped, folded)
        alone = self._whole_message(folded) or self._disguised(stripped)
        return self.recognise(text) if alone is not None or SOS_SIGN in stripped else found, tuple(readings)

    @staticmethod
    def _weighed(found: Verdict, model: Model, score: float, *, words: int) -> Verdict:
        """`found` and the model's word together: it may raise an alarm, or still one of the rules it is sure about.

        In a text of many `words` a cry is drowned by what stands around it, so no sos of the rules is stilled.
        """
        if found.alarm is Alarm.SOS:
            if words > _TOGETHER:
                return found
            needed = model.stilled * (_CRIED if found.rule in CRIES else 1)
            if score >= needed:
                return found
            # What the lexicon has word for word may stand in front of words the model never saw: not less than a doubt.
            doubted = Verdict(Alarm.DOUBT, found.rule, found.language)
            return doubted if found.rule == "phrase" else _STILLED
        if score >= model.sos and found.rule not in _STAY_UNCLEAR:
            return Verdict(Alarm.SOS, "model" if found.alarm is Alarm.NONE else found.rule, found.language)
        if found.alarm is Alarm.DOUBT:
            kept = score >= model.ordinary or found.rule in _NEVER_STILLED
            return found if kept else _STILLED
        # One word that no rule knows ("phone", "red") tells too little for a doubt: cries are found without the model.
        return Verdict(Alarm.DOUBT, "model") if score >= model.doubt and words > 1 else found

    def whole_message_sos(self, text: str) -> bool:
        """Whether the whole message is an SOS word or sign: all that counts in an officer's message."""
        stripped = text.strip()
        if stripped.lower().startswith("/sos"):
            return True
        folded = fold(stripped).replace(BREAK, " ")
        if stripped and not folded.replace(SOS_SIGN, "").split():
            return SOS_SIGN in folded
        words = folded.replace(SOS_SIGN, "").split()
        if self._whole_word(joined(words), slips=not self._good_words(words)) is None:
            return False
        # Joined together, "I am fine" lies a letter from "in danger" in Arabic: what is known to be calm is calm.
        return self.intent(text) in (None, Intent.HELP)

    def language(self, text: str) -> str:
        """The language that the beginning of an ordinary text is surely in, by the words that the lexicons know; empty
        when they do not tell."""
        words = [word for part in clauses(fold(text[:_TOLD_BY])) for word in part]
        known = sorted(coverage(self._lexicon.hits(words, {})).items(), key=lambda of: of[1], reverse=True)
        if not known:
            return ""
        language, most = known[0]
        second = known[1][1] if len(known) > 1 else 0
        return language if most >= max(_TELLING, second + _PAIR) and 2 * most >= len(words) else ""

    def intent(self, text: str) -> Intent | None:
        """What a short message says as a whole; None if it says anything more, or an alarm comes before."""
        known = self._answers.said(text) if len(text) <= BARE else None
        if known is Intent.HELP and text.lstrip().startswith("/"):
            return None  # `/help` asks for the list of commands
        known = known or self._answers.calm(text)
        if known is not None or len(text) > BARE:
            return known
        return Intent.HELP if self.recognise(text).alarm is Alarm.SOS else None

    def _whole_message(self, folded: str) -> Verdict | None:
        if len(folded) > 4 * BARE:
            return None
        plain = " ".join(folded.replace(BREAK, " ").replace(SIREN, " ").split())
        if plain in self._tests:
            return Verdict(Alarm.TEST, "test-word", self._tests[plain])
        if plain and plain in self._answers:
            if self._answers.at(plain) is not Intent.HELP:
                return _NONE
            return Verdict(Alarm.SOS, "whole-word", told_by(plain, self._bare.get(plain.replace(" ", ""))))
        for reading in (plain, *spellings(plain)):
            if reading in self._alone:
                return Verdict(Alarm.DOUBT, "named-alone", self._alone[reading])
        words = plain.split()
        language = self._whole_word(joined(words), slips=not self._good_words(words))
        if language is not None:
            return Verdict(Alarm.SOS, "whole-word", told_by(plain, language))
        memory: Memory = {}
        hits = self._lexicon.hits([self._lexicon.corrected(word, set(), memory) for word in words], memory)
        covered = {at for hit in hits if hit.kind in _AROUND for at in range(hit.start, hit.end)}
        core = [hit for hit in hits if hit.kind in _BARE_KINDS]
        masked = any(hit.kind in ("mask", "asked", "neg", "nobody", "negafter") for hit in hits)
        pleading = pleas(hits, words)
        figures = {at for at, word in enumerate(words) if word.isdigit() and word.translate(LEET) == "sos"}
        if figures and pleading and len(pleading | figures) == len(words) and not masked:
            return Verdict(Alarm.SOS, "sos-words", spoken(hits, (), words))
        if core and len(covered) == len(words) and not masked:
            cried = [hit for hit in core if not OF_ALL_LANGUAGES.issuperset(words[hit.start : hit.end])]
            return Verdict(Alarm.SOS, "sos-words", spoken(hits, cried, words))
        if len(words) == _PAIR:
            # "au secour vite": one of two words is misspelt, the other says nothing against it
            for at, word in enumerate(words):
                # Beside a word a number is a number: "line 505".
                language = None if at in covered or word.isdigit() else self._whole_word(word)
                if language is not None:
                    return Verdict(Alarm.SOS, "sos-words", language)
        if _PAIR <= len(words) <= _FEW and len(pleading) == len(words) - 1 and not masked:
            # "hell me", "half me", "hell pls": a good word, but not beside a plea
            (at,) = set(range(len(words))) - pleading
            mine = any(hit.kind == "me" for hit in hits)
            language = self._near(words[at], self._by_length if mine else self._asked)
            if words[at] in self._lookalikes and language is not None:
                return Verdict(Alarm.DOUBT, "sos-words", language)
        return None

    def _disguised(self, text: str) -> Verdict | None:
        """A word like "$O$" or "he!p", whose signs are folded away elsewhere, as a whole message; dots and dashes."""
        if morse(text):
            return Verdict(Alarm.SOS, "whole-word")
        if len(text) > BARE or not (_SIGNS.intersection(text) or INSIDE.search(text)):
            return None
        word = "".join(fold(INSIDE.sub("l", text.translate(LEET))).replace(BREAK, " ").split())
        return Verdict(Alarm.SOS, "whole-word", told_by(word, None)) if word in self._bare else None

    def _ordinary_alone(self, folded: str) -> bool:
        """Whether a message is nothing but one ordinary word that looks like an alarm, said once or again and again, or
        one fixed ordinary expression.

        The model knows words by their letters: to it "hell" is mostly "help", and "my boss will kill me" mostly murder.
        """
        spoken_words = folded.replace(BREAK, " ").split()
        if _PAIR <= len(spoken_words) <= _STRETCH and any(
            hit.kind == "mask" and hit.end - hit.start == len(spoken_words)
            for hit in self._lexicon.hits(spoken_words, {})
        ):
            return True
        words = set(spoken_words)
        word = words.pop() if len(words) == 1 else ""
        return any(reading in self._lookalikes for reading in (word, *spellings(word)))

    def _good_words(self, words: Sequence[str]) -> bool:
        """Whether all of `words` are good ones, and one only looks like a cry: "gave me" is no "save me" misspelt."""
        return all(map(self._lexicon.known, words)) and not self._lookalikes.isdisjoint(words)

    def _whole_word(self, word: str, *, slips: bool = True) -> str | None:
        """The language in which `word` is an SOS word, with repeated letters and `slips` allowed; None if in none."""
        if not word or len(word) > 4 * BARE:
            return None
        for reading in (word, word.translate(LEET), *spellings(word)):
            if reading in self._bare:
                return self._bare[reading]
            if TAPPED.fullmatch(reading) or not reading.replace("sos", "") or not reading.replace("help", ""):
                return "en"
        if not slips or self._lexicon.known(word) or len(word) > BARE:
            return None
        shortest = squeeze(word)
        if shortest in self._bare or shortest in self._squeezed:
            return self._bare.get(shortest) or self._squeezed[shortest]
        if len(word) < _FUZZY_FROM or word in self._answers:
            return None
        near = self._near(word, self._by_length)
        if near is not None or len(shortest) <= _FUZZY_FROM:
            return near
        return self._near(shortest, self._by_length)

    def _near(self, word: str, words: Mapping[int, Sequence[str]]) -> str | None:
        """The language of one of the SOS `words` that `word` differs from by a slip or two; None if there is none."""
        for length in range(len(word) - 2, len(word) + 3):
            allowed = 2 if length >= _FUZZIER_FROM else 1
            if length >= _FUZZY_FROM and abs(length - len(word)) <= allowed:
                near = process.extractOne(
                    word, words.get(length, ()), scorer=OSA.distance, score_cutoff=allowed
                )
                if near is not None:
                    return self._bare[near[0]]
        return None

    def _read(self, stripped: str, folded: str) -> tuple[Verdict, Told | None, Iterator[Reading]]:
        """What the rules say of a text that is no whole-message word, what it reports, and the stretches the model is
        to read."""
        folded = folded if stripped.isascii() else spelled_out(stripped, folded)
        shouted = "SOS" in stripped and not stripped.isupper()
        question = "?" in stripped or "؟" in stripped
        memory: Memory = {}
        parts = self._spelled(folded, memory)
        found, told = self._clauses(parts, memory, shouted=shouted, question=question)
        if found.alarm is Alarm.NONE and SIREN in folded:
            signs = folded.count(SIREN)
            if len(folded.split()) <= signs + 1 or signs > 1:
                found = Verdict(Alarm.DOUBT, "siren")
        return found, told, self._stretches(parts, memory, shouted=shouted, question=question)

    def _spelled(self, folded: str, memory: Memory) -> list[list[str]]:
        """The words of each clause, slips of the finger corrected in a short text, odd spellings in any."""
        parts = list(clauses(folded))
        if sum(map(len, parts)) <= _SHORT:
            seen = {
                language
                for words in parts
                for word in words
                for entry in self._lexicon.meaning(word, memory)
                for language in entry.languages
            }
            return [[self._lexicon.corrected(word, seen, memory) for word in words] for words in parts]
        if oddly_written(folded):
            odd = {
                word: self._shortened(word) for words in parts for word in set(words) if oddly_written(word)
            }
            return [[odd.get(word, word) for word in words] for words in parts]
        return parts

    def _stretches(
        self, parts: Sequence[list[str]], memory: Memory, *, shouted: bool, question: bool
    ) -> Iterator[Reading]:
        """The stretches of a text the model reads: all of a short one, both ends of a long one."""
        words = [word for part in parts for word in part]
        if len(words) > 2 * _MODEL_READS:
            words = words[:_MODEL_READS] + words[-_MODEL_READS:]
        if not words:
            return
        last = max(len(words) - (_STRETCH - _STEP), 1) if len(words) > _TOGETHER else 1
        for start in range(0, last, _STEP):
            stretch = tuple(words[start : start + (_STRETCH if last > 1 else _TOGETHER)])
            hits = self._lexicon.hits(stretch, memory)
            found = self._judged(hits, len(stretch), shouted=shouted, question=question)
            known = coverage(hits)
            language = max(sorted(known), key=known.__getitem__, default="")
            mine = [hit for hit in hits if hit.language == language or hit.kind in SHARED]
            heard = [hit for hit in unmasked(mine, (), shouted) if hit.kind not in TELLING]
            heard += [hit for hit in mine if hit.kind in SILENT]
            shape = list(stretch)
            for hit in sorted(heard, key=lambda hit: (hit.start, hit.end, hit.kind), reverse=True):
                shape[hit.start : hit.end] = [hit.kind] * (min(hit.end, len(shape)) - hit.start)
            signs = {hit.kind for hit in heard}
            signs |= {f"rule {found.rule}", "question" if question else "statement"}
            yield Reading(stretch, tuple(shape), frozenset(signs))

    def _clauses(
        self, given: Sequence[list[str]], memory: Memory, *, shouted: bool, question: bool
    ) -> tuple[Verdict, Told | None]:
        parts = list(given)
        if len(parts) > 1 and sum(map(len, parts)) <= _TOGETHER:
            parts.append([word for words in parts for word in words])
        best, told = _NONE, None
        read: set[tuple[str, ...]] = set()
        for words in parts:
            for start in range(0, max(len(words) - (_STRETCH - _STEP), 1), _STEP):
                # Long texts repeat themselves; a stretch read once is not read again.
                stretch = tuple(words[start : start + _STRETCH])
                if stretch in read:
                    continue
                read.add(stretch)
                hits = self._lexicon.hits(stretch, memory)
                told = told or told_of(hits, question=question and len(given) == 1)
                found = self._judged(hits, len(stretch), shouted=shouted, question=question)
                if found.rule.startswith("sos-word"):  # the rest of the message tells the language
                    around = [word for part in given for word in part][: 2 * _STRETCH]
                    told_in = spoken(self._lexicon.hits(around, memory), (), around)
                    found = Verdict(found.alarm, found.rule, told_in)
                best = _stronger(best, found)
                if best.alarm is Alarm.SOS:
                    return best, told
        return best, told

    def _shortened(self, word: str) -> str:
        if self._lexicon.known(word):
            return word
        return next((other for other in spellings(word) if self._lexicon.known(other)), word)

    def _judged(self, hits: list[Hit], length: int, *, shouted: bool, question: bool) -> Verdict:
        """The strongest finding any language makes of the hits in one stretch of `length` words."""
        best = _NONE
        if any(hit.kind == "sos" for hit in hits) and spoken_of(hits, shouted):
            hits = [hit for hit in hits if hit.kind != "sos"]
        speaking = languages(hits)
        if not speaking:
            return best
        known = coverage(hits)
        excuses = [hit for hit in hits if hit.kind in ("mask", "task")]
        for language in speaking:
            mine = [hit for hit in hits if hit.language == language or hit.kind in SHARED]
            others = [hit for hit in excuses if hit.language != language]
            finding = judge(
                unmasked(mine, others, shouted),
                length,
                question=question,
                shouted=shouted,
                implied=language in self._implied,
            )
            if finding is not None and chance(finding, known[language], max(known.values())):
                continue
            best = _stronger(best, _verdict(finding, language))
            if best.alarm is Alarm.SOS:
                return best
        return best


def _verdict(finding: Finding | None, language: str) -> Verdict:
    return _NONE if finding is None else Verdict(finding[0], finding[1], language)


_RANK = {Alarm.NONE: 0, Alarm.TEST: 0, Alarm.DOUBT: 1, Alarm.SOS: 2}


def _stronger(one: Verdict, other: Verdict) -> Verdict:
    return other if _RANK[other.alarm] > _RANK[one.alarm] else one
