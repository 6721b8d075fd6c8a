"""Where the practice phones are served, kept for whoever starts them a second time and has lost the first terminal.

The address holds the page's token. It lies in the folder of the practice phones, beside their key, for their owner
only, and goes when they end.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

NAME = "address"
_LONGEST = 200


@contextlib.contextmanager
def kept(folder: Path, address: str) -> Iterator[None]:
    """Keeps it while the phones are served. Where it cannot be written, nothing is kept."""
    path = folder / NAME
    with contextlib.suppress(OSError):
        # Whatever an earlier run left may be readable for others.
        path.unlink(missing_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.write(file, address.encode("ascii"))
        finally:
            os.close(file)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def recall(folder: Path) -> str:
    """The address that a running server keeps there; empty when there is none, or it is not this user's alone."""
    try:
        file = os.open(folder / NAME, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        found = os.fstat(file)
        private = found.st_uid == os.geteuid() and not found.st_mode & 0o077
        address = os.read(file, _LONGEST).decode("ascii", "replace") if private else ""
    except OSError:
        return ""
    finally:
        os.close(file)
    return address if address.startswith("http://127.0.0.1:") and address.isprintable() else ""
