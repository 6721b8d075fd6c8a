"""When the next check-in prompt is due."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.codec import from_plain, to_plain
from alerts.schedule import CheckInSchedule, next_prompt

BEIRUT = ZoneInfo("Asia/Beirut")


def local(month: int, day: int, hour: int, minute: int = 0, *, fold: int = 0) -> datetime:
    """Beirut time in 2026, as UTC."""
    return datetime(2026, month, day, hour, minute, tzinfo=BEIRUT, fold=fold).astimezone(UTC)


def prompts(schedule: CheckInSchedule, after: datetime, number: int) -> list[str]:
    """The next prompts as the person's wall clock shows them."""
    shown = []
    for _ in range(number):
        found = next_prompt(schedule, after)
        assert found is not None
        assert found.tzinfo is UTC
        shown.append(found.astimezone(ZoneInfo(schedule.zone)).strftime("%a %d %H:%M"))
        after = found
    return shown


def test_local_times_every_day() -> None:
    schedule = CheckInSchedule("Asia/Beirut", (time(21), time(9)))
    assert prompts(schedule, local(3, 2, 9), 3) == ["Mon 02 21:00", "Tue 03 09:00", "Tue 03 21:00"]


def test_it_is_strictly_after() -> None:
    schedule = CheckInSchedule("Asia/Beirut", (time(9),))
    assert next_prompt(schedule, local(3, 2, 9) - timedelta(microseconds=1)) == local(3, 2, 9)
    assert next_prompt(schedule, local(3, 2, 9)) == local(3, 3, 9)


def test_chosen_days_and_times_of_different_minutes() -> None:
    schedule = CheckInSchedule("Asia/Beirut", (time(8, 30), time(20, 15)), frozenset({0, 2, 4}))
    assert prompts(schedule, local(3, 2, 9), 5) == [
        "Mon 02 20:15",
        "Wed 04 08:30",
        "Wed 04 20:15",
        "Fri 06 08:30",
        "Fri 06 20:15",
    ]


@pytest.mark.parametrize("day", range(7))
def test_each_weekday_is_the_one_it_is_called(day: int) -> None:
    schedule = CheckInSchedule("Asia/Beirut", (time(9),), frozenset({day}))
    found = next_prompt(schedule, local(3, 2, 0))
    assert found is not None
    assert found.astimezone(BEIRUT).weekday() == day


def test_every_so_many_hours_from_the_anchor() -> None:
    schedule = CheckInSchedule("Asia/Beirut", every_hours=6, anchor=local(3, 2, 10))
    assert prompts(schedule, local(3, 2, 10), 3) == ["Mon 02 16:00", "Mon 02 22:00", "Tue 03 04:00"]
    assert prompts(schedule, local(3, 1, 0), 2) == ["Mon 02 10:00", "Mon 02 16:00"]


def test_every_hours_may_have_decimals() -> None:
    schedule = CheckInSchedule("Asia/Beirut", every_hours=1.5, anchor=local(3, 2, 10))
    assert prompts(schedule, local(3, 2, 10), 2) == ["Mon 02 11:30", "Mon 02 13:00"]


def test_quiet_hours_delay_to_their_end_and_join_what_they_held_back() -> None:
    schedule = CheckInSchedule(
        "Asia/Beirut", every_hours=2, anchor=local(3, 2, 21), quiet=(time(23), time(7, 30))
    )
    assert prompts(schedule, local(3, 2, 21), 3) == ["Tue 03 07:30", "Tue 03 09:00", "Tue 03 11:00"]


def test_asked_in_the_middle_of_the_quiet_hours_what_they_hold_back_is_not_forgotten() -> None:
    """The process was restarted, or the schedule read again, at 3 in the night."""
    schedule = CheckInSchedule("Asia/Beirut", (time(23, 30), time(12)), quiet=(time(23), time(7)))
    assert prompts(schedule, local(3, 3, 3), 2) == ["Tue 03 07:00", "Tue 03 12:00"]


def test_a_time_at_the_edges_of_the_quiet_hours() -> None:
    schedule = CheckInSchedule("Asia/Beirut", (time(23), time(7)), quiet=(time(23), time(7)))
    assert prompts(schedule, local(3, 2, 12), 2) == ["Tue 03 07:00", "Wed 04 07:00"]


