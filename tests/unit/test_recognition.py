"""SOS recognition, sentence by sentence: what must alarm, what must not, and what a person can send to break it."""

from __future__ import annotations

import functools

import pytest

from alerts.recognition import Alarm, Intent, Model, Recogniser
from bot.rules import shipped_recogniser
from config.lexicons import load_lexicons, load_model


@functools.cache
def recogniser() -> Recogniser:
    stored = load_model()
    return Recogniser(load_lexicons(), Model.from_bytes(stored) if stored else None)


def alarm(text: str) -> Alarm:
    return recogniser().recognise(text).alarm


@pytest.mark.parametrize(
    "text",
    [
        *(
            "sos",
            "SOS",
            "SOSSS",
            "s.o.s",
            "S O S",
            "S-O-S",
            "sso",
            "soss",
            "S0S",
            "#sos",
            "ＳＯＳ",
            "sos!",
            "SOSSOS",
            "$O$",
            "ѕоѕ",
        ),
        *(
            "help",
            "HELP!!!",
            "heeeelp",
            "hlep",
            "halp",
            "h e l p",
            "help 😭",
            "нelp",
            "HELP\u200b",
            "h\u200bel\u200fp",
            "helpp mee",
            "🚨 help 🚨",
            "i am in dangr",
        ),
        *("🆘", "🆘🆘", "🆘 office", "🇸🇴🇸", "/sos", "/sos they are here", "/SOS@desk_bot"),
        *(
            "ayuda",
            "ayudaa",
            "AYÚDAME",
            "auxilio",
            "socorro",
            "socoro",
            "au secours",
            "au secour",
            "à l'aide",
            "aidez moi",
            "jai besoin daide vite",
        ),
        *(
            "النجدة",
            "النَّجدة",
            "النجـــدة",
            "ساعدوني",
            "أنقذوني",
            "انقذوني",
            "الحقووووني",
            "el7a2ouni",
            "sa3douni",
        ),
        *("помогите", "помогте", "ПОМОГИТЕ", "спасите", "СОС", "pomogite", "spasite"),
        *(
            "imdat",
            "imdt",
            "İMDAT",
            "ımdat",
            "yardım edin",
            "yardim edin",
            "acill yardimm 🚨",
            "nisaidieni",
            "nisaideni",
            "naomba msaada",
        ),
        *("کمک", "كمك", "کمکم کنید", "komak", "বাঁচাও", "বাচাও", "সাহায্য করুন", "bachao", "please ayuda"),
    ],
)
def test_an_sos_word_alone_is_an_sos_however_it_is_written(text: str) -> None:
    assert alarm(text) is Alarm.SOS


@pytest.mark.parametrize(
    "text",
    [
        "not OK, help",
        "not ok help",
        "not fine, please help",
        "help, not ok",
        "no ok, ayuda",
        "pas bien, aidez-moi",
    ],
)
def test_a_no_that_belongs_to_ok_takes_nothing_from_the_call_for_help_beside_it(text: str) -> None:
    assert alarm(text) in (Alarm.SOS, Alarm.DOUBT)


@pytest.mark.parametrize(
    "text", ["not yet, help later", "is it not ok to help them?", "help: not well formed xml"]
)
def test_a_no_and_a_help_that_are_not_about_oneself_are_ordinary(text: str) -> None:
    assert alarm(text) is Alarm.NONE


@pytest.mark.parametrize(
    "text",
    [
        *(
            "so",
            "son",
            "sons",
            "soy",
            "os",
            "sol",
            "SOY",
            "hello",
            "helm",
            "heap",
            "hell",
            "sauce",
            "ok",
            "k",
        ),
        *(
            "соус",
            "помощник",
            "спасибо",
            "sosyal",
            "yarın",
            "agua",
            "duda",
            "cours",
            "aides",
            "salut",
            "ساعة",
            "کم",
            "বাচ্চা",
        ),
        *("/help", "/start", "/cases now", "1", "12", "?", "", " ", "…", "👋", "🙂"),
        *(
            "vos sos periodista",
            "sos muy amable",
            "SOS webinar on Friday",
            "taller SOS el viernes",
            "cuma günü SOS webinarı",
        ),
        *(
            "domates sos",
            "can you help me with the form",
            "thanks for your help",
            "the help desk",
            "need help with my visa",
        ),
        *(
            "emergency grant application deadline",
            "no emergency",
            "I don't need help",
            "no es una emergencia",
        ),
        *("what happens if I send SOS?", "if they come, what do I do?", "he shot a film about the mine"),
        *(
            "the police station meeting went well yesterday",
            "last year they arrested my brother",
            "nobody is following me",
        ),
    ],
)
def test_ordinary_words_and_talk_raise_no_alarm(text: str) -> None:
    assert alarm(text) is Alarm.NONE


