"""Times as people read them."""

from datetime import UTC, datetime

import pytest

from handlers.localtime import shown

NOW = datetime(2026, 11, 28, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Sun 29 Nov 01:26"),
        ("es", "dom 29 nov 01:26"),
        ("fr", "dim. 29 nov. 01:26"),
        ("ar", "الأحد 29 نوفمبر 01:26"),
    ],
)
def test_another_day_is_named_in_the_language_of_who_reads_it(language: str, text: str) -> None:
    assert shown(datetime(2026, 11, 28, 23, 26, tzinfo=UTC), NOW, "Asia/Beirut", language) == text


def test_today_is_a_time_and_another_year_is_named() -> None:
    assert shown(datetime(2026, 11, 28, 21, 0, tzinfo=UTC), NOW, "Asia/Beirut", "en") == "23:00"
    assert (
        shown(datetime(2027, 1, 3, 9, 0, tzinfo=UTC), NOW, "Europe/Brussels", "en") == "Sun 3 Jan 2027 10:00"
    )
