"""The frames of the pretend platforms: what their people's phones put on the line, and the pure parser for
it.

A frame is one JSON object in ASCII (so that even lone surrogates survive), complete in itself:

    {"n": 7, "from": "…", "kind": "text", "ref": "12", "text": "SOS", "at": "2026-03-02T08:00:00+00:00", …}

`n` counts the frames of one channel and is its dedup id. Fields that say nothing are left out.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from alerts.events import Attachment, Inbound, InboundKind, Location, RawInbound, Unreadable

Json = dict[str, Any]

_LOUD = {InboundKind.LOCATION.value, InboundKind.LIVE_LOCATION.value, InboundKind.VOICE.value}


def to_raw(channel: str, frame: Json) -> RawInbound:
    """The frame as its channel hands it over."""
    return RawInbound(
        channel=channel,
        dedup=str(frame["n"]),
        sender=frame["from"],
        raw=json.dumps(frame, separators=(",", ":")).encode("ascii"),
        peek="🆘" if frame["kind"] in _LOUD else frame.get("text", ""),
    )


def parse(channel: str, raw: bytes) -> Inbound:
    """Understands one frame. Raises `Unreadable` for anything that `to_raw` would not have made."""
    try:
        frame = json.loads(raw)
        kind = InboundKind(frame["kind"])
        text = _string(frame.get("text", ""))
        return Inbound(
            channel=channel,
            kind=kind,
            sender=_string(frame["from"]),
            message_ref=_string(frame.get("ref", "")),
            text=text or "an unknown kind of message" if kind is InboundKind.OTHER else text,
            target_ref=_string(frame.get("target", "")),
            target_refs=tuple(_string(ref) for ref in frame.get("targets", ())),
            choice=None if frame.get("choice") is None else int(frame["choice"]),
            outbound_id=_string(frame.get("outbound", "")),
            removed=bool(frame.get("removed", False)),
            read=bool(frame.get("read", False)),
            reachable=bool(frame.get("reachable", True)),
            location=read_location(frame["location"]) if frame.get("location") else None,
            attachments=tuple(_attachment(file) for file in frame.get("files", ())),
            name=_string(frame.get("name", "")),
            language=_string(frame.get("language", "")),
            sent_at=datetime.fromisoformat(frame["at"]) if frame.get("at") else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        # The original exception quotes the frame, so it is not chained.
        raise Unreadable("not a frame of a pretend channel") from None


def write_location(location: Location) -> Json:
    return {
        "latitude": location.latitude,
        "longitude": location.longitude,
        "accuracy": location.accuracy,
        "live": location.live,
        "ended": location.ended,
    }


def read_location(data: Json) -> Location:
    accuracy = data.get("accuracy")
    return Location(
        latitude=float(data["latitude"]),
        longitude=float(data["longitude"]),
        accuracy=None if accuracy is None else float(accuracy),
        live=bool(data.get("live", False)),
        ended=bool(data.get("ended", False)),
    )


def _attachment(data: Json) -> Attachment:
    size = data.get("size")
    return Attachment(
        remote_id=_string(data["id"]),
        content_type=_string(data["content_type"]),
        size=None if size is None else int(size),
        name=_string(data.get("name", "")),
        voice=bool(data.get("voice", False)),
    )


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not text")
    return value
