"""The rota by chat, and its gaps told before they come: restarted between every step, on both databases."""

from __future__ import annotations

import pytest

from alerts.people import Purpose, Role
from tests.stories.chat import chat

GAP = "Nobody is on call at these times"


def test_a_lead_sets_a_weekly_rota_and_the_next_week_pages_the_next(database: str) -> None:
    with chat("nour", database=database) as it:
        it.says("carla", "rota weekly mon 09:00 ben ana")
        (shown,) = it.texts("carla")
        assert shown.splitlines()[:3] == [
            "Rota (Europe/Brussels)",
            "On call: Ben. Then: Ana.",
            "2026-03-09 09:00 Ana",
        ]
        assert it.told("ana", "rota.changed", name="Carla")
        it.says("nour", "SOS")
        assert {line["who"] for line in it.new(kind="page")} == {"ben"}
        it.says("ben", "take")
        it.says("ben", "close safe")
        it.waits(days=7, minutes=1)
        it.says("nour", "SOS")
        assert {line["who"] for line in it.new(kind="page")} == {"ana"}


def test_a_rota_that_is_not_understood_changes_nothing_and_reaches_no_defender() -> None:
    with chat("nour") as it:
        it.says("nour", "SOS")
        it.says("carla", "take")
        for words in ("rota weekly ana", "rota daily 25:00 ana", "cover the windows", "rota always zoe"):
            it.says("carla", words)
            assert not it.new("nour"), words
            assert "Nothing was changed" in it.texts("carla")[0], words
        it.says("carla", "oncall")
        assert it.told("carla", "board.on_call_next", officer="Ana", following="Ben")


def test_an_officer_covers_a_night_and_takes_it_back(database: str) -> None:
    with chat("nour", database=database) as it:
        it.says("ben", "cover ana 18:00 09:00")
        assert it.told("ben", "cover.own_only")
        it.says("ben", "cover me 18:00 09:00")
        about = {"name": "Ben", "start": "2026-03-02 18:00", "end": "2026-03-03 09:00"}
        assert it.told("ben", "cover.done", **about)
        assert it.told("ana", "cover.notice", **about)
        it.waits(hours=10)
        it.says("ana", "oncall")
        assert it.told("ana", "board.on_call_next", officer="Ben", following="Ana")
        it.says("ana", "cover remove 1")
        assert it.told("ana", "cover.own_only")
        it.says("ben", "cover list")
        assert it.told("ben", "cover.line", number=1, **about)
        it.says("ben", "cover remove 1")
        it.says("ana", "oncall")
        assert it.told("ana", "board.on_call_next", officer="Ana", following="Ben")


def test_a_cover_where_there_is_no_rota_leaves_the_other_times_as_they_were() -> None:
    with chat() as it:
        it.says("carla", "rota clear")
        assert it.told("carla", "rota.none", names="Ana, Ben")
        it.says("ben", "cover me 18:00 09:00")
        assert not any(GAP in line["text"] for line in it.new())
        it.says("ana", "oncall")
        assert it.told("ana", "board.on_call_next", officer="Ana", following="Ben")


def test_a_gap_is_told_when_it_is_made_and_once_a_day_before_it_comes(database: str) -> None:
    with chat(database=database) as it:
        it.says("carla", "rota always ben")
        it.says("carla", "/remove ben")  # the only one in it
        told = {line["who"] for line in it.new() if GAP in line["text"]}
        assert told == {"ana", "carla"}
        it.waits(hours=23)
        assert not any(GAP in line["text"] for line in it.new())
        it.waits(hours=2)  # 09:00 the next day
        assert {line["who"] for line in it.new() if GAP in line["text"]} == {"ana", "carla"}
        it.waits(hours=24)
        assert len([line for line in it.new("ana") if GAP in line["text"]]) == 1
        it.says("carla", "rota always ana")
        it.waits(days=3)
        assert not it.new()


def test_the_daily_look_begins_when_the_first_officer_joins(database: str) -> None:
    with chat("dana", "omar", officers=(), lead="", database=database) as it:
        it.says("dana", it.invited(Purpose.LEAD, "Dana"))
        it.waits(days=1, hours=2)
        assert any(GAP in text for text in it.texts("dana"))  # a lead alone is nobody on call
        it.says("omar", it.invited(Purpose.OFFICER, "Omar"))
        it.waits(days=2)
        assert not it.new()


def test_a_removed_officer_is_taken_out_of_the_rota() -> None:
    with chat() as it:
        it.says("carla", "rota daily 09:00 ana ben")
        it.says("carla", "/remove ana")
        it.says("ben", "rota")
        assert it.texts("ben") == ["Rota (Europe/Brussels)\nOn call: Ben."]


@pytest.mark.parametrize(
    ("language", "weekly", "cover", "covers", "remove", "close", "invite"),
    [
        (
            *("español", "turnos semanal lunes 09:00 ben ana", "cubrir yo 18:00 09:00", "cubrir lista"),
            *("cubrir quitar 1", "cerrar a salvo, en casa", "invitar oficial Dora"),
        ),
        (
            *("français", "planning hebdo lundi 09:00 ben ana", "couvrir moi 18:00 09:00", "couvrir liste"),
            *("couvrir retirer 1", "clore en sécurité", "inviter agent Dora"),
        ),
        (
            *("العربية", "المناوبات أسبوعي الاثنين 09:00 ben ana", "تغطية أنا 18:00 09:00", "تغطية قائمة"),
            *("تغطية إزالة 1", "إغلاق في أمان", "دعوة موظف Dora"),
        ),
        (
            *("español", "rota weekly mon 09:00 ben ana", "cover me 18:00 09:00", "cover list"),
            *("cover remove 1", "close safe", "invite officer Dora"),
        ),
    ],
)
def test_a_lead_works_in_their_own_language_and_in_english(
    database: str, language: str, weekly: str, cover: str, covers: str, remove: str, close: str, invite: str
) -> None:
    with chat("nour", database=database) as it:
        it.says("carla", f"/language {language}")
        it.says("carla", weekly)
        assert "2026-03-09 09:00" in it.texts("carla")[0]
        it.says("carla", cover)
        assert it.told("ana", "cover.notice", name="Carla", start="2026-03-02 18:00", end="2026-03-03 09:00")
        it.says("carla", covers)
        assert "Carla" in it.texts("carla")[0]
        it.says("carla", remove)
        assert it.told(
            "ana", "cover.removed_notice", name="Carla", start="2026-03-02 18:00", end="2026-03-03 09:00"
        )
        it.says("nour", "SOS")
        with it.stage.engine.store.reading() as work:
            (case,) = work.all_cases("main")
        it.says("carla", f"take {case.ref}")
        it.says("carla", close)
        with it.stage.engine.store.reading() as work:
            assert [case.outcome for case in work.all_cases("main")] == ["safe"]
        it.says("carla", invite)
        it.says("nour", it.code("carla"))
        nour = it.person("nour")
        assert nour is not None
        assert nour.role is Role.OFFICER


def test_the_thread_of_a_case_is_shown_to_whoever_asks_in_their_language() -> None:
    with chat("nour") as it:
        it.says("ana", "/language español")
        it.says("nour", "SOS")
        it.says("ana", "tomar")
        it.says("nour", "I am in the cellar")
        with it.stage.engine.store.reading() as work:
            (case,) = work.all_cases("main")
        it.says("ana", f"caso {case.ref}")
        assert "I am in the cellar" in it.texts("ana")[0]
