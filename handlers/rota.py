"""The rota by chat: looking, changing, covering, and hearing of gaps before they come.

1. Leads change the rota; officers cover a shift themselves; everybody at the desk looks.
2. A word that is no rota changes nothing, and is never passed on to a defender.
3. Gaps of the next days are told once a day and after every change. A desk without a rota calls its officers in the
   order in which they joined: that is no gap, unless there are none.

Source: protection practice, "The desk".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from alerts.deadlines import Deadline, DeadlineKind
from alerts.escalation import officers
from alerts.events import OutboundKind
from alerts.invitations import name_key
from alerts.oncall import Override, Rota, RotaChange, gaps, handovers, on_call
from alerts.people import Person, Role
from alerts.rota_text import (
    Unclear,
    covers,
    layer_of,
    members_of,
    override_of,
    with_cover,
    with_layer,
    without_cover,
    without_member,
)
from alerts.walltime import DAY, to_local, to_utc, zone_named
from handlers.asking import first_of, spoken
from handlers.draft import Draft
from handlers.telling import answer, notice, staff_but

SHOWN_DAYS = 14
WARNED_DAYS = 7
SHOWN_LINES = 30
KINDS = ("always", "daily", "weekly")
OTHER_WORDS = ("clear", "list", "remove", "me")
"""With these, all words after `rota` and `cover` that the catalogues say in other languages."""
WATCH_AT = time(9, 0)
"""When gaps are told, on the desk's clock: in office hours somebody can mend them."""


def command(draft: Draft, officer: Person, command: str, rest: str) -> None:
    """`rota` and `cover`."""
    try:
        if command == "rota":
            change(draft, officer, rest) if rest else show(draft, officer)
        else:
            cover(draft, officer, rest)
    except Unclear as unclear:
        answer(
            draft, officer, unclear.key, **{"desk": names(draft, draft.facts.desk.staff)} | unclear.arguments
        )


# ------------------------------------------------------------------------------------------------------------ the desk


def rota_of(draft: Draft) -> Rota | None:
    """The desk's rota, as this turn has changed it so far."""
    changed = draft.entities.get(f"rota:{draft.facts.desk.id}")
    return changed.rota if isinstance(changed, RotaChange) else draft.facts.desk.rota


def present(draft: Draft) -> tuple[Person, ...]:
    """Officers and leads whose rights hold, as this turn has left them."""
    known = {p.id: draft.latest(p) for p in draft.facts.desk.staff}
    known |= {i: e for i, e in draft.entities.items() if isinstance(e, Person)}
    return tuple(p for _, p in sorted(known.items()) if p.is_staff)


def put(draft: Draft, rota: Rota | None) -> None:
    """Notes that the rota is another one from now on."""
    desk = draft.facts.desk.id
    draft.put(RotaChange(f"rota:{desk}", desk, rota))
    draft.event("rota_changed")


def ids_by_name(draft: Draft, officer: Person) -> dict[str, str]:
    """Whom the words of a command may name: staff, and "me"."""
    found = {name_key(p.alias): p.id for p in present(draft) if p.alias}
    return dict.fromkeys(spoken(draft, officer, "word.me"), officer.id) | found


def names(draft: Draft, people: Iterable[Person]) -> str:
    """Their names in a row."""
    return ", ".join(p.alias for p in people if p.alias)


def named(draft: Draft, ids: Iterable[str | None]) -> str:
    """The names behind ids, those who are not there any more left out."""
    return names(draft, (p for p in map(draft.facts.desk.person, ids) if p is not None))


def absent(draft: Draft, rota: Rota) -> frozenset[str]:
    """Who stands in the rota and is not there."""
    return members_of(rota) - {p.id for p in present(draft)}


def clock(draft: Draft, instant: datetime) -> str:
    """An instant on the desk's clock."""
    return instant.astimezone(ZoneInfo(draft.rules.zone)).strftime("%Y-%m-%d %H:%M")


