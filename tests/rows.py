"""Rows that tests put into a store by themselves, where no conversation is to make them."""

from __future__ import annotations

from datetime import datetime

from alerts.events import OutboundKind
from alerts.ids import Ids
from alerts.outbox import Guard, Outgoing, SendState, priority
from alerts.people import Address


def waiting_notice(
    ids: Ids, address: Address, text: str, at: datetime, guard: Guard = Guard.NONE
) -> Outgoing:
    """A notice in the outbox that may go out from `at` on. With `Guard.ROUND` nobody wants it any more: it belongs to
    no round."""
    return Outgoing(
        id=ids.new(),
        group_id=ids.new(),
        person_id=address.person_id,
        address_id=address.id,
        channel=address.channel,
        case_id=None,
        round_id=None,
        kind=OutboundKind.NOTICE,
        priority=priority(OutboundKind.NOTICE, 4, True),
        urgency=4,
        state=SendState.QUEUED,
        attempts=0,
        created_at=at,
        ready_at=at,
        sent_at=None,
        menu=False,
        guard=guard,
        token=0,
        blind=None,
        key_id=address.key_id,
        text=text,
    )
