"""Where the key-encryption key comes from: a key file, or a passphrase in a file.

A key file is text, one key a line, the newest first; the first is the current one:

    watchline-kek-v1 k-5f1c22ab <base64 of 32 bytes>

Empty lines and lines that begin with # are passed over. A passphrase file is one passphrase a line, the
newest first. Older lines stay while a rotation runs, and as long as there are backups of the key store that
need them.

Rules:

1. Both are refused unless only their owner can read them.
2. No error and no repr shows a key, a passphrase or any part of a line: an error names the setting, the file,
   the line's number, what is wrong and the mend.
3. Sources read the file again whenever they are asked, so that a running process sees a new key.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import stat
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

KEY_FILE_SETTING: Final = "WATCHLINE_KEY_FILE"
PASSPHRASE_FILE_SETTING: Final = "WATCHLINE_PASSPHRASE_FILE"  # noqa: S105 - the name of a setting

KEY_BYTES: Final = 32
SALT_BYTES: Final = 16
SHORTEST_PASSPHRASE: Final = 16
"""Characters. Six words drawn by dice have more; what people make up in fewer is guessed."""

Entropy = Callable[[int], bytes]
"""Gives that many random bytes."""

_MARK: Final = "watchline-kek-v1"
_ID: Final = re.compile(r"[a-z0-9-]{1,40}")
_DERIVATION: Final = re.compile(
    r"argon2id\$m=(?P<m>[0-9]{1,7}),t=(?P<t>[0-9]{1,3}),p=(?P<p>[0-9]{1,2})\$(?P<salt>[A-Za-z0-9+/]{22}==)"
)


class KeyFileError(ValueError):
    """The key file or passphrase file cannot be used. Names the setting, the file, what is wrong and the
    mend; never what stands in the file."""


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The keys of a key file, the newest first."""

    keys: tuple[tuple[str, bytes], ...] = field(repr=False)
    """Pairs of id and 32 bytes; at least one."""

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids alone, for people to see."""
        return tuple(key_id for key_id, _ in self.keys)


@dataclass(frozen=True, slots=True)
class Argon2Costs:
    """What deriving a key from a passphrase costs. The defaults are RFC 9106's for a machine that is not
    large."""

    memory_kib: int = 65_536
    iterations: int = 3
    lanes: int = 4


# -------------------------------------------------------------------------------------------------- key files


def read_keys(path: Path) -> KeyFile:
    """The keys of a key file. Raises KeyFileError."""
    keys: dict[str, bytes] = {}
    for number, line in _lines(KEY_FILE_SETTING, path):
        if line.startswith("#"):
            continue
        where = f"{KEY_FILE_SETTING}: line {number} of {path}"
        parts = line.split()
        if len(parts) != 3 or parts[0] != _MARK or not _ID.fullmatch(parts[1]):
            raise KeyFileError(
                f"{where} is not a key: a line is `{_MARK} ID BASE64`; restore the file from its copy"
            )
        try:
            key = base64.b64decode(parts[2], validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != KEY_BYTES:
            raise KeyFileError(
                f"{where} does not hold a whole key ({KEY_BYTES} bytes in base64): restore the file from its"
                " copy"
            )
        if parts[1] in keys:
            raise KeyFileError(f"{where} has the id of an earlier line: every key has an id of its own")
        keys[parts[1]] = key
    if not keys:
        raise KeyFileError(f"{KEY_FILE_SETTING}: {path} holds no key: restore it, or run `watchline init`")
    return KeyFile(tuple(keys.items()))


def make_key_file(path: Path, entropy: Entropy) -> KeyFile:
    """Make a key file with one new key, durably. Never overwrites one: raises KeyFileError."""
    made = KeyFile((_new_key(entropy),))
    try:
        _write(path, made)
    except FileExistsError:
        raise KeyFileError(
            f"{KEY_FILE_SETTING}: {path} is there already and may be all that opens a store: move it away"
            " first"
        ) from None
    except OSError as problem:
        raise _unusable(KEY_FILE_SETTING, path, problem) from None
    return made


def add_key(path: Path, entropy: Entropy) -> KeyFile:
    """Put a new key before the others, for a rotation. The file is replaced whole. Raises KeyFileError."""
    return _replace(path, KeyFile((_new_key(entropy), *read_keys(path).keys)))


def keep_keys(path: Path, kept: Collection[str]) -> KeyFile:
    """Throw away the keys that are not in `kept`, for good. Raises KeyFileError rather than keep none."""
    left = KeyFile(tuple((key_id, key) for key_id, key in read_keys(path).keys if key_id in kept))
    if not left.keys:
        raise KeyFileError(f"{KEY_FILE_SETTING}: {path} holds none of the keys to keep; nothing was changed")
    return _replace(path, left)


def _new_key(entropy: Entropy) -> tuple[str, bytes]:
    return f"k-{entropy(4).hex()}", entropy(KEY_BYTES)


def _replace(path: Path, content: KeyFile) -> KeyFile:
    draft = path.with_name(f"{path.name}.new")
    try:
        draft.unlink(missing_ok=True)
        _write(draft, content)
        draft.replace(path)
        _sync_directory(path.parent)
    except OSError as problem:
        raise _unusable(KEY_FILE_SETTING, path, problem) from None
    return content


def _write(path: Path, content: KeyFile) -> None:
    lines = [
        "# Opens Watchline's key store. Keep a copy offline, apart from the backups.",
        "# The first key is the current one.",
        *(f"{_MARK} {key_id} {base64.b64encode(key).decode()}" for key_id, key in content.keys),
    ]
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
            file.flush()
            os.fsync(file.fileno())
        _sync_directory(path.parent)
    except OSError:
        # What is left of it would be taken for a key file that somebody has spoilt.
        path.unlink()
        raise


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# ------------------------------------------------------------------------------------------------ passphrases


def read_passphrases(path: Path) -> tuple[str, ...]:
    """The passphrases of a passphrase file, the newest first. Raises KeyFileError."""
    passphrases = []
    for number, line in _lines(PASSPHRASE_FILE_SETTING, path):
        # The same passphrase typed on another keyboard may come as other code points.
        passphrase = unicodedata.normalize("NFC", line)
        if len(passphrase) < SHORTEST_PASSPHRASE:
            raise KeyFileError(
                f"{PASSPHRASE_FILE_SETTING}: the passphrase in line {number} of {path} is shorter than"
                f" {SHORTEST_PASSPHRASE} characters: use six words or more, drawn by dice"
            )
        passphrases.append(passphrase)
    if not passphrases:
        raise KeyFileError(
            f"{PASSPHRASE_FILE_SETTING}: {path} is empty: its first line is to hold the passphrase"
        )
    return tuple(passphrases)


def passphrase_key(passphrase: str, salt: bytes, costs: Argon2Costs) -> bytes:
    """32 bytes derived with Argon2id (RFC 9106); takes some tenths of a second and `costs.memory_kib` of
    memory."""
    kdf = Argon2id(
        salt=salt,
        length=KEY_BYTES,
        iterations=costs.iterations,
        lanes=costs.lanes,
        memory_cost=costs.memory_kib,
    )
    return kdf.derive(passphrase.encode())


# ---------------------------------------------------------------------------------------------------- sources


class KeyFileSource:
    """Key-encryption keys from a key file."""

    setting: Final = KEY_FILE_SETTING

    def __init__(self, path: Path) -> None:
        self._path = path

    def candidates(self, derivations: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
        """The file's keys of which the key store speaks, by id. Raises KeyFileError."""
        for key_id, key in read_keys(self._path).keys:
            if key_id in derivations:
                yield key_id, key

    def fresh(self) -> tuple[str, bytes, str]:
        """Id, bytes and derivation (none) of the newest key: what a new store or a rotation is to use."""
        key_id, key = read_keys(self._path).keys[0]
        return key_id, key, ""


