"""The practice phones in a real browser, by mouse, by keyboard, on a narrow screen."""

import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from alerts.events import Outbound, OutboundKind
from bot.channels.practice.acts import act
from tests.fakes.practice_server import PracticeServer, practice_server

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
WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 390, "height": 844}

expect.set_options(timeout=20_000)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed on this machine")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PracticeServer]:
    with practice_server(tmp_path, next_due=lambda: datetime.now(UTC) + timedelta(days=2)) as running:
        yield running


@pytest.fixture
def page(browser: Browser, server: PracticeServer) -> Iterator[Page]:
    yield from opened(browser, server, WIDE)


@pytest.fixture
def small(browser: Browser, server: PracticeServer) -> Iterator[Page]:
    yield from opened(browser, server, NARROW)


def opened(browser: Browser, server: PracticeServer, size: dict[str, int]) -> Iterator[Page]:
    """A page that must not complain of anything: a script error or a broken policy fails the test."""
    context = browser.new_context(
        viewport={"width": size["width"], "height": size["height"]}, reduced_motion="reduce"
    )
    page = context.new_page()
    page.set_default_timeout(10_000)
    complaints: list[str] = []
    elsewhere: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console", lambda told: complaints.append(told.text) if told.type in ("error", "warning") else None
    )
    page.on("request", lambda asked: elsewhere.append(asked.url) if not ours(asked.url, server) else None)
    page.goto(server.page.address)
    expect(phone(page, "sami")).to_be_visible()
    yield page
    context.close()
    assert complaints == []
    assert elsewhere == []


def ours(url: str, server: PracticeServer) -> bool:
    return url.startswith((server.root, "blob:" + server.root))


def phone(page: Page, name: str) -> Locator:
    return page.locator(f"[data-person={name}]")


def last(page: Page, name: str, side: str = "theirs") -> Locator:
    return phone(page, name).locator(f".row.{side}").last


def in_sheet(phone: Locator, name: str) -> Locator:
    return phone.get_by_role("dialog").get_by_role("button", name=name)


def write(page: Page, name: str, text: str) -> None:
    box = phone(page, name).get_by_role("textbox")
    box.fill(text)
    box.press("Enter")


