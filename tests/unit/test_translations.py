"""What the bot says: nothing missing, stale, unused or too long, and names cannot turn an Arabic sentence around."""

from __future__ import annotations

import ast
import importlib.util
import re
import shutil
import string
import unicodedata
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

import config.translations
import handlers
from alerts.timetext.hints import Hint
from config.protocols import load_protocols
from config.taxonomy import load_taxonomy
from config.translations import load_catalogues, problems
from handlers import asking, desk_commands, rota, staffing
from handlers.questions import FOLLOW_UPS
from handlers.words import FIRST_STRONG_ISOLATE, POP_ISOLATE, RIGHT_TO_LEFT, Words

CATALOGUES = load_catalogues()
ENGLISH = CATALOGUES["en"]
SHIPPED = ("en", "ar", "es", "fr")
"""English first, as `languages` gives them."""
ROOT = Path(handlers.__file__).parent.parent
SPEAKING = (
    *sorted((ROOT / "handlers").glob("*.py")),
    ROOT / "alerts" / "timetext" / "hints.py",
    ROOT / "alerts" / "rota_text.py",
    ROOT / "bot" / "delivery.py",
    ROOT / "bot" / "bundles.py",
)
"""Where keys are named."""
HEADS = {key.partition(".")[0] for key in ENGLISH if "." in key}
KEY = re.compile(r"[a-z_]+(\.[a-z0-9_]+)+")
STAGES = ("receipt.stored", "receipt.seen", "receipt.seen_nameless", "receipt.not_seen")


def fields(text: str) -> list[str]:
    """The placeholders of a text."""
    return [name for _, name, _, _ in string.Formatter().parse(text) if name]


# ------------------------------------------------------------------------------------------------------------- files


def test_every_language_has_every_text_as_it_is_in_english_today() -> None:
    assert config.translations.languages() == SHIPPED
    assert problems() == []
    assert {language: len(texts) for language, texts in CATALOGUES.items()} == dict.fromkeys(
        CATALOGUES, len(ENGLISH)
    )


def loader_of(folder: Path) -> ModuleType:
    """The loader, reading a copy of the files."""
    copy = folder / "copied_translations.py"
    shutil.copy(str(config.translations.__file__), copy)
    shutil.copytree(config.translations.FOLDER, folder / "translations")
    spec = importlib.util.spec_from_file_location("copied_translations", copy)
    assert spec is not None
    assert spec.loader is not None
    loader = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loader)
    return loader


@pytest.mark.parametrize(
    ("language", "before", "after", "told"),
    [
        ("es", 'msgid "Danger:"', 'msgid "Peril:"', "es: sos.danger.short is stale"),
        ("en", 'msgid "Danger:"', 'msgid "Peril:"', "fr: sos.danger.short is stale"),
        ("fr", 'msgstr "Bientôt"', 'msgstr ""', "fr: sos.danger.soon is missing"),
        ("ar", 'msgctxt "sos.danger.now"', 'msgctxt "sos.danger.hence"', "ar: sos.danger.now is missing"),
        ("ar", 'msgctxt "sos.danger.now"', 'msgctxt "sos.danger.hence"', "ar: sos.danger.hence is not used"),
        (
            "es",
            'msgstr "{officer} tiene {ref}."',
            'msgstr "{officer} lo tiene."',
            "es: notice.taken has other",
        ),
    ],
)
def test_a_broken_text_is_found(tmp_path: Path, language: str, before: str, after: str, told: str) -> None:
    loader = loader_of(tmp_path)
    file = tmp_path / "translations" / f"{language}.po"
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1
    file.write_text(text.replace(before, after), encoding="utf-8")
    assert [line for line in loader.problems() if line.startswith(told)]


# -------------------------------------------------------------------------------------------------------------- keys


