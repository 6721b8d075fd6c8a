"""What people really send in an alarm: answers in words, pins, quotes and late taps, a false alarm said in every way,
contacts who cry out before the desk was due, texts that are long or show nothing.
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
         check_in: {protocol: elevated, times: ["10:00"]}}
  nour: {channels: [telegram]}
  rosa: {channels: [signal], language: es}
  amina: {channels: [signal]}
  faye: {channels: [telegram], language: fr}
steps:
"""


@pytest.fixture(params=[Manner(), Manner(killed=True)], ids=["as it is", "killed"])
def manner(request: pytest.FixtureRequest) -> Manner:
    """How a story is played."""
    given: Manner = request.param
    return given


def script(*steps: str) -> str:
    return HEAD + "".join(f"  - {step}\n" for step in steps)


def case_of(story: Story, who: str) -> dict[str, object]:
    found = [case for case in story.cases if case["person"] == who]
    assert found, story.cases
    return found[-1]


def relays(story: Story, who: str = "ana") -> list[str]:
    """What was relayed to somebody, without the reference in front."""
    return [text.split(": ", 1)[1] for text in story.texts("relay", who=who)]


# ------------------------------------------------------------------------------------------------------ what is said


@pytest.mark.parametrize(
    "words",
    [
        *(
            "I am safe",
            "I'm safe",
            "I’m safe",
            "Im safe now",
            "False alarm, I am safe",
            "false alarm. sorry!",
        ),
        *("estoy a salvo", "Je suis en sécurité", "أنا بأمان", "в безопасности"),
    ],
)
def test_that_it_is_over_is_heard_in_every_way_and_an_officer_verifies_it(words: str) -> None:
    story = Manner().play(script("sami: SOS", f'sami: "{words}"'))
    assert relays(story)[0].lstrip("\u2068").startswith("Says that they are safe. Please verify")
    assert len(story.out("question", who="sami")) == 1
    assert case_of(story, "sami")["status"] == "open"


@pytest.mark.parametrize("words", ["OK", "I'm safe", "I am safe"])
def test_to_a_check_in_i_am_safe_is_an_ok(words: str) -> None:
    story = Manner().play(script("until: 2026-03-02T10:01", f'sami: "{words}"', "wait: 13h"))
    assert not story.cases
    assert not story.out("contact_alert", "reminder")


def test_words_that_may_be_an_alarm_are_the_answer_of_whoever_was_just_asked(manner: Manner) -> None:
    story = manner.play(script("sami: SOS", "ana: take", "sami: police", 'sami: "raid"', "wait: 1m"))
    assert relays(story) == ["Danger:\npolice", "What happened:\nraid"]
    assert len(story.out("question", who="sami")) == 3
    assert len(story.out("page", who="ana", channel="signal")) == 1


def test_a_sure_alarm_in_an_answer_wakes_the_taker_and_is_the_answer(manner: Manner) -> None:
    story = manner.play(script("sami: SOS", "ana: take", "sami: they are breaking the door", "wait: 2m"))
    assert [line["at"][11:16] for line in story.out("page", who="ana", channel="signal")] == [
        "08:00",
        "08:00",
    ]
    assert [line["at"][11:16] for line in story.out("page", who="ben", channel="signal")] == ["08:02"]
    assert "What happened?" in story.texts("question", who="sami")[-1]


def test_a_pin_says_where_whatever_was_asked_and_where_is_not_asked_any_more(manner: Manner) -> None:
    story = manner.play(
        script(
            "sami: SOS", "sami: {location: [33.89, 35.5]}", 'sami: "1"', 'sami: "2"', "ben: case", "ana: take"
        )
    )
    assert relays(story)[:2] == ["Where:\n📍 33.89000, 35.50000", "Danger:\nYes, now"]
    asked = [text.split("\n")[0] for text in story.texts("question", who="sami")]
    assert asked == ["Are you in danger right now?", "What happened?", "Is anyone hurt? Who is with you?"]
    had = story.texts("notice", who="ana", channel="signal")[-1]
    assert "33.89000, 35.50000" in had
    assert "Physical attack" in had


def test_the_questions_stop_when_a_person_answers_and_go_on_for_whoever_goes_on_with_them(
    manner: Manner,
) -> None:
    answered = ("sami: SOS", "ana: take", "ana: how many are they?")
    talks = manner.play(script(*answered, "sami: there are three", "sami: at the gate"))
    assert len(talks.out("question", who="sami")) == 1
    goes_on = manner.play(script(*answered, 'sami: "3"', "sami: skip", "ana: yes?", "sami: here they are"))
    asked = [text.split(" ")[0] for text in goes_on.texts("question", who="sami")]
    assert asked == ["Are", "What", "Where"]
    # A number may have been for the officer, who had just asked: it is shown beside what it stands for in the list.
    assert relays(goes_on) == ["Danger:\nSafe for now (“3”)", "here they are"]


