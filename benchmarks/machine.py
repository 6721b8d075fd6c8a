"""What a figure was measured on: the machine, its load, and how long its disk takes to make a write durable."""

from __future__ import annotations

import math
import os
import platform
import statistics
import time
from pathlib import Path

from alerts.store.engine import SQLITE_VERSION

Figures = dict[str, object]

APPENDS = 200
APPEND_BYTES = 4096


def machine(folder: Path, database: str) -> Figures:
    """The machine in the terms that matter for comparing runs. `folder` is where the database files lie."""
    return {
        "cores": os.cpu_count(),
        "cpu": _cpu(),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "system": f"{platform.system()} {platform.release()}",
        "file_system": file_system(folder),
        "python": platform.python_version(),
        "sqlite": SQLITE_VERSION,
        "database": database,
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def file_system(folder: Path) -> str:
    """The kind of file system that a folder lies on. A figure from a memory disk (tmpfs) says nothing."""
    try:
        mounts = [line.split() for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    except OSError:
        return "unknown"
    place = folder.resolve()
    over = [(len(m[1]), m[2]) for m in mounts if place == Path(m[1]) or Path(m[1]) in place.parents]
    return max(over)[1] if over else "unknown"


def load() -> float:
    """The load average of the last minute."""
    return round(os.getloadavg()[0], 2)


def fsync_times(folder: Path, appends: int = APPENDS) -> Figures:
    """Milliseconds that an append of 4 KB and its fsync take, one after another in one file."""
    path = folder / "fsync-probe"
    block = os.urandom(APPEND_BYTES)
    taken = []
    handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        for _ in range(appends):
            begun = time.perf_counter()
            os.write(handle, block)
            os.fsync(handle)
            taken.append((time.perf_counter() - begun) * 1000)
    finally:
        os.close(handle)
        path.unlink()
    return {"fsync_p50_ms": round(statistics.median(taken), 3), "fsync_p99_ms": percentile(taken, 99)}


def percentile(values: list[float], percent: float) -> float:
    """The value that so many percent of the values do not exceed, rounded to microseconds."""
    ordered = sorted(values)
    place = max(0, math.ceil(percent / 100 * len(ordered)) - 1)
    return round(ordered[place], 3)
