"""Logs: one line an event, on stderr, that says what happened and to which row, and nothing about a person.

Rules:

1. Our own events carry references: case references, row ids, counts, seconds, names of classes. A value of any other
   shape is replaced by `withheld`, whoever passed it.
2. An exception is told by its class and by the line of our code it came through. Its message, its locals and the text
   of the source are never told: messages of libraries repeat what they were given.
3. What libraries log is withheld whole, since it holds tokens in URLs, message texts and frames. Of a warning or worse
   it is told which library, how bad, and the class of the exception with it.
4. What libraries print to stderr, tracebacks and warnings included, is withheld the same way.
5. Logging never fails: a log that cannot be written is no reason to stop carrying alarms.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Mapping, MutableMapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TextIO

import structlog

OURS: Final = ("bot", "handlers", "alerts", "config")
WITHHELD: Final = "withheld"
LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}

_TOP: Final = Path(__file__).resolve().parents[1]
# No blank, no @, nothing outside ASCII: words, ids, class names, versions, places in the code.
_REFERENCE: Final = re.compile(r"[A-Za-z0-9_.:/,\[\]-]{0,120}")
_TELEPHONE: Final = re.compile(r"[0-9]{7,}")
_WORD: Final = re.compile(r"[A-Za-z0-9_.-]{1,60}")
_PASSERS_BY: Final = ("traceback", "warnings", "logging", "codecs", "contextlib", __name__)
_MOST_PLACES: Final = 200

log = structlog.get_logger("watchline")


def configure(level: str = "info", *, as_json: bool = False, stream: TextIO | None = None) -> None:
    """From now on, in this process, what is logged or printed to stderr follows the rules above.

    `stream` is stderr unless given. Safe to call again.
    """
    out = stream or through(sys.stderr)
    sink = _Sink(out)
    structlog.configure(
        processors=[_without_exception, _references_only, _render_json if as_json else _render_plain],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=lambda *_: sink,
        cache_logger_on_first_use=False,
    )
    _withhold_libraries()
    sys.stderr = _Guarded(out)
    # A failing handler would print the record it failed on.
    logging.raiseExceptions = False
    sys.excepthook = _crashed
    threading.excepthook = _thread_died
    sys.unraisablehook = _unraisable


def through(stream: TextIO) -> TextIO:
    """The stream behind a guarded one, for what is ours to say."""
    return stream.out if isinstance(stream, _Guarded) else stream


def told(events: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Many events of ours at level info: the same lines that `log.info` would write, in one go."""
    if not events or not log.is_enabled_for(logging.INFO):
        return
    settings = structlog.get_config()
    lines = []
    for name, references in events:
        event: Any = {"event": name, **references}
        try:
            for processor in settings["processors"]:
                event = processor(None, "info", event)
        except structlog.DropEvent:
            continue  # a test that listens keeps them for itself
        lines.append(event)
    if lines:
        settings["logger_factory"]().msg("\n".join(lines))


# ------------------------------------------------------------------------------------------------------ exceptions


def kind(error: BaseException) -> str:
    """The class of an exception; of a group, also those of what is in it."""
    name = type(error).__name__
    if isinstance(error, BaseExceptionGroup):
        inner = sorted({kind(one) for one in error.exceptions})
        return f"{name}[{','.join(inner)}]"[:100]
    return name


def place(trace: TracebackType | None) -> str:
    """The last line of our own code that an exception came through, as `bot/engine.py:90`; else the module it came
    from."""
    ours = last = ""
    for frame, line in traceback.walk_tb(trace):
        file = Path(frame.f_code.co_filename)
        last = f"{frame.f_globals.get('__name__', '')}:{line}"
        if file.is_relative_to(_TOP) and file.relative_to(_TOP).parts[0] in OURS:
            ours = f"{file.relative_to(_TOP)}:{line}"
    return ours or last


def trouble(error: BaseException) -> dict[str, str]:
    """What may be told of an exception: `error` and `at`. For `log.error("…", **trouble(error))`."""
    return {"error": kind(error), "at": place(error.__traceback__)}


