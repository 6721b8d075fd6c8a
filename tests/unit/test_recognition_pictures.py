"""What is said by pictures, dots and dashes, and from a dark room, by the rules alone."""

from __future__ import annotations

import functools

import pytest

from alerts.recognition import Alarm, Recogniser
from config.lexicons import load_lexicons


@functools.cache
def rules() -> Recogniser:
    return Recogniser(load_lexicons(), None)


@pytest.mark.parametrize(
    "text", ["🔪", "🔫🔫", "👮‍♂️👮🏽", "🚓", "🩸😭", "💣", "🔥🏠", "🥷🚪😨", "😱🏃", "⚠️⚠️⚠️", "🙏 🔫 🙏"]
)
def test_pictures_of_danger_alone_are_a_doubt(text: str) -> None:
    assert rules().recognise(text).alarm is Alarm.DOUBT


@pytest.mark.parametrize(
    "text",
    [
        "👍",
        "😂🔫",
        "🔪🍅🧅",
        "🔥",
        "🔥🔥😍",
        "😭😭😭",
        "🙏❤️",
        "🎉🏠",
        "⚠️",
        "🏠",
        "😱",
        "🚗",
        "💀😭",
        "",
        "…",
        "—",
    ],
)
def test_other_pictures_alone_are_nothing(text: str) -> None:
    assert rules().recognise(text).alarm is Alarm.NONE


@pytest.mark.parametrize("text", ["he has a 🔪", "tiene una 🔫 aqui", "🚓 outside my house"])
def test_a_picture_beside_words_is_read_as_its_word(text: str) -> None:
    assert rules().recognise(text).alarm in (Alarm.DOUBT, Alarm.SOS)


@pytest.mark.parametrize("text", ["he cuts onions 🔪😭😂", "nice 🔥", "ok 👮"])
def test_a_picture_beside_calm_words_is_nothing(text: str) -> None:
    assert rules().recognise(text).alarm is Alarm.NONE


@pytest.mark.parametrize(
    "text", ["... --- ...", "•••———•••", "· · · – – – · · ·", "...---......---...", "he!p"]
)
def test_sos_in_dots_and_dashes_or_with_a_sign_inside_is_an_sos(text: str) -> None:
    assert rules().recognise(text).alarm is Alarm.SOS


@pytest.mark.parametrize("text", ["...", "---", "... ...", "- one - two", "wow!nice", ". - . -"])
def test_other_dots_and_signs_are_nothing(text: str) -> None:
    assert rules().recognise(text).alarm is Alarm.NONE


@pytest.mark.parametrize(
    "text",
    [
        "i switched the lights off, they are in the stairwell",
        "apagamos las luces, estan en el pasillo",
        "lumieres eteintes, ils sont dans le couloir",
        "طفينا النور هم ع السلم",
        "погасили свет, они на лестнице",
        "tumezima taa wako kwenye ngazi",
    ],
)
def test_a_dark_room_and_somebody_near_are_a_doubt(text: str) -> None:
    assert rules().recognise(text).alarm in (Alarm.DOUBT, Alarm.SOS)


@pytest.mark.parametrize("text", ["i switched the lights off, good night", "apague la luz, buenas noches"])
def test_a_dark_room_alone_is_nothing(text: str) -> None:
    assert rules().recognise(text).alarm is Alarm.NONE


@pytest.mark.parametrize(
    "text",
    [
        "tell my parents i love them",
        "diles a mis hijas que las quiero",
        "dis a ma femme que je l'aime",
        "قولوا لمرتي اني بحبها",
        "скажи маме что люблю её",
        "fala pro meu pai que eu amo ele",
        "aileme onları sevdiğimi söyle",
        "waambieni familia nawapenda",
        "به مادرم بگو دوستش دارم",
        "পরিবারকে বলো আমি ভালোবাসি",
    ],
)
def test_words_of_farewell_are_heard(text: str) -> None:
    found = rules().recognise(text)
    assert found.alarm is Alarm.SOS or found.rule == "farewell"
