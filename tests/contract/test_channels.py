"""Every channel keeps the port's promises, whatever its platform."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from alerts.events import InboundKind, Location, OutboundFile, Refusal, Refused, RetryAt, Sent, Unreadable
from bot.channels.port import Channel, FetchFailed
from tests.contract.bench_practice import PRETEND_FEATURES, pretend_bench
from tests.contract.bench_signal import SIGNAL_FEATURES, signal_bench
from tests.contract.bench_telegram import TELEGRAM_FEATURES, telegram_bench
from tests.contract.channel_suite import Bench, Feature, Inbox, OpenBench, play, receiving, send

BENCHES: dict[str, tuple[OpenBench, frozenset[Feature]]] = {
    "telegram": (telegram_bench, TELEGRAM_FEATURES),
    "signal": (signal_bench, SIGNAL_FEATURES),
    "pretend signal": (pretend_bench("signal"), PRETEND_FEATURES["signal"]),
    "pretend telegram": (pretend_bench("telegram"), PRETEND_FEATURES["telegram"]),
}

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4


def held(*features: Feature) -> Callable[[Any], Any]:
    """The test runs for each channel whose platform has all of these; it is no test where there is none."""
    fitting = [
        pytest.param(open_bench, id=name)
        for name, (open_bench, has) in BENCHES.items()
        if has.issuperset(features)
    ]
    return pytest.mark.parametrize("open_bench", fitting) if fitting else lambda function: None


# -------------------------------------------------------------------------------------------------------------- in


@held()
def test_a_text_arrives_once_and_says_who_wrote_it(open_bench: OpenBench) -> None:
    async def story(bench: Bench, channel: Channel, inbox: Inbox) -> None:
        ref = bench.text("sami", "SOS 🆘 نجدة")
        (event,) = await inbox.get(1)
        assert event.kind is InboundKind.TEXT
        assert event.text == "SOS 🆘 نجدة"
        assert event.sender == bench.address("sami")
        assert event.message_ref == ref
        assert event.channel == channel.name
        assert inbox.frames[0].sender == event.sender
        assert inbox.frames[0].channel == channel.name
        assert "SOS" in inbox.frames[0].peek

    play(open_bench, story)


@held()
def test_one_persons_messages_stay_in_order(open_bench: OpenBench) -> None:
    async def story(bench: Bench, _: Channel, inbox: Inbox) -> None:
        for number in range(40):
            bench.text("sami", f"s{number}")
            bench.text("nour", f"n{number}")
        events = await inbox.get(80)
        for who, letter in (("sami", "s"), ("nour", "n")):
            said = [event.text for event in events if event.sender == bench.address(who)]
            assert said == [f"{letter}{number}" for number in range(40)]

    play(open_bench, story)


@held()
def test_a_quote_names_the_message_we_sent(open_bench: OpenBench) -> None:
    async def story(bench: Bench, channel: Channel, inbox: Inbox) -> None:
        outcome = await send(bench, channel, "ana", "Case A7 is open")
        assert isinstance(outcome, Sent)
        bench.text("ana", "I am here", quote=outcome.ref)
        (event,) = await inbox.get(1)
        assert (event.text, event.target_ref) == ("I am here", outcome.ref)

    play(open_bench, story)


@held()
def test_a_reaction_names_the_message_and_can_be_taken_back(open_bench: OpenBench) -> None:
    async def story(bench: Bench, channel: Channel, inbox: Inbox) -> None:
        outcome = await send(bench, channel, "ana", "Case A7 is open")
        assert isinstance(outcome, Sent)
        bench.react("ana", outcome.ref, "👍")
        bench.unreact("ana", outcome.ref, "👍")
        first, second = await inbox.get(2)
        assert first.kind is second.kind is InboundKind.REACTION
        assert (first.text, first.target_ref, first.removed) == ("👍", outcome.ref, False)
        assert (second.target_ref, second.removed) == (outcome.ref, True)
        assert first.sender == bench.address("ana")

    play(open_bench, story)


@held(Feature.EDITS)
def test_an_edit_brings_the_new_text_and_names_the_old_message(open_bench: OpenBench) -> None:
    async def story(bench: Bench, _: Channel, inbox: Inbox) -> None:
        ref = bench.text("sami", "I am fine")
        bench.edit("sami", ref, "I am not fine")
        _text, edit = await inbox.get(2)
        assert (edit.kind, edit.text, edit.target_ref) == (InboundKind.EDIT, "I am not fine", ref)

    play(open_bench, story)


@held(Feature.DELETES_OF_THEIRS)
def test_a_delete_names_the_message(open_bench: OpenBench) -> None:
    async def story(bench: Bench, _: Channel, inbox: Inbox) -> None:
        ref = bench.text("sami", "forget this")
        bench.delete("sami", ref)
        _text, delete = await inbox.get(2)
        assert (delete.kind, delete.target_ref) == (InboundKind.DELETE, ref)

    play(open_bench, story)


@held(Feature.BUTTONS)
def test_a_press_names_message_choice_and_row(open_bench: OpenBench) -> None:
    async def story(bench: Bench, channel: Channel, inbox: Inbox) -> None:
        outcome = await send(bench, channel, "sami", "How are you?", choices=("OK", "Talk to me", "Help"))
        assert isinstance(outcome, Sent)
        bench.press("sami", outcome.ref, 2)
        (event,) = await inbox.get(1)
        assert (event.kind, event.choice, event.target_ref) == (InboundKind.PRESS, 2, outcome.ref)
        assert event.sender == bench.address("sami")
        assert event.outbound_id.startswith("018f2c3a-")

    play(open_bench, story)


@held()
def test_a_location_is_a_point_and_is_looked_at_first(open_bench: OpenBench) -> None:
    async def story(bench: Bench, _: Channel, inbox: Inbox) -> None:
        bench.location("sami", 33.89, 35.5)
        (event,) = await inbox.get(1)
        assert event.kind is InboundKind.LOCATION
        assert event.location is not None
        assert (round(event.location.latitude, 4), round(event.location.longitude, 4)) == (33.89, 35.5)
        assert inbox.frames[0].peek == "🆘"

    play(open_bench, story)


@held(Feature.LIVE_LOCATION)
def test_a_live_location_starts_moves_and_ends(open_bench: OpenBench) -> None:
    async def story(bench: Bench, _: Channel, inbox: Inbox) -> None:
        ref = bench.live("sami", (1.0, 2.0), (1.5, 2.5), (1.6, 2.6))
        events = await inbox.get(3)
        assert events[0].kind is InboundKind.LIVE_LOCATION
        assert events[0].message_ref == ref
        assert [event.kind for event in events[1:]] == [InboundKind.LIVE_UPDATE] * (len(events) - 1)
        assert {event.target_ref for event in events[1:]} == {ref}
        assert [bool(event.location and event.location.ended) for event in events][-1]
        assert not events[0].location or not events[0].location.ended

    play(open_bench, story)


@held()
def test_a_voice_note_is_looked_at_first_and_can_be_fetched(open_bench: OpenBench) -> None:
    async def story(bench: Bench, channel: Channel, inbox: Inbox) -> None:
        content = b"OggS" + bytes(range(256)) * 1000
        bench.voice("sami", content)
        (event,) = await inbox.get(1)
        assert event.kind is InboundKind.VOICE
        assert inbox.frames[0].peek == "🆘"
        (attachment,) = event.attachments
        assert attachment.voice
        fetched = b"".join([chunk async for chunk in channel.fetch(attachment, 1_000_000)])
        assert fetched == content

    play(open_bench, story)


@held()
def test_a_fetch_never_brings_more_than_its_limit(open_bench: OpenBench) -> None:
    async def story(bench: Bench, channel: Channel, inbox: Inbox) -> None:
        bench.photo("sami", JPEG, caption="look")
        (event,) = await inbox.get(1)
        assert (event.kind, event.text) == (InboundKind.PHOTO, "look")
        brought = bytearray()

        async def fetch() -> None:
            async for chunk in channel.fetch(event.attachments[0], 100):
                brought.extend(chunk)

        with pytest.raises(FetchFailed) as failed:
            await fetch()
        assert failed.value.gone
        assert len(brought) <= 100

    play(open_bench, story)


@held()
def test_what_we_have_no_word_for_arrives_with_words(open_bench: OpenBench) -> None:
    async def story(bench: Bench, _: Channel, inbox: Inbox) -> None:
        bench.odd("sami")
        (event,) = await inbox.get(1)
        assert event.kind is InboundKind.OTHER
        assert event.text
        assert event.sender == bench.address("sami")

    play(open_bench, story)


@held(Feature.GROUPS)
def test_what_is_said_in_groups_is_not_said_to_us(open_bench: OpenBench) -> None:
    async def story(bench: Bench, _: Channel, inbox: Inbox) -> None:
        bench.group("sami", "SOS everybody")
        bench.text("sami", "to you")
        (event,) = await inbox.get(1)
        assert event.text == "to you"

    play(open_bench, story)


@held(Feature.FORMATS)
def test_a_frame_nobody_knows_is_not_in_the_way_of_the_next_sos(open_bench: OpenBench) -> None:
    async def story(bench: Bench, _: Channel, inbox: Inbox) -> None:
        bench.malformed()
        bench.text("nour", "SOS")
        (event,) = await inbox.get(1)
        assert event.text == "SOS"
        assert len(inbox.frames) == 2, "the unknown frame is stored too"

    play(open_bench, story)


@held(Feature.REDELIVERS)
def test_a_frame_that_was_not_stored_is_offered_again(open_bench: OpenBench) -> None:
    async def story(bench: Bench, _: Channel, inbox: Inbox) -> None:
        refused: list[str] = []

        def refuse_twice(raw: Any) -> bool:
            refused.append(raw.dedup)
            return len(refused) <= 2

        inbox.refuse = refuse_twice
        bench.text("sami", "one")
        bench.text("sami", "two")
        events = await inbox.get(2)
        assert [event.text for event in events] == ["one", "two"]

    play(open_bench, story)


@held(Feature.REDELIVERS)
def test_a_process_that_dies_before_storing_gets_the_frame_again(open_bench: OpenBench) -> None:
    async def whole() -> None:
        with open_bench() as bench:
            dying = bench.channel()
            lost = Inbox(dying)
            lost.hold = asyncio.Event()
            async with receiving(dying, lost.accept):
                bench.text("sami", "SOS")
                await lost.until(lambda: lost.offered)
            await dying.close()
            assert lost.frames == []
            channel = bench.channel()
            inbox = Inbox(channel)
            async with receiving(channel, inbox.accept):
                (event,) = await inbox.get(1)
            await channel.close()
            assert event.text == "SOS"

    asyncio.run(whole())


@held(Feature.HELD)
def test_what_is_written_while_nobody_listens_arrives_later(open_bench: OpenBench) -> None:
    async def whole() -> None:
        with open_bench() as bench:
            for number in range(3):
                bench.text("sami", f"SOS {number}")
            channel = bench.channel()
            inbox = Inbox(channel)
            async with receiving(channel, inbox.accept):
                events = await inbox.get(3)
            await channel.close()
            assert [event.text for event in events] == ["SOS 0", "SOS 1", "SOS 2"]

    asyncio.run(whole())


@held(Feature.OUTAGE)
def test_an_outage_is_waited_out(open_bench: OpenBench) -> None:
    async def story(bench: Bench, channel: Channel, inbox: Inbox) -> None:
        bench.text("sami", "before")
        await inbox.get(1)
        bench.down()
        outcome = await send(bench, channel, "sami", "hello")
        assert isinstance(outcome, RetryAt)
        bench.up()
        bench.text("sami", "after")
        events = await inbox.get(2)
        assert [event.text for event in events] == ["before", "after"]

    play(open_bench, story)


@held()
def test_parsing_is_pure_and_shows_nothing_in_a_repr(open_bench: OpenBench) -> None:
    async def story(bench: Bench, channel: Channel, inbox: Inbox) -> None:
        bench.text("sami", "marker-6f1d")
        bench.photo("sami", JPEG, caption="marker-6f1d")
        await inbox.get(2)
        for raw in inbox.frames:
            assert channel.parse(raw.raw) == channel.parse(raw.raw)
            shown = repr(raw) + repr(channel.parse(raw.raw))
            assert "marker-6f1d" not in shown
            assert bench.address("sami") not in shown
        with pytest.raises(Unreadable):
            channel.parse(b"\x00\xffno frame of any kind")

    play(open_bench, story)


# ------------------------------------------------------------------------------------------------------------- out


@held()
def test_a_text_is_sent_as_it_is_and_quotes(open_bench: OpenBench) -> None:
    async def story(bench: Bench, channel: Channel, inbox: Inbox) -> None:
        theirs = bench.text("sami", "SOS")
        await inbox.get(1)
        text = "We are *here* <b>now</b> _x_ [a](b) 🆘 مرحبا"
        outcome = await send(bench, channel, "sami", text, quote_ref=theirs)
        assert isinstance(outcome, Sent)
        (message,) = bench.phone("sami")
        assert (message.text, message.ref, message.quote) == (text, outcome.ref, theirs)

    play(open_bench, story)


@held()
def test_a_message_may_quote_what_is_not_there_any_more(open_bench: OpenBench) -> None:
    async def story(bench: Bench, channel: Channel, inbox: Inbox) -> None:
        ref = bench.text("sami", "SOS")
        await inbox.get(1)
        other = await send(bench, channel, "nour", "hello")
        assert isinstance(other, Sent)
        for quote in (other.ref, "nonsense", ref + "9"):
            assert isinstance(await send(bench, channel, "sami", "still sent", quote_ref=quote), Sent)
        assert [message.text for message in bench.phone("sami")] == ["still sent"] * 3

    play(open_bench, story)


@held()
@pytest.mark.parametrize(
    "text",
    ["word " * 13_000, "x" * 20_000, "🆘" * 9_000, "line\n" * 5_000],
    ids=["words", "one word", "emoji", "lines"],
)
def test_a_long_text_arrives_whole(open_bench: OpenBench, text: str) -> None:
    async def story(bench: Bench, channel: Channel, _: Inbox) -> None:
        outcome = await send(bench, channel, "ana", text, choices=("take", "pass"))
        assert isinstance(outcome, Sent)
        messages = bench.phone("ana")
        arrived = "".join(message.text for message in messages)
        for label in ("take", "pass"):
            assert label in (*messages[-1].choices, *messages[-1].text.split())
        without_space = "".join(text.split())
        assert "".join(arrived.split()).startswith(without_space)
        assert {message.ref for message in messages} == {*outcome.earlier_refs, outcome.ref}

    play(open_bench, story)


@held()
def test_odd_characters_do_not_stop_a_message(open_bench: OpenBench) -> None:
    async def story(bench: Bench, channel: Channel, _: Inbox) -> None:
        text = "a\ud800b\u200e\u202ec\udfff\x00d"
        outcome = await send(bench, channel, "ana", text, choices=("\ud800", "", "three"))
        assert isinstance(outcome, Sent)
        (message,) = bench.phone("ana")
        assert message.text.startswith("a")
        assert "three" in str(message.choices) + message.text

    play(open_bench, story)


@held()
def test_choices_are_all_shown_in_order(open_bench: OpenBench) -> None:
    async def story(bench: Bench, channel: Channel, _: Inbox) -> None:
        labels = ("Arrest or detention", "Attack", "Threat", "Raid", "Digital attack", "Someone is missing")
        await send(bench, channel, "sami", "What happened?", choices=labels)
        (message,) = bench.phone("sami")
        if Feature.BUTTONS in bench.features:
            assert message.choices == labels
        else:
            places = [
                message.text.index(f"{number}. {label}") for number, label in enumerate(labels, start=1)
            ]
            assert places == sorted(places)

    play(open_bench, story)


@held()
def test_a_location_and_a_file_are_passed_on(open_bench: OpenBench) -> None:
    async def story(bench: Bench, channel: Channel, _: Inbox) -> None:
        place = Location(33.89, 35.5)
        assert isinstance(await send(bench, channel, "ana", "Where", location=place), Sent)
        content = bytes(range(256)) * 50

        def chunks() -> Iterator[bytes]:
            for at in range(0, len(content), 1000):
                yield content[at : at + 1000]

        file = OutboundFile("note.bin", "application/octet-stream", len(content), chunks)
        assert isinstance(await send(bench, channel, "ana", "A file", file=file), Sent)
        messages = bench.phone("ana")
        assert {"Where", "A file"} <= {
            message.text for message in messages if message.text in ("Where", "A file")
        }
        where = [message.location for message in messages if message.location] or [
            (33.89, 35.5) for message in messages if "33.89" in message.text and "35.5" in message.text
        ]
        assert where == [(33.89, 35.5)]
        assert [message.file for message in messages if message.file] == [content]

    play(open_bench, story)


@held(Feature.PROTECTION)
def test_protection_is_asked_for_unless_not_wanted(open_bench: OpenBench) -> None:
    async def story(bench: Bench, channel: Channel, _: Inbox) -> None:
        await send(bench, channel, "ana", "one")
        await send(bench, channel, "ana", "two", protect=False)
        assert [message.protected for message in bench.phone("ana")] == [True, False]

    play(open_bench, story)


@held(Feature.DELETES_OF_OURS)
def test_our_message_can_be_deleted_and_twice_is_no_harm(open_bench: OpenBench) -> None:
    async def story(bench: Bench, channel: Channel, _: Inbox) -> None:
        first = await send(bench, channel, "sami", "one")
        await send(bench, channel, "sami", "two")
        assert isinstance(first, Sent)
        for _again in range(2):
            assert isinstance(await send(bench, channel, "sami", delete_ref=first.ref), Sent)
        assert [message.text for message in bench.phone("sami")] == ["two"]

    play(open_bench, story)


@held(Feature.BLOCKING)
def test_who_blocked_us_is_a_refusal(open_bench: OpenBench) -> None:
    async def story(bench: Bench, channel: Channel, _: Inbox) -> None:
        await send(bench, channel, "ana", "before")
        bench.block("ana")
        assert await send(bench, channel, "ana", "after") == Refused(Refusal.BLOCKED)

    play(open_bench, story)


@held(Feature.UNKNOWN)
def test_an_address_nobody_has_is_a_refusal(open_bench: OpenBench) -> None:
    async def story(bench: Bench, channel: Channel, _: Inbox) -> None:
        for address in (bench.unknown(), "", "nonsense", "+", "\ud800", "9" * 400):
            outcome = await send(bench, channel, "ana", "hello", address=address or " ")
            assert isinstance(outcome, Refused), address
            assert outcome.reason in (Refusal.NOT_FOUND, Refusal.UNREGISTERED)

    play(open_bench, story)


@held(Feature.LIMITS)
def test_a_limit_is_obeyed_and_stops_only_its_chat(open_bench: OpenBench) -> None:
    async def story(bench: Bench, channel: Channel, _: Inbox) -> None:
        await send(bench, channel, "ana", "before")
        bench.limit("ana", 30)
        outcome = await send(bench, channel, "ana", "after")
        assert isinstance(outcome, RetryAt)
        assert 25 <= outcome.after <= 31
        assert outcome.obey
        assert not outcome.whole_channel
        assert not outcome.ambiguous
        assert isinstance(await send(bench, channel, "ben", "hello"), Sent)

    play(open_bench, story)


@held(Feature.OUTAGE)
def test_nothing_left_us_when_nobody_answers_the_door(open_bench: OpenBench) -> None:
    async def story(bench: Bench, channel: Channel, _: Inbox) -> None:
        bench.down()
        outcome = await send(bench, channel, "ana", "hello")
        assert isinstance(outcome, RetryAt)
        assert outcome.whole_channel
        assert not outcome.ambiguous
        bench.up()
        assert isinstance(await send(bench, channel, "ana", "hello"), Sent)
        assert len(bench.phone("ana")) == 1

    play(open_bench, story)


@held(Feature.LOST_ANSWERS)
def test_an_answer_that_got_lost_leaves_it_open_whether_it_was_sent(open_bench: OpenBench) -> None:
    async def story(bench: Bench, channel: Channel, _: Inbox) -> None:
        bench.lose_next_answer()
        outcome = await send(bench, channel, "ana", "hello")
        assert isinstance(outcome, RetryAt)
        assert outcome.ambiguous
        assert [message.text for message in bench.phone("ana")] == ["hello"]

    play(open_bench, story)


@held()
def test_many_sends_side_by_side(open_bench: OpenBench) -> None:
    async def story(bench: Bench, channel: Channel, _: Inbox) -> None:
        people = [f"p{number}" for number in range(60)]
        for who in people:
            bench.address(who)
        outcomes = await asyncio.gather(*(send(bench, channel, who, f"to {who}") for who in people))
        assert all(isinstance(outcome, Sent) for outcome in outcomes)
        assert [bench.phone(who)[0].text for who in people] == [f"to {who}" for who in people]

    play(open_bench, story)
