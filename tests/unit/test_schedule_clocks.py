"""Check-in prompts through changes of the clocks: by brute force, and by properties over random schedules."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.schedule import CheckInSchedule, after_quiet, is_quiet, next_prompt

# Zone, the day before the clocks change.
CHANGES = [
    ("Europe/Brussels", date(2026, 3, 28)),
    ("Europe/Brussels", date(2026, 10, 24)),
    ("America/Chicago", date(2026, 3, 7)),
    ("America/Chicago", date(2026, 10, 31)),
    ("Australia/Lord_Howe", date(2026, 4, 4)),
    ("Australia/Lord_Howe", date(2026, 10, 3)),
    ("Pacific/Apia", date(2011, 12, 28)),
    ("Africa/Casablanca", date(2026, 2, 14)),
    ("Africa/Casablanca", date(2026, 3, 21)),
    ("Asia/Beirut", date(2026, 3, 28)),
    ("Asia/Beirut", date(2026, 10, 24)),
    ("Asia/Gaza", date(2026, 3, 27)),
    ("Asia/Gaza", date(2026, 10, 23)),
    ("America/St_Johns", date(2026, 3, 7)),
    ("America/St_Johns", date(2026, 10, 31)),
    ("America/St_Johns", date(2006, 10, 28)),
    ("America/Nuuk", date(2026, 3, 27)),
]
QUARTER = timedelta(minutes=15)


def wall(instant: datetime, zone: str) -> datetime:
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def all_prompts(schedule: CheckInSchedule, start: datetime, end: datetime) -> list[datetime]:
    """Every prompt after `start` and before `end`."""
    found: list[datetime] = []
    instant = next_prompt(schedule, start)
    while instant is not None and instant < end:
        found.append(instant)
        instant = next_prompt(schedule, instant)
    return found


def first_shown(start: datetime, days: int, zone: str) -> dict[datetime, datetime]:
    """Each quarter of an hour that the wall clock ever shows, and the instant at which it first does so."""
    shown: dict[datetime, datetime] = {}
    for n in range(days * 96):
        instant = start + n * QUARTER
        shown.setdefault(wall(instant, zone), instant)
    return shown


def reckoned(times: list[time], zone: str, day: date, days: int) -> list[datetime]:
    """What the rules say, from the wall clock alone, for those dates."""
    start = datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC) - timedelta(days=1)
    shown = first_shown(start, days + 4, zone)
    found = set()
    for date_ in (day + timedelta(days=n) for n in range(days)):
        if not any(reading.date() == date_ for reading in shown):
            continue
        for at in times:
            meant = datetime.combine(date_, at)
            found.add(shown[meant] if meant in shown else min(i for r, i in shown.items() if r > meant))
    return sorted(found)


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_each_quarter_of_an_hour_is_hit_once_a_day_and_nothing_else(zone: str, day: date) -> None:
    start = datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    for minute in (0, 15, 30, 45):
        times = [time(hour, minute) for hour in range(24)]
        end = reckoned([times[0]], zone, day + timedelta(days=4), 1)[0]
        schedule = CheckInSchedule(zone, tuple(times))
        assert all_prompts(schedule, start - timedelta(seconds=1), end) == reckoned(times, zone, day, 4)


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_asked_at_any_moment_of_the_change_the_answer_is_the_same(zone: str, day: date) -> None:
    """Stepping through, also inside the fold: the answer only ever moves on, to what was to come next."""
    schedule = CheckInSchedule(zone, (time(0, 15), time(1, 30), time(2, 15), time(23, 45)))
    start = datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    come = all_prompts(schedule, start, start + timedelta(days=6))
    for n in range(4 * 96):
        instant = start + n * QUARTER
        assert next_prompt(schedule, instant) == next(one for one in come if one > instant)


# St John's changed at 00:01 in 2006, between two steps; that has a test of its own below.
@pytest.mark.parametrize(("zone", "day"), [change for change in CHANGES if change[1].year != 2006])
@pytest.mark.parametrize(
    "quiet", [(time(23), time(7)), (time(0), time(2, 30)), (time(1, 15), time(3))], ids=str
)
def test_quiet_hours_end_when_the_wall_clock_first_leaves_them(
    zone: str, day: date, quiet: tuple[time, time]
) -> None:
    start = datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    instants = [start + n * QUARTER for n in range(5 * 96)]
    loud = [not is_quiet(quiet, ZoneInfo(zone), instant) for instant in instants]
    for n, instant in enumerate(instants[: 4 * 96]):
        expected = next(one for one, is_loud in zip(instants[n:], loud[n:], strict=True) if is_loud)
        assert after_quiet(quiet, ZoneInfo(zone), instant) == expected


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_every_six_hours_stays_six_hours(zone: str, day: date) -> None:
    start = datetime.combine(day, time(12), ZoneInfo(zone)).astimezone(UTC)
    found = all_prompts(CheckInSchedule(zone, every_hours=6, anchor=start), start, start + timedelta(days=4))
    assert found == [start + timedelta(hours=6) * n for n in range(1, 16)]


def test_quiet_hours_that_the_clocks_jump_out_of_and_into_again() -> None:
    """St John's turned back from 00:01 to 23:01: quiet from midnight is left after a minute, and comes again."""
    quiet, zone = (time(0), time(2, 30)), ZoneInfo("America/St_Johns")
    midnight = datetime(2006, 10, 29, 2, 30, tzinfo=UTC)
    assert after_quiet(quiet, zone, midnight) == midnight + timedelta(minutes=1)
    assert after_quiet(quiet, zone, midnight + timedelta(hours=1)) == datetime(2006, 10, 29, 6, 0, tzinfo=UTC)


