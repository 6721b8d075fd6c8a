"""The clock and chance ports: what time it is, and how long to sleep, when a desk's hour lasts seconds."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import (
    FASTEST,
    NotAPracticeStore,
    PracticeClock,
    RealClock,
    SeededEntropy,
    SimulatedClock,
    SystemEntropy,
    require_practice,
)

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class World:
    """A machine whose two clocks are moved by hand."""

    def __init__(self) -> None:
        self.wall = START
        self.ticks = 100.0

    def pass_seconds(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.ticks += seconds


def practice(world: World, offset: timedelta = timedelta(0)) -> PracticeClock:
    return PracticeClock(offset, world=lambda: world.wall, monotonic=lambda: world.ticks)


def test_a_practice_clock_keeps_the_worlds_time_until_it_is_told_otherwise() -> None:
    world = World()
    clock = practice(world)
    world.pass_seconds(90)
    assert clock.now() == START + timedelta(seconds=90)
    assert clock.offset == timedelta(0)


def test_an_hour_passes_in_six_seconds_at_600() -> None:
    world = World()
    clock = practice(world)
    world.pass_seconds(10)
    clock.run_at(600)
    world.pass_seconds(6)
    assert clock.now() == START + timedelta(seconds=10, hours=1)
    assert clock.offset == timedelta(hours=1, seconds=-6)


def test_slowing_down_keeps_what_has_passed() -> None:
    world = World()
    clock = practice(world)
    clock.run_at(60)
    world.pass_seconds(60)
    clock.run_at(1)
    world.pass_seconds(5)
    assert clock.now() == START + timedelta(hours=1, seconds=5)


def test_whoever_sleeps_is_woken_when_the_speed_changes_or_the_clock_is_put_forward() -> None:
    clock = practice(World())
    woken: list[datetime] = []
    clock.on_change(lambda: woken.append(clock.now()))
    clock.run_at(10)
    clock.skip_to(START + timedelta(hours=2))
    assert woken == [START, START + timedelta(hours=2)]


def test_a_practice_clock_never_goes_back() -> None:
    world = World()
    clock = practice(world)
    clock.skip_to(START - timedelta(hours=1))
    assert clock.now() == START
    world.wall -= timedelta(days=1)
    assert clock.now() == START
    assert practice(World(), timedelta(hours=-3)).now() == START


def test_a_drill_goes_on_where_the_process_before_had_got_to() -> None:
    world = World()
    first = practice(world)
    first.skip_to(START + timedelta(days=2))
    world.pass_seconds(30)
    assert practice(world, first.offset).now() == first.now()


@pytest.mark.parametrize("factor", [0.0, 0.5, -1.0, FASTEST + 1, float("nan")])
def test_no_speed_at_which_a_deadline_would_be_hidden(factor: float) -> None:
    clock = practice(World())
    with pytest.raises(ValueError, match="practice clock runs"):
        clock.run_at(factor)
    assert clock.factor == 1.0


def test_a_simulated_clock_stands_still_and_can_be_set_back() -> None:
    clock = SimulatedClock(START)
    woken: list[datetime] = []
    clock.on_change(lambda: woken.append(clock.now()))
    clock.advance(timedelta(minutes=2))
    clock.set(START)
    assert clock.now() == START
    assert len(woken) == 2


def test_times_without_a_zone_are_not_guessed() -> None:
    with pytest.raises(ValueError, match="zone"):
        SimulatedClock(datetime(2026, 3, 2, 8, 0))  # noqa: DTZ001


def test_the_real_clock_tells_utc() -> None:
    assert RealClock().now().utcoffset() == timedelta(0)


def test_seeded_chance_repeats_and_the_systems_does_not() -> None:
    assert SeededEntropy(7).draw(32) == SeededEntropy(7).draw(32)
    assert SeededEntropy(7).draw(32) != SeededEntropy(8).draw(32)
    assert len(SystemEntropy().draw(32)) == 32
    assert SystemEntropy().draw(32) != SystemEntropy().draw(32)


@pytest.mark.parametrize("lineage", ["", "real", "Practice", "practice real", "unknown"])
def test_only_a_store_born_for_practice_may_run_on_this_clock(lineage: str) -> None:
    with pytest.raises(NotAPracticeStore, match="data directory of its own"):
        require_practice(lineage)
    require_practice("practice")
