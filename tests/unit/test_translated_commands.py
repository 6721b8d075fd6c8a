"""A command that a text shows works in the language of the text, and does what the English one does."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from alerts.events import Inbound, InboundKind
from alerts.facts import DeskView, Facts, Heard, Spare
from alerts.ids import Ids
from alerts.invitations import folded
from alerts.people import STAFF, Address, Person, Reach, Role, Standing
from alerts.recognition import Alarm, Intent
from alerts.timetext import (
    End,
    Extend,
    Misread,
    Pause,
    Quiet,
    Timer,
    Timetable,
    parse_end,
    parse_extend,
    parse_pause,
    parse_quiet,
    parse_schedule,
    parse_timer,
    parse_zone,
)
from bot.rules import shipped_rules
from handlers import asking, checkin_setup, desk_commands, ok_word
from handlers.draft import Draft

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ZONE = "Asia/Beirut"
RULES = shipped_rules("Europe/Brussels")
CATALOGUES = RULES.words.catalogues
ENGLISH = CATALOGUES["en"]
OTHERS = sorted(CATALOGUES.keys() - {"en"})
PROTOCOLS = [name for name in RULES.protocols if name != "timer"]
QUOTED = re.compile("“([^”]*)”|«\u00a0?([^»]*?)\u00a0?»")
LISTS = ("desk.help", "help.defender", "help.contact", "enrol.how")
"""Texts in which a command stands in front of a colon, without quotes."""
TO_STAFF = (
    *("desk.", "page.", "notice.", "staff.", "rota.", "cover.", "invite."),
    *("confirm.", "refuse.", "remove.", "freeze.", "content.", "read."),
)
"""Texts that only the desk reads."""
PIECES = re.compile(r"[,;،؛]|👍|\s(?:or|o|ou|أو)\s")
OF_OUTSIDERS = {*asking.FOR_ALL, *asking.BY_ROLE[Role.DEFENDER], *asking.BY_ROLE[Role.CONTACT], "checkins"}
"""Commands of whoever is not staff."""
AN_ALARM_ITSELF = {"help"}
"""In English this one word is a command of the desk and, from everybody else, an SOS."""


def somebody(role: Role, language: str) -> Person:
    address = Address("address", "me", "signal", 0, Reach.OK, None, "key", "account")
    return Person(
        id="me",
        desk="main",
        role=role,
        status=Standing.ACTIVE,
        verified=True,
        version=1,
        key_id="key",
        alias="Me",
        language=language,
        addresses=(address,),
    )


def draft_of(person: Person, text: str) -> Draft:
    """What a turn would begin with when this person writes this text."""
    view = DeskView(id="main", staff=(), rota=None, on_call=(), crowd=0, crowd_head=None, waiting=())
    inbound = Inbound("signal", InboundKind.TEXT, "account", "1", text)
    spare = Spare(Ids(NOW, b"seed"), "person key", "case key", "K7PM", ("AC4EF-GH6KL",), (b"other",))
    event = Heard("frame", inbound, NOW)
    facts = Facts(now=NOW, event=event, desk=view, spare=spare, me=person, address=person.addresses[0])
    return Draft(facts, RULES)


def time_meant(text: str) -> set[str]:
    """What a text asks for about time, without what it is for."""
    found: set[str] = set()
    for wish in (
        parse_timer(text, NOW, ZONE),
        parse_extend(text, NOW, ZONE),
        parse_end(text),
        parse_pause(text, NOW, ZONE),
        parse_quiet(text),
        parse_zone(text),
        parse_schedule(text, protocols=PROTOCOLS),
    ):
        match wish:
            case Misread():
                found.add(f"misread {wish.hint_key}")
            case Timer():
                found.add(f"timer {wish.length or wish.deadline}")
            case End():
                found.add(f"end {wish.what}")
            case str():
                found.add("zone")
            case Extend() | Pause() | Quiet() | Timetable():
                found.add(repr(wish))
    return found


def command_meant(person: Person, text: str) -> set[str]:
    """The command of this person's role that a text is."""
    slashed = text if text.startswith("/") else f"/{text}"
    draft = draft_of(person, slashed)
    found = set()
    inbound = draft.facts.event.inbound  # type: ignore[union-attr]
    said = desk_commands.command_in(draft, person, inbound) if person.role in STAFF else None
    if said is not None and said.command != "unknown":
        found.add(f"desk {said.command}")
        if said.command == "checkin":
            _, _, schedule = said.rest.partition(" ")
            found.add(repr(parse_schedule(schedule, protocols=PROTOCOLS, asked=True)) if schedule else "bare")
    wanted = asking.asked(draft, person, slashed)
    if wanted is not None and not (wanted.command == "leave" and wanted.rest):
        found.add(f"{person.role} asks {wanted.command}{' …' if wanted.rest else ''}")
    if person.role is Role.DEFENDER and checkin_setup.is_list(draft, person, text):
        found.add("list")
    if ok_word.asked(draft, person, replace(inbound, text=f"{slashed} x")):
        found.add("ok word")
    return found