def test_quiet_hours_within_one_day() -> None:
    schedule = CheckInSchedule("Asia/Beirut", (time(13), time(18)), quiet=(time(12), time(15)))
    assert prompts(schedule, local(3, 2, 8), 2) == ["Mon 02 15:00", "Mon 02 18:00"]


def test_the_day_is_the_one_on_which_a_delayed_time_was_meant() -> None:
    schedule = CheckInSchedule("Asia/Beirut", (time(23, 30),), frozenset({6}), quiet=(time(23), time(7)))
    assert prompts(schedule, local(3, 2, 12), 1) == ["Mon 09 07:00"]


def test_a_pause_drops_what_falls_into_it() -> None:
    schedule = CheckInSchedule("Asia/Beirut", (time(9), time(21)), paused_until=local(3, 5, 9))
    assert prompts(schedule, local(3, 2, 9), 2) == ["Thu 05 09:00", "Thu 05 21:00"]


def test_a_pause_of_years_costs_no_more_than_one_of_days() -> None:
    schedule = CheckInSchedule(
        "Asia/Beirut",
        every_hours=1,
        anchor=datetime(2020, 1, 1, tzinfo=UTC),
        quiet=(time(23), time(7)),
        paused_until=datetime(2090, 1, 1, tzinfo=UTC),
    )
    assert next_prompt(schedule, local(3, 2, 9)) == datetime(2090, 1, 1, 5, tzinfo=UTC)


def test_the_end_of_the_calendar_is_no_prompt_and_no_crash() -> None:
    last = datetime(9999, 12, 31, 20, tzinfo=UTC)
    assert next_prompt(CheckInSchedule("Asia/Beirut", every_hours=6, anchor=last), last) is None
    assert next_prompt(CheckInSchedule("Pacific/Apia", (time(9),)), last) is None
    assert next_prompt(CheckInSchedule("Pacific/Apia", (time(9),), quiet=(time(8), time(12))), last) is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"zone": "Beirut"}, "time zone 'Beirut' is not known"),
        ({"zone": "+1 415 555 0100\n"}, "^time zone is not known"),
        ({"times": ()}, "either times or every_hours"),
        ({"every_hours": 6, "anchor": datetime(2026, 3, 2, tzinfo=UTC)}, "not both"),
        ({"times": (), "every_hours": 6}, "needs an anchor"),
        ({"times": (), "every_hours": 0.5, "anchor": datetime(2026, 3, 2, tzinfo=UTC)}, "from 1 to 168"),
        (
            {"times": (), "every_hours": float("nan"), "anchor": datetime(2026, 3, 2, tzinfo=UTC)},
            "from 1 to 168",
        ),
        ({"times": (), "every_hours": 6, "anchor": datetime(2026, 3, 2)}, "anchor must carry a time zone"),  # noqa: DTZ001
        ({"times": (time(9), time(9))}, "each once"),
        ({"times": tuple(time(n // 4, n % 4 * 15) for n in range(25))}, "at most 24"),
        ({"times": (time(9, 0, 30),)}, "whole minute"),
        ({"days": frozenset()}, "at least one weekday"),
        ({"days": frozenset({1, 8})}, "at least one weekday"),
        ({"quiet": (time(9), time(9))}, "quiet must not end when it starts"),
        ({"quiet": (time(9, 0, 1), time(10))}, "whole minute"),
    ],
)
def test_what_cannot_be_is_refused(fields: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        CheckInSchedule(**{"zone": "Asia/Beirut", "times": (time(9),), **fields})  # type: ignore[arg-type]


FULL = [
    CheckInSchedule(
        "Asia/Beirut",
        (time(9), time(21, 5)),
        frozenset({0, 4}),
        quiet=(time(22, 30), time(6)),
        paused_until=datetime(2026, 3, 2, 7, 5, 3, tzinfo=UTC),
    ),
    CheckInSchedule("America/St_Johns", every_hours=1.5, anchor=datetime(2026, 3, 2, 1, 2, 3, 4, tzinfo=UTC)),
]


@pytest.mark.parametrize("schedule", FULL)
def test_there_and_back_through_json(schedule: CheckInSchedule) -> None:
    assert from_plain(CheckInSchedule, json.loads(json.dumps(to_plain(schedule)))) == schedule
