"""The story beside the phones, whose phone rings, and what a practice run keeps between runs."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.events import Outbound, OutboundKind, RawInbound
from bot.channels.practice.phones import PracticePhones
from bot.channels.practice.story import Happening, Tone
from bot.clock import NotAPracticeStore, SystemEntropy

KEY = b"k" * 32


def run(tmp_path: Path) -> PracticePhones:
    return PracticePhones(tmp_path / "phones", KEY, SystemEntropy(), lineage="practice")


def send(
    phones: PracticePhones, person: str, channel: str, kind: OutboundKind, text: str, **more: Any
) -> None:
    address = phones.network.address(person, channel)
    phones.network.deliver(Outbound("o1", channel, address, kind, text, **more))


def page(phones: PracticePhones, person: str, text: str) -> None:
    for channel in ("signal", "telegram"):
        send(phones, person, channel, OutboundKind.PAGE, text, choices=("Take",))


def told(phones: PracticePhones) -> list[str]:
    return [happening.text for happening in phones.story.recent()]


def ringing(phones: PracticePhones) -> set[str]:
    return {page["person"] for page in phones.story.ringing()}


def test_an_sos_can_be_followed_line_by_line(tmp_path: Path) -> None:
    phones = run(tmp_path)
    phones.network.write("sami", text="SOS")
    phones.story.observe("case_opened", {"case": "WL-1", "urgency": 1, "source": "sos"})
    page(phones, "ana", "P1 WL-1")
    phones.network.press("ana", "telegram", number=1)
    phones.story.observe("case_taken", {"case": "WL-1", "urgency": 1})
    phones.story.observe("something_internal", {"row": "7"})
    assert told(phones) == [
        "Sami writes on Signal",
        "A case is opened: P1, the most urgent",
        "Ana is paged",
        "Ana presses “Take”",
        "Ana has taken the case",
    ]
    assert [happening.tone for happening in phones.story.recent()][1:3] == [Tone.ALARM, Tone.ALARM]
    assert phones.story.recent()[-1].taker == "ana"


def test_who_has_the_case_is_the_one_of_the_desk_who_did_something_last(tmp_path: Path) -> None:
    phones = run(tmp_path)
    page(phones, "ana", "P1 WL-1")
    phones.story.observe("case_taken", {"case": "WL-1"})
    phones.network.write("ana", text="oncall")
    phones.network.write("ben", text="take WL-1")
    phones.network.write("sami", text="please hurry")
    phones.story.observe("case_taken", {"case": "WL-1"})
    taken = [(one.text, one.taker) for one in phones.story.recent() if "taken" in one.text]
    assert taken == [("A person has taken the case", ""), ("Ben has taken the case", "ben")]


def test_a_phone_without_a_signal_a_blocked_chat_and_a_cut_line_are_told(tmp_path: Path) -> None:
    """Or nothing at all would seem to come of what is written then."""
    phones = run(tmp_path)
    phones.set_person("sami", "signal", "offline")
    phones.set_person("sami", "telegram", "offline")
    phones.network.write("sami", text="SOS")
    phones.set_person("sami", "signal", "ok")
    phones.set_person("ana", "telegram", "refused")
    phones.set_person("ana", "telegram", "ok")
    phones.set_channel("signal", up=False)
    phones.set_channel("signal", up=True)
    assert told(phones) == [
        "Sami’s phone has no signal",
        "Sami writes: it waits on the phone",
        "Sami’s phone has a signal again",
        "Sami writes on Signal",
        "Ana blocks Watchline on Telegram",
        "Ana no longer blocks Watchline on Telegram",
        "The line to Signal is cut",
        "The line to Signal is back",
    ]


def test_asking_for_a_language_is_told_as_that(tmp_path: Path) -> None:
    phones = run(tmp_path)
    phones.network.write("sami", text="language ar")
    assert told(phones) == ["Sami asks for Arabic"]


def test_the_same_page_on_both_channels_is_one_line_also_while_the_clock_runs_fast(tmp_path: Path) -> None:
    phones = run(tmp_path)
    for _step in range(2):
        for channel in ("signal", "telegram"):
            send(phones, "ana", channel, OutboundKind.PAGE, "P1 WL-1", choices=("Take",))
            phones.clock.skip_to(phones.clock.now() + timedelta(seconds=20))
        phones.clock.skip_to(phones.clock.now() + timedelta(minutes=2))
    assert [line for line in told(phones) if "paged" in line] == [
        "Ana is paged",
        "Ana is paged again after 3 min",
    ]


def test_those_who_are_paged_together_are_one_line_that_says_again_and_after_how_long(tmp_path: Path) -> None:
    phones = run(tmp_path)
    heard: list[Happening] = []
    phones.story.on_tell.append(heard.append)
    phones.story.observe("case_opened", {"case": "7KQX", "urgency": 1})
    page(phones, "ana", "P1 7KQX: SOS")
    for wait, whom in ((2, ["ben"]), (3, ["carla"]), (5, ["ana", "ben", "carla"])):
        phones.clock.skip_to(phones.clock.now() + timedelta(minutes=wait))
        for who in whom:
            page(phones, who, f"P1 7KQX: SOS\nWaiting for {wait} min.")
    lines = [
        "Ana is paged",
        "Ben is paged after 2 min",
        "Carla is paged after 5 min",
        "Ana, Ben and Carla are paged again after 10 min",
    ]
    assert [line for line in told(phones) if "paged" in line] == lines
    # Whoever listens is told of the same line as it grows, under its number.
    grown = [happening for happening in heard if "paged again" in happening.text]
    assert [happening.text.partition(" paged")[0] for happening in grown] == [
        "Ana is",
        "Ana and Ben are",
        "Ana, Ben and Carla are",
    ]
    assert len({happening.number for happening in grown}) == 1
    assert len({happening.number for happening in phones.story.recent()}) == len(phones.story.recent())


def test_a_case_is_opened_before_somebody_is_paged_for_it_whoever_says_so_first(tmp_path: Path) -> None:
    phones = run(tmp_path)
    phones.network.write("sami", text="SOS")
    page(phones, "ana", "P1 7KQX: SOS")
    phones.story.observe("case_opened", {"case": "7KQX", "urgency": 1})
    lines = ["Sami writes on Signal", "A case is opened: P1, the most urgent", "Ana is paged"]
    assert told(phones) == lines
    phones.keep()
    assert told(run(tmp_path)) == lines


@pytest.mark.parametrize("what", ["case_taken", "case_closed"])
def test_what_comes_after_a_call_was_answered_is_another_call(what: str, tmp_path: Path) -> None:
    phones = run(tmp_path)
    phones.story.observe("case_opened", {"case": "7KQX", "urgency": 1})
    for _time in range(2):
        page(phones, "ana", "P1 7KQX: SOS")
        phones.clock.skip_to(phones.clock.now() + timedelta(minutes=3))
        page(phones, "ben", "P1 7KQX: SOS")
        phones.story.observe(what, {"case": "7KQX"})
        phones.clock.skip_to(phones.clock.now() + timedelta(hours=1))
    lines = ["Ana is paged", "Ben is paged after 3 min"]
    assert [line for line in told(phones) if "paged" in line] == lines * 2


def test_a_paged_phone_rings_on_both_chats_until_its_officer_does_something(tmp_path: Path) -> None:
    phones = run(tmp_path)
    page(phones, "ana", "P1 WL-1")
    assert len(phones.story.ringing()) == 2
    phones.network.react("ana", "signal", emoji="👍")
    assert ringing(phones) == set()


def test_what_an_officer_writes_ends_no_page_that_can_be_taken(tmp_path: Path) -> None:
    phones = run(tmp_path)
    page(phones, "ana", "P1 WL-1")
    phones.network.write("ana", text="Who is free tonight?")
    assert ringing(phones) == {"ana"}
    phones.network.write("ana", text="1")
    assert ringing(phones) == set()


def test_a_page_on_their_own_case_rings_until_the_officer_writes(tmp_path: Path) -> None:
    phones = run(tmp_path)
    send(phones, "ana", "signal", OutboundKind.PAGE, "P1 WL-1: a new alarm on your case")
    assert ringing(phones) == {"ana"}
    for nothing_done in ("close", "/close", "close K7PM", "cases", "help"):
        phones.network.write("ana", text=nothing_done)
        assert ringing(phones) == {"ana"}
    phones.network.write("ana", text="I am here")
    assert ringing(phones) == set()


def test_a_page_that_is_repeated_rings_once_and_as_the_latest(tmp_path: Path) -> None:
    phones = run(tmp_path)
    for number in range(30):
        send(phones, "ana", "signal", OutboundKind.PAGE, f"P1 7KQX: an SOS\n“{number}”", choices=("Take",))
    last = phones.network.chat("ana")[-1].ref
    assert phones.story.ringing() == [{"person": "ana", "channel": "signal", "ref": last, "pages": 1}]
    send(phones, "ana", "signal", OutboundKind.PAGE, "P1 9ACD: an SOS", choices=("Take",))
    assert [page["pages"] for page in phones.story.ringing()] == [2]


def test_a_phone_that_rang_rings_after_a_restart(tmp_path: Path) -> None:
    first = run(tmp_path)
    page(first, "ana", "P1 WL-1")
    first.keep()
    second = run(tmp_path)
    assert second.story.ringing() == first.story.ringing()
    second.story.observe("case_taken", {"case": "WL-1"})
    second.keep()
    assert ringing(run(tmp_path)) == set()


def test_phones_calm_down_when_another_takes_that_case_and_not_another_case(tmp_path: Path) -> None:
    phones = run(tmp_path)
    page(phones, "ana", "P1 WL-1")
    page(phones, "ben", "P1 WL-2")
    phones.story.observe("case_taken", {"case": "WL-1"})
    assert ringing(phones) == {"ben"}


def test_a_phone_without_network_rings_when_it_is_back(tmp_path: Path) -> None:
    phones = run(tmp_path)
    for channel in ("signal", "telegram"):
        phones.network.set_person("ana", channel, "offline")
    page(phones, "ana", "P1 WL-1")
    assert ringing(phones) == set()
    phones.network.set_person("ana", "signal", "ok")
    assert ringing(phones) == {"ana"}


def test_what_does_not_get_through_is_told(tmp_path: Path) -> None:
    phones = run(tmp_path)
    phones.network.set_person("ana", "telegram", "refused")
    send(phones, "ana", "telegram", OutboundKind.PAGE, "P1")
    phones.network.set_channel("signal", up=False)
    send(phones, "ana", "signal", OutboundKind.PAGE, "P1")
    assert told(phones) == [
        "Telegram refuses to deliver to Ana",
        "Signal cannot be reached; Ana will be tried again",
    ]


def test_a_restart_keeps_chats_frames_not_taken_the_story_and_the_time(tmp_path: Path) -> None:
    first = run(tmp_path)
    first.network.write("sami", text="SOS")
    page(first, "ana", "P1 WL-1")
    first.skip_to(first.clock.now().replace(year=first.clock.now().year + 1))
    first.keep()
    # No close: the process is killed here.
    second = run(tmp_path)
    frames: list[RawInbound] = []
    second.network.hand_over(frames.append)
    assert frames[0].peek == "SOS"
    assert second.network.chat("sami")[0].text == "SOS"
    assert second.network.chat("ana", "telegram")[0].choices == ("Take",)
    assert told(second) == told(first)
    assert second.clock.now() >= first.clock.now().replace(microsecond=0)
    second.close()
    third = run(tmp_path)
    assert third.network.pending() == []
    assert third.network.chat("sami")[0].tick.value == "stored"
    assert told(third) == told(first)


def test_the_story_keeps_the_last_two_hundred_lines(tmp_path: Path) -> None:
    phones = run(tmp_path)
    for number in range(300):
        phones.story.tell(Happening(phones.clock.now(), str(number)))
    assert told(phones) == [str(number) for number in range(100, 300)]


def test_a_store_that_had_real_people_gets_no_practice_phones(tmp_path: Path) -> None:
    with pytest.raises(NotAPracticeStore):
        PracticePhones(tmp_path / "phones", KEY, SystemEntropy(), lineage="real")
    assert not (tmp_path / "phones").exists()
