"""A rota as plain data: there and back, and what is refused."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time

import pytest

from alerts.oncall import Handover, Holiday, Hours, Layer, Override, Rota, rota_from_data, rota_to_data

FULL = Rota(
    "Europe/Brussels",
    (
        Layer(
            ("ana", "ben"),
            Handover.WEEKLY,
            time(8, 30),
            4,
            date(2026, 3, 2),
            (Hours(time(22), time(6), frozenset({0, 6})), Hours(time(9), time(12))),
        ),
        Layer(("carla",)),
    ),
    (
        Override("ben", datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC), "ana"),
        Override("eva", datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC)),
    ),
    (Holiday(date(2026, 12, 24), date(2026, 12, 26), ("eva",)),),
)


def test_there_and_back_through_json() -> None:
    assert rota_from_data(json.loads(json.dumps(rota_to_data(FULL)))) == FULL
    assert rota_from_data(json.loads(json.dumps(rota_to_data(Rota("UTC"))))) == Rota("UTC")


def test_a_short_rota_may_leave_out_what_has_a_default() -> None:
    assert rota_from_data({"version": 1, "zone": "UTC", "layers": [{"members": ["ana"]}]}) == Rota(
        "UTC", (Layer(("ana",)),)
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": 2}, "rota.version"),
        ({"zone": "Europe/Atlantis"}, "time zone 'Europe/Atlantis' is not known"),
        ({"zone": None}, "rota.zone"),
        ({"zones": "UTC"}, "unknown key; allowed are"),
        ({"layers": {}}, "rota.layers must be a list"),
        ({"layers": [{"members": "ana"}]}, r"rota.layers\[0\].members must be a list"),
        ({"layers": [{"members": []}]}, "at least one member"),
        ({"layers": [{"members": [7]}]}, r"rota.layers\[0\].members\[0\]"),
        (
            {"layers": [{"members": ["ana"], "handover": "hourly"}]},
            "handover must be one of none, daily, weekly",
        ),
        ({"layers": [{"members": ["ana"], "at": "9:00"}]}, "at must be a time of day written HH:MM"),
        ({"layers": [{"members": ["ana"], "at": "24:00"}]}, "at must be a time of day written HH:MM"),
        ({"layers": [{"members": ["ana"], "weekday": True}]}, "weekday must be a whole number"),
        ({"layers": [{"members": ["ana"], "start": "2026-02-30"}]}, "start must be a date"),
        ({"layers": [{"members": ["ana"], "hours": [{"start": "09:00"}]}]}, r"hours\[0\].end must be a time"),
        (
            {
                "layers": [
                    {"members": ["ana"], "hours": [{"start": "09:00", "end": "10:00", "days": ["mon"]}]}
                ]
            },
            r"hours\[0\].days must be weekdays",
        ),
        ({"overrides": [{"member": "ana"}]}, r"rota.overrides\[0\].starts_at must be an ISO date and time"),
        (
            {
                "overrides": [
                    {"member": "ana", "starts_at": "2026-03-02T09:00", "ends_at": "2026-03-02T10:00+00:00"}
                ]
            },
            "with an offset",
        ),
        (
            {"holidays": [{"first": "2026-03-02", "last": "2026-03-01", "members": ["ana"]}]},
            "must not end before",
        ),
    ],
)
def test_bad_data_is_refused_with_the_key(change: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        rota_from_data({"version": 1, "zone": "UTC", **change})


@pytest.mark.parametrize("data", [None, [], "rota", 3])
def test_what_is_no_mapping_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match="rota must be a mapping"):
        rota_from_data(data)
