"""A received frame before anybody interprets it: who sent it, and is it one we have seen?

signal-cli hands the same object over on two ways: inside a JSON-RPC notification (its own socket), or bare (the
gateway's websocket). Both are stored as they came and read here.

The receiver process runs this on every frame before it stores it, so nothing here may raise on any bytes
whatsoever, and nothing here is slow.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from alerts.events import RawInbound
from alerts.records import replace
from bot.channels.signal.places import is_shared_place

CHANNEL = "signal"
OWN = "me"
"""Stands for our own account in references: a chat has two sides, so whoever is not the sender is us. Our account
id is not needed to know our own messages again, and they stay known when the account is registered anew."""
ALARM = "🆘"

Json = Mapping[str, Any]

_ACCOUNT_ID = re.compile(r"(?:PNI:)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NUMBER = re.compile(r"\+[0-9]{5,18}")
_SUBSCRIPTION = re.compile(rb'"subscription":\d+')
"""The one thing in which the copies of a frame differ that signal-cli hands to several subscribers."""
_MESSAGES = (
    "dataMessage",
    "editMessage",
    "receiptMessage",
    "typingMessage",
    "callMessage",
    "syncMessage",
    "storyMessage",
)
_LINKED = b'{"linkedDevice":true,'
"""What a report of a linked device is made to begin with. signal-cli begins no frame so, and nobody else can."""
PEEK = 4096
"""Characters of a text that are looked at to decide how urgent its turn is."""


class NotAFrame(ValueError):
    """The bytes are not a frame of signal-cli; the message says what is missing and holds nothing of the bytes."""


def read_frame(raw: bytes) -> Json:
    """The object with `envelope` in it. Raises `NotAFrame`."""
    try:
        frame = json.loads(raw)
    except (ValueError, RecursionError):
        raise NotAFrame("not JSON") from None
    if isinstance(frame, dict) and "params" in frame:
        params = frame["params"]
        frame = params.get("result", params) if isinstance(params, dict) else params
    if not isinstance(frame, dict) or not isinstance(frame.get("envelope"), dict):
        raise NotAFrame("no envelope")
    return frame


def part(container: object, name: str) -> Json:
    """The object called `name`, or an empty one."""
    found = container.get(name) if isinstance(container, Mapping) else None
    return found if isinstance(found, dict) else {}


def items(container: Json, name: str) -> list[Json]:
    """The objects in the list called `name`."""
    found = container.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def words(container: Json, name: str) -> str:
    """The text called `name`, or an empty one."""
    found = container.get(name)
    return found if isinstance(found, str) else ""


def whole(container: Json, name: str) -> int | None:
    """The whole number called `name`, if there is one."""
    found = container.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def account_of(envelope: Json) -> str:
    """The sender's account id; the number only where there is no id, and nothing where there is neither."""
    for name in ("sourceUuid", "source"):
        if _ACCOUNT_ID.fullmatch(found := words(envelope, name)):
            return found.lower() if found[:1] != "P" else found
    for name in ("sourceNumber", "source"):
        if _NUMBER.fullmatch(found := words(envelope, name)):
            return found
    return ""


def message_of(envelope: Json) -> Json:
    """What a person wrote, whether new or as an edit of an earlier message."""
    return part(envelope, "dataMessage") or part(part(envelope, "editMessage"), "dataMessage")


def is_voice(attachment: Json) -> bool:
    """Whether it is a voice note. signal-cli before 0.14 does not say so; the apps record notes as bare AAC, and
    nobody attaches a file of that type by hand."""
    return attachment.get("isVoiceNote") is True or words(attachment, "contentType") == "audio/aac"


def describe(raw: bytes) -> RawInbound:
    """The frame with the little that has to be known to store it. Never raises; what cannot be read is stored under
    its own hash, and found out about later."""
    try:
        frame = read_frame(raw)
    except NotAFrame:
        return RawInbound(CHANNEL, f"hash:{_frame_hash(raw)}", "", raw)
    envelope = part(frame, "envelope")
    sender, timestamp = account_of(envelope), whole(envelope, "timestamp")
    if not sender or timestamp is None:
        return RawInbound(CHANNEL, f"hash:{_frame_hash(raw)}", sender, raw, _peek(frame, envelope))
    kind = next(
        (name for name in _MESSAGES if envelope.get(name)), "exception" if frame.get("exception") else "other"
    )
    # Two messages with one timestamp are one message to Signal's own apps. Not to us, if they say different things.
    text = words(message_of(envelope), "message").encode("utf-8", "surrogatepass")
    device = whole(envelope, "sourceDevice") or 0
    return RawInbound(
        CHANNEL,
        f"{sender}:{device}:{timestamp}:{kind}:{_hash(text)[:16]}",
        sender,
        raw,
        _peek(frame, envelope),
        _twin(sender, timestamp),
    )


def describe_report(raw: bytes) -> RawInbound:
    """As `describe`, for a report of a linked device: apart from one that the first device makes of the same message,
    and no alarm yet. Where the first has read the message it never is one."""
    begun = raw.lstrip()
    if not begun.startswith(b"{"):
        return describe(raw)
    described = describe(_LINKED + begun[1:])
    return replace(described, dedup=f"{described.dedup}:linked", peek="", twin="")


def twin_of_report(raw: bytes, sender: str, timestamp: int | None) -> str:
    """By what the first device's copy is known, if this is a report that a linked device made; empty if it is not."""
    return _twin(sender, timestamp) if raw.startswith(_LINKED) else ""


def _twin(sender: str, timestamp: int | None) -> str:
    return f"{sender}:{timestamp}"


def is_echo(raw: bytes) -> bool:
    """Whether the frame only tells what another device of our own account did, as a second signal-cli is told of
    everything that the first one sends. Nobody said it to us, so it is not stored. From anybody else, and from whom
    cannot be said, it is stored like everything."""
    if b'"syncMessage"' not in raw:
        return False
    try:
        frame = read_frame(raw)
    except NotAFrame:
        return False
    synced = part(frame, "envelope").get("syncMessage")
    told = isinstance(synced, dict) and not frame.get("exception") and not _says(frame, but="syncMessage")
    return told and is_own(frame)


def is_own(frame: Json) -> bool:
    """Whether it comes from our own account, as far as the frame says whose it is and whom it came to."""
    account, envelope = words(frame, "account"), part(frame, "envelope")
    return bool(account) and account in [words(envelope, n) for n in ("source", "sourceNumber", "sourceUuid")]


def is_report(raw: bytes) -> bool:
    """Whether the frame says that signal-cli could not read a message, and nothing else."""
    if b'"exception"' not in raw:
        return False
    try:
        frame = read_frame(raw)
    except NotAFrame:
        return False
    return bool(frame.get("exception")) and not _says(frame)


def _says(frame: Json, but: str = "") -> bool:
    envelope = part(frame, "envelope")
    return any(envelope.get(name) for name in _MESSAGES if name != but)


def _frame_hash(raw: bytes) -> str:
    return _hash(_SUBSCRIPTION.sub(b"", raw, count=1))


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _peek(frame: Json, envelope: Json) -> str:
    message = message_of(envelope)
    if part(message, "groupInfo"):
        return ""
    if frame.get("exception") or part(envelope, "callMessage").get("offerMessage"):
        return ALARM
    said = words(message, "message") or words(part(message, "reaction"), "emoji")
    text = said[:PEEK].encode("utf-8", "replace").decode()
    attachments = items(message, "attachments")
    if any(map(is_voice, attachments)) or is_shared_place(text, with_picture=bool(attachments)):
        return ALARM
    return text
