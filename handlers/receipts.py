"""Delivered, and read: what phones say about what went to them.

1. A receipt counts only for what went to the address that it comes from. Anybody may name any message.
2. It costs little however many messages it names: of those without end the newest count, and nothing is opened.
3. A phone may be quicker than the channel's answer to our send, so what is not known yet is kept for a moment.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from alerts.events import Inbound
from alerts.outbox import RECEIVED_RANK, Outgoing, SendState
from alerts.records import replace
from alerts.store.work import Work

MOST = 5_000
"""Messages that one receipt may name: more than any app puts into one."""
CHATS = 500
"""Chats of which early receipts are kept, and how many of each: a chat gets its messages one after another."""
EARLY = 8


class Receipts:
    """Notes receipts, and keeps those that came before the channel's own answer."""

    def __init__(self) -> None:
        self._early: dict[tuple[str, str], dict[str, SendState]] = {}
        """By channel and address: what was received of what no channel has answered for yet."""

    def came(self, work: Work, inbound: Inbound) -> None:
        """A receipt arrived."""
        person = work.person_at(inbound.channel, inbound.sender) if inbound.sender else None
        if person is None:
            return  # nothing ever went to a stranger
        state = SendState.READ if inbound.read else SendState.DELIVERED
        refs = _newest(inbound.target_refs, MOST)
        for address in person.addresses:
            if (address.channel, address.account) == (inbound.channel, inbound.sender):
                unknown = work.note_received(inbound.channel, address.id, refs, state)
                self._keep((inbound.channel, address.id), _newest(unknown, EARLY), state)

    def _keep(self, chat: tuple[str, str], refs: Iterable[str], state: SendState) -> None:
        kept = self._early.pop(chat, {})
        for ref in refs:
            kept[ref] = max(state, kept.pop(ref, state), key=lambda one: RECEIVED_RANK[one])
        if not kept:
            return
        self._early[chat] = dict(list(kept.items())[-EARLY:])
        if len(self._early) > CHATS:
            del self._early[next(iter(self._early))]

    def received(self, row: Outgoing) -> Outgoing:
        """A row that was sent, as a receipt says that was quicker than the channel's own answer."""
        kept = self._early.get((row.channel, row.address_id), {})
        found = [kept.pop(ref) for ref in (row.ref, *row.earlier_refs) if ref in kept]
        state = max((row.state, *found), key=lambda one: RECEIVED_RANK[one])
        return row if state is row.state else replace(row, state=state)


def _newest(refs: Iterable[str], most: int) -> list[str]:
    """The last ones; references on Signal are times."""
    known = list(dict.fromkeys(refs))
    return known if len(known) <= most else heapq.nlargest(most, known, key=lambda ref: (len(ref), ref))[::-1]
