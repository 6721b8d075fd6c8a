"""Sealing: what turns the text of people into bytes that tell nothing, and back.

The chain of keys, outermost first:

    key file or passphrase
      -> key-encryption key (KEK)
        -> data keys, wrapped: one a person, one a case, one a day for the inbox, one root
          -> sealed payloads
          -> sub-keys (HKDF) of the root, for the blind index, and of a person, for that person's words

Four rules:

1. Everything is AES-256-GCM under a random 96-bit nonce. A data key seals far fewer than 2^32 payloads, the
   bound that NIST SP 800-38D (8.3) sets for random nonces.
2. What a payload belongs to (table, row id, key id, and its form) is associated data: a payload moved to
   another row, or said to be under another key, does not open.
3. Nothing here does I/O, keeps a clock or makes randomness: keys come from `Keys`, random bytes from
   `Entropy`.
4. No exception, repr or message holds a payload or a key: only table names, row ids and key ids.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

Entropy = Callable[[int], bytes]
"""Gives that many random bytes. `os.urandom` in earnest; a seeded source in rehearsals only."""

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
DIGEST_BYTES: Final = 16

_JSON: Final = b"\x01"
_RAW: Final = b"\x02"
_CHUNK: Final = b"\x03"
_HEAD: Final = 1 + NONCE_BYTES
_TAG_BYTES: Final = 16

# Made once: json.dumps with any option makes an encoder a call, which costs more than the sealing.
_from_json = json.JSONDecoder().raw_decode
_to_json = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode


class Unsealable(Exception):
    """The payload does not open: a byte was changed, it stands in a row or under a key that it was not sealed
    for, or its key is gone. Says which row and which key, never what was in it."""


class KeyMissing(Unsealable):
    """No key with this id is in the key store: the key store is older than the data, or belongs to other
    data."""


class KeyDestroyed(Unsealable):
    """The key was destroyed on purpose (erasure, or an inbox day that has passed). What it sealed is gone for
    good."""


class DataKey:
    """One unwrapped data key, ready to seal. Holds the cipher, since making one costs more than sealing with
    it."""

    __slots__ = ("_bytes", "_words", "cipher", "id")

    def __init__(self, key_id: str, key: bytes) -> None:
        self.id: Final = key_id
        self.cipher: Final = AESGCM(key)
        self._bytes = key
        self._words: bytes | None = None

    def __repr__(self) -> str:
        return f"DataKey({self.id!r})"

    def subkey(self, label: str) -> bytes:
        """32 bytes bound to this key and `label` (HKDF-Expand, RFC 5869; a data key is uniform, so needs no
        extract)."""
        return HKDFExpand(SHA256(), KEY_BYTES, label.encode()).derive(self._bytes)

    def words_key(self) -> bytes:
        """The sub-key of this person's silent and duress words, kept since every message of the person needs
        it."""
        if self._words is None:
            self._words = self.subkey("watchline words v1")
        return self._words


class Keys(Protocol):
    """Where data keys come from."""

    def get(self, key_id: str) -> DataKey:
        """The key with this id. Raises KeyMissing or KeyDestroyed."""
        ...


def key_cipher(kek: bytes) -> AESGCM:
    """The cipher of a key-encryption key of 32 bytes."""
    if len(kek) != KEY_BYTES:
        raise ValueError(f"a key-encryption key is {KEY_BYTES} bytes long, this one {len(kek)}")
    return AESGCM(kek)


def wrap(kek: AESGCM, kek_id: str, key_id: str, key: bytes, nonce: bytes) -> bytes:
    """A data key sealed under a KEK, bound to both ids: nonce, then ciphertext and tag."""
    return nonce + kek.encrypt(nonce, key, _wrap_context(kek_id, key_id))


def unwrap(kek: AESGCM, kek_id: str, key_id: str, wrapped: bytes) -> bytes:
    """The data key back. Raises Unsealable when the row was changed or the KEK is another than its id
    says."""
    try:
        return kek.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _wrap_context(kek_id, key_id))
    except (InvalidTag, ValueError):
        raise Unsealable(f"data key {key_id} does not open with key-encryption key {kek_id}") from None


def _wrap_context(kek_id: str, key_id: str) -> bytes:
    return f"data_keys|{key_id}|{kek_id}".encode()


class Sealer:
    """Seals payloads of rows and opens them. Safe to share between threads.

    The sealed form: one byte that tells the form, 12 bytes of nonce, ciphertext and tag; 29 bytes more than
    the payload. A row with two sealed columns names each: `table` is then "messages.body", "messages.note".
    """

    def __init__(self, keys: Keys, entropy: Entropy) -> None:
        self._keys = keys
        self._entropy = entropy

    def seal(self, table: str, row_id: str | int, key_id: str, payload: Mapping[str, Any] | bytes) -> bytes:
        """The payload sealed for this row under this key.

        A mapping is sealed as ASCII JSON, so that lone surrogates in what people send survive. Raises
        KeyMissing, KeyDestroyed, and TypeError or ValueError for what JSON cannot say (NaN included).
        """
        if isinstance(payload, bytes):
            return self._seal(_RAW, _row(_RAW, table, row_id, key_id), key_id, payload)
        plain = _to_json(payload if type(payload) is dict else dict(payload)).encode("ascii")
        return self._seal(_JSON, _row(_JSON, table, row_id, key_id), key_id, plain)

    def open(self, table: str, row_id: str | int, key_id: str, sealed: bytes) -> dict[str, Any]:
        """The mapping sealed for this row. Raises Unsealable (KeyMissing and KeyDestroyed are of that
        kind)."""
        plain = self._open(_JSON, _row(_JSON, table, row_id, key_id), table, row_id, key_id, sealed)
        payload: dict[str, Any] = _from_json(plain.decode("ascii"))[0]
        return payload

    def open_bytes(self, table: str, row_id: str | int, key_id: str, sealed: bytes) -> bytes:
        """The bytes sealed for this row. Raises Unsealable."""
        return self._open(_RAW, _row(_RAW, table, row_id, key_id), table, row_id, key_id, sealed)

    def seal_chunk(self, attachment_id: str, index: int, last: bool, key_id: str, data: bytes) -> bytes:
        """One chunk of an attachment, bound to its place, and to whether it is the last.

        `index` counts from 0. An empty attachment is one empty last chunk.
        """
        return self._seal(_CHUNK, _chunk(attachment_id, index, last, key_id), key_id, data)

    def open_chunks(self, attachment_id: str, key_id: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The chunks in order, opened one by one; one sealed chunk is read ahead.

        Raises Unsealable for a chunk that is changed, missing, out of place, another attachment's, or when
        the attachment ends early. That last is known only at the end: nothing may be shown before the
        iterator is done.
        """
        ahead = iter(chunks)
        sealed = next(ahead, None)
        if sealed is None:
            raise Unsealable(f"attachment {attachment_id} has no chunks")
        index = 0
        while sealed is not None:
            following = next(ahead, None)
            context = _chunk(attachment_id, index, following is None, key_id)
            yield self._open(_CHUNK, context, "attachments", f"{attachment_id} chunk {index}", key_id, sealed)
            sealed = following
            index += 1

    def _seal(self, form: bytes, context: bytes, key_id: str, plain: bytes) -> bytes:
        nonce = self._entropy(NONCE_BYTES)
        return form + nonce + self._keys.get(key_id).cipher.encrypt(nonce, plain, context)

    def _open(
        self, form: bytes, context: bytes, table: str, row_id: str | int, key_id: str, sealed: bytes
    ) -> bytes:
        cipher = self._keys.get(key_id).cipher
        if sealed[:1] == form and len(sealed) >= _HEAD + _TAG_BYTES:
            try:
                return cipher.decrypt(sealed[1:_HEAD], sealed[_HEAD:], context)
            except InvalidTag:
                pass  # told below, where the other ways of not opening are told in the same words
        raise Unsealable(f"{table} {row_id} does not open with key {key_id}")


