"""Messages of a websocket that stay in the socket until they are done with, on a pair of sockets of the system."""

from __future__ import annotations

import contextlib
import itertools
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.streams import StreamReader

from bot.socket_frames import NO_MESSAGE, Frames
from bot.socket_peek import FRAME_LIMIT, PEEK_LIMIT, ConnectionGone

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    theirs, ours = socket.socketpair()
    with theirs, ours:
        yield theirs, ours


def frame(data: bytes, opcode: Opcode = Opcode.TEXT, *, last: bool = True, mask: bool = False) -> bytes:
    return Frame(opcode, data, fin=last).serialize(mask=mask)


def all_of(frames: Frames) -> list[bytes]:
    """The messages that are there, taken out."""
    found: list[bytes] = []
    while seen := frames.peek():
        found += filter(None, seen)
        frames.take()
    return found


def heard(theirs: socket.socket) -> Frame:
    """What the other side was sent, as it reads it."""
    reader = StreamReader()
    reader.feed_data(theirs.recv(1000))
    reading = Frame.parse(reader.read_exact, mask=True)
    with pytest.raises(StopIteration) as ended:
        next(reading)
    answer: Frame = ended.value.value
    return answer


def test_messages_stay_until_they_are_taken(pair: Pair) -> None:
    theirs, ours = pair
    frames = Frames(ours)
    third = frame(b"three")
    theirs.sendall(frame(b"one") + frame(b"x" * 300) + third[:3])
    assert frames.peek() == [b"one", b"x" * 300]
    assert Frames(ours).peek() == [b"one", b"x" * 300], "whoever comes after one that was killed finds them"
    frames.peek()
    frames.take()
    assert frames.peek() == []
    theirs.sendall(third[3:])
    assert frames.peek() == [b"three"]
    frames.take()
    assert frames.peek() == []


def test_a_message_in_pieces_is_one_and_a_ping_between_them_is_answered(pair: Pair) -> None:
    theirs, ours = pair
    frames = Frames(ours)
    theirs.sendall(frame(b"half a ", last=False) + frame(b"are you there", Opcode.PING))
    assert frames.peek() == []
    assert Frames(ours).peek() == [], "nothing of it is taken out before all of it is there"
    theirs.sendall(frame(b"message", Opcode.CONT) + frame(b"next"))
    assert frames.peek() == [b"half a message", b"next"]
    frames.take()
    assert heard(theirs) == Frame(Opcode.PONG, b"are you there")


def test_pings_are_answered_once_and_are_no_messages(pair: Pair) -> None:
    theirs, ours = pair
    frames = Frames(ours)
    theirs.sendall(frame(b"1", Opcode.PING) + frame(b"SOS") + frame(b"2", Opcode.PONG))
    frames.peek()
    assert frames.peek() == [NO_MESSAGE, b"SOS", NO_MESSAGE]
    frames.take()
    assert heard(theirs) == Frame(Opcode.PONG, b"1")
    theirs.setblocking(False)
    with pytest.raises(BlockingIOError):
        theirs.recv(1)
    frames.ask()
    assert heard(theirs).opcode is Opcode.PING


@pytest.mark.parametrize(
    "end",
    [
        frame(Close(CloseCode.GOING_AWAY, "restart").serialize(), Opcode.CLOSE),
        frame(b"masked", mask=True),
        b"\xc1\x00",
        b"\x83\x00",
        b"\x09\x00",
        b"\x89\x7e\x00\x80" + b"x" * 128,
    ],
    ids=["close", "masked", "reserved bit", "unknown kind", "ping in pieces", "long ping"],
)
def test_what_came_before_the_end_is_handed_out_first(pair: Pair, end: bytes) -> None:
    theirs, ours = pair
    frames = Frames(ours)
    theirs.sendall(frame(b"last words") + end)
    assert frames.peek() == [b"last words"]
    frames.take()
    with pytest.raises(ConnectionGone):
        frames.peek()


