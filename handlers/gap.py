"""After an outage of our own, or a jump of the clock: the desk is told at once, before anything is counted. While a
channel is dead, who can be reached another way is told once, and once when it is back.

What was due in it is not decided here: each prompt and rung finds by itself that it comes late (`handlers/rounds.py`).
Source: protection practice, "Check-ins".
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

from alerts.events import OutboundKind
from alerts.facts import ChannelTurned, Gap
from alerts.ids import micros
from alerts.oncall import handovers, on_call
from alerts.outbox import CHANNEL_BACK, CHANNEL_DEAD
from alerts.people import Person, Reach
from handlers import missed, paging
from handlers.draft import Draft
from handlers.localtime import between, length

LOOKED_BACK = timedelta(days=7)
"""Of a longer gap only so much of the rota is looked through."""


def on_call_then(draft: Draft, event: Gap) -> list[Person]:
    """Who was first on call while we were away: a quiet shift was none, and they may still have heard something."""
    desk = draft.facts.desk
    if desk.rota is None or event.since >= event.until:
        return []
    first = on_call(desk.rota, event.since)[:1]
    changes = handovers(desk.rota, max(event.since, event.until - LOOKED_BACK), event.until)
    found = (desk.person(i) for i in (*first, *(c.after for c in changes)))
    return [p for p in found if p is not None]


def decide(draft: Draft, event: Gap | ChannelTurned) -> None:
    """What the desk is told of it."""
    if isinstance(event, Gap):
        away(draft, event)
    else:
        channel_turned(draft, event)


def channel_turned(draft: Draft, event: ChannelTurned) -> None:
    """A channel is dead, or back: everybody of the desk whom another one reaches reads there what that means."""
    for person in draft.facts.desk.staff:
        others = [a for a in person.addresses if a.channel != event.channel and a.status is Reach.OK]
        if not others:
            continue
        back = event.back_at is not None
        since, until = between(draft, person, event.since, event.back_at or draft.now)
        text = draft.word(
            person,
            "notice.channel_back" if back else "notice.channel_dead",
            channel=event.channel.capitalize(),
            since=since,
            until=until,
        )
        # Both belong together: who was never told that it is dead need not hear that it is back.
        about = f"{event.channel}|{micros(event.since)}|{person.id}".encode()
        group = hashlib.blake2b(about, digest_size=16).hexdigest()
        question = CHANNEL_BACK if back else CHANNEL_DEAD
        draft.say(
            person,
            OutboundKind.NOTICE,
            text,
            to=tuple(others[:1]),
            urgency=3,
            group=group,
            question=question,
        )
    draft.event("channel_told", channel=event.channel, back=event.back_at is not None)


def away(draft: Draft, event: Gap) -> None:
    """How long we were away, and who is overdue because of it."""
    people = list(dict.fromkeys(d.person_id for d in draft.facts.overdue if d.person_id))
    names = [paging.name_for_desk(draft, draft.person(i)) for i in people]
    backwards = event.since > event.until
    for officer in {p.id: p for p in (*missed.on_duty(draft), *on_call_then(draft, event))}.values():
        since, until = between(draft, officer, event.since, event.until)
        parts = [
            draft.word(
                officer,
                "notice.clock_back" if backwards else "notice.gap",
                since=since,
                until=until,
                length=length(draft, officer, abs(event.until - event.since)),
            )
        ]
        bare = parts[0]
        if people:
            shown = ", ".join(n or draft.word(officer, "desk.somebody") for n in names)
            count = draft.facts.overdue_count
            parts.append(draft.word(officer, "notice.gap_overdue", count=count, names=shown))
            if count > len(draft.facts.overdue):
                parts.append(draft.word(officer, "board.more", count=count - len(draft.facts.overdue)))
        rows = draft.say(officer, OutboundKind.NOTICE, "\n".join(parts), via="content", urgency=2, line=bare)
        if not rows:
            draft.say(officer, OutboundKind.NOTICE, bare, urgency=2)
    draft.event("gap_told", overdue=draft.facts.overdue_count)
