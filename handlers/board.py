"""What staff look at by chat: the open cases, one case, and who is on call."""

from __future__ import annotations

from alerts.cases import Case, CaseStatus, Message
from alerts.events import OutboundKind
from alerts.facts import Heard
from alerts.people import Person
from handlers import paging
from handlers.draft import Draft
from handlers.localtime import desk_clock
from handlers.words import excerpt

SHOWN = 20
WELLBEING = 14
"""Answers of how somebody is that are shown."""
THREAD_LINE = 300
"""Characters of one message in a thread."""


def line(draft: Draft, reader: Person, case: Case) -> str:
    """One case on one line, without what anybody wrote."""
    if case.status is CaseStatus.TAKEN:
        taker = draft.person(case.taken_by)
        status = draft.word(reader, "board.taken", officer=(taker.alias if taker else ""))
    else:
        status = draft.word(reader, f"board.{case.status.value}")
    return draft.word(
        reader,
        "board.line",
        ref=case.ref,
        urgency=f"P{case.urgency}",
        status=status,
        time=desk_clock(draft, reader, case.opened_at),
    )


def cases(draft: Draft, officer: Person) -> None:
    """`cases`: what is not closed."""
    board = draft.facts.board
    if not board:
        text = draft.word(officer, "board.empty")
    else:
        lines = [line(draft, officer, c) for c in board[:SHOWN]]
        if len(board) > SHOWN:
            lines.append(draft.word(officer, "board.more", count=len(board) - SHOWN))
        text = "\n".join([draft.word(officer, "board.title", count=len(board)), *lines])
    draft.say(officer, OutboundKind.ANSWER, text, urgency=3)


def on_call(draft: Draft, officer: Person) -> None:
    """`oncall`: who is on call now, and who comes next."""
    people = [draft.facts.desk.person(i) for i in draft.facts.desk.on_call]
    names = [p.alias for p in people if p is not None]
    if not names:
        text = draft.word(officer, "board.nobody_on_call")
    elif len(names) == 1:
        text = draft.word(officer, "board.on_call", officer=names[0])
    else:
        text = draft.word(officer, "board.on_call_next", officer=names[0], following=", ".join(names[1:]))
    draft.say(officer, OutboundKind.ANSWER, text, urgency=3)


def said_in(message: Message) -> str:
    """A kept message on one line: its words, its place, or what kind of thing it was."""
    place = "" if message.latitude is None else f"📍 {message.latitude:.5f}, {message.longitude:.5f}"
    return " ".join(part for part in (place, message.text) if part) or f"[{message.kind}]"


def show(draft: Draft, event: Heard, officer: Person, case: Case, rest: str) -> None:
    """`case`: its thread, and it becomes the one that bare words go to when the officer has it."""
    person = draft.person(case.person_id)
    parts = [line(draft, officer, case)]
    name = paging.name_for_desk(draft, person)
    if name:
        standing = draft.word(officer, "desk.verified" if case.verified else "desk.unverified")
        parts.append(f"{name} · {standing}")
    felt = [f"{r.wellbeing}" for r in reversed(draft.facts.lately) if r.wellbeing is not None]
    if felt:
        parts.append(draft.word(officer, "board.wellbeing", numbers=" ".join(felt[-WELLBEING:])))
    parts += paging.answers_so_far(draft, officer, case)
    for message in draft.facts.thread:
        author = draft.person(message.author_id)
        who = paging.name_for_desk(draft, author) or draft.word(officer, "desk.somebody")
        parts.append(
            f"{desk_clock(draft, officer, message.at)} {who}: {excerpt(said_in(message), THREAD_LINE)}"
        )
    draft.say(
        officer,
        OutboundKind.ANSWER,
        "\n".join(parts),
        via="content",
        case=case,
        defender_id=case.person_id,
    )
    if case.taken_by == officer.id:
        draft.talk(officer, focus=case.id)
