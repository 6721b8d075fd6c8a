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


_CONNECTED, _AWAY = "connected", "away"


class Seat(NamedTuple):
    """One lock file, held."""

    number: int
    """From 0. Where there are two signal-clis, whoever sits here receives from that one, if it can be had."""
    descriptor: int


class AlreadyReceiving(Exception):
    """Every seat is taken. One receiver more would store nothing that the others do not."""


def seats(lock: str) -> tuple[str, ...]:
    """Paths of the lock files; `lock` is that of the first."""
    return (lock, *(f"{lock}.{number}" for number in range(2, SEATS + 1)))


def take_seat(lock: str, purpose: str = "any") -> Seat:
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
                _write(descriptor, f"{os.getpid()} {purpose} {_AWAY}")
                return Seat(number, descriptor)
        # Who only looks whether it is held holds it for an instant.
        if time.monotonic() > end:
            raise AlreadyReceiving
        time.sleep(0.05)


def inherit_seat(descriptor: int) -> None:
    """Says in the locked file that we hold it now, for the same purpose and on the same connection."""
    told = ["", "any", _CONNECTED]
    with contextlib.suppress(ValueError):
        told = _told(os.pread(descriptor, 100, 0))
    _write(descriptor, " ".join([str(os.getpid()), *told[1:]]))


def note_connection(descriptor: int, *, there: bool) -> None:
    """Says in the locked file whether its holder has a connection to receive from."""
    _write(descriptor, " ".join([*_told(os.pread(descriptor, 100, 0))[:2], _CONNECTED if there else _AWAY]))


def _write(descriptor: int, told: str) -> None:
    # Over what stands there, so that nobody finds the file empty.
    os.pwrite(descriptor, told.ljust(40).encode("ascii"), 0)
    os.ftruncate(descriptor, 40)


def _told(content: bytes) -> list[str]:
    """Process id, purpose, and whether it is connected. Raises ValueError."""
    told = content.decode("ascii").split()
    if len(told) != 3 or not told[0].isdecimal():
        raise ValueError("not written by a receiver of this version")
    return told


def seats_taken(lock: str) -> int:
    """How many receivers there are."""
    return sum(map(_held, seats(lock)))


def holders_of(lock: str) -> set[int]:
    """Process ids of the receivers."""
    return set(_holders(lock))


def strangers_at(lock: str, purpose: str) -> set[int]:
    """Process ids of receivers that are there for something else: settings changed while they were at work."""
    return {pid for pid, (its, _) in _holders(lock).items() if its != purpose}


def at_work(lock: str, purpose: str) -> int:
    """How many receivers there are for this purpose that have a connection to receive from."""
    return sum(its == (purpose, _CONNECTED) for its in _holders(lock).values())


def _holders(lock: str) -> dict[int, tuple[str, str]]:
    found = {}
    for seat in seats(lock):
        if _held(seat):
            with contextlib.suppress(OSError, ValueError):
                content = Path(seat).read_bytes()
                if content.strip().isdigit():  # of an earlier version, which knew no purposes
                    found[int(content)] = ("", "")
                else:
                    pid, purpose, connected = _told(content)
                    found[int(pid)] = (purpose, connected)
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
