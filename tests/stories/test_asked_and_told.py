"""Small things that an officer must not misread: which case waits, what a picture answers, what stays undeleted.

Told as chats, restarted between every step.
"""

from __future__ import annotations

from bot.rehearsal.script import Character
from tests.stories.chat import Chat, chat

SAMI = Character("sami", ("signal", "telegram"), verified=True)


def references(it: Chat) -> list[str]:
    """References of the cases that were opened, in their order."""
    with it.stage.engine.store.reading() as work:
        return [case.ref for case in sorted(work.all_cases("main"), key=lambda case: case.opened_at)]


def test_a_bare_take_with_two_cases_waiting_names_both_and_takes_none() -> None:
    with chat("nour", "omar", SAMI) as it:
        it.says("sami", "SOS").says("ana", "take")
        it.waits(seconds=1)
        it.says("nour", "SOS")
        it.waits(seconds=1)
        it.says("omar", "SOS")
        own, first, second = references(it)
        it.says("ana", "take")
        (text,) = it.texts("ana")
        assert text.splitlines() == [
            "Which case? Write “take” and its reference.",
            f"P1 {first} not taken, 09:00",
            f"P1 {second} not taken, 09:00",
        ]
        assert own not in text
        it.says("ana", f"take {second}")
        assert it.told("omar", "receipt.seen", officer="Ana")
        it.says("ana", "take")  # one waits now
        assert it.told("nour", "receipt.seen", officer="Ana")


def test_a_command_without_a_case_names_those_that_the_officer_has() -> None:
    with chat("nour", "omar") as it:
        it.says("nour", "SOS").says("ana", "take")
        it.waits(seconds=1)
        it.says("omar", "SOS").says("ana", "take")
        first, second = references(it)
        it.says("ana", f"close {second} safe").says("omar", "SOS")
        third = references(it)[-1]
        it.waits(seconds=1)
        it.says("ben", f"take {third}").says("ana", f"take {third}").says("ana", f"case {first}")
        it.says("carla", "note hello")
        assert it.texts("carla") == ["Which case? Write “note” and its reference."]


def test_a_picture_is_no_answer_and_its_caption_is_one() -> None:
    with chat("nour") as it:
        it.says("nour", "SOS")
        it.does("nour", photo=True)
        assert not it.new("nour")
        assert any("photo" in text and "Danger:" not in text for text in it.texts("ana"))
        it.says("nour", "1")
        assert it.told("nour", "sos.what")


def test_a_voice_note_is_an_answer_of_who_cannot_write() -> None:
    with chat("nour") as it:
        it.says("nour", "SOS")
        it.does("nour", voice=True)
        assert it.told("nour", "sos.what")


def test_who_deletes_words_that_stay_at_the_defender_s_hears_so(database: str) -> None:
    with chat(SAMI, database=database) as it:
        it.says("sami", "SOS").says("ana", "take").says("ana", "the key is under the stone")
        (ref,) = references(it)
        it.stage.network.set_person("sami", "signal", "refused")
        it.does("ana", delete=True)
        assert it.told("ana", "desk.not_deleted", ref=ref)


def test_what_somebody_clears_from_their_own_chat_is_no_word_to_the_desk() -> None:
    with chat(SAMI) as it:
        it.says("sami", "SOS").says("ana", "take").says("ana", "hello")
        it.stage.network.set_person("sami", "signal", "refused")
        it.says("sami", "clear")
        assert not any("deleted" in text for text in it.texts("ana"))
