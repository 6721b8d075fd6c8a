"""`watchline rehearse`: plays a script and prints the transcript.

It reads no settings, no keys and no environment; what it needs is in the package. Whatever ends it, an error in the
script, Ctrl-C, a reader that goes away, the throw-away store and its schema are removed on the way out.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from tempfile import gettempdir
from types import FrameType
from typing import Any, TextIO
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from alerts.store.engine import WrongDatabase
from alerts.store.store import StoreRefused
from alerts.store.trouble import database_errors, plain_trouble
from bot import logs
from bot.commands.saying import Status, harmless, refuse
from bot.rehearsal.nodes import ScriptError
from bot.rehearsal.play import Stopped, rehearse
from bot.rehearsal.script import Script, read_script

Line = Mapping[str, Any]
NARROWEST = 60
ARROWS = {"in": "→", "out": "←", "system": "·"}
STYLES = {"page": "bold red", "contact_alert": "bold red", "reminder": "yellow", "all_clear": "green"}


def command(file: Path, as_json: bool, database: str | None) -> None:
    """Plays the script in `file`. Raises typer.Exit with one of `Status`."""
    logs.configure("error")
    ended: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        # Noted, and looked at between two turns: an exception out of nowhere may come up inside a driver that makes
        # something else of it. Who asks twice does not want to wait.
        if ended:
            raise SystemExit(128 + number)
        ended.append(number)

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        script = _read(file)
        tell = json_lines(sys.stdout) if as_json else Transcript(script, sys.stdout).line
        rehearse(script, tell, database, lambda: bool(ended))
        sys.stdout.flush()
    except Stopped:
        raise typer.Exit(128 + ended[0]) from None
    except ScriptError as error:
        sys.stdout.flush()
        refuse(f"{file}: {error}", Status.USAGE)
    except BrokenPipeError:
        _reader_gone()
    except (WrongDatabase, StoreRefused) as error:
        refuse(str(error).replace("WATCHLINE_DATABASE", "--database", 1), Status.DATABASE)
    except database_errors() as error:
        refuse(f"--database: {plain_trouble(error)}", Status.DATABASE)
    except OSError as error:
        refuse(
            f"the rehearsal cannot be written ({error.strerror}): it needs a little room in {gettempdir()}"
        )
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _read(file: Path) -> Script:
    try:
        return read_script(file)
    except OSError as error:
        refuse(f"{file}: cannot be read ({error.strerror}). Allowed: a file in YAML", Status.USAGE)


def _reader_gone() -> None:
    # What Python still holds would raise again when it flushes stdout at its own end.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise typer.Exit(Status.CLOSED)


def json_lines(out: TextIO) -> Callable[[Line], None]:
    """Writes each line of the transcript as one line of JSON, at once, in UTF-8 whatever the terminal's encoding."""
    stream = getattr(out, "buffer", None)

    def tell(line: Line) -> None:
        try:
            text = json.dumps(line, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            # Half a surrogate pair has no UTF-8; JSON can still say it.
            text = json.dumps(line).encode()
        if stream is None:
            out.write(text.decode() + "\n")
            out.flush()
            return
        stream.write(text + b"\n")
        stream.flush()

    return tell


class Transcript:
    """Writes the transcript for people: one row an event, times in the desk's zone.

    On a terminal long texts are folded inside their column; into a file or a pipe each event is one line.
    """

    def __init__(self, script: Script, out: TextIO) -> None:
        if hasattr(out, "reconfigure"):
            out.reconfigure(errors="replace")
        self._zone = ZoneInfo(script.zone)
        self._names = max((len(name) for name in script.people), default=4)
        self._terminal = out.isatty()
        width = max(NARROWEST, shutil.get_terminal_size().columns) if self._terminal else 1_000_000
        self._out = out
        self._console = Console(file=out, width=width, highlight=False, soft_wrap=not self._terminal)
        self._day = ""

    def line(self, line: Line) -> None:
        """One event."""
        if line["kind"] == "summary":
            self._summary(line)
        else:
            moment = datetime.fromisoformat(line["at"]).astimezone(self._zone)
            self._new_day(moment)
            self._event(line, moment)
        self._out.flush()

    def _new_day(self, moment: datetime) -> None:
        day = f"{moment:%Y-%m-%d %A} ({self._zone.key})"
        if day != self._day:
            self._day = day
            self._console.print(Text(day, style="bold"))

    def _event(self, line: Line, moment: datetime) -> None:
        who = str(line.get("who", ""))
        mark = " ".join(str(line[key]) for key in ("urgency", "case") if line.get(key))
        fields = (
            f"{moment:%H:%M:%S}",
            ARROWS.get(line["direction"], " "),
            who.ljust(self._names),
            str(line.get("channel", "")).ljust(8),
            line["kind"].ljust(13),
            mark.ljust(8),
        )
        text = harmless(_said(line))
        style = STYLES.get(line["kind"], "dim" if line["direction"] == "system" else "")
        if not self._terminal:
            self._out.write(" ".join((*fields, text)).rstrip() + "\n")
            return
        row = Table.grid(padding=(0, 1), expand=False)
        for field in fields:
            row.add_column(width=len(field), no_wrap=True)
        row.add_column(overflow="fold")
        row.add_row(*(Text(field, style=style) for field in fields), Text(text))
        self._console.print(row)

    def _summary(self, line: Line) -> None:
        say = self._console.print
        say()
        if not line["cases"]:
            say(Text("No case was opened.", style="bold"))
        for case in line["cases"]:
            parts = [f"{case['case']}  {case['urgency']}  {case['person'] or '?'}  from {case['source']}"]
            parts.append(f"opened {self._time(case['opened_at'])}")
            if case["taken_at"]:
                parts.append(f"taken by {case['taken_by']} {self._time(case['taken_at'])}")
            else:
                parts.append("taken by nobody")
            parts.append(f"closed {self._time(case['closed_at'])}" if case["closed_at"] else case["status"])
            say(Text(", ".join(parts), style="" if case["taken_at"] else "bold red"))
        if line["undelivered"]:
            count = line["undelivered"]
            say(Text(f"{count} message{'s were' if count != 1 else ' was'} not delivered.", style="bold red"))

    def _time(self, stamp: str) -> str:
        return f"{datetime.fromisoformat(stamp).astimezone(self._zone):%Y-%m-%d %H:%M:%S}"


def _said(line: Line) -> str:
    if "seconds" in line:
        return f"dead for {_span(line['seconds'])}"
    return str(line.get("text") or "")


def _span(seconds: int) -> str:
    """A length of time as a script writes it: 1d2h."""
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    parts = ((day, "d"), (hour, "h"), (minute, "m"), (second, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"
