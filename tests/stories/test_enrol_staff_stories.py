"""Who belongs to the desk, who does not, and what a changed account costs: law 11, told as chats.

Restarted between every step; what writes is played on both databases.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from alerts.facts import Order
from alerts.people import Purpose, Reach, Role, Standing
from bot.rehearsal.script import Character
from tests.stories.chat import BOTH, Chat, chat, roles

SAMI = Character("sami", BOTH, verified=True, contacts=("lina",))
LINA = Character("lina", ("signal",))


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


def test_what_a_removed_officer_was_called_for_calls_the_next_at_once(database: str) -> None:
    with chat("nour", database=database) as it:
        it.says("nour", "SOS")
        assert it.new("ana", "page")
        assert not it.new("ben", "page")
        it.says("carla", "/remove ana")
        assert it.new("ben", "page")
        assert not it.new("ana", "page")


def test_whoever_is_called_beside_a_removed_officer_is_enough() -> None:
    with chat("nour") as it:
        it.says("nour", "SOS")
        it.waits(minutes=2, seconds=5)
        assert it.new("ben", "page")
        it.says("carla", "/remove ana")
        assert not it.new(kind="page")


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


def asked_to_trust(it: Chat) -> list[str]:
    """Hears from now on which channels are asked to trust a changed key."""
    asked: list[str] = []

    def observe(name: str, references: Mapping[str, object]) -> None:
        if name == "trust_wanted":
            asked.append(str(references["channel"]))

    it.stage.engine.observe = observe
    return asked


@pytest.mark.parametrize("channel", BOTH)
def test_one_tap_on_the_page_reads_what_came_under_a_changed_key_and_rights_stay_frozen(channel: str) -> None:
    with chat(SAMI, LINA, restarts=False) as it:
        asked = asked_to_trust(it)
        it.unreadable("sami")
        labels = [it.stage.rules.words.say("en", key) for key in ("button.take", "button.read")]
        pages = it.new("ana", "page")
        assert {page["urgency"] for page in pages} == {"P1"}
        assert [page["buttons"] for page in pages if page["channel"] == "telegram"] == [labels]
        assert asked == []
        it.does("ana", channel, press=2)
        assert asked == ["signal"]
        (ref,) = re.findall(r"comes on (\w{4}) within", " ".join(it.texts("ana")))
        assert it.told("ana", "read.asked", name="Sami", ref=ref)
        frozen = it.person("sami")
        assert frozen is not None
        assert (frozen.status, frozen.on("signal").status) == (Standing.FROZEN, Reach.FROZEN)  # type: ignore[union-attr]
        it.says("sami", "they are at the door", "signal")
        assert any("they are at the door" in text for text in it.texts("ana"))
        it.says("sami", "add contact Kim", "signal")
        assert not any("Kim" in text for text in it.texts("sami"))
        assert it.person("sami").status is Standing.FROZEN  # type: ignore[union-attr]


def test_when_nothing_is_locked_any_more_the_tap_says_so_and_an_ordinary_page_has_no_such_button() -> None:
    with chat(SAMI, LINA, "nour", restarts=False) as it:
        it.unreadable("sami")
        it.says("ana", "unfreeze sami")
        asked = asked_to_trust(it)
        it.does("ana", "signal", press=2)
        assert it.told("ana", "read.nothing", name="Sami")
        assert asked == []
        it.says("nour", "SOS")
        buttons = [page["buttons"] for page in it.new("ana", "page") if page["channel"] == "telegram"]
        assert buttons == [[it.stage.rules.words.say("en", "button.take")]]
