"""What must at least be a doubt, in ten languages, what only looks like an alarm, and in what language it is said."""

from __future__ import annotations

import array
import functools

import pytest

from alerts.recognition import Alarm, Intent, Model, Recogniser
from alerts.recognition.normal import fold
from bot.rules import shipped_recogniser
from config.lexicons import load_lexicons

PAGES = (Alarm.SOS, Alarm.DOUBT)


@functools.cache
def recogniser() -> Recogniser:
    return shipped_recogniser()


@functools.cache
def rules_alone() -> Recogniser:
    return Recogniser(load_lexicons(), None)


def alarm(text: str) -> Alarm:
    return recogniser().recognise(text).alarm


@pytest.mark.parametrize(
    "text",
    [
        *("not ok", "I'm not ok", "I am not ok.", "not safe", "we are not safe here", "not good at all"),
        *("no estoy bien", "no estamos a salvo", "no me siento segura"),
        *("je ne vais pas bien", "ça ne va pas", "ça va pas", "je ne suis pas en sécurité"),
        *("لست بخير", "مش تمام", "أنا مو بخير", "لا أشعر بالأمان"),
        *("не в порядке", "я не в порядке", "мне плохо"),
        *("não estou bem", "nao to bem", "iyi değilim", "güvende değilim"),
        *("siko sawa", "siko salama", "خوب نیستم", "حالم خوب نیست", "আমি ভালো নেই", "ভালো নাই"),
    ],
)
def test_not_being_well_is_a_doubt_and_never_an_ok(text: str) -> None:
    assert alarm(text) in PAGES
    assert recogniser().intent(text) not in (Intent.OK, Intent.SAFE, Intent.FALSE_ALARM)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "they say they will kill the children if I don't keep quiet",
            "if I don't write in an hour they took me",
        ),
        *(
            "if you don't hear from me by six call my sister",
            "if this is the last thing I send tell my sister",
        ),
        *("dicen que van a matar a mis hijos si no me callo", "si no escribo en una hora es que me llevaron"),
        *("ils disent qu'ils tueront les enfants si je ne me tais pas",),
        *("si vous n'avez pas de nouvelles de moi à six heures appelez ma sœur",),
        *("يقولون سيقتلون الأولاد إذا لم أسكت", "إذا ما كتبت خلال ساعة يعني أخذوني"),
        *("говорят убьют детей если я не замолчу", "если до шести от меня не будет вестей звоните сестре"),
        *("disseram que vão matar meus filhos se eu não ficar quieta",),
        *("se não tiverem notícias minhas até as seis liguem pra minha irmã",),
        *(
            "susmazsam çocuklarımı öldüreceklerini söylüyorlar",
            "bir saat içinde yazmazsam beni aldılar demektir",
        ),
        *("wanasema watawaua watoto nisiponyamaza", "nisipoandika ndani ya saa moja wamenichukua"),
        *("میگن اگه ساکت نشم بچه‌هامو می‌کشن", "اگه تا یه ساعت دیگه ننوشتم یعنی منو بردن"),
        *("চুপ না থাকলে বাচ্চাদের মেরে ফেলবে বলেছে", "এক ঘণ্টার মধ্যে না লিখলে বুঝবেন আমাকে ধরে নিয়ে গেছে"),
    ],
)
def test_threats_on_a_condition_and_farewells_are_doubts(text: str) -> None:
    assert alarm(text) in PAGES


@pytest.mark.parametrize(
    "text",
    [
        *("My lawyer was arrested in front of the court", "police entered the conference hall"),
        *("soldiers burst into our workshop", "detuvieron a mi abogada frente al juzgado"),
        *("la policía entró a la sala de la conferencia", "mon avocat a été arrêté devant le tribunal"),
        *("la police est entrée dans la salle de conférence", "اعتقلوا محاميتي أمام المحكمة"),
        *("الشرطة دخلت قاعة المؤتمر", "моего адвоката задержали у суда", "полиция вошла в конференц-зал"),
        *("minha advogada foi presa na frente do tribunal", "a polícia entrou na sala da conferência"),
        *("avukatım mahkemenin önünde tutuklandı", "polis konferans salonuna girdi"),
        *("wakili wangu amekamatwa mbele ya mahakama", "polisi wameingia ukumbi wa mkutano"),
        *("وکیلم جلوی دادگاه بازداشت شد", "پلیس وارد سالن کنفرانس شد"),
        *("আদালতের সামনে আমার উকিলকে গ্রেপ্তার করেছে", "পুলিশ সম্মেলন কক্ষে ঢুকেছে"),
    ],
)
def test_places_of_work_do_not_outweigh_what_is_done_to_one_of_us(text: str) -> None:
    assert alarm(text) in PAGES
    assert rules_alone().recognise(text).alarm in PAGES


