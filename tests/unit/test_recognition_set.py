"""Recognition against the labelled set, and what holds between the set, the training and the model."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.recognition import Model, Recogniser
from alerts.recognition.normal import BREAK, fold
from benchmarks import train_recognition as training
from benchmarks.recognition import BLIND, Row, labelled, score
from config.lexicons import LexiconError, load_lexicons, load_model, read_lexicon

LANGUAGES = ("ar", "bn", "en", "es", "fa", "fr", "pt", "ru", "sw", "tr")
TESTS = Path(__file__).parent.parent
A_SENTENCE = 3  # words
RECALL = 0.97
DISTURBED = 0.06


@functools.cache
def rows() -> tuple[Row, ...]:
    return tuple(labelled())


@functools.cache
def recogniser() -> Recogniser:
    stored = load_model()
    return Recogniser(load_lexicons(), Model.from_bytes(stored) if stored else None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_recall_and_false_alarms_hold_in_every_language(language: str) -> None:
    mine = [row for row in rows() if row.language == language]
    assert len(mine) >= 120
    counts, wrong = score(recogniser(), mine)
    assert counts.paged >= RECALL * counts.emergencies, wrong
    assert counts.disturbed <= DISTURBED * counts.ordinary, wrong


def test_the_labelled_set_is_well_formed() -> None:
    assert {row.language for row in rows()} == set(LANGUAGES)
    assert {row.label for row in rows()} == {"sos", "doubt", "told", "none"}
    assert all(row.text.strip() for row in rows())


def spoken(text: str) -> str:
    """The words of `text`, without what stands between them."""
    return " ".join(fold(text).replace(BREAK, " ").split())


def strings(file: Path) -> Iterator[str]:
    """Every string written in a file of Python."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_no_sentence_is_both_learned_and_measured() -> None:
    """A sentence that the model has learned measures nothing, wherever it is asked.

    Words alone in other tests than those of recognition are commands and names, which nobody measures it by.
    """
    measured = {row.text for row in (*rows(), *labelled(BLIND))}
    for file in TESTS.rglob("test_*.py"):
        mine = file.name.startswith(("test_recognition", "test_slips"))
        measured.update(text for text in strings(file) if mine or len(text.split()) >= A_SENTENCE)
    learned = {spoken(one.text): one for one in training.sentences(training.SENTENCES)}
    both = {spoken(text) for text in measured} & learned.keys()
    assert not {learned[text] for text in both if text}, "take them out of the training"


def test_a_cut_model_file_is_refused() -> None:
    stored = load_model()
    assert stored is not None
    for broken in (b"", b"{}\n", stored[:200], b"[1]\n" + stored):
        with pytest.raises(ValueError, match="recognition model"):
            Model.from_bytes(broken)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_words_a_conversation_needs(language: str) -> None:
    lexicon = load_lexicons()[language]
    assert {"ok", "talk", "more_time", "help", "false_alarm", "clear", "yes", "no", "skip"} <= set(
        lexicon["intents"]
    )
    assert {"sos", "help", "helpme", "test", "att", "attp", "actor", "me", "kin", "mask"} <= set(
        lexicon["classes"]
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("language: [", "YAML"),
        ("language: yy", "'language'"),
        ("language: xx\nclases: {}", "'clases'"),
        ("language: xx\nclasses: [a]", "'classes'"),
        ("language: xx\nintents: {yes: [ja]}", "'intents'"),
        ("language: xx\nclasses: {sos: 3}", "'classes.sos'"),
    ],
)
def test_a_broken_lexicon_file_is_refused_with_what_is_wrong(text: str, complaint: str) -> None:
    with pytest.raises(LexiconError, match=complaint):
        read_lexicon("xx.yaml", text)
