"""Messages for which Watchline has no word: what to tell the desk, and which of them nobody said.

The words are for the officer who reads the case, so that nothing a defender sends arrives as nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

SERVICE_FIELDS = frozenset(
    (
        "boost_added",
        "channel_chat_created",
        "chat_background_set",
        "chat_owner_changed",
        "chat_owner_left",
        "connected_website",
        "delete_chat_photo",
        "direct_message_price_changed",
        "forum_topic_closed",
        "forum_topic_created",
        "forum_topic_edited",
        "forum_topic_reopened",
        "general_forum_topic_hidden",
        "general_forum_topic_unhidden",
        "giveaway_completed",
        "giveaway_created",
        "group_chat_created",
        "left_chat_member",
        "managed_bot_created",
        "message_auto_delete_timer_changed",
        "migrate_from_chat_id",
        "migrate_to_chat_id",
        "new_chat_members",
        "new_chat_photo",
        "new_chat_title",
        "paid_message_price_changed",
        "pinned_message",
        "proximity_alert_triggered",
        "supergroup_chat_created",
        "video_chat_ended",
        "video_chat_participants_invited",
        "video_chat_scheduled",
        "video_chat_started",
        "write_access_allowed",
    )
)
"""Fields of messages that the platform writes, not a person."""

_ENVELOPE = frozenset(
    (
        "author_signature",
        "business_connection_id",
        "caption",
        "caption_entities",
        "chat",
        "date",
        "direct_messages_topic",
        "edit_date",
        "effect_id",
        "entities",
        "external_reply",
        "forward_origin",
        "from",
        "guest_bot_caller_chat",
        "guest_bot_caller_user",
        "guest_query_id",
        "has_media_spoiler",
        "has_protected_content",
        "is_automatic_forward",
        "is_from_offline",
        "is_paid_post",
        "is_topic_message",
        "link_preview_options",
        "media_group_id",
        "message_id",
        "message_thread_id",
        "paid_star_count",
        "quote",
        "reply_markup",
        "reply_to_checklist_task_id",
        "reply_to_message",
        "reply_to_poll_option_id",
        "reply_to_story",
        "sender_boost_count",
        "sender_business_bot",
        "sender_chat",
        "sender_tag",
        "show_caption_above_media",
        "suggested_post_info",
        "via_bot",
    )
)


_NO_WORDS = frozenset(("type", "url", "name", "anchor_name", "language", "email_address"))
"""Keys of formatted text whose values nobody wrote to be read."""


def formatted_words(message: Json) -> str:
    """The words of a formatted message (`rich_message`), a line for each block, wherever they stand in it."""
    blocks = message.get("rich_message")
    blocks = blocks.get("blocks") if isinstance(blocks, dict) else None
    lines = [_words(block) for block in blocks] if isinstance(blocks, list) else []
    return "\n".join(filter(None, lines))


def _words(block: object) -> str:
    words: list[str] = []
    waiting = [block]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            words.append(item)
        elif isinstance(item, list):
            waiting.extend(reversed(item))
        elif isinstance(item, dict):
            waiting.extend(
                value
                for key, value in reversed(item.items())
                if key not in _NO_WORDS and not key.endswith("_id")
            )
    return "".join(words).strip()


def describe(message: Json) -> str:
    """A short description, never empty. Never raises."""
    for kind, words in (
        ("sticker", _sticker),
        ("contact", _contact),
        ("poll", _poll),
        ("checklist", _checklist),
        ("dice", _dice),
    ):
        part = message.get(kind)
        if isinstance(part, dict):
            return _with_caption(words(part), message)
    kinds = sorted(key for key in message if key not in _ENVELOPE)
    return _with_caption(
        "A Telegram message of another kind: " + (", ".join(kinds)[:200] or "empty"), message
    )


def _with_caption(words: str, message: Json) -> str:
    caption = message.get("caption")
    return f"{words}\n{caption}" if isinstance(caption, str) and caption else words


def _sticker(part: Json) -> str:
    return _join("Sticker", part.get("emoji"))


def _contact(part: Json) -> str:
    name = " ".join(
        value for value in (part.get("first_name"), part.get("last_name")) if isinstance(value, str)
    )
    return _join("Contact card", name, part.get("phone_number"))


def _poll(part: Json) -> str:
    return _join("Poll", part.get("question"), *_texts(part.get("options")))


def _checklist(part: Json) -> str:
    return _join("Checklist", part.get("title"), *_texts(part.get("tasks")))


def _dice(part: Json) -> str:
    value = part.get("value")
    return _join("Dice", part.get("emoji"), str(value) if isinstance(value, int) else "")


def _texts(items: object) -> list[object]:
    return [item.get("text") for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _join(label: str, *parts: object) -> str:
    words = [part for part in parts if isinstance(part, str) and part]
    return f"{label}: {' · '.join(words)}" if words else label