@pytest.mark.parametrize(
    "text",
    [
        *(
            "my lawyer was arrested in 2018 in front of the court",
            "police will join the conference on thursday",
        ),
        *("the report says a lawyer was arrested in front of the court",),
        *("What does SOS mean", "what is sos?", "¿qué significa SOS?", "que es sos", "que veut dire SOS"),
        *(
            "c'est quoi SOS ?",
            "o que é sos",
            "что значит SOS",
            "что такое сос?",
            "ماذا تعني SOS",
            "شو يعني SOS؟",
        ),
        *("SOS ne demek?", "sos nedir", "SOS inamaanisha nini", "SOS یعنی چی", "SOS মানে কী"),
        *("was bedeutet SOS", "how does the SOS work?"),
        *(
            "urgent: who has the key",
            "urgente: ¿quién tiene la llave?",
            "عاجل مين معه المفتاح",
            "acil: anahtar kimde",
        ),
        *("срочно: у кого ключ от зала", "urgente: quem está com a chave", "فوری کلید دست کیه"),
        *("জরুরি: চাবি কার কাছে", "photo shoot on friday", "the boss will kill me", "mi jefe me va a matar"),
        *("начальник меня убьёт", "patronum beni öldürecek", "رئیسم منو می‌کشه", "বস আমাকে মেরে ফেলবে"),
    ],
)
def test_what_only_looks_like_an_alarm_is_none(text: str) -> None:
    assert alarm(text) is Alarm.NONE


@pytest.mark.parametrize(
    "text",
    [
        *(
            "help me",
            "come quick",
            "they're here",
            "police",
            "raid",
            "ils sont là",
            "venez vite",
            "perquisition",
        ),
        *(
            "están aquí",
            "la policía",
            "vengan rápido",
            "allanamiento",
            "estão aqui",
            "polícia",
            "venham rápido",
        ),
        *("هم هنا", "الشرطة", "تعالوا بسرعة", "مداهمة", "они здесь", "полиция", "обыск", "geldiler", "polis"),
        *("buradalar", "wako hapa", "polisi", "njooni haraka", "هم اینجا", "پلیس", "اومدن", "زود بیاید"),
        *("ওরা এখানে", "পুলিশ", "তাড়াতাড়ি আসেন", "Police!", "RAID", "raiddd"),
    ],
)
def test_the_shortest_emergencies_are_at_least_doubts(text: str) -> None:
    assert alarm(text) in PAGES


@pytest.mark.parametrize(
    ("text", "language"),
    [
        *(("SOS", None), ("sosss", None), ("S.O.S", None), ("help", None), ("SOS police", None)),
        *(("SOS au secours", "fr"), ("SOS!!! ils sont là", "fr"), ("SOS ayuda", "es"), ("ayuda sos", "es")),
        *(("sos me siguen", "es"), ("help me SOS", "en"), ("SOS they are here", "en"), ("SOS النجدة", "ar")),
        *(("sos помогите", "ru"), ("sos yardım edin", "tr"), ("ajuda sos", "pt"), ("sos nisaidieni", "sw")),
        *(("sos کمک", "fa"), ("ayuda", "es"), ("au secours", "fr")),
    ],
)
def test_the_language_is_that_of_the_words_beside_sos(text: str, language: str | None) -> None:
    verdict = recogniser().recognise(text)
    assert verdict.alarm is Alarm.SOS
    assert verdict.language == language


