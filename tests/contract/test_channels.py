"""Every channel keeps the port's promises in receiving, whatever its platform."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from alerts.events import InboundKind, RetryAt, Sent, Unreadable
from bot.channels.port import Channel, FetchFailed
from tests.contract.benches import held
from tests.contract.channel_suite import Bench, Feature, Inbox, OpenBench, play, receiving, send

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4


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
