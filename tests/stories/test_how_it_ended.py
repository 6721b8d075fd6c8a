"""A case is closed: what is said to the phone, to trusted contacts and to the desk, by how it ended.

Times are UTC; Brussels is at +1.
"""

from __future__ import annotations

import pytest

from tests.stories.harness import Manner, Story

HEAD = """
zone: Europe/Brussels
start: 2026-03-02T09:00
desk: {officers: [ana, ben], lead: carla}
people:
  sami: {channels: [signal, telegram], language: en, verified: true, contacts: [lina],
         check_in: {protocol: elevated, times: ["10:00", "21:00"]}}
  lina: {channels: [signal], language: en}
steps:
"""
MISSED = "until: 2026-03-02T11:05"
TOMORROW = "until: 2026-03-03T20:00"
TAKEN = ("ana: take", "ana: are you well?")
QUIET = ("killed", "held", "missing", "unknown")


def play(*steps: str, manner: Manner | None = None) -> Story:
    """A story of two days."""
    return (manner or Manner()).play(HEAD + "".join(f"  - {s}\n" for s in steps))


def after(story: Story, done: str, who: str = "") -> list[str]:
    """What went out since somebody wrote this: who and what kind."""
    place = max(
        n for n, line in enumerate(story.lines) if line["direction"] == "in" and line.get("text") == done
    )
    out = [line for line in story.lines[place:] if line["direction"] == "out" and who in ("", line["who"])]
    return [f"{line['who']} {line['kind']}" for line in out]


def answer_to(story: Story, ref: str = "") -> str:
    """What the officer who closed the case was told."""
    (said,) = {t for t in story.texts("notice", who="ana") if "is closed." in t}
    return said


@pytest.mark.parametrize("outcome", QUIET)
@pytest.mark.parametrize("begun", ["alarm", "silence"])
def test_who_is_not_free_gets_nothing_is_asked_nothing_and_is_not_missed(
    begun: str, outcome: str, manner: Manner
) -> None:
    first = ("sami: SOS",) if begun == "alarm" else (MISSED,)
    done = f"close {outcome}"
    story = play(*first, *TAKEN, f"ana: {done}", TOMORROW, manner=manner)
    assert [one for one in after(story, done) if one.startswith("sami")] == []
    assert not [one for one in after(story, done) if one.endswith((" page", " contact_alert", " all_clear"))]
    ref = story.cases[0]["case"]
    assert len(story.cases) == 1
    said = answer_to(story)
    assert "Nothing was sent to their phone." in said
    assert f"Their check-ins rest until you write “checkin {ref} resume”." in said


def test_contacts_hear_that_a_person_will_tell_them_and_the_closer_that_they_wait() -> None:
    story = play(MISSED, *TAKEN, "ana: close killed", TOMORROW)
    assert after(story, "close killed", "lina") == ["lina notice"]
    (said,) = story.texts("notice", who="lina")
    assert said.startswith(
        "Somebody from the desk will speak with you about Sami. This message is no all-clear."
    )
    assert answer_to(story).endswith("somebody from the desk will speak with them. Please do.")


def test_nobody_is_told_to_speak_with_contacts_who_were_never_alerted() -> None:
    story = play("sami: SOS", *TAKEN, "ana: close killed", TOMORROW)
    assert after(story, "close killed", "lina") == []
    assert "Please do" not in answer_to(story)


@pytest.mark.parametrize("outcome", ["safe", "released"])
def test_after_a_good_end_all_goes_on_as_ever(outcome: str) -> None:
    done = f"close {outcome}"
    story = play("sami: SOS", *TAKEN, f"ana: {done}", "until: 2026-03-02T10:01")
    assert after(story, done, "sami") == ["sami notice", "sami prompt"]
    assert "rest until" not in answer_to(story)


@pytest.mark.parametrize("outcome", ["injured", "exiled"])
def test_who_is_out_of_it_but_not_safe_keeps_their_check_ins_and_is_called_safe_by_nobody(
    outcome: str,
) -> None:
    story = play(MISSED, *TAKEN, "sami: OK", f"ana: close {outcome}", "until: 2026-03-02T21:01")
    assert after(story, f"close {outcome}", "sami") == ["sami notice", "sami prompt"]
    (said,) = story.texts("all_clear", who="lina")
    assert said.startswith("The desk has closed the case about Sami.")


