"""From one `Outbound` to the requests that carry it."""

from __future__ import annotations

import base64
import re

from signalbot._generated import SendMessageV2

from alerts.events import Location, Outbound
from bot.channels.signal.frames import OWN

BODY = 2000
"""Bytes of UTF-8 that Signal carries as the message itself; what is longer travels as a file, behind "read more"."""
PARTS = 4
"""So many messages in a row may carry one text. A longer one goes as Signal's own long message."""
LONG = 60_000
"""Bytes of one long message; the apps cut at 64 KiB."""

_ADDRESS = re.compile(r"\+[0-9]{5,18}|(?:PNI:)?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_BREAKS = ("\n\n", "\n", ". ", " ")


class FileTooLarge(Exception):
    """The file has more bytes than may be passed on."""


def is_person(address: str) -> bool:
    """Whether the address is an account. Groups and user names are not written to."""
    return _ADDRESS.fullmatch(address) is not None


def texts_of(outbound: Outbound) -> list[str]:
    """The text with its numbered menu, in as many parts as it takes. The menu is never torn from its last lines."""
    text = clean(outbound.text)
    menu = "\n".join(f"{number}. {clean(label)}" for number, label in enumerate(outbound.choices, 1))
    together = "\n\n".join(filter(None, (text, menu)))
    if _size(together) <= BODY:
        return [together]
    parts = _split(text, BODY)
    if len(parts) > PARTS:
        parts = _split(text, LONG)
    if not menu:
        return parts
    if _size(parts[-1]) + 2 + _size(menu) <= BODY:
        return [*parts[:-1], f"{parts[-1]}\n\n{menu}"]
    return [*parts, *_split(menu, BODY)]


def requests_of(outbound: Outbound, account: str, file: bytes | None) -> list[SendMessageV2]:
    """One request for each part; the quote goes with the first, the file with the last."""
    texts = texts_of(outbound)
    if outbound.location is not None:
        # Signal has no pins. A message of its own, so that it can be forwarded and opened by itself.
        texts = [*filter(None, texts), _place(outbound.location)]
    requests = [SendMessageV2(message=text, number=account, recipients=[outbound.address]) for text in texts]
    author, _, timestamp = outbound.quote_ref.rpartition(":")
    if (author == OWN or is_person(author)) and timestamp.isdecimal() and len(timestamp) < 16:
        requests[0].quote_author = account if author == OWN else author
        requests[0].quote_timestamp = int(timestamp)
    if outbound.file is not None and file is not None:
        data = base64.b64encode(file).decode("ascii")
        kind = re.sub(r"[^A-Za-z0-9/.+-]", "", outbound.file.content_type) or "application/octet-stream"
        requests[-1].base64_attachments = [
            f"data:{kind};filename={_file_name(outbound.file.name)};base64,{data}"
        ]
    return requests


def read_file(outbound: Outbound, limit: int) -> bytes:
    """The whole file; blocking. Raises `FileTooLarge`."""
    if outbound.file is None:
        return b""
    if outbound.file.size > limit:
        raise FileTooLarge
    content = bytearray()
    for chunk in outbound.file.open():
        content += chunk
        if len(content) > limit:
            raise FileTooLarge
    return bytes(content)


def clean(text: str) -> str:
    """The text as it can be sent: surrogate pairs joined, lone ones and NULs replaced."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _size(text: str) -> int:
    return len(text.encode())


def _split(text: str, limit: int) -> list[str]:
    """Pieces of at most `limit` bytes, ended at a paragraph, a line, a sentence or a word where there is one."""
    pieces: list[str] = []
    while _size(text) > limit:
        head = text.encode()[:limit].decode(errors="ignore")
        # A break in the first half would make a short piece and many of them.
        ends = (
            head.rfind(mark, len(head) // 2) + len(mark) for mark in _BREAKS if mark in head[len(head) // 2 :]
        )
        end = next(ends, len(head))
        pieces.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return [piece for piece in (*pieces, text) if piece] or [text]


def _place(place: Location) -> str:
    around = "" if place.accuracy is None else f" (± {place.accuracy:.0f} m)"
    point = f"{place.latitude:.6f},{place.longitude:.6f}"
    link = f"https://www.openstreetmap.org/?mlat={place.latitude:.6f}&mlon={place.longitude:.6f}"
    return f"{point}{around}\n{link}"


def _file_name(name: str) -> str:
    """The name without what ends a field of a data URI, or leads out of a folder."""
    plain = re.sub(r"[^\w .()-]", "_", clean(name)).strip(" .")
    return plain[-100:] or "file"
