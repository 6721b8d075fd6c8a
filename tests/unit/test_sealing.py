"""What is sealed opens in its own place, under its own key, unchanged; and nowhere else."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.sealing import (
    DataKey,
    Digests,
    KeyMissing,
    Sealer,
    Unsealable,
    key_cipher,
    unwrap,
    wrap,
)

MARKER = "MARKER-4155550123"


@dataclass
class Held:
    """Keys that are simply held."""

    keys: dict[str, DataKey] = field(default_factory=dict)

    def get(self, key_id: str) -> DataKey:
        if key_id not in self.keys:
            raise KeyMissing(f"the key store has no key {key_id}")
        return self.keys[key_id]


def held() -> Held:
    return Held({name: DataKey(name, os.urandom(32)) for name in ("k1", "k2")})


SEALER = Sealer(held(), os.urandom)

# Everything JSON can say, lone surrogates included; a high one just before a low one is one character to
# JSON.
words = st.text(st.characters(exclude_categories=())).filter(
    lambda text: not any("\ud800" <= a < "\udc00" <= b <= "\udfff" for a, b in pairwise(text))
)
payloads = st.dictionaries(
    words,
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


@given(payloads)
def test_a_mapping_comes_back_as_it_was(payload: dict[str, object]) -> None:
    sealed = SEALER.seal("messages", 7, "k1", payload)
    assert SEALER.open("messages", 7, "k1", sealed) == payload


@given(st.binary(max_size=200))
def test_bytes_come_back_as_they_were(payload: bytes) -> None:
    sealed = SEALER.seal("inbox", "r1", "k1", payload)
    assert SEALER.open_bytes("inbox", "r1", "k1", sealed) == payload


def test_any_mapping_is_sealed() -> None:
    sealed = SEALER.seal("messages", 1, "k1", MappingProxyType({"text": "x"}))
    assert SEALER.open("messages", 1, "k1", sealed) == {"text": "x"}


def test_the_sealed_form_tells_nothing_and_never_repeats() -> None:
    forms = {SEALER.seal("messages", 1, "k1", {"text": MARKER}) for _ in range(50)}
    assert len(forms) == 50
    assert not any(MARKER.encode() in form for form in forms)
    assert len({form[1:13] for form in forms}) == 50


def test_a_change_of_any_bit_is_found() -> None:
    sealed = SEALER.seal("messages", 1, "k1", {"text": "I am safe"})
    for place in range(len(sealed)):
        for bit in range(8):
            changed = bytearray(sealed)
            changed[place] ^= 1 << bit
            with pytest.raises(Unsealable):
                SEALER.open("messages", 1, "k1", bytes(changed))


def test_a_form_cannot_be_passed_off_as_another() -> None:
    as_json = SEALER.seal("messages", 1, "k1", {"text": "x"})
    with pytest.raises(Unsealable):
        SEALER.open_bytes("messages", 1, "k1", b"\x02" + as_json[1:])
    as_bytes = SEALER.seal("messages", 1, "k1", b'{"text":"x"}')
    with pytest.raises(Unsealable):
        SEALER.open("messages", 1, "k1", b"\x01" + as_bytes[1:])
    with pytest.raises(Unsealable):
        SEALER.open("messages", 1, "k1", as_bytes)


@pytest.mark.parametrize("length", range(30))
def test_a_cut_off_payload_is_found(length: int) -> None:
    sealed = SEALER.seal("messages", 1, "k1", b"")
    with pytest.raises(Unsealable):
        SEALER.open_bytes("messages", 1, "k1", sealed[:length] if length < len(sealed) else sealed + b"\x00")


@pytest.mark.parametrize(
    ("table", "row", "key"),
    [("cases", 1, "k1"), ("messages", 2, "k1"), ("messages", 11, "k1"), ("messages", 1, "k2")],
)
def test_a_payload_opens_in_no_other_place(table: str, row: int, key: str) -> None:
    sealed = SEALER.seal("messages", 1, "k1", {"text": "x"})
    with pytest.raises(Unsealable):
        SEALER.open(table, row, key, sealed)


def test_another_installations_key_of_the_same_name_does_not_open() -> None:
    sealed = SEALER.seal("messages", 1, "k1", {"text": "x"})
    with pytest.raises(Unsealable):
        Sealer(held(), os.urandom).open("messages", 1, "k1", sealed)


def test_without_the_key_nothing_is_sealed_or_opened() -> None:
    sealed = SEALER.seal("messages", 1, "k1", {"text": "x"})
    with pytest.raises(KeyMissing):
        SEALER.seal("messages", 1, "gone", {"text": "x"})
    with pytest.raises(Unsealable):
        SEALER.open("messages", 1, "gone", sealed)


@pytest.mark.parametrize("payload", [{"n": math.nan}, {"n": math.inf}, {"n": object()}, {"n": b"bytes"}])
def test_what_json_cannot_say_is_refused(payload: dict[str, object]) -> None:
    with pytest.raises((TypeError, ValueError)):
        SEALER.seal("messages", 1, "k1", payload)


def test_an_error_names_the_row_and_nothing_that_was_in_it() -> None:
    sealed = SEALER.seal("messages", 1, "k1", {"text": MARKER})
    with pytest.raises(Unsealable) as caught:
        SEALER.open("messages", 2, "k1", sealed)
    told = f"{caught.value!r} {caught.value} {caught.value.__context__!r}"
    assert "messages 2 does not open with key k1" in told
    assert MARKER not in told


def test_sealing_is_the_same_for_the_same_entropy() -> None:
    keys = held()

    def seal() -> bytes:
        return Sealer(keys, random.Random(5).randbytes).seal("messages", 1, "k1", {"text": "x"})

    assert seal() == seal()


# ------------------------------------------------------------------------------------------------ attachments


def sealed_chunks(parts: list[bytes], attachment: str = "a1") -> list[bytes]:
    return [
        SEALER.seal_chunk(attachment, index, index == len(parts) - 1, "k1", part)
        for index, part in enumerate(parts)
    ]


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=6))
def test_an_attachment_comes_back_chunk_by_chunk(parts: list[bytes]) -> None:
    assert list(SEALER.open_chunks("a1", "k1", sealed_chunks(parts))) == parts


def swap(chunks: list[bytes]) -> list[bytes]:
    return [chunks[1], chunks[0], chunks[2]]


def splice(chunks: list[bytes]) -> list[bytes]:
    return [chunks[0], sealed_chunks([b"other", b"file's", b"parts"], "a2")[1], chunks[2]]


@pytest.mark.parametrize(
    "harm",
    [
        swap,
        splice,
        lambda chunks: chunks[:2],
        lambda chunks: chunks[1:],
        lambda chunks: [chunks[0], chunks[2]],
        lambda chunks: [*chunks, chunks[2]],
        lambda chunks: [*chunks, chunks[1]],
        lambda chunks: [chunks[0], chunks[0], chunks[2]],
        lambda chunks: [],
    ],
)
def test_a_harmed_attachment_does_not_open_to_its_end(harm: Callable[[list[bytes]], list[bytes]]) -> None:
    chunks = sealed_chunks([b"one", b"two", b"three"])
    with pytest.raises(Unsealable):
        list(SEALER.open_chunks("a1", "k1", harm(chunks)))


def test_chunks_are_read_one_ahead_and_no_more() -> None:
    read = 0
    chunks = sealed_chunks([b"part"] * 10)

    def reading() -> object:
        nonlocal read
        for chunk in chunks:
            read += 1
            yield chunk

    opened = SEALER.open_chunks("a1", "k1", reading())  # type: ignore[arg-type]
    next(opened)
    assert read == 2


# -------------------------------------------------------------------------------------------------- data keys


def test_a_wrapped_key_opens_under_its_own_ids_only() -> None:
    kek, key = key_cipher(os.urandom(32)), os.urandom(32)
    wrapped = wrap(kek, "kek-1", "k1", key, os.urandom(12))
    assert key not in wrapped
    assert unwrap(kek, "kek-1", "k1", wrapped) == key
    for other, kek_id, key_id in (
        (kek, "kek-2", "k1"),
        (kek, "kek-1", "k2"),
        (key_cipher(os.urandom(32)), "kek-1", "k1"),
    ):
        with pytest.raises(Unsealable):
            unwrap(other, kek_id, key_id, wrapped)


@pytest.mark.parametrize("wrapped", [b"", b"short", bytes(60)])
def test_what_is_not_a_wrapped_key_does_not_open(wrapped: bytes) -> None:
    with pytest.raises(Unsealable):
        unwrap(key_cipher(bytes(32)), "kek-1", "k1", wrapped)


def test_a_short_key_encryption_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        key_cipher(bytes(16))


def test_a_key_does_not_show_itself() -> None:
    key = DataKey("k1", b"K" * 32)
    assert repr(key) == "DataKey('k1')"
    assert "KKKK" not in f"{key} {key!r}"


# ---------------------------------------------------------------------------------------------------- digests


def digests(keys: Held) -> Digests:
    return Digests(DataKey("root", b"r" * 32), keys)


def test_digests_are_equal_for_equal_values_and_differ_otherwise() -> None:
    keys = held()
    one, again = digests(keys), digests(keys)
    seen = {
        one.blind("account", "15550001"),
        one.blind("account", "15550002"),
        one.blind("message", "15550001"),
        one.code_digest("15550001"),
        one.word_digest("k1", "15550001"),
        one.word_digest("k2", "15550001"),
    }
    assert len(seen) == 6
    assert one.blind("account", "15550001") == again.blind("account", "15550001")
    assert one.word_digest("k1", "rain") == again.word_digest("k1", "rain")
    assert len(one.blind("account", "x")) == len(one.code_digest("x")) == 16


def test_another_root_gives_other_digests() -> None:
    other = Digests(DataKey("root", b"s" * 32), held())
    assert digests(held()).blind("account", "x") != other.blind("account", "x")
    assert digests(held()).code_digest("x") != other.code_digest("x")


def test_a_word_needs_its_persons_key() -> None:
    with pytest.raises(KeyMissing):
        digests(held()).word_digest("gone", "rain")


def test_lone_surrogates_have_digests() -> None:
    assert digests(held()).blind("account", "\ud83d") != digests(held()).blind("account", "\ud83e")


def test_known_answers() -> None:
    """Worked out apart with HMAC and HKDF-Expand from the standard's text: the index must not change
    unnoticed."""
    import hashlib
    import hmac

    def expand(key: bytes, label: str) -> bytes:
        return hmac.new(key, label.encode() + b"\x01", hashlib.sha256).digest()

    root, person = b"r" * 32, b"p" * 32
    made = Digests(DataKey("root", root), Held({"p": DataKey("p", person)}))
    blind_key = expand(root, "watchline blind v1 account")
    assert made.blind("account", "x") == hmac.new(blind_key, b"x", hashlib.sha256).digest()[:16]
    words_key = expand(person, "watchline words v1")
    assert made.word_digest("p", "rain") == hmac.new(words_key, b"rain", hashlib.sha256).digest()
