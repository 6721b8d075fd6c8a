"""What is changed of check-ins is said: what it takes the place of, and to the desk that nothing is asked any more."""

from __future__ import annotations

import pytest

from tests.stories.harness import Manner

HEAD = """
zone: Europe/Brussels
start: 2026-03-02T09:00
desk: {officers: [ana, ben], lead: carla}
people:
  sami: {channels: [signal], verified: true, check_in: {protocol: elevated, times: ["12:00", "18:00"]}}
steps:
"""
MANNERS = [Manner(), Manner(killed=True)]


@pytest.mark.parametrize("manner", MANNERS)
def test_a_new_schedule_says_what_it_takes_the_place_of(manner: Manner) -> None:
    story = manner.play(
        HEAD
        + """
  - ana: checkin Sami daily 9:00 21:00 routine
  - sami: "yes"
  - sami: checkin every monday at 9
"""
    )
    agreed, monday = story.texts("answer", who="sami")
    assert agreed.endswith("It takes the place of: every day at 12:00, 18:00 (elevated).")
    assert monday.endswith("It takes the place of: every day at 09:00, 21:00 (routine).")
    [notice] = story.texts("notice", who="ana")
    assert notice.endswith("It takes the place of: every day at 12:00, 18:00 (elevated).")


@pytest.mark.parametrize("manner", MANNERS)
@pytest.mark.parametrize("said", ["pause 1d", "stop checkins"])
def test_the_desk_hears_once_that_check_ins_are_put_off(manner: Manner, said: str) -> None:
    story = manner.play(HEAD + f"  - sami: {said}\n  - sami: {said}\n")
    assert ["Sami has paused or stopped" in text for text in story.texts("notice", who="ana")] == [True]
    assert story.out(who="ben") == []
    assert story.out("page") == []


@pytest.mark.parametrize("manner", MANNERS)
def test_another_schedule_is_no_putting_off(manner: Manner) -> None:
    story = manner.play(HEAD + "  - sami: checkin daily 8:00\n  - sami: resume\n")
    assert story.out("notice") == []