@pytest.mark.parametrize(
    "text",
    [
        *(
            "they are taking me now",
            "soldiers are breaking the door",
            "there are men outside my house with guns",
        ),
        *(
            "they shot him",
            "police is here they are arresting us",
            "I'm being followed and they're getting closer",
        ),
        *("help me they are here", "I need help now", "I need help", "please ayuda me están siguiendo"),
        *("police are here, están rompiendo la puerta", "se llevaron a mi hermano", "ils cassent la porte"),
        *(
            "estão me seguindo",
            "عم يكسروا الباب",
            "الشرطة تكسر باب البيت",
            "меня забирают",
            "menya zabirayut",
        ),
        *(
            "beni götürüyorlar",
            "wanavunja mlango",
            "دارن منو میبرن",
            "دارن در رو میشکنن",
            "আমাকে ধরে নিয়ে যাচ্ছে",
        ),
        *("Police. At my door. Now.", "THEY ARE KILLING US", "they r kiling us", "тheу are takiпg me now"),
    ],
)
def test_an_emergency_told_without_an_sos_word_is_recognised(text: str) -> None:
    assert alarm(text) in (Alarm.SOS, Alarm.DOUBT)


def test_an_unclear_danger_is_a_doubt_not_silence() -> None:
    assert alarm("someone is following me I think") in (Alarm.SOS, Alarm.DOUBT)
    assert alarm("I am scared, please answer") is Alarm.DOUBT
    assert alarm("🚨") is Alarm.DOUBT


@pytest.mark.parametrize(
    "text", ["TEST", "test", "/test", "Prueba", "essai", "TEST!", "тест", "deneme", "تجربة", "teste"]
)
def test_a_trial_alarm_is_asked_for_by_the_whole_message(text: str) -> None:
    assert alarm(text) is Alarm.TEST


@pytest.mark.parametrize(
    "text", ["test results are in", "the test drive was fine", "testify", "c'est la fin du test demain"]
)
def test_the_word_test_inside_a_sentence_is_no_trial(text: str) -> None:
    assert alarm(text) is Alarm.NONE


@pytest.mark.parametrize("text", ["test help they are here", "this is no test they are breaking in"])
def test_a_trial_word_never_silences_an_alarm(text: str) -> None:
    assert alarm(text) in (Alarm.SOS, Alarm.DOUBT)


def test_the_verdict_names_rule_and_language_and_never_the_text() -> None:
    verdict = recogniser().recognise("دارن منو میبرن")
    assert verdict.language == "fa"
    assert "میبرن" not in repr(verdict)
    assert verdict.rule.isascii()


@pytest.mark.parametrize("text", ["line 505", "room 550", "el 505"])
def test_beside_a_word_a_number_is_a_number(text: str) -> None:
    assert recogniser().recognise(text).alarm is Alarm.NONE


@pytest.mark.parametrize("text", ["505", "5O5", "s0s", "he1p"])
def test_a_cry_of_figures_is_of_no_language(text: str) -> None:
    verdict = recogniser().recognise(text)
    assert (verdict.alarm, verdict.language) == (Alarm.SOS, None)


