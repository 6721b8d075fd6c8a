"""How the command line speaks: results on stdout, everything else on stderr, exit statuses that scripts can rely on.

Nothing that came from outside is printed with its control characters, since a terminal would obey them.
"""

from __future__ import annotations

import enum
import re
import shutil
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from bot.logs import through


class Status(enum.IntEnum):
    """Exit statuses."""

    OK = 0
    REFUSED = 1
    """Something is not as it has to be; it was said, with the mend."""
    USAGE = 2
    """The command, or the file it was given, cannot be understood."""
    DATABASE = 3
    """The database does not answer or cannot be used."""
    FAULT = 70
    """A fault in Watchline itself (EX_SOFTWARE of sysexits.h)."""
    STOPPED = 130
    """Ended by Ctrl-C (128 and the signal's number, as shells count)."""
    CLOSED = 141
    """Whoever read the output went away."""


# C0 and C1 controls and the separators that break a line; not the marks that right-to-left text needs.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def harmless(text: str) -> str:
    """The text on one line, without anything that a terminal would obey or that has no encoding."""
    one_line = text.replace("\r\n", "\n").replace("\n", " ⏎ ").replace("\t", " ")
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub("\ufffd", one_line))


def tell(text: str = "") -> None:
    """One paragraph on stdout, folded where the terminal ends."""
    columns = min(100, shutil.get_terminal_size((100, 24)).columns)
    indent = text[: len(text) - len(text.lstrip())]
    typer.echo(
        textwrap.fill(
            text,
            max(40, columns),
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
    )


def complain(message: str) -> None:
    """One message on stderr."""
    through(sys.stderr).write(f"watchline: {harmless(message)}\n")


def refuse(message: str, status: Status = Status.REFUSED) -> NoReturn:
    """Says why not, and ends the command."""
    complain(message)
    raise typer.Exit(status)


@contextmanager
def foreseen() -> Iterator[None]:
    """Turns what can be expected to go wrong with settings, keys and databases into a message and an exit status."""
    from alerts.store.engine import WrongDatabase
    from alerts.store.keks import WrongKey
    from alerts.store.keystore import NewerKeyStore, NoKeyStore, RotationOvertaken
    from alerts.store.store import StoreRefused
    from alerts.store.trouble import database_errors, plain_trouble
    from config.keyfile import KeyFileError
    from config.lexicons import LexiconError
    from config.policyfile import PolicyFileError
    from config.settings import in_its_file

    try:
        yield
    except (WrongDatabase, StoreRefused) as error:
        refuse(in_its_file(str(error)), Status.DATABASE)
    except (
        NoKeyStore,
        NewerKeyStore,
        WrongKey,
        RotationOvertaken,
        KeyFileError,
        LexiconError,
    ) as error:
        refuse(in_its_file(str(error)))
    except PolicyFileError as error:
        # A file of the desk's own has a path; a shipped one only a name.
        refuse(in_its_file(f"WATCHLINE_POLICY_DIR: {error}") if "/" in error.file else str(error))
    except database_errors() as error:
        refuse(in_its_file(f"WATCHLINE_DATABASE: {plain_trouble(error)}"), Status.DATABASE)
