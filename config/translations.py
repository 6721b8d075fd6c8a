"""Translations: gettext PO files read directly.

`msgctxt` is the key, `msgid` the English text, `msgstr` the translation. English is the source: `en.po` has no
`msgstr`. A translation whose `msgid` is not the English text of today is stale; `problems` lists these, those that are
missing, and those whose placeholders differ, and a test fails while there are any.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent / "translations"
SOURCE = "en"
PLACEHOLDER = re.compile(r"\{([a-z_]*)\}")


def languages() -> tuple[str, ...]:
    """The languages that have a file, English first."""
    found = sorted(path.stem for path in FOLDER.glob("*.po"))
    return (SOURCE, *(language for language in found if language != SOURCE))


@functools.cache
def _catalog(language: str) -> Catalog:
    with (FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def _texts(language: str) -> dict[str, tuple[str, str]]:
    """Key -> (English text it was made for, text)."""
    found = {}
    for message in _catalog(language):
        if message.context and isinstance(message.id, str):
            text = message.id if language == SOURCE else str(message.string)
            found[message.context] = (message.id, "" if message.fuzzy else text)
    return found


def load_catalogues() -> dict[str, dict[str, str]]:
    """Language -> key -> text, of every language; untranslated keys are left out."""
    return {
        language: {key: text for key, (_, text) in _texts(language).items() if text}
        for language in languages()
    }


def problems() -> list[str]:
    """What is missing, stale or broken in the translations, a line each."""
    english = {key: text for key, (_, text) in _texts(SOURCE).items()}
    found = []
    for language in languages():
        theirs = _texts(language)
        for key, text in english.items():
            made_for, translated = theirs.get(key, ("", ""))
            if not translated:
                found.append(f"{language}: {key} is missing")
            elif made_for != text:
                found.append(f"{language}: {key} is stale: it was made for other English words")
            elif sorted(PLACEHOLDER.findall(translated)) != sorted(PLACEHOLDER.findall(text)):
                found.append(f"{language}: {key} has other placeholders than the English text")
        found += [f"{language}: {key} is not used in English" for key in theirs.keys() - english.keys()]
    return found
