"""Accounts that cannot be reached for a while, and those whose owner is told of it: as chats on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.events import Refusal, Refused, Sent
from alerts.people import Reach
from bot.channels.pretend_frames import to_raw
from bot.channels.pretend_phones import account
from bot.delivery import Budget, Delivery
from bot.rehearsal.script import Character
from tests.stories.chat import BOTH, Chat, chat

SAMI = Character("sami", BOTH, verified=True)


def reach(it: Chat, who: str) -> dict[str, Reach]:
    person = it.person(who)
    assert person is not None
    return {address.channel: address.status for address in person.addresses}


def test_who_writes_from_an_account_that_refused_is_answered_there_again(database: str) -> None:
    with chat(SAMI, database=database) as it:
        it.says("sami", "SOS", "signal")
        it.says("ana", "take")
        it.stage.network.set_person("sami", "signal", "refused")
        it.says("ana", "where are you")
        assert [line["channel"] for line in it.new("sami", "relay")] == ["telegram"]
        assert reach(it, "sami") == {"signal": Reach.REFUSED, "telegram": Reach.OK}
        it.stage.network.set_person("sami", "signal", "ok")
        it.says("sami", "my phone was off", "signal")
        it.says("ana", "good to hear you")
        assert [line["channel"] for line in it.new("sami", "relay")] == ["signal"]
        assert reach(it, "sami") == {"signal": Reach.OK, "telegram": Reach.OK}


def test_an_officer_who_writes_from_an_account_that_refused_is_paged_there_again() -> None:
    with chat("nour", SAMI) as it:
        it.stage.network.set_person("ana", "signal", "refused")
        it.says("nour", "SOS")
        assert reach(it, "ana")["signal"] is Reach.REFUSED
        it.stage.network.set_person("ana", "signal", "ok")
        it.says("ana", "/oncall", "signal")
        it.says("sami", "SOS")
        assert {line["channel"] for line in it.new("ana", "page")} == set(BOTH)


def frame(it: Chat, who: str, channel: str, **fields: Any) -> None:
    """Something that a platform tells of somebody."""
    it.frames += 1
    told = {"n": 20_000 + it.frames, "from": account(who, channel), **fields}
    it.stage.engine.accept([to_raw(channel, told)])
    it.stage.pump()


def test_who_blocks_the_bot_is_out_of_reach_there_until_they_come_back_and_the_desk_hears_of_it() -> None:
    with chat(SAMI, restarts=False) as it:
        it.says("sami", "SOS", "telegram")
        it.says("ana", "take")
        (ref,) = {line["case"] for line in it.lines if line.get("case")}
        it.shown = len(it.lines)
        frame(it, "sami", "telegram", kind="reachable", reachable=False)
        assert it.told("ana", "notice.unreachable", ref=ref, channel="telegram")
        it.says("ana", "where are you")
        assert [line["channel"] for line in it.new("sami", "relay")] == ["signal"]
        frame(it, "sami", "telegram", kind="reachable", reachable=True)
        assert reach(it, "sami") == {"signal": Reach.OK, "telegram": Reach.OK}


def refusing(it: Chat, who: str, channel: str, refused: Refused) -> list[str]:
    """Hands over once what waits for this account, which refuses it. Returns what was handed over."""
    texts = []
    (delivery,) = [d for d in it.stage.deliveries if d.channel == channel]
    fresh = Delivery(it.stage.engine, channel, Budget())
    for consignment in fresh.claim(50):
        mine = consignment.outbound.address == account(who, channel)
        texts += [consignment.outbound.text] if mine else []
        it.stage.engine.settle(fresh.answered(consignment, refused if mine else Sent("1")))
    assert delivery.channel == channel
    return texts


def test_a_chat_that_moved_is_followed_with_the_message(database: str) -> None:
    with chat(Character("sami", ("telegram",), verified=True), database=database, restarts=False) as it:
        it.stage.network.say("sami", text="SOS")
        (raw,) = it.stage.network.pending("telegram")
        it.stage.engine.accept([raw])
        it.stage.engine.work_inbox()
        (receipt,) = refusing(it, "sami", "telegram", Refused(Refusal.MIGRATED, moved_to="-100777"))
        with it.stage.engine.store.reading() as work:
            person = work.person_at("telegram", "-100777")
            assert work.person_at("telegram", account("sami", "telegram")) is None
        assert person is not None
        assert person.alias == "Sami"
        delivery = Delivery(it.stage.engine, "telegram", Budget())
        again = [c.outbound for _ in range(2) for c in delivery.claim(50)]  # one of a chat at a time
        assert ("-100777", receipt) in [(outbound.address, outbound.text) for outbound in again]


@pytest.mark.parametrize("reason", [Refusal.UNTRUSTED, Refusal.UNREGISTERED])
def test_an_account_that_signal_refuses_is_gone_around_and_else_the_officer_is_told(reason: Refusal) -> None:
    only_signal = Character("nour", ("signal",), verified=True)
    with chat(SAMI, only_signal, restarts=False) as it:
        for who, elsewhere in (("sami", ["telegram"]), ("nour", [])):
            it.says(who, "SOS", "signal")
            ref = it.new("ana", "page")[0]["case"]
            it.says("ana", f"take {ref}")
            it.shown = len(it.lines)
            it.stage.network.say("ana", text="where are you")
            it.stage.engine.accept(it.stage.network.pending())
            it.stage.engine.work_inbox()
            assert "where are you" in " ".join(refusing(it, who, "signal", Refused(reason)))
            for raw in it.stage.network.pending():
                it.stage.network.handed(raw)
            it.stage.pump()
            assert [line["channel"] for line in it.new(who, "relay")] == elsewhere
            assert it.told("ana", "notice.not_delivered", ref=ref) is not bool(elsewhere)
            frozen = reason is Refusal.UNTRUSTED
            assert reach(it, who)["signal"] is (Reach.FROZEN if frozen else Reach.REFUSED)
            it.says("ana", f"unfreeze {who}")
            assert it.told("ana", "unfreeze.done", name=who.capitalize()) is frozen
            assert reach(it, who)["signal"] is (Reach.OK if frozen else Reach.REFUSED)


def test_an_edit_that_becomes_an_alarm_is_one(database: str) -> None:
    with chat(SAMI, database=database) as it:
        it.says("sami", "good morning")
        assert it.new("ana", "page") == []
        it.does("sami", edit="SOS they are at the door")
        assert {page["urgency"] for page in it.new("ana", "page")} == {"P1"}


def test_an_edit_a_deletion_and_a_moving_place_reach_whoever_has_the_case() -> None:
    with chat(SAMI) as it:
        it.says("sami", "SOS", "signal")
        it.says("ana", "take")
        it.does("sami", "signal", edit="SOS at the north gate")
        assert any("north gate" in text for text in it.texts("ana"))
        assert it.told("ana", "relay.edited")
        it.does("sami", "signal", delete=True)
        assert it.told("ana", "relay.deleted")
        place = {"latitude": 33.9, "longitude": 35.5, "accuracy": None, "live": True, "ended": False}
        it.shown = len(it.lines)
        frame(it, "sami", "telegram", kind="live_update", ref="7", target="7", location=place)
        assert it.told("ana", "relay.location_live", point="33.90000, 35.50000")
        assert it.texts("sami") == [], "a place that moves is not answered each time"