def test_an_sos_from_the_first_tap_to_a_conversation(page: Page) -> None:
    expect(phone(page, "sami").locator(".coach")).to_contain_text("You are Sami")
    phone(page, "sami").get_by_role("button", name="SOS", exact=True).click()
    expect(last(page, "sami", "mine")).to_contain_text("SOS")
    expect(last(page, "sami", "mine").get_by_role("img", name="stored by Watchline")).to_be_visible()

    ana = phone(page, "ana")
    expect(ana).to_have_class("phone ringing")
    expect(ana).to_contain_text("Being paged")
    expect(ana.locator(".ring-badge")).to_have_text("1")
    expect(phone(page, "ben")).to_have_class("phone")
    ana.get_by_role("button", name="Telegram").click()
    ana.get_by_role("button", name="Take", exact=True).click()
    expect(ana).to_have_class("phone")
    expect(ana.get_by_role("button", name="Take", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(last(page, "sami")).to_contain_text("A person has seen your message")

    write(page, "ana", "I am with you.")
    expect(last(page, "sami")).to_contain_text("Desk: I am with you.")
    write(page, "sami", "هم عند الباب")
    expect(last(page, "ana")).to_contain_text("هم عند الباب")
    arabic = last(page, "sami", "mine").locator("p")
    assert arabic.evaluate("node => getComputedStyle(node).direction") == "rtl"
    story = page.locator("#story")
    for line in ("Sami writes on Signal", "A case is opened: P1", "Ana is paged", "Ana takes the case"):
        expect(story).to_contain_text(line)


def test_everything_can_be_done_by_keyboard(page: Page, server: PracticeServer) -> None:
    box = phone(page, "sami").get_by_role("textbox")
    box.focus()
    page.keyboard.type("SOS")
    page.keyboard.press("Enter")
    expect(phone(page, "ana")).to_have_class("phone ringing")

    phone(page, "ana").locator(".log").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(phone(page, "ana").get_by_role("dialog")).to_be_visible()
    expect(phone(page, "ana").get_by_role("button", name="React with 👍")).to_be_focused()
    page.keyboard.press("Escape")
    expect(phone(page, "ana").get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(phone(page, "ana")).to_have_class("phone")
    kinds = [server.phones.channels[0].parse(raw.raw).kind.value for raw in server.desk.stored]
    assert "reaction" in kinds


def test_focus_is_always_seen(page: Page) -> None:
    page.keyboard.press("Tab")
    for _ in range(14):
        page.keyboard.press("Tab")
        style = "const s = getComputedStyle(document.activeElement); return s.outlineStyle + s.outlineWidth"
        assert page.evaluate(f"() => {{ {style} }}") not in ("none0px", "auto0px")


def test_reply_edit_and_delete(page: Page) -> None:
    sami = phone(page, "sami")
    write(page, "sami", "SOS")
    expect(sami.locator(".row.theirs")).to_have_count(2)
    sami.locator(".row.theirs").first.click(button="right")
    in_sheet(sami, "Reply").click()
    write(page, "sami", "Thank you")
    expect(last(page, "sami", "mine").locator(".quote")).to_contain_text("We have your message")

    last(page, "sami", "mine").click(button="right")
    in_sheet(sami, "Edit").click()
    expect(sami.get_by_role("textbox")).to_have_value("Thank you")
    write(page, "sami", "Thank you, hurry")
    expect(last(page, "sami", "mine")).to_contain_text("edited")
    expect(last(page, "sami", "mine").locator(".text")).to_have_text("Thank you, hurry")

    last(page, "sami", "mine").click(button="right")
    in_sheet(sami, "Delete for everyone").click()
    expect(last(page, "sami", "mine")).to_contain_text("This message was deleted")


def test_a_place_a_voice_note_and_a_photo(page: Page) -> None:
    sami = phone(page, "sami")
    sami.get_by_role("button", name="Attach").click()
    in_sheet(sami, "Location").click()
    page.keyboard.press("ArrowRight")
    expect(sami.locator(".coordinates")).to_contain_text("33.8938, 35.5023")
    sami.get_by_role("button", name="Send this place").click()
    expect(last(page, "sami", "mine").locator(".map")).to_be_visible()
    sami.get_by_role("button", name="Attach").click()
    in_sheet(sami, "Voice note").click()
    expect(last(page, "sami", "mine").locator(".voice .length")).to_have_text("0:02")
    sami.get_by_role("button", name="Attach").click()
    in_sheet(sami, "Photo").click()
    photo = last(page, "sami", "mine").locator("img.photo")
    expect(photo).to_have_attribute("src", re.compile("^blob:"))
    expect(photo).to_have_js_property("naturalWidth", 640)


def test_without_a_network_nothing_leaves_the_phone_and_then_everything_does(
    page: Page, server: PracticeServer
) -> None:
    sami = phone(page, "sami")
    sami.get_by_role("button", name="No signal").click()
    expect(sami.get_by_text("No signal")).to_be_visible()
    write(page, "sami", "SOS")
    expect(last(page, "sami", "mine").get_by_role("img", name="waiting for a network")).to_be_visible()
    assert server.desk.stored == []
    sami.get_by_role("button", name="No signal").click()
    expect(phone(page, "ana")).to_have_class("phone ringing")


def test_a_blocked_chat_says_so_and_can_be_unblocked(page: Page) -> None:
    ben = phone(page, "ben")
    ben.get_by_role("button", name="Block Watchline in this chat").click()
    expect(ben.get_by_text("You blocked Watchline here.")).to_be_visible()
    expect(ben.get_by_role("textbox")).to_be_hidden()
    ben.get_by_role("button", name="Unblock").click()
    expect(ben.get_by_role("textbox")).to_be_visible()


def test_a_line_that_is_cut_shows_one_tick_until_it_is_restored(page: Page) -> None:
    page.get_by_role("switch", name="Signal").click()
    expect(page.get_by_role("switch", name="Signal down")).to_have_attribute("aria-checked", "false")
    write(page, "sami", "SOS")
    expect(last(page, "sami", "mine").get_by_role("img", name="sent", exact=True)).to_be_visible()
    page.get_by_role("switch", name="Signal").click()
    expect(last(page, "sami", "mine").get_by_role("img", name="stored by Watchline")).to_be_visible()


def test_the_clock_is_run_faster_and_put_forward(page: Page, server: PracticeServer) -> None:
    page.get_by_role("button", name="600 times as fast").click()
    expect(page.get_by_role("button", name="600 times as fast")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#story")).to_contain_text("The clock runs 600 times as fast")
    shown = page.locator("#desk-date").inner_text()
    page.get_by_role("button", name="Next step").click()
    expect(page.locator("#desk-date")).not_to_have_text(shown)
    assert server.phones.clock.now() - datetime.now(UTC) > timedelta(days=1)


def test_a_reload_shows_the_same_chats(page: Page) -> None:
    write(page, "sami", "SOS")
    expect(phone(page, "sami").locator(".row.theirs")).to_have_count(2)
    before = phone(page, "sami").locator(".text").all_inner_texts()
    page.reload()
    expect(phone(page, "sami").locator(".row.theirs")).to_have_count(2)
    assert phone(page, "sami").locator(".text").all_inner_texts() == before
    expect(page.locator("#curtain")).to_be_hidden()
    expect(phone(page, "ana")).to_have_class("phone ringing")


def test_a_phone_shows_the_latest_of_a_very_long_chat(page: Page, server: PracticeServer) -> None:
    """A clock left running fast pages somebody thousands of times; the page must stay quick."""

    def much() -> None:
        for number in range(260):
            act(
                server.phones.network,
                {"do": "write", "person": "lina", "channel": "signal", "text": f"n{number}"},
            )

    server.on_loop(much)
    rows = phone(page, "lina").locator(".row")
    expect(last(page, "lina", "mine")).to_contain_text("n259")
    assert rows.count() <= 200
    page.reload()
    expect(last(page, "lina", "mine")).to_contain_text("n259")
    assert rows.count() <= 200
    expect(phone(page, "lina").locator(".log > :first-child")).to_have_class("day")


def deliver(
    server: PracticeServer, person: str, channel: str, kind: OutboundKind, text: str, *choices: str
) -> None:
    address = server.phones.network.address(person, channel)
    server.phones.network.deliver(Outbound("o", channel, address, kind, text, choices))


def test_a_rush_of_pages_is_told_together_and_the_clock_can_be_slowed(
    page: Page, server: PracticeServer
) -> None:
    """As at 600 times the speed: far more pages than anybody could read or a browser could draw one by one."""
    page.get_by_role("button", name="600 times as fast").click()
    page.evaluate("""() => {
        window.drawings = 0;
        const log = document.querySelector("[data-person=ana] .log");
        new MutationObserver(() => { window.drawings += 1; }).observe(log, { childList: true });
    }""")

    def rush() -> None:
        for number in range(600):
            for channel in ("signal", "telegram"):
                deliver(
                    server,
                    "ana",
                    channel,
                    OutboundKind.PAGE,
                    f"P1 7KQX: an SOS\n“{number}”",
                    "Take",
                    "Not me",
                )

    server.on_loop(rush)
    page.get_by_role("button", name="Real time").click()
    expect(page.get_by_role("button", name="Real time")).to_have_attribute("aria-pressed", "true")
    expect(last(page, "ana")).to_contain_text("“599”")
    assert phone(page, "ana").locator(".row").count() == 200
    assert page.evaluate("window.drawings") < 30
    expect(phone(page, "ana").locator(".ring-badge")).to_have_text("1")


def test_the_fuller_of_two_pages_is_shown_and_the_other_is_marked_unread(
    page: Page, server: PracticeServer
) -> None:
    ana = phone(page, "ana")
    server.on_loop(
        lambda: deliver(server, "ana", "signal", OutboundKind.PAGE, "P1 7KQX: SOS, Sami\nhelp", "Take")
    )
    expect(last(page, "ana")).to_contain_text("Sami")
    server.on_loop(lambda: deliver(server, "ana", "telegram", OutboundKind.PAGE, "P1 7KQX: SOS", "Take"))
    expect(ana.locator(".app-telegram .unread")).to_have_text("1")
    expect(last(page, "ana")).to_contain_text("Sami")
    page.reload()
    expect(last(page, "ana")).to_contain_text("Sami")


def test_only_a_menu_becomes_chips_and_a_closing_takes_them_away(page: Page, server: PracticeServer) -> None:
    lina = phone(page, "lina")
    chips = lina.locator(".chips .chip")

    def say(kind: OutboundKind, text: str, *choices: str) -> None:
        server.on_loop(lambda: deliver(server, "lina", "signal", kind, text, *choices))

    say(OutboundKind.ANSWER, "Which?\n1. every 4 hours\n2. every day")
    expect(last(page, "lina")).to_contain_text("every 4 hours")
    expect(chips).to_have_count(0)
    say(OutboundKind.QUESTION, "Where are you?", "At home", "Elsewhere")
    expect(chips).to_have_count(2)
    server.phones.story.observe("case_closed", {"case": "7KQX"})
    say(OutboundKind.NOTICE, "It is closed.")
    expect(chips).to_have_count(0)
    page.reload()
    expect(last(page, "lina")).to_contain_text("It is closed.")
    expect(chips).to_have_count(0)


def test_what_people_write_is_text_and_never_markup(page: Page) -> None:
    nasty = "<img src=x onerror=alert(1)> <script>alert(2)</script> \u202egnol\u202c " + "a" * 500
    write(page, "sami", nasty)
    shown = last(page, "sami", "mine").locator(".text")
    expect(shown).to_contain_text("<img src=x onerror=alert(1)>")
    assert shown.locator("img, script").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_the_token_the_page_says_what_to_do(browser: Browser, server: PracticeServer) -> None:
    for address in (server.root + "/", server.root + "/#wrong"):
        page = browser.new_page()
        page.goto(address)
        expect(page.locator("#curtain-text")).to_contain_text("Open the address that was printed")
        assert page.locator(".phone").count() == 0
        page.close()


def test_on_a_narrow_screen_one_phone_at_a_time(small: Page) -> None:
    page = small
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(phone(page, "sami")).to_be_in_viewport(ratio=0.9)
    expect(phone(page, "ana")).not_to_be_in_viewport()
    phone(page, "sami").get_by_role("button", name="SOS", exact=True).click()
    tab = page.locator("#tabs button", has_text="Ana")
    expect(tab).to_have_class("ringing")
    expect(tab).to_contain_text("1")
    tab.click()
    expect(phone(page, "ana")).to_be_in_viewport(ratio=0.9)
    expect(phone(page, "ana").get_by_role("textbox")).to_be_in_viewport(ratio=1)
    phone(page, "ana").get_by_role("button", name="Telegram").click()
    phone(page, "ana").get_by_role("button", name="Take", exact=True).click()
    expect(tab).not_to_have_class("ringing")
