"""Every channel keeps the port's promises in sending, whatever its platform."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from alerts.events import Location, OutboundFile, Refusal, Refused, RetryAt, Sent
from bot.channels.port import Channel
from tests.contract.benches import held
from tests.contract.channel_suite import Bench, Feature, Inbox, OpenBench, play, send


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
