"""What is told by what is seen and what is missing, by the rules alone; and the spellings that are one."""

from __future__ import annotations

import functools

import pytest

from alerts.recognition import Alarm, Recogniser
from alerts.recognition.normal import fold
from config.lexicons import load_lexicons


@functools.cache
def rules() -> Recogniser:
    return Recogniser(load_lexicons(), None)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("my uncle left for the mosque at noon and nobody has seen him since", "not-back"),
        ("mi primo salio a la milpa y no ha vuelto", "not-back"),
        ("ma tante est partie au marche et son tel est eteint", "not-back"),
        ("عمي راح عالفرن الصبح وما حدا شافه", "not-back"),
        ("племянник ушел на работу и до сих пор нет", "not-back"),
        ("meu tio saiu pra roça e ninguem viu", "not-back"),
        ("amcam markete gitti gören yok", "not-back"),
        ("mjomba alienda sokoni na hajarudi", "not-back"),
        ("عموم رفت نونوایی هنوز برنگشته", "not-back"),
        ("চাচা বাজারে গেছে এখনো ফিরে নাই", "not-back"),
        ("the same jeep is in my street now", "followed-again"),
        ("la misma moto esta ahora en mi calle", "followed-again"),
        ("la meme camionnette est maintenant dans ma rue", "followed-again"),
        ("they keep looking up at my flat", "watched"),
        ("all the papers are thrown around, the camera is gone", "ransacked"),
        ("encontre todo revuelto y la camara no esta", "ransacked"),
        ("they left a wreath for me", "omen"),
        ("come alone, tell no one", "lured"),
    ],
)
def test_a_scene_is_a_doubt(text: str, rule: str) -> None:
    found = rules().recognise(text)
    assert found.alarm in (Alarm.DOUBT, Alarm.SOS), found
    assert found.alarm is Alarm.SOS or found.rule in (rule, "missing", "coming"), found


@pytest.mark.parametrize(
    "text",
    [
        "what if my uncle left for the mosque and nobody has seen him?",
        "the same jeep was in the film, lol",
        "the door is open, come in",
        "tell no one",
        "the lock is broken",
        "no news from the printer",
    ],
)
def test_half_a_scene_or_talk_about_one_is_none(text: str) -> None:
    assert rules().recognise(text).alarm is Alarm.NONE


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("jsuis ds la cave, qqn monte", "je suis dans la cave, quelqu'un monte"),
        ("اخذوا موبايلي", "اخدو موبايلي"),
        ("می‌زنند", "ميزنن"),
        ("götürüyolar", "götürüyorlar"),
        ("মারতেছে", "মারছে"),
    ],
)
def test_two_spellings_are_one(typed: str, meant: str) -> None:
    assert fold(typed) == fold(meant)


@pytest.mark.parametrize("text", ["tuyo", "هوا", "ya bosun"])
def test_short_words_that_only_end_so_stay(text: str) -> None:
    assert fold(text) == text


@pytest.mark.parametrize("text", ["3at9ouni", "3atkouni 3at9ouni", "el7a2ouni", "le7a9ouni"])
def test_arabic_with_figures_is_read_by_its_consonants(text: str) -> None:
    assert rules().recognise(text).alarm is Alarm.SOS


@pytest.mark.parametrize("text", ["b2b", "mp3", "covid19", "h264", "3d", "photo2"])
def test_names_with_figures_are_not_arabic(text: str) -> None:
    assert rules().recognise(text).alarm is Alarm.NONE
