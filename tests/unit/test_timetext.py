"""What people type about time."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.schedule import CheckInSchedule
from alerts.timetext import (
    COMMAND_WORDS,
    Command,
    End,
    Extend,
    Hint,
    Misread,
    Pause,
    Quiet,
    Timer,
    Timetable,
    parse_end,
    parse_extend,
    parse_pause,
    parse_quiet,
    parse_resume,
    parse_schedule,
    parse_timer,
    parse_zone,
    zone_from_text,
)
from alerts.timetext.cities import BIG_CITIES
from alerts.walltime import zone_names

BEIRUT = "Asia/Beirut"
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=ZoneInfo(BEIRUT)).astimezone(UTC)
"""Monday, ten in the morning in Beirut."""


def local(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZoneInfo(BEIRUT)).astimezone(UTC)


def timer(text: str, now: datetime = NOW) -> Timer | Misread | None:
    return parse_timer(text, now, BEIRUT)


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        ("2h", 120),
        ("2 h", 120),
        ("2 hours", 120),
        ("2hrs", 120),
        ("1h30", 90),
        ("1h30m", 90),
        ("1h 30m", 90),
        ("1h 30 min", 90),
        ("1 hour and 30 minutes", 90),
        ("1.5h", 90),
        ("1,5 h", 90),
        ("90 min", 90),
        ("90m", 90),
        ("90'", 90),
        ("45", 45),
        ("in 45", 45),
        ("half an hour", 30),
        ("an hour", 60),
        ("an hour and a half", 90),
        ("two hours", 120),
        ("in two hours", 120),
        ("for 2 hours", 120),
        ("one day", 1440),
        ("1d", 1440),
        ("1d 2h", 1560),
        ("a week", 10080),
        ("2 horas", 120),
        ("dos horas y media", 150),
        ("media hora", 30),
        ("en una hora y media", 90),
        ("2 heures", 120),
        ("dans 2 heures", 120),
        ("une demi-heure", 30),
        ("une heure et demie", 90),
        ("un quart d’heure", 15),
        ("٢ ساعة", 120),
        ("٤٥ دقيقة", 45),
        ("۴۵ دقیقه", 45),
        ("ساعة", 60),
        ("ساعتين", 120),
        ("ساعتين ونصف", 150),
        ("ساعة ونصف", 90),
        ("نصف ساعة", 30),
        ("بعد ساعتين", 120),
        ("خلال ثلاث ساعات", 180),
        ("2 часа", 120),
        ("полчаса", 30),
        ("2 saat", 120),
        ("９０ ＭＩＮ", 90),
        ("1\u200bh30\u200f", 90),
    ],
)
def test_lengths(said: str, minutes: int) -> None:
    length = timedelta(minutes=minutes)
    assert timer(f"timer {said}") == Timer(NOW + length, "", length)
    assert timer(f"Timer {said} Côté cour") == Timer(NOW + length, "Côté cour", length)
    assert parse_extend(f"extend {said}", NOW, BEIRUT) == Extend(by=length)


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("18:00", local(2, 18)),
        ("at 18:00", local(2, 18)),
        ("until 18:00", local(2, 18)),
        ("by 18:00", local(2, 18)),
        ("6pm", local(2, 18)),
        ("6 pm", local(2, 18)),
        ("6 p.m.", local(2, 18)),
        ("6:30 pm", local(2, 18, 30)),
        ("six pm", local(2, 18)),
        ("18h30", local(2, 18, 30)),
        ("18h", local(2, 18)),
        ("à 18 heures", local(2, 18)),
        ("18.00", local(2, 18)),
        ("1830", local(2, 18, 30)),
        ("noon", local(2, 12)),
        ("midnight", local(3, 0)),
        ("9:00", local(3, 9)),
        ("24:00", local(3, 0)),
        ("12am", local(3, 0)),
        ("12pm", local(2, 12)),
        ("a las 18:00", local(2, 18)),
        ("a las 6 de la tarde", local(2, 18)),
        ("hasta las 18:00", local(2, 18)),
        ("mediodía", local(2, 12)),
        ("midi", local(2, 12)),
        ("jusqu'à 18h30", local(2, 18, 30)),
        ("6 heures du soir", local(2, 18)),
        ("الساعة ٦ مساءً", local(2, 18)),
        ("١٨:٠٠", local(2, 18)),
        ("حتى ١٨:٣٠", local(2, 18, 30)),
        ("الظهر", local(2, 12)),
        ("tomorrow 9:00", local(3, 9)),
        ("9:00 tomorrow", local(3, 9)),
        ("mañana 9:00", local(3, 9)),
        ("demain à 9h", local(3, 9)),
        ("غدا ٩:٠٠", local(3, 9)),
        ("friday 17:00", local(6, 17)),
        ("monday 9:00", local(9, 9)),
        ("monday 11:00", local(2, 11)),
        ("2026-03-05 18:00", local(5, 18)),
        ("5 march 18:00", local(5, 18)),
        ("march 5th at 18:00", local(5, 18)),
        ("el 5 de marzo a las 18:00", local(5, 18)),
        ("5 mars 18h30", local(5, 18, 30)),
        ("٥ مارس ١٨:٠٠", local(5, 18)),
        ("5.3.2026 18:00", local(5, 18)),
        ("at 5", local(2, 17)),
        ("at 11", local(2, 11)),
    ],
)
def test_clock_times_are_the_next_that_comes(said: str, at: datetime) -> None:
    assert timer(f"timer {said}") == Timer(at)


@pytest.mark.parametrize(
    "said",
    [
        "timer 18:00 court",
        "timer 18:00 for court",
        "timer court 18:00",
        "/timer 18:00: court",
        "Timer court 18h.",
    ],
)
def test_the_label_stands_before_or_after(said: str) -> None:
    assert timer(said) == Timer(local(2, 18), "court")


def test_the_label_is_as_it_was_written_and_not_endless() -> None:
    assert timer("timer 2h Tribunal Ñuñoa — sala 4") == Timer(
        NOW + timedelta(hours=2), "Tribunal Ñuñoa — sala 4", timedelta(hours=2)
    )
    found = timer("timer 2h " + "ab " * 5000)
    assert isinstance(found, Timer)
    assert len(found.label) <= 80
    hidden = timer("timer 2h co\u202eurt\x00 \n now\ud800")
    assert isinstance(hidden, Timer)
    assert hidden.label == "court now"


@pytest.mark.parametrize(
    "said",
    [
        "minuteur 2h tribunal",
        "temporizador 2h tribunal",
        "مؤقت 2h tribunal",
        "مُؤَقَّت ٢h tribunal",
        "/timer@watchline_bot 2h tribunal",
        "SET A TIMER 2h tribunal",
        "tïmer 2h tribunal",
    ],
)
def test_the_command_counts_in_every_language(said: str) -> None:
    assert timer(said) == Timer(NOW + timedelta(hours=2), "tribunal", timedelta(hours=2))


@pytest.mark.parametrize(
    "said",
    [
        "if I don't report by 18:00",
        "If I don’t report by 6pm",
        "if you don't hear from me by 18:00",
        "si no respondo antes de las 18:00",
        "si je ne réponds pas avant 18h",
        "إذا لم أرد قبل ١٨:٠٠",
    ],
)
def test_a_timer_may_be_said_as_a_sentence(said: str) -> None:
    assert timer(said) == Timer(local(2, 18))


def test_of_two_readings_the_earlier_one_counts() -> None:
    evening = local(2, 17)
    assert timer("timer 18h", evening) == Timer(local(2, 18))
    # At 17:00 "16h" is tomorrow by the clock, in 23 hours; sixteen hours from now is earlier.
    assert timer("timer 16h", evening) == Timer(evening + timedelta(hours=16), "", timedelta(hours=16))
    assert timer("timer 2h", local(2, 1, 30)) == Timer(local(2, 3, 30), "", timedelta(hours=2))
    assert timer("timer at 5", local(2, 18)) == Timer(local(3, 5))


def test_the_wall_clock_of_the_persons_zone_counts_through_a_change() -> None:
    before = datetime(2026, 10, 24, 23, 0, tzinfo=UTC)
    # Brussels, 25 October: 02:30 comes twice. It is 01:00, 02:45 the first time, 02:45 the second.
    for now, due in [
        (before, datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (datetime(2026, 10, 25, 0, 45, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        (datetime(2026, 10, 25, 1, 45, tzinfo=UTC), datetime(2026, 10, 26, 1, 30, tzinfo=UTC)),
    ]:
        assert parse_timer("timer 02:30", now, "Europe/Brussels") == Timer(due)
    gap = parse_timer("timer 02:30", datetime(2026, 3, 28, 23, tzinfo=UTC), "Europe/Brussels")
    assert gap == Timer(datetime(2026, 3, 29, 1, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("timer", Hint.TIMER_TIME),
        ("timer court", Hint.TIMER_TIME),
        ("timer 25:00", Hint.TIMER_TIME),
        ("timer friday", Hint.TIMER_TIME),
        ("timer 2026-03-05", Hint.TIMER_TIME),
        ("timer 2", Hint.TIMER_UNIT),
        ("timer 8d", Hint.TIMER_BOUNDS),
        ("timer 1000h", Hint.TIMER_BOUNDS),
        ("timer 2026-05-05 10:00", Hint.TIMER_BOUNDS),
        ("timer 2026-02-28 10:00", Hint.PAST),
        ("timer today 9:00", Hint.PAST),
        ("timer 2026-02-30 10:00", Hint.NO_SUCH_DATE),
        ("timer 3/4 10:00", Hint.DATE_UNCLEAR),
        ("timer 99999999999999999999 h", Hint.TIMER_TIME),
    ],
)
def test_a_timer_that_is_not_understood_or_out_of_bounds(said: str, hint: Hint) -> None:
    found = timer(said)
    assert isinstance(found, Misread)
    assert found.hint_key is hint


def test_there_are_no_seconds() -> None:
    """A lone number is minutes, and the "s" is what the timer is for: the echo shows it."""
    assert timer("timer 20 s") == Timer(NOW + timedelta(minutes=20), "s", timedelta(minutes=20))


@pytest.mark.parametrize(
    "said", ["", "hello", "I have a timer 2h", "sos", "2h", "18:00", "they took my timer", "🆘", "٢"]
)
def test_ordinary_talk_is_no_timer(said: str) -> None:
    assert timer(said) is None


def test_when_it_was_asked_for_the_word_is_not_needed() -> None:
    assert parse_timer("2h court", NOW, BEIRUT, asked=True) == Timer(
        NOW + timedelta(hours=2), "court", timedelta(hours=2)
    )
    assert parse_timer("dunno", NOW, BEIRUT, asked=True) == Misread(Hint.TIMER_TIME, "dunno")
    assert parse_timer("", NOW, BEIRUT, asked=True) == Misread(Hint.TIMER_TIME)


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("timer end", None),
        ("timer cancel", None),
        ("timer extend 30m", None),
        ("timer extend", None),
        ("timer end of the road 2h", "end of the road"),
        ("timer extend a hand 2h", "extend a hand"),
    ],
)
def test_what_ends_or_extends_a_timer_starts_none(said: str, label: str | None) -> None:
    found = parse_timer(said, NOW, BEIRUT)
    assert found is None if label is None else isinstance(found, Timer) and found.label == label


@pytest.mark.parametrize(
    ("said", "length"),
    [
        ("temporizador de 2h corte", timedelta(hours=2)),
        ("temporizador de 30 minutos", timedelta(minutes=30)),
        ("minuteur de 2 heures tribunal", timedelta(hours=2)),
        ("minuteur d’environ 2h", timedelta(hours=2)),
        ("minuteur de 1h30", timedelta(hours=1, minutes=30)),
        ("timer court about 2h", timedelta(hours=2)),
        ("timer around 2 hours", timedelta(hours=2)),
        ("مؤقت من ٢h", timedelta(hours=2)),
        ("minuteur de 18h", timedelta(hours=8)),
        ("temporizador a las 2h", timedelta(hours=16)),
    ],
)
def test_of_two_hours_is_a_length_and_not_two_at_night(said: str, length: timedelta) -> None:
    found = parse_timer(said, NOW, BEIRUT)
    assert isinstance(found, Timer)
    assert found.deadline - NOW == length


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("extend 30m", Extend(by=timedelta(minutes=30))),
        ("/extend 30", Extend(by=timedelta(minutes=30))),
        ("more 30 min", Extend(by=timedelta(minutes=30))),
        ("+30", Extend(by=timedelta(minutes=30))),
        ("+ 1h", Extend(by=timedelta(hours=1))),
        ("more time", Extend()),
        ("More time please", None),
        ("more", Extend()),
        ("extend", Extend()),
        ("extend until 19:00", Extend(until=local(2, 19))),
        ("extend by 1h", Extend(by=timedelta(hours=1))),
        ("extend by 19:00", Extend(until=local(2, 19))),
        ("extend by 19h", Extend(until=local(2, 19))),
        ("extend about 1 hour", Extend(by=timedelta(hours=1))),
        ("prolonger de 1h", Extend(by=timedelta(hours=1))),
        ("prolonger d’1h", Extend(by=timedelta(hours=1))),
        ("extiende de 30 minutos", Extend(by=timedelta(minutes=30))),
        ("prolonger 1h", Extend(by=timedelta(hours=1))),
        ("plus de temps", Extend()),
        ("más tiempo", Extend()),
        ("más 2 horas", Extend(by=timedelta(hours=2))),
        ("تمديد ساعة", Extend(by=timedelta(hours=1))),
        ("extend 1", Misread(Hint.TIMER_UNIT, "1")),
        ("extend 9 days", Misread(Hint.EXTEND_BOUNDS, "9 days")),
        ("extend 30 bananas", Misread(Hint.EXTEND_TIME, "30 bananas")),
        ("timer extend 30m", Extend(by=timedelta(minutes=30))),
        ("timer extend", Extend()),
        ("timer more time", None),
        ("more people are coming", None),
        ("more than 30 soldiers", None),
        ("more 2", None),
        ("extend a hand", None),
        ("más de 30 policías", None),
        ("", None),
    ],
)
def test_more_time(said: str, found: object) -> None:
    assert parse_extend(said, NOW, BEIRUT) == found


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("end", End()),
        ("/end", End()),
        ("End.", End()),
        ("end timer", End("timer")),
        ("end timer Court", End("timer", "Court")),
        ("/end court", End(None, "court")),
        ("stop timer", End("timer")),
        ("cancel my timer", End("timer")),
        ("stop check-ins", End("check_in")),
        ("terminar", End()),
        ("cancelar temporizador", End("timer")),
        ("arrêter le minuteur", End("timer")),
        ("إنهاء", End()),
        ("إيقاف المؤقت", End("timer")),
        ("termina el temporizador", End("timer")),
        ("arrête le minuteur", End("timer")),
        ("timer end", End("timer")),
        ("Timer off.", End("timer")),
        ("temporizador cancelar", End("timer")),
        ("timer end of the road 2h", None),
        ("para el coche", None),
        ("stop", None),
        ("stop it", None),
        ("end of the road", None),
        ("cancel", None),
        ("fin de pausa", None),
        ("إيقاف مؤقت", None),
        ("the end", None),
        ("", None),
    ],
)
def test_an_end(said: str, found: object) -> None:
    assert parse_end(said) == found


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("pause 2d", Pause(NOW + timedelta(days=2))),
        ("pause for 3 hours", Pause(NOW + timedelta(hours=3))),
        ("pausa de 2 días", Pause(NOW + timedelta(days=2))),
        ("pause de 2h", Pause(NOW + timedelta(hours=2))),
        ("pause de 18h", Pause(local(2, 18))),
        ("pause until 2026-03-05", Pause(local(5, 0))),
        ("pause until tomorrow 8:00", Pause(local(3, 8))),
        ("pause until tomorrow", Pause(local(3, 0))),
        ("pause until friday", Pause(local(6, 0))),
        ("pause until 20 march", Pause(local(20, 0))),
        ("pausa hasta mañana a las 8:00", Pause(local(3, 8))),
        ("pause jusqu'au 5 mars", Pause(local(5, 0))),
        ("pause jusqu’à demain 8h", Pause(local(3, 8))),
        ("إيقاف مؤقت حتى غدا", Pause(local(3, 0))),
        ("إيقاف مؤقت يومين", Pause(NOW + timedelta(days=2))),
        ("pause until 18:00", Pause(local(2, 18))),
        ("pause", Misread(Hint.PAUSE_UNTIL)),
        ("pause 5 bananas", Misread(Hint.PAUSE_UNTIL, "5 bananas")),
        ("pause until 2026-03-01", Misread(Hint.PAST, "until 2026-03-01")),
        ("pause 91 days", Misread(Hint.PAUSE_BOUNDS, "91 days")),
        ("pause until 3/4", Misread(Hint.DATE_UNCLEAR, "3/4")),
        ("pause the interview please", None),
        ("unpause", None),
    ],
)
def test_a_pause(said: str, found: object) -> None:
    assert parse_pause(said, NOW, BEIRUT) == found


@pytest.mark.parametrize(
    ("said", "found"),
    [
        *[(said, True) for said in ("resume", "/resume", "reanudar", "fin de pausa", "reprendre", "استئناف")],
        *[(said, False) for said in ("resume attached", "pause", "")],
    ],
)
def test_the_end_of_a_pause(said: str, found: bool) -> None:
    assert parse_resume(said) is found


NINE_AND_NINE = (time(9), time(21))


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("daily 9:00 21:00", Timetable(NINE_AND_NINE)),
        ("every day at 9:00 and 21:00", Timetable(NINE_AND_NINE)),
        ("daily 21:00, 9:00, 9:00", Timetable(NINE_AND_NINE)),
        ("daily 9 21", Timetable(NINE_AND_NINE)),
        ("daily 9am 9pm", Timetable(NINE_AND_NINE)),
        ("check-in 9:00 21:00", Timetable(NINE_AND_NINE)),
        ("/checkin daily 9:00", Timetable((time(9),))),
        ("cada día a las 9:00 y 21:00", Timetable(NINE_AND_NINE)),
        ("todos los días 9:00 21:00", Timetable(NINE_AND_NINE)),
        ("tous les jours à 9h et 21h", Timetable(NINE_AND_NINE)),
        ("يوميا ٩:٠٠ و٢١:٠٠", Timetable(NINE_AND_NINE)),
        ("كل يوم الساعة ٩ صباحا و ٩ مساء", Timetable(NINE_AND_NINE)),
        ("every 6h", Timetable(every_hours=6)),
        ("every 6 hours", Timetable(every_hours=6)),
        ("every 90 min", Timetable(every_hours=1.5)),
        ("every 2 days", Timetable(every_hours=48)),
        ("cada 6 horas", Timetable(every_hours=6)),
        ("toutes les 6 heures", Timetable(every_hours=6)),
        ("كل ٦ ساعات", Timetable(every_hours=6)),
        ("mon wed fri 08:30", Timetable((time(8, 30),), frozenset({0, 2, 4}))),
        ("every monday and thursday 8:30", Timetable((time(8, 30),), frozenset({0, 3}))),
        ("mon-fri 8:30", Timetable((time(8, 30),), frozenset(range(5)))),
        ("fri to mon 8:30", Timetable((time(8, 30),), frozenset({4, 5, 6, 0}))),
        ("weekdays 8:30", Timetable((time(8, 30),), frozenset(range(5)))),
        ("lunes a viernes 8:30", Timetable((time(8, 30),), frozenset(range(5)))),
        ("lun mié vie 08:30", Timetable((time(8, 30),), frozenset({0, 2, 4}))),
        ("lundi, mercredi et vendredi à 8h30", Timetable((time(8, 30),), frozenset({0, 2, 4}))),
        ("الاثنين والأربعاء 08:30", None),
        ("الاثنين و الأربعاء 08:30", Timetable((time(8, 30),), frozenset({0, 2}))),
        ("daily 9:00 21:00 quiet 23-7", Timetable(NINE_AND_NINE, quiet=(time(23), time(7)))),
        ("check-in routine daily 9:00", Timetable((time(9),), protocol="routine")),
        ("daily 9:00 elevated", Timetable((time(9),), protocol="elevated")),
        ("every 30 min", Misread(Hint.EVERY_BOUNDS)),
        ("every 8 days", Misread(Hint.EVERY_BOUNDS)),
        ("check-in", Misread(Hint.SCHEDULE)),
        ("check-in daily", None),
        ("check-in daily 25:00", Misread(Hint.SCHEDULE, "25:00")),
        ("/schedule daily", Misread(Hint.SCHEDULE_TIMES)),
        ("daily quiet 7-7 9:00", Misread(Hint.QUIET_SAME)),
        ("every day they come to my house", None),
        ("every 6h they call me", None),
        ("daily threats at 9:00", None),
        ("daily", None),
        ("9:00 21:00", None),
        ("monday", None),
        ("friday 17:00 they will raid us", None),
        ("check in with my lawyer", None),
        ("todos los días vienen", None),
        ("", None),
    ],
)
def test_schedules(said: str, found: object) -> None:
    assert parse_schedule(said, protocols=("routine", "elevated")) == found


def test_a_schedule_that_was_asked_for_needs_no_word() -> None:
    assert parse_schedule("9:00 21:00", asked=True) == Timetable(NINE_AND_NINE)
    assert parse_schedule("daily", asked=True) == Misread(Hint.SCHEDULE_TIMES)
    assert parse_schedule("whenever", asked=True) == Misread(Hint.SCHEDULE, "whenever")
    many = " ".join(f"{n // 4}:{n % 4 * 15:02}" for n in range(30))
    assert parse_schedule(many, asked=True) == Misread(Hint.SCHEDULE_MANY)


def test_a_timetable_makes_a_schedule() -> None:
    found = parse_schedule("mon-fri 9:00 quiet 23-7")
    assert isinstance(found, Timetable)
    schedule = CheckInSchedule(BEIRUT, found.times, found.days, quiet=found.quiet)
    assert schedule.days == frozenset(range(5))


NIGHT = Quiet((time(23), time(7)))


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("quiet 23-7", NIGHT),
        ("quiet 23–7", NIGHT),
        ("quiet 22:30 06:00", Quiet((time(22, 30), time(6)))),
        ("quiet hours from 11pm to 7am", NIGHT),
        ("quiet 23h-7h", NIGHT),
        ("quiet 11 pm - 7 am", NIGHT),
        ("quiet midnight to 6", Quiet((time(0), time(6)))),
        ("silencio de 23 a 7", NIGHT),
        ("horas de silencio 23:00 a 7:00", NIGHT),
        ("silence de 23h à 7h", NIGHT),
        ("هدوء من ٢٣ إلى ٧", NIGHT),
        ("quiet off", Quiet(None)),
        ("silencio no", Quiet(None)),
        ("quiet 7-7", Misread(Hint.QUIET_SAME)),
        ("quiet 25-7", Misread(Hint.QUIET, "25-7")),
        ("quiet", Misread(Hint.QUIET)),
        ("quiet here, they left", None),
        ("silencio por favor", None),
        ("it is quiet 23-7", None),
    ],
)
def test_quiet_hours(said: str, found: object) -> None:
    assert parse_quiet(said) == found


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("Asia/Beirut", "Asia/Beirut"),
        ("asia/beirut", "Asia/Beirut"),
        ("Beirut", "Asia/Beirut"),
        (" bruSSels ", "Europe/Brussels"),
        ("New York", "America/New_York"),
        ("Sao Paulo", "America/Sao_Paulo"),
        ("São Paulo", "America/Sao_Paulo"),
        ("St. John’s", "America/St_Johns"),
        ("Buenos Aires", "America/Argentina/Buenos_Aires"),
        ("Istanbul", "Asia/Istanbul"),
        ("UTC", "UTC"),
        ("UTC+3", "Etc/GMT-3"),
        ("GMT -5", "Etc/GMT+5"),
        ("UTC+30", Misread(Hint.ZONE, "UTC+30")),
        ("القاهرة", "Africa/Cairo"),
        ("Le Caire", "Africa/Cairo"),
        ("El Cairo", "Africa/Cairo"),
        ("بيروت", "Asia/Beirut"),
        ("Beyrouth", "Asia/Beirut"),
        ("Москва", "Europe/Moscow"),
        ("Moscou", "Europe/Moscow"),
        ("Moscú", "Europe/Moscow"),
        ("moscu", "Europe/Moscow"),
        ("Alger", "Africa/Algiers"),
        ("الدار البيضاء", "Africa/Casablanca"),
        ("تونس", "Africa/Tunis"),
        ("Bogotá", "America/Bogota"),
        ("Ciudad de México", "America/Mexico_City"),
        ("Nairobi", "Africa/Nairobi"),
        ("تهران", "Asia/Tehran"),
        ("ঢাকা", "Asia/Dhaka"),
        ("حلب", "Asia/Damascus"),
        ("Cox’s Bazar", "Asia/Dhaka"),
        ("Tripoli", Misread(Hint.ZONE_UNCLEAR, "Tripoli")),
        ("Valencia", Misread(Hint.ZONE_UNCLEAR, "Valencia")),
        ("Mexico", Misread(Hint.ZONE_UNCLEAR, "Mexico")),
        ("Atlantis", Misread(Hint.ZONE, "Atlantis")),
        ("", Misread(Hint.ZONE)),
    ],
)
def test_zones(said: str, found: object) -> None:
    assert zone_from_text(said) == found
    assert parse_zone(f"zone {said}" if said else "zone") == (
        found if isinstance(found, str) or not said else None
    )
    assert parse_zone(f"/zone {said}") == found
    assert parse_zone(said, asked=True) == found


@pytest.mark.parametrize("said", ["zona militar", "zone full of soldiers", "travel to prison", "", "Beirut"])
def test_ordinary_talk_is_no_zone(said: str) -> None:
    assert parse_zone(said) is None


def test_every_command_has_words_in_the_bots_four_languages() -> None:
    for command in Command:
        assert {"en", "es", "fr", "ar"} <= set(COMMAND_WORDS[command])
        assert all(COMMAND_WORDS[command].values())


@pytest.mark.parametrize("language", ["en", "es", "fr", "ar"])
def test_every_listed_word_begins_its_command(language: str) -> None:
    """A word that another table shadows would be dead data."""
    for word in COMMAND_WORDS[Command.TIMER][language]:
        assert isinstance(timer(f"{word} 18:00"), Timer), word
    for word in COMMAND_WORDS[Command.EXTEND][language]:
        assert parse_extend(f"{word} 30 min", NOW, BEIRUT) == Extend(by=timedelta(minutes=30)), word
    for word in COMMAND_WORDS[Command.END][language]:
        assert isinstance(parse_end(word), End), word
    for word in COMMAND_WORDS[Command.PAUSE][language]:
        assert isinstance(parse_pause(f"{word} 2d", NOW, BEIRUT), Pause), word
    for word in COMMAND_WORDS[Command.RESUME][language]:
        assert parse_resume(word), word
    for word in COMMAND_WORDS[Command.SCHEDULE][language]:
        assert parse_schedule(f"{word} 9:00") == Timetable((time(9),)), word
    for word in COMMAND_WORDS[Command.QUIET][language]:
        assert parse_quiet(f"{word} 23-7") == NIGHT, word
    for word in COMMAND_WORDS[Command.ZONE][language]:
        assert parse_zone(f"{word} Beirut") == "Asia/Beirut", word


def test_what_a_person_wrote_is_in_no_repr() -> None:
    for value in (
        timer("timer 2h marker-7f3a"),
        timer("timer marker-7f3a"),
        parse_end("end timer marker-7f3a"),
    ):
        assert value is not None
        assert "7f3a" not in repr(value)


def test_every_big_city_names_a_zone_of_this_machine_and_is_found_or_asked_about() -> None:
    for zone, cities in BIG_CITIES.items():
        assert zone in zone_names()
        for city in cities:
            found = zone_from_text(city)
            if isinstance(found, Misread):
                assert found == Misread(Hint.ZONE_UNCLEAR, city)
            else:
                assert ZoneInfo(found).utcoffset(NOW) == ZoneInfo(zone).utcoffset(NOW), city
