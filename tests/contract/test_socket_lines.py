"""Lines that stay in the socket until they are done with, on a pair of sockets of the system."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from bot.socket_lines import Lines
from bot.socket_peek import ConnectionGone

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    theirs, ours = socket.socketpair()
    with theirs, ours:
        yield theirs, ours


def test_lines_stay_until_they_are_taken(pair: Pair) -> None:
    theirs, ours = pair
    lines = Lines(ours)
    theirs.sendall(b'one\n{"two": 2}\nthr')
    assert lines.peek() == [b"one", b'{"two": 2}']
    assert Lines(ours).peek() == [b"one", b'{"two": 2}'], "whoever comes after one that was killed finds them"
    lines.peek()
    lines.take()
    assert lines.peek() == []
    theirs.sendall(b"ee\n")
    assert lines.peek() == [b"three"]


def test_an_object_that_is_closed_is_a_line_before_its_end_comes(pair: Pair) -> None:
    theirs, ours = pair
    lines = Lines(ours)
    theirs.sendall(b'one\n{"two": {"text": "}"}}')
    assert lines.peek() == [b"one", b'{"two": {"text": "}"}}']
    lines.take()
    assert lines.peek() == []
    theirs.sendall(b"\n")
    assert lines.peek() == [], "the end of what was dealt with is no line"
    theirs.sendall(b'{"three": 3}\n')
    assert lines.peek() == [b'{"three": 3}']


def test_who_follows_a_killed_one_knows_the_end_of_what_that_one_took(pair: Pair) -> None:
    theirs, ours = pair
    killed = Lines(ours)
    theirs.sendall(b'{"one": 1}')
    assert killed.peek() == [b'{"one": 1}']
    killed.take()
    theirs.sendall(b'\n{"two": 2}\n')
    assert Lines(ours).peek() == [b'{"two": 2}']


@pytest.mark.parametrize("begun", [b'{"a": "}', b'{"a": {}', b"}", b"x}", b"[" * 5000 + b"}", b'"\xff}'])
def test_what_is_no_closed_object_waits_for_its_end(pair: Pair, begun: bytes) -> None:
    theirs, ours = pair
    lines = Lines(ours)
    theirs.sendall(begun)
    assert lines.peek() == []
    theirs.sendall(b"more\n")
    assert lines.peek() == [begun + b"more"]


def test_a_connection_that_ends_is_gone_when_all_of_it_is_taken(pair: Pair) -> None:
    theirs, ours = pair
    lines = Lines(ours)
    theirs.sendall(b'{"one": 1}\n')
    theirs.close()
    assert lines.peek() == [b'{"one": 1}']
    lines.take()
    with pytest.raises(ConnectionGone):
        lines.peek()
