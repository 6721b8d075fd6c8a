"""The durable receiver of Signal: stores each frame before it takes the next, in processes of its own.

signal-cli hands a frame over once, and nobody acknowledges: what it wrote to its socket and we did not store is gone.
The gateway's websocket is no different. So two processes share one connection (`bot.receiver_sources`):

- The **keeper** opens the connection, asks for the messages, starts a worker on it and waits. It reads nothing, holds
  nothing and can hardly fail. While it lives the connection lives, with all that is in it.
- The **worker** looks at what has come *without taking it out of the socket* (MSG_PEEK), seals and stores it in one
  transaction, and takes it out then. Killed at any instant it loses nothing: the next worker finds the frames where
  they were. A frame that was stored and not yet taken out comes twice, and deduplication knows it.

A keeper that is killed alone is outlived by its worker, which goes on and takes over the lock's file.

Keeper and worker killed at the same instant lose what is on its way, since then the connection is gone. So there are
two **seats**, and a receiver on each: signal-cli hands every message to every subscriber, the gateway to every
websocket, the store takes the first copy, and what one receiver loses the other has.

What remains: what the gateway drops, and all receivers killed at the same instant, with their machine. That loses about
one message while messages pour in, measured, and it is signal-cli's own: it loses the message it is busy with when its
last subscriber leaves, more surely if that one takes leave (`unsubscribeReceive`, 7 in 10 under load, measured) than if
the connection just ends (2 in 10). So nobody takes leave, and an orderly end waits for a quiet moment.

A frame too large to wait in the socket is taken out while it is still coming.

Where there are two signal-clis each receiver has its own, and listens to the other while that cannot be had
(`bot.receiver_fallback`).

Exit statuses of the worker: 0 asked to end, and nothing came for a moment; `STILL_COMING` asked to end, and messages
came all the time; `GONE` the connection ended; `REFUSED` signal-cli does not hand out this account's messages. Anything
else is a death, and the next worker goes on with the same connection.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import NamedTuple

import structlog

from alerts.events import RawInbound
from bot.channels.signal.frames import describe, describe_report, is_echo, is_report
from bot.receiver_fallback import Choice
from bot.receiver_sources import Kind, Source, SubscriptionRefused, intake, purpose
from bot.seats import AlreadyReceiving, Seat, inherit_seat, note_connection, take_seat
from bot.socket_peek import ConnectionGone, waiting

log = structlog.get_logger(__name__)

GONE, REFUSED, STILL_COMING, BUSY = 10, 11, 12, 75
BACKOFF_SECONDS = (0.1, 0.3, 1.0, 2.0, 3.0)
QUIET_SECONDS = 30.0
"""After so long a silence the other side is asked whether it is still there; without an answer in the same time it is
not."""
QUIET_MOMENT = 0.3
DRAIN_SECONDS = 5.0
"""Seconds that an orderly end waits for a quiet moment, at the most."""
STOP_SECONDS = 15.0
START_SECONDS = 45.0
FILES = "WATCHLINE_RECEIVER_FILES"
Commit = Callable[[Sequence[RawInbound]], object]
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class ReceiverSettings:
    """Whose messages, from where."""

    sources: Sequence[Source]
    """Each receiver takes the one of its seat, and another while that cannot be had; a single one is everybody's."""
    lock: str
    """Path of the first of the files of which each receiver of an account holds one locked (`bot.seats`)."""


# -------------------------------------------------------------------------------------------------------- keeper


def keep(
    settings: ReceiverSettings, worker: Sequence[str], environment: Mapping[str, str] | None = None
) -> int:
    """Runs a receiver until SIGTERM or SIGINT; the exit status of the process.

    1. Take a seat. 2. Connect and ask for the messages. 3. Start `worker` on the connection. 4. Wait until it ends.
    5. Is the connection gone? Then go on from 2, else from 3.

    `worker` is a command whose process calls `work`. Secrets belong in files it reads, not in the command.
    """
    try:
        seat = take_seat(settings.lock, purpose(settings.sources))
    except AlreadyReceiving:
        log.warning("receiver.already_running")
        return BUSY
    stop = _Stop()
    try:
        return _Keeper(settings, worker, environment or os.environ, seat, stop).run()
    finally:
        stop.close()
        os.close(seat.descriptor)


