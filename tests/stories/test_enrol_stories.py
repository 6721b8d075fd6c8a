"""Who gets in and how, told as chats: law 11, restarted between every step, on both databases.

A code is read off a pretend phone, as a person would, and typed into another.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from typing import Any

import pytest

from alerts.people import LinkStatus, Role
from bot.rehearsal.script import Character, CheckInPlan
from tests.stories.chat import BOTH, Chat, chat, roles

SAMI = Character("sami", BOTH, verified=True, contacts=("lina",))
LINA = Character("lina", ("signal",))


def enrolled(it: Chat, who: str, alias: str, channel: str = "") -> None:
    """An officer invites somebody who uses the code and skips the questions."""
    it.says("ana", f"invite {alias}")
    it.says(who, it.code("ana"), channel)
    it.says(who, "skip", channel)
    it.says(who, "skip", channel)


# ---------------------------------------------------------------------------------------------------------- defenders


def test_a_defender_joins_by_a_code_and_is_asked_one_short_thing_at_a_time(database: str) -> None:
    with chat("nour", database=database) as it:
        it.says("ana", "invite Nour")
        code = it.code("ana")
        it.says("nour", code.lower().replace("-", " "), "telegram")
        assert it.told("ana", "staff.enrolled", name="Nour")
        (welcome,) = it.new("nour")
        assert "write SOS" in welcome["text"]
        assert it.told("nour", "enrol.telegram")
        assert welcome["buttons"] == ["English", "Español", "Français", "العربية", "Skip"]
        it.does("nour", "telegram", press=3)
        person = it.person("nour", "telegram")
        assert person is not None
        assert (person.role, person.verified, person.alias, person.language) == (
            Role.DEFENDER,
            True,
            "Nour",
            "fr",
        )
        assert len(it.new("nour")) == 1
        it.says("nour", "Beirut", "telegram")
        person = it.person("nour", "telegram")
        assert person is not None
        assert person.zone == "Asia/Beirut"
        assert "TEST" in it.texts("nour")[0]
        it.says("nour", "/help", "telegram")
        assert not it.told("nour", "enrol.telegram")  # said once


def test_a_code_works_once_and_the_second_to_try_hears_no_more_than_a_guesser(database: str) -> None:
    with chat("nour", "eve", "guy", database=database) as it:
        it.says("ana", "invite Nour")
        code = it.code("ana")
        it.says("nour", code)
        it.says("eve", code)
        used = it.texts("eve")
        assert it.told("eve", "code.wrong")
        it.says("guy", "AC3EF-GH4KL")
        assert it.texts("guy") == used
        assert roles(it, "nour", "eve", "guy") == [Role.DEFENDER, Role.STRANGER, Role.STRANGER]
        assert not it.new("ana")


def test_a_code_expires(database: str) -> None:
    with chat("nour", database=database) as it:
        it.says("ana", "invite Nour")
        code = it.code("ana")
        it.waits(hours=72)
        it.says("nour", code)
        assert it.told("nour", "code.wrong")
        assert roles(it, "nour") == [Role.STRANGER]


@pytest.mark.parametrize("what", [{"text": "SOS"}, {"location": (33.9, 35.5)}, {"voice": True}])
@pytest.mark.parametrize("skips", [0, 1])
def test_an_alarm_in_the_middle_of_the_dialogue_is_an_alarm(skips: int, what: dict[str, Any]) -> None:
    with chat("nour") as it:
        it.says("ana", "invite Nour")
        it.says("nour", it.code("ana"))
        for _ in range(skips):
            it.says("nour", "skip")
        it.does("nour", **what)
        assert it.new("ana", "page")
        assert it.told("nour", "receipt.stored")
        assert it.new("nour")[0]["urgency"] == "P1"


def test_skip_answers_the_question_about_an_alarm_before_the_dialogue() -> None:
    with chat("nour") as it:
        it.says("ana", "invite Nour")
        it.says("nour", it.code("ana"))
        it.says("nour", "SOS")
        it.says("nour", "skip")
        assert it.told("nour", "sos.what")
        assert not it.told("nour", "enrol.zone")


def test_what_is_no_answer_in_the_dialogue_reaches_the_desk() -> None:
    with chat("nour") as it:
        it.says("ana", "invite Nour")
        it.says("nour", it.code("ana"))
        it.says("nour", "skip")
        it.says("nour", "Atlantis")
        assert it.told("nour", "enrol.zone_unknown")
        assert it.told("nour", "message.stored")
        assert any("Atlantis" in text for text in it.texts("ana"))


def test_a_stranger_with_an_open_alarm_who_is_enrolled_is_known_on_that_case() -> None:
    with chat("nour") as it:
        it.says("nour", "SOS")
        it.says("ana", "take")
        it.says("ana", "invite Nour")
        it.says("nour", it.code("ana"))
        assert it.told("ana", "desk.known_now", name="Nour")
        it.says("nour", "skip")
        it.says("nour", "they are at the door")
        assert any("Nour" in text for text in it.texts("ana"))


def test_two_people_invited_under_one_name_can_be_told_apart() -> None:
    with chat("nour", "nora") as it:
        it.says("ana", "invite Nour")
        first = it.code("ana")
        it.says("ben", "invite nour")
        second = it.code("ben")
        it.says("nour", first)
        it.says("nora", second)
        assert it.told("ben", "staff.enrolled", name="nour 2")
        it.says("ana", "invite NOUR")
        assert it.told("ana", "invite.taken", name="NOUR")


# ------------------------------------------------------------------------------------------------------------ guesses


def test_after_five_codes_that_do_not_work_a_right_one_is_any_unexpected_text(database: str) -> None:
    with chat("eve", "guy", database=database) as it:
        it.says("ana", "invite Eve")
        code = it.code("ana")
        it.says("guy", "good morning")
        unexpected = it.texts("guy")
        for number in range(5):
            it.says("eve", f"AC3EF-GH4K{'ACDEF'[number]}")
            assert it.told("eve", "code.wrong")
        it.says("eve", "AC3EF-GH4KX")
        assert it.texts("eve") == unexpected
        it.waits(minutes=10)
        it.says("eve", code)
        assert not it.told("eve", "code.wrong")
        assert roles(it, "eve") == [Role.STRANGER]
        assert not any(code in line.get("text", "") for line in it.new("ana"))  # nobody else can pick it up
        it.waits(minutes=61)
        it.says("eve", code)
        assert roles(it, "eve") == [Role.DEFENDER]


def test_what_looks_like_a_code_reaches_an_open_case() -> None:
    with chat("nour") as it:
        it.says("nour", "SOS")
        it.says("ana", "take")
        it.says("nour", "skip")
        it.says("nour", "AB123-CD456")  # the number plate
        assert any("AB123-CD456" in text for text in it.texts("ana"))


def test_a_city_whose_name_several_have_is_asked_about_and_one_in_arabic_is_known() -> None:
    with chat("nour") as it:
        it.says("ana", "invite Nour")
        it.says("nour", it.code("ana"))
        it.says("nour", "skip")
        it.says("nour", "Tripoli")
        assert it.told("nour", "time.hint.zone_unclear")
        assert not it.new("ana")
        it.says("nour", "بيروت")
        nour = it.person("nour")
        assert nour is not None
        assert nour.zone == "Asia/Beirut"


# ----------------------------------------------------------------------------------------------------------- contacts


def test_a_trusted_contact_consents_by_sending_the_code_and_is_told_what_it_means(database: str) -> None:
    with chat("nour", "lina", database=database) as it:
        enrolled(it, "nour", "Nour")
        it.says("nour", "contact lina")
        code = it.code("nour")
        assert not it.person("lina")
        it.says("lina", f"/start {code}")
        assert it.told("lina", "contact.welcome", name="Nour")
        assert it.told("nour", "contact.agreed", name="lina")
        nour = it.person("nour")
        assert nour is not None
        with it.stage.engine.store.reading() as work:
            (link,) = work.links_of(nour.id)
        assert (link.status, link.label) == (LinkStatus.CONSENTED, "lina")
        assert roles(it, "lina") == [Role.CONTACT]
        it.says("nour", "contacts")
        assert it.texts("nour") == ["Your trusted contacts:\nlina"]


def test_somebody_may_decline_to_be_a_contact() -> None:
    with chat("nour", "lina") as it:
        enrolled(it, "nour", "Nour")
        it.says("nour", "add contact Lina K")
        it.says("lina", it.code("nour"))
        it.says("lina", "1")
        assert it.told("nour", "contact.declined", name="Lina K")
        assert roles(it, "lina") == [Role.STRANGER]
        it.says("nour", "contacts")
        assert it.told("nour", "contact.none")


def test_words_that_only_begin_like_a_command_are_for_the_desk() -> None:
    with chat(SAMI, LINA) as it:
        for words in (
            "contact police",
            "contact my lawyer",
            "language barrier at the hospital",
            "stop contact with the ministry",
            "add contact details of the lawyer to my file",
            "leave the car there",
            "call me Samir",
        ):
            it.says("sami", words)
            assert any(words in text for text in it.texts("ana")), words


def test_a_contact_who_leaves_is_never_dropped_in_silence(database: str) -> None:
    with chat(SAMI, LINA, database=database) as it:
        it.says("sami", "SOS")
        it.says("ana", "take")
        it.says("lina", "stop")
        assert it.told("sami", "contact.left", name="Lina")
        assert it.told("ana", "staff.contact_left", name="Sami", contact="Lina")
        assert it.told("lina", "contact.goodbye", name="Sami")
        it.says("ana", "close safe")
        assert not it.new("lina")


@pytest.mark.parametrize("leaves", [True, False])
def test_an_alerted_contact_who_leaves_hears_nothing_more_and_the_desk_knows(leaves: bool) -> None:
    watched = replace(SAMI, check_in=CheckInPlan("elevated", (time(11, 0),)))
    with chat(watched, LINA) as it:
        it.waits(hours=2, minutes=50)
        assert it.new("lina", "contact_alert")
        if leaves:
            it.says("lina", "stop")
            assert it.told("ana", "staff.contact_left", name="Sami", contact="Lina")
        it.waits(minutes=15)
        it.says("ana", "take")
        it.says("sami", "OK")
        it.says("ana", "close safe")
        assert bool(it.new("lina")) is not leaves


def test_a_defender_takes_a_contact_back_and_the_contact_is_not_told() -> None:
    with chat(SAMI, LINA) as it:
        it.says("sami", "stop contact lina")
        assert it.told("sami", "contact.stopped", name="Lina")
        assert not it.new("lina")
        assert not it.new("ana")
        sami = it.person("sami")
        assert sami is not None
        with it.stage.engine.store.reading() as work:
            assert [link.status for link in work.links_of(sami.id)] == [LinkStatus.ENDED]


@pytest.mark.parametrize(
    "words",
    ["/stop_contact Maria Jose Lopez Garcia", "/stop_contact", "/stop_contact Lena", "stop contact Lena"],
)
def test_a_name_that_is_not_understood_ends_no_contact_and_the_defender_is_asked_which(words: str) -> None:
    with chat(SAMI, LINA) as it:
        it.says("sami", words)
        assert any("Lina" in text for text in it.texts("sami"))
        assert contacts_of(it, "sami") == [LinkStatus.CONSENTED]


@pytest.mark.parametrize("words", ["stop contact lina", "/stop_contact Lina", "refuse Lina", "stop contacts"])
def test_a_code_is_taken_back_before_it_is_used(words: str, database: str) -> None:
    with chat("nour", "lina", database=database) as it:
        enrolled(it, "nour", "Nour")
        it.says("nour", "add contact Lina")
        code = it.code("nour")
        it.says("nour", "contacts")
        assert it.texts("nour") == ["Your trusted contacts:\nLina (has not agreed yet)"]
        it.says("nour", words)
        assert it.told("nour", "contact.withdrawn", name="Lina")
        it.says("lina", code)
        assert it.told("lina", "code.wrong")
        assert contacts_of(it, "nour") == []
        it.says("nour", "contacts")
        assert it.told("nour", "contact.none")


def test_a_new_code_for_the_same_name_ends_the_one_before() -> None:
    with chat("nour", "lina") as it:
        enrolled(it, "nour", "Nour")
        it.says("nour", "add contact Lina")
        first = it.code("nour")
        it.says("nour", "add contact lina")
        assert it.told("nour", "contact.replaced", name="lina")
        second = it.code("nour")
        it.says("lina", first)
        assert it.told("lina", "code.wrong")
        it.says("lina", second)
        assert contacts_of(it, "nour") == [LinkStatus.CONSENTED]


def contacts_of(it: Chat, who: str) -> list[LinkStatus]:
    """Where the trusted contacts of somebody stand."""
    person = it.person(who)
    assert person is not None
    with it.stage.engine.store.reading() as work:
        return [link.status for link in work.links_of(person.id)]


# --------------------------------------------------------------------------------------------------- a second channel


def test_one_person_on_two_channels_is_one_person_and_open_cases_move(database: str) -> None:
    with chat("nour", database=database) as it:
        enrolled(it, "nour", "Nour", "telegram")
        it.says("nour", "SOS", "signal")  # from an account nobody knows yet
        assert "unverified" in it.texts("ana")[0]
        it.says("nour", "link", "telegram")
        it.says("nour", it.code("nour"), "signal")
        assert it.told("nour", "link.added", channel="Signal")
        assert it.told("ana", "desk.known_now", name="Nour")
        signal, telegram = it.person("nour", "signal"), it.person("nour", "telegram")
        assert signal == telegram
        assert signal is not None
        assert [a.channel for a in signal.addresses] == ["telegram", "signal"]
        it.says("ana", "take")
        it.says("nour", "I am in the cellar", "telegram")
        assert any("I am in the cellar" in text for text in it.texts("ana"))
        it.says("nour", "SOS", "signal")
        with it.stage.engine.store.reading() as work:
            (case,) = work.all_cases("main")
        assert (case.person_id, case.verified) == (signal.id, True)


def test_a_link_never_moves_an_account_of_somebody_known() -> None:
    with chat("nour", SAMI, LINA) as it:
        enrolled(it, "nour", "Nour", "telegram")
        it.says("nour", "link", "telegram")
        code = it.code("nour")
        it.says("nour", code, "telegram")
        assert it.told("nour", "link.same")
        it.says("sami", code)
        assert it.told("sami", "link.taken")
        it.says("lina", code)
        assert it.told("lina", "link.taken")
        it.says("nour", code, "signal")
        assert it.told("nour", "link.done", name="Nour")
        assert it.told("ana", "notice.linked", name="Nour", channel="Signal"), "a phone can be taken"
        assert not it.new("ana", "page")


def test_the_lead_hears_when_an_officer_adds_an_account() -> None:
    one = Character("omar", BOTH)
    with chat(one) as it:
        it.says("carla", "invite officer Omar")
        it.says("omar", it.code("carla"))
        it.says("carla", f"confirm {it.number('omar')}")
        it.says("omar", "link")
        it.says("omar", it.code("omar"), "telegram")
        assert it.told("carla", "staff.linked", name="Omar", channel="Telegram")
        it.says("omar", "/cases", "telegram")
        assert it.told("omar", "board.empty")


# --------------------------------------------------------------------------------------------------------- at any time


@pytest.mark.parametrize("words", ["language", "idioma", "langue", "اللغة", "/language"])
def test_the_language_is_changed_at_any_time_by_anybody(words: str) -> None:
    with chat("nour") as it:
        it.says("nour", words)
        it.says("nour", "Español")
        person = it.person("nour")
        assert person is not None
        assert person.language == "es"


@pytest.mark.parametrize("words", ["/help", "menu", "/start"])
def test_help_opens_no_case_and_raises_no_alarm(words: str) -> None:
    with chat("nour", SAMI, LINA) as it:
        for who, role in (("nour", "stranger"), ("sami", "defender"), ("lina", "contact")):
            it.says(who, words)
            assert it.told(who, f"help.{role}")
            assert not it.new("ana")


def test_a_voice_note_of_somebody_who_uses_voice_is_looked_at_and_not_an_alarm() -> None:
    with chat(SAMI, LINA) as it:
        it.says("sami", "I use voice")
        assert it.told("sami", "voice.on")
        it.does("sami", voice=True)
        assert it.new("ana", "page")[0]["urgency"] == "P2"


def test_the_desk_hears_that_whoever_used_a_code_is_known_already() -> None:
    with chat(SAMI, "lina", "nadia") as it:
        it.says("ana", "invite Nadia")
        it.says("lina", it.code("ana"))
        known = it.person("lina")
        assert known is not None
        assert known.role is Role.DEFENDER
        assert it.told("ana", "staff.known_before", name="Nadia", known="Lina")


def test_the_desk_hears_no_such_thing_of_a_stranger() -> None:
    with chat("nadia") as it:
        it.says("ana", "invite Nadia")
        it.says("nadia", it.code("ana"))
        assert not any("already known" in text for text in it.texts("ana"))