@pytest.mark.parametrize("channel", ["signal", "telegram"])
def test_all_six_questions_can_be_answered_while_a_person_answers_too(manner: Manner, channel: str) -> None:
    tap = f"sami@{channel}: {{press: 1}}"
    story = manner.play(script(f"sami@{channel}: SOS", "ana: take", "ana: I am here", *[tap] * 6))
    assert len(story.out("question", who="sami")) == 6
    assert len(set(story.texts("question", who="sami"))) == 6


def test_what_is_said_on_a_case_carries_the_urgency_that_the_case_has_by_then(manner: Manner) -> None:
    story = manner.play(script("nour: a question", "ana: take", "ana: yes?", f"nour: {DOUBTFUL}"))
    assert [line["urgency"] for line in story.out("relay", who="nour")] == ["P4"]
    assert [line["urgency"] for line in story.out("relay", who="ana", channel="signal")] == ["P2"]


def test_whoever_takes_a_case_late_reads_what_was_answered_before(manner: Manner) -> None:
    story = manner.play(script("sami: SOS", 'sami: "1"', "sami: Omar was beaten", "wait: 2m", "ben: take"))
    had = story.texts("notice", who="ben", channel="signal")[-1]
    assert "Danger: Yes, now" in had
    assert "What happened: Omar was beaten" in had


def test_signs_that_show_nothing_answer_nothing_and_digits_may_have_marks_around_them(manner: Manner) -> None:
    story = manner.play(script("sami: SOS", 'sami: "\\u200b\\u200f"', 'sami: "1\\u200f"', 'sami: "\\u200f٢"'))
    assert relays(story) == ["no text", "Danger:\nYes, now", "What happened:\nPhysical attack"]


def test_a_text_that_turns_direction_turns_only_itself(manner: Manner) -> None:
    story = manner.play(script('nour: "\\u2069\\u202eSOS"'))
    page = story.texts("page", who="ana", channel="signal")[0]
    assert "“\u2068\u202eSOS\u2069”" in page


def test_a_number_that_a_single_choice_does_not_have_is_answered_with_it(manner: Manner) -> None:
    story = manner.play(script("sami: SOS", 'sami: "4"', 'sami: "8"', 'sami: "7"'))
    assert story.texts("answer", who="sami")[-1] == (
        "There is no 7 in the list. Write in your own words, or 1 for “Skip”."
    )


# -------------------------------------------------------------------------------------------------------------- doubt

DOUBTFUL = "I think someone is following me"


def test_a_doubt_on_an_ordinary_conversation_is_paged_with_its_own_words(manner: Manner) -> None:
    story = manner.play(script("nour: a question about the form", f"nour: {DOUBTFUL}", "wait: 2m"))
    pages = story.out("page", who="ana", channel="signal")
    assert [line["urgency"] for line in pages] == ["P2", "P1"]
    assert all(DOUBTFUL in line["text"] for line in pages)


def test_a_doubt_on_a_conversation_in_hand_climbs_with_its_own_words(manner: Manner) -> None:
    story = manner.play(
        script(
            "nour: a question", "ana: take", "ana: yes?", f"nour: {DOUBTFUL}", "nour: {press: 1}", "wait: 2m"
        )
    )
    assert DOUBTFUL in story.texts("page", who="ben", channel="signal")[0]


def test_a_doubt_while_a_missed_check_in_waits_is_p1_after_two_minutes(manner: Manner) -> None:
    story = manner.play(script("until: 2026-03-02T11:01", f"sami: {DOUBTFUL}", "wait: 2m"))
    assert "emergency right now" in story.texts("question", who="sami")[-1]
    page = story.out("page", who="ana", channel="signal")[-1]
    assert (page["at"][11:16], page["urgency"]) == ("10:03", "P1")
    assert DOUBTFUL in page["text"]


# --------------------------------------------------------------------------------------- questions that are long over

CLOSED = ("ana: take", "ana: I am here", "ana: close safe", "wait: 1d")


def test_a_late_tap_on_danger_now_calls_the_desk_and_says_what_was_asked(manner: Manner) -> None:
    story = manner.play(script("nour: SOS", *CLOSED, "nour: {press: 1}", "wait: 2m"))
    pages = [
        line
        for line in story.out("page", who="ana", channel="signal")
        if line["case"] == case_of(story, "nour")["case"]
    ]
    assert [line["urgency"] for line in pages] == ["P2", "P1"]
    assert "Danger: Yes, now" in pages[0]["text"]
    assert "emergency right now" in story.texts("question", who="nour")[-1]


