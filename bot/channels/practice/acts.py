"""What the page says that a person does on a phone, in JSON, made into calls of the pretend network.

    {"person": "sami", "channel": "signal", "do": "write", "text": "SOS", "quote": "12"}

`do` is one of write, pin, attach, edit, delete, react, press, type; `target` names the message it is about.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from alerts.events import Location
from bot.channels.pretend import PretendNetwork

Json = dict[str, Any]

_LONGEST = 256 * 1024
"""Characters in one message: more than any platform takes, so that the limits behind are what is tried."""


class NotUnderstood(Exception):
    """The page sent something that no phone can do. The message names what is wrong and nothing of its
    content."""


def act(network: PretendNetwork, body: Json) -> None:
    """Does it. Raises `NotUnderstood`, and `bot.channels.pretend.NotThere` when it is about something that
    does not exist."""
    who = _text(body, "person"), _text(body, "channel")
    target = _text(body, "target")
    match body.get("do"):
        case "write":
            if not _text(body, "text"):
                raise NotUnderstood("an empty message cannot be sent")
            network.write(*who, text=_text(body, "text"), quote=_text(body, "quote"))
        case "pin":
            network.pin(*who, location=_location(body), quote=_text(body, "quote"))
        case "attach":
            network.attach(
                *who,
                data=_data(body),
                content_type=_text(body, "content_type") or "application/octet-stream",
                name=_text(body, "name") or "file",
                voice=body.get("voice") is True,
                text=_text(body, "text"),
                quote=_text(body, "quote"),
            )
        case "edit":
            network.edit(*who, text=_text(body, "text"), target=target)
        case "delete":
            network.delete(*who, target=target)
        case "react":
            network.react(
                *who, emoji=_text(body, "emoji"), target=target, removed=body.get("removed") is True
            )
        case "press":
            number = body.get("number")
            if not isinstance(number, int):
                raise NotUnderstood("a button is named by its number")
            network.press(*who, number=number, target=target)
        case "type":
            network.type(*who)
        case _:
            raise NotUnderstood("a phone cannot do this")


def _text(body: Json, name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise NotUnderstood(f"{name} is not text, or far too long")
    return value


def _location(body: Json) -> Location:
    try:
        latitude, longitude = float(body["latitude"]), float(body["longitude"])
    except (KeyError, TypeError, ValueError):
        raise NotUnderstood("a place is a latitude and a longitude") from None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise NotUnderstood("there is no such place")
    return Location(latitude, longitude, accuracy=20.0)


def _data(body: Json) -> bytes:
    try:
        return base64.b64decode(_bounded(body.get("data", "")), validate=True)
    except (binascii.Error, ValueError):
        raise NotUnderstood("the file did not come through whole") from None


def _bounded(value: object) -> str:
    if not isinstance(value, str):
        raise NotUnderstood("a file comes as base64")
    return value
