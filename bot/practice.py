"""The practice run: pretend phones on one page, a store and keys of its own, and a clock that may run faster.

It is the desk's drill ground and the first thing that a newcomer sees. Nothing in it can reach a real
person: its channels are pretend ones, and it refuses a store that was ever used for anything else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from alerts.people import Role
from alerts.store.keks import NewKek
from alerts.store.store import Store
from bot.channels.practice.page import PracticePage
from bot.channels.practice.phones import SHIPPED_CAST, Cast, PracticePhones
from bot.clock import PRACTICE_LINEAGE, Entropy, RealClock, require_practice
from bot.delivery import Budget, Delivery
from bot.downloads import Downloads
from bot.engine import Engine
from bot.lane import Lane
from bot.rehearsal.cast import settle_in
from bot.rehearsal.script import Character, CheckInPlan, Script
from bot.rules import shipped_rules
from bot.runtime import Runtime
from config.keyfile import KeyFileSource, make_key_file

LINEAGE = "lineage"
PRACTICE_STORE = "practice.db"
"""File in the folder of the practice phones."""
PRACTICE_GAP = 12 * 3600
"""Seconds."""
OFFICERS = ("ana", "ben")
"""In the order of the rota."""
LEAD = "carla"
FIRST_PROMPT = timedelta(hours=4)


@dataclass
class Practice:
    """A practice run that is set up and not started yet."""

    runtime: Runtime
    page: PracticePage
    downloads: Downloads
    folder: Path


def set_up(folder: Path, entropy: Entropy, *, port: int = 0, cast: Cast = SHIPPED_CAST) -> Practice:
    """Makes what is missing in `folder` and opens the rest.

    Raises NotAPracticeStore, JournalUnreadable, KeyFileError, WrongKey, OSError.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key_path = folder / "practice.key"
    url = f"sqlite:///{folder / PRACTICE_STORE}"
    if not key_path.exists():
        make_key_file(key_path, entropy.draw)
    source = KeyFileSource(key_path)
    fresh = not (folder / PRACTICE_STORE).exists()
    started = LateClock()
    if fresh:
        Store.create(url, NewKek(*source.fresh()), entropy=entropy.draw, now=started.now)
    store = Store.open(url, source, entropy=entropy.draw, now=started.now)
    if fresh or store.get_meta(LINEAGE) is None:
        store.set_meta(LINEAGE, PRACTICE_LINEAGE)
    lineage = store.get_meta(LINEAGE) or ""
    require_practice(lineage)
    key = store.vault.keys.root.subkey("watchline practice journal v1")
    phones = PracticePhones(folder / "phones.journal", key, entropy, cast, lineage=lineage)
    started.follow(phones.clock.now)
    # A clock that runs 600 times as fast makes minutes of any hesitation of the machine. That is no outage of ours.
    rules = shipped_rules(cast.zone, gap_seconds=PRACTICE_GAP)
    engine = Engine(
        store, rules, {c.name: c.parse for c in phones.channels}, phones.clock, entropy, phones.story.observe
    )
    with store.reading() as work:
        staff = work.staff(rules.desk)
    script = _as_script(cast, phones.clock.now())
    if not staff:
        settle_in(store, script, rules, entropy, phones.clock.now())
    elif script.lead and not any(member.role is Role.LEAD for member in staff):
        # The store is of a version whose desk had no lead: everybody else in it stays as they are.
        lead = replace(script, officers=(), people={LEAD: script.people[LEAD]})
        settle_in(store, lead, rules, entropy, phones.clock.now())
    lanes = {c.name: Lane(c, Delivery(engine, c.name, Budget())) for c in phones.channels}
    runtime = Runtime(engine, lanes)
    downloads = Downloads(engine, runtime, {c.name: c for c in phones.channels})
    for lane in lanes.values():
        lane.delivery.open_file = downloads.open_file
    page = PracticePage(phones, entropy, port=port, next_due=engine.next_deadline, quiet=engine.all_is_quiet)
    phones.clock.on_change(lambda: runtime.poke(deadlines=True, outbox=True))
    return Practice(runtime, page, downloads, folder)


class LateClock:
    """The real time until the pretend clock is known: that one's own file is sealed with a key that the
    store holds."""

    def __init__(self) -> None:
        self._now: Callable[[], datetime] = RealClock().now

    def follow(self, now: Callable[[], datetime]) -> None:
        """From now on, that clock."""
        self._now = now

    def now(self) -> datetime:
        """The time."""
        return self._now()


def _as_script(cast: Cast, now: datetime) -> Script:
    """The page's people as the cast of a story: one defender with a contact and a check-in, and a desk."""
    desk = (*OFFICERS, LEAD)
    contacts = tuple(p.name for p in cast.people if p.name not in desk and p.name != cast.defender)
    people: dict[str, Character] = {}
    for person in cast.people:
        defender = person.name == cast.defender
        people[person.name] = Character(
            person.name,
            person.channels,
            language=person.language,
            zone=person.zone,
            verified=defender,
            contacts=contacts if defender else (),
            check_in=CheckInPlan("elevated", every_hours=FIRST_PROMPT.total_seconds() / 3600)
            if defender
            else None,
        )
    lead = LEAD if LEAD in people else ""
    return Script(cast.zone, now, 0, "en", OFFICERS, lead, people, ())