def test_any_other_late_answer_is_passed_on_with_its_question_and_wakes_nobody(manner: Manner) -> None:
    story = manner.play(script("nour: SOS", *CLOSED, "nour: {press: 2}", "wait: 2m"))
    assert "That question was closed." in story.texts("receipt", who="nour")[-1]
    assert "Danger: Soon" in story.texts("notice", who="ana", channel="signal")[-1]
    assert case_of(story, "nour")["urgency"] == "P4"


# ------------------------------------------------------------------------------------------------------------ contacts


def test_a_contact_s_alarm_before_the_desk_s_rung_is_the_defender_s_case(manner: Manner) -> None:
    story = manner.play(
        script(
            "until: 2026-03-02T10:46",
            "lina: SOS they took him",
            "wait: 20m",
            'sami: "OK"',
            "ana: take",
            "ana: I am here",
            "ana: close safe",
        )
    )
    case = case_of(story, "sami")
    assert len(story.cases) == 1
    assert (case["urgency"], case["source"], case["opened_at"]) == ("P1", "check_in", "2026-03-02T09:46:00Z")
    assert "(trusted contact) SOS they took him" in story.texts("page", who="ana", channel="signal")[0]
    # Sami wrote nothing: he is neither told that his message was seen, nor believed at once.
    assert not story.out("receipt", who="sami")
    assert any("Says OK" in text for text in relays(story))
    assert len(story.out("all_clear", who="lina")) == 1


def test_a_contact_s_alarm_makes_a_case_in_hand_p1_and_wakes_whoever_has_it(manner: Manner) -> None:
    story = manner.play(
        script("until: 2026-03-02T11:01", "ana: take", "ana: where are you?", "lina: SOS", "wait: 2m")
    )
    assert case_of(story, "sami")["urgency"] == "P1"
    assert "a new alarm on your case from Lina" in story.texts("page", who="ana", channel="signal")[-1]
    assert [line["at"][11:16] for line in story.out("page", who="ben", channel="signal")] == ["10:03"]


# ------------------------------------------------------------------------------------------------------- long and odd


@pytest.mark.parametrize(
    "beginning", ["they are breaking my door", "a question about the form", "I am followed"]
)
def test_a_long_first_message_reaches_the_desk_whole(beginning: str, manner: Manner) -> None:
    words = f"{beginning}. " + " ".join(f"w{n}" for n in range(12_000))
    assert len(words) > 65_000
    story = manner.play(script(f'nour: "{words}"'))
    assert "".join(relays(story)).replace("…", "") == words


def test_the_page_shows_a_message_of_some_length_whole(manner: Manner) -> None:
    words = "they are breaking my door. " + " ".join(f"w{n}" for n in range(180))
    story = manner.play(script(f'nour: "{words}"'))
    assert words in story.texts("page", who="ana", channel="signal")[0]
    assert not relays(story)


@pytest.mark.parametrize(("who", "command"), [("rosa", "/ayuda"), ("faye", "/aide"), ("sami", "/help")])
def test_help_is_asked_for_in_one_s_own_language_too(who: str, command: str) -> None:
    story = Manner().play(script(f'{who}: "{command}"'))
    assert [line["kind"] for line in story.out()] == ["answer"]
    assert not story.cases


def test_an_officer_who_tells_of_danger_in_more_than_a_word_hears_how_to_call(manner: Manner) -> None:
    story = manner.play(script("ana: help me they are here", "ana: hello"))
    said = story.texts("answer", who="ana")
    assert [("write only SOS" in text) for text in said] == [False, True, False]
    assert not story.cases


@pytest.mark.parametrize(
    ("words", "beginning"),
    [
        ("hola, tengo una pregunta sobre mi caso", "Tenemos su mensaje"),
        ("bonjour, j'ai une question", "Nous avons votre message"),
        ("مرحبا، عندي سؤال", "وصلتنا رسالتك"),
        ("hello I have a question about the grant", "We have your message"),
        ("olá, preciso de um advogado", "We have your message"),
        ("merci", "We have your message"),
    ],
)
def test_a_stranger_is_answered_in_the_language_of_their_own_words(words: str, beginning: str) -> None:
    story = Manner().play(script(f'amina: "{words}"'))
    assert story.texts("receipt", who="amina")[0].startswith(beginning)


@pytest.mark.parametrize("words", ["SOS", "/sos", "/SOS", "🆘", "sos!!!"])
def test_an_officer_s_own_sos_is_one_however_it_is_written(words: str) -> None:
    story = Manner().play(script(f'ana: "{words}"'))
    assert [line["who"] for line in story.out("page")] == ["ben", "ben"]
    assert case_of(story, "ana")["urgency"] == "P1"


def test_what_the_desk_did_is_no_word_for_the_defender(manner: Manner) -> None:
    story = manner.play(script("nour: SOS", "ana: take", "ana: I am here", "ana: close done"))
    assert story.texts("relay", who="nour") == ["Ana: I am here"]
    assert story.out("question", who="ana")
    assert case_of(story, "nour")["status"] == "taken"