def _row(form: bytes, table: str, row_id: str | int, key_id: str) -> bytes:
    # Table names and key ids are ours and hold no bar, so the three parts cannot run into each other.
    return form + f"{table}|{row_id}|{key_id}".encode()


def _chunk(attachment_id: str, index: int, last: bool, key_id: str) -> bytes:
    return _CHUNK + f"attachments|{attachment_id}|{index}|{int(last)}|{key_id}".encode()


class Digests:
    """Keyed digests: things that must be found or compared, and not read. Equal input, equal digest, only
    here.

    All are HMAC-SHA256 (RFC 2104) under sub-keys; without the key store they cannot be guessed offline.
    """

    def __init__(self, root: DataKey, keys: Keys) -> None:
        self._root = root
        self._keys = keys
        self._blind: dict[str, bytes] = {}
        self._codes: Final = root.subkey("watchline codes v1")

    def blind(self, kind: str, value: str) -> bytes:
        """16 bytes by which a value is found: account addresses, dedup ids. The caller normalises `value`.

        `kind` keeps the same value in two columns apart; it is one of a few fixed words.
        """
        key = self._blind.get(kind)
        if key is None:
            key = self._blind[kind] = self._root.subkey(f"watchline blind v1 {kind}")
        return _mac(key, value)[:DIGEST_BYTES]

    def code_digest(self, code: str) -> bytes:
        """16 bytes for an invitation's or a contact's code. The caller normalises `code`."""
        return _mac(self._codes, code)[:DIGEST_BYTES]

    def word_digest(self, person_key_id: str, word: str) -> bytes:
        """32 bytes for a person's silent, duress or OK word, under a key of that person's own (protection
        practice).

        Compare with `hmac.compare_digest`. The caller normalises `word`. Raises KeyMissing or KeyDestroyed.
        """
        return _mac(self._keys.get(person_key_id).words_key(), word)


def _mac(key: bytes, value: str) -> bytes:
    return hmac.digest(key, value.encode("utf-8", "surrogatepass"), "sha256")
