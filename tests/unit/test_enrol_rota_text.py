"""The rota as people type it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.oncall import Handover, Holiday, Layer, Override, Rota, on_call
from alerts.rota_text import (
    Unclear,
    covers,
    layer_of,
    members_in,
    members_of,
    override_of,
    with_cover,
    with_layer,
    without_cover,
    without_member,
)

BRUSSELS = ZoneInfo("Europe/Brussels")
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # Monday, 09:00 at the desk
IDS = {"ana": "a", "ben": "b", "ana maria": "m", "me": "b"}


def test_the_longest_name_is_taken() -> None:
    assert members_in(["Ana", "Maria", "ANA", "ben"], IDS) == ("m", "a", "b")


@pytest.mark.parametrize("words", [["zoe"], ["ana", "ana"], []])
def test_members_that_are_not_clear(words: list[str]) -> None:
    with pytest.raises(Unclear):
        members_in(words, IDS)


@pytest.mark.parametrize("minutes", [-1, 0, 1, 60 * 24 * 3, 60 * 24 * 6])
@pytest.mark.parametrize("text", ["weekly mon 09:00 ana ben", "daily 09:00 ana, ben", "always ana ben"])
def test_whoever_is_named_first_is_on_call_now(text: str, minutes: int) -> None:
    now = NOW + timedelta(minutes=minutes)
    rota = with_layer(None, layer_of(text, IDS, now, BRUSSELS), "Europe/Brussels")
    assert on_call(rota, now) == ("a", "b")


def test_a_weekly_rota_passes_on_at_its_hour() -> None:
    layer = layer_of("Weekly Monday 9.00 ana ben", IDS, NOW, BRUSSELS)
    assert (layer.handover, layer.at, layer.weekday) == (Handover.WEEKLY, time(9), 0)
    rota = Rota("Europe/Brussels", (layer,))
    week = timedelta(days=7)
    assert on_call(rota, NOW + week - timedelta(seconds=1))[0] == "a"
    assert on_call(rota, NOW + week)[0] == "b"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "weekly",
        "weekly 09:00 ana",
        "weekly foo 09:00 ana",
        "daily ana",
        "daily 24:00 ana",
        "sometimes ana",
    ],
)
def test_what_is_no_rota_says_so(text: str) -> None:
    with pytest.raises(Unclear) as unclear:
        layer_of(text, IDS, NOW, BRUSSELS)
    assert unclear.value.key == "rota.usage"


def test_a_cover_with_dates_is_in_the_desks_zone() -> None:
    made = override_of("ana 2026-03-28 18:00 2026-03-29 09:00", IDS, NOW, BRUSSELS)
    assert made == Override(
        "a", datetime(2026, 3, 28, 17, tzinfo=UTC), datetime(2026, 3, 29, 7, tzinfo=UTC)
    )  # the clocks change that night


@pytest.mark.parametrize(
    ("text", "starts", "hours"),
    [
        ("me 18:00 09:00", datetime(2026, 3, 2, 17, tzinfo=UTC), 15),
        ("me 10:00 12:00", datetime(2026, 3, 2, 9, tzinfo=UTC), 2),
        ("me 07:00 08:00", datetime(2026, 3, 3, 6, tzinfo=UTC), 1),
        ("me 20:00 10:00", datetime(2026, 3, 1, 19, tzinfo=UTC), 14),
    ],
)
def test_two_times_alone_are_going_on_or_come_next(text: str, starts: datetime, hours: int) -> None:
    made = override_of(text, IDS, NOW, BRUSSELS)
    assert (made.starts_at, made.ends_at) == (starts, starts + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("the windows", "cover.usage"),
        ("ana", "cover.usage"),
        ("ana 18:00", "cover.usage"),
        ("ana ben 18:00 20:00", "cover.usage"),
        ("ana 2026-02-30 18:00 2026-03-03 09:00", "cover.usage"),
        ("zoe 18:00 20:00", "rota.no_such_name"),
        ("ana 2026-03-05 18:00 2026-03-05 09:00", "cover.backwards"),
        ("ana 2026-02-05 18:00 2026-02-06 09:00", "cover.past"),
        ("ana 2026-03-05 18:00 2027-03-06 09:00", "cover.long"),
    ],
)
def test_a_cover_that_is_not_understood_says_why(text: str, key: str) -> None:
    with pytest.raises(Unclear) as unclear:
        override_of(text, IDS, NOW, BRUSSELS)
    assert unclear.value.key == key


def hours(member: str, first: int, last: int) -> Override:
    return Override(member, NOW + timedelta(hours=first), NOW + timedelta(hours=last))


def test_a_cover_without_a_rota_keeps_the_order_for_the_other_times() -> None:
    rota = with_cover(None, hours("b", 1, 2), "Europe/Brussels", ("a", "b"), NOW)
    assert on_call(rota, NOW) == ("a", "b")
    assert on_call(rota, NOW + timedelta(hours=1)) == ("b", "a")


def test_covers_that_are_over_are_forgotten_and_one_is_taken_out() -> None:
    rota = Rota("Europe/Brussels", (Layer(("a",)),), (hours("a", -2, -1), hours("b", 3, 4)))
    rota = with_cover(rota, hours("a", 1, 2), "Europe/Brussels", ("a",), NOW)
    assert covers(rota, NOW) == (hours("a", 1, 2), hours("b", 3, 4))
    assert without_cover(rota, hours("a", 1, 2), NOW).overrides == (hours("b", 3, 4),)


def test_a_new_layer_keeps_covers_and_holidays() -> None:
    holiday = Holiday(NOW.date(), NOW.date(), ("a",))
    rota = Rota("Europe/Brussels", (Layer(("a",)),), (hours("a", 1, 2),), (holiday,))
    changed = with_layer(rota, Layer(("b",)), "Europe/Brussels")
    assert (changed.layers, changed.overrides, changed.holidays) == (
        (Layer(("b",)),),
        rota.overrides,
        rota.holidays,
    )


def test_somebody_who_leaves_stands_nowhere_any_more() -> None:
    rota = Rota(
        "Europe/Brussels",
        (Layer(("a", "b")), Layer(("a",))),
        (hours("a", 1, 2), Override("b", NOW, NOW + timedelta(hours=1), "a"), hours("b", 3, 4)),
        (Holiday(NOW.date(), NOW.date(), ("a",)), Holiday(NOW.date(), NOW.date(), ("b", "a"))),
    )
    left = without_member(rota, "a")
    assert members_of(rota) == {"a", "b"}
    assert members_of(left) == {"b"}
    assert left.layers == (Layer(("b",)),)
    assert left.overrides == (hours("b", 3, 4),)
