"""Who may take a code back, which one, and that words for a defender take none back.

Told as chats, restarted between every step.
"""

from __future__ import annotations

from alerts.people import Role
from bot.rehearsal.script import Character
from tests.stories.chat import Chat, chat, roles

SAMI = Character("sami", ("signal",), verified=True)


def code_of(it: Chat, who: str, words: str) -> str:
    """The code that somebody of the desk gets for an invitation."""
    it.says(who, words)
    return it.code(who)


def test_what_a_lead_invited_for_the_desk_only_a_lead_takes_back(database: str) -> None:
    with chat("dana", "omar", "nour", database=database) as it:
        code_of(it, "carla", "invite lead Dana")
        officer = code_of(it, "carla", "invite officer Omar")
        code_of(it, "carla", "invite Nour")
        for name in ("Dana", "Omar"):
            it.says("ben", f"/refuse {name}")
            assert it.texts("ben") == [it.stage.rules.words.say("en", "staff.leads_only")]
        it.says("ben", "refuse Nour")
        assert it.told("ben", "refuse.code", name="Nour")
        it.says("omar", officer)
        it.says("dana", code_of(it, "carla", "invite lead Eve"))
        it.says("ben", "refuse Eve")
        assert it.told("ben", "staff.leads_only")
        it.says("ben", "refuse Omar")  # who may confirm him may refuse him
        assert it.told("ben", "refuse.done", name="Omar")
        it.says("carla", "refuse Eve")
        assert it.told("carla", "refuse.done", name="Eve")
        it.says("carla", "refuse Dana")
        assert it.told("carla", "refuse.code", name="Dana")


def test_of_two_codes_for_one_name_it_is_chosen_which(database: str) -> None:
    with chat("nour", "other", database=database) as it:
        first = code_of(it, "ana", "invite Nour")
        it.waits(minutes=10)
        second = code_of(it, "ben", "invite Nour")
        it.says("ana", "refuse Nour")
        (shown,) = [line["text"] for line in it.new("ana", "question")][:1]
        assert "1. Code for a defender, by Ana, 09:00" in shown
        assert "2. Code for a defender, by Ben, 09:10" in shown
        it.says("ana", "2")
        assert it.told("ana", "refuse.code", name="Nour")
        it.says("other", second)
        assert it.told("other", "code.wrong")
        it.says("ana", "2")
        assert it.told("ana", "refuse.no_such")  # that one is gone, and the other is not meant
        it.says("nour", first)
        assert roles(it, "nour") == [Role.DEFENDER]


def test_an_officer_is_not_offered_what_only_a_lead_takes_back() -> None:
    with chat("dana", "eve") as it:
        lead = code_of(it, "carla", "invite lead Dana")
        code_of(it, "ana", "invite Dana")
        it.says("ben", "/refuse dana")
        assert "Code for a lead" not in " ".join(it.texts("ben"))
        it.says("ben", "1")
        assert it.told("ben", "refuse.code", name="Dana")
        it.says("dana", lead)
        assert roles(it, "dana") == [Role.LEAD]


def test_all_of_one_name_go_when_all_are_chosen() -> None:
    with chat("dana", "eve") as it:
        it.says("eve", code_of(it, "carla", "invite officer Dana"))
        code_of(it, "carla", "invite Dani")
        code = code_of(it, "ana", "invite Dani")
        it.says("carla", "refuse Dani")
        it.says("carla", "3")
        assert it.texts("carla").count("The code for Dani does not work any more.") == 2
        it.says("dana", code)
        assert it.told("dana", "code.wrong")


def test_a_button_for_codes_means_nothing_once_the_rights_are_gone() -> None:
    with chat("dana") as it:
        code_of(it, "ana", "invite Dana")
        code = code_of(it, "ana", "invite Dana")
        it.says("ben", "refuse Dana")
        it.says("carla", "/remove ben")
        it.says("ben", "3")
        assert it.told("ben", "message.stored")
        it.says("dana", code)
        assert roles(it, "dana") == [Role.DEFENDER]


def test_words_for_a_defender_take_no_code_back() -> None:
    with chat("nour", SAMI) as it:
        code = code_of(it, "ana", "invite it")
        it.says("sami", "SOS").says("ana", "take").says("ana", "refuse it")
        (told,) = it.texts("ana")
        assert "“refuse it” may be a command, or words for" in told
        assert not it.new("sami")
        it.does("ana", reply="refuse it")
        assert any("refuse it" in text for text in it.texts("sami"))
        it.says("nour", code)
        assert roles(it, "nour") == [Role.DEFENDER]


def test_in_the_middle_of_a_case_a_code_is_taken_back_with_a_slash() -> None:
    with chat("nour", SAMI) as it:
        code = code_of(it, "ana", "invite it")
        it.says("sami", "SOS").says("ana", "take").says("ana", "/refuse it")
        assert it.told("ana", "refuse.code", name="it")
        assert not it.new("sami")
        it.says("nour", code)
        assert it.told("nour", "code.wrong")


def test_words_for_a_defender_end_nobody_s_rights() -> None:
    with chat(SAMI) as it:
        it.says("sami", "SOS").says("carla", "take").says("carla", "remove Ben")
        assert "may be a command" in it.texts("carla")[0]
        assert not it.new("sami")
        assert roles(it, "ben") == [Role.OFFICER]
