"""`python -m benchmarks [NAME …] [--quick] [--json FILE] [--database URL]`: the figures as a table and as JSON.

Beside each figure stand the time of an fsync on the same disk and the load of the machine, both taken right before it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import create_engine, make_url

from benchmarks.desk import Place
from benchmarks.figures import FULL, NAMES, QUICK, measure
from benchmarks.machine import Figures, fsync_times, load, machine
from benchmarks.table import rows
from bot import logs


def main(arguments: list[str] | None = None) -> int:
    """Measures, prints, and writes the JSON file if one is wanted."""
    asked = _parser().parse_args(arguments)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "watchline-benchmarks"
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = Path(tempfile.mkdtemp(prefix="runs-", dir=cache))
    with (
        contextlib.ExitStack() as ending,
        (folder / "log").open("w", encoding="utf-8") as log,
    ):
        ending.callback(_remove, folder)
        logs.configure("info", stream=log)
        server = ending.enter_context(_server(asked.database))
        place = Place(folder, server)
        result: dict[str, object] = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": "python -m benchmarks " + " ".join(sys.argv[1:] if arguments is None else arguments),
            "machine": machine(folder, _version(server)),
        }
        print(_line("machine", result["machine"]))
        figures: dict[str, Figures] = {}
        for name in asked.names or NAMES:
            before: Figures = {**fsync_times(folder), "load_before": load()}
            found = measure(name, place, QUICK if asked.quick else FULL, cache)
            figures[name] = {**found, **before, "load_after": load()}
            for row in rows(name, figures[name]):
                print(row, flush=True)
        result["figures"] = figures
    text = json.dumps(result, indent=2)
    print(text)
    if asked.json:
        Path(asked.json).write_text(text + "\n", encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that everything runs")
    parser.add_argument("--json", metavar="FILE", help="write the figures to a file as well")
    parser.add_argument(
        "--database",
        metavar="URL",
        default="sqlite",
        help="a PostgreSQL database to measure on (schemas are made in it and dropped), or `postgresql` for a server"
        " started for the purpose; SQLite otherwise",
    )
    return parser


@contextlib.contextmanager
def _server(asked: str) -> Iterator[str]:
    if asked == "sqlite":
        yield ""
    elif asked == "postgresql":
        from tests.postgres import running_postgres

        with running_postgres() as server:
            yield server.url.render_as_string(hide_password=False)
    else:
        yield asked


def _version(server: str) -> str:
    if not server:
        return "SQLite, synchronous FULL"
    engine = create_engine(make_url(server).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        version, fsync = (
            connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in ("server_version", "fsync")
        )
    engine.dispose()
    return f"PostgreSQL {version}, fsync {fsync}"


def _line(title: str, figures: object) -> str:
    if not isinstance(figures, dict):
        return title
    return f"{title}: " + ", ".join(f"{name} {value}" for name, value in figures.items())


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    raise SystemExit(main())
