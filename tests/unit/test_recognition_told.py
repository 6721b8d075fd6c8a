"""What was done and is told, in ten languages: P2 with a page, apart from an emergency of now and talk about it."""

from __future__ import annotations

import pytest

from alerts.recognition import Alarm, Model, Recogniser
from config.lexicons import load_lexicons, load_model

stored = load_model()
RECOGNISER = Recogniser(load_lexicons(), Model.from_bytes(stored) if stored else None)
RULES = Recogniser(load_lexicons(), None)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("I received a death threat yesterday", "told-threat"),
        ("they raided our office yesterday", "told-raid"),
        ("my phone was seized last week", "told-seizure"),
        ("wiki iliyopita walichukua simu yangu", "told-seizure"),
        ("la semana pasada allanaron nuestra oficina", "told-raid"),
        ("la police a perquisitionné nos bureaux la semaine dernière", "told-raid"),
        ("вчера мне пришла угроза убийством", "told-threat"),
        ("semana passada apreenderam meu celular", "told-seizure"),
        ("geçen hafta ofisimize baskın yaptılar", "told-raid"),
        ("هفته پیش ریختن دفترمون رو گشتن", "told-raid"),
        ("داهموا مكتبنا الاسبوع الماضي", "told-raid"),
        ("গত সপ্তাহে আমার ফোন জব্দ করছে", "told-seizure"),
        ("We received death threats. How do I report a threat?", "told-threat"),
    ],
)
def test_what_was_done_to_us_is_told_with_its_kind(text: str, rule: str) -> None:
    verdict = RECOGNISER.recognise(text)
    assert (verdict.alarm, verdict.rule) == (Alarm.TOLD, rule)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("they raided the office of another organisation yesterday", "told-raid"),
        ("la police a perquisitionné hier le bureau d'une autre association", "told-raid"),
        ("داهموا امس مكتب منظمة اخرى", "told-raid"),
        ("на прошлой неделе был обыск в офисе профсоюза", "told-raid"),
        ("গত সপ্তাহে ইউনিয়নের অফিসে অভিযান চালিয়েছে", "told-raid"),
        ("اعتقلوا جارنا امس", "told-detention"),
        ("ayer golpearon a un compañero de otra organización", "told-attack"),
        ("I was beaten by the police yesterday", "told-attack"),
        ("jana walinipiga", "told-attack"),
    ],
)
def test_what_was_done_to_others_or_with_violence_in_the_last_days_is_told_too(text: str, rule: str) -> None:
    verdict = RECOGNISER.recognise(text)
    assert (verdict.alarm, verdict.rule) == (Alarm.TOLD, rule)


def test_somebody_missing_for_days_is_a_doubt() -> None:
    verdict = RECOGNISER.recognise("my sister disappeared last week")
    assert (verdict.alarm, verdict.rule) == (Alarm.DOUBT, "told-missing")


@pytest.mark.parametrize(
    "text",
    [
        "police are raiding the office of another organisation",
        "soldiers are searching the union's office right now",
        "están golpeando a una vecina ahora",
        "يهاجمون بيت جارنا",
        "полиция обыскивает офис другой организации",
        "wanashambulia nyumba ya jirani",
    ],
)
def test_an_attack_on_others_that_goes_on_now_is_an_alarm(text: str) -> None:
    assert RECOGNISER.recognise(text).alarm is Alarm.SOS


@pytest.mark.parametrize(
    "text",
    [
        "the BBC reports that police raided the offices of an NGO yesterday",
        "read this article: journalist beaten in Cairo last week",
        "they raided the office of another organisation in 2019",
        "my uncle was beaten by soldiers in the nineties",
        "yesterday the boss attacked my draft",
        "SOS webinar on Friday",
    ],
)
def test_news_and_what_lies_years_back_are_nothing(text: str) -> None:
    assert RECOGNISER.recognise(text).alarm is Alarm.NONE


@pytest.mark.parametrize(
    "text",
    [
        "training on death threats next week",
        "report about raids in 2019",
        "how do I report a threat?",
        "no threats so far",
        "they raided our office years ago",
        "we have a threat assessment template",
        "taller sobre amenazas la otra semana",
        "comment signaler une menace ?",
        "как сообщить об угрозе?",
        "كيف ابلغ عن تهديد؟",
        "tehdidi nasıl bildiririm?",
        "ripoti ya uvamizi wa 2019",
        "چطوری یه تهدیدو گزارش کنم؟",
        "হুমকির অভিযোগ কিভাবে করব?",
        "como denuncio uma ameaça?",
    ],
)
def test_talk_about_it_is_nothing(text: str) -> None:
    assert RECOGNISER.recognise(text).alarm is Alarm.NONE
    assert RULES.recognise(text).alarm is not Alarm.TOLD


@pytest.mark.parametrize(
    "text",
    [
        "they raided our office yesterday and now they are breaking the door",
        "I received a death threat yesterday, help me now",
        "они вчера были с обыском, сейчас ломают дверь",
    ],
)
def test_an_emergency_of_now_is_never_less_for_what_was_told(text: str) -> None:
    assert RECOGNISER.recognise(text).alarm is Alarm.SOS


def test_what_the_rules_doubt_stays_a_doubt() -> None:
    """Only the model's guess gives way to what is surely past: a doubt's silence makes it an emergency."""
    text = "I received a threat that they will kill my kids"
    assert RULES.recognise(text).alarm in (Alarm.DOUBT, Alarm.SOS)
    assert RECOGNISER.recognise(text).alarm in (Alarm.DOUBT, Alarm.SOS)


@pytest.mark.parametrize(
    "word", ["held", "tirado", "сюда", "Сюда!", "hurt", "coincé", "زخمی", "buraya", "los osos"]
)
def test_one_word_that_may_be_an_emergency_is_a_doubt(word: str) -> None:
    assert RECOGNISER.recognise(word).alarm is Alarm.DOUBT


@pytest.mark.parametrize("word", ["osos", "OSOS", "sosos"])
def test_a_word_that_may_be_sos_tapped_in_panic_is_one(word: str) -> None:
    """Spanish bears too: alone it errs to the alarm."""
    assert RECOGNISER.recognise(word).alarm is Alarm.SOS
