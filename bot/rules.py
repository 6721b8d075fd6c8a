"""Policy data and settings, read at the edge and turned into the values that decisions use."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from alerts.policy import escalation_policy_from_data, protocols_from_data
from alerts.recognition import Model, Recogniser
from config.escalation import load_escalation
from config.lexicons import load_lexicons, load_model
from config.protocols import load_protocols
from config.taxonomy import load_taxonomy
from config.translations import load_catalogues
from handlers.rules import Rules, Taxonomy
from handlers.words import Words

DESK = "main"


@functools.cache
def shipped_recogniser() -> Recogniser:
    """The recogniser with the lexicons and the model that come with Watchline; made once, since it takes a while."""
    model = load_model()
    return Recogniser(load_lexicons(), Model.from_bytes(model) if model is not None else None)


def shipped_rules(
    zone: str,
    *,
    language: str = "en",
    telegram_content: str = "fallback",
    emergency_numbers: Mapping[str, str] | None = None,
    gap_seconds: int = 120,
) -> Rules:
    """The rules of a desk in this zone, with the policy files that come with Watchline.

    Raises ValueError naming the file and the key when one of them is wrong.
    """
    lists = load_taxonomy()
    return Rules(
        desk=DESK,
        zone=zone,
        language=language,
        policy=escalation_policy_from_data(load_escalation()),
        protocols=protocols_from_data(load_protocols()),
        taxonomy=Taxonomy(
            lists={name: tuple(str(e["code"]) for e in entries) for name, entries in lists.items()},
            first={
                name: tuple(str(e["code"]) for e in entries if e.get("first"))
                for name, entries in lists.items()
            },
        ),
        recogniser=shipped_recogniser(),
        words=Words(load_catalogues()),
        telegram_content=telegram_content,
        emergency_numbers=dict(emergency_numbers or {}),
        gap_seconds=gap_seconds,
    )
