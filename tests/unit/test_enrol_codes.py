"""What is a code and what is not: read off what people type, without taking their words for one."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.invitations import (
    CODE_LETTERS,
    check_number,
    clean_name,
    code_in,
    codes_of,
    free_name,
    hide_code,
    is_usable,
    name_key,
    names_in,
    new_invitation,
    within,
)
from alerts.people import Purpose

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
CODE = "AC3EF-GH4KL"


@given(st.binary(min_size=12, max_size=96))
def test_every_code_is_read_back_however_it_is_typed(chance: bytes) -> None:
    for code in codes_of(chance):
        assert len(code) == 11
        assert set(code) <= set(CODE_LETTERS) | {"-"}
        bare = code.replace("-", "")
        spaced = " ".join(bare)
        for typed in (
            code,
            code.lower(),
            bare,
            bare.lower(),
            code.replace("-", " "),
            code.replace("-", " – "),
        ):
            assert code_in(typed) == code
            assert code_in(f"  {typed}\n") == code
        assert code_in(f"/start {code}") == code
        assert code_in(f"Your code for the desk: {code}. Send it to this account.") == code
        assert code_in(spaced) in ("", code)


def test_codes_hardly_repeat() -> None:
    chance = random.Random(1)
    found = [code for _ in range(2000) for code in codes_of(chance.randbytes(60))]
    assert len(set(found)) == len(found) == 10_000
    counts = [sum(letter in code for code in found) for letter in CODE_LETTERS]
    assert min(counts) > 2_000  # no letter is left out


@pytest.mark.parametrize(
    "typed",
    [
        "ac3ef gh4kl",
        "AC3EF_GH4KL",
        "AC3EF\u2011GH4KL",
        "\u200fAC3EF-GH4KL\u200e",
        "AC\u06f3EF-GH\u0664KL",
        "\uff21\uff23\uff13\uff25\uff26-GH4KL",
        "code: AC3EF-GH4KL",
        "/START ac3efgh4kl",
        "A C 3 E F - G H 4 K L",
        "a c 3 e f g h 4 k l",
        "A-C-3-E-F-G-H-4-K-L",
    ],
)
def test_a_code_is_found_in_what_phones_make_of_it(typed: str) -> None:
    assert code_in(typed) == CODE


@pytest.mark.parametrize(
    "words",
    [
        "",
        "help",
        "SOS",
        "unexpected",
        "peace dream",
        "under threat",
        "they took 12 people",
        "+1 415 555 0123",
        "4155550123",
        "33467 44679",
        "2026-03-02",
        "AC3EF",
        "AC3EF-GH4KL-MN6PQ",
        "flight ac3ef gh4kl has left",
        "XAC3EF-GH4KLX",
        "PEACE-MARCH",
        "room 34 at 9",
        "room 4 gate 7",
        "a b c d e f g h i j",
        CODE + "x" * 600,
        "\ud800\0",
    ],
)
def test_words_and_numbers_are_no_codes(words: str) -> None:
    assert code_in(words) == ""


@pytest.mark.parametrize("typed", ["AC3EF-GH4K0", "ac8ef gh4kl", "IC3EF-GH4KL"])
def test_a_letter_that_codes_never_have_makes_it_a_wrong_code(typed: str) -> None:
    found = code_in(typed)
    assert found
    assert not set(found) <= set(CODE_LETTERS) | {"-"}


@given(st.text(max_size=300))
def test_looking_for_a_code_never_fails(text: str) -> None:
    code = code_in(text)
    assert code == "" or code not in hide_code(text)


def test_a_code_is_hidden_and_the_words_around_it_stay() -> None:
    assert hide_code(f"take {CODE}, it is from Lina") == "take …, it is from Lina"
    assert hide_code("ac3ef gh4kl") == "…"


def test_an_invitation_is_good_until_it_expires_or_is_used() -> None:
    made = new_invitation(
        invitation_id="i", digest=b"d", desk="main", purpose=Purpose.DEFENDER, now=NOW, hours=72, key_id="k"
    )
    assert is_usable(made, NOW)
    assert is_usable(made, NOW + timedelta(hours=72, seconds=-1))
    assert not is_usable(made, NOW + timedelta(hours=72))
    assert CODE not in repr(made)


def test_only_what_is_younger_than_the_window_counts() -> None:
    instants = [NOW - timedelta(minutes=m) for m in (61, 60, 59, 0)]
    assert within(instants, timedelta(hours=1), NOW) == tuple(instants[2:])


def test_a_check_number_has_four_digits_and_is_not_taken() -> None:
    fresh = "0" * 16 + f"{9000 - 1:016x}"
    assert check_number(fresh, ()) == "9999"
    assert check_number(fresh, ("9999", "", "1000")) == "1001"
    taken = [str(n) for n in itertools.chain(range(1000, 5000), range(5001, 10_000))]
    assert check_number("f" * 32, taken) == "5000"


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Lina", "Lina"),
        ("  “Lina  K” ", "Lina K"),
        ("لينا", "لينا"),
        ("Ana Maria Diaz", "Ana Maria Diaz"),
        ("Ana Maria Diaz Perez", ""),
        ("your brother to come over now", ""),
        ("x" * 41, ""),
        ("123", ""),
        ("/lina", ""),
        (CODE, ""),
        ("li\u200fna", ""),
        ("", ""),
    ],
)
def test_what_can_be_a_name(typed: str, name: str) -> None:
    assert clean_name(typed) == name


def test_names_are_compared_without_case_and_made_different() -> None:
    assert name_key(" ÁNA  k") == name_key("ána K")
    assert free_name("Sami", []) == "Sami"
    assert free_name("Sami", ["sami", "SAMI 2"]) == "Sami 3"


def test_names_in_a_command_are_what_follows_its_first_or_second_word() -> None:
    assert set(names_in("invite officer Ana Maria")) >= {"Ana", "Ana Maria", "officer"}
    assert names_in("cases") == ()
