"""Reads the recognition lexicons (`lexicon/*.yaml`, one a language) and the trained model; gives plain data.

In the files a list may also be written as one text with commas, which keeps a long list readable.
"""

from __future__ import annotations

import importlib.resources
from typing import Any

import yaml

_FOLDER = importlib.resources.files("config") / "lexicon"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MODEL_NAME = "model.bin"
_LISTS = ("classes", "stems", "forms", "endings", "intents")
_KEYS = frozenset((*_LISTS, "language", "roman", "implied_they", "ordinary", "courtesies"))


class LexiconError(ValueError):
    """A lexicon file cannot be used. Its message is the file's name and what is wrong with it."""


def load_lexicons() -> dict[str, dict[str, Any]]:
    """All shipped lexicons by language code. Raises LexiconError naming the file and the key that is wrong."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(_FOLDER.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".yaml"):
            data = read_lexicon(file.name, file.read_text(encoding="utf-8"))
            found[data["language"]] = data
    return found


def languages() -> tuple[str, ...]:
    """The languages that have a lexicon: alarms in them are recognised, whether or not the bot speaks them."""
    names = sorted(entry.name for entry in _FOLDER.iterdir())
    return tuple(name.removesuffix(".yaml") for name in names if name.endswith(".yaml"))


def load_model() -> bytes | None:
    """The trained model's file as it is, or None where none is shipped: the rules work without it."""
    file = _FOLDER / _MODEL_NAME
    return file.read_bytes() if file.is_file() else None


def read_lexicon(name: str, text: str) -> dict[str, Any]:
    """One lexicon file as plain data. Raises LexiconError naming the file and the key that is wrong."""
    try:
        data = yaml.load(text, Loader=_LOADER)  # noqa: S506 - both are safe loaders, the C one ten times faster
    except yaml.YAMLError as error:
        raise LexiconError(f"{name}: not readable as YAML") from error
    if not isinstance(data, dict) or data.get("language") != name.removesuffix(".yaml"):
        raise LexiconError(f"{name}: 'language' must be the file's own name")
    unknown = sorted(set(data) - _KEYS)
    if unknown:
        raise LexiconError(f"{name}: unknown key {unknown[0]!r}; allowed are {', '.join(sorted(_KEYS))}")
    for key in _LISTS:
        part = data.get(key) or {}
        if not isinstance(part, dict):
            raise LexiconError(f"{name}: {key!r} must be a mapping of lists")
        unquoted = next((kind for kind in part if not isinstance(kind, str)), None)
        if unquoted is not None:
            raise LexiconError(f"{name}: a name in {key!r} reads as {unquoted!r}; write it in quotes")
        data[key] = {kind: _entries(name, f"{key}.{kind}", entries) for kind, entries in part.items()}
    for key in ("ordinary", "courtesies"):
        data[key] = _entries(name, key, data.get(key))
    return data


def _entries(name: str, key: str, value: object) -> list[str]:
    if value is None:
        return []
    if isinstance(value, str):
        return [entry.strip() for entry in value.split(",") if entry.strip()]
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return value
    raise LexiconError(f"{name}: {key!r} must be a list of texts, or one text with commas")