def test_the_two_nights_of_the_year_by_hand() -> None:
    night = CheckInSchedule("Europe/Brussels", (time(2, 30),))
    spring = all_prompts(night, datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 30, 12, tzinfo=UTC))
    assert spring == [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 3, 30, 0, 30, tzinfo=UTC)]
    autumn = all_prompts(
        night, datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 26, 12, tzinfo=UTC)
    )
    assert autumn == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 26, 1, 30, tzinfo=UTC)]


def test_a_date_that_never_was_has_no_prompts() -> None:
    schedule = CheckInSchedule("Pacific/Apia", (time(9), time(21)))
    found = all_prompts(
        schedule, datetime(2011, 12, 29, 10, tzinfo=UTC), datetime(2011, 12, 31, 10, tzinfo=UTC)
    )
    assert [wall(one, "Pacific/Apia").strftime("%d %H:%M") for one in found] == [
        "29 09:00",
        "29 21:00",
        "31 09:00",
        "31 21:00",
    ]


minutes = st.integers(0, 1439).map(lambda n: time(n // 60, n % 60))
zones = st.sampled_from(sorted({zone for zone, _ in CHANGES} | {"UTC", "Asia/Kathmandu", "Asia/Tehran"}))
instants = st.datetimes(datetime(2005, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
near_changes = st.builds(
    lambda change, n: datetime.combine(change[1], time(), UTC) + timedelta(minutes=n),
    st.sampled_from(CHANGES),
    st.integers(-600, 3000),
)
moments = instants | near_changes


@st.composite
def schedules(draw: st.DrawFn) -> CheckInSchedule:
    quiet = draw(st.none() | st.tuples(minutes, minutes).filter(lambda pair: pair[0] != pair[1]))
    zone, paused = draw(zones), draw(st.none() | moments)
    if draw(st.booleans()):
        hours = draw(st.floats(1, 168) | st.integers(1, 24))
        return CheckInSchedule(
            zone, every_hours=hours, anchor=draw(moments), quiet=quiet, paused_until=paused
        )
    times = tuple(draw(st.lists(minutes, min_size=1, max_size=6, unique=True)))
    days = frozenset(draw(st.sets(st.integers(0, 6), min_size=1)))
    return CheckInSchedule(zone, times, days, quiet=quiet, paused_until=paused)


@settings(max_examples=300, deadline=None)
@given(schedules(), moments, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_it_is_after_it_never_goes_back_and_it_keeps_quiet_and_pause(
    schedule: CheckInSchedule, after: datetime, later: timedelta
) -> None:
    found = next_prompt(schedule, after)
    assert found is not None
    assert found > after
    assert schedule.paused_until is None or found >= schedule.paused_until
    if schedule.quiet is not None:
        start, end = schedule.quiet
        reading = wall(found, schedule.zone).time()
        assert not (start <= reading < end if start < end else reading >= start or reading < end)
    then = next_prompt(schedule, after + later)
    assert then is not None
    assert then >= found
    if after + later < found:
        assert then == found


@settings(max_examples=150, deadline=None)
@given(schedules().filter(lambda s: bool(s.times) and s.paused_until is None), st.sampled_from(CHANGES))
def test_every_configured_time_of_a_day_is_hit_once_and_nothing_between(
    schedule: CheckInSchedule, change: tuple[str, date]
) -> None:
    """Readings that exist and are not quiet are hit at their first showing; whatever else comes ends a
    quiet or a gap."""
    zone = ZoneInfo(schedule.zone)
    start = datetime.combine(change[1], time(), UTC)
    end = start + timedelta(days=4)
    come = all_prompts(schedule, start, end)
    assert len(come) == len(set(come))
    explained = set()
    day = wall(start, schedule.zone).date()
    for date_ in (day + timedelta(days=n) for n in range(-2, 7)):
        for at in schedule.times if date_.weekday() in schedule.days else ():
            meant = datetime.combine(date_, at).replace(tzinfo=zone, fold=0).astimezone(UTC)
            if wall(meant, schedule.zone) != datetime.combine(date_, at):
                continue
            if schedule.quiet is not None and is_quiet(schedule.quiet, zone, meant):
                explained.add(after_quiet(schedule.quiet, zone, meant))
            elif start < meant < end:
                assert come.count(meant) == 1
                explained.add(meant)
    changed = [one for one in come if one not in explained]
    before = timedelta(seconds=1)
    for one in changed:
        ends_a_gap = one.astimezone(zone).utcoffset() != (one - before).astimezone(zone).utcoffset()
        ends_a_quiet = schedule.quiet is not None and is_quiet(schedule.quiet, zone, one - before)
        assert ends_a_gap or ends_a_quiet
