"""Check-ins put into words, on a person's own clock."""

from __future__ import annotations

from alerts.checkins import CheckIn, CheckInKind
from alerts.people import Person
from alerts.schedule import ALL_DAYS, CheckInSchedule
from alerts.timetext import Misread
from alerts.walltime import show_wall_time
from handlers.draft import Draft
from handlers.localtime import clock


def schedule_words(
    draft: Draft, reader: Person, schedule: CheckInSchedule, *, of: Person | None = None
) -> str:
    """ "every day at 09:00, 21:00; quiet 23:00-07:00; paused until …", all on the clock of whose check-in it is:
    `of`, or else the reader."""
    if schedule.every_hours is not None:
        parts = [draft.word(reader, "schedule.every", hours=f"{schedule.every_hours:g}")]
    else:
        times = ", ".join(show_wall_time(at) for at in schedule.times)
        if schedule.days == ALL_DAYS:
            parts = [draft.word(reader, "schedule.daily", times=times)]
        else:
            days = ", ".join(draft.word(reader, f"day.{day}") for day in sorted(schedule.days))
            parts = [draft.word(reader, "schedule.days", days=days, times=times)]
    if schedule.quiet is not None:
        start, end = map(show_wall_time, schedule.quiet)
        parts.append(draft.word(reader, "schedule.quiet", start=start, end=end))
    if schedule.paused_until is not None and schedule.paused_until > draft.now:
        parts.append(
            draft.word(reader, "schedule.paused", time=clock(draft, of or reader, schedule.paused_until))
        )
    return "; ".join(parts)


def check_in_words(draft: Draft, reader: Person, check_in: CheckIn, *, of: Person | None = None) -> str:
    """One check-in on one line, on the clock of whose it is: `of`, or else the reader."""
    if check_in.kind is CheckInKind.TIMER or check_in.schedule is None:
        key = "checkin.line_timer" if check_in.next_at is not None else "checkin.line_timer_over"
        at = clock(draft, of or reader, check_in.next_at) if check_in.next_at is not None else ""
        return draft.word(reader, key, label=check_in.label, time=at).replace("  ", " ")
    return draft.word(
        reader,
        "checkin.line",
        schedule=schedule_words(draft, reader, check_in.schedule, of=of),
        protocol=protocol_word(draft, reader, check_in.protocol),
        time=clock(draft, of or reader, check_in.next_at) if check_in.next_at is not None else "–",
    )


def protocol_word(draft: Draft, reader: Person, name: str) -> str:
    """What a ladder is called in the reader's language; a desk's own name as it is."""
    key = f"protocol.{name}"
    return draft.word(reader, key).split("|")[0] if draft.rules.words.has(key) else name


def misread_words(draft: Draft, reader: Person, misread: Misread) -> str:
    """What was not understood, and how to say it."""
    hint = draft.word(reader, misread.hint_key.value)
    if not misread.what:
        return hint
    return draft.word(reader, "time.not_understood", what=misread.what) + " " + hint
