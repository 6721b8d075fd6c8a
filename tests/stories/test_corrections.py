"""Officers change and delete what they wrote, and words that begin like a command: nothing private reaches a defender,
and nothing meant for one is lost.
"""

from __future__ import annotations

from bot.rehearsal.script import Character
from tests.stories.chat import BOTH, Chat, chat
from tests.stories.harness import Manner
from tests.stories.test_desk_stories import TAKEN, answers, script

SAMI = Character("sami", BOTH, language="en", verified=True)


def phone(it: Chat, who: str, channel: str = "signal") -> list[str]:
    """What a phone shows now of what Watchline wrote."""
    shown = it.stage.network.chat(who, channel)
    return [m.text for m in shown if not m.mine and not m.deleted]


# ----------------------------------------------------------------------------------------------------------- changed


def test_a_note_that_is_changed_stays_with_the_desk(manner: Manner) -> None:
    edits = ['ana: {edit: "note she may be followed home"}', 'ana: {edit: "she may be followed"}']
    for channel in ("", "@telegram"):
        steps = [
            f"ana{channel}: note she may be followed",
            *(e.replace("ana:", f"ana{channel}:") for e in edits),
        ]
        story = manner.play(script(*TAKEN, *steps, 'ana: "case"'))
        assert story.texts("relay", who="sami") == ["Ana: I am here"]
        assert [t for t in answers(story, "ana") if t.startswith("Noted")] == [answers(story, "ana")[0]] * 3
        assert "followed home" in answers(story, "ana")[-1]


def test_a_changed_message_goes_to_whom_it_went_and_to_nobody_else(manner: Manner) -> None:
    steps = [
        *TAKEN,
        "ana: your cousin has the keys",
        "nour: SOS",
        "ana@telegram: {press: 1}",
        "wait: 1m",
        'ana: {edit: "your cousin has both keys"}',
        "ana: hello nour",
    ]
    story = manner.play(script(*steps))
    assert story.texts("relay", who="sami")[-1] == "Ana: (edited)\nyour cousin has both keys"
    assert not any("cousin" in text for text in story.texts(who="nour"))


def test_a_mistyped_command_that_is_changed_is_carried_out(manner: Manner) -> None:
    story = manner.play(script("sami: SOS", "ana: tkae", "ana: {edit: take}"))
    assert [c["taken_by"] for c in story.cases] == ["ana"]
    assert story.out("relay", who="sami") == []


def test_a_change_of_what_was_said_on_a_case_that_is_closed_is_not_sent(manner: Manner) -> None:
    story = manner.play(script(*TAKEN, "ana@telegram: close safe", 'ana: {edit: "I was here"}'))
    assert story.texts("relay", who="sami") == ["Ana: I am here"]
    assert answers(story, "ana") == [
        "Not sent: that case is closed. To open it again: “reopen” and its reference."
    ]


# ----------------------------------------------------------------------------------------------------------- deleted


def test_what_an_officer_deletes_is_deleted_at_the_defender_s_and_told() -> None:
    with chat(SAMI) as it:
        it.says("sami", "SOS").says("ana", "take").says("ana", "the key is under the stone")
        assert "Ana: the key is under the stone" in phone(it, "sami")
        it.does("ana", delete=True)
        assert not any("stone" in text for text in phone(it, "sami"))
        (case,) = [
            line["case"] for line in it.lines if line.get("kind") == "page" and line["channel"] == "signal"
        ]
        assert it.told("ana", "desk.deleted", ref=case)
        it.does("ana", photo=True)
        assert "Ana sent a file." in phone(it, "sami")
        it.does("ana", delete=True)
        assert "Ana sent a file." not in phone(it, "sami")


def test_what_waits_for_a_line_and_is_deleted_does_not_go_out() -> None:
    with chat(SAMI) as it:
        it.says("sami", "SOS").says("ana", "take")
        it.stage.network.set_channel("telegram", up=False)
        it.stage.network.set_person("sami", "signal", "refused")
        it.says("ana", "the key is under the stone").does("ana", delete=True)
        it.stage.network.set_channel("telegram", up=True)
        it.waits(minutes=1)
        assert not any("stone" in line.get("text", "") for line in it.lines if line.get("who") == "sami")