def test_a_question_that_waits_beside_the_case_ends_with_it_and_whom_it_alerted_hears_so() -> None:
    """Raised by an officer: the question of 10:00 waits, and its ladder has told the contact."""
    first = ('sami: "a question about the grant"', *TAKEN, "until: 2026-03-02T10:50", 'ana: "/raise"')
    story = play(*first, "ana: close held", TOMORROW)
    assert after(story, "close held", "sami") == []
    assert after(story, "close held", "lina") == ["lina notice"]
    assert len(story.cases) == 1


def test_an_officer_lets_them_go_on_by_name_and_both_hear_when() -> None:
    resumed = 'ana: "checkin sami resume"'
    story = play(
        "sami: SOS", *TAKEN, "ana: close held", "until: 2026-03-02T12:00", resumed, "until: 2026-03-02T21:01"
    )
    assert after(story, "checkin sami resume") == ["ana answer", "sami notice", "sami prompt"]
    assert story.texts("answer", who="ana")[-1] == "Their check-ins begin again, next: 21:00."
    assert story.texts("notice", who="sami")[-1] == "Your check-ins begin again, next: 21:00."
    again = play("sami: SOS", *TAKEN, resumed)
    assert again.texts("answer", who="ana")[-1] == "Sami has no check-ins that rest."


@pytest.mark.parametrize(
    "words", ['"resume"', '"checkin daily 9:00"', "OK", '"checkins"', '"timer 2h court"']
)
def test_whoever_holds_the_phone_cannot_let_them_go_on_and_the_desk_reads_what_they_try(words: str) -> None:
    story = play("sami: SOS", *TAKEN, "ana: close held", f"sami: {words}", TOMORROW)
    assert story.texts("prompt", "reminder", who="sami") == []
    assert len(story.cases) == 2
    assert any(words.strip('"') in text for text in story.texts(who="ana", channel="signal"))


def test_the_secret_ok_word_of_somebody_who_is_held_is_told_to_the_desk_and_begins_nothing(
    manner: Manner,
) -> None:
    """Whoever reads along sees the same answer as to any other words."""
    word = "sami: /okword Blue heron"
    held = (word, "sami: SOS", *TAKEN, "ana: close held")
    story = play(*held, "sami: blue heron", TOMORROW, manner=manner)
    other = play(*held, "sami: good evening", TOMORROW, manner=manner)
    assert story.texts("receipt", who="sami")[-1] == other.texts("receipt", who="sami")[-1]
    assert after(story, "close held", "sami") == after(other, "close held", "sami") == ["sami receipt"]
    assert len(story.cases) == 2
    (told,) = [t for t in story.texts(who="ana", channel="signal") if story.cases[1]["case"] in t][:1]
    assert "OK" in told
    assert not [
        t for line in story.lines if "heron" in (t := str(line.get("text"))) and line["direction"] == "out"
    ]


def test_a_case_that_is_closed_meanwhile_lets_nothing_begin_and_says_so_again() -> None:
    freed = ('sami: "I am out, I am well"', *TAKEN, "ana: close released")
    story = play("sami: SOS", *TAKEN, "ana: close held", *freed, TOMORROW)
    assert story.texts("prompt", who="sami") == []
    said = [t for t in story.texts("notice", who="ana", channel="signal") if "is closed." in t]
    assert len(said) == 2
    assert all("Their check-ins rest until you write" in text for text in said)
    assert "Nothing was sent" not in said[1]


# ------------------------------------------------------------------------------------------------------- a silent phone


def test_a_phone_that_has_not_answered_does_not_hear_of_the_end_and_check_ins_go_on() -> None:
    story = play(MISSED, *TAKEN, "ana: close safe", "until: 2026-03-02T21:01")
    assert after(story, "close safe", "sami") == ["sami prompt"]
    assert after(story, "close safe", "lina") == ["lina all_clear"]
    said = answer_to(story)
    assert said.endswith("Nothing was sent to their phone. Their check-ins begin again, next: 21:00.")


@pytest.mark.parametrize("answer", ["OK", '"talk to me"', '"what is it?"', "{voice: true}"])
def test_a_phone_that_has_answered_hears_of_it(answer: str) -> None:
    story = play(MISSED, *TAKEN, f"sami: {answer}", "ana: close safe", "wait: 1m")
    assert after(story, "close safe", "sami") == ["sami notice"]


def test_words_from_before_the_silence_are_no_answer() -> None:
    first = ('sami: "a question about the grant"', "until: 2026-03-02T13:05")
    story = play(*first, *TAKEN, "ana: close safe", "wait: 1m")
    assert after(story, "close safe", "sami") == []
