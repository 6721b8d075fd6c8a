"""What people send, made fit for what has to carry it."""

from __future__ import annotations

from alerts.events import Inbound
from alerts.records import replace


def clean(inbound: Inbound) -> Inbound:
    """The message with what no database and no channel can carry (lone surrogates, NUL) made visible."""
    if inbound.text.isascii() and inbound.name.isascii() and "\0" not in inbound.text:
        return inbound
    text = "".join("\ufffd" if "\ud800" <= c <= "\udfff" or c == "\0" else c for c in inbound.text)
    name = "".join("\ufffd" if "\ud800" <= c <= "\udfff" or c == "\0" else c for c in inbound.name)
    return inbound if (text, name) == (inbound.text, inbound.name) else replace(inbound, text=text, name=name)
