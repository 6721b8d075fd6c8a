"""The desk and an alarm as chats: what an officer types in a hurry, an officer in danger, and phones that all refuse.

Times are UTC; Brussels is at +1.
"""

from __future__ import annotations

from typing import Any

from tests.stories.harness import Manner, Story

HEAD = """
zone: Europe/Brussels
start: 2026-03-02T09:00
desk: {officers: [ana, ben], lead: carla}
people:
  sami: {channels: [signal, telegram], language: en, verified: true, contacts: [lina]}
  nour: {channels: [telegram]}
  omar: {channels: [signal]}
steps:
"""
TAKEN = ("sami: SOS", "ana: take", "ana: I am here")


def script(*steps: str) -> str:
    """A story of a morning at the desk."""
    return HEAD + "".join(f"  - {step}\n" for step in steps)


def case_of(story: Story, person: str) -> dict[str, Any]:
    """The one case of a person."""
    (case,) = [c for c in story.cases if c["person"] == person]
    return case


def answers(story: Story, who: str) -> list[str]:
    """What somebody was answered."""
    return story.texts("answer", who=who)


# ----------------------------------------------------------------------------------------------- phones that all refuse


def test_when_every_phone_of_the_desk_refuses_the_case_keeps_the_policy_s_times(manner: Manner) -> None:
    refused = [
        f"channel: {{{who}@{channel}: refused}}"
        for who in ("ana", "ben", "carla")
        for channel in ("signal", "telegram")
    ]
    back = ["channel: {carla@signal: ok}", "wait: 6m"]
    story = manner.play(script(*refused, "sami: SOS", "wait: 5m", *back))
    assert case_of(story, "sami")["status"] == "open"
    assert story.short("page") == ["03-02 08:10 carla signal page"]


# ------------------------------------------------------------------------------------------------ words in the way


def test_ordinary_words_of_four_letters_are_no_references(manner: Manner) -> None:
    story = manner.play(script(*TAKEN, "ana: note he sounds calm", "ana: close held he is here"))
    assert answers(story, "ana") == [
        f"Noted on {case_of(story, 'sami')['case']}. The defender does not see it."
    ]
    assert case_of(story, "sami")["status"] == "closed"
    assert not any("calm" in text for text in story.texts(who="sami"))


def test_a_reference_that_does_not_exist_is_said_and_nothing_else_happens(manner: Manner) -> None:
    story = manner.play(script(*TAKEN, "ana: take K0PM", "ana: /case ZZZZ", "ana: case Z9ZZ"))
    assert answers(story, "ana") == [
        f"There is no case {ref}. “cases” lists what is open." for ref in ("K0PM", "ZZZZ", "Z9ZZ")
    ]
    assert story.texts("relay", who="sami") == ["Ana: I am here"]


def test_whoever_comes_too_late_hears_who_has_it(manner: Manner) -> None:
    story = manner.play(script("sami: SOS", "wait: 3m", "ana: take", "ben: take", 'ben: "1"'))
    ref = case_of(story, "sami")["case"]
    assert answers(story, "ben") == [f"Ana has {ref}. To take it over: “take {ref}”."] * 2
    assert case_of(story, "sami")["taken_by"] == "ana"


def test_take_alone_means_the_case_that_still_waits(manner: Manner) -> None:
    story = manner.play(script("sami: SOS", "nour: SOS", 'ana: {react: "👍"}', "ana: take", "wait: 3m"))
    assert [c["taken_by"] for c in story.cases] == ["ana", "ana"]
    assert story.out("page", who="ben") == []


def test_files_reach_the_other_side(manner: Manner) -> None:
    story = manner.play(script(*TAKEN, "sami: {photo: true}", "ana: {voice: true}"))
    ref = case_of(story, "sami")["case"]
    assert story.texts("relay", who="ana")[-2:] == [f"{ref} Sami: 📷 photo", f"{ref} Sami: file attached"]
    assert story.texts("relay", who="sami")[-1] == "Ana sent a file."


