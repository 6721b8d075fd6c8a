"""Several nodes on one database: one receives, a dead one's work is taken over, a living one's is left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from structlog.testing import capture_logs

from alerts.store import leases
from alerts.store.keks import NewKek
from alerts.store.store import Store
from bot.clock import SeededEntropy, SimulatedClock
from bot.nodes import LIFETIME, Nodes
from bot.rehearsal.play import KEK, RehearsalKeys

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def opened(
    url: str, clock: SimulatedClock, seed: int, *, create: bool = False
) -> tuple[Store, SeededEntropy]:
    key = bytes(32)
    entropy = SeededEntropy(seed)
    if create:
        Store.create(url, NewKek(KEK, key), entropy=entropy.draw, now=clock.now)
    store = Store.open(url, RehearsalKeys(key), entropy=entropy.draw, now=clock.now, pool_low=2, pool_high=4)
    return store, entropy


def test_a_lease_has_one_holder_until_it_is_not_renewed(database: str) -> None:
    clock = SimulatedClock(START)
    store, _ = opened(database, clock, 1, create=True)
    try:

        def take(holder: str) -> bool:
            with store.writing(lock=False) as work:
                return leases.acquire(work, "receive:signal", holder, clock.now(), LIFETIME)

        assert take("one")
        assert not take("two")
        clock.advance(LIFETIME / 2)
        assert take("one")
        clock.advance(LIFETIME / 2 + timedelta(seconds=1))
        assert not take("two")
        clock.advance(LIFETIME)
        assert take("two")
        assert not take("one")
        with store.writing(lock=False) as work:
            leases.release(work, "receive:signal", "two")
        assert take("one")
    finally:
        store.close()


def test_a_node_that_is_alive_is_seen_by_the_next(database: str) -> None:
    clock = SimulatedClock(START)
    store, entropy = opened(database, clock, 2, create=True)
    try:
        first, second = Nodes(store, clock, entropy), Nodes(store, clock, entropy)
        first.single = second.single = False
        first.release_unfinished(starting=True)
        with store.reading() as work:
            assert not leases.alone(work, "second", clock.now())
        clock.advance(LIFETIME + timedelta(seconds=1))
        with store.reading() as work:
            assert leases.alone(work, "second", clock.now())
    finally:
        store.close()


def test_nodes_whose_heartbeats_go_to_one_address_say_so_while_both_live(database: str) -> None:
    clock = SimulatedClock(START)
    store, entropy = opened(database, clock, 3, create=True)
    try:
        first, second, third = (Nodes(store, clock, entropy) for _ in range(3))
        for node, address in ((first, "https://ping/PLANTED"), (second, "https://ping/other"), (third, "")):
            node.single, node.heartbeat = False, address

        def live() -> tuple[int, dict[str, str]]:
            for node in (first, second, third):
                node.release_unfinished(starting=False)
            with store.reading() as work:
                return len(leases.living(work, clock.now())), leases.beats(work, clock.now())

        nodes, beats = live()
        assert (nodes, len(beats), len(set(beats.values()))) == (3, 2, 2)
        assert "PLANTED" not in "".join((*beats, *beats.values()))
        second.heartbeat = first.heartbeat
        clock.advance(LIFETIME + timedelta(seconds=1))
        with capture_logs() as told:
            nodes, beats = live()
            live()
        assert (nodes, len(beats), len(set(beats.values()))) == (3, 2, 1)
        assert [line["nodes"] for line in told if line["event"] == "heartbeat_shared"] == [2, 2], "each, once"
        clock.advance(LIFETIME + timedelta(seconds=1))
        with store.reading() as work:
            assert (leases.living(work, clock.now()), leases.beats(work, clock.now())) == (set(), {})
    finally:
        store.close()
