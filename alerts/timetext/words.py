"""The words with which people speak of time, in the bot's four languages, and of more where it costs nothing.

Pure data. Everything is written plainly and goes through the same cleaning as a message (`lexing`), so accents,
capitals, vowel marks and the forms of a letter do not matter here or there.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Command(StrEnum):
    """What a person can ask for about time."""

    TIMER = "timer"
    EXTEND = "extend"
    END = "end"
    PAUSE = "pause"
    RESUME = "resume"
    SCHEDULE = "schedule"
    QUIET = "quiet"
    ZONE = "zone"


CommandWords = Mapping[Command, Mapping[str, tuple[str, ...]]]
"""By command and language code, the words that begin it."""

COMMAND_WORDS: CommandWords = {
    Command.TIMER: {
        "en": (
            "timer",
            "set timer",
            "set a timer",
            "start timer",
            "start a timer",
            "if i don't report by",
            "if i do not report by",
            "if i don't answer by",
            "if i don't check in by",
            "if you don't hear from me by",
        ),
        "es": (
            "temporizador",
            "cronómetro",
            "poner temporizador",
            "si no respondo antes de",
            "si no aviso antes de",
            "si no me reporto antes de",
        ),
        "fr": (
            "minuteur",
            "minuterie",
            "chrono",
            "si je ne réponds pas avant",
            "si je n'écris pas avant",
            "si vous n'avez pas de nouvelles avant",
        ),
        "ar": ("مؤقت", "المؤقت", "تايمر", "إذا لم أرد قبل", "إذا لم أتواصل قبل", "إن لم أكتب قبل"),
    },
    Command.EXTEND: {
        "en": ("extend", "extend timer", "prolong"),
        "es": ("extender", "extiende", "ampliar", "amplía", "prolongar", "prolonga", "alargar", "alarga"),
        "fr": ("prolonger", "prolonge", "rallonger", "rallonge"),
        "ar": ("تمديد", "مدد", "أمدد", "تمديد المؤقت"),
    },
    Command.END: {
        "en": ("end", "end timer", "end the timer", "finish timer"),
        "es": (
            "terminar",
            "terminar temporizador",
            "terminar el temporizador",
            "finalizar",
            "fin del temporizador",
        ),
        "fr": (
            "terminer",
            "fin",
            "terminer minuteur",
            "terminer le minuteur",
            "fin du minuteur",
            "fin minuteur",
        ),
        "ar": ("إنهاء", "أنه", "إنهاء المؤقت"),
    },
    Command.PAUSE: {
        "en": ("pause", "pause check-in", "pause check-ins", "pause checkins"),
        "es": ("pausa", "pausar", "pausar controles"),
        "fr": ("pause", "mettre en pause", "suspendre"),
        "ar": ("إيقاف مؤقت", "توقف مؤقت", "استراحة"),
    },
    Command.RESUME: {
        "en": ("resume", "unpause", "resume check-ins", "end pause"),
        "es": ("reanudar", "fin de pausa"),
        "fr": ("reprendre", "reprise", "fin de pause"),
        "ar": ("استئناف", "إنهاء الاستراحة"),
    },
    Command.SCHEDULE: {
        "en": ("check-in", "check-ins", "checkin", "checkins", "check in", "check me", "schedule"),
        "es": ("chequeo", "chequeos", "control diario", "controles diarios"),
        "fr": ("pointage", "pointages", "point régulier"),
        "ar": ("جدول الاطمئنان", "الاطمئنان", "اطمئنان", "متابعة دورية"),
    },
    Command.QUIET: {
        "en": ("quiet", "quiet hours", "do not disturb"),
        "es": ("silencio", "horas de silencio", "no molestar"),
        "fr": ("silence", "calme", "heures calmes", "ne pas déranger"),
        "ar": ("هدوء", "ساعات الهدوء", "صمت", "عدم الإزعاج"),
    },
    Command.ZONE: {
        "en": ("zone", "timezone", "time zone", "tz", "travel", "travel to", "travel mode", "travelling to"),
        "es": ("zona", "zona horaria", "huso horario", "viaje", "viaje a", "modo de viaje"),
        "fr": ("fuseau", "fuseau horaire", "voyage", "voyage à", "mode voyage"),
        "ar": ("منطقة زمنية", "المنطقة الزمنية", "توقيت", "سفر", "سفر إلى", "وضع السفر"),
    },
}

WEAK_EXTEND = (
    *("more time", "more", "add", "+", "más tiempo", "más", "plus de temps", "encore"),
    *("وقت أكثر", "وقت اضافي", "مزيد من الوقت", "المزيد من الوقت"),
)
"""They extend only when a length of time, or nothing at all, follows: they begin ordinary sentences too."""

STOP = (
    *("stop", "cancel", "finish", "parar", "detener", "cancelar", "terminar", "finalizar"),
    *("cancela", "termina", "finaliza", "arrête", "annule", "termine", "arrêtez", "annulez"),
    *("arrêter", "annuler", "terminer", "إيقاف", "أوقف", "إلغاء", "إنهاء", "end"),
)
"""They end something only when they say what, with one of the next two lists."""

ENDS_TIMER = ("off", "over", "fin", "apagar", "apagado", "انتهى")
"""They end a timer only right after its name, as the whole message: "timer off"."""

TIMER_NOUNS = (
    *("timer", "the timer", "my timer", "temporizador", "el temporizador", "cronómetro"),
    *("minuteur", "le minuteur", "minuterie", "la minuterie", "المؤقت", "التايمر"),
)

CHECK_IN_NOUNS = (
    *("check-in", "check-ins", "checkin", "checkins", "check in", "the check-ins", "my check-ins"),
    *("control", "controles", "los controles", "contrôles", "les contrôles", "الاطمئنان", "جدول", "الجدول"),
    *("chequeo", "chequeos", "los chequeos", "mis chequeos", "pointage", "pointages", "les pointages"),
    *("mes pointages", "اطمئنان"),
)

MINUTE, HOUR, DAY, WEEK = 60, 3600, 86400, 604800

UNITS: Mapping[int, tuple[str, ...]] = {
    MINUTE: (
        *("m", "min", "mins", "mn", "'", "minute", "minutes", "minuto", "minutos"),
        *("دقيقة", "دقائق", "دقايق", "د", "мин", "минута", "минуты", "минут", "dakika", "dk", "মিনিট"),
    ),
    HOUR: (
        *("h", "hr", "hrs", "hour", "hours", "hora", "horas", "heure", "heures"),
        *("ساعة", "ساعات", "ساعت", "час", "часа", "часов", "ч", "saat", "saa", "ঘণ্টা"),
    ),
    DAY: (
        *("d", "day", "days", "día", "días", "dia", "jour", "jours", "j"),
        *("يوم", "أيام", "يوما", "روز", "день", "дня", "дней", "gün", "siku", "দিন"),
    ),
    WEEK: (
        *("w", "wk", "week", "weeks", "semana", "semanas", "semaine", "semaines"),
        *("أسبوع", "أسابيع", "هفته", "неделя", "недели", "недель", "hafta", "wiki", "সপ্তাহ"),
    ),
}

WHOLE_LENGTHS: Mapping[int, tuple[str, ...]] = {
    2 * MINUTE: ("دقيقتين", "دقيقتان"),
    15 * MINUTE: (
        *(
            "quarter of an hour",
            "a quarter of an hour",
            "quarter hour",
            "cuarto de hora",
            "un cuarto de hora",
        ),
        *("quart d'heure", "un quart d'heure", "ربع ساعة"),
    ),
    30 * MINUTE: (
        *("half an hour", "half hour", "a half hour", "media hora", "demi-heure", "une demi-heure"),
        *(
            "demi heure",
            "une demi heure",
            "نصف ساعة",
            "نص ساعة",
            "полчаса",
            "yarım saat",
            "nusu saa",
            "نیم ساعت",
        ),
    ),
    45 * MINUTE: (
        *("three quarters of an hour", "tres cuartos de hora", "trois quarts d'heure"),
        *("ثلاثة أرباع الساعة",),
    ),
    HOUR: ("ساعة", "час"),
    2 * HOUR: ("ساعتين", "ساعتان"),
    DAY: ("يوم",),
    2 * DAY: ("يومين", "يومان"),
    WEEK: ("أسبوع",),
    2 * WEEK: ("أسبوعين", "أسبوعان"),
}
"""Lengths of time that need no number."""

AND_A_HALF = ("and a half", "and half", "y media", "et demie", "et demi", "ونصف", "و نصف", "ونص")

NUMBERS: Mapping[int, tuple[str, ...]] = {
    1: ("one", "a", "an", "uno", "un", "una", "une", "واحد", "واحدة"),
    2: ("two", "dos", "deux", "اثنين", "اثنان"),
    3: ("three", "tres", "trois", "ثلاث", "ثلاثة"),
    4: ("four", "cuatro", "quatre", "أربع", "أربعة"),
    5: ("five", "cinco", "cinq", "خمس", "خمسة"),
    6: ("six", "seis", "ست", "ستة"),
    7: ("seven", "siete", "sept", "سبع", "سبعة"),
    8: ("eight", "ocho", "huit", "ثمان", "ثماني", "ثمانية"),
    9: ("nine", "nueve", "neuf", "تسع", "تسعة"),
    10: ("ten", "diez", "dix", "عشر", "عشرة"),
    11: ("eleven", "once", "onze"),
    12: ("twelve", "doce", "douze"),
    15: ("fifteen", "quince", "quinze"),
    20: ("twenty", "veinte", "vingt", "عشرين", "عشرون"),
    24: ("twenty-four", "twenty four", "veinticuatro", "vingt-quatre"),
    30: ("thirty", "treinta", "trente", "ثلاثين", "ثلاثون"),
    40: ("forty", "cuarenta", "quarante", "أربعين", "أربعون"),
    45: ("forty-five", "forty five", "cuarenta y cinco", "quarante-cinq"),
    48: ("forty-eight", "cuarenta y ocho", "quarante-huit"),
    90: ("ninety", "noventa", "quatre-vingt-dix", "تسعين"),
}

AM = (
    *("am", "a.m.", "a.m", "in the morning", "de la mañana", "du matin"),
    *("صباحا", "ص", "الصبح", "فجرا"),
)
PM = (
    *("pm", "p.m.", "p.m", "in the afternoon", "in the evening", "at night", "de la tarde", "de la noche"),
    *("de l'après-midi", "du soir", "مساء", "م", "المساء", "بعد الظهر", "ليلا"),
)
NOON = ("noon", "midday", "mediodía", "medio día", "midi", "الظهر", "ظهرا")
MIDNIGHT = ("midnight", "medianoche", "media noche", "minuit", "منتصف الليل")

AT = (
    *("at", "@", "a las", "a la", "a", "à", "vers", "around", "about", "el", "the", "on", "le", "les", "los"),
    *("al", "la", "las", "de", "الساعة", "في", "عند", "على"),
)
"""Small words before a clock time or a date that change nothing."""

WITHIN = (
    "in",
    "for",
    "en",
    "dentro de",
    "por",
    "dans",
    "pour",
    "pendant",
    "durante",
    "خلال",
    "بعد",
    "لمدة",
)
"""They say that a length of time follows."""

UNTIL = (
    *("until", "till", "til", "to", "by", "before", "hasta", "hasta las", "hasta el", "antes de", "jusqu'à"),
    *("jusqu'au", "jusque", "avant", "حتى", "إلى", "لغاية", "قبل"),
)

ROUGHLY = (
    "of",
    "about",
    "around",
    "de",
    "d'",
    "d'environ",
    "environ",
    "unas",
    "unos",
    "más o menos",
    "من",
    "حوالي",
)
"""They may stand before a length as before a clock ("temporizador de 2h")."""

BY = ("by", "another")
"""They say by how much more, before a length ("extend by 1h"); "extend by 19:00" is until then."""

TO = (
    *("-", "to", "until", "till", "a", "al", "hasta", "hasta las", "à", "au", "jusqu'à", "et", "and", "y"),
    *("إلى", "حتى", "الى", "و", ",", "a las"),
)
"""Between the two ends of a span."""

FROM = ("from", "between", "de", "desde", "entre", "du", "من", "بين")

TODAY = ("today", "tonight", "hoy", "esta noche", "aujourd'hui", "ce soir", "اليوم", "الليلة")
TOMORROW = ("tomorrow", "mañana", "demain", "غدا", "بكرا", "بكرة")
AFTER_TOMORROW = ("day after tomorrow", "the day after tomorrow", "pasado mañana", "après-demain", "بعد غد")

WEEKDAYS: Mapping[int, tuple[str, ...]] = {
    0: ("mon", "monday", "mondays", "lunes", "lun", "lundi", "lundis", "الاثنين", "اثنين", "الإثنين"),
    1: (
        "tue",
        "tues",
        "tuesday",
        "tuesdays",
        "martes",
        "mar",
        "mardi",
        "mardis",
        "الثلاثاء",
        "ثلاثاء",
        "الثلاثا",
    ),
    2: (
        *("wed", "weds", "wednesday", "wednesdays", "miércoles", "mié", "mercredi", "mercredis", "mer"),
        *("الأربعاء", "أربعاء", "الاربعا"),
    ),
    3: (
        "thu",
        "thur",
        "thurs",
        "thursday",
        "thursdays",
        "jueves",
        "jue",
        "jeudi",
        "jeudis",
        "jeu",
        "الخميس",
        "خميس",
    ),
    4: ("fri", "friday", "fridays", "viernes", "vie", "vendredi", "vendredis", "ven", "الجمعة", "جمعة"),
    5: (
        "sat",
        "saturday",
        "saturdays",
        "sábado",
        "sábados",
        "sáb",
        "samedi",
        "samedis",
        "sam",
        "السبت",
        "سبت",
    ),
    6: (
        "sun",
        "sunday",
        "sundays",
        "domingo",
        "domingos",
        "dom",
        "dimanche",
        "dimanches",
        "dim",
        "الأحد",
        "أحد",
    ),
}

DAY_GROUPS: Mapping[frozenset[int], tuple[str, ...]] = {
    frozenset(range(7)): (
        *("daily", "every day", "each day", "everyday", "diario", "diariamente", "a diario", "cada día"),
        *("todos los días", "tous les jours", "chaque jour", "quotidien", "quotidiennement"),
        *("يوميا", "كل يوم", "كل الأيام"),
    ),
    frozenset(range(5)): (
        *("weekdays", "every weekday", "workdays", "días laborables", "días hábiles", "entre semana"),
        *("jours ouvrables", "en semaine", "أيام العمل"),
    ),
    frozenset({5, 6}): ("weekends", "weekend", "fin de semana", "fines de semana", "le week-end", "week-end"),
}

EVERY = ("every", "each", "cada", "todos los", "chaque", "toutes les", "tous les", "كل")

FILLERS = (
    *(
        "and",
        "y",
        "e",
        "et",
        "&",
        ",",
        ";",
        "+",
        "و",
        "at",
        "on",
        "a las",
        "a la",
        "a",
        "à",
        "el",
        "los",
        "las",
    ),
    *("la", "le", "les", "the", "de", "في", "الساعة", "me", "please", "por favor", "s'il vous plaît", "."),
)
"""Small words within a schedule that change nothing."""

OFF = (
    "off",
    "none",
    "no",
    "never",
    "ninguno",
    "nada",
    "desactivar",
    "non",
    "aucun",
    "aucune",
    "بدون",
    "لا",
    "إلغاء",
)

MONTHS: Mapping[int, tuple[str, ...]] = {
    1: ("january", "jan", "enero", "ene", "janvier", "janv", "يناير", "كانون الثاني"),
    2: ("february", "feb", "febrero", "février", "fév", "févr", "فبراير", "شباط"),
    3: ("march", "marzo", "mars", "مارس", "آذار"),
    4: ("april", "apr", "abril", "abr", "avril", "avr", "أبريل", "إبريل", "نيسان"),
    5: ("may", "mayo", "mai", "مايو", "أيار"),
    6: ("june", "jun", "junio", "juin", "يونيو", "حزيران"),
    7: ("july", "jul", "julio", "juillet", "juil", "يوليو", "تموز"),
    8: ("august", "aug", "agosto", "ago", "août", "أغسطس", "آب"),
    9: ("september", "sep", "sept", "septiembre", "septembre", "سبتمبر", "أيلول"),
    10: ("october", "oct", "octubre", "octobre", "أكتوبر", "تشرين الأول"),
    11: ("november", "nov", "noviembre", "novembre", "نوفمبر", "تشرين الثاني"),
    12: ("december", "dec", "diciembre", "dic", "décembre", "déc", "ديسمبر", "كانون الأول"),
}

HOUR_SIGNS = ("h", "hs", "hrs", "heure", "heures", "horas", "hora", "uhr", "o'clock", "oclock")
"""After the hour of a clock time."""

NEXT = ("next", "this", "próximo", "este", "prochain", "ce", "القادم")

OF = ("of", "de", "del", "st", "nd", "rd", "th", "er", ",")
"""Within a date."""

TO_DAY = ("-", "to", "through", "a", "al", "hasta", "à", "au", "إلى", "حتى")
"""Between two days."""

LABEL_LEADS = ("for", "para", "pour", "-", ":", ",", "من أجل")
"""Before what a timer is for."""
