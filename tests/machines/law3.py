"""Law 3, asked of the database itself: nothing unclosed is without a deadline or an unsent page."""

from __future__ import annotations

from sqlalchemy import select

from alerts.store import tables
from alerts.store.store import Store


def broken(store: Store) -> list[str]:
    """What stands alone: unclosed cases and asked rounds that nothing will ever look at again."""
    cases, rounds, deadlines, outbox = tables.cases, tables.rounds, tables.deadlines, tables.outbox
    with store.reading() as work:
        connection = work.connection
        armed = {
            (row.subject, row.token)
            for row in connection.execute(select(deadlines.c.subject, deadlines.c.token))
        }
        paging = set(
            connection.execute(
                select(outbox.c.case_id).where(
                    outbox.c.kind == "page", outbox.c.state.in_(("queued", "sending"))
                )
            ).scalars()
        )
        open_cases = connection.execute(
            select(cases.c.id, cases.c.ref, cases.c.version, cases.c.status).where(cases.c.status != "closed")
        ).all()
        live = connection.execute(
            select(rounds.c.id, rounds.c.version).where(rounds.c.status == "live")
        ).all()
    found = [
        f"case {row.ref} ({row.status}) has no live deadline and no unsent page"
        for row in open_cases
        if (row.id, row.version) not in armed and row.id not in paging
    ]
    found += [f"round {row.id} has no live deadline" for row in live if (row.id, row.version) not in armed]
    return found