class PassphraseSource:
    """Key-encryption keys derived from passphrases. Which passphrase made which key only the key store can
    tell, so each is tried."""

    setting: Final = PASSPHRASE_FILE_SETTING

    def __init__(self, path: Path, entropy: Entropy, costs: Argon2Costs | None = None) -> None:
        self._path = path
        self._entropy = entropy
        self._costs = costs or Argon2Costs()

    def candidates(self, derivations: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
        """For each key of the store that came from a passphrase, what each passphrase makes. Raises
        KeyFileError."""
        passphrases = read_passphrases(self._path)
        for key_id, derivation in derivations.items():
            found = _DERIVATION.fullmatch(derivation)
            if found is not None:
                salt = base64.b64decode(found["salt"])
                costs = Argon2Costs(int(found["m"]), int(found["t"]), int(found["p"]))
                for passphrase in passphrases:
                    yield key_id, passphrase_key(passphrase, salt, costs)

    def fresh(self) -> tuple[str, bytes, str]:
        """Id, bytes and derivation of a new key from the newest passphrase, for a new store or a rotation."""
        salt = self._entropy(SALT_BYTES)
        costs = self._costs
        key = passphrase_key(read_passphrases(self._path)[0], salt, costs)
        marks = f"m={costs.memory_kib},t={costs.iterations},p={costs.lanes}"
        return f"p-{self._entropy(4).hex()}", key, f"argon2id${marks}${base64.b64encode(salt).decode()}"


# ---------------------------------------------------------------------------------------------- reading files


def _lines(setting: str, path: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not empty, with their numbers, of a file that nobody but its owner can read."""
    try:
        # Non-blocking: a named pipe put in the file's place must be refused, not waited for.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                raise KeyFileError(f"{setting}: {path} is not a file: point it at the file itself")
            if found.st_mode & 0o077:
                raise KeyFileError(
                    f"{setting}: others than its owner can read or change {path}: run `chmod 600 {path}`, and"
                    " make a new key if somebody may have read it"
                )
            content = _text(file.read())
    except OSError as problem:
        raise _unusable(setting, path, problem) from None
    if content is None:
        raise KeyFileError(f"{setting}: {path} is not text: restore it from its copy")
    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            yield number, line.strip()


def _text(content: bytes) -> str | None:
    # Told by a value: the exception of a failed decoding carries the whole content along.
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _unusable(setting: str, path: Path, problem: OSError) -> KeyFileError:
    return KeyFileError(
        f"{setting}: {path} cannot be used ({problem.strerror}): point the setting at the right file, and let"
        " the user that runs watchline own it; a new installation gets one by `watchline init`"
    )
