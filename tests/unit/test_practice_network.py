"""The pretend platforms: what people do arrives as frames, what is sent arrives on phones, and nothing gets
lost between, whatever breaks."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.events import (
    Inbound,
    InboundKind,
    Location,
    Outbound,
    OutboundKind,
    Outcome,
    RawInbound,
    Refusal,
    Refused,
    RetryAt,
    Sent,
    Unreadable,
)
from bot.channels.pretend import Handed, NotThere, PretendNetwork, PretendPerson
from bot.channels.pretend_frames import parse
from bot.clock import SimulatedClock

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
BOTH = ("signal", "telegram")
SAMI = PretendPerson("sami", BOTH, display="Sami", language="ar")
ANA = PretendPerson("ana", ("telegram", "signal"))


def network(*, lifelike: bool = False) -> PretendNetwork:
    return PretendNetwork(SimulatedClock(START).now, [SAMI, ANA], lifelike=lifelike)


def taken(net: PretendNetwork) -> list[Inbound]:
    """Takes everything that waits, parsed."""
    got: list[RawInbound] = []
    net.hand_over(got.append)
    return [parse(raw.channel, raw.raw) for raw in got]


def send(net: PretendNetwork, person: str, channel: str, text: str, **more: Any) -> Outcome:
    address = net.address(person, channel)
    return net.deliver(Outbound("o1", channel, address, OutboundKind.QUESTION, text, **more))


def test_a_message_arrives_with_who_wrote_it_when_and_on_what() -> None:
    net = network()
    net.say("sami", text="SOS")
    net.say("sami", "telegram", text="مساعدة")
    signal, telegram = taken(net)
    assert (signal.kind, signal.text, signal.sender) == (InboundKind.TEXT, "SOS", net.address("sami"))
    assert (signal.sent_at, signal.name, signal.language) == (START, "Sami", "")
    assert (telegram.channel, telegram.text, telegram.language) == ("telegram", "مساعدة", "ar")
    assert int(telegram.sender) > 0


def test_accounts_do_not_depend_on_who_else_is_there() -> None:
    alone = PretendNetwork(SimulatedClock(START).now, [ANA])
    assert [alone.address("ana", channel) for channel in BOTH] == [
        network().address("ana", channel) for channel in BOTH
    ]


def test_a_frame_is_offered_until_it_was_taken() -> None:
    net = network()
    net.say("sami", text="SOS")
    assert net.pending() == net.pending()
    assert net.chat("sami")[0].tick.value == "sent"
    with pytest.raises(OSError, match="disk"):
        net.hand_over(_no_disk)
    (raw,) = net.pending()
    net.handed(raw)
    net.handed(raw)
    assert net.pending() == []
    assert net.chat("sami")[0].tick.value == "stored"


def _no_disk(_: RawInbound) -> None:
    raise OSError("no disk")


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        ({"location": (33.89, 35.5)}, InboundKind.LOCATION),
        ({"voice": True}, InboundKind.VOICE),
        ({"photo": True}, InboundKind.PHOTO),
    ],
)
def test_pins_voice_and_photos(step: dict[str, Any], kind: InboundKind) -> None:
    net = network()
    net.say("sami", **step)
    (raw,) = net.pending()
    assert (raw.peek == "🆘") == (kind is not InboundKind.PHOTO)
    (inbound,) = taken(net)
    assert inbound.kind is kind
    if kind is InboundKind.LOCATION:
        assert inbound.location == Location(33.89, 35.5)
    else:
        (attachment,) = inbound.attachments
        assert attachment.size == len(net.world.files[attachment.remote_id].data)
        assert attachment.voice == (kind is InboundKind.VOICE)


def test_live_locations_start_move_and_end() -> None:
    net = network()
    ref = net.pin("sami", location=Location(33.0, 35.0, live=True))
    net.move("sami", location=Location(33.1, 35.0, live=True), target=ref)
    net.move("sami", location=Location(33.1, 35.0, live=True, ended=True), target=ref)
    start, later, end = taken(net)
    assert [start.kind, later.kind, end.kind] == [
        InboundKind.LIVE_LOCATION,
        InboundKind.LIVE_UPDATE,
        InboundKind.LIVE_UPDATE,
    ]
    assert start.message_ref == later.target_ref == end.target_ref
    assert end.location is not None
    assert end.location.ended


def test_edits_and_deletions_name_the_message() -> None:
    net = network()
    for channel in BOTH:
        net.say("sami", channel, text="I am at the offise")
        net.say("sami", channel, edit="I am at the office")
        net.say("sami", channel, delete=True)
    first, edited, deleted, _, _ = got = taken(net)
    assert edited.kind is InboundKind.EDIT
    assert (edited.target_ref, edited.text) == (first.message_ref, "I am at the office")
    assert (deleted.kind, deleted.target_ref) == (InboundKind.DELETE, first.message_ref)
    # Telegram tells bots of edits and not of deletions.
    assert [i.kind for i in got if i.channel == "telegram"] == [InboundKind.TEXT, InboundKind.EDIT]
    assert [message.deleted for message in net.chat("sami")] == [True]


def test_choices_are_a_numbered_menu_on_one_and_buttons_on_the_other() -> None:
    net = network()
    shown: list[Handed] = []
    net.on_out.append(shown.append)
    for channel in BOTH:
        send(net, "sami", channel, "Are you in danger?", choices=("Now", "Soon"))
    assert [handed.shown for handed in shown] == [
        "Are you in danger?\n\n1. Now\n2. Soon",
        "Are you in danger?",
    ]
    assert net.chat("sami", "telegram")[0].choices == ("Now", "Soon")
    taken(net)
    net.say("sami", "signal", press=2)
    net.say("sami", "telegram", press=2)
    typed, pressed = taken(net)
    assert (typed.kind, typed.text) == (InboundKind.TEXT, "2")
    assert (pressed.kind, pressed.choice, pressed.outbound_id) == (InboundKind.PRESS, 1, "o1")
    assert pressed.target_ref == net.chat("sami", "telegram")[0].ref


@pytest.mark.parametrize("channel", BOTH)
def test_only_what_is_offered_can_be_pressed(channel: str) -> None:
    net = network()
    with pytest.raises(NotThere, match="no message with"):
        net.say("sami", channel, press=1)
    send(net, "sami", channel, "Are you in danger?", choices=("Now", "Soon"))
    send(net, "sami", channel, "We are here.")
    taken(net)
    for number in (0, 3, 9):
        with pytest.raises(NotThere, match=f"{number} cannot be pressed") as caught:
            net.say("sami", channel, press=number)
        assert caught.value.allowed == "1 (Now), 2 (Soon)"
    assert net.pending() == []
    net.say("sami", channel, press=2)
    [pressed] = taken(net)
    assert pressed.text == "2" or pressed.choice == 1
    net.say("sami", channel, text="9")  # written all the same
    assert [frame.text for frame in taken(net)] == ["9"]


def test_reactions_and_replies_are_to_the_last_message_that_was_seen() -> None:
    net = network()
    first = send(net, "ana", "signal", "Page 1")
    net.set_person("ana", "signal", "offline")
    send(net, "ana", "signal", "Page 2")
    assert isinstance(first, Sent)
    taken(net)
    net.say("ana", "signal", react="👍")
    net.say("ana", "signal", reply="I am here")
    reaction, reply = taken(net)
    assert (reaction.kind, reaction.text, reaction.target_ref) == (InboundKind.REACTION, "👍", first.ref)
    assert (reply.kind, reply.target_ref) == (InboundKind.TEXT, first.ref)


def test_nothing_to_answer_is_said_in_the_scripts_words() -> None:
    net = network()
    for step, told in [
        ({"react": "👍"}, "sami has had no message on signal yet"),
        ({"reply": "yes"}, "sami has had no message on signal yet"),
        ({"delete": True}, "sami has written no such message on signal"),
    ]:
        with pytest.raises(NotThere, match=told):
            net.say("sami", **step)  # type: ignore[arg-type]
    with pytest.raises(NotThere, match="no message with buttons on telegram"):
        net.say("sami", "telegram", press=1)
    with pytest.raises(NotThere, match="nobody called noor"):
        net.say("noor", text="hello")
    with pytest.raises(NotThere, match="there is no channel fax"):
        net.set_channel("fax", up=False)
    assert net.pending() == []


def test_receipts_come_from_the_signal_like_one_only_and_when_the_phone_has_it() -> None:
    net = network()
    assert send(net, "sami", "telegram", "hello") == Sent("1", None)
    now = send(net, "sami", "signal", "hello")
    assert isinstance(now, Sent)
    assert now.delivered is False
    net.set_person("sami", "signal", "offline")
    held = send(net, "sami", "signal", "still there?")
    assert isinstance(held, Sent)
    (receipt,) = taken(net)
    assert (receipt.kind, receipt.target_refs, receipt.read) == (InboundKind.RECEIPT, (now.ref,), False)
    assert [message.text for message in net.chat("sami")] == ["hello"]
    net.set_person("sami", "signal", "ok")
    (late,) = taken(net)
    assert late.target_refs == (held.ref,)
    assert [message.text for message in net.chat("sami")] == ["hello", "still there?"]


def test_a_channel_that_is_down_takes_nothing_and_keeps_what_people_wrote() -> None:
    net = network()
    net.set_channel("signal", up=False)
    net.say("sami", text="SOS")
    outcome = send(net, "ana", "signal", "page")
    assert isinstance(outcome, RetryAt)
    assert outcome.whole_channel
    assert net.pending() == []
    woken: list[int] = []
    net.on_pending.append(lambda: woken.append(1))
    net.set_channel("signal", up=True)
    assert woken == [1]
    assert [inbound.text for inbound in taken(net)] == ["SOS"]


def test_blocked_and_unknown_addresses_are_refused() -> None:
    net = network()
    net.set_person("ana", "telegram", "refused")
    assert send(net, "ana", "telegram", "page") == Refused(Refusal.BLOCKED)
    nobody = Outbound("o1", "telegram", "17", OutboundKind.PAGE, "page")
    assert net.deliver(nobody) == Refused(Refusal.NOT_FOUND)
    assert net.chat("ana") == []
    assert net.pending() == []


def test_in_life_a_block_is_told_and_a_phone_without_network_keeps_what_was_written() -> None:
    net = network(lifelike=True)
    net.set_person("ana", "telegram", "refused")
    (blocked,) = taken(net)
    assert (blocked.kind, blocked.reachable) == (InboundKind.REACHABLE, False)
    net.set_person("sami", "signal", "offline")
    net.write("sami", text="SOS")
    net.write("sami", text="they are here")
    assert net.pending() == []
    assert [message.tick.value for message in net.chat("sami")] == ["waiting", "waiting"]
    again = PretendNetwork(SimulatedClock(START).now, [SAMI, ANA], lifelike=True)
    again.replay(net.snapshot())
    for world in (net, again):
        world.set_person("sami", "signal", "ok")
        assert [inbound.text for inbound in taken(world)] == ["SOS", "they are here"]
        assert [message.tick.value for message in world.chat("sami")] == ["stored", "stored"]
        assert taken(world) == []


def test_watchline_deletes_its_own_messages_only() -> None:
    net = network()
    net.say("sami", text="SOS")
    sent = send(net, "sami", "signal", "We have your message.")
    assert isinstance(sent, Sent)
    assert send(net, "sami", "signal", "", delete_ref=sent.ref) == sent
    assert send(net, "sami", "signal", "", delete_ref="1") == Refused(Refusal.NOT_FOUND)
    assert [message.deleted for message in net.chat("sami")] == [False, True]


def test_what_was_recorded_plays_back_to_the_same_world() -> None:
    clock = SimulatedClock(START)
    records: list[str] = []

    def record(changes: Sequence[dict[str, Any]]) -> None:
        records.append(json.dumps(changes))

    net = PretendNetwork(clock.now, [SAMI, ANA], record=record)
    net.say("sami", text="SOS \ud800")
    net.say("sami", photo=True)
    (first, *_) = net.pending()
    net.handed(first)
    send(net, "sami", "telegram", "Where are you?", choices=("Here", "There"))
    clock.advance(timedelta(minutes=1))
    net.say("sami", "telegram", press=1)
    net.set_person("ana", "telegram", "offline")
    net.set_channel("signal", up=False)
    again = PretendNetwork(clock.now, [SAMI, ANA])
    for line in records:
        again.replay(json.loads(line))
    short = PretendNetwork(clock.now, [SAMI, ANA])
    short.replay(json.loads(json.dumps(again.snapshot())))
    for other in (again, short):
        assert other.snapshot() == net.snapshot()
        assert other.chat("sami") == net.chat("sami")
        assert other.pending() == net.pending()
        assert not other.is_up("signal")
        other.set_channel("signal", up=True)
        other.say("sami", text="still here")
        dedups = [raw.dedup for raw in other.pending("signal")]
        assert dedups == ["2", "3"], "a number that was used is not given to another frame"


def test_a_record_that_cannot_be_written_changes_nothing() -> None:
    def full(_: Sequence[dict[str, Any]]) -> None:
        raise OSError("disk full")

    net = PretendNetwork(SimulatedClock(START).now, [SAMI, ANA], record=full)
    with pytest.raises(OSError, match="disk full"):
        net.say("sami", text="SOS")
    assert net.pending() == []
    assert net.chat("sami") == []


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff",
        b"[]",
        b"7",
        b"{}",
        b'{"kind":"shout","from":"x"}',
        b'{"kind":"text","from":7}',
        b'{"kind":"location","from":"x","location":{"latitude":"north"}}',
        b'{"kind":"text","from":"x","text":["SOS"]}',
        b'{"kind":"text","from":"x","at":"yesterday"}',
        b"[" * 100_000,
    ],
)
def test_frames_of_no_known_form_are_unreadable(raw: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        parse("signal", raw)
    assert "SOS" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_nothing_of_a_person_is_in_a_repr() -> None:
    net = network()
    shown: list[Handed] = []
    net.on_out.append(shown.append)
    net.say("sami", text="marker")
    send(net, "sami", "signal", "marker")
    told = repr([net.chat("sami"), shown, net.pending(), SAMI, list(net.world.files.values())])
    for private in ("marker", "sami", "Sami", net.address("sami")):
        assert private not in told
