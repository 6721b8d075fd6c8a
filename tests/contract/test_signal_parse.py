"""What frames of signal-cli mean. The shapes are those that signal-cli 0.13.19 was seen to make."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.events import InboundKind, Unreadable
from bot.channels.signal.frames import describe
from bot.channels.signal.parse import parse
from bot.channels.signal.places import find_place, is_shared_place
from tests.fakes.signal_daemon import ACCOUNT, ALICE, OWN_ID, envelope, message, ours

T = 1_800_000_000_000
OURS = {"Number": ACCOUNT, "Uuid": OWN_ID}


def line(result: dict[str, Any]) -> bytes:
    """As it comes on signal-cli's own socket."""
    params = {"subscription": 0, "result": result}
    return json.dumps({"jsonrpc": "2.0", "method": "receive", "params": params}).encode()


def bare(result: dict[str, Any]) -> bytes:
    """As it comes on the gateway's websocket."""
    return json.dumps(result).encode()


@pytest.mark.parametrize("wire", [line, bare])
def test_a_text(wire: Any) -> None:
    event = parse(wire(message("SOS", T)))
    assert (event.kind, event.text, event.sender) == (InboundKind.TEXT, "SOS", ALICE)
    assert event.message_ref == f"{ALICE}:{T}"
    assert event.name == "Alice"
    assert event.sent_at is not None
    assert event.sent_at.timestamp() == T / 1000
    raw = describe(wire(message("SOS", T)))
    assert (raw.sender, raw.peek, raw.channel) == (ALICE, "SOS", "signal")


def test_both_ways_in_give_the_same_event_and_the_same_id() -> None:
    frame = message("SOS", T)
    assert parse(line(frame)) == parse(bare(frame))
    assert describe(line(frame)).dedup == describe(bare(frame)).dedup


def test_an_account_id_is_known_in_any_case_and_a_number_is_the_last_resort() -> None:
    frame = message("hi", T)
    frame["envelope"] |= {"sourceUuid": ALICE.upper(), "sourceNumber": "+14155550123"}
    assert parse(bare(frame)).sender == ALICE
    frame["envelope"] |= {"sourceUuid": None, "source": "+14155550123"}
    assert parse(bare(frame)).sender == "+14155550123"


def test_two_texts_of_one_instant_are_two_messages_and_a_repeat_is_one() -> None:
    one, other = describe(bare(message("one", T))), describe(bare(message("two", T)))
    again = message("one", T)
    again["envelope"]["serverDeliveredTimestamp"] = 99
    assert one.dedup != other.dedup
    assert one.dedup == describe(bare(again)).dedup


@pytest.mark.parametrize(("delivered", "read"), [(True, False), (False, True)])
def test_a_receipt_names_our_messages(delivered: bool, read: bool) -> None:
    receipt = {"when": T, "isDelivery": delivered, "isRead": read, "isViewed": False, "timestamps": [5, 6]}
    event = parse(bare(envelope(T, receiptMessage=receipt)))
    assert (event.kind, event.target_refs, event.read) == (InboundKind.RECEIPT, ("me:5", "me:6"), read)


def test_a_reaction_to_ours_and_to_their_own() -> None:
    reaction = {
        "emoji": "👍",
        "targetAuthor": ACCOUNT,
        **{f"targetAuthor{k}": v for k, v in OURS.items()},
        "targetSentTimestamp": 5,
        "isRemove": False,
    }
    event = parse(bare(message(None, T, reaction=reaction)))
    assert (event.kind, event.text, event.target_ref) == (InboundKind.REACTION, "👍", "me:5")
    reaction |= {"targetAuthor": ALICE, "targetAuthorNumber": None, "targetAuthorUuid": ALICE}
    assert parse(bare(message(None, T, reaction=reaction))).target_ref == f"{ALICE}:5"


def test_a_quote_an_edit_and_a_delete_name_their_message() -> None:
    quote = {
        "id": 5,
        "author": ACCOUNT,
        "authorNumber": ACCOUNT,
        "authorUuid": OWN_ID,
        "text": "?",
        "attachments": [],
    }
    assert parse(bare(message("1", T, quote=quote))).target_ref == "me:5"
    edit = {"targetSentTimestamp": 7, "dataMessage": {"timestamp": T, "message": "SOS now"}}
    event = parse(bare(envelope(T, editMessage=edit)))
    assert (event.kind, event.text, event.target_ref) == (InboundKind.EDIT, "SOS now", f"{ALICE}:7")
    event = parse(bare(message(None, T, remoteDelete={"timestamp": 8})))
    assert (event.kind, event.target_ref) == (InboundKind.DELETE, f"{ALICE}:8")


def file(content_type: str, **more: Any) -> dict[str, Any]:
    return {"contentType": content_type, "filename": None, "id": "a.bin", "size": 12, **more}