# ------------------------------------------------------------------------------------------------------------- looking


def show(draft: Draft, officer: Person) -> None:
    """`rota`: who is on call now, and what changes in the coming two weeks."""
    rota = rota_of(draft)
    if rota is None:
        listed = names(draft, officers(draft.facts.desk)) or draft.word(officer, "rota.nobody")
        answer(draft, officer, "rota.none", names=listed)
        return
    until = draft.now + SHOWN_DAYS * DAY
    away = absent(draft, rota)
    lines = [draft.word(officer, "rota.title", zone=draft.rules.zone), now_line(draft, officer, rota)]
    found = gaps(rota, draft.now, until, away)
    events = [(begins, gap_line(draft, officer, begins, ends)) for begins, ends in found]
    for change_ in handovers(rota, draft.now, until, away):
        if change_.after is not None:
            words = draft.word(
                officer, "rota.line", time=clock(draft, change_.at), name=named(draft, [change_.after])
            )
            events.append((change_.at, words))
    events.sort(key=lambda event: event[0])
    lines += [words for _, words in events[:SHOWN_LINES]]
    if len(events) > SHOWN_LINES:
        lines.append(draft.word(officer, "board.more", count=len(events) - SHOWN_LINES))
    draft.say(officer, OutboundKind.ANSWER, "\n".join(lines), urgency=3)


def now_line(draft: Draft, reader: Person, rota: Rota) -> str:
    """Who is on call now, and who comes next."""
    order = on_call(rota, draft.now, absent(draft, rota))
    first, following = named(draft, order[:1]), named(draft, order[1:])
    if not first:
        return draft.word(reader, "board.nobody_on_call")
    if not following:
        return draft.word(reader, "board.on_call", officer=first)
    return draft.word(reader, "board.on_call_next", officer=first, following=following)


def gap_line(draft: Draft, reader: Person, begins: datetime, ends: datetime) -> str:
    """One gap on one line."""
    return draft.word(reader, "rota.gap", start=clock(draft, begins), end=clock(draft, ends))


# ------------------------------------------------------------------------------------------------------------ changing


def change(draft: Draft, officer: Person, rest: str) -> None:
    """`rota weekly mon 09:00 ana ben` and the like. Raises Unclear."""
    if officer.role is not Role.LEAD:
        raise Unclear("staff.leads_only")
    zone = zone_named(draft.rules.zone)
    kind, more = first_of(draft, officer, rest, "word", (*KINDS, "clear"))
    if kind == "clear" and not more:
        put(draft, None)
    else:
        layer = layer_of(f"{kind} {more}", ids_by_name(draft, officer), draft.now, zone)
        put(draft, with_layer(rota_of(draft), layer, draft.rules.zone))
    show(draft, officer)
    notice(draft, staff_but(draft, officer), "rota.changed", name=officer.alias)
    watch(draft)


def cover(draft: Draft, officer: Person, rest: str) -> None:
    """`cover ana …`, `cover list`, `cover remove N`. Raises Unclear."""
    first, more = first_of(draft, officer, rest, "word", ("list", "remove"))
    if not rest or first == "list":
        list_covers(draft, officer)
        return
    if first == "remove":
        uncover(draft, officer, more)
        return
    zone = zone_named(draft.rules.zone)
    made = override_of(rest, ids_by_name(draft, officer), draft.now, zone)
    if made.member != officer.id and officer.role is not Role.LEAD:
        raise Unclear("cover.own_only")
    order = [p.id for p in officers(draft.facts.desk)]
    put(draft, with_cover(rota_of(draft), made, draft.rules.zone, order, draft.now))
    tell_cover(draft, officer, made, "cover.done", "cover.notice")
    watch(draft)


