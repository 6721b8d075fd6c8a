"""A million people with check-ins in the store, a hundred of them due: time of a sweep, memory of the process.

The store is made once and kept in the user's cache folder, since making it takes minutes. The sweep runs in a process
of its own, which has loaded what `watchline run` loads, so that its memory is that of a running desk.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from alerts.store.engine import keys_url
from alerts.store.schema import REVISION
from alerts.store.store import Store
from benchmarks.desk import ZONE, Place, make_store, open_desk, open_store
from benchmarks.machine import Figures
from benchmarks.population import CHUNK, FAR_AWAY, add_people, make_due, progress, spread, without_indexes
from bot.clock import RealClock, SystemEntropy
from bot.rehearsal.play import RehearsalKeys
from bot.rules import shipped_rules

DUE = 100
SWEEPS = 11
LAYOUT = 1
"""Raised when the way in which the store is filled changes."""


def people(place: Place, many: int, few: int, cache: Path) -> Figures:
    """Sweeps of a store with many people, against the same with few."""
    large, small = (_sweep(place, count, cache) for count in (many, few))
    figures: Figures = {"due": DUE, "sweeps": SWEEPS}
    for count, found in ((many, large), (few, small)):
        figures |= {f"{name}_with_{count}": value for name, value in found.items()}
    figures["times_as_long"] = round(float(str(large["sweep_ms"])) / float(str(small["sweep_ms"])), 2)
    figures["cpu_times_as_much"] = round(float(str(large["cpu_ms"])) / float(str(small["cpu_ms"])), 2)
    return figures


def _sweep(place: Place, count: int, cache: Path) -> Figures:
    if place.server:
        with place.database() as (url, schema):
            key = SystemEntropy().draw(32)
            _fill(url, schema, key, count)
            return _in_a_fresh_process(url, schema, key)
    folder = _kept(cache, count)
    return _in_a_fresh_process(_url(folder), "watchline", (folder / "key").read_bytes())


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'watchline.db'}"


def _kept(cache: Path, count: int) -> Path:
    """The folder of the store with so many people; made now unless it is there."""
    folder = cache / f"people-{count}-{REVISION}-{LAYOUT}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    making = cache / f"making-{count}-{os.getpid()}"
    making.mkdir(mode=0o700)
    try:
        key = SystemEntropy().draw(32)
        (making / "key").write_bytes(key)
        _fill(_url(making), "watchline", key, count)
        making.rename(folder)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return folder


def _fill(url: str, schema: str, key: bytes, count: int) -> None:
    progress(f"making a store with {count} people; it is kept for the next time")
    make_store(url, schema, key)
    # Not durable while it is filled: a store that is not finished is thrown away. One batch of keys for each chunk.
    store = Store.open(
        url,
        RehearsalKeys(key),
        entropy=SystemEntropy().draw,
        now=RealClock().now,
        schema=schema,
        durable=False,
        pool_low=CHUNK,
        pool_high=CHUNK,
    )

    def fill() -> None:
        for _ in add_people(store, shipped_rules(ZONE), count, FAR_AWAY, tell=progress):
            pass

    without_indexes(store, fill)
    store.close()


def _in_a_fresh_process(url: str, schema: str, key: bytes) -> Figures:
    store = open_store(url, schema, RehearsalKeys(key))
    due = spread(store, DUE, SWEEPS)
    store.close()
    command = [sys.executable, "-m", "benchmarks.members", url, schema]
    handed = json.dumps({"key": key.hex(), "due": due})
    top = Path(__file__).resolve().parents[1]
    ran = subprocess.run(
        command, input=handed, capture_output=True, text=True, cwd=top, check=False, timeout=600
    )
    if ran.returncode != 0:
        raise RuntimeError(f"the sweep failed:\n{ran.stderr}")
    found: Figures = json.loads(ran.stdout.splitlines()[-1])
    return found


def sweep(url: str, schema: str, key: bytes, due: list[list[str]]) -> Figures:
    """Sweeps in this process: makes some due, then works on deadlines until none is due, and again."""
    desk = open_desk(url, schema, key=key)
    taken: list[float] = []
    cpu: list[float] = []
    turns = 0
    desk.store.vault.keys.refill()
    for some in due:
        make_due(desk.store, some, RealClock().now())
        begun, used = time.perf_counter(), time.process_time()
        while (report := desk.engine.work_deadlines()).turns:
            turns += report.turns
        taken.append((time.perf_counter() - begun) * 1000)
        cpu.append((time.process_time() - used) * 1000)
    desk.store.close()
    return {
        "sweep_ms": round(statistics.median(taken), 1),
        "first_sweep_ms": round(taken[0], 1),
        "cpu_ms": round(statistics.median(cpu), 1),
        "turns": turns // len(due),
        "memory_mb": _resident_mb(),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "database_mb": _size_mb(url),
    }


def _resident_mb() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20)


def _size_mb(url: str) -> int:
    if not url.startswith("sqlite"):
        return 0
    files = (Path(str(keys_url(url).database)), Path(url.removeprefix("sqlite:///")))
    return round(sum(f.stat().st_size for f in files) / 2**20)


if __name__ == "__main__":
    given = json.loads(sys.stdin.read())
    print(json.dumps(sweep(sys.argv[1], sys.argv[2], bytes.fromhex(given["key"]), given["due"])))
