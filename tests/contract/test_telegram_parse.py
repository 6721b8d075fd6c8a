"""Updates of every form: what a person sent is understood, and nothing makes the parser raise."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram import Update

from alerts.events import Inbound, InboundKind, Unreadable
from bot.channels.telegram.parse import parse, peek, sender

AMAL = {"id": 5_000_000_042, "is_bot": False, "first_name": "Amal", "last_name": "T", "username": "amal_t"}
CHAT = {"id": 5_000_000_042, "type": "private", "first_name": "Amal"}
FILE = {"file_id": "F1", "file_unique_id": "u1", "file_size": 321}


def message(**content: Any) -> dict[str, Any]:
    return {
        "message_id": 77,
        "from": AMAL | {"language_code": "ar"},
        "chat": CHAT,
        "date": 1_800_000_000,
        **content,
    }


def parsed(**update: Any) -> Inbound:
    return parse(json.dumps({"update_id": 1, **update}).encode())


@pytest.mark.parametrize(
    ("content", "kind", "text"),
    [
        ({"text": "/start ABC123"}, InboundKind.TEXT, "/start ABC123"),
        ({"text": "a\ud800b"}, InboundKind.TEXT, "a\ud800b"),
        ({"voice": FILE | {"duration": 2}}, InboundKind.VOICE, ""),
        ({"video_note": FILE | {"duration": 2, "length": 1}}, InboundKind.VOICE, ""),
        ({"photo": [FILE], "caption": "look"}, InboundKind.PHOTO, "look"),
        ({"document": FILE, "caption": "look"}, InboundKind.FILE, "look"),
        ({"document": FILE, "animation": FILE}, InboundKind.FILE, ""),
        ({"video": FILE}, InboundKind.FILE, ""),
        ({"audio": FILE}, InboundKind.FILE, ""),
        ({"location": {"latitude": 1, "longitude": 2.5}}, InboundKind.LOCATION, ""),
        (
            {
                "location": {"latitude": 1, "longitude": 2.5},
                "venue": {
                    "location": {"latitude": 1, "longitude": 2.5},
                    "title": "Café",
                    "address": "Main St",
                },
            },
            InboundKind.LOCATION,
            "Café, Main St",
        ),
        ({"location": {"latitude": 1, "longitude": 2, "live_period": 60}}, InboundKind.LIVE_LOCATION, ""),
        ({"sticker": FILE | {"emoji": "🆘"}}, InboundKind.OTHER, "Sticker: 🆘"),
        (
            {"contact": {"phone_number": "+1 415 555 0100", "first_name": "Rana"}},
            InboundKind.OTHER,
            "Contact card: Rana · +1 415 555 0100",
        ),
        (
            {"poll": {"question": "Go?", "options": [{"text": "yes"}, {"text": "no"}]}},
            InboundKind.OTHER,
            "Poll: Go? · yes · no",
        ),
        ({"dice": {"emoji": "🎲", "value": 4}}, InboundKind.OTHER, "Dice: 🎲 · 4"),
        (
            {
                "rich_message": {
                    "blocks": [{"type": "paragraph", "text": ["They ", {"type": "bold", "text": "came"}]}]
                }
            },
            InboundKind.TEXT,
            "They came",
        ),
        ({"hologram": {"x": 1}}, InboundKind.OTHER, "A Telegram message of another kind: hologram"),
        ({}, InboundKind.OTHER, "A Telegram message of another kind: empty"),
        ({"story": {"chat": CHAT, "id": 1}}, InboundKind.OTHER, "A Telegram message of another kind: story"),
        ({"pinned_message": {"message_id": 3}}, InboundKind.IGNORED, ""),
        ({"message_auto_delete_timer_changed": {}}, InboundKind.IGNORED, ""),
    ],
)
def test_messages(content: dict[str, Any], kind: InboundKind, text: str) -> None:
    inbound = parsed(message=message(**content))
    assert (inbound.kind, inbound.text) == (kind, text)
    assert inbound.sender == "5000000042"
    assert inbound.message_ref == "5000000042:77"
    assert inbound.name == "Amal T (@amal_t)"
    assert inbound.language == "ar"
    assert inbound.sent_at is not None
    assert inbound.sent_at.isoformat() == "2027-01-15T08:00:00+00:00"


def test_the_largest_photo_is_the_attachment() -> None:
    sizes = [FILE | {"file_id": name, "width": width} for name, width in (("s", 90), ("l", 900), ("m", 320))]
    (attachment,) = parsed(message=message(photo=sizes)).attachments
    assert (attachment.remote_id, attachment.content_type, attachment.size) == ("l", "image/jpeg", 321)


def test_a_content_type_from_outside_is_taken_only_when_it_is_one() -> None:
    for told, taken in (("audio/aac", "audio/aac"), ("x\r\ny/z", "audio/ogg"), ("../../x/y", "audio/ogg")):
        (attachment,) = parsed(message=message(voice=FILE | {"mime_type": told})).attachments
        assert attachment.content_type == taken


def test_groups_channels_and_bots_do_not_speak_to_us() -> None:
    for kind in ("group", "supergroup", "channel"):
        assert (
            parsed(message=message(text="SOS") | {"chat": {"id": -5, "type": kind}}).kind
            is InboundKind.IGNORED
        )
    assert parsed(message=message(text="SOS") | {"from": AMAL | {"is_bot": True}}).kind is InboundKind.IGNORED
    assert parsed(channel_post=message(text="SOS")).kind is InboundKind.IGNORED
    assert (
        parsed(inline_query={"id": "1", "from": AMAL, "query": "SOS", "offset": ""}).kind
        is InboundKind.IGNORED
    )


def test_who_wrote_is_the_chat_when_the_sender_is_not_told() -> None:
    bare = message(text="SOS")
    del bare["from"]
    assert parsed(message=bare).sender == "5000000042"


def test_a_press_of_a_foreign_button_still_reaches_the_desk() -> None:
    query = {"id": "1", "from": AMAL, "chat_instance": "1", "message": message(text="x")}
    for data in (
        "",
        "w",
        "w:",
        "w:1:",
        "w:1:x",
        "w:1:-1",
        "w:1:9999",
        "z:1:1",
        "w:1:²",
        "w:\ud800:1",
        "w:\0:1",
    ):
        inbound = parsed(callback_query=query | {"data": data})
        assert (inbound.kind, inbound.target_ref) == (InboundKind.OTHER, "5000000042:77")
        assert inbound.text
    gone = {"chat": CHAT, "message_id": 70, "date": 0}
    inbound = parsed(callback_query=query | {"data": "w:a:b:1", "message": gone})
    assert (inbound.kind, inbound.choice, inbound.outbound_id) == (InboundKind.PRESS, 1, "a:b")
    assert inbound.target_ref == "5000000042:70"


def test_a_reaction_that_was_exchanged_is_the_new_one() -> None:
    reaction = {
        "chat": CHAT,
        "user": AMAL,
        "message_id": 5,
        "date": 1_800_000_000,
        "old_reaction": [{"type": "emoji", "emoji": "👎"}],
        "new_reaction": [{"type": "emoji", "emoji": "👍"}],
    }
    inbound = parsed(message_reaction=reaction)
    assert (inbound.kind, inbound.text, inbound.removed) == (InboundKind.REACTION, "👍", False)
    custom = parsed(
        message_reaction=reaction | {"new_reaction": [{"type": "custom_emoji", "custom_emoji_id": "9"}]}
    )
    assert (custom.kind, custom.text) == (InboundKind.REACTION, "custom_emoji")


@pytest.mark.parametrize(("status", "reachable"), [("kicked", False), ("member", True)])
def test_blocking_and_unblocking(status: str, reachable: bool) -> None:
    bot = {"id": 7, "is_bot": True, "first_name": "b"}
    change = {
        "chat": CHAT,
        "from": AMAL,
        "date": 1_800_000_000,
        "old_chat_member": {"status": "member", "user": bot},
        "new_chat_member": {"status": status, "user": bot, "until_date": 0},
    }
    inbound = parsed(my_chat_member=change)
    assert (inbound.kind, inbound.reachable, inbound.sender) == (
        InboundKind.REACHABLE,
        reachable,
        "5000000042",
    )


def test_an_sos_is_read_whatever_stands_beside_it() -> None:
    """Each of these makes the library refuse the whole update, or a batch of them."""
    beside: tuple[dict[str, Any], ...] = (
        {"entities": "?"},
        {"forward_origin": {"type": "martian"}},
        {"reply_to_message": 5},
        {"reply_to_message": {"message_id": "x"}},
        {"location": {"latitude": 1e400, "longitude": 0}},
        {"location": {"latitude": float("nan"), "longitude": 0}},
        {"location": {"latitude": 10**400, "longitude": True}},
        {"date": 10**30},
        {"date": "yesterday"},
        {"quote": []},
        {"sticker": None},
        {"from": AMAL | {"first_name": None, "language_code": 5}},
    )
    for more in beside:
        inbound = parsed(message=message(text="SOS") | more)
        assert (inbound.kind, inbound.text, inbound.sender) == (InboundKind.TEXT, "SOS", "5000000042"), more


@pytest.mark.parametrize(
    "raw", [b"", b"\xff", b"[]", b"{}", b'{"update_id": true}', b"[" * 5000, b"null", b"5"]
)
def test_what_is_no_update_is_unreadable(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        parse(raw)


# ------------------------------------------------------------------------------------------------------ any update

# fmt: off
_KEYS = st.sampled_from([
    "message", "edited_message", "callback_query", "message_reaction", "my_chat_member",
    "message_id", "from", "chat", "id", "type", "private", "date", "text", "caption", "location",
    "venue", "voice", "photo", "video_note", "sticker", "poll", "options", "tasks", "checklist",
    "contact", "rich_message", "blocks", "latitude", "longitude", "live_period", "file_id",
    "file_size", "mime_type", "width", "reply_to_message", "data", "message", "user",
    "old_reaction", "new_reaction", "emoji", "new_chat_member", "status", "is_bot", "first_name",
    "username", "edit_date", "update_id", "hologram",
])
# fmt: on
_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.sampled_from(["private", "w:1:2", "kicked", "\ud800", "🆘"]),
)
_JSON: st.SearchStrategy[Any] = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=6),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None)
@given(content=st.dictionaries(_KEYS, _JSON, max_size=8), over=st.sampled_from(["message", "edited_message"]))
def test_no_content_of_a_private_message_is_dropped_or_raises(content: dict[str, Any], over: str) -> None:
    update = {
        "update_id": 5,
        over: content | {"message_id": 3, "chat": CHAT, "from": AMAL, "date": 1_800_000_000},
    }
    inbound = parse(json.dumps(update).encode())
    assert inbound.kind is not InboundKind.IGNORED
    assert inbound.sender == "5000000042"
    assert inbound.kind is not InboundKind.OTHER or inbound.text
    assert sender(update) == "5000000042"
    peek(update).encode()


@settings(max_examples=150, deadline=None)
@given(update=st.dictionaries(_KEYS, _JSON, max_size=4))
def test_any_object_with_an_id_is_parsed(update: dict[str, Any]) -> None:
    update = update | {"update_id": 5}
    inbound = parse(json.dumps(update).encode())
    assert inbound.channel == "telegram"
    assert isinstance(sender(update), str)
    peek(update).encode()


def test_the_library_reads_the_same_from_what_it_can_read() -> None:
    for content in (
        {"text": "SOS"},
        {"caption": "c", "voice": FILE | {"duration": 1}},
        {"text": "x", "reply_to_message": message(text="y")},
    ):
        raw = {"update_id": 1, "message": message(**content)}
        theirs = Update.de_json(raw, None)
        ours = parse(json.dumps(raw).encode())
        assert theirs.effective_message is not None
        assert theirs.effective_user is not None
        assert ours.text == (theirs.effective_message.text or theirs.effective_message.caption)
        assert ours.sender == str(theirs.effective_user.id)
        assert ours.sent_at == theirs.effective_message.date


def test_an_alarm_as_a_reaction_is_seen_before_it_is_understood() -> None:
    reaction = {"chat": {"id": 5, "type": "private"}, "user": {"id": 5}, "message_id": 3}
    added = {"new_reaction": [{"type": "emoji", "emoji": "🆘"}]}
    assert peek({"update_id": 1, "message_reaction": {**reaction, **added}}) == "🆘"
