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

from dotenv.parser import Binding, parse_stream

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
    files: dict[str, str] = field(default_factory=dict)
    """By setting whose value came from a file: the settings file's path, or what pointed at one of its own, and its
    path."""
    empty: dict[str, str] = field(default_factory=dict)
    """By secret that was left empty: what pointed at its file, and the path; or its own name, and the settings file."""


def setting(name: str) -> str:
    """The name of a setting as an administrator writes it."""
    return PREFIX + name.upper()


def meant(name: str, known: Collection[str]) -> str:
    """What to look at when `name` is no setting: the one that reads like it, if there is one."""
    close = difflib.get_close_matches(name.removeprefix(PREFIX).lower(), known, 1)
    return f"is {setting(close[0])} meant?" if close else "docs/running.md lists those there are"


def collect(environment: Mapping[str, str], folder: Path, known: Collection[str]) -> Collected:
    """Everything that is set. An empty text is the same as nothing; the environment wins over the settings file."""
    found = Collected()
    named = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX)
    }
    written = _settings_file(environment, folder, known, found.problems)
    values = {**written, **named}
    found.values.update((name, value.strip()) for name, value in values.items() if value.strip())
    path = settings_path(environment, folder).absolute()
    for name in written.keys() - named.keys():
        if name in found.values:
            found.files[name] = str(path)
        elif name in SECRETS:
            found.empty[name] = f"{setting(name)} in {path}"
    _named_files(found)
    _secrets_dir(found)
    return found


def settings_path(environment: Mapping[str, str], folder: Path) -> Path:
    """Where the settings file is, if there is one."""
    named = environment.get(setting("settings_file"), "").strip()
    return Path(named) if named else folder / ".env"


def _settings_file(
    environment: Mapping[str, str], folder: Path, known: Collection[str], problems: list[str]
) -> dict[str, str]:
    named = environment.get(setting("settings_file"), "").strip()
    path = settings_path(environment, folder)
    if not named and not path.exists():
        return {}
    try:
        lines = _lines(path) if path.is_file() else None
    except (OSError, UnicodeDecodeError):
        lines = None
    if lines is None:
        problems.append(
            f"WATCHLINE_SETTINGS_FILE: {path} cannot be read: point it at a text file with lines NAME=value that the"
            " user who runs watchline can read"
        )
        return {}
    values: dict[str, str] = {}
    for line in lines:
        name, value = line.key or "", line.value
        short = name.removeprefix(PREFIX).lower()
        ours = name.upper().startswith(PREFIX)
        # A name of others may stand alone, for the container engine to hand on.
        if line.error or (name and value is None and (ours or not name.isidentifier())):
            # Passed over, it would be a setting of which nobody knows that it is not set. It may hold a secret.
            text = line.original.string
            number = line.original.line + text[: len(text) - len(text.lstrip())].count("\n")
            problems.append(f"Line {number} of {path} is no NAME=value: correct it, or put a # before it")
        elif not ours:
            continue  # what belongs to the container engine may stand there too
        elif not name.startswith(PREFIX) or short not in known:
            problems.append(f"{name} in {path} is no setting: {meant(name.upper(), known)}")
        else:
            values[short] = value or ""
    return values


def _lines(path: Path) -> list[Binding]:
    """What stands in a settings file, also in one that an editor began with a mark of its encoding."""
    with path.open(encoding="utf-8-sig") as file:
        return list(parse_stream(file))


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
        _take(found, name, setting(name + IN_FILE), Path(path))


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
            _take(found, name, setting("secrets_dir"), path)


def _take(found: Collected, name: str, what: str, path: Path) -> None:
    """The value of a setting from a file that `what` pointed at."""
    value = _content(what, path, found.problems)
    if value:
        found.values[name] = value
        found.files[name] = f"{what}: {path}"
    elif value is not None:
        found.empty[name] = f"{what}: {path}"


def _content(what: str, path: Path, problems: list[str]) -> str | None:
    """A secret's file without the blanks around it; empty when it is empty, which means that it is not set. None when
    it cannot be read, which is told."""
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
        return None
    if text is None:
        problems.append(f"{what}: {path} is no text file: write the value into it anew")
        return None
    return text


def _text(content: bytes) -> str | None:
    # Told by a value: the exception of a failed decoding carries the content along.
    try:
        return content.decode("utf-8").strip()
    except UnicodeDecodeError:
        return None
