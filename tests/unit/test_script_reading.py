"""Reading a rehearsal script: what YAML may look like, and on which line an error is said to be."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from bot.rehearsal.nodes import ScriptError
from bot.rehearsal.play import stage
from bot.rehearsal.script import Script, parse_script, read_script

HEAD = """\
zone: Europe/Brussels
start: 2026-03-02T09:00
desk: {officers: [ana, ben], lead: carla}
"""
PEOPLE = "people:\n  sami:\n    verified: true\n    channels: [signal, telegram]\n"
STEP = 8
"""The line of the first step."""


def steps(text: str) -> Script:
    """A script with these steps; the first of them is on line `STEP` + 1."""
    return parse_script(HEAD + PEOPLE + "steps:\n" + textwrap.dedent(text))


def refusal(text: str) -> ScriptError:
    with pytest.raises(ScriptError) as caught:
        parse_script(text)
    return caught.value


@pytest.mark.parametrize(
    ("people", "line", "named"),
    [
        ("people:\n  sami:\n    colour:\n      - red\nsteps: []\n", 6, "colour"),
        ("people:\n  ana:\n    channels: [signal]\nsteps: []\n", 5, "ana"),
        ("people:\n  Sami:\n    language: ar\nsteps: []\n", 5, "Sami"),
        ("people:\n  sami:\n    language: ar\n    contacts:\n      - lina\nsteps: []\n", 7, "stranger"),
        ("people:\n  sami:\n    verified: true\n    contacts: [ana]\nsteps: []\n", 7, "ana"),
        (
            "people:\n  sami:\n    verified: true\n    check_in: {times: [9:00], days: [monkey]}\n",
            7,
            "monkey",
        ),
        ("people:\n  sami:\n    verified: true\n    check_in: {times: [9:00], days: []}\n", 7, "days"),
        ("people:\n  sami:\n    language: de\nsteps: []\n", 6, "ar, es, fr"),
        ("people:\n  sami:\n    language: fr-FR\nsteps: []\n", 6, "fr-FR"),
        ("language: de\nsteps: []\n", 4, "ar, es, fr"),
        ("people:\n  sami:\n    verified: true\n    contacts: [sami]\nsteps: []\n", 7, "their own contact"),
        ("steps:\n  - ana: SOS\n  - ana: \x07\n", 6, "character"),
        ("steps:\n  - wait: 1h\n  - until: 2026-03-02T09:30\n", 6, "passed"),
        ("steps:\n  - outage: 1h\n  - until: 2026-03-02T09:59:59\n", 6, "passed"),
        ("steps:\n  - explode\n", 5, "'explode' is no step"),
        ("steps:\n  - ana: {react: ''}\n", 5, "reaction"),
        ("steps:\n  - ana: {reply: }\n", 5, "text"),
        ("steps:\n  - channel: {}\n", 5, "channel"),
        ("steps:\n  - channel: {signal: down,\n      telegram: off}\n", 6, "off"),
        ("steps:\n  - channel: {ana@signal: down}\n", 5, "refused"),
    ],
)
def test_an_error_is_said_to_be_where_its_word_stands(people: str, line: int, named: str) -> None:
    error = refusal(HEAD + people)
    assert error.line == line, error
    assert named in str(error)
    assert "Allowed: " in str(error)


def test_a_protocol_that_does_not_exist_is_on_the_line_that_names_it() -> None:
    text = PEOPLE + "    check_in:\n      times: [9:00]\n      protocol: weird\nsteps: []\n"
    with pytest.raises(ScriptError) as caught, stage(parse_script(HEAD + text), lambda _: None):
        pass
    assert caught.value.line == 10
    assert "routine" in str(caught.value)


def test_the_protocol_of_a_timer_is_none_for_set_times() -> None:
    text = PEOPLE + "    check_in:\n      times: [9:00]\n      protocol: timer\nsteps: []\n"
    with pytest.raises(ScriptError) as caught, stage(parse_script(HEAD + text), lambda _: None):
        pass
    assert caught.value.line == 10
    assert "Allowed: elevated, routine." in str(caught.value)


def test_a_language_whose_alarms_are_known_is_answered_in_english() -> None:
    assert parse_script(HEAD + "people:\n  sami: {language: ru}\nsteps: []\n").people["sami"].language == "ru"


def test_what_is_no_utf_8_is_found_on_its_line(tmp_path: Path) -> None:
    path = tmp_path / "story.yaml"
    path.write_bytes(HEAD.encode() + b"steps:\n  - ana: caf\xe9\n")
    with pytest.raises(ScriptError) as caught:
        read_script(path)
    assert caught.value.line == 5


def test_anchors_and_merged_mappings_are_read() -> None:
    script = parse_script(
        HEAD
        + textwrap.dedent("""
        people:
          sami: &known
            channels: [telegram]
            verified: true
            language: ar
          nour:
            <<: *known
            language: fr
          lina: {<<: [{language: es}, *known]}
        steps:
          - sami: &cry "SOS"
          - nour: *cry
        """)
    )
    people = script.people
    assert [
        (people[n].channels, people[n].verified, people[n].language) for n in ("sami", "nour", "lina")
    ] == [
        (("telegram",), True, "ar"),
        (("telegram",), True, "fr"),
        (("telegram",), True, "es"),
    ]
    assert [step.text for step in script.steps] == ["SOS", "SOS"]


@pytest.mark.parametrize("wrong", ["<<: 5", "<<: [5]", "<<: {<<: {language: ar}}"])
def test_a_merge_of_something_else_is_refused(wrong: str) -> None:
    assert refusal(HEAD + f"people:\n  sami:\n    {wrong}\nsteps: []\n").line == 6


def test_nothing_behind_people_or_lead_is_nobody() -> None:
    script = parse_script(HEAD.replace("carla", "~") + "people:\nsteps: []\n")
    assert (script.lead, list(script.people)) == ("", ["ana", "ben"])


def test_several_channels_change_in_the_order_they_are_named() -> None:
    script = steps(
        "- channel: {telegram: down, sami@signal: offline, ana: refused}\n- channel: {ana@signal: up}\n"
    )
    assert [(s.line, s.who, s.channel, s.state) for s in script.steps] == [
        (STEP + 1, "", "telegram", "down"),
        (STEP + 1, "sami", "signal", "offline"),
        (STEP + 1, "ana", "signal", "refused"),
        (STEP + 2, "ana", "signal", "ok"),
    ]


def test_a_word_that_is_neither_a_step_nor_a_person_is_told_with_what_is_allowed() -> None:
    with pytest.raises(ScriptError) as caught:
        steps("- chanel: {signal: down}\n")
    told = str(caught.value)
    assert caught.value.line == STEP + 1
    assert "'chanel' is neither a step nor one of the people (is channel meant?)" in told
    assert "the steps " in told
    assert "outage, channel;" in told
    assert "the people " in told