@pytest.mark.parametrize(
    ("attachment", "kind"),
    [
        (file("image/jpeg"), InboundKind.PHOTO),
        (file("audio/aac"), InboundKind.VOICE),
        (file("audio/mpeg"), InboundKind.FILE),
        (file("audio/ogg", isVoiceNote=True), InboundKind.VOICE),
        (file("application/pdf", filename="plan.pdf"), InboundKind.FILE),
        ({"id": "x"}, InboundKind.FILE),
    ],
)
def test_attachments(attachment: dict[str, Any], kind: InboundKind) -> None:
    event = parse(bare(message("look", T, attachments=[attachment])))
    assert (event.kind, event.text) == (kind, "look")
    assert event.attachments[0].size == attachment.get("size")
    assert (describe(bare(message(None, T, attachments=[attachment]))).peek == "🆘") is (
        kind is InboundKind.VOICE
    )


@pytest.mark.parametrize("size", [-1, 2**63, 2**70, True, "12", None, 1.5])
def test_a_size_that_is_none_is_not_told(size: Any) -> None:
    event = parse(bare(message(None, T, attachments=[file("application/pdf", size=size)])))
    assert event.attachments[0].size is None


def test_a_long_text_is_a_text_with_the_whole_of_it_as_a_file() -> None:
    event = parse(bare(message("A" * 2000, T, attachments=[file("text/x-signal-plain")])))
    assert event.kind is InboundKind.TEXT
    assert len(event.attachments) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"contacts": [{"name": {"given": "Nadia"}, "phone": [{"value": "+14155550177"}]}]},
        {"sticker": {"packId": "ab", "stickerId": 1}},
        {"pollCreate": {"question": "When?", "options": ["now", "later"], "allowMultiple": False}},
        {"payment": {"note": "x"}},
        {"viewOnce": True},
        {"neverSeenBefore": {"a": 1}},
        {"storyContext": {"authorUuid": OWN_ID}},
    ],
)
def test_what_has_no_word_of_its_own_is_told_in_words(fields: dict[str, Any]) -> None:
    event = parse(bare(message(None, T, **fields)))
    assert event.kind is InboundKind.OTHER
    assert event.text
    # Beside a text it must not hide the text.
    beside = parse(bare(message("SOS", T, **fields)))
    assert (beside.kind, beside.text.splitlines()[0]) == (InboundKind.TEXT, "SOS")


def test_a_contact_card_and_a_poll_are_told_whole() -> None:
    card = {"name": {"given": "Nadia", "family": "N"}, "phone": [{"value": "+14155550177"}]}
    assert parse(bare(message(None, T, contacts=[card]))).text == "[contact] Nadia N, +14155550177"
    poll = {"question": "When?", "options": ["now", "later"]}
    assert parse(bare(message(None, T, pollCreate=poll))).text == "[poll] When?: now / later"


def test_a_call_is_somebody_asking_for_us() -> None:
    frame = bare(envelope(T, callMessage={"offerMessage": {"id": 1, "type": "AUDIO_CALL", "opaque": "eA=="}}))
    assert (parse(frame).kind, describe(frame).peek) == (InboundKind.OTHER, "🆘")
    ended = envelope(T, callMessage={"hangupMessage": {"id": 1, "type": "NORMAL", "deviceId": 0}})
    assert parse(bare(ended)).kind is InboundKind.IGNORED


@pytest.mark.parametrize(
    "frame",
    [
        message("SOS everybody", T, groupInfo={"groupId": "Zw==", "revision": 0, "type": "DELIVER"}),
        message(None, T),  # a timer, a profile key, an ended session
        ours(T, syncMessage={}),
        ours(T, syncMessage={"sentMessage": {"message": "from our other phone"}}),
        envelope(T, storyMessage={"allowsReplies": True}),
        envelope(T, typingMessage={"action": "STOPPED", "timestamp": T}),
        envelope(T, typingMessage={"action": "STARTED", "timestamp": T, "groupId": "Zw=="}),
        envelope(T),
    ],
)
def test_what_nobody_says_to_us(frame: dict[str, Any]) -> None:
    assert parse(bare(frame)).kind is InboundKind.IGNORED


@pytest.mark.parametrize("said", [{}, {"sentMessage": {"message": "SOS"}}, "SOS", [1]])
def test_what_only_our_other_devices_should_say_is_somebody_s_word_from_anybody_else(said: object) -> None:
    assert parse(bare(envelope(T, syncMessage=said))).kind is InboundKind.OTHER
    untrusted = {**envelope(T, syncMessage=said), "exception": {"type": "UntrustedIdentityException"}}
    assert parse(bare(untrusted)).kind is InboundKind.UNREADABLE


def test_typing() -> None:
    assert (
        parse(bare(envelope(T, typingMessage={"action": "STARTED", "timestamp": T}))).kind
        is InboundKind.TYPING
    )