def tell_cover(draft: Draft, officer: Person, made: Override, key: str, others: str) -> None:
    """Who covers when, to whoever wrote it and to the others at the desk."""
    about = {
        "name": named(draft, [made.member]),
        "start": clock(draft, made.starts_at),
        "end": clock(draft, made.ends_at),
    }
    answer(draft, officer, key, **about)
    notice(draft, staff_but(draft, officer), others, **about)


def list_covers(draft: Draft, officer: Person) -> None:
    """`cover list`: with the numbers that `cover remove` takes."""
    rota = rota_of(draft)
    found = covers(rota, draft.now) if rota is not None else ()
    if not found:
        answer(draft, officer, "cover.none")
        return
    lines = [
        draft.word(
            officer,
            "cover.line",
            number=number,
            name=named(draft, [one.member]),
            start=clock(draft, one.starts_at),
            end=clock(draft, one.ends_at),
        )
        for number, one in enumerate(found, 1)
    ]
    draft.say(officer, OutboundKind.ANSWER, "\n".join(lines), urgency=3)


def uncover(draft: Draft, officer: Person, number: str) -> None:
    """`cover remove N`. Raises Unclear."""
    rota = rota_of(draft)
    found = covers(rota, draft.now) if rota is not None else ()
    plain = number.strip()
    at = int(plain) if plain.isdecimal() and len(plain) < 4 else 0
    if rota is None or not 1 <= at <= len(found):
        raise Unclear("cover.no_such", number=plain[:4] or "?")
    chosen = found[at - 1]
    if chosen.member != officer.id and officer.role is not Role.LEAD:
        raise Unclear("cover.own_only")
    put(draft, without_cover(rota, chosen, draft.now))
    tell_cover(draft, officer, chosen, "cover.removed", "cover.removed_notice")
    watch(draft)


def leaves(draft: Draft, person: Person) -> None:
    """Somebody does not belong to the desk any more: they are taken out of the rota, and gaps are told at once."""
    rota = rota_of(draft)
    if rota is not None and person.id in members_of(rota):
        put(draft, without_member(rota, person.id))
    watch(draft)


# ------------------------------------------------------------------------------------------------------------ watching


def due(draft: Draft) -> None:
    """The daily look has come."""
    watch(draft)


def watch(draft: Draft) -> None:
    """Tells everybody at the desk of gaps in the coming days, and arms the next look."""
    draft.arm(watch_deadline(draft.facts.desk.id, draft.rules.zone, draft.now))
    found = coming_gaps(draft)
    if not found:
        return
    draft.event("rota_gap", count=len(found))
    for person in present(draft):
        lines = [gap_line(draft, person, *gap) for gap in found[:SHOWN_LINES]]
        text = draft.word(person, "rota.gaps", days=WARNED_DAYS, gaps="\n".join(lines))
        draft.say(person, OutboundKind.NOTICE, text, urgency=3)


def keep_watch(draft: Draft) -> None:
    """Arms the daily look: once somebody belongs to the desk there is somebody to tell."""
    draft.arm(watch_deadline(draft.facts.desk.id, draft.rules.zone, draft.now))


def coming_gaps(draft: Draft) -> tuple[tuple[datetime, datetime], ...]:
    """When nobody is on call in the coming days."""
    until = draft.now + timedelta(days=WARNED_DAYS)
    rota = rota_of(draft)
    if rota is not None:
        return gaps(rota, draft.now, until, absent(draft, rota))
    return () if any(p.role is Role.OFFICER for p in present(draft)) else ((draft.now, until),)


def watch_deadline(desk: str, zone: str, now: datetime) -> Deadline:
    """The next look for gaps: the first time after `now` that the desk's clock shows it."""
    local = zone_named(zone)
    today = to_local(now, local).date()
    days = (to_utc(datetime.combine(today + n * DAY, WATCH_AT), local) for n in range(3))
    at = next(instant for instant in days if instant > now)
    return Deadline(DeadlineKind.WATCH, desk, None, 0, 0, 4, at)