def loop_trouble(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """The exception handler of an asyncio loop: what a task or callback raised and nobody looked at."""
    error = context.get("exception")
    log.error("loop_trouble", **(trouble(error) if isinstance(error, BaseException) else {}))


def _crashed(kind_: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind_, KeyboardInterrupt):
        log.critical("crashed", error=kind(error), at=place(trace))


def _thread_died(arguments: threading.ExceptHookArgs) -> None:
    error = arguments.exc_value
    log.critical(
        "thread_died",
        error=kind(error) if error is not None else arguments.exc_type.__name__,
        at=place(arguments.exc_traceback),
    )


def _unraisable(arguments: sys.UnraisableHookArgs) -> None:
    error = arguments.exc_value
    log.error(
        "unraisable",
        error=kind(error) if error is not None else arguments.exc_type.__name__,
        at=place(arguments.exc_traceback),
    )


# -------------------------------------------------------------------------------------------------- our own events

Event = MutableMapping[str, Any]


def _without_exception(_logger: Any, _method: str, event: Event) -> Event:
    given = event.pop("exc_info", None)
    event.pop("stack_info", None)
    error = given if isinstance(given, BaseException) else None
    if isinstance(given, tuple):
        error = given[1]
    elif given and error is None:
        error = sys.exc_info()[1]
    if error is not None:
        event.update(trouble(error))
    return event


def _references_only(_logger: Any, method: str, event: Event) -> Event:
    name = event.pop("event", "")
    kept = {key: _reference(value) for key, value in event.items() if _WORD.fullmatch(str(key))}
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"time": at, "level": method, "event": _reference(name), **kept}


def _reference(value: object) -> object:
    """The value, if it has the shape of a reference."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (list, tuple, set, frozenset)):
        return ",".join(str(_reference(one)) for one in list(value)[:20])
    text = str(value) if isinstance(value, str) else ""
    if (text or value == "") and _REFERENCE.fullmatch(text) and not _TELEPHONE.fullmatch(text):
        return text
    return WITHHELD


def _render_plain(_logger: Any, _method: str, event: Event) -> str:
    time, level, name = event.pop("time"), event.pop("level"), event.pop("event")
    return " ".join([f"{time} {level:<8} {name}", *(f"{key}={value}" for key, value in event.items())])


def _render_json(_logger: Any, _method: str, event: Event) -> str:
    return json.dumps(event)


class _Sink:
    """Writes lines, whole, from any thread."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._lock = threading.Lock()

    def msg(self, message: str) -> None:
        with self._lock:
            try:
                self._out.write(message + "\n")
                self._out.flush()
            except (OSError, ValueError):
                # Rule 5: the reader of the log has gone, its disk is full, or the stream is closed at the end.
                return

    debug = info = warning = warn = error = critical = exception = fatal = log = msg


# ------------------------------------------------------------------------------------------------------- libraries


def _withhold_libraries() -> None:
    """Records lose their text where they are made, so that no handler, theirs or ours, ever holds it."""
    logging.setLogRecordFactory(_Record)
    root = logging.getLogger()
    for logger in (
        root,
        *(one for one in root.manager.loggerDict.values() if isinstance(one, logging.Logger)),
    ):
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
        logger.propagate = True
    root.addHandler(_LibraryHandler(logging.WARNING))
    root.setLevel(logging.WARNING)
    logging.lastResort = None


class _Record(logging.LogRecord):
    """A record of which only logger, level and place are left."""

    trouble: dict[str, str]

    def __init__(self, name: str, level: int, pathname: str, lineno: int, *_: Any, **__: Any) -> None:
        super().__init__(name, level, pathname, lineno, WITHHELD, (), None)
        exc_info = _[2] if len(_) > 2 else None
        error = exc_info[1] if isinstance(exc_info, tuple) else None
        self.trouble = trouble(error) if error is not None else {}


class _LibraryHandler(logging.Handler):
    """Says that a library had something to say. The same place in the code is told of once in a while only."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self._told = _Places()

    def emit(self, record: logging.LogRecord) -> None:
        count = self._told.count((record.pathname, record.lineno))
        if count is not None:
            more = getattr(record, "trouble", {})
            log.warning(
                "library", library=record.name, level_of=record.levelname.lower(), count=count, **more
            )


class _Guarded(io.TextIOBase):
    """Stands in for stderr: takes everything, shows nothing, and says where it came from."""

    def __init__(self, out: TextIO) -> None:
        self.out = out
        self._told = _Places()

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        """The real descriptor: faulthandler needs one, and writes nothing but places in the code."""
        return self.out.fileno()

    def write(self, text: str) -> int:
        frame: Any = sys._getframe(1)
        while frame is not None and frame.f_globals.get("__name__", "").split(".")[0] in _PASSERS_BY:
            frame = frame.f_back
        module = frame.f_globals.get("__name__", "") if frame is not None else ""
        line = frame.f_lineno if frame is not None else 0
        count = self._told.count((module, line))
        if count is not None:
            log.warning("printed", library=module, line=line, count=count)
        return len(text)

    def flush(self) -> None:
        """Nothing is kept back."""


class _Places:
    """How often something came from one place: told at the 1st, 10th, 100th time and so on."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, int], int] = {}
        self._lock = threading.Lock()

    def count(self, where: tuple[str, int]) -> int | None:
        """The count, when it is one to be told."""
        with self._lock:
            if where not in self._seen and len(self._seen) >= _MOST_PLACES:
                self._seen.clear()
            seen = self._seen[where] = self._seen.get(where, 0) + 1
        return seen if str(seen).strip("0") == "1" else None
