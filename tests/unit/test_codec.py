"""What a field holds when stored data does not name it is part of what is stored."""

from __future__ import annotations

import dataclasses
import typing
from datetime import UTC, datetime

import pytest

from alerts import people
from alerts.codec import UnknownField, from_plain, to_plain
from alerts.store.shapes import BY_KIND

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
KNOWN: dict[str, list[str]] = {
    "Address": [],
    "Case": [
        "headline=''",
        "asked=()",
        "alerted=()",
        "paged=()",
        "step=0",
        "climbs=0",
        "climb_from=None",
        "ack_by=None",
        "doubt_until=None",
        "unanswered_since=None",
        "nags=0",
        "told_at=None",
        "seen_at=None",
        "reminded_at=None",
        "outcome=''",
        "outcome_note=''",
        "check_in_id=None",
        "round_id=None",
        "needs_verification=False",
        "reopened=0",
        "raised_at=None",
        "planned_at=None",
        "told_next_at=None",
        "unreached_in=''",
        "plan_nags=0",
        "rest_told=()",
    ],
    "CheckIn": ["protocol=''", "label=''", "schedule=None", "made_by=''", "created_at=None", "extended=0"],
    "CheckInSchedule": [
        "times=()",
        "days=frozenset({0, 1, 2, 3, 4, 5, 6})",
        "every_hours=None",
        "anchor=None",
        "quiet=None",
        "paused_until=None",
    ],
    "Choice": [],
    "ContactLink": ["label=''", "consented_at=None"],
    "Invitation": ["alias=''"],
    "Message": ["text=''", "channel=''", "ref=''", "latitude=None", "longitude=None", "sent_at=None"],
    "Outgoing": [
        "text=''",
        "choices=()",
        "question=''",
        "quote_ref=''",
        "ref=''",
        "earlier_refs=()",
        "file_id=''",
        "latitude=None",
        "longitude=None",
        "ask_location=False",
        "delete_ref=''",
        "repeat_note=''",
        "line=''",
        "entry=''",
        "reason=''",
        "fallback=False",
        "defender_id=None",
    ],
    "Person": [
        "alias=''",
        "shown_name=''",
        "language=''",
        "zone=''",
        "uses_voice=False",
        "contacts_when_undelivered=False",
        "content_channel=''",
        "notes=''",
        "ok_word=''",
        "check=''",
        "addresses=()",
    ],
    "Question": ["case_id=None", "subject=None", "choices=()"],
    "Round": [
        "protocol=''",
        "done=()",
        "answer=''",
        "wellbeing=None",
        "alerted=()",
        "contacts_from=None",
        "more_time=0",
        "shifted_from=None",
        "told_unasked=None",
    ],
    "StoredFile": ["channel=''", "remote_id=''", "content_type=''", "name=''", "voice=False", "sha256=''"],
    "Talk": [
        "version=1",
        "question=None",
        "exchange_at=None",
        "told_telegram=False",
        "focus=None",
        "closed=None",
        "last_channel=None",
        "dialogue=''",
        "wrong_codes=()",
        "codes_made=()",
    ],
}


def nested(kind: type, found: dict[type, None]) -> None:
    """Every dataclass that is stored inside `kind`."""
    if kind in found:
        return
    found[kind] = None
    for hint in typing.get_type_hints(kind).values():
        for one in (hint, *typing.get_args(hint)):
            if isinstance(one, type) and dataclasses.is_dataclass(one):
                nested(one, found)


def stored() -> list[type]:
    found: dict[type, None] = {}
    for kind in BY_KIND:
        nested(kind, found)
    return sorted(found, key=lambda kind: kind.__name__)


def defaults(kind: type) -> list[str]:
    return [
        f"{f.name}={f.default!r}" for f in dataclasses.fields(kind) if f.default is not dataclasses.MISSING
    ]


@pytest.mark.parametrize("kind", stored(), ids=lambda kind: kind.__name__)
def test_no_default_of_something_stored_changes(kind: type) -> None:
    """A field that has its default is not written. Whoever changes a default changes what old rows say: give the new
    meaning another name, or write a migration. A new field with a default is fine: add it to the list."""
    assert defaults(kind) == KNOWN[kind.__name__]


def test_what_has_its_default_is_left_out_and_comes_back() -> None:
    question = people.Question("sos.danger", AT)
    plain = to_plain(question)
    assert set(plain) == {"code", "asked_at", "draft"}, "one that is made anew each time is written"
    assert from_plain(people.Question, plain) == question


def test_a_value_equal_to_the_default_and_of_another_kind_is_kept() -> None:
    @dataclasses.dataclass(frozen=True)
    class Pair:
        count: float = 0
        other: str = ""

    assert to_plain(Pair(0.0)) == {"count": 0.0}
    assert to_plain(Pair(0)) == {}


def test_a_field_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UnknownField, match="colour"):
        from_plain(people.Question, {"code": "x", "asked_at": 0, "colour": "red"})
