"""Handovers through changes of the clocks, by brute force: stepping through them, only the expected ones
appear.

The expectation is reckoned from nothing but the wall clock: a turn begins at the first instant at which the
clock shows the handover's reading, or a later one.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.oncall import Handover, Holiday, Hours, Layer, Rota, gaps, handovers, on_call

# Zone, a day before the change, days to step through.
CHANGES = [
    ("Europe/Brussels", date(2026, 3, 28), 3),
    ("Europe/Brussels", date(2026, 10, 24), 3),
    ("America/Chicago", date(2026, 3, 7), 3),
    ("America/Chicago", date(2026, 10, 31), 3),
    ("Australia/Lord_Howe", date(2026, 4, 4), 3),
    ("Australia/Lord_Howe", date(2026, 10, 3), 3),
    ("Pacific/Apia", date(2011, 12, 28), 5),
    ("Africa/Casablanca", date(2026, 2, 14), 3),
    ("Africa/Casablanca", date(2026, 3, 21), 3),
    ("America/Nuuk", date(2026, 3, 27), 3),
    ("America/St_Johns", date(2006, 10, 28), 3),
]
MEMBERS = ("ana", "ben", "carla", "dora", "eva")


def steps(zone: str, day: date, days: int, minutes: int) -> list[datetime]:
    start = datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    return [start + timedelta(minutes=minutes) * n for n in range(days * 1440 // minutes)]


def wall(instant: datetime, zone: str) -> datetime:
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def changes_seen(rota: Rota, instants: list[datetime]) -> list[datetime]:
    """The instants at which somebody else is first on call than at the one before."""
    first = [on_call(rota, instant)[0] for instant in instants]
    return [instants[n] for n in range(1, len(instants)) if first[n] != first[n - 1]]


def expected(instants: list[datetime], zone: str, readings: list[datetime]) -> dict[datetime, int]:
    """At which of the instants the clock first shows one of the readings or has passed it, and how many."""
    found: dict[datetime, int] = {}
    furthest = wall(instants[0], zone)
    for instant in instants[1:]:
        passed = sum(furthest < reading <= wall(instant, zone) for reading in readings)
        if passed:
            found[instant] = passed
        furthest = max(furthest, wall(instant, zone))
    return found


@pytest.mark.parametrize(
    "handover", [time(0), time(0, 30), time(1, 45), time(2), time(2, 15), time(9)], ids=str
)
@pytest.mark.parametrize(("zone", "day", "days"), CHANGES)
def test_daily_handovers_through_a_change_of_the_clocks(
    zone: str, day: date, days: int, handover: time
) -> None:
    rota = Rota(zone, (Layer(MEMBERS, Handover.DAILY, handover, start=day),))
    instants = steps(zone, day, days, 15)
    seen = changes_seen(rota, instants)
    readings = [datetime.combine(day + timedelta(days=n), handover) for n in range(days + 2)]
    turns = expected(instants, zone, readings)
    assert seen == list(turns)
    changes = handovers(rota, instants[0], instants[-1] + timedelta(microseconds=1))
    assert [change.at for change in changes] == seen
    # Each passes on to the next member: nobody is left out, and nobody has two turns running. Only where two
    # midnights are one instant (Apia had none on 30 December 2011) is one turn without a length.
    for change in changes:
        places = MEMBERS.index(change.after or "") - MEMBERS.index(change.before or "")
        assert places % len(MEMBERS) == turns[change.at]
        assert turns[change.at] == 1 or (zone == "Pacific/Apia" and handover == time(0))


@pytest.mark.parametrize(
    ("zone", "day", "days"),
    [("Europe/Brussels", date(2026, 10, 25), 1), ("Europe/Brussels", date(2026, 3, 29), 1)],
)
def test_minute_by_minute_there_is_one_handover_on_the_day_of_the_change(
    zone: str, day: date, days: int
) -> None:
    rota = Rota(zone, (Layer(MEMBERS, Handover.DAILY, time(2, 30), start=day),))
    instants = steps(zone, day, days, 1)
    seen = changes_seen(rota, instants)
    # 02:30 comes twice on 25 October: the first, at 00:30 UTC. On 29 March it never comes: 03:00, at 01:00 UTC.
    first = (
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC) if day.month == 10 else datetime(2026, 3, 29, 1, tzinfo=UTC)
    )
    assert seen == [first]


@pytest.mark.parametrize(("zone", "day", "days"), CHANGES)
def test_a_weekly_handover_on_the_day_of_the_change_comes_once(zone: str, day: date, days: int) -> None:
    for weekday in {(day + timedelta(days=n)).weekday() for n in range(days)}:
        rota = Rota(zone, (Layer(MEMBERS, Handover.WEEKLY, time(2, 15), weekday, day),))
        instants = steps(zone, day - timedelta(days=5), 14, 15)
        seen = changes_seen(rota, instants)
        dates = [day + timedelta(days=n) for n in range(-6, 12)]
        readings = [datetime.combine(one, time(2, 15)) for one in dates if one.weekday() == weekday]
        assert seen == list(expected(instants, zone, readings))
        assert len(seen) >= 2


def test_a_date_that_never_was_does_not_lose_its_weekly_handover() -> None:
    """Apia had no Friday 30 December 2011; the handover of that Friday is at the first moment after it."""
    friday = Rota("Pacific/Apia", (Layer(("ana", "ben"), Handover.WEEKLY, time(9), 4, date(2011, 12, 23)),))
    start, end = datetime(2011, 12, 26, tzinfo=UTC), datetime(2012, 1, 5, tzinfo=UTC)
    assert [change.at for change in handovers(friday, start, end)] == [datetime(2011, 12, 30, 10, tzinfo=UTC)]


@pytest.mark.parametrize(("zone", "day", "days"), CHANGES)
def test_two_shifts_a_day_leave_no_gap_and_no_overlap_whatever_the_clocks_do(
    zone: str, day: date, days: int
) -> None:
    """They meet inside the fold or the gap itself, the worst place."""
    for edge in (time(0, 30), time(2, 15)):
        early, late = Hours(edge, time(14)), Hours(time(14), edge)
        rota = Rota(zone, (Layer(("ana",), hours=(early,)), Layer(("ben",), hours=(late,))))
        instants = steps(zone, day, days, 15)
        assert gaps(rota, instants[0], instants[-1]) == ()
        assert all(len(on_call(rota, instant)) == 1 for instant in instants)


def test_a_gap_of_the_rota_is_as_long_as_the_clocks_make_it() -> None:
    rota = Rota("Europe/Brussels", (Layer(("ana",), hours=(Hours(time(6), time(22)),)),))
    night = [
        (b - a) for a, b in gaps(rota, datetime(2026, 10, 23, tzinfo=UTC), datetime(2026, 10, 27, tzinfo=UTC))
    ]
    assert timedelta(hours=9) in night
    assert night.count(timedelta(hours=8)) == 2


def test_a_holiday_that_begins_in_a_fold_at_midnight_begins_once() -> None:
    """St John's turned its clocks from 00:01 back to 23:01 of the day before."""
    holiday = Holiday(date(2006, 10, 29), date(2006, 10, 29), ("eva",))
    rota = Rota("America/St_Johns", (Layer(("ana",)),), holidays=(holiday,))
    instants = steps("America/St_Johns", date(2006, 10, 28), 3, 1)
    seen = changes_seen(rota, instants)
    assert [change.at for change in handovers(rota, instants[0], instants[-1])] == seen
    assert len(seen) == 2
