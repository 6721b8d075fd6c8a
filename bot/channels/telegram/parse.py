"""What an update of the Bot API says, in our words. Pure.

Rules:

1. Read only what is needed, and believe no type. python-telegram-bot's `Update.de_json` raises for a whole update when
   one part that nobody needs has a form it does not know; here an SOS stays readable whatever stands beside it.
2. Whatever a person can send becomes an `Inbound`. A message type that is not known is OTHER, with words for the desk.
3. `Unreadable` is only for bytes that are no update at all.
4. Private chats only. What is said in groups and channels is not said to us.

Source: https://core.telegram.org/bots/api#available-types, Bot API 10.1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from alerts.events import Attachment, Inbound, InboundKind, Location, Unreadable
from alerts.records import replace
from bot.channels.telegram.oddities import SERVICE_FIELDS, describe, formatted_words

CHANNEL = "telegram"

Json = Mapping[str, Any]

_NOTHING: Json = {}
_BUTTON = re.compile(r"w:([!-~]{0,60}):([0-9]{1,3})")
"""The data of our buttons: row and index. An altered app can send any other, which no database must be asked for."""


def parse(raw: bytes) -> Inbound:
    """Understands one stored update.

    Raises `Unreadable` when the bytes are no JSON object with an `update_id`.
    """
    try:
        update = json.loads(raw)
    except (ValueError, RecursionError):
        raise Unreadable("not JSON") from None
    if not isinstance(update, dict) or _integer(update, "update_id") is None:
        raise Unreadable("not an update")
    for key, understand in _UNDERSTAND.items():
        payload = update.get(key)
        if isinstance(payload, dict):
            return understand(payload)
    return _ignored("")


def _message(message: Json) -> Inbound:
    private = _private(message)
    if private is None:
        return _ignored(_id(_object(message, "from")))
    if not SERVICE_FIELDS.isdisjoint(message):
        return replace(private, kind=InboundKind.IGNORED)
    quoted = _integer(_object(message, "reply_to_message"), "message_id")
    target = "" if quoted is None else f"{_chat(message)}:{quoted}"
    return replace(_content(message, private), target_ref=target)


def _edited_message(message: Json) -> Inbound:
    private = _private(message)
    if private is None:
        return _ignored(_id(_object(message, "from")))
    private = replace(
        private, target_ref=private.message_ref, sent_at=_moment(message, "edit_date") or private.sent_at
    )
    content = _content(message, private)
    if content.kind in (InboundKind.LOCATION, InboundKind.LIVE_LOCATION) and content.location is not None:
        # While it runs the location carries live_period; the edit that ends it does not.
        ended = content.kind is InboundKind.LOCATION
        return replace(
            content, kind=InboundKind.LIVE_UPDATE, location=replace(content.location, live=True, ended=ended)
        )
    return replace(content, kind=InboundKind.EDIT)


def _callback_query(query: Json) -> Inbound:
    message = _object(query, "message")
    person = _object(query, "from")
    number = _integer(message, "message_id")
    if _object(message, "chat").get("type") != "private" or number is None:
        return _ignored(_id(person))
    inbound = _from(person, sender=_id(person) or _chat(message))
    inbound = replace(inbound, target_ref=f"{_chat(message)}:{number}")
    ours = _BUTTON.fullmatch(_string(query, "data"))
    if ours is not None:
        return replace(inbound, kind=InboundKind.PRESS, choice=int(ours[2]), outbound_id=ours[1])
    return replace(inbound, kind=InboundKind.OTHER, text="Pressed a button that is not one of ours")


def _message_reaction(reaction: Json) -> Inbound:
    person = _object(reaction, "user")
    number = _integer(reaction, "message_id")
    if _object(reaction, "chat").get("type") != "private" or number is None:
        return _ignored(_id(person))
    before, after = _emojis(reaction, "old_reaction"), _emojis(reaction, "new_reaction")
    added = [emoji for emoji in after if emoji not in before]
    gone = [emoji for emoji in before if emoji not in after]
    inbound = _from(person, sender=_id(person) or _chat(reaction))
    inbound = replace(inbound, target_ref=f"{_chat(reaction)}:{number}", sent_at=_moment(reaction, "date"))
    if added:
        return replace(inbound, kind=InboundKind.REACTION, text=added[0])
    if gone:
        return replace(inbound, kind=InboundKind.REACTION, text=gone[0], removed=True)
    return inbound


def _my_chat_member(change: Json) -> Inbound:
    person = _object(change, "from")
    if _object(change, "chat").get("type") != "private":
        return _ignored(_id(person))
    inbound = _from(person, sender=_chat(change) or _id(person))
    inbound = replace(inbound, sent_at=_moment(change, "date"))
    status = _string(_object(change, "new_chat_member"), "status")
    if status in ("kicked", "left"):
        return replace(inbound, kind=InboundKind.REACHABLE, reachable=False)
    if status in ("member", "restricted", "administrator", "creator"):
        return replace(inbound, kind=InboundKind.REACHABLE, reachable=True)
    return inbound


_UNDERSTAND: dict[str, Callable[[Json], Inbound]] = {
    "message": _message,
    "edited_message": _edited_message,
    "callback_query": _callback_query,
    "message_reaction": _message_reaction,
    "my_chat_member": _my_chat_member,
}

ALLOWED_UPDATES = tuple(_UNDERSTAND)
"""What Telegram is asked for. Reactions do not come unless they are named."""


# ------------------------------------------------------------------------------------------------- before storing


def sender(update: Json) -> str:
    """The account id of whoever caused the update, of any type; empty when it does not tell. Never raises."""
    for payload in update.values():
        if isinstance(payload, dict):
            for key in ("from", "user"):
                found = _id(_object(payload, key))
                if found:
                    return found
            chat = _object(payload, "chat")
            if chat.get("type") == "private":
                return _id(chat)
    return ""


def peek(update: Json) -> str:
    """The text, or 🆘 for what is an alarm out of the blue, without surrogates so that it can always be stored."""
    message = _object(update, "message") or _object(update, "edited_message")
    if any(key in message for key in ("location", "venue", "voice", "video_note")):
        return "🆘"
    if reaction := _object(update, "message_reaction"):
        return "".join(_emojis(reaction, "new_reaction")).encode("utf-8", "replace").decode()
    text = _string(message, "text") or _string(message, "caption") or formatted_words(message)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


# ----------------------------------------------------------------------------------------------- parts of messages


def _content(message: Json, inbound: Inbound) -> Inbound:
    """The kind, text and parts of a message."""
    caption = _string(message, "caption")
    place = _place(message)
    if place is not None:
        venue = _object(message, "venue")
        words = ", ".join(filter(None, (_string(venue, "title"), _string(venue, "address"))))
        kind = InboundKind.LIVE_LOCATION if place.live else InboundKind.LOCATION
        return replace(inbound, kind=kind, location=place, text=words)
    text = _string(message, "text") or formatted_words(message)
    if text:
        return replace(inbound, kind=InboundKind.TEXT, text=text)
    for key, (kind, content_type) in _FILES.items():
        found = _attachment(message, key, content_type)
        if found is not None:
            return replace(inbound, kind=kind, text=caption, attachments=(found,))
    return replace(inbound, kind=InboundKind.OTHER, text=describe(message))


_FILES = {
    "voice": (InboundKind.VOICE, "audio/ogg"),
    # A round video message is spoken into the phone like a voice note, and is pressed as fast.
    "video_note": (InboundKind.VOICE, "video/mp4"),
    "live_photo": (InboundKind.FILE, "video/mp4"),
    "photo": (InboundKind.PHOTO, "image/jpeg"),
    "video": (InboundKind.FILE, "video/mp4"),
    "audio": (InboundKind.FILE, "audio/mpeg"),
    # Telegram sends an animation a second time as a document.
    "animation": (InboundKind.FILE, "video/mp4"),
    "document": (InboundKind.FILE, "application/octet-stream"),
}


def _attachment(message: Json, key: str, content_type: str) -> Attachment | None:
    part = message.get(key)
    if key == "photo" and isinstance(part, list):
        sizes = [size for size in part if isinstance(size, dict) and _string(size, "file_id")]
        part = max(sizes, key=lambda size: _integer(size, "width") or 0, default=None)
    if not isinstance(part, dict) or not _string(part, "file_id"):
        return None
    size = _integer(part, "file_size")
    return Attachment(
        remote_id=_string(part, "file_id"),
        content_type=_content_type(part) or content_type,
        size=size if size is not None and size >= 0 else None,
        name=_string(part, "file_name"),
        voice=key in ("voice", "video_note"),
    )


def _content_type(part: Json) -> str:
    told = _string(part, "mime_type")
    plain = told.isascii() and told.isprintable() and len(told) <= 100 and told.count("/") == 1
    return told if plain else ""


def _place(message: Json) -> Location | None:
    point = _object(message, "location") or _object(_object(message, "venue"), "location")
    latitude, longitude = _between(point, "latitude", -90, 90), _between(point, "longitude", -180, 180)
    if latitude is None or longitude is None:
        return None
    return Location(
        latitude=latitude,
        longitude=longitude,
        accuracy=_between(point, "horizontal_accuracy", 0, 1e6),
        live=_integer(point, "live_period") is not None,
    )


def _between(holder: Json, key: str, least: float, most: float) -> float | None:
    """A number in the range; None for anything else, NaN too."""
    value = holder.get(key)
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    return float(value) if least <= value <= most else None


def _emojis(reaction: Json, key: str) -> list[str]:
    listed = reaction.get(key)
    kinds = [kind for kind in listed if isinstance(kind, dict)] if isinstance(listed, list) else []
    # Premium accounts react with pictures of their own, which have no character.
    return [_string(kind, "emoji") or _string(kind, "type") or "unknown" for kind in kinds]


# ------------------------------------------------------------------------------------------------- who, and reading


def _private(message: Json) -> Inbound | None:
    """What every message of a person in a private chat tells; None for other chats and for bots."""
    chat, person = _object(message, "chat"), _object(message, "from")
    number = _integer(message, "message_id")
    if chat.get("type") != "private" or number is None or person.get("is_bot") is True:
        return None
    inbound = _from(person or chat, sender=_id(person) or _chat(message))
    return replace(inbound, message_ref=f"{_chat(message)}:{number}", sent_at=_moment(message, "date"))


def _from(person: Json, *, sender: str) -> Inbound:
    name = " ".join(filter(None, (_string(person, "first_name"), _string(person, "last_name"))))
    username = _string(person, "username")
    if username:
        name = f"{name} (@{username})".strip()
    return Inbound(
        channel=CHANNEL,
        kind=InboundKind.IGNORED,
        sender=sender,
        name=name,
        language=_string(person, "language_code"),
    )


def _ignored(sender: str) -> Inbound:
    return Inbound(channel=CHANNEL, kind=InboundKind.IGNORED, sender=sender)


def _chat(payload: Json) -> str:
    return _id(_object(payload, "chat"))


def _id(holder: Json) -> str:
    number = _integer(holder, "id")
    return "" if number is None else str(number)


def _object(holder: Json, key: str) -> Json:
    value = holder.get(key)
    return value if isinstance(value, dict) else _NOTHING


def _string(holder: Json, key: str) -> str:
    value = holder.get(key)
    return value if isinstance(value, str) else ""


def _integer(holder: Json, key: str) -> int | None:
    value = holder.get(key)
    # Telegram's numbers fit into 53 bits; what does not is not one of its numbers.
    fits = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53
    return value if fits else None


def _moment(holder: Json, key: str) -> datetime | None:
    seconds = _integer(holder, key)
    if seconds is None or not 0 < seconds < 253_402_300_800:
        return None
    return datetime.fromtimestamp(seconds, UTC)