class _Keeper:
    def __init__(
        self,
        settings: ReceiverSettings,
        worker: Sequence[str],
        environment: Mapping[str, str],
        seat: Seat,
        stop: _Stop,
    ) -> None:
        self._choice = Choice(settings.sources, seat.number, stop.wake)
        self._worker = worker
        self._environment = environment
        self._lock = seat.descriptor
        self._stop = stop
        self._subscribed = False

    def run(self) -> int:
        failures = 0
        while not self._stop.asked:
            if failures:
                self._stop.wait(BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS)) - 1])
            try:
                connection = self._choice.connect()
            except OSError:
                if not failures:
                    log.warning("receiver.unreachable")
                failures += 1
                continue
            started = time.monotonic()
            note_connection(self._lock, there=True)
            with connection:
                refused = self._workers(connection) == REFUSED
            note_connection(self._lock, there=False)
            lasted = time.monotonic() - started
            self._choice.ended(lasted, refused=refused)
            failures = 1 if lasted > BACKOFF_SECONDS[-1] else failures + 1
        return 0

    def _workers(self, connection: socket.socket) -> int:
        """One worker after the other, as long as the connection is of use; the exit status of the last."""
        failures = status = 0
        self._subscribed = not self._choice.source.opening()
        last = False
        while not last:
            if failures:
                self._stop.wait(BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS)) - 1])
            # Told to end while none is at work: one more, which stores what lies in the socket, and ends.
            last = self._stop.asked
            if self._leaving and not self._subscribed:
                break
            started = time.monotonic()
            status = self._one_worker(connection)
            if status in (GONE, REFUSED, -signal.SIGTERM):  # by SIGTERM only one that had read nothing yet
                break
            ended = status in (0, STILL_COMING)
            # For good, or to go where it belongs. There is no hurry with that: not before all is stored, and quiet.
            if ended and (self._stop.asked or (status == 0 and not _left(connection))):
                break
            if self._choice.own_is_back:
                self._choice.stay()
            failures = 1 if time.monotonic() - started > BACKOFF_SECONDS[-1] else failures + 1
            if not ended:
                log.warning("receiver.worker_died", status=status)
        return status

    @property
    def _leaving(self) -> bool:
        """Whether this connection is to be left: for good, or for the own signal-cli."""
        return self._stop.asked or self._choice.own_is_back

    def _one_worker(self, connection: socket.socket) -> int:
        # The worker says by this pair that it is ready, and notices our death by its end.
        ours, life = socket.socketpair()
        try:
            # Once messages are asked for, a worker that is still starting must not die of a request to stop: it would
            # leave the socket unread. Before, it may: nothing has come. A session of its own keeps it out of what is
            # meant for us: an interrupt typed, a whole group killed.
            with _signals_held() if self._subscribed else contextlib.nullcontext():
                process = subprocess.Popen(  # noqa: S603 -- the command is ours
                    self._worker,
                    stdin=subprocess.DEVNULL,
                    env={
                        **self._environment,
                        FILES: self._given(connection, life).told(),
                    },
                    pass_fds=(connection.fileno(), life.fileno(), self._lock),
                    start_new_session=True,
                )
        except OSError as error:
            ours.close()
            log.error("receiver.worker_not_started", error=type(error).__name__)
            return BUSY
        finally:
            life.close()
        try:
            while process.poll() is None and not self._leaving:
                if ours in self._stop.wait(None, () if self._subscribed else (ours,)):
                    self._subscribe(connection, ours)
            leaving = self._leaving
            if leaving:
                process.terminate()
            try:
                return process.wait(self._patience(ours) if leaving else None)
            except subprocess.TimeoutExpired:
                process.kill()
                return process.wait()
        finally:
            ours.close()

    def _given(self, connection: socket.socket, life: socket.socket) -> _Given:
        return _Given(
            connection.fileno(),
            life.fileno(),
            self._lock,
            self._choice.source.kind.value,
            self._choice.source.linked,
            self._subscribed,
        )

    def _patience(self, worker: socket.socket) -> float:
        """Seconds to wait for a worker that was told to end: longer for one that still has to start, and to read."""
        starting = self._subscribed and worker not in select.select([worker], [], [], 0)[0]
        return STOP_SECONDS + (START_SECONDS if starting else 0.0)

    def _subscribe(self, connection: socket.socket, worker: socket.socket) -> None:
        """Asks for the messages, now that somebody reads them: what waits in the socket is lost if the machine or
        all of us are killed, what waits at Signal is not."""
        if worker.recv(1):
            self._subscribed = True
            with contextlib.suppress(OSError):  # the worker sees the end of the connection, and says so
                connection.sendall(self._choice.source.opening())


def _left(connection: socket.socket) -> bool:
    """Whether something lies in the socket that nobody has stored."""
    try:
        return waiting(connection) > 0
    except OSError:
        return False


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Requests to stop wait meanwhile; in a process started here until it makes a `_Stop`."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Given(NamedTuple):
    """What a worker is given by its keeper: descriptors, and how to read."""

    connection: int
    life: int
    lock: int
    kind: str
    linked: bool
    asked: bool
    """The messages were asked for, or come by themselves: they may lie in the socket already."""

    def told(self) -> str:
        return ",".join(map(str, (*self[:3], self.kind, int(self.linked), int(self.asked))))

    @classmethod
    def heard(cls, told: str) -> _Given:
        connection, life, lock, kind, linked, asked = told.split(",")
        return cls(int(connection), int(life), int(lock), kind, linked == "1", asked == "1")