@pytest.mark.parametrize("where", ["head", "middle", "tail"])
def test_an_alarm_is_found_anywhere_in_64_kilobytes(where: str) -> None:
    talk = "we met the partners and planned the budget for the training in june. " * 500
    cry = "please help me they are breaking the door. "
    at = {"head": 0, "middle": len(talk) // 2, "tail": len(talk)}[where]
    assert alarm(talk[:at] + cry + talk[at:]) is Alarm.SOS
    assert alarm(talk) is Alarm.NONE


@pytest.mark.parametrize(
    "text",
    [
        *(
            "\ud83d" * 65536,
            "a" * 65536,
            "a " * 32768,
            "s.o" * 20000,
            "\u200b" * 65536,
            "é́" * 30000,
            "аa" * 32000,
            "((((" * 16000,
        ),
        *(
            "\x00\x01\x02",
            "\ud800 \udfff",
            "🏳️‍🌈" * 8000,
            "'" * 65536,
            "مي " * 20000,
            "٣" * 60000,
            "//" * 30000,
            "~_*|()" * 9000,
        ),
    ],
)
def test_whatever_a_person_can_send_gets_a_verdict(text: str) -> None:
    assert alarm(text) in (Alarm.NONE, Alarm.DOUBT)


def test_a_lone_surrogate_beside_a_cry_hides_nothing() -> None:
    assert alarm("\ud83d help \udc00") is Alarm.SOS


@pytest.mark.parametrize("text", ["sos", "SOS!", "🆘", "/sos", "help", "socorro", "СОС", "النجدة"])
def test_an_officers_whole_message_sos_counts(text: str) -> None:
    assert recogniser().whole_message_sos(text)


@pytest.mark.parametrize(
    "text",
    [
        "they are taking him now",
        "send the SOS page to carla",
        "🆘 case 12 is yours",
        "",
        "ok",
        "help her with the form",
    ],
)
def test_anything_more_in_an_officers_message_does_not(text: str) -> None:
    assert not recogniser().whole_message_sos(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(
            (word, Intent.OK)
            for word in ("ok", "OK!", "Estoy bien", "ça va", "تمام", "я в порядке", "iyiyim", "niko sawa")
        ),
        *((word, Intent.OK) for word in ("خوبم", "ভালো আছি", "tudo bem", "👍", "👍🏾", "all good", "okkk")),
        *(
            (word, Intent.TALK)
            for word in ("talk to me", "quiero hablar", "je veux parler", "بدي احكي", "поговорить")
        ),
        *(
            (word, Intent.MORE_TIME)
            for word in ("more time", "más tiempo", "plus tard", "sonra", "baadaye", "পরে")
        ),
        *((word, Intent.HELP) for word in ("help", "SOS", "ayuda", "🆘", "помогите")),
        *(
            (word, Intent.FALSE_ALARM)
            for word in ("false alarm", "mistake", "falsa alarma", "fausse alerte", "إنذار كاذب")
        ),
        *(
            (f"{word}{sign}", Intent.SAFE)
            for word in (
                *("I am safe", "I'm safe", "I’m safe", "Iʼm safe", "I`m safe", "Im safe", "im safe now"),
                *("we're safe", "we’re all safe", "WE ARE SAFE"),
                *("estoy a salvo", "ya estoy segura", "je suis en sécurité", "je suis à l’abri", "أنا بأمان"),
                *("انا في امان", "estou em segurança", "я в безопасности", "güvendeyim", "niko salama"),
                *("در امانم", "আমি নিরাপদ"),
            )
            for sign in ("", ".", "!!", " 🙏")
        ),
        *((word, Intent.CLEAR) for word in ("clear", "/clear", "borrar", "effacer", "مسح", "очистить")),
        *(
            (word, Intent.YES)
            for word in ("yes", "sí", "oui", "نعم", "да", "evet", "ndiyo", "بله", "হ্যাঁ", "sim")
        ),
        *((word, Intent.NO) for word in ("no", "non", "لا", "нет", "hayır", "hapana", "نه", "না", "não")),
        *((word, Intent.SKIP) for word in ("skip", "saltar", "passer", "تخطي", "пропустить", "atla", "ruka")),
    ],
)
def test_what_a_short_message_says_as_a_whole(text: str, expected: Intent) -> None:
    assert recogniser().intent(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("False alarm, I am safe", Intent.FALSE_ALARM),
        ("False alarm / I'm safe", Intent.FALSE_ALARM),
        ("Sorry everyone, it was just a false alarm! I’m fine, thank you", Intent.FALSE_ALARM),
        ("I'm safe, thank you", Intent.SAFE),
        ("Perdón, fue una falsa alarma. Estoy a salvo", Intent.FALSE_ALARM),
        ("fausse alerte, je vais bien, merci", Intent.FALSE_ALARM),
        ("إنذار كاذب، أنا بأمان", Intent.FALSE_ALARM),
        ("извините, ложная тревога. я в безопасности", Intent.FALSE_ALARM),
        ("I am safe but my brother is not", None),
        ("false alarm? I am safe?", None),
        ("I am safe " * 30, None),
        ("I am safe at the office they took Omar", None),
        ("sorry, thank you", None),
    ],
)
def test_that_it_is_over_may_be_said_in_one_breath(text: str, expected: Intent | None) -> None:
    assert recogniser().intent(text) is expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "not ok",
            "I am not ok",
            "no estoy bien",
            "ça va pas",
            "مش تمام",
            "я не в порядке",
            "iyi değilim",
            "siko sawa",
        ),
        *(
            "ok but they are here",
            "I was ok yesterday",
            "is it ok?...or not at all",
            "/help",
            "",
            "  ",
            "❓",
            "okra",
            "estoy bien?no",
        ),
    ],
)
def test_nothing_but_a_clear_ok_is_an_ok(text: str) -> None:
    assert recogniser().intent(text) is not Intent.OK


@pytest.mark.parametrize(
    "text", ["ok", "estoy bien", "false alarm", "yes", "no", "skip", "clear", "more time"]
)
def test_an_answer_to_a_question_is_no_alarm(text: str) -> None:
    assert alarm(text) is Alarm.NONE


def test_a_lexicon_entry_that_cannot_be_read_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"lexicon xx, class sos"):
        Recogniser({"xx": {"classes": {"sos": ["~ help"]}}}, None)
    with pytest.raises(ValueError, match="bracket"):
        Recogniser({"xx": {"classes": {"att": ["(a|b"]}}}, None)


@pytest.mark.parametrize("text", ["أنا بخير", "انا بخير", "I am fine", "estoy bien", "ok", "je vais bien"])
def test_a_calm_answer_is_no_officers_alarm_however_near_it_lies_to_one(text: str) -> None:
    assert not shipped_recogniser().whole_message_sos(text)
