"""How the states of saving look: no connection, and a session that ended with its dialog; readable, accessible."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import SignIn, profiles
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.workspace]

CAPTION = "/projects/demo/clips/lab-balance-three-people/caption"


@pytest.fixture
def sign_in(browser: Browser, stack: Stack, passwords: dict[str, str]) -> Iterator[SignIn]:
    with profiles(browser, stack.url, passwords, expected="Failed to load resource") as open_as:
        yield open_as


def looks_right(page: Page, shots: Path | None, name: str, *, part: str) -> None:
    found = Axe().run(page, context=part).response["violations"]
    assert [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if shots:
        page.screenshot(path=shots / f"{name}.png")


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_what_hinders_saving_is_readable_and_accessible(
    sign_in: SignIn, passwords: dict[str, str], shots: Path | None, width: int, dark: bool
) -> None:
    page = sign_in("ana", width=width, height=900, dark=dark)
    look = f"{width}-{'dark' if dark else 'light'}"
    page.goto(CAPTION)
    editor = page.get_by_label("Caption", exact=True)
    editor.press("Control+End")
    page.context.set_offline(True)
    page.keyboard.type(f" Typed without a connection at {width}.")
    expect(page.locator("[data-banner=offline]")).to_be_visible()
    expect(page.locator("[data-save-state] [data-countdown]")).to_contain_text("s")
    looks_right(page, shots, f"offline-{look}", part=".banner:not([hidden])")
    page.context.set_offline(False)
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "saved", timeout=20_000)

    page.context.clear_cookies()
    page.keyboard.type(" And more.")
    page.get_by_role("button", name="Sign in again").click()
    dialog = page.get_by_role("dialog", name="Sign in again")
    expect(dialog.get_by_label("Password")).to_be_focused()
    looks_right(page, shots, f"sign-in-{look}", part="dialog[open]")
    dialog.get_by_label("Password").fill(passwords["ana"])
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "saved", timeout=20_000)
