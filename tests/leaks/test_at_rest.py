"""Nothing that a person wrote, was called or could be reached at is readable in any file of the database."""

from __future__ import annotations

import pytest

from tests.at_rest import contents
from tests.leaks.planted import STEM, STORED, desk, needles, opened, play, readable

CONTROL = "readable-on-purpose"


def found_in(database: str, secrets: list[str]) -> list[str]:
    """Secrets that can be read, with the form and the file; never what stands around them."""
    return [
        f"{found} in {name}" for name, content in contents(database) for found in readable(content, *secrets)
    ]


def test_nothing_planted_is_readable_in_the_database(database: str) -> None:
    with desk(database) as it:
        secrets = [STEM, *play(it)]
        held = opened(it.stage.engine.store).lower()
        assert [word for word in STORED if f"{STEM}{word}" not in held] == [], "it is there, sealed"
        assert f"{STEM}word" not in held, "a secret word is kept as a digest, not even sealed"
        assert [s for s in secrets if s.lower() not in held and "-" not in s] == []
        assert found_in(database, secrets) == []
        # The search finds what is readable, in the very same files.
        it.stage.engine.store.set_meta("control", CONTROL)
        assert found_in(database, [CONTROL])
        it.stage.die()
        assert found_in(database, [STEM]) == []
        it.stage.start()


@pytest.mark.parametrize(
    "hidden",
    [
        b"..Qxplantname..",
        "Qxplantname".encode("utf-16-le"),
        "Qxplantname".encode("utf-16-be"),
        b"5178706c616e746e616d65",
        b"UXhwbGFudG5hbWU=",
        b"YS5ReHBsYW50bmFtZQ==",
        b"YWEuUXhwbGFudG5hbWU=",
    ],
)
def test_the_search_finds_every_form(hidden: bytes) -> None:
    assert readable(b"\0\xff" + hidden + b"\0", STEM.capitalize())
    assert all(len(needle) > 5 for needle in needles(STEM).values())