@pytest.mark.parametrize("text", ["دارن درو می شکنن", "دارن درو می‌شکنن", "دارن درو میشکنن"])
def test_a_persian_verb_is_one_word_however_its_prefix_is_set(text: str) -> None:
    assert alarm(text) is Alarm.SOS


def test_an_entry_with_a_persian_prefix_apart_meets_the_joined_word() -> None:
    lexicon = {"xx": {"classes": {"sure": ["می زدند"], "maybe": ["می (کوبد|کوبند) ~"]}}}
    for text in ("می زدند", "می‌زدند", "میزدند", "او می‌کوبد به"):
        assert Recogniser(lexicon, None).recognise(text).alarm in PAGES


def test_a_calm_model_stills_what_the_rules_heard_but_no_cry_alone_and_none_in_a_long_text() -> None:
    calm = Model(array.array("b", bytes(1 << 14)), 1.0, -9.0, 1.0, 0.0, 0.0, -1.0)
    told = "they are taking me now"
    stilled = Recogniser(load_lexicons(), calm)
    assert Recogniser(load_lexicons(), None).recognise(told).alarm is Alarm.SOS
    assert stilled.recognise("soldiers beat us").alarm is Alarm.NONE
    assert stilled.recognise(told).alarm is Alarm.DOUBT, "a phrase that the lexicon has is never silence"
    long = "we met the partners and planned the budget for june. " * 5 + told
    for text in ("SOS", "help me", "🆘 at the office", "/sos", long):
        assert stilled.recognise(text).alarm is Alarm.SOS


@pytest.mark.parametrize("text", ["the plan: they are taking me now", "the plan they are taking me now"])
def test_words_that_the_model_takes_for_calm_leave_a_doubt_of_a_phrase_behind_them(text: str) -> None:
    assert alarm(text) in PAGES


def ordinary(language: str) -> list[str]:
    """The single words that the lexicon of `language` calls ordinary, less those that are part of an alarm too."""
    given = load_lexicons()[language]
    alarms = {
        word
        for kind in ("sos", "help", "helpme", "bare", "alone", "test")
        for lexicon in load_lexicons().values()
        for entry in lexicon["classes"].get(kind, ())
        for word in spoken(entry.replace("(", " ").replace("|", " ").replace(")", " "))
    }
    return [
        entry for entry in given["ordinary"] if len(spoken(entry)) == 1 and spoken(entry)[0] not in alarms
    ]


def spoken(text: str) -> list[str]:
    return fold(text).split()


@pytest.mark.parametrize("language", ["ar", "bn", "en", "es", "fa", "fr", "pt", "ru", "sw", "tr"])
def test_an_ordinary_word_alone_is_not_the_alarm_it_looks_like(language: str) -> None:
    words = ordinary(language)
    assert len(words) >= 40
    heard = [(word, recogniser().recognise(word)) for word in words]
    taken = [
        (word, said) for word, said in heard if said.alarm in PAGES and said.rule in ("whole-word", "model")
    ]
    # "Wounded" is an alarm by what it means, and "esos" a cry of another language.
    assert not [(word, said) for word, said in taken if said.language in (None, language)]


def test_the_model_is_not_asked_about_a_word_alone_that_only_looks_like_an_alarm() -> None:
    alarmed = Recogniser(
        load_lexicons(), Model(array.array("b", bytes(1 << 14)), 1.0, 9.0, 1.0, 0.0, 0.0, -1.0)
    )
    for text in ("hell", "HELL!!!", "hellll 😂", "hell. hell", "curry?", "طريق", "бела", "ঘুম"):
        assert alarmed.recognise(text).alarm is Alarm.NONE
    for text in ("hell they", "sandwich", "raid raid"):
        assert alarmed.recognise(text).alarm is Alarm.SOS


@pytest.mark.parametrize("text", ["gave me", "wave us", "aime moi", "shave me"])
def test_two_good_words_are_no_cry_misspelt(text: str) -> None:
    assert alarm(text) is Alarm.NONE


@pytest.mark.parametrize("text", ["save mi", "seve us", "he lp me", "hel pus", "aidr moi", "help em"])
def test_a_cry_misspelt_in_two_words_is_one(text: str) -> None:
    assert alarm(text) is Alarm.SOS
