"""The watch's verdict, whom it tells and when, and what it survives."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import httpx
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from alerts.events import Attachment, Inbound, Outbound, Outcome, Refusal, Refused, Sent
from alerts.ids import Ids, micros
from alerts.store import tables
from alerts.store.keks import NewKek
from alerts.store.store import Store
from bot.canary import Canaries, Canary, Trip, meta_key, went_out
from bot.channels.port import Accept
from bot.clock import SimulatedClock
from bot.metrics import Metrics
from bot.outside import Outside, failing
from bot.rehearsal.play import RehearsalKeys
from bot.watch import Figures, Notify, Watch, WatchConfig, verdict

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PING = SecretStr("https://ping.example/PLANTED-uuid")
WELL = Figures(NOW, True, None, None, 0, None, 0.1, {"signal": "receiving"})
BAD_CANARY = Canary("signal", Trip.ROUND, timedelta(minutes=15), missed=2, untaken=2)
UNPROVEN = Canary(
    "signal", Trip.ROUND, timedelta(minutes=15), missed=9, silent_since=NOW - timedelta(hours=3)
)


@pytest.mark.parametrize(
    ("figures", "wrong"),
    [
        (WELL, ()),
        (replace(WELL, overdue=59.0, unsent_page=59.0, inbox_oldest=59.0, stalled=19.0), ()),
        (replace(WELL, store=False), ("store_does_not_answer",)),
        (replace(WELL, stalled=21.0), ("desk_thread_stalled",)),
        (replace(WELL, overdue=61.0), ("deadline_overdue",)),
        (replace(WELL, unsent_page=61.0), ("page_unsent",)),
        (replace(WELL, inbox=3, inbox_oldest=61.0), ("inbox_behind",)),
        (replace(WELL, down={"telegram": 181.0, "signal": 5.0}), ("telegram_down",)),
        (replace(WELL, canaries=(BAD_CANARY,)), ("signal_canary_missed",)),
        (replace(WELL, canaries=(UNPROVEN,)), ()),
        (replace(WELL, canaries=(replace(UNPROVEN, unheard=True),)), ("signal_canary_missed",)),
        (replace(WELL, webhook=61.0), ("page_webhook_failing",)),
        (replace(WELL, shut=1), ("desk_does_not_open",)),
        (replace(WELL, scarce=True), ("disk_nearly_full",)),
    ],
)
def test_the_verdict_names_what_is_wrong(figures: Figures, wrong: tuple[str, ...]) -> None:
    assert verdict(figures) == wrong


class Desk:
    """A desk whose thread makes progress while `lives`, and comes around while `turns`."""

    def __init__(self) -> None:
        self.lives = self.turns = True
        self._steps = self._rounds = 0

    @property
    def rounds(self) -> int:
        self._rounds += self.turns
        return self._rounds

    @property
    def progress_at(self) -> datetime:
        self._steps += self.lives
        return NOW + timedelta(seconds=self._steps)


class OneChannel:
    """A channel that takes everything, in a state that the test chooses."""

    name = "signal"

    def __init__(self) -> None:
        self.state = "receiving"
        self.sent: list[Outbound] = []
        self.moved: dict[str, str] = {}

    @property
    def health(self) -> OneChannel:
        return self

    @property
    def value(self) -> str:
        return self.state

    def parse(self, raw: bytes) -> Inbound:
        raise AssertionError

    async def run(self, accept: Accept) -> None:
        raise AssertionError

    async def send(self, outbound: Outbound) -> Outcome:
        self.sent.append(outbound)
        if outbound.address in self.moved:
            return Refused(Refusal.MIGRATED, moved_to=self.moved[outbound.address])
        return Sent("ref-1", delivered=False)

    def fetch(self, attachment: Attachment, limit: int) -> AsyncIterator[bytes]:
        raise AssertionError

    async def close(self) -> None:
        raise AssertionError


class Service:
    """What the heartbeat calls, in this process."""

    def __init__(self) -> None:
        self.called: list[str] = []
        self.answer = 200

    def outside(self) -> Outside:
        def answer(request: httpx.Request) -> httpx.Response:
            self.called.append(request.url.path)
            return httpx.Response(self.answer, headers={"location": "https://elsewhere.example/"})

        return Outside(httpx.MockTransport(answer))


class Bench:
    """A watch on a store, a desk and a channel, with clocks that the test turns."""

    def __init__(self, folder: Path, **config: object) -> None:
        url = f"sqlite:///{folder / 'watchline.db'}"
        key = bytes(32)
        Store.create(url, NewKek("rehearsal", key), entropy=os.urandom, now=lambda: NOW)
        self.store = Store.open(
            url, RehearsalKeys(key), entropy=os.urandom, now=lambda: NOW, pool_low=1, pool_high=2
        )
        self.clock, self.tick = SimulatedClock(NOW), 1000.0
        self.desk, self.channel, self.service = Desk(), OneChannel(), Service()
        self.shown: list[tuple[Figures, tuple[str, ...]]] = []
        self.trips = Canaries(self.clock.now)
        self.ends = 0
        self.watch = Watch(
            WatchConfig(**config),  # type: ignore[arg-type]
            self.desk,
            self.store,
            {"signal": self.channel},
            self.clock.now,
            monotonic=lambda: self.tick,
            show=[lambda figures, wrong: self.shown.append((figures, wrong))],
            trips=self.trips,
            end=self._ended,
        )

    def _ended(self) -> None:
        self.ends += 1

    def pass_time(self, seconds: float) -> None:
        self.tick += seconds
        self.clock.advance(timedelta(seconds=seconds))

    async def beats(self, count: int = 1) -> tuple[str, ...]:
        """So many beats, and all that they began, to its end. Returns the last verdict."""
        outside = self.service.outside()
        for _ in range(count):
            await self.watch.beat(outside)
            await self.watch.settled()
        await outside.close()
        return self.shown[-1][1]


def test_a_desk_that_works_is_alive_and_pings_at_its_pace(tmp_path: Path) -> None:
    async def story() -> None:
        alive = tmp_path / "alive"
        bench = Bench(tmp_path, heartbeat=PING, heartbeat_seconds=60.0, alive_file=alive)
        assert await bench.beats() == ()
        assert alive.exists()
        assert bench.service.called == ["/PLANTED-uuid"]
        bench.pass_time(30)
        await bench.beats()
        assert len(bench.service.called) == 1
        bench.pass_time(31)
        await bench.beats()
        assert bench.service.called == ["/PLANTED-uuid"] * 2

    asyncio.run(story())


def test_a_desk_that_hangs_gives_no_sign_of_life_and_the_switch_is_told_at_once(tmp_path: Path) -> None:
    async def story() -> None:
        alive = tmp_path / "alive"
        bench = Bench(tmp_path, heartbeat=PING, alive_file=alive)
        await bench.beats()
        alive.unlink()
        bench.desk.lives = False
        await bench.beats()
        bench.pass_time(25)
        alive.unlink(missing_ok=True)
        assert await bench.beats() == ("desk_thread_stalled",)
        assert not alive.exists()
        assert bench.service.called[-1] == "/PLANTED-uuid/fail"
        bench.desk.lives = True
        assert await bench.beats() == ()
        assert alive.exists()
        assert bench.service.called[-1] == "/PLANTED-uuid"

    asyncio.run(story())


def test_a_desk_that_hangs_for_minutes_ends_the_process_so_that_it_is_started_anew(tmp_path: Path) -> None:
    async def story() -> None:
        bench = Bench(tmp_path)
        await bench.beats()
        bench.desk.lives = False
        for _ in range(30):
            bench.pass_time(5)
            await bench.beats()
        assert bench.ends == 0, "what it does fails, and perhaps not all of it"
        bench.desk.turns = False
        for _ in range(9):
            bench.pass_time(5)
            await bench.beats()
        assert bench.ends == 0
        bench.pass_time(5)
        await bench.beats(2)
        assert bench.ends > 0

    asyncio.run(story())


def test_a_process_that_was_stopped_and_goes_on_does_not_hang(tmp_path: Path) -> None:
    async def story() -> None:
        bench = Bench(tmp_path)
        await bench.beats()
        bench.desk.lives = bench.desk.turns = False
        bench.pass_time(3600)
        await bench.beats(2)
        bench.desk.lives = bench.desk.turns = True
        await bench.beats()
        assert bench.ends == 0

    asyncio.run(story())


def test_a_jump_of_the_clock_is_no_hang(tmp_path: Path) -> None:
    async def story() -> None:
        bench = Bench(tmp_path)
        await bench.beats()
        bench.clock.advance(timedelta(days=400))
        assert await bench.beats() == ()
        bench.clock.advance(timedelta(days=-800))
        assert await bench.beats() == ()

    asyncio.run(story())


def test_a_store_that_does_not_answer_is_a_verdict_and_not_the_end_of_the_watch(tmp_path: Path) -> None:
    async def story() -> None:
        alive = tmp_path / "alive"
        bench = Bench(tmp_path, heartbeat=PING, alive_file=alive)
        bench.store.close()
        (tmp_path / "watchline.db").write_bytes(b"this is no database" * 400)
        assert await bench.beats() == ("store_does_not_answer",)
        assert bench.service.called == ["/PLANTED-uuid/fail"]
        assert not alive.exists()

    asyncio.run(story())


@pytest.mark.parametrize("answer", [302, 404, 500])
def test_a_ping_that_is_not_taken_is_made_again(answer: int, tmp_path: Path) -> None:
    async def story() -> None:
        bench = Bench(tmp_path, heartbeat=PING)
        bench.service.answer = answer
        await bench.beats()
        bench.service.answer = 200
        await bench.beats()
        await bench.beats()
        assert bench.service.called == ["/PLANTED-uuid"] * 2

    asyncio.run(story())


def test_a_channel_that_stays_down_turns_the_verdict(tmp_path: Path) -> None:
    async def story() -> None:
        bench = Bench(tmp_path)
        bench.channel.state = "unreachable"
        assert await bench.beats() == ()
        bench.pass_time(200)
        assert await bench.beats() == ("signal_down",)
        bench.channel.state = "receiving"
        assert await bench.beats() == ()

    asyncio.run(story())


def test_canaries_go_to_their_address_only(tmp_path: Path) -> None:
    async def story() -> None:
        bench = Bench(tmp_path, canary_addresses={"signal": "admin"})
        bench.trips.add(Canary("signal", Trip.ROUND, timedelta(minutes=15)), "admin")
        await bench.beats(2)
        assert [outbound.address for outbound in bench.channel.sent] == ["admin"]
        (canary,) = bench.trips.all()
        assert canary.refs == {"ref-1"}

    asyncio.run(story())


def test_a_canarys_group_that_moved_is_followed(tmp_path: Path) -> None:
    async def story() -> None:
        bench = Bench(tmp_path, canary_addresses={"signal": "-100"})
        bench.channel.moved = {"-100": "-100777"}
        bench.trips.add(Canary("signal", Trip.OUT, timedelta(minutes=15)), "admin")
        await bench.beats(2)
        bench.pass_time(16 * 60)
        await bench.beats(2)
        assert [outbound.address for outbound in bench.channel.sent] == ["-100", "-100777", "-100777"]
        (canary,) = bench.trips.all()
        assert (canary.missed, canary.trouble) == (0, "")

    asyncio.run(story())


def test_a_canary_under_way_is_not_forgotten_by_a_new_process(tmp_path: Path) -> None:
    async def story() -> None:
        bench = Bench(tmp_path, canary_addresses={"signal": "PLANTED"})
        bench.trips.add(Canary("signal", Trip.ROUND, timedelta(minutes=15)), "admin")
        await bench.beats(2)
        note = bench.store.get_meta(meta_key("signal"))
        assert note is not None
        assert "PLANTED" not in note
        again = Canaries(bench.clock.now)
        again.add(Canary("signal", Trip.ROUND, timedelta(minutes=15)), "admin")
        again.recall({"signal": note})
        assert again.all() == bench.trips.all()
        assert again.due() == []

    asyncio.run(story())


@pytest.mark.parametrize(
    ("sent_after", "state", "trouble"),
    [(30, "delivered", "phone_silent"), (30, "sent", "not_back"), (-30, "delivered", "not_back")],
)
def test_it_is_the_phone_only_if_others_got_what_was_sent_while_the_canary_was_away(
    tmp_path: Path, sent_after: int, state: str, trouble: str
) -> None:
    async def story() -> None:
        bench = Bench(tmp_path, canary_addresses={"signal": "admin"})
        bench.trips.add(Canary("signal", Trip.ROUND, timedelta(minutes=15)), "admin")
        await bench.beats()
        bench.pass_time(60)
        sent = Ids(NOW + timedelta(seconds=sent_after), bytes(16), 1)
        row: dict[str, Any] = {name: sent.new() for name in ("id", "group_id", "person_id", "address_id")}
        at = micros(NOW + timedelta(seconds=sent_after))
        row |= {"channel": "signal", "kind": "notice", "priority": 1, "urgency": 4, "state": state}
        row |= {"attempts": 1, "created_at": at, "ready_at": at, "sent_at": at, "menu": False}
        row |= {"guard": "none", "token": 0, "key_id": "k", "sealed": b""}
        with bench.store.writing() as work:
            work.connection.execute(tables.outbox.insert().values(row))
        await bench.beats()
        bench.pass_time(61)
        await bench.beats()
        (canary,) = bench.trips.all()
        assert canary.trouble == trouble

    asyncio.run(story())


def test_a_channel_that_breaks_over_a_canary_has_not_taken_it(tmp_path: Path) -> None:
    async def story() -> None:
        bench = Bench(tmp_path, canary_addresses={"signal": "admin"})
        bench.trips.add(Canary("signal", Trip.ROUND, timedelta(minutes=15)), "admin")

        async def breaks(outbound: Outbound) -> Outcome:
            raise OSError

        bench.channel.send = breaks  # type: ignore[method-assign]
        with capture_logs() as told:
            await bench.beats(2)
            bench.pass_time(121)
            await bench.beats(1)
            assert await bench.beats(1) == ("signal_canary_missed",)
        missed = [line for line in told if line["event"] == "canary_missed"]
        assert [(line["channel"], line["reason"], line["times"]) for line in missed] == [
            ("signal", "server_error", 1),
            ("signal", "server_error", 2),
        ]

    asyncio.run(story())


def test_what_fails_beside_the_beat_does_not_end_it(tmp_path: Path) -> None:
    async def story() -> None:
        bench = Bench(tmp_path, alive_file=tmp_path / "no such folder" / "alive")
        assert await bench.beats(3) == ()

    asyncio.run(story())


def test_a_beat_that_fails_whole_is_not_the_last(tmp_path: Path) -> None:
    async def story() -> None:
        beats = 0

        def fails(figures: Figures, wrong: tuple[str, ...]) -> None:
            nonlocal beats
            beats += 1
            if beats == 3:
                raise asyncio.CancelledError
            raise ValueError

        bench = Bench(tmp_path, beat_seconds=0.0)
        watch = Watch(
            WatchConfig(beat_seconds=0.0),
            bench.desk,
            bench.store,
            {},
            bench.clock.now,
            outside=bench.service.outside(),
            show=[fails],
        )
        with pytest.raises(asyncio.CancelledError):
            await watch.run()
        assert beats == 3

    asyncio.run(story())


def test_fail_stands_behind_the_path_and_before_the_query() -> None:
    told = failing(SecretStr("https://ping.example/uuid/?rid=1"))
    assert told.get_secret_value() == "https://ping.example/uuid/fail?rid=1"


def test_a_service_that_drips_its_answer_holds_nothing_up() -> None:
    async def drips(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async def story() -> None:
        outside = Outside(httpx.MockTransport(drips), seconds=0.0)
        assert await outside.post(PING) == "too_slow"
        await outside.close()

    asyncio.run(story())


def test_an_address_that_cannot_be_called_is_a_code() -> None:
    async def story() -> list[str]:
        outside = Outside()
        codes = [
            await outside.post(SecretStr(address)) for address in ("http://127.0.0.1:1/x", "https://[", "x")
        ]
        await outside.close()
        return codes

    codes = asyncio.run(story())
    assert codes[0] == "ConnectError"
    assert all(codes)
    assert "127.0.0.1" not in "".join(codes)


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_is_told(abstract: bool, tmp_path: Path) -> None:
    name = f"@watchline-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name[1:]}" if abstract else name)
        Notify.from_environment({"NOTIFY_SOCKET": name}).say("WATCHDOG=1")
        assert manager.recv(100) == b"WATCHDOG=1"
    Notify.from_environment({"NOTIFY_SOCKET": name}).say("nobody listens any more")
    Notify.from_environment({}).say("there never was anybody")


def test_metrics_hold_the_figures_and_are_served_on_loopback() -> None:
    metrics = Metrics("1.2.3")
    canary = went_out(replace(BAD_CANARY, sent_at=NOW), Sent("ref"), NOW + timedelta(seconds=2))
    figures = replace(WELL, overdue=7.5, inbox=3, channels={"signal": "unreachable"}, canaries=(canary,))
    metrics.show(figures, ("signal_down",))
    port = metrics.serve("127.0.0.1", 0)
    with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        text = answer.read().decode()
    for line in (
        'watchline_info{version="1.2.3"} 1.0',
        "watchline_well 0.0",
        "watchline_oldest_overdue_deadline_seconds 7.5",
        "watchline_inbox_waiting 3.0",
        'watchline_channel_up{channel="signal"} 0.0',
        'watchline_canary_missed{channel="signal"} 2.0',
        'watchline_canary_unproven_seconds{channel="signal"} 0.0',
        'watchline_canary_trip_seconds{channel="signal",leg="out"} 2.0',
    ):
        assert line in text
