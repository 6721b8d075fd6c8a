"""Finds the words with which a command about time begins."""

from __future__ import annotations

from enum import Enum

from alerts.timetext.lexing import Reader, one_of
from alerts.timetext.words import COMMAND_WORDS, Command

COMMANDS = {
    command: one_of(phrase for phrases in by_language.values() for phrase in phrases)
    for command, by_language in COMMAND_WORDS.items()
}


class Opening(Enum):
    """How a message begins, as far as one command is concerned."""

    NONE = 0
    """With something else."""
    WORD = 1
    """With a word of the command, which may begin an ordinary sentence as well."""
    SLASH = 2
    """With a slash and a word of the command."""


def opening(reader: Reader, command: Command) -> Opening:
    """Goes past a slash and the words of the command; nothing moves when they are not there."""
    start = reader.at
    opened = Opening.SLASH if slash(reader) else Opening.WORD
    if reader.take(COMMANDS[command]) is None:
        reader.at = start
        return Opening.NONE
    mention, name = reader.peek(), reader.peek(1)
    if mention is not None and name is not None and mention.text == "@" and mention.glued and name.glued:
        # "/timer@our_bot 2h", as Telegram writes it in some chats.
        reader.at += 2
        while (token := reader.peek()) is not None and token.glued:
            reader.at += 1
    return opened


def is_meant(reader: Reader, opened: Opening, asked: bool) -> bool:
    """Whether the person surely meant the command, so that what does not fit deserves a hint.

    "zona militar" and "quiet here, they left" are no commands; "pause" alone and "pause until 41:00" are.
    """
    return asked or opened is Opening.SLASH or reader.ended() or reader.has_number()


def slash(reader: Reader) -> bool:
    token = reader.peek()
    if token is None or token.text != "/":
        return False
    reader.at += 1
    return True
