"""Cries in figures, tapped in panic, and in words that only look like one beside a plea."""

from __future__ import annotations

import functools

import pytest

from alerts.recognition import Alarm, Recogniser
from bot.rules import shipped_recogniser


@functools.cache
def recogniser() -> Recogniser:
    return shipped_recogniser()


def alarm(text: str) -> Alarm:
    return recogniser().recognise(text).alarm


@pytest.mark.parametrize("text", ["bus 505 at 10", "the 505", "my 505", "room 505 please", "por 505"])
def test_a_number_is_a_number_beside_a_noun_and_behind_an_article(text: str) -> None:
    assert alarm(text) is Alarm.NONE


@pytest.mark.parametrize(
    "text",
    [
        "505 now",
        "505 please",
        "Please 505",
        "505 vite",
        "505 us",
        "505 here",
        "505, please",
        "505 505 please",
        "505 please now",
        "505 por favor",
        "505 s'il vous plaît",
        "505 svp",
        "505 pls",
        "505 пожалуйста",
        "505 tafadhali",
        "٥٠٥ الآن",
    ],
)
def test_sos_in_figures_beside_a_plea_is_an_sos(text: str) -> None:
    assert alarm(text) is Alarm.SOS


@pytest.mark.parametrize(
    "text",
    [
        "SOSOS",
        "SOSOS!!!",
        "SOSOS SOSOS",
        "OSOS",
        "SOSO",
        "S OS OS",
        "SOSOSO",
        "SOSOSOS",
        "sosos",
        "OSOSO",
        "so sos",
        "SOSOS please",
        "please soso",
    ],
)
def test_sos_tapped_in_panic_is_an_sos(text: str) -> None:
    assert alarm(text) is Alarm.SOS


@pytest.mark.parametrize("text", ["so so", "So, so.", "so-so", "soo so", "so so so", "oso", "os"])
def test_so_so_is_how_one_feels(text: str) -> None:
    assert alarm(text) is Alarm.NONE


@pytest.mark.parametrize(
    "text",
    [
        "hell me",
        "helo me",
        "half me",
        "hell pls",
        "please hell",
        "hell me please",
        "aile moi",
        "me ajudam",
        "amake bachai",
        "bachai amake",
        "emergence here",
        "please emergence",
    ],
)
def test_a_good_word_that_looks_like_a_cry_calls_somebody_beside_a_plea(text: str) -> None:
    assert alarm(text) is not Alarm.NONE


@pytest.mark.parametrize("text", ["half now", "hello please", "agua por favor", "sous nous", "rain here"])
def test_a_good_word_that_looks_like_a_cry_is_none_beside_what_is_no_cry_with_it(text: str) -> None:
    assert alarm(text) is Alarm.NONE


@pytest.mark.parametrize(
    "text",
    [
        "emergence!!!",
        "ajudam!",
        "спас!!!",
        "secoues",
        "yetisir",
        "arde",
        "nisaidia",
        "bachai",
        "acid",
        "tir",
        "morro",
        "shouting",
        "shooting",
        "cortam",
    ],
)
def test_a_word_that_somebody_in_danger_may_well_mean_calls_somebody(text: str) -> None:
    assert alarm(text) is not Alarm.NONE