def test_reopen_alone_means_the_case_that_was_closed_last(manner: Manner) -> None:
    story = manner.play(
        script(*TAKEN, "ana: close safe", "wait: 1m", "ana: reopen", "ana: one more question")
    )
    assert (case_of(story, "sami")["status"], case_of(story, "sami")["taken_by"]) == ("taken", "ana")
    assert story.texts("relay", who="sami")[-1] == "Ana: one more question"


def test_a_crowd_of_strangers_climbs_as_one_list_that_names_them_all(manner: Manner) -> None:
    names = [f"s{n}" for n in range(7)]
    people = "".join(f"  {name}: {{}}\n" for name in names)
    steps = [f"{name}: SOS" for name in names]
    story = manner.play(script(*steps, "sami: SOS", "wait: 3m").replace("  omar:", people + "  omar:"))
    verified, crowd = sorted(story.texts("page", who="ben", channel="signal"), key=lambda t: "Sami" not in t)
    assert "Sami" in verified
    assert "unverified alarms" not in verified
    refs = [case_of(story, name)["case"] for name in names]
    assert "7 unverified alarms" in crowd
    assert all(ref in crowd for ref in refs)
    assert all(ref in "".join(story.texts("page", who="ben", channel="telegram")) for ref in refs)


def test_who_was_called_for_a_case_hears_how_it_ended() -> None:
    steps = ("sami: SOS", "wait: 3m", "ben: take", "ben: I am here", "ben: close held")
    story = Manner().play(script(*steps))
    assert story.texts("notice", who="ana")[-1].endswith("How it ended: Still held.")
    gone = Manner().play(script("channel: {ana@signal: refused}", *steps))
    assert gone.short("notice", who="ana")[-1].endswith("ana telegram notice")
    assert "held" not in gone.texts("notice", who="ana")[-1]


def test_the_list_of_a_large_crowd_names_every_one() -> None:
    names = [f"s{n}" for n in range(45)]
    people = "".join(f"  {name}: {{}}\n" for name in names)
    steps = [f"{name}: SOS" for name in names]
    story = Manner().play(script(*steps, "wait: 3m").replace("  omar:", people + "  omar:"))
    for channel in ("signal", "telegram"):
        (crowd,) = story.texts("page", who="ben", channel=channel)
        assert [n for n in names if case_of(story, n)["case"] not in crowd] == []


# ------------------------------------------------------------------------------------------- an officer's own alarm


def test_an_officer_in_danger_is_heard_as_one(manner: Manner) -> None:
    story = manner.play(
        script(
            "nour: hello there",
            "ana: take",
            "ana: SOS",
            'ana: "1"',
            "ana: two men at the office",
            "wait: 1m",
            "ben: take",
            "ben: on my way",
            'ana: {reply: "hurry"}',
            "ana: they are inside",
            "ben: close safe",
            "ana: hello nour",
        )
    )
    assert case_of(story, "ana")["taken_by"] == "ben"
    said = [text.split(": ", 1)[1] for text in story.texts("relay", who="ben")]
    assert said == ["Danger:\nYes, now", "What happened:\ntwo men at the office", "hurry", "they are inside"]
    assert story.texts("relay", who="nour") == ["Ana: hello nour"]


# ------------------------------------------------------------------------------------------------------- the alarm


def test_the_page_of_a_doubt_that_is_confirmed_says_what_was_written(manner: Manner) -> None:
    words = "I think someone is following me and I am scared"
    story = manner.play(script(f"omar: {words}", 'omar: "1"', "wait: 1s"))
    assert [p["urgency"] for p in story.out("page", channel="signal")] == ["P2", "P1"]
    assert all(words in text for text in story.texts("page", channel="signal"))
    assert story.texts("relay", who="ana")[-1].endswith("Yes, emergency")


def test_a_new_alarm_that_its_taker_does_not_see_goes_to_the_next_person_and_the_next(manner: Manner) -> None:
    story = manner.play(
        script(*TAKEN, "wait: 5m", "sami: SOS", "wait: 5m", "ben@telegram: {press: 1}", "wait: 1m")
    )
    assert story.short("page", channel="signal") == [
        "03-02 08:00 ana signal page",
        "03-02 08:05 ana signal page",
        "03-02 08:07 ben signal page",
        "03-02 08:09 carla signal page",
    ]
    assert case_of(story, "sami")["taken_by"] == "ben"


