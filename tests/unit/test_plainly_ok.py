"""What is plainly an OK to "are you OK?", and what is not."""

from __future__ import annotations

import pytest

from bot.rules import shipped_recogniser
from handlers.checkin_said import is_plain


def is_ok(text: str) -> bool:
    return is_plain(text, shipped_recogniser().intent(text))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "yes",
            "yes!",
            "YES",
            "yesss",
            "yes I am",
            "Yes, I am.",
            "yes thanks",
            "yep",
            "yes ok",
            "yes, all good",
        ),
        *(
            "I'm fine",
            "all good",
            "👍",
            "👍🏽",
            "✅",
            "yes I'm good",
            "yes, we are fine",
            "yes, I am safe",
            "yes 👍",
        ),
        *(
            "sí",
            "si",
            "Sí, gracias",
            "sí, lo estoy",
            "sí, todo bien",
            "sí, estamos bien",
            "estoy bien",
            "todo bien",
        ),
        *(
            "oui",
            "Oui merci",
            "oui oui",
            "oui, je vais bien",
            "oui, ça va",
            "oui tout va bien merci",
            "ça va",
        ),
        *("نعم", "نعم شكرا", "اي نعم", "نعم، بخير", "نعم الحمد لله", "ايوه تمام", "أنا بخير", "تمام"),
        *("yes 🙏", "sí 😊", "oui ❤️", "да", "evet", "sim", "ndiyo", "بله", "হ্যাঁ"),
    ],
)
def test_these_are(text: str) -> None:
    assert is_ok(text)


@pytest.mark.parametrize(
    "text",
    [
        *("yes?", "ok?", "yes 😢", "ok 😰", "ok 👎", "ya", "eh", "right", "y", "da", "dale", "نعم؟", "sí???"),
        *(
            "yes but",
            "yes and no",
            "not sure",
            "yes they said so",
            "yes I think",
            "sí pero",
            "oui mais",
            "نعم لكن",
        ),
        *("not ok", "I am not ok", "no", "yes they are here", "no estoy bien", "ça va pas", "مش تمام", "لا"),
        *(
            "yes they took him",
            "yes, help",
            "yes I am in danger",
            "oui ils sont là",
            "sí están aquí",
            "نعم هم هنا",
        ),
        *(
            "yes he is here",
            "I'm fine but he is not",
            "all good?",
            "not fine",
            "not all good",
            "👎",
            "🤷",
            "",
        ),
    ],
)
def test_these_are_not(text: str) -> None:
    assert not is_ok(text)
