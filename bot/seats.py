"""Seats for receivers: lock files of which each receiver of an account holds one.

A lock survives no one: the system lets go of it when the last process that holds it is dead.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path
from typing import NamedTuple

SEATS = 2
"""Receivers of an account on one data folder: each of them is handed every message, so that one may be killed whole
without losing any."""
LOCK_SECONDS = 1.0


class Seat(NamedTuple):
    """One lock file, held."""

    number: int
    """From 0. Where there are two signal-clis, whoever sits here receives from that one."""
    descriptor: int


class AlreadyReceiving(Exception):
    """Every seat is taken. One receiver more would store nothing that the others do not."""


def seats(lock: str) -> tuple[str, ...]:
    """Paths of the lock files; `lock` is that of the first."""
    return (lock, *(f"{lock}.{number}" for number in range(2, SEATS + 1)))


def take_seat(lock: str, purpose: str = "") -> Seat:
    """The first lock file that nobody held, with our process id and purpose in the file: one word, which tells
    receivers apart that take messages from elsewhere. Raises `AlreadyReceiving`."""
    end = time.monotonic() + LOCK_SECONDS
    while True:
        for number, seat in enumerate(seats(lock)):
            descriptor = os.open(seat, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
            else:
                _write(descriptor, f"{os.getpid()} {purpose}")
                return Seat(number, descriptor)
        # Who only looks whether it is held holds it for an instant.
        if time.monotonic() > end:
            raise AlreadyReceiving
        time.sleep(0.05)


def inherit_seat(descriptor: int) -> None:
    """Says in the locked file that we hold it now, for the same purpose."""
    _, _, purpose = os.pread(descriptor, 100, 0).decode("ascii", "replace").partition(" ")
    _write(descriptor, f"{os.getpid()} {purpose}")


def _write(descriptor: int, told: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, told.encode("ascii"), 0)


def seats_taken(lock: str) -> int:
    """How many receivers there are."""
    return sum(map(_held, seats(lock)))


def holders_of(lock: str) -> set[int]:
    """Process ids of the receivers."""
    return set(_holders(lock))


def strangers_at(lock: str, purpose: str) -> set[int]:
    """Process ids of receivers that are there for something else: settings changed while they were at work."""
    return {pid for pid, told in _holders(lock).items() if told != purpose}


def _holders(lock: str) -> dict[int, str]:
    found = {}
    for seat in seats(lock):
        if _held(seat):
            with contextlib.suppress(OSError, ValueError):
                pid, _, purpose = Path(seat).read_text(encoding="ascii").partition(" ")
                found[int(pid)] = purpose
    return found


def _held(seat: str) -> bool:
    try:
        descriptor = os.open(seat, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