def test_a_note_that_is_deleted_stays_in_the_record_and_that_is_said(manner: Manner) -> None:
    story = manner.play(script(*TAKEN, "ana: note he sounds calm", "ana: {delete: true}", "ana: case"))
    ref = story.cases[0]["case"]
    assert answers(story, "ana")[1] == (
        f"The record of {ref} keeps what you deleted. It was never sent to the defender."
    )
    assert "he sounds calm" in answers(story, "ana")[2]


def test_a_command_that_is_deleted_is_nobody_s_business(manner: Manner) -> None:
    story = manner.play(script("sami: SOS", "ana: take", "ana: {delete: true}"))
    assert answers(story, "ana") == []


# --------------------------------------------------------------------------------------------------- plan, or words


def test_words_that_begin_with_plan_can_still_go_to_the_defender(manner: Manner) -> None:
    words = "plan to leave by the back door at nine"
    story = manner.play(script(*TAKEN, f"ana: {words}", "wait: 1m", "ana: {press: 1}", "wait: 31m"))
    assert story.texts("relay", who="sami") == ["Ana: I am here", f"Ana: {words}"]
    (reminder,) = [t for t in story.texts("notice", who="ana") if "no plan is noted" in t]
    assert reminder


def test_a_plan_that_can_be_nothing_else_offers_nothing(manner: Manner) -> None:
    for text in ('"plan: call the lawyer"', '"/plan call the lawyer"'):
        story = manner.play(script(*TAKEN, f"ana: {text}", "wait: 31m"))
        assert not any("1." in text for text in answers(story, "ana"))
        assert not any("no plan is noted" in text for text in story.texts("notice", who="ana"))


def test_a_photo_with_a_private_note_stays_with_the_desk() -> None:
    with chat(SAMI) as it:
        it.says("sami", "SOS").says("ana", "take").says("ana", "I am here")
        network = it.stage.network
        network.attach(
            "ana", data=b"x", content_type="image/png", name="a.png", text="note this is the house"
        )
        it.stage.pump()
        assert [text for text in phone(it, "sami") if text.startswith("Ana")][1:] == ["Ana: I am here"]
        assert not any("file" in text or "house" in text for text in phone(it, "sami"))
        network.attach("ana", data=b"x", content_type="image/png", name="a.png", text="take this road")
        it.stage.pump()
        assert "Ana sent a file." in phone(it, "sami")


def test_a_number_that_the_question_does_not_have_is_no_word_for_the_defender(manner: Manner) -> None:
    story = manner.play(script(*TAKEN, "ana: close", 'ana: "9"', 'ana: "3"'))
    assert story.texts("relay", who="sami") == ["Ana: I am here"]
    assert answers(story, "ana") == [
        "There is no 9 in the list. Choose a number from 1 to 8, or write in your own words."
    ]
    assert story.cases[0]["status"] == "closed"


def test_words_that_may_be_meant_for_another_case_are_said_to_have_gone_to_the_open_one(
    manner: Manner,
) -> None:
    steps = [
        *TAKEN,
        "nour: SOS",
        "ana@telegram: {press: 1}",
        "ana: stay inside",
        "wait: 1m",
        "sami: I hear steps",
        "wait: 5s",
        "ana: is the door locked?",
        "wait: 5s",
        "ana: tell me",
        "ana: {reply: stay}",
    ]
    story = manner.play(script(*steps))
    nour = next(c["case"] for c in story.cases if c["person"] == "nour")
    assert story.texts("relay", who="nour") == [
        f"Ana: {t}" for t in ("stay inside", "is the door locked?", "tell me")
    ]
    sami = next(c["case"] for c in story.cases if c["person"] == "sami")
    assert answers(story, "ana") == [
        f"Sent to {nour}, which you have open. For {sami}, reply to this message."
    ]
    assert story.texts("relay", who="sami")[-1] == "Ana: stay"
