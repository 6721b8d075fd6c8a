"""What a stored Signal frame means. Pure; used when the frame's turn comes.

Two rules:

1. Somebody who did anything at all addressed to us is never IGNORED. What has no kind of its own is OTHER, with words
   for the desk. IGNORED is for what nobody said to us: groups, stories, our own other devices, timers, profile keys.
2. signalbot's models are not used here: one field they do not expect costs the whole message, and they know nothing
   of receipts, exceptions or the time of the message that was reacted to.
"""

from __future__ import annotations

from datetime import UTC, datetime

from alerts.events import LONG_TEXT, Attachment, Inbound, InboundKind, Unreadable
from alerts.records import replace
from bot.channels.signal.frames import (
    CHANNEL,
    OWN,
    Json,
    NotAFrame,
    account_of,
    is_own,
    is_voice,
    items,
    part,
    read_frame,
    twin_of_report,
    whole,
    words,
)
from bot.channels.signal.places import find_place, is_shared_place
from bot.channels.signal.words import describe_call, describe_rest

_LATEST = 253_402_300_799_000
"""Milliseconds since 1970 at the end of the year 9999: what comes after is no time."""
_LARGEST = 2**53
"""What is announced as larger is no size, and would not fit into the store."""
_ENVELOPE = frozenset(
    (
        "source",
        "sourceNumber",
        "sourceUuid",
        "sourceName",
        "sourceDevice",
        "timestamp",
        "serverReceivedTimestamp",
        "serverDeliveredTimestamp",
        "relay",
        "serverGuid",
        "isUnidentifiedSender",
        "typingMessage",
    )
)


def parse(raw: bytes) -> Inbound:
    """The frame as an event. Raises `Unreadable` when it is not a frame of signal-cli."""
    try:
        frame = read_frame(raw)
    except NotAFrame as error:
        raise Unreadable(f"signal frame: {error}") from None
    envelope = part(frame, "envelope")
    sender, timestamp = account_of(envelope), whole(envelope, "timestamp")
    event = Inbound(
        channel=CHANNEL,
        kind=InboundKind.IGNORED,
        sender=sender,
        message_ref=f"{sender}:{timestamp}" if sender and timestamp is not None else "",
        name=words(envelope, "sourceName"),
        number=words(envelope, "sourceNumber"),
        sent_at=_time(timestamp),
    )
    if message := part(envelope, "dataMessage"):
        return _message(event, message)
    if edit := part(envelope, "editMessage"):
        edited = _message(event, part(edit, "dataMessage"))
        if edited.kind is InboundKind.IGNORED and part(part(edit, "dataMessage"), "groupInfo"):
            return edited
        return replace(
            edited, kind=InboundKind.EDIT, target_ref=_ref(event.sender, edit, "targetSentTimestamp")
        )
    if receipt := part(envelope, "receiptMessage"):
        return _receipt(event, receipt)
    if typing := part(envelope, "typingMessage"):
        started = words(typing, "action") == "STARTED" and not typing.get("groupId")
        return replace(event, kind=InboundKind.TYPING if started else InboundKind.IGNORED)
    if call := part(envelope, "callMessage"):
        offer = part(call, "offerMessage")
        return replace(event, kind=InboundKind.OTHER, text=describe_call(offer)) if offer else event
    synced = envelope.get("syncMessage") is not None
    if (synced and is_own(frame)) or (not synced and envelope.get("storyMessage") is not None):
        return event
    if exception := frame.get("exception"):
        # The kind of the exception is signal-cli's, not the person's, and tells a changed key from a broken session.
        reason = words(exception, "type") if isinstance(exception, dict) else ""
        twin = twin_of_report(raw, sender, timestamp)
        return replace(event, kind=InboundKind.UNREADABLE, text=reason, twin=twin)
    unknown = sorted(name for name, value in envelope.items() if name not in _ENVELOPE and value)
    if synced and not unknown:
        unknown = ["syncMessage"]
    if unknown and sender:
        return replace(event, kind=InboundKind.OTHER, text=describe_rest(dict.fromkeys(unknown, True)))
    return event


def _message(event: Inbound, message: Json) -> Inbound:
    if part(message, "groupInfo"):
        return event
    if removed := part(message, "remoteDelete"):
        return replace(event, kind=InboundKind.DELETE, target_ref=_ref(event.sender, removed, "timestamp"))
    if reaction := part(message, "reaction"):
        return replace(
            event,
            kind=InboundKind.REACTION,
            text=words(reaction, "emoji"),
            target_ref=_ref(_author(event.sender, reaction, "targetAuthor"), reaction, "targetSentTimestamp"),
            removed=reaction.get("isRemove") is True,
        )
    quote = part(message, "quote")
    rest = describe_rest(message)
    text = words(message, "message")
    event = replace(
        event,
        text="\n".join(filter(None, (text, rest))),
        target_ref=_ref(_author(event.sender, quote, "author"), quote, "id") if quote else "",
        attachments=tuple(_attachment(one) for one in items(message, "attachments")),
        location=find_place(text),
    )
    return replace(event, kind=_kind(event, text, rest))


def _kind(event: Inbound, text: str, rest: str) -> InboundKind:
    files = event.attachments
    picture = any(file.content_type.startswith("image/") for file in files)
    if any(file.voice for file in files):
        return InboundKind.VOICE
    if event.location and is_shared_place(text, with_picture=picture):
        return InboundKind.LOCATION
    if picture:
        return InboundKind.PHOTO
    if any(file.content_type != LONG_TEXT for file in files) or (files and not text):
        return InboundKind.FILE
    if text:
        return InboundKind.TEXT
    return InboundKind.OTHER if rest else InboundKind.IGNORED


def _receipt(event: Inbound, receipt: Json) -> Inbound:
    listed = receipt.get("timestamps")
    times = [t for t in listed if isinstance(t, int)] if isinstance(listed, list) else []
    return replace(
        event,
        kind=InboundKind.RECEIPT if times else InboundKind.IGNORED,
        target_refs=tuple(f"{OWN}:{time}" for time in times),
        read=receipt.get("isRead") is True or receipt.get("isViewed") is True,
    )


def _attachment(attachment: Json) -> Attachment:
    size = whole(attachment, "size")
    return Attachment(
        remote_id=words(attachment, "id"),
        content_type=words(attachment, "contentType") or "application/octet-stream",
        size=size if size is not None and 0 <= size <= _LARGEST else None,
        name=words(attachment, "filename"),
        voice=is_voice(attachment),
    )


def _author(sender: str, container: Json, name: str) -> str:
    """Whose message it is that is meant: the sender's own, or ours."""
    author = account_of(
        {
            "sourceUuid": container.get(f"{name}Uuid"),
            "sourceNumber": container.get(f"{name}Number"),
            "source": container.get(name),
        }
    )
    return sender if author == sender else OWN


def _ref(author: str, container: Json, name: str) -> str:
    time = whole(container, name)
    return f"{author}:{time}" if author and time is not None else ""


def _time(milliseconds: int | None) -> datetime | None:
    if milliseconds is None or not 0 <= milliseconds <= _LATEST:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