class _Stop:
    """SIGTERM, SIGINT and the end of a child, as something that can be waited for."""

    def __init__(self) -> None:
        self.asked = False
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in _STOP_SIGNALS:
            signal.signal(number, self._ask)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True

    def wait(self, seconds: float | None, others: Sequence[socket.socket] = ()) -> Sequence[object]:
        """Until a signal comes, or one of the others can be read, or the time is over; answers with what is
        readable."""
        watched: list[int | socket.socket] = [self._reader, *others]
        readable, _, _ = select.select(watched, [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            while os.read(self._reader, 512):
                pass
        return readable

    def wake(self) -> None:
        """Ends a wait, from another thread."""
        with contextlib.suppress(OSError):
            os.write(self._writer, b"\0")

    def close(self) -> None:
        signal.set_wakeup_fd(-1)
        os.close(self._reader)
        os.close(self._writer)


# -------------------------------------------------------------------------------------------------------- worker


def work(commit: Commit) -> int:
    """Stores what comes on the keeper's connection; the exit status of the process.

    `commit` returns when all frames are durably stored and raises when they are not; then they are offered again, each
    by itself, until it is stored. Called by the process that `keep` starts.
    """
    given = _Given.heard(os.environ[FILES])
    stop = _Stop()
    with socket.socket(fileno=given.life) as life, socket.socket(fileno=given.connection) as connection:
        try:
            try:
                life.send(b"!")
            except OSError:
                # The keeper is dead. Go on without it, unless nobody will ask for the messages any more.
                if not given.asked:
                    return GONE
            return _Worker(connection, commit, stop, life, given).run()
        except ConnectionGone:
            log.warning("receiver.connection_gone")
            return GONE
        except SubscriptionRefused:
            log.warning("receiver.subscription_refused")
            return REFUSED
        finally:
            stop.close()


class _Worker:
    def __init__(
        self,
        connection: socket.socket,
        commit: Commit,
        stop: _Stop,
        life: socket.socket,
        given: _Given,
    ) -> None:
        self._linked = given.linked
        self._connection = connection
        self._intake = intake(Kind(given.kind), connection)
        self._commit = commit
        self._stop = stop
        self._life: socket.socket | None = life
        self._lock = given.lock

    def run(self) -> int:
        """1. Look at what has come. 2. Store it. 3. Take it out. 4. Go on from 1, until asked to stop and nothing has
        come for a moment. The exit status of the process."""
        last, pinged = time.monotonic(), False
        asked_at: float | None = None
        while True:
            frames = self._intake.peek()
            now = time.monotonic()
            if self._stop.asked and asked_at is None:
                asked_at = now
            if asked_at is not None and now - asked_at > DRAIN_SECONDS:
                return STILL_COMING
            if frames:
                self._handle(frames)
                self._intake.take()
                last, pinged = time.monotonic(), False
            elif asked_at is not None and now - max(asked_at, last) > QUIET_MOMENT:
                return 0
            elif now - last > 2 * QUIET_SECONDS:
                raise ConnectionGone
            elif now - last > QUIET_SECONDS and not pinged:
                self._intake.ask()
                pinged = True
            else:
                self._wait(QUIET_SECONDS if asked_at is None else QUIET_MOMENT)

    def _wait(self, seconds: float) -> None:
        """Until there is more to read, or a reason to stop, or the time is over."""
        others = (self._connection,) if self._life is None else (self._connection, self._life)
        if self._life in self._stop.wait(seconds, others):
            # The keeper is dead. We hold its lock too; whoever wants to end us must find us.
            self._life = None
            inherit_seat(self._lock)
            log.warning("receiver.keeper_died")

    def _handle(self, frames: Sequence[bytes]) -> None:
        messages = [self._described(frame) for frame in frames if frame and not is_echo(frame)]
        if messages:
            self._store(messages)

    def _described(self, frame: bytes) -> RawInbound:
        if self._linked and is_report(frame):
            log.warning("receiver.linked_device_cannot_read")
            return describe_report(frame)
        return describe(frame)

    def _store(self, frames: Sequence[RawInbound]) -> None:
        """Offers the frames until they are stored: together, then each by itself, since one of them may be what the
        store cannot take, and then those again that were not."""
        left = frames if not self._stored(frames) else ()
        attempt = 0
        while left := [frame for frame in left if not self._stored([frame])]:
            if self._stop.asked and attempt >= len(BACKOFF_SECONDS):
                # They stay in the socket, for the last worker; with the keeper, which was told to end too, they go.
                log.error("receiver.left_behind", frames=len(left))
                raise SystemExit(1)
            if attempt == 0:
                log.error("receiver.not_stored", frames=len(left))
            self._stop.wait(BACKOFF_SECONDS[min(attempt, len(BACKOFF_SECONDS) - 1)])
            attempt += 1

    def _stored(self, frames: Sequence[RawInbound]) -> bool:
        try:
            self._commit(frames)
        except Exception as error:  # noqa: BLE001 -- the frames must outlive whatever trouble the store has
            log.info("receiver.commit_failed", error=type(error).__name__)
            return False
        return True
