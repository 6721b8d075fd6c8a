"""The main job on the practice phones, with nothing behind them but the real thing: store, turns, delivery,
policy."""

import asyncio
import os
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from bot import practice
from bot.app import serve_practice
from bot.clock import SystemEntropy

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=20_000)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed on this machine")


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """What `make run` serves, in a thread of its own."""
    loop = asyncio.new_event_loop()
    told: list[str] = []
    begun = threading.Event()
    jobs: list[asyncio.Task[None]] = []

    def tell(where: str) -> None:
        told.append(where)
        begun.set()

    async def live() -> None:
        jobs.append(asyncio.ensure_future(serve_practice(practice.set_up(tmp_path, SystemEntropy()), tell)))
        await asyncio.gather(*jobs, return_exceptions=True)

    thread = threading.Thread(target=loop.run_until_complete, args=(live(),))
    thread.start()
    assert begun.wait(timeout=60)
    yield told[0]
    loop.call_soon_threadsafe(jobs[0].cancel)
    thread.join(timeout=60)
    loop.close()
    failure = None if jobs[0].cancelled() else jobs[0].exception()
    assert failure is None


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
        page.set_default_timeout(20_000)
        page.goto(address)
        expect(phone(page, "sami")).to_be_visible()
        yield page
        browser.close()


def phone(page: Page, name: str) -> Locator:
    return page.locator(f"[data-person={name}]")


def last(page: Page, name: str) -> Locator:
    return phone(page, name).locator(".row.theirs").last


def write(page: Page, name: str, text: str) -> None:
    box = phone(page, name).get_by_role("textbox")
    box.fill(text)
    box.press("Enter")


def test_an_sos_is_paged_taken_relayed_and_closed(page: Page) -> None:
    story = page.locator("#story")
    write(page, "sami", "SOS")
    expect(phone(page, "sami").get_by_text("We have your message")).to_be_visible()
    expect(phone(page, "ana")).to_have_class(re.compile("ringing"))
    expect(story).to_contain_text("A case is opened: P1")
    # The page rings on behind her own words, and can still be taken with one tap, as the hint says.
    write(page, "ana", "what is this?")
    expect(last(page, "ana")).to_contain_text("Not sent")
    expect(phone(page, "ana").locator(".coach")).to_contain_text("tap 1")
    expect(phone(page, "ana").get_by_role("button", name="1 Take")).to_have_count(1)

    phone(page, "ana").locator(".app-telegram").click()
    phone(page, "ana").get_by_role("button", name="Take", exact=True).click()
    expect(phone(page, "ana")).not_to_have_class(re.compile("ringing"))
    expect(story).to_contain_text("Ana has taken the case")
    expect(phone(page, "sami").get_by_text("Ana")).not_to_have_count(0)
    expect(phone(page, "ana").locator(".names p")).to_have_text("Has the case")

    phone(page, "ana").locator(".app-signal").click()
    expect(phone(page, "ana").get_by_role("button", name="1 Take")).to_have_count(0)
    write(page, "ana", "I am with you. Can you talk?")
    expect(last(page, "sami")).to_contain_text("I am with you. Can you talk?")
    write(page, "sami", "هم عند الباب")
    expect(last(page, "ana")).to_contain_text("هم عند الباب")
    write(page, "sami", "SOS")
    expect(phone(page, "ana").locator(".coach")).to_contain_text("A new alarm on your own case")
    expect(phone(page, "lina").locator(".row.theirs")).to_have_count(0)

    case = page.locator(".happening", has_text="A case is opened").locator("em").inner_text()
    write(page, "ana", f"close {case} safe")
    expect(story).to_contain_text("The case is closed")
    expect(phone(page, "ana").locator(".names p")).to_have_text("Officer on call")

    language = phone(page, "sami").get_by_label("Language of Sami")
    language.select_option("العربية")
    expect(last(page, "sami")).to_contain_text("نستخدم هذه اللغة")
    expect(phone(page, "sami").locator(".chip").last).to_have_text("إنهم يأخذونني الآن")
    page.reload()
    expect(language).to_have_value("ar")


def test_a_page_that_nobody_takes_rings_at_the_next_officer(page: Page) -> None:
    write(page, "sami", "SOS")
    expect(phone(page, "ana")).to_have_class(re.compile("ringing"))
    expect(phone(page, "ben")).not_to_have_class(re.compile("ringing"))
    page.get_by_role("button", name="60 times as fast").click()
    expect(phone(page, "ben")).to_have_class(re.compile("ringing"))


