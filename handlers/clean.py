"""What people send, made fit for what has to carry it."""

from __future__ import annotations

import re

from alerts.events import Attachment, Inbound
from alerts.records import replace

_SIGN = "\ufffd"
_UNFIT = re.compile("[\0\ud800-\udfff]")
_UNFIT_IN_A_NAME = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""A name stands in the middle of our own words: one with lines of its own would say things in our place."""


def clean(inbound: Inbound) -> Inbound:
    """The message with what no database and no channel can carry (lone surrogates, NUL) made visible; in names, of
    files too, whatever controls how a text is laid out."""
    text, name = inbound.text, _UNFIT_IN_A_NAME.sub(_SIGN, inbound.name)
    if "\0" in text or not text.isascii():
        text = _UNFIT.sub(_SIGN, text)
    files = tuple(map(_clean_file, inbound.attachments)) if inbound.attachments else ()
    if (text, name, files) == (inbound.text, inbound.name, inbound.attachments):
        return inbound
    return replace(inbound, text=text, name=name, attachments=files)


def _clean_file(file: Attachment) -> Attachment:
    name, kind = (_UNFIT_IN_A_NAME.sub(_SIGN, one) for one in (file.name, file.content_type))
    return (
        file
        if (name, kind) == (file.name, file.content_type)
        else replace(file, name=name, content_type=kind)
    )