def readers(key: str) -> tuple[Role, ...]:
    """Who is told this."""
    if key.startswith(TO_STAFF):
        return (Role.OFFICER,)
    return (Role.CONTACT,) if key == "help.contact" else (Role.DEFENDER, Role.CONTACT)


def meaning(language: str, key: str, shown: str) -> frozenset[str]:
    """Everything that a piece of a text does when one of its readers types it."""
    text = " ".join(re.sub(r"\{\w*\}", "Ana", shown).replace("…", "").split())
    text = text.replace("Ana Ana", "Ana")
    if not text or text == "Ana":
        return frozenset()
    found = time_meant(text)
    for role in readers(key):
        found |= command_meant(somebody(role, language), text)
    if RULES.recogniser.recognise(text).alarm is Alarm.TEST:
        found.add("test")
    intent = RULES.recogniser.intent(text)
    if intent in (Intent.CLEAR, Intent.SAFE, Intent.FALSE_ALARM):
        # "I am safe" and "false alarm" do the same to an alarm.
        found.add(str(Intent.FALSE_ALARM if intent is Intent.SAFE else intent))
    return frozenset(found)


def shown_in(language: str, key: str) -> Counter[frozenset[str]]:
    """What the commands that a text shows do."""
    text = CATALOGUES[language][key]
    pieces = [quoted or other for quoted, other in QUOTED.findall(text)]
    found = [meaning(language, key, piece) for piece in pieces]
    for line in text.split("\n") if key in LISTS else ():
        head, _, tail = line.partition(":")
        of_head = [meaning(language, key, piece) for piece in PIECES.split(head)]
        found += of_head if any(of_head) else [meaning(language, key, piece) for piece in PIECES.split(tail)]
    return Counter(m for m in found if m)


@pytest.mark.parametrize("language", OTHERS)
def test_a_command_that_is_shown_does_what_the_english_one_does(language: str) -> None:
    shown = {key: shown_in("en", key) for key in ENGLISH if QUOTED.search(ENGLISH[key]) or key in LISTS}
    assert sum(map(Counter.total, shown.values())) > 120
    for key, english in shown.items():
        assert shown_in(language, key) == english, key


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_that_is_shown_in_quotes_does_nothing(language: str) -> None:
    for key, text in CATALOGUES[language].items():
        for quoted, other in QUOTED.findall(text):
            words = re.sub(r"\{\w*\}", "", quoted or other).strip()
            protocol = words in PROTOCOLS
            assert not words or protocol or meaning(language, key, quoted or other), (key, words)


# ---------------------------------------------------------------------------------------------------- words to type


def phrases(language: str) -> list[tuple[str, str]]:
    """Every way to write a command that the catalogue of a language gives."""
    return [
        (key, phrase)
        for key, text in CATALOGUES[language].items()
        if key.startswith(("command.", "ask."))
        for phrase in text.split("|")
    ]


@pytest.mark.parametrize("language", CATALOGUES)
def test_the_words_of_a_command_are_no_alarm_and_no_answer(language: str) -> None:
    for key, phrase in phrases(language):
        if key.removeprefix("ask.") in OF_OUTSIDERS:
            assert RULES.recogniser.recognise(phrase).alarm is Alarm.NONE, (key, phrase)
            assert RULES.recogniser.intent(phrase) is None, (key, phrase)
        else:
            assert phrase in AN_ALARM_ITSELF or not RULES.recogniser.whole_message_sos(phrase), (key, phrase)


@pytest.mark.parametrize("language", CATALOGUES)
def test_no_word_is_two_commands_of_one_person(language: str) -> None:
    for role, commands in asking.BY_ROLE.items():
        keys = {f"ask.{name}": name for name in (*asking.FOR_ALL, *commands)}
        if role in STAFF:
            keys |= {f"command.{name}": name for name in desk_commands.COMMANDS}
        elif role is Role.DEFENDER:
            keys["ask.checkins"] = "checkins"
        said = {
            (phrase, name)
            for key, name in keys.items()
            for spoken in ("en", language)
            for phrase in RULES.words.say(spoken, key).split("|")
        }
        twice = [phrase for phrase, count in Counter(phrase for phrase, _ in said).items() if count > 1]
        assert twice == [], role


def plainly(phrase: str) -> set[str]:
    """A phrase as a hurried thumb writes it: without accents, with the plain alef."""
    plain = "".join(
        unicodedata.normalize("NFD", letter)[0] if letter in "أإآ" or letter < "\u0250" else letter
        for letter in phrase
    )
    return {plain}


