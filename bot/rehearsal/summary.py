"""The last line of a rehearsal: what became of everything."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from alerts.people import Person
from alerts.store.store import Store
from bot.channels.pretend import PretendNetwork


def summary(store: Store, network: PretendNetwork, desk: str) -> dict[str, Any]:
    """Every case, oldest first, and how many messages reached nobody."""
    with store.reading() as work:
        cases = work.all_cases(desk)
        people = work.people({c.person_id for c in cases} | {c.taken_by for c in cases if c.taken_by})
        undelivered = work.undelivered()
    return {
        "direction": "system",
        "kind": "summary",
        "cases": [
            {
                "case": case.ref,
                "person": name_of(network, people.get(case.person_id)),
                "urgency": f"P{case.urgency}",
                "status": case.status.value,
                "taken_by": name_of(network, people.get(case.taken_by or "")),
                "opened_at": _stamp(case.opened_at),
                "taken_at": _stamp(case.taken_at),
                "closed_at": _stamp(case.closed_at),
                "source": case.source.value,
            }
            for case in cases
        ],
        "undelivered": undelivered,
    }


def name_of(network: PretendNetwork, person: Person | None) -> str | None:
    """The script's name of somebody in the store."""
    if person is None:
        return None
    for address in person.addresses:
        name = network.world.owner(address.channel, address.account)
        if name:
            return name
    return None


def _stamp(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None
