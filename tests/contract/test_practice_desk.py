"""The desk behind the practice phones, as it is made and as a newer version finds it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from alerts.people import Role
from bot import practice
from bot.app import serve_practice
from bot.channels.practice.phones import SHIPPED_CAST, Cast
from bot.clock import SystemEntropy


def staff_of(folder: Path, cast: Cast = SHIPPED_CAST) -> list[tuple[str, Role]]:
    """Opens the practice run, serves it for a moment, and answers with who is on its desk."""
    found: list[tuple[str, Role]] = []

    async def live() -> None:
        made = practice.set_up(folder, SystemEntropy(), cast=cast)
        engine = made.runtime.engine
        with engine.store.reading() as work:
            found.extend((person.alias, person.role) for person in work.staff(engine.rules.desk))
        begun = asyncio.Event()
        serving = asyncio.ensure_future(serve_practice(made, lambda _: begun.set()))
        await begun.wait()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    asyncio.run(live())
    return sorted(found)


def test_a_desk_that_was_made_without_a_lead_gets_one_once(tmp_path: Path) -> None:
    officers = [("Ana", Role.OFFICER), ("Ben", Role.OFFICER)]
    without = replace(SHIPPED_CAST, people=tuple(p for p in SHIPPED_CAST.people if p.name != practice.LEAD))
    assert staff_of(tmp_path, without) == officers
    for _time in range(2):
        assert staff_of(tmp_path) == [*officers, ("Carla", Role.LEAD)]
