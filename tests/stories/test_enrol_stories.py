"""Who gets in and how, told as chats: law 11, restarted between every step, on both databases.

A code is read off a pretend phone, as a person would, and typed into another.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from typing import Any

import pytest

from alerts.facts import Order
from alerts.people import LinkStatus, Purpose, Reach, Role, Standing
from bot.rehearsal.script import Character, CheckInPlan
from tests.stories.chat import BOTH, Chat, chat

SAMI = Character("sami", BOTH, verified=True, contacts=("lina",))
LINA = Character("lina", ("signal",))


def enrolled(it: Chat, who: str, alias: str, channel: str = "") -> None:
    """An officer invites somebody who uses the code and skips the questions."""
    it.says("ana", f"invite {alias}")
    it.says(who, it.code("ana"), channel)
    it.says(who, "skip", channel)
    it.says(who, "skip", channel)


def roles(it: Chat, *who: str) -> list[Role | None]:
    return [person.role if (person := it.person(name)) else None for name in who]


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


def test_a_yes_to_an_emergency_is_no_consent_to_be_a_contact() -> None:
    with chat(SAMI, LINA, "kim") as it:
        it.says("sami", "add contact kim")
        it.says("kim", it.code("sami"))
        it.says("kim", "call me now")
        assert it.told("kim", "doubt")
        it.says("kim", "yes")
        assert it.new("ana", "page")
        assert not it.told("sami", "contact.agreed", name="kim")


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


# -------------------------------------------------------------------------------------------------------------- staff


def test_the_first_lead_joins_by_the_administrators_code_alone(database: str) -> None:
    with chat("dana", "omar", officers=(), lead="", database=database) as it:
        it.says("dana", it.invited(Purpose.LEAD, "Dana"))
        assert it.told("dana", "staff.welcome_lead", name="Dana")
        it.says("omar", it.invited(Purpose.OFFICER, "Omar"))
        assert it.told("omar", "staff.welcome_officer", name="Omar")
        assert it.told("dana", "staff.joined_officer", name="Omar")
        it.says("omar", "/oncall")
        assert it.told("omar", "board.on_call", officer="Omar")


def test_an_officer_invited_by_chat_has_no_rights_until_the_number_was_read_out(database: str) -> None:
    with chat("dana", "nour", database=database) as it:
        it.says("nour", "SOS")
        it.says("carla", "invite officer Dana")
        it.says("dana", it.code("carla"))
        number = it.number("dana")
        assert number not in " ".join(it.texts("carla"))
        for words in ("/cases", "/rota", "/take", "invite Eve"):
            it.says("dana", words)
            assert not it.told("dana", "board.title", count=1)
        it.waits(minutes=3)
        assert not it.new("dana", "page")
        it.says("carla", "confirm 0000")
        assert it.told("carla", "confirm.no_such")
        it.says("carla", f"confirm {number}")
        assert it.told("dana", "staff.welcome_officer", name="Dana")
        assert it.told("ben", "staff.joined_officer", name="Dana")
        it.says("dana", "cases")
        assert any("not taken" in text for text in it.texts("dana"))
        it.says("carla", f"confirm {number}")
        assert it.told("carla", "confirm.no_such")


def test_whoever_used_the_code_instead_is_refused_and_stays_a_stranger() -> None:
    with chat("eve") as it:
        it.says("carla", "invite officer Dana")
        it.says("eve", it.code("carla"))
        number = it.number("eve")
        it.says("carla", "refuse dana")
        assert it.told("carla", "refuse.done", name="Dana")
        it.says("carla", f"confirm {number}")
        assert it.told("carla", "confirm.no_such")
        it.says("eve", "/cases")
        assert it.told("eve", "message.stored")


def test_only_leads_decide_who_is_staff() -> None:
    with chat("dana") as it:
        for words in ("invite officer Dana", "invite lead Dana", "/remove ben", "rota clear"):
            it.says("ana", words)
            assert it.texts("ana") == [it.stage.rules.words.say("en", "staff.leads_only")], words
        it.says("carla", "invite lead Dana")
        it.says("dana", it.code("carla"))
        number = it.number("dana")
        it.says("ana", f"confirm {number}")
        assert it.told("ana", "staff.leads_only")
        it.says("carla", f"confirm {number}")
        assert it.told("dana", "staff.welcome_lead", name="Dana")


def test_a_lead_makes_an_officer_a_lead() -> None:
    with chat() as it:
        it.says("carla", "invite lead ana")
        assert it.told("ana", "staff.welcome_lead", name="Ana")
        it.says("ana", "/remove carla")
        assert it.told("carla", "remove.told")


def test_a_removed_officer_has_no_rights_and_what_he_had_is_paged_again(database: str) -> None:
    with chat("nour", "eve", database=database) as it:
        it.says("nour", "SOS")
        it.says("ana", "take")
        it.says("ana", "invite Eve")
        code = it.code("ana")
        it.says("carla", "/remove ana")
        assert it.told("ana", "remove.told")
        assert it.new("ben", "page")
        assert not it.new("ana", "page")
        it.says("ana", "take")
        assert it.told("ana", "message.stored")
        it.says("eve", code)
        assert it.told("eve", "code.wrong")  # its maker may not invite any more
        it.says("ana", "SOS")
        assert it.new("ben", "page")  # rights ended, not the right to call for help


def test_the_last_lead_cannot_go() -> None:
    with chat() as it:
        it.says("carla", "/remove carla")
        assert it.told("carla", "remove.last_lead")
        assert roles(it, "carla") == [Role.LEAD]


def test_words_to_a_defender_are_not_taken_for_commands() -> None:
    with chat("nour") as it:
        it.says("nour", "SOS")
        it.says("ana", "take")
        for words in (
            "remove the SIM card",
            "confirm that you are alone",
            "content of the bag?",
            "refuse to sign",
        ):
            it.says("ana", words)
            assert any(words in text for text in it.texts("nour")), words


def test_the_administrator_confirms_and_removes_at_the_machine() -> None:
    with chat("dana") as it:
        it.says("carla", "invite officer Dana")
        it.says("dana", it.code("carla"))
        it.ordered(Order.CONFIRM, it.number("dana"))
        assert it.told("dana", "staff.welcome_officer", name="Dana")
        it.ordered(Order.REMOVE, "dana")
        assert it.told("dana", "remove.told")
        assert roles(it, "dana") == [Role.STRANGER]


def test_an_officer_chooses_where_content_goes() -> None:
    with chat("nour") as it:
        it.says("ana", "content telegram")
        assert it.told("ana", "content.done", channel="Telegram")
        it.says("nour", "SOS")
        it.says("ana", "take")
        it.says("nour", "there is a car outside")
        assert [line["channel"] for line in it.new("ana", "relay")] == ["telegram"]
        it.says("ana", "content auto")
        it.says("nour", "it has left")
        assert [line["channel"] for line in it.new("ana", "relay")] == ["signal"]


# ------------------------------------------------------------------------------------------------- no role, no rights


COMMANDS = (
    "/cases",
    "cases",
    "take K7PM",
    "/rota",
    "rota clear",
    "cover me 18:00 09:00",
    "invite Bob",
    "invite officer Bob",
    "/remove ana",
    "confirm 1234",
    "unfreeze Sami",
    "content telegram",
    "close safe",
)


@pytest.mark.parametrize("who", ["nour", "lina", "sami", "ben"])
def test_a_command_of_somebody_without_the_role_is_any_unexpected_text(who: str) -> None:
    with chat("nour", SAMI, LINA, "kim", restarts=False) as it:
        if who == "ben":
            it.unreadable("ben")  # frozen
            for _ in range(6):
                it.says("ben", "skip")
        for words in COMMANDS:
            it.says(who, "we shall talk later")
            expected = it.texts(who)
            it.says(who, words)
            assert it.texts(who) in (expected, []), (
                words
            )  # on an open case a message is passed on without a word
            assert not any(
                it.stage.rules.words.say("en", key) in text
                for text in it.texts(who)
                for key in ("staff.leads_only", "desk.unknown_command", "rota.usage", "invite.usage")
            )
        person = it.person(who)
        assert person is not None
        assert not person.is_staff


@pytest.mark.parametrize("who", ["nour", "lina", "sami", "ben"])
def test_what_somebody_without_the_role_is_answered_carries_no_case_reference(who: str) -> None:
    with chat("nour", SAMI, LINA, restarts=False) as it:
        if who == "ben":
            it.unreadable("ben")
        it.says(who, "/cases", "telegram" if who == "ben" else "")
        with it.stage.engine.store.reading() as work:
            refs = [case.ref for case in work.all_cases("main")]
        assert refs
        assert not any(ref in text for ref in refs for text in it.texts(who))
        if who != "ben":
            assert it.texts(who) == [it.stage.rules.words.say("en", "message.stored")]


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


# ----------------------------------------------------------------------------------------------------------- contacts


def test_a_trusted_contact_is_told_what_it_means_agrees_and_is_written_to_only_then(database: str) -> None:
    with chat("nour", "lina", database=database) as it:
        enrolled(it, "nour", "Nour")
        it.says("nour", "contact lina")
        code = it.code("nour")
        assert not it.person("lina")
        it.says("lina", f"/start {code}")
        assert it.told("lina", "contact.ask", name="Nour")
        nour = it.person("nour")
        assert nour is not None
        with it.stage.engine.store.reading() as work:
            assert [link.status for link in work.links_of(nour.id)] == [LinkStatus.INVITED]
        it.says("lina", "yes")
        assert it.told("nour", "contact.agreed", name="lina")
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
        it.says("lina", "2")
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


# ------------------------------------------------------------------------------------------------- a changed account


def test_a_changed_key_freezes_an_officers_rights_and_not_the_call_for_help(database: str) -> None:
    with chat("nour", database=database) as it:
        it.says("nour", "SOS")
        it.says("ana", "take")
        it.unreadable("ana")
        assert it.told("carla", "freeze.staff", name="Ana", channel="Signal")
        assert it.new("ben", "page")
        for channel in BOTH:
            it.says("ana", "/cases", channel)
            assert not it.told("ana", "board.title", count=2)
        it.says("ben", "unfreeze ana")
        assert it.told("ben", "staff.leads_only")
        it.says("carla", "unfreeze ana")
        assert it.told("carla", "unfreeze.done", name="Ana")
        person = it.person("ana")
        assert person is not None
        assert person.status is Standing.ACTIVE
        assert {a.status for a in person.addresses} == {Reach.OK}
        it.says("ana", "/oncall")
        assert it.told("ana", "board.on_call_next", officer="Ana", following="Ben")


def test_the_only_member_of_staff_keeps_the_account_that_did_not_change() -> None:
    with chat("nour", officers=("ana",), lead="") as it:
        it.unreadable("ana")
        it.says("ana", "/cases", "signal")
        assert not it.told("ana", "board.title", count=1)
        it.says("nour", "SOS")
        assert [line["channel"] for line in it.new("ana", "page")] == ["telegram"]
        it.says("ana", "/oncall", "telegram")
        assert it.told("ana", "board.on_call", officer="Ana")
        it.ordered(Order.UNFREEZE, "Ana")
        it.says("ana", "/oncall", "signal")
        assert it.told("ana", "board.on_call", officer="Ana")


def test_an_officer_trusts_a_defenders_new_phone_again() -> None:
    with chat(SAMI, LINA) as it:
        it.unreadable("sami")
        assert it.new("ana", "page")
        it.says("sami", "add contact Kim", "telegram")
        assert not any("Kim" in text for text in it.texts("sami"))
        it.says("ana", "unfreeze sami")
        assert it.told("ana", "unfreeze.done", name="Sami")
        person = it.person("sami")
        assert person is not None
        assert person.status is Standing.ACTIVE


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