@pytest.mark.parametrize("language", OTHERS)
def test_a_command_may_be_typed_without_accents(language: str) -> None:
    known = set(phrases(language))
    for key, phrase in known:
        for other in plainly(phrase):
            assert (key, other) in known, (key, other)


@pytest.mark.parametrize("apostrophe", "'’‘ʼ`´")
@pytest.mark.parametrize("language", CATALOGUES)
def test_a_command_may_be_typed_with_any_apostrophe(language: str, apostrophe: str) -> None:
    me = somebody(Role.DEFENDER, language)
    for key, phrase in phrases(language):
        name = key.removeprefix("ask.")
        if name in asking.BY_ROLE[Role.DEFENDER] and "'" in phrase:
            wanted = asking.asked(draft_of(me, phrase), me, phrase.replace("'", apostrophe))
            assert wanted is not None, phrase
            assert wanted.command == name, phrase
    for phrase in ("I don't use voice", "quelqu'un"):
        assert folded(phrase.replace("'", apostrophe)) == folded(phrase)


@pytest.mark.parametrize("language", CATALOGUES)
def test_an_answer_may_be_typed_as_its_button_says(language: str) -> None:
    texts = CATALOGUES[language]
    wanted = {
        "button.checkin_ok": Intent.OK,
        "button.checkin_talk": Intent.TALK,
        "button.checkin_more": Intent.MORE_TIME,
        "button.checkin_help": Intent.HELP,
        "button.skip": Intent.SKIP,
        "button.no_emergency": Intent.NO,
        "button.refuse": Intent.NO,
        "button.disagree": Intent.NO,
    }
    assert {key: RULES.recogniser.intent(texts[key]) for key in wanted} == wanted


# ------------------------------------------------------------------------------------------- words after a command

AFTER = {
    "rota": ("word", ("always", "daily", "weekly", "clear")),
    "cover": ("word", ("list", "remove", "me")),
    "invite": ("word", ("officer", "lead", "defender")),
    "close": ("outcome", RULES.taxonomy.lists["outcome_person"]),
    "checkin": ("protocol", PROTOCOLS),
}
"""Command -> where the words that may come after it stand, and what they are called."""


@pytest.mark.parametrize("language", CATALOGUES)
@pytest.mark.parametrize("command", AFTER)
def test_the_words_after_a_command_are_understood_in_every_language_and_in_english(
    language: str, command: str
) -> None:
    head, names = AFTER[command]
    me = somebody(Role.LEAD, language)
    draft = draft_of(me, "")
    for name in names:
        for spoken in (name, *CATALOGUES[language][f"{head}.{name}"].split("|")):
            for typed in (spoken, spoken.upper(), *plainly(spoken)):
                found = asking.first_of(draft, me, f"{typed} ana ben", head, names)
                assert found == (name, "ana ben"), typed
            assert asking.first_of(draft, me, f"{spoken}isimo ana", head, names)[0] == ""


def test_a_desks_own_names_are_known_as_they_are() -> None:
    me = somebody(Role.LEAD, "es")
    assert asking.first_of(draft_of(me, ""), me, "frontera 9:00", "protocol", ["frontera"]) == (
        "frontera",
        "9:00",
    )


@pytest.mark.parametrize(
    ("language", "text", "command"),
    [
        ("es", "cerrar a salvo, en casa", "close"),
        ("fr", "clore libérée hier", "close"),
        ("ar", "إغلاق في أمان", "close"),
    ],
)
def test_an_outcome_in_the_officers_language_makes_a_bare_command(
    language: str, text: str, command: str
) -> None:
    me = somebody(Role.OFFICER, language)
    draft = draft_of(me, text)
    said = desk_commands.command_in(draft, me, draft.facts.event.inbound)  # type: ignore[union-attr]
    assert said is not None
    assert said.command == command


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "9:00 21:00 rutina"),
        ("fr", "9:00 21:00 routine"),
        ("ar", "9:00 21:00 روتيني"),
        ("en", "9:00 21:00 routine"),
    ],
)
def test_a_ladder_is_called_in_the_persons_language(language: str, text: str) -> None:
    draft = draft_of(somebody(Role.DEFENDER, language), text)
    wish = parse_schedule(text, protocols=checkin_setup.protocol_words(draft), asked=True)
    assert isinstance(wish, Timetable)
    assert wish.protocol == "routine"
    for name in (text.split()[-1], f"protocol {text.split()[-1]}"):
        assert checkin_setup.protocol_named(draft, name) == "routine"
    assert checkin_setup.protocol_named(draft, f"{text.split()[-1]} visit at the doctor") is None
