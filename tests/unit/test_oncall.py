"""Who is on call: order, overrides, holidays, hours, absence, gaps."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from alerts.oncall import Change, Handover, Holiday, Hours, Layer, Override, Rota, gaps, handovers, on_call

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
OFFICE = Hours(time(9), time(17), frozenset(range(5)))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """That many days after Monday 2 March 2026, UTC."""
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


def weekly(*members: str, start: date = date(2026, 3, 2)) -> Layer:
    return Layer(members, Handover.WEEKLY, time(9), 0, start)


def test_without_handover_the_first_member_is_always_on_call_and_the_others_come_next() -> None:
    rota = Rota("UTC", (Layer(("ana", "ben", "eva")),))
    assert all(on_call(rota, at(day, 13)) == ("ana", "ben", "eva") for day in range(-400, 400, 7))
    assert handovers(rota, at(0, 0), at(400, 0)) == ()


def test_a_daily_layer_passes_on_at_its_time_and_keeps_the_order_of_turns() -> None:
    rota = Rota("UTC", (Layer(("ana", "ben", "eva"), Handover.DAILY, time(9), start=date(2026, 3, 2)),))
    assert on_call(rota, at(0, 8, 59)) == ("eva", "ana", "ben")
    assert on_call(rota, at(0, 9)) == ("ana", "ben", "eva")
    assert on_call(rota, at(1, 9)) == ("ben", "eva", "ana")
    assert on_call(rota, at(3, 9)) == ("ana", "ben", "eva")


def test_a_weekly_layer_counts_from_the_week_its_anchor_is_in() -> None:
    rota = Rota("UTC", (weekly("ana", "ben", start=date(2026, 3, 5)),))
    assert on_call(rota, at(0, 8, 59))[0] == "ben"
    assert on_call(rota, at(0, 9))[0] == "ana"
    assert on_call(rota, at(7, 8, 59))[0] == "ana"
    assert on_call(rota, at(7, 9))[0] == "ben"
    assert on_call(rota, at(-700, 9))[0] == "ana"


def test_further_layers_come_after_and_nobody_is_named_twice() -> None:
    rota = Rota("UTC", (weekly("ana", "ben"), Layer(("carla", "ana"))))
    assert on_call(rota, at(0, 9)) == ("ana", "ben", "carla")
    assert on_call(rota, at(7, 9)) == ("ben", "ana", "carla")


def test_hours_keep_a_layer_out_and_an_empty_answer_is_possible() -> None:
    rota = Rota("UTC", (Layer(("ana",), hours=(OFFICE,)),))
    assert on_call(rota, at(0, 9)) == ("ana",)
    assert on_call(rota, at(0, 16, 59)) == ("ana",)
    assert on_call(rota, at(0, 17)) == ()
    assert on_call(rota, at(5, 12)) == ()


def test_hours_past_midnight_belong_to_the_day_they_begin_on() -> None:
    night = Hours(time(22), time(6), frozenset({4}))
    rota = Rota("UTC", (Layer(("ana",), hours=(night,)),))
    assert on_call(rota, at(4, 22)) == ("ana",)
    assert on_call(rota, at(5, 5, 59)) == ("ana",)
    assert on_call(rota, at(5, 6)) == ()
    assert on_call(rota, at(5, 22)) == ()
    assert on_call(rota, at(4, 5)) == ()


def test_hours_with_equal_times_are_a_whole_day() -> None:
    rota = Rota("UTC", (Layer(("ana",), hours=(Hours(time(9), time(9)),)),))
    assert gaps(rota, at(0, 0), at(30, 0)) == ()


def test_an_override_without_a_person_to_replace_comes_first() -> None:
    override = Override("eva", at(0, 12), at(0, 18))
    rota = Rota("UTC", (weekly("ana", "ben"),), (override,))
    assert on_call(rota, at(0, 11, 59)) == ("ana", "ben")
    assert on_call(rota, at(0, 12)) == ("eva", "ana", "ben")
    assert on_call(rota, at(0, 18)) == ("ana", "ben")
    assert handovers(rota, at(0, 10), at(1, 0)) == (
        Change(at(0, 12), "ana", "eva"),
        Change(at(0, 18), "eva", "ana"),
    )


def test_an_override_instead_of_somebody_takes_that_place_only() -> None:
    override = Override("eva", at(0, 12), at(1, 12), instead_of="ben")
    rota = Rota("UTC", (weekly("ana", "ben"),), (override,))
    assert on_call(rota, at(0, 13)) == ("ana", "eva")


def test_two_overrides_make_a_swap() -> None:
    overrides = (Override("ben", at(0, 0), at(1, 0), "ana"), Override("ana", at(0, 0), at(1, 0), "ben"))
    rota = Rota("UTC", (weekly("ana", "ben"),), overrides)
    assert on_call(rota, at(0, 12)) == ("ben", "ana")


def test_an_override_covers_a_gap_and_only_while_it_lasts() -> None:
    rota = Rota("UTC", (Layer(("ana",), hours=(OFFICE,)),), (Override("eva", at(0, 20), at(0, 22)),))
    assert on_call(rota, at(0, 21)) == ("eva",)
    assert gaps(rota, at(0, 12), at(1, 12)) == ((at(0, 17), at(0, 20)), (at(0, 22), at(1, 9)))


def test_a_holiday_replaces_all_layers_on_its_whole_days() -> None:
    holiday = Holiday(date(2026, 3, 4), date(2026, 3, 5), ("eva", "ben"))
    rota = Rota("UTC", (weekly("ana", "ben"), Layer(("carla",))), holidays=(holiday,))
    assert on_call(rota, at(1, 23, 59)) == ("ana", "ben", "carla")
    assert on_call(rota, at(2, 0)) == ("eva", "ben")
    assert on_call(rota, at(3, 23, 59)) == ("eva", "ben")
    assert on_call(rota, at(4, 0)) == ("ana", "ben", "carla")


def test_an_override_stands_on_a_holiday_too() -> None:
    holiday = Holiday(date(2026, 3, 4), date(2026, 3, 4), ("eva",))
    rota = Rota("UTC", (weekly("ana"),), (Override("ben", at(2, 8), at(2, 10), "eva"),), (holiday,))
    assert on_call(rota, at(2, 9)) == ("ben",)


def test_absent_people_are_left_out_wherever_they_stand() -> None:
    rota = Rota("UTC", (weekly("ana", "ben"), Layer(("carla",))), (Override("eva", at(0, 0), at(1, 0)),))
    assert on_call(rota, at(0, 12), frozenset({"eva", "ana"})) == ("ben", "carla")
    assert on_call(rota, at(0, 12), frozenset({"eva", "ana", "ben", "carla"})) == ()


def test_absence_opens_a_gap_that_is_found_beforehand() -> None:
    rota = Rota("UTC", (Layer(("ana", "ben")),), (Override("eva", at(1, 0), at(2, 0)),))
    assert gaps(rota, at(0, 0), at(3, 0), frozenset({"ana", "ben"})) == (
        (at(0, 0), at(1, 0)),
        (at(2, 0), at(3, 0)),
    )


def test_gaps_meet_the_ends_of_the_question_and_join_across_handovers() -> None:
    office = Layer(("ana", "ben"), Handover.DAILY, time(3), start=date(2026, 3, 2), hours=(OFFICE,))
    rota = Rota("UTC", (office,))
    assert gaps(rota, at(0, 18), at(2, 8)) == ((at(0, 18), at(1, 9)), (at(1, 17), at(2, 8)))
    assert gaps(rota, at(0, 10), at(0, 12)) == ()
    assert gaps(rota, at(4, 17), at(7, 9)) == ((at(4, 17), at(7, 9)),)


def test_a_rota_without_layers_is_one_long_gap() -> None:
    assert on_call(Rota("UTC"), at(0, 0)) == ()
    assert gaps(Rota("UTC"), at(0, 0), at(9, 0)) == ((at(0, 0), at(9, 0)),)
    assert gaps(Rota("UTC"), at(9, 0), at(0, 0)) == ()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Layer(()),
        lambda: Layer(("ana", "ana")),
        lambda: Layer(("",)),
        lambda: Layer(("ana",), weekday=7),
        lambda: Layer(("ana",), at=time(9, 0, 1)),
        lambda: Layer(("ana",), at=time(9, tzinfo=UTC)),
        lambda: Hours(time(9), time(17), frozenset()),
        lambda: Hours(time(9), time(17), frozenset({7})),
        lambda: Override("ana", at(1, 0), at(1, 0)),
        lambda: Override("ana", at(1, 0), at(2, 0), "ana"),
        lambda: Override("ana", at(1, 0).replace(tzinfo=None), at(2, 0)),
        lambda: Holiday(date(2026, 3, 2), date(2026, 3, 1), ("ana",)),
        lambda: Holiday(date(2026, 3, 2), date(2026, 3, 2), ()),
        lambda: Rota("Atlantis/Capital"),
        lambda: on_call(Rota("UTC"), datetime(2026, 3, 2)),  # noqa: DTZ001 - the point of the case
    ],
)
def test_what_cannot_be_is_refused(make: object) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=r"\w"):
        make()