def test_a_contact_s_alarm_is_paged_with_the_contact_s_words(manner: Manner) -> None:
    story = manner.play(script("sami: timer 30m bus", "wait: 41m", "ana: take", "lina: HELP they took him"))
    assert "they took him" in story.texts("page", who="ana", channel="signal")[-1]


def test_nothing_is_taken_for_an_answer_that_says_nothing(manner: Manner) -> None:
    story = manner.play(script("sami: SOS", 'sami: "  "', "sami: {location: [33.5, 35.5]}"))
    assert [t.split(": ", 1)[1] for t in story.texts("relay", who="ana")] == [
        "no text",
        "Where:\n📍 33.50000, 35.50000",
    ]


def test_a_thumb_in_answer_to_an_officer_reaches_them(manner: Manner) -> None:
    story = manner.play(script(*TAKEN, 'sami: {react: "👍"}'))
    assert story.texts("relay", who="ana")[-1].endswith("👍")


def test_clear_is_answered_whoever_asks(manner: Manner) -> None:
    story = manner.play(script("nour: clear", "omar: clear"))
    assert [line["who"] for line in story.out("answer")] == ["nour", "omar"]
    assert story.cases == []


def test_words_of_several_languages_are_not_answered_in_arabic(manner: Manner) -> None:
    story = manner.play(script("nour: SOS au secours", "lina: SOS police", "omar: النجدة"))
    assert story.texts("receipt", who="nour")[0].startswith("Nous avons votre message")
    assert story.texts("receipt", who="lina")[0].startswith("We have your message")
    assert story.texts("receipt", who="omar")[0].startswith("وصلتنا")


# -------------------------------------------------------------------------------------------------------- check-ins


def test_a_missed_timer_is_one_also_while_an_ordinary_conversation_is_open(manner: Manner) -> None:
    story = manner.play(script("sami: hello desk", "sami: timer 30m bus", "wait: 41m", "sami: ok"))
    case = case_of(story, "sami")
    assert (case["source"], case["urgency"], case["opened_at"]) == ("timer", "P1", "2026-03-02T08:00:00Z")
    assert "Please verify" in story.texts("relay", who="ana")[-1]


# ------------------------------------------------------------------------------------------ a slip of the fingers


SLIPS = [
    "close saef",
    "clse safe",
    "caes",
    "notes: she is at the clinic",
    "noet she is at the clinic",
    "ntoe: " + "x " * 40,
]
WORDS = [
    "close the door",
    "case closed, well done",
    "help is coming",
    "make tea",
    "noted",
    "closed now",
]


def test_a_mistyped_command_goes_to_nobody_and_the_officer_hears_it(manner: Manner) -> None:
    story = manner.play(script(*TAKEN, *(f'ana: "{said.strip()}"' for said in SLIPS)))
    assert story.texts("relay", who="sami") == ["Ana: I am here"]
    told = answers(story, "ana")
    assert len(told) == len(SLIPS)
    assert all(text.startswith("Not sent to anybody") for text in told)
    assert "“close saef” looks like the command “close”" in told[0]


def test_a_mistyped_command_goes_all_the_same_in_reply_to_what_held_it_back(manner: Manner) -> None:
    story = manner.play(script(*TAKEN, "ana: caes", 'ana: {reply: "caes"}'))
    assert story.texts("relay", who="sami")[-1] == "Ana: caes"


def test_ordinary_words_like_a_command_are_words(manner: Manner) -> None:
    story = manner.play(script(*TAKEN, *(f'ana: "{said}"' for said in WORDS)))
    assert story.texts("relay", who="sami")[1:] == [f"Ana: {said}" for said in WORDS]


def test_an_answer_to_a_question_of_an_earlier_case_says_so_to_the_desk(manner: Manner) -> None:
    steps = ("sami: SOS", "ana: take", "ana: close safe", "sami: hello there", 'sami: "1"', "wait: 1s")
    story = manner.play(script(*steps))
    pages = [text for text in story.texts("page", who="ana", channel="signal") if "Yes, now" in text]
    assert len(pages) == 1
    assert "In answer to a question of an earlier case, which is closed: Danger: Yes, now" in pages[0]
