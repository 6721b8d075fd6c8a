"""Codes that come at odd moments: twice, corrected, in the middle of an alarm, from the wrong account.

Told as chats, restarted between every step.
"""

from __future__ import annotations

from alerts.people import Role
from tests.stories.chat import Chat, chat, roles


def invited(it: Chat, name: str) -> str:
    """The code that an officer gets for somebody."""
    it.says("ana", f"invite {name}")
    return it.code("ana")


def test_whoever_sends_their_code_once_more_hears_that_it_has_done_its_work(database: str) -> None:
    with chat("nour", "eve", database=database) as it:
        code = invited(it, "Nour")
        it.says("nour", f"/start {code}", "telegram")
        for _ in range(7):  # more often than anybody may guess
            it.says("nour", f"/start {code}", "telegram")
            assert it.told("nour", "code.done")
            assert not it.new("ana")
        it.says("eve", code)
        assert it.told("eve", "code.wrong")


def test_a_new_officer_who_sends_the_code_once_more_is_shown_the_number_again() -> None:
    with chat("dan") as it:
        it.says("carla", "invite officer Dan")
        code = it.code("carla")
        it.says("dan", code)
        number = it.number("dan")
        it.says("dan", code)
        assert it.number("dan") == number
        it.says("carla", "refuse Dan")
        it.says("dan", code)
        assert it.told("dan", "code.wrong")


def test_a_contact_s_code_and_a_link_have_done_their_work_until_they_end() -> None:
    with chat("nour", "lina") as it:
        it.says("nour", invited(it, "Nour"))
        it.says("nour", "contact lina")
        code = it.code("nour")
        it.says("lina", code)
        it.says("lina", code)
        assert it.told("lina", "code.done")
        it.says("lina", "stop")
        it.says("lina", code)
        assert it.told("lina", "code.wrong")
        it.says("nour", "link")
        link = it.code("nour")
        it.says("nour", link, "telegram")
        it.says("nour", link, "telegram")
        assert it.told("nour", "code.done")


def test_a_code_that_was_mistyped_and_corrected_works(database: str) -> None:
    with chat("nour", database=database) as it:
        code = invited(it, "Nour")
        it.says("nour", code[:-1] + ("A" if code[-1] != "A" else "C"))
        assert it.told("nour", "code.wrong")
        it.does("nour", edit=code)
        assert roles(it, "nour") == [Role.DEFENDER]
        assert it.told("ana", "staff.enrolled", name="Nour")


def test_a_code_in_the_middle_of_an_alarm_takes_no_answer_from_it() -> None:
    with chat("nour") as it:
        it.says("nour", "SOS")
        it.says("nour", invited(it, "Nour"))
        assert it.told("nour", "enrol.in_alarm", name="Nour")
        assert not it.new("nour", "question")
        it.says("nour", "1")
        assert it.told("nour", "sos.what")
        assert any("Yes, now" in text for text in it.texts("ana"))


def test_a_code_that_went_to_the_wrong_person_is_taken_back_before_it_is_used(database: str) -> None:
    with chat("nour", "omar", database=database) as it:
        code = invited(it, "Nour")
        other = invited(it, "Omar")
        it.says("ben", "refuse nour")
        assert it.told("ben", "refuse.code", name="Nour")
        it.says("nour", code)
        assert it.told("nour", "code.wrong")
        assert roles(it, "nour") == [Role.STRANGER]
        it.says("omar", other)
        assert roles(it, "omar") == [Role.DEFENDER]
        it.says("ben", "/refuse Omar")
        assert it.told("ben", "refuse.no_such")


def test_guessing_by_editing_is_guessing() -> None:
    with chat("nour", "eve") as it:
        code = invited(it, "Nour")
        it.says("eve", "hello")
        for letter in "3467934679":
            it.does("eve", edit=f"ACDE{letter}-ACDE7")
        it.does("eve", edit=code)
        assert Role.DEFENDER not in roles(it, "eve")


HEARING = (
    "Good morning, this is Nour. A friend gave me {}. Can we speak tomorrow about the hearing of my brother?"
)


def test_what_is_said_beside_a_code_reaches_the_desk_whether_the_code_works_or_not(database: str) -> None:
    with chat("nour", "kim", "lina", database=database) as it:
        code = invited(it, "Nour")
        it.says("kim", HEARING.format("AC3EF-GH4KL"))
        assert it.told("kim", "code.wrong")
        assert any("the hearing of my brother" in text for text in it.texts("ana"))
        it.says("nour", HEARING.format(code))
        assert roles(it, "nour") == [Role.DEFENDER]
        assert it.told("nour", "message.stored")
        assert any("the hearing of my brother" in text for text in it.texts("ana"))
        assert not any(code in text for text in it.texts("ana"))
        it.says("nour", "/contact lina")
        it.says("lina", f"I am her sister, and I will be at the office on Friday. {it.code('nour')}")
        assert roles(it, "lina") == [Role.CONTACT]
        assert any("at the office on Friday" in text for text in it.texts("ana"))


def test_an_invitation_that_is_passed_on_as_it_is_calls_nobody_and_opens_no_case() -> None:
    with chat("nour", "kim", "lina") as it:
        it.says("ana", "invite Nour al Amin")
        (whole,) = it.texts("ana")
        it.says("nour", whole)
        assert roles(it, "nour") == [Role.DEFENDER]
        it.says("kim", f"Hello, my code: {invited(it, 'Kim')}")
        assert roles(it, "kim") == [Role.DEFENDER]
        it.says("nour", "contact lina")
        (whole,) = it.texts("nour")
        it.says("lina", whole)
        assert roles(it, "lina") == [Role.CONTACT]
        with it.stage.engine.store.reading() as work:
            assert not work.all_cases("main")


def test_an_alarm_that_holds_a_code_shows_it_to_nobody_and_the_code_stays_good() -> None:
    with chat("nour") as it:
        code = invited(it, "Nour")
        it.says("nour", f"SOS {code}")
        assert it.new("ana", "page")
        assert not any(code in text for text in it.texts("ana"))
        it.says("nour", code)
        assert roles(it, "nour") == [Role.DEFENDER]