def test_a_message_that_could_not_be_decrypted_says_who_tried() -> None:
    frame = {
        "exception": {"message": f"Untrusted identity: {ALICE}", "type": "UntrustedIdentityException"},
        **envelope(T),
    }
    event = parse(bare(frame))
    assert (event.kind, event.sender, event.text) == (
        InboundKind.UNREADABLE,
        ALICE,
        "UntrustedIdentityException",
    )
    raw = describe(bare(frame))
    assert raw.peek == "🆘"
    assert raw.dedup != describe(bare(message("SOS", T))).dedup, (
        "the message itself comes later, with this time"
    )


@pytest.mark.parametrize(
    "raw", [b"", b"null", b"7", b"[]", b"{}", b'{"envelope": 1}', b"\xff\xfe", b"[" * 100_000]
)
def test_what_is_no_frame_is_unreadable_and_still_stored(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        parse(raw)
    assert describe(raw).raw == raw
    assert describe(raw).sender == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
ENVELOPE_KEYS = st.sampled_from(
    ["source", "sourceUuid", "sourceNumber", "sourceDevice", "timestamp", "dataMessage", "editMessage",
     "receiptMessage", "callMessage", "typingMessage", "syncMessage", "storyMessage"]
)  # fmt: skip
DATA_KEYS = st.sampled_from(
    ["timestamp", "message", "attachments", "reaction", "quote", "remoteDelete", "contacts", "groupInfo", "sticker",
     "pollCreate", "viewOnce"]
)  # fmt: skip


@given(
    outer=st.dictionaries(ENVELOPE_KEYS, JSON, max_size=6),
    inner=st.dictionaries(
        DATA_KEYS, JSON | st.lists(st.dictionaries(DATA_KEYS, JSON, max_size=2), max_size=2), max_size=6
    ),
    exception=JSON,
)
def test_no_frame_of_any_shape_breaks_the_parser(
    outer: dict[str, Any], inner: dict[str, Any], exception: Any
) -> None:
    frame = {"envelope": {"dataMessage": inner, **outer}, "exception": exception}
    raw = json.dumps(frame).encode()
    event, stored = parse(raw), describe(raw)
    assert event.sender == stored.sender
    stored.dedup.encode()
    stored.peek.encode()


@given(st.binary(max_size=200))
def test_no_bytes_break_what_runs_before_storing(raw: bytes) -> None:
    assert describe(raw).raw == raw


def test_nothing_of_a_person_is_in_a_repr() -> None:
    frame = bare(message("marker-text", T, attachments=[file("image/png", filename="marker-file")]))
    shown = repr(parse(frame)) + repr(describe(frame))
    assert "marker" not in shown
    assert ALICE not in shown
    assert "Alice" not in shown


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("https://maps.google.com/maps?q=33.89%2C35.50", (33.89, 35.5)),
        ("https://www.google.com/maps/@-1.2921,36.8219,15z", (-1.2921, 36.8219)),
        ("https://maps.apple.com/?ll=33.89,35.5&q=Pin", (33.89, 35.5)),
        ("https://www.openstreetmap.org/?mlat=33.89&mlon=35.5#map=15/33.89/35.5", (33.89, 35.5)),
        ("geo:33.89,35.5?z=3", (33.89, 35.5)),
        ("33.8912, 35.5012", (33.8912, 35.5012)),
        ("3, 4", None),
        ("https://example.org/?q=33.89,35.5", None),
        ("https://maps.google.com/maps?q=93.89%2C35.50", None),
        ("https://maps.google.com/maps?q=Beirut", None),
        ("http://[maps.google.com/?q=1.0,2.0", None),
    ],
)
def test_places(text: str, point: tuple[float, float] | None) -> None:
    place = find_place(text)
    assert (place and (place.latitude, place.longitude)) == point


def test_a_link_in_a_sentence_is_no_pin() -> None:
    sentence = "The training is here, see you on Friday: https://maps.google.com/maps?q=33.89%2C35.50"
    assert not is_shared_place(sentence, with_picture=True)
    event = parse(bare(message(sentence, T)))
    assert event.kind is InboundKind.TEXT
    assert event.location is not None
    assert is_shared_place("https://maps.google.com/maps?q=33.89%2C35.50", with_picture=False)


def test_an_alarm_as_a_reaction_is_seen_before_it_is_understood() -> None:
    message = {"timestamp": 1, "reaction": {"emoji": "🆘", "targetSentTimestamp": 1}}
    envelope = {"sourceUuid": "8f0e5f1e-0000-4000-8000-000000000001", "timestamp": 1, "dataMessage": message}
    frame = {"jsonrpc": "2.0", "method": "receive", "params": {"envelope": envelope}}
    assert describe(json.dumps(frame).encode()).peek == "🆘"
