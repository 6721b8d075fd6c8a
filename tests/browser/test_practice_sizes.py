"""The practice page at the sizes that people have: nothing is cut off, nothing lies on top of anything else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_practice import browser, opened, phone, pytestmark, write
from tests.fakes.practice_server import PracticeServer, practice_server

__all__ = ["browser", "pytestmark"]

SIZES = ((1440, 900), (1280, 720), (1024, 768), (900, 800), (768, 1024), (380, 800))
BAR = ".brand img, .desk-clock, #speed button, #skip, .line-switch"
LABELS = (
    "#skip, .segments button, .line-switch, .desk-clock span, .tabs button, .names h2, .app, .chip, .coach"
)

CUT_OFF = """
nodes => nodes
  .filter(node => node.offsetParent && getComputedStyle(node).display !== "inline")
  .filter(node => node.scrollWidth > node.clientWidth + 1)
  .map(node => node.textContent)
"""
OUTSIDE = """
nodes => nodes
  .map(node => [node.textContent, node.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.left < 0 || box.right > innerWidth || box.top < 0 || box.bottom > innerHeight))
  .map(([text]) => text)
"""
OVERLAPS = """
nodes => {
  const boxes = nodes.map(node => [node.id || node.textContent, node.getBoundingClientRect()]);
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  return boxes.flatMap(([one, a], i) => boxes.slice(i + 1)
    .filter(([, b]) => a.width && b.width && meet(a, b))
    .map(([other]) => one + " / " + other));
}
"""


@pytest.fixture(params=SIZES, ids=lambda size: "x".join(map(str, size)))
def page(browser: Browser, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, height = request.param
    with practice_server(tmp_path) as server:
        yield from sized(browser, server, width, height)


def sized(browser: Browser, server: PracticeServer, width: int, height: int) -> Iterator[Page]:
    yield from opened(browser, server, {"width": width, "height": height})


def looked_at(page: Page) -> None:
    expect(page.locator(".pill:visible").first).to_contain_text("Practice")
    expect(page.locator(".pill:visible").first).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(LABELS).evaluate_all(CUT_OFF) == []
    assert page.locator(BAR).evaluate_all(OUTSIDE) == []
    assert page.locator(BAR).evaluate_all(OVERLAPS) == []


def test_nothing_is_cut_off(page: Page) -> None:
    looked_at(page)
    chips = phone(page, "sami").locator(".chips")
    assert chips.evaluate("node => node.scrollHeight <= node.clientHeight + 1"), "a first tap is hidden"
    write(page, "sami", "SOS")
    expect(phone(page, "sami").locator(".row.theirs").first).to_be_visible()
    looked_at(page)
    expect(phone(page, "sami").get_by_role("textbox")).to_be_in_viewport(ratio=1)


def test_a_line_that_is_cut_keeps_its_place_in_the_bar(page: Page) -> None:
    page.get_by_role("switch", name="Signal").click()
    expect(page.get_by_role("switch", name="Signal")).to_contain_text("down")
    looked_at(page)


@pytest.mark.parametrize("size", [(720, 450), (640, 360)], ids=["1440x900", "1280x720"])
def test_twice_as_large_everything_can_be_scrolled_to(
    browser: Browser, tmp_path: Path, size: tuple[int, int]
) -> None:
    """A browser's zoom of 200 % leaves half the pixels each way."""
    with practice_server(tmp_path) as server:
        for page in sized(browser, server, *size):
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            box = phone(page, "sami").get_by_role("textbox")
            box.scroll_into_view_if_needed()
            expect(box).to_be_in_viewport(ratio=1)
            write(page, "sami", "SOS")
            answer = phone(page, "sami").locator(".row.theirs").last
            answer.scroll_into_view_if_needed()
            expect(answer).to_be_in_viewport(ratio=0.9)


def test_every_phone_that_is_shown_is_shown_whole(page: Page) -> None:
    shown = page.locator(".device").evaluate_all(
        "nodes => nodes.map(node => node.getBoundingClientRect()).filter(box => box.left < innerWidth - 24)"
        ".map(box => box.right <= innerWidth)"
    )
    assert all(shown)
    width = page.evaluate("innerWidth")
    assert len(shown) == (5 if width >= 1000 else 4 if width >= 820 else 3 if width > 700 else 1)


def test_in_a_smaller_window_the_latest_message_and_happening_stay_in_view(
    browser: Browser, tmp_path: Path
) -> None:
    """As when a phone is turned, or its keyboard comes up."""
    with practice_server(tmp_path) as server:
        for page in sized(browser, server, 1440, 900):
            for number in range(12):
                write(page, "sami", f"SOS, and more words than fit on one line of a phone, {number}")
            stored = phone(page, "sami").get_by_role("img", name="stored by Watchline")
            expect(stored).to_have_count(12)
            latest = [phone(page, "sami").locator(".row").last, page.locator("#story > :last-child")]
            for width, height in ((1024, 768), (900, 700), (390, 600)):
                page.set_viewport_size({"width": width, "height": height})
                for one in latest:
                    expect(one).to_be_in_viewport(ratio=0.9)