def test_a_missed_check_in_climbs_its_ladder_while_one_watches(page: Page) -> None:
    """600 desk seconds in one: a prompt within half a minute, and an officer's phone rings soon after."""
    story = page.locator("#story")
    page.get_by_role("button", name="600 times as fast").click()
    for line in ("Sami is asked to check in", "Lina is alerted", "A case is opened: P2", "is paged"):
        expect(story).to_contain_text(line, timeout=60_000)
    expect(phone(page, "lina").locator(".row.theirs")).not_to_have_count(0)
    expect(phone(page, "ana")).to_have_class(re.compile("ringing"))
    told = story.inner_text()
    order = [
        "asked to check in",
        "is reminded on Signal",
        "is reminded on Telegram",
        "Lina is alerted",
        "A case is",
    ]
    assert [told.index(line) for line in order] == sorted(told.index(line) for line in order)


def test_one_button_leaves_a_check_in_unanswered_and_the_ladder_ends_at_the_lead(page: Page) -> None:
    story = page.locator("#story")
    page.get_by_role("button", name="Leave a check-in unanswered").click()
    expect(story).to_contain_text("Sami is asked to check in")
    expect(page.get_by_role("button", name="60 times as fast")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="600 times as fast").click()
    expect(story).to_contain_text("The case is raised to P1", timeout=60_000)
    expect(phone(page, "carla")).to_have_class(re.compile("ringing"))
    expect(last(page, "carla")).to_contain_text("Called before you: Ana")
    # Read aloud, the parts of a line do not run into one another.
    told = story.locator(".happening", has_text="raised to P1").evaluate("node => node.textContent")
    assert re.fullmatch(r"\d\d:\d\d:\d\d The case is raised to P1, the most urgent [A-Z0-9]{4}", told)


def begun_again(page: Page) -> None:
    """Something can be begun: at the foot, and with one tap on the defender's phone."""
    expect(page.locator("#story .empty")).to_contain_text("All is quiet")
    expect(phone(page, "sami").locator(".chip").first).to_have_text("SOS")


def busy(page: Page) -> None:
    expect(page.locator("#story .empty")).to_have_count(0)
    expect(phone(page, "sami").locator(".chip", has_text="SOS")).to_have_count(0)


def test_whenever_all_is_quiet_something_can_be_begun(page: Page) -> None:
    story = page.locator("#story")
    begun_again(page)
    for times in (1, 2):
        page.get_by_role("button", name="Call for help").click()
        expect(story.get_by_text("A case is opened: P1")).to_have_count(times)
        busy(page)
        case = page.locator(".happening", has_text="A case is opened").last.locator("em").inner_text()
        write(page, "ana", f"take {case}")
        expect(story.get_by_text("Ana has taken the case")).to_have_count(times)
        page.reload()
        expect(story.get_by_text("Ana has taken the case")).to_have_count(times)
        busy(page)
        write(page, "ana", f"close {case} safe")
        expect(story.get_by_text("The case is closed")).to_have_count(times)
        begun_again(page)
        page.reload()
        begun_again(page)
    page.get_by_role("button", name="Leave a check-in unanswered").click()
    expect(story).to_contain_text("Sami is asked to check in")
    expect(page.locator("#story .empty")).to_have_count(0)
    phone(page, "sami").locator(".app-signal").click()
    expect(phone(page, "sami").locator(".chip").first).to_have_text("1 OK")
    page.get_by_role("button", name="600 times as fast").click()
    expect(story).to_contain_text("A case is opened: P2", timeout=60_000)
    page.get_by_role("button", name="Real time").click()
    case = page.locator(".happening", has_text="A case is opened: P2").locator("em").inner_text()
    write(page, "ana", f"take {case}")
    write(page, "ana", f"close {case} safe")
    expect(story.get_by_text("The case is closed")).to_have_count(3)
    # What the check-in asked is over, on each of his chats.
    for chat in (".app-telegram", ".app-signal"):
        phone(page, "sami").locator(chat).click()
        begun_again(page)
    page.reload()
    phone(page, "sami").locator(".app-signal").click()
    begun_again(page)
