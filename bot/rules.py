"""Policy data and settings, read at the edge and turned into the values that decisions use."""

from __future__ import annotations

import contextlib
import functools
import gc
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from alerts.policy import escalation_policy_from_data, protocols_from_data
from alerts.recognition import Model, Recogniser
from config.escalation import load_escalation
from config.lexicons import load_lexicons, load_model
from config.policyfile import PolicyFileError
from config.protocols import load_protocols
from config.taxonomy import load_taxonomy
from config.translations import load_catalogues
from handlers.rules import Rules, Taxonomy
from handlers.words import Words

T = TypeVar("T")

DESK = "main"


@functools.cache
def shipped_recogniser() -> Recogniser:
    """The recogniser with the lexicons and the model that come with Watchline; made once, since it takes a while."""
    model = load_model()
    with _nothing_to_collect():
        return Recogniser(load_lexicons(), Model.from_bytes(model) if model is not None else None)


@contextlib.contextmanager
def _nothing_to_collect() -> Iterator[None]:
    """For making very many things that all stay: looking among them for garbage takes as long as making them."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collecting:
            gc.enable()


def own_file(folder: Path | None, name: str) -> Path | None:
    """The desk's own version of a policy file, or None where the shipped one holds."""
    path = folder / name if folder is not None else None
    return path if path is not None and path.is_file() else None


def _read(folder: Path | None, name: str, make: Callable[[Path | None], T]) -> T:
    """What `make` makes of a policy file; what makes no sense in it is told with the file's name."""
    path = own_file(folder, name)
    try:
        return make(path)
    except PolicyFileError:
        raise
    except ValueError as error:
        raise PolicyFileError(str(path or name), "", str(error), "Compare with the shipped file") from None


def wrong_policy(folder: Path | None) -> list[str]:
    """What keeps the desk's own policy files from being used, a line for each, and files there that nobody reads."""
    checks: dict[str, Callable[[Path | None], object]] = {
        "escalation.yaml": lambda path: escalation_policy_from_data(load_escalation(path)),
        "protocols.yaml": lambda path: protocols_from_data(load_protocols(path)),
        "taxonomy.yaml": load_taxonomy,
    }
    wrong = []
    for name, make in checks.items():
        try:
            _read(folder, name, make)
        except PolicyFileError as error:
            wrong.append(str(error))
    unread = (
        sorted(file.name for file in folder.glob("*.y*ml") if file.name not in checks)
        if folder is not None
        else []
    )
    return wrong + [f"{name} is read by nobody: the names are {', '.join(checks)}" for name in unread]


def shipped_rules(
    zone: str,
    *,
    language: str = "en",
    telegram_content: str = "fallback",
    emergency_numbers: Mapping[str, str] | None = None,
    gap_seconds: int = 120,
    own: Path | None = None,
) -> Rules:
    """The rules of a desk in this zone, with the policy files that come with Watchline.

    `own` is a folder in which the desk keeps its own: a file of the same name there stands in place of the shipped one.
    Raises ValueError naming the file and the key when one of them is wrong.
    """
    lists = load_taxonomy(own_file(own, "taxonomy.yaml"))
    return Rules(
        desk=DESK,
        zone=zone,
        language=language,
        policy=_read(own, "escalation.yaml", lambda path: escalation_policy_from_data(load_escalation(path))),
        protocols=_read(own, "protocols.yaml", lambda path: protocols_from_data(load_protocols(path))),
        taxonomy=Taxonomy(
            lists={name: tuple(str(e["code"]) for e in entries) for name, entries in lists.items()},
            first={
                name: tuple(str(e["code"]) for e in entries if e.get("first"))
                for name, entries in lists.items()
            },
            quiet=frozenset(str(e["code"]) for e in lists["outcome_person"] if e["quiet"]),
            good=frozenset(str(e["code"]) for e in lists["outcome_person"] if e["good"]),
        ),
        recogniser=shipped_recogniser(),
        words=Words(load_catalogues()),
        telegram_content=telegram_content,
        emergency_numbers=dict(emergency_numbers or {}),
        gap_seconds=gap_seconds,
    )
