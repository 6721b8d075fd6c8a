"""Telegram's errors as outcomes. Pure.

Telegram tells them apart by status and by English text only; the texts are those of its own open server
(github.com/tdlib/telegram-bot-api, Client.cpp). A refusal that is not known is REJECTED: it will not get better by
being tried again, and a person is told.
"""

from __future__ import annotations

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    TelegramError,
    TimedOut,
)

from alerts.events import Outcome, Refusal, Refused, RetryAt
from bot.channels.telegram.wire import RateLimited

SOON = 1.0
"""Seconds until a temporary failure is worth another try."""

_REFUSALS = (
    ("bot was blocked", Refusal.BLOCKED),
    ("user is deactivated", Refusal.UNREGISTERED),
    ("chat not found", Refusal.NOT_FOUND),
    ("user not found", Refusal.NOT_FOUND),
    ("peer_id_invalid", Refusal.NOT_FOUND),
    ("have no access to the user", Refusal.NOT_FOUND),
    ("can't be deleted", Refusal.EXPIRED),
    ("too long", Refusal.TOO_LARGE),
    ("too big", Refusal.TOO_LARGE),
    ("too large", Refusal.TOO_LARGE),
    ("not enough rights", Refusal.FORBIDDEN),
    ("have no rights", Refusal.FORBIDDEN),
    ("chat_write_forbidden", Refusal.FORBIDDEN),
    ("messages_forbidden", Refusal.FORBIDDEN),
)

_NOTHING_LEFT_US = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


def outcome_of(error: TelegramError) -> Outcome:
    """What a failed call means for the message."""
    words = str(error.message).lower()
    match error:
        case RateLimited():
            return RetryAt(after=error.seconds, reason="rate_limited", obey=True)
        case ChatMigrated():
            return Refused(Refusal.MIGRATED, moved_to=str(error.new_chat_id))
        case Forbidden():
            return Refused(_refusal(words, Refusal.FORBIDDEN))
        case InvalidToken():
            return RetryAt(after=3 * SOON, reason="unauthorised", whole_channel=True)
        case Conflict():
            return RetryAt(after=3 * SOON, reason="conflict", whole_channel=True)
        case BadRequest():
            return Refused(_refusal(words, Refusal.REJECTED))
        case TimedOut():
            nothing_sent = isinstance(error.__cause__, _NOTHING_LEFT_US)
            no_connection = isinstance(error.__cause__, httpx.ConnectTimeout)
            return RetryAt(
                after=SOON,
                reason="unreachable" if no_connection else "timeout",
                ambiguous=not nothing_sent,
                whole_channel=no_connection,
            )
        case NetworkError():
            return _network(error, words)
        case _:
            return RetryAt(after=SOON, reason="server_error", ambiguous=True)


def _network(error: NetworkError, words: str) -> Outcome:
    """No connection, a broken one, or a status that has no exception of its own in the library."""
    if isinstance(error.__cause__, _NOTHING_LEFT_US):
        return RetryAt(after=SOON, reason="unreachable", whole_channel=True)
    if error.__cause__ is not None and not isinstance(error.__cause__, TelegramError):
        return RetryAt(after=SOON, reason="unreachable", ambiguous=True)
    if words.startswith("request entity too large"):
        return Refused(Refusal.TOO_LARGE)
    return RetryAt(after=SOON, reason="server_error", ambiguous=True)


def _refusal(words: str, otherwise: Refusal) -> Refusal:
    return next((refusal for phrase, refusal in _REFUSALS if phrase in words), otherwise)


def is_already_gone(error: TelegramError) -> bool:
    """A message that should be deleted is not there any more."""
    return isinstance(error, BadRequest) and "message to delete not found" in error.message.lower()


def is_wrong_as_media(error: TelegramError) -> bool:
    """Telegram does not want this file as a photo or voice note; as a plain document it may go."""
    phrases = ("photo_", "image_process_failed", "voice_messages_forbidden", "media_invalid", "wrong type of")
    return isinstance(error, BadRequest) and any(phrase in error.message.lower() for phrase in phrases)