def strings_in(file: Path) -> tuple[set[str], set[str]]:
    """The texts that stand in a file, and the f-strings as patterns."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    joined = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    pieces = {id(piece) for node in joined for piece in node.values}
    plain = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in pieces
    }
    patterns = {
        "".join(re.escape(str(p.value)) if isinstance(p, ast.Constant) else ".+" for p in node.values)
        for node in joined
    }
    return plain, patterns


def spoken_directly(file: Path) -> set[str]:
    """Keys given as they are to `word` or `say`."""
    return {
        node.args[1].value
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("word", "say")
        and len(node.args) > 1
        and isinstance(node.args[1], ast.Constant)
        and isinstance(node.args[1].value, str)
    }


def data_keys() -> set[str]:
    """Keys that are made from data: codes of the taxonomy, answers of the questions, commands."""
    taxonomy = {f"taxonomy.{name}.{e['code']}" for name, entries in load_taxonomy().items() for e in entries}
    answers = {f"{f.code}.{answer}" for f in FOLLOW_UPS for answer in f.answers}
    commands = {f"command.{command}" for command in desk_commands.COMMANDS}
    asked = {f"ask.{name}" for names in (asking.FOR_ALL, *asking.BY_ROLE.values()) for name in names}
    after = {f"word.{word}" for word in (*rota.KINDS, *rota.OTHER_WORDS, *staffing.ROLES)}
    after |= {f"outcome.{e['code']}" for e in load_taxonomy()["outcome_person"]}
    after |= {f"protocol.{name}" for name in load_protocols() if name != "timer"}
    return taxonomy | answers | commands | asked | after | {f"day.{day}" for day in range(7)}


@pytest.mark.parametrize("file", SPEAKING, ids=lambda file: file.name)
def test_every_key_in_the_code_has_a_text(file: Path) -> None:
    plain, patterns = strings_in(file)
    named = {text for text in plain if KEY.fullmatch(text) and text.partition(".")[0] in HEADS}
    assert named | spoken_directly(file) <= ENGLISH.keys()
    built = {p for p in patterns if re.match(rf"({'|'.join(sorted(HEADS))})\\\.[a-z_.\\+]+$", p)}
    assert not [p for p in built if not any(re.fullmatch(p, key) for key in ENGLISH)]


def test_every_key_made_from_data_has_a_text_and_no_other_word_is_left_over() -> None:
    assert data_keys() <= ENGLISH.keys()
    plain, patterns = map(set[str].union, *(strings_in(file) for file in SPEAKING))
    built = [re.compile(p) for p in patterns if re.match(r"[a-z]+\\\.[a-z_]*\.\+|\.\+(\\\.short|_bare)$", p)]
    exact = ("taxonomy.", "command.", "ask.", "day.", "word.", "outcome.", "protocol.")
    unused = [
        key
        for key in ENGLISH.keys() - data_keys() - plain
        if key.startswith(exact) or not any(pattern.fullmatch(key) for pattern in built)
    ]
    assert not unused


def test_every_hint_about_time_has_a_text() -> None:
    hints = {hint.value for hint in Hint}
    assert {key for key in ENGLISH if key.startswith("time.hint.")} == hints


# ------------------------------------------------------------------------------------------------- what people read


@pytest.mark.parametrize("language", SHIPPED)
def test_what_frightened_people_read_is_short(language: str) -> None:
    limits = {
        "receipt.": 160,
        "sos.": 100,
        "button.": 20,
        "taxonomy.": 45,
        "wellbeing.": 15,
        "checkin.prompt": 70,
        "checkin.again": 70,
        "doubt": 130,
        "desk.help": 1000,
        "help.": 600,
    }
    others = 480
    too_long = {
        key: len(text)
        for key, text in CATALOGUES[language].items()
        if not key.startswith(("ask.", "command.", "contact.not_names", "word.", "outcome.", "protocol."))
        and len(text) > next((limit for head, limit in limits.items() if key.startswith(head)), others)
    }
    assert not too_long


@pytest.mark.parametrize("language", SHIPPED)
def test_the_stages_of_a_receipt_are_different_sentences(language: str) -> None:
    texts = CATALOGUES[language]
    assert len({texts[stage] for stage in STAGES}) == len(STAGES)
    first = [texts[stage].split(".")[0] for stage in STAGES]
    assert len(set(first)) == len(STAGES)


@pytest.mark.parametrize("language", SHIPPED)
def test_whoever_is_shown_the_way_to_an_sos_is_shown_it_in_every_language(language: str) -> None:
    texts = CATALOGUES[language]
    for sign in ("SOS", "👍", "🆘", "/", "{example}"):
        having = {key for key, text in ENGLISH.items() if sign in text}
        assert having <= {key for key, text in texts.items() if sign in text}, sign


@pytest.mark.parametrize("language", SHIPPED)
def test_lines_and_marks_are_kept(language: str) -> None:
    for key, text in CATALOGUES[language].items():
        assert text.count("\n") == ENGLISH[key].count("\n"), key
        assert text == text.strip(), key
        assert "  " not in text, key
        assert not any(unicodedata.category(letter) in ("Cc", "Cf") for letter in text.replace("\n", "")), key
        assert Counter(fields(text)) == Counter(fields(ENGLISH[key])), key


@pytest.mark.parametrize("language", sorted(RIGHT_TO_LEFT & CATALOGUES.keys()))
def test_what_is_put_into_a_text_from_right_to_left_is_isolated(language: str) -> None:
    words = Words(CATALOGUES)
    for key, text in CATALOGUES[language].items():
        names = set(fields(text))
        for given in ("K7PM", "لينا", "12"):
            said = words.say(language, key, **dict.fromkeys(names, given))
            isolated = said.count(f"{FIRST_STRONG_ISOLATE}{given}{POP_ISOLATE}")
            assert isolated == len(fields(text)), key


@pytest.mark.parametrize("language", sorted(RIGHT_TO_LEFT & CATALOGUES.keys()))
def test_every_line_from_right_to_left_begins_with_a_letter_of_that_direction(language: str) -> None:
    # A chat takes the direction of a line from its first strong letter, isolates left out.
    for key, text in CATALOGUES[language].items():
        for line in re.sub(r"\{\w*\}", "", text).split("\n"):
            strong = [unicodedata.bidirectional(letter) for letter in line]
            assert next((d for d in strong if d in ("L", "R", "AL")), "AL") != "L", (key, line)


@pytest.mark.parametrize("given", ["K7PM", "لينا", "12"])
@pytest.mark.parametrize("language", sorted(RIGHT_TO_LEFT & CATALOGUES.keys()))
def test_a_line_of_arguments_goes_from_right_to_left_too(language: str, given: str) -> None:
    # A line without a letter outside of isolates is shown from left to right: its first words at the wrong end.
    words = Words(CATALOGUES)
    for key, text in CATALOGUES[language].items():
        if not (names := set(fields(text))):
            continue
        for line in words.say(language, key, **dict.fromkeys(names, given)).split("\n"):
            outside = re.sub(f"{FIRST_STRONG_ISOLATE}[^{POP_ISOLATE}]*{POP_ISOLATE}", "", line)
            strong = [unicodedata.bidirectional(letter) for letter in outside]
            assert not line or next((d for d in strong if d in ("L", "R", "AL")), "L") != "L", (key, line)