def test_a_connection_that_breaks_is_gone_when_all_of_it_is_taken(pair: Pair) -> None:
    theirs, ours = pair
    frames = Frames(ours)
    theirs.sendall(frame(b"one") + frame(b"two")[:4])
    theirs.close()
    assert frames.peek() == [b"one"]
    frames.take()
    with pytest.raises(ConnectionGone):
        frames.peek()


@pytest.mark.parametrize("size", [125, 126, 65_535, 65_536, 3 * PEEK_LIMIT, FRAME_LIMIT + 5])
@pytest.mark.parametrize("pieces", [1, 3])
def test_a_message_of_any_size_comes_through_and_the_next_after_it(
    pair: Pair, size: int, pieces: int
) -> None:
    theirs, ours = pair
    theirs.settimeout(0.0)
    frames = Frames(ours)
    whole = bytes(range(256)) * (size // 256) + bytes(size % 256)
    cuts = [size * n // pieces for n in range(pieces + 1)]
    told = b"".join(
        frame(
            whole[start:end],
            Opcode.CONT if start else Opcode.TEXT,
            last=end == size,
        )
        + (b"" if end == size else frame(b"still here", Opcode.PING))
        for start, end in itertools.pairwise(cuts)
    ) + frame(b"next")
    found: list[bytes] = []
    while len(found) < 2:
        if told:
            with contextlib.suppress(BlockingIOError):
                told = told[theirs.send(told[: 2 * PEEK_LIMIT]) :]
        if seen := frames.peek():
            found += filter(None, seen)
            frames.take()
    assert found == [whole[:FRAME_LIMIT], b"next"]


def test_who_pings_and_takes_no_answers_does_not_hold_us_up(pair: Pair) -> None:
    theirs, ours = pair
    frames = Frames(ours)

    def pinged() -> None:
        for _ in range(100_000):
            theirs.sendall(frame(b"x" * 100, Opcode.PING) * 10)
            frames.peek()
            frames.take()

    with pytest.raises(ConnectionGone):
        pinged()


def test_a_part_of_what_comes_between_two_pieces_of_a_long_message_is_waited_for(pair: Pair) -> None:
    theirs, ours = pair
    frames = Frames(ours)
    ping, last = frame(b"are you there", Opcode.PING), frame(b"y" * 200, Opcode.CONT)
    theirs.sendall(frame(b"x" * (PEEK_LIMIT + 1), last=False))
    found = []
    for part in (ping[:1], ping[1:5], ping[5:] + last[:3], last[3:]):
        found += all_of(frames)
        theirs.sendall(part)
    assert found + all_of(frames) == [b"x" * (PEEK_LIMIT + 1) + b"y" * 200]
    assert heard(theirs) == Frame(Opcode.PONG, b"are you there")
    theirs.sendall(frame(b"x" * (PEEK_LIMIT + 1), last=False) + b"\x80")
    theirs.close()
    with pytest.raises(ConnectionGone):
        all_of(frames)


SOMETHING = st.tuples(st.binary(max_size=400), st.integers(1, 3), st.booleans())


@settings(max_examples=200, deadline=None)
@given(messages=st.lists(SOMETHING, max_size=12), data=st.data())
def test_however_it_is_cut_and_whoever_is_killed_every_message_comes_once(
    messages: list[tuple[bytes, int, bool]], data: st.DataObject
) -> None:
    told = b""
    for text, pieces, ping in messages:
        cuts = [len(text) * n // pieces for n in range(pieces + 1)]
        for n, (start, end) in enumerate(itertools.pairwise(cuts)):
            told += frame(text[start:end], Opcode.CONT if n else Opcode.TEXT, last=n == pieces - 1)
            told += frame(b"", Opcode.PING) if ping else b""
    theirs, ours = socket.socketpair()
    with theirs, ours:
        frames, found = Frames(ours), []
        while told:
            step = data.draw(st.integers(1, len(told)))
            theirs.sendall(told[:step])
            told = told[step:]
            seen = frames.peek()
            if data.draw(st.booleans()):
                frames = Frames(ours)  # killed before it took anything out; the next one sees the same
                assert frames.peek() == seen
            if seen:
                frames.take()
            found += [text for text in seen if text]
    assert found == [text for text, _, _ in messages if text]
