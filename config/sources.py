"""Where settings come from: the environment, the settings file, and files that hold one secret each.

What is read here is text; what it means, and whether it can work, is `settings.py`'s business.
"""

from __future__ import annotations

import difflib
import os
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from dotenv import dotenv_values

PREFIX: Final = "WATCHLINE_"
IN_FILE: Final = "_file"
"""Behind a secret's name: the path of a file that holds it."""
SECRETS_DIR: Final = Path("/run/secrets")
LARGEST_SECRET: Final = 65_536

SECRETS: Final = (
    "database",
    "telegram_token",
    "telegram_proxy",
    "telegram_webhook_url",
    "telegram_webhook_secret",
    "signal_account",
    "page_webhook",
    "heartbeat",
    "canary_telegram",
    "canary_signal",
)
"""Settings that may be given in files; their values are never shown."""


@dataclass(slots=True)
class Collected:
    """Texts by setting, in lower case and without the prefix; and what could not be read, in words."""

    values: dict[str, str] = field(default_factory=dict, repr=False)
    problems: list[str] = field(default_factory=list)


def setting(name: str) -> str:
    """The name of a setting as an administrator writes it."""
    return PREFIX + name.upper()


def collect(environment: Mapping[str, str], folder: Path, known: Collection[str]) -> Collected:
    """Everything that is set. An empty text is the same as nothing; the environment wins over the settings file."""
    found = Collected()
    values = {
        **_settings_file(environment, folder, known, found.problems),
        **{
            name.removeprefix(PREFIX).lower(): value
            for name, value in environment.items()
            if name.startswith(PREFIX)
        },
    }
    found.values.update((name, value.strip()) for name, value in values.items() if value.strip())
    _named_files(found)
    _secrets_dir(found)
    return found


def _settings_file(
    environment: Mapping[str, str], folder: Path, known: Collection[str], problems: list[str]
) -> dict[str, str]:
    named = environment.get(setting("settings_file"), "").strip()
    path = Path(named) if named else folder / ".env"
    if not named and not path.exists():
        return {}
    try:
        lines = dotenv_values(path, interpolate=False, encoding="utf-8") if path.is_file() else None
    except (OSError, UnicodeDecodeError):
        lines = None
    if lines is None:
        problems.append(
            f"WATCHLINE_SETTINGS_FILE: {path} cannot be read: point it at a text file with lines NAME=value that the"
            " user who runs watchline can read"
        )
        return {}
    values: dict[str, str] = {}
    for name, value in lines.items():
        short = name.removeprefix(PREFIX).lower()
        if not name.startswith(PREFIX):
            continue  # what belongs to the container engine may stand there too
        if short not in known:
            close = difflib.get_close_matches(short, known, 1)
            hint = f"is {setting(close[0])} meant?" if close else "docs/running.md lists those there are"
            problems.append(f"{name} in {path} is no setting: {hint}")
        elif value is not None:
            values[short] = value
    return values


def _named_files(found: Collected) -> None:
    """Values from the files that settings ending in _FILE name."""
    for name in SECRETS:
        path = found.values.pop(name + IN_FILE, None)
        if path is None:
            continue
        if name in found.values:
            found.problems.append(
                f"{setting(name)} and {setting(name + IN_FILE)} are both set: keep one, best the file"
            )
            continue
        value = _content(setting(name + IN_FILE), Path(path), found.problems)
        if value:
            found.values[name] = value


def _secrets_dir(found: Collected) -> None:
    named = found.values.get("secrets_dir")
    folder = Path(named) if named else SECRETS_DIR
    if named and not folder.is_dir():
        found.problems.append(
            f"WATCHLINE_SECRETS_DIR: {folder} is no folder: correct the path, or leave it out"
        )
        return
    for name in SECRETS:
        path = folder / setting(name).lower()
        if name not in found.values and path.is_file():
            value = _content(setting("secrets_dir"), path, found.problems)
            if value:
                found.values[name] = value


def _content(what: str, path: Path, problems: list[str]) -> str:
    """A secret's file without the blanks around it; empty when it is empty, which means that it is not set."""
    try:
        # Non-blocking: a named pipe put in the file's place must be refused, not waited for.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            regular = stat.S_ISREG(os.fstat(handle).st_mode)
            text = _text(file.read(LARGEST_SECRET)) if regular else None
    except OSError as problem:
        problems.append(
            f"{what}: {path} cannot be read ({problem.strerror}): point it at the right file, and let the user that"
            " runs watchline read it"
        )
        return ""
    if text is None:
        problems.append(f"{what}: {path} is no text file: write the value into it anew")
        return ""
    return text


def _text(content: bytes) -> str | None:
    # Told by a value: the exception of a failed decoding carries the content along.
    try:
        return content.decode("utf-8").strip()
    except UnicodeDecodeError:
        return None
