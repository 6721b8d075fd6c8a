"""`watchline version`."""

from __future__ import annotations

import platform
from importlib import metadata

import typer


def installed() -> str:
    """Watchline's version as it was installed."""
    try:
        return metadata.version("watchline")
    except metadata.PackageNotFoundError:
        return "(not installed: run from a checkout)"


def command() -> None:
    """Prints it, with what matters when something does not work."""
    from alerts.store.engine import SQLITE_VERSION

    typer.echo(f"watchline {installed()}")
    typer.echo(f"Python {platform.python_version()}, SQLite {SQLITE_VERSION}, {platform.system()}")
