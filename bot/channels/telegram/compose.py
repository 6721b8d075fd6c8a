"""The calls that one outbound message takes. Pure.

Telegram counts lengths in UTF-16 code units (https://core.telegram.org/api/entities#entity-length).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from alerts.events import Location, Outbound, OutboundFile
from alerts.records import replace

TEXT_UNITS = 4096
CAPTION_UNITS = 1024
CALLBACK_BYTES = 64
NARROW_UNITS = 14
"""Labels up to this length stand two in a row."""


@dataclass(frozen=True, slots=True)
class Buttons:
    """What can be pressed under a message."""

    rows: tuple[tuple[tuple[str, str], ...], ...] = field(repr=False)
    """Label and callback data; on a keyboard the data is empty."""
    keyboard: bool = False
    """Shown instead of the phone's keyboard, since only there Telegram can offer to share the location."""


@dataclass(frozen=True, slots=True)
class Say:
    text: str = field(repr=False)
    buttons: Buttons | None = None


@dataclass(frozen=True, slots=True)
class Point:
    location: Location
    buttons: Buttons | None = None


@dataclass(frozen=True, slots=True)
class Carry:
    file: OutboundFile
    caption: str = field(default="", repr=False)
    buttons: Buttons | None = None


Step = Say | Point | Carry


def steps(outbound: Outbound) -> tuple[Step, ...]:
    """The calls in order: words first, then the place, then the file. Empty when there is nothing to send.

    The buttons stand under the last part of the text, or under what is sent without text.
    """
    text = clean(outbound.text)
    buttons = _buttons(outbound)
    if outbound.file is not None and outbound.location is None and units(text) <= CAPTION_UNITS:
        return (Carry(outbound.file, text, buttons),)
    found: list[Step] = [Say(part) for part in split(text, TEXT_UNITS) if part.strip()]
    where = len(found) - 1 if found else 0
    if outbound.location is not None:
        found.append(Point(outbound.location))
    if outbound.file is not None:
        found.append(Carry(outbound.file))
    if found:
        found[where] = replace(found[where], buttons=buttons)
    return tuple(found)


def main_step(found: tuple[Step, ...]) -> int:
    """Index of the step whose message stands for the whole: the last part of the text, or what there is."""
    return max((index for index, step in enumerate(found) if isinstance(step, Say)), default=0)


def clean(text: str) -> str:
    """Without lone surrogates, which cannot be put on the wire; pairs become the character they mean."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def units(text: str) -> int:
    """Length as Telegram counts it."""
    return len(text) + sum(character > "\uffff" for character in text)


def split(text: str, limit: int) -> list[str]:
    """Parts of at most `limit` units whose concatenation is the text; at a line's or word's end where one is near."""
    parts = []
    start = 0
    while start < len(text):
        end = _fitting(text, start, limit)
        if end < len(text):
            end = _boundary(text, start, end)
        parts.append(text[start:end])
        start = end
    return parts


def _fitting(text: str, start: int, limit: int) -> int:
    end = min(len(text), start + limit)
    while units(text[start:end]) > limit:
        end -= (units(text[start:end]) - limit + 1) // 2
    return end


def _boundary(text: str, start: int, end: int) -> int:
    nearest = start + (end - start) * 3 // 4
    for mark in ("\n", " "):
        found = text.rfind(mark, nearest, end)
        if found >= 0:
            return found + 1
    return end


def _buttons(outbound: Outbound) -> Buttons | None:
    labels = [clean(label).strip() or str(number) for number, label in enumerate(outbound.choices, start=1)]
    if outbound.ask_location:
        # The label of the location button is a sign, since it has to be understood in every language.
        return Buttons(((("📍", "location"),), *_rows([(label, "") for label in labels])), keyboard=True)
    if not labels:
        return None
    return Buttons(_rows([(label, _data(outbound.id, index)) for index, label in enumerate(labels)]))


def _data(outbound_id: str, index: int) -> str:
    data = f"w:{outbound_id}:{index}"
    # Too long an id would make Telegram refuse the whole page; the message's own reference still tells whose it is.
    return data if len(data.encode()) <= CALLBACK_BYTES else f"w::{index}"


def _rows(buttons: list[tuple[str, str]]) -> tuple[tuple[tuple[str, str], ...], ...]:
    width = 2 if all(units(label) <= NARROW_UNITS for label, _ in buttons) else 1
    return tuple(tuple(buttons[at : at + width]) for at in range(0, len(buttons), width))
