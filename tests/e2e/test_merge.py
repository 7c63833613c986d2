"""Two people, or two tabs of one, write at the same caption: the later one merges, and nothing of either is lost."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.console import Console
from tests.e2e.conftest import SignIn, profiles
from tests.stack import Stack, manage

pytestmark = pytest.mark.browser

CLIP = "lab-balance-three-people"
CAPTION = f"/projects/demo/clips/{CLIP}/caption"
HISTORY = f"""
import json
from annotation.models import CaptionRevision
rows = CaptionRevision.objects.filter(caption__clip__clip_id="{CLIP}").order_by("number")
print(json.dumps([(row.author.username, row.text) for row in rows.select_related("author")]))
"""


@pytest.fixture
def sign_in(browser: Browser, stack: Stack, passwords: dict[str, str]) -> Iterator[SignIn]:
    with profiles(browser, stack.url, passwords, expected="status of 412") as open_as:
        yield open_as


@pytest.fixture(scope="module")
def console(stack: Stack) -> Iterator[Console]:
    console = Console(stack.environment())
    yield console
    console.stop()


def history(console: Console) -> list[tuple[str, str]]:
    """Author and text of every revision, the first one first."""
    return [(author, text) for author, text in json.loads(console.run(HISTORY))]


def write(page: Page, text: str) -> None:
    editor = page.locator("[data-caption-editor] [aria-label=Caption]")
    editor.click()
    editor.press("Control+a")
    page.keyboard.insert_text(text)


def state(page: Page) -> str:
    return page.locator("[data-save-state]").get_attribute("data-state") or ""


def saved(page: Page) -> None:
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "saved")


def looks_right(page: Page, shots: Path | None, name: str) -> None:
    assert Axe().run(page).response["violations"] == []
    if shots:
        page.screenshot(path=shots / f"{name}.png", full_page=True)


FIRST = "A man stands on one leg. [00:01.0] He lifts his left arm. [00:02.0] He sits down."
THEIRS = "A man stands on one leg. [00:01.0] He lifts his right arm. [00:02.0] He sits down slowly."
YOURS = "A man stands on one leg. [00:01.0] He raises both arms. [00:02.0] He sits down."


def test_the_second_of_two_people_merges_and_both_sets_of_words_are_in_the_history(
    stack: Stack, console: Console, sign_in: SignIn, shots: Path | None
) -> None:
    ana, rui = sign_in("ana"), sign_in("rui")
    ana.goto(CAPTION)
    write(ana, FIRST)
    with ana.expect_navigation():
        ana.keyboard.press("Control+s")
    rui.goto(CAPTION)
    write(rui, THEIRS)
    with rui.expect_navigation():
        rui.keyboard.press("Control+s")

    write(ana, YOURS)
    expect(ana.locator("[data-banner=conflict]")).to_contain_text("Rui")
    assert state(ana) == "conflict"
    if shots:
        ana.screenshot(path=shots / "conflict.png")
    ana.keyboard.insert_text(" The end.")  # typed after the refusal: it is merged as well
    ana.get_by_role("link", name="Compare and merge").first.click()
    ana.wait_for_url(f"**{CAPTION}/merge")
    looks_right(ana, shots, "merge")

    (row,) = ana.locator("[data-kind=conflict]").all()
    expect(row).to_contain_text("He lifts his right arm.")
    expect(row).to_contain_text("He raises both arms.")
    save = ana.get_by_role("button", name="Save the merged text")
    save.click(force=True)  # nothing is chosen yet
    expect(row.locator("input").first).to_be_focused()
    assert ana.url.endswith("/merge")
    row.get_by_label("Write a third").check()
    row.locator("textarea").fill("[00:01.0] He raises his right arm, then both.")
    expect(ana.locator("[data-slot]")).to_have_text("[00:01.0] He raises his right arm, then both.")
    save.click()
    ana.wait_for_url(f"**{CAPTION}")

    result = (
        "A man stands on one leg. [00:01.0] He raises his right arm, then both. [00:02.0] He sits down slowly. The end."
    )
    assert history(console) == [("ana", FIRST), ("rui", THEIRS), ("ana", f"{YOURS} The end."), ("ana", result)]
    ana.reload()
    expect(ana.locator("[data-banner-kept]")).to_be_hidden()
    said = manage(stack.data, "verify_history", "--project", "demo")
    assert said.returncode == 0, said


def test_the_second_of_two_tabs_merges_and_both_texts_are_in_the_history_d02(console: Console, sign_in: SignIn) -> None:
    first = sign_in("ana")
    first.goto(CAPTION)
    second = first.context.new_page()
    second.goto(CAPTION)
    before = len(history(console))
    write(first, "The first tab wrote this.")
    saved(first)
    write(second, "The second tab wrote that.")
    expect(second.locator("[data-banner=conflict]")).to_contain_text("Another tab of yours")
    second.get_by_role("link", name="Compare and merge").first.click()
    second.wait_for_url(f"**{CAPTION}/merge")
    second.get_by_role("link", name="Take all of yours").click()
    second.get_by_role("button", name="Save the merged text").click()
    second.wait_for_url(f"**{CAPTION}")
    texts = [text for _, text in history(console)][before:]
    assert texts[0] == "The first tab wrote this."
    assert "The second tab wrote that." in texts
    first.reload()
    expect(first.locator("[data-banner-kept]")).to_be_hidden()


def test_deciding_later_and_merging_without_javascript(stack: Stack, console: Console, sign_in: SignIn) -> None:
    ana, rui = sign_in("ana"), sign_in("rui")
    for page in (ana, rui):
        page.goto(CAPTION)
    write(rui, "Rui was faster.")
    with rui.expect_navigation():
        rui.keyboard.press("Control+s")
    write(ana, "Ana was slower.")
    ana.get_by_role("link", name="Compare and merge").first.click()
    ana.wait_for_url("**/merge")
    ana.get_by_role("link", name="Decide later").click()
    ana.wait_for_url(f"**{CAPTION}")
    expect(ana.locator("[data-banner=conflict]")).to_be_visible()
    assert "Ana was slower." in ana.locator("[data-caption-editor]").inner_html()

    plain = ana.context.browser.new_context(java_script_enabled=False, storage_state=ana.context.storage_state())  # type: ignore[union-attr]
    page = plain.new_page()
    page.goto(f"{stack.url}{CAPTION}/merge")
    page.get_by_role("link", name="Take all of theirs").click()
    page.get_by_role("button", name="Save the merged text").click()
    page.wait_for_url(f"**{CAPTION}")
    plain.close()
    assert {"Rui was faster.", "Ana was slower."} <= {text for _, text in history(console)}


@pytest.mark.parametrize(("width", "dark"), [(1440, True), (390, False), (390, True)])
def test_the_merge_page_is_readable_and_accessible(sign_in: SignIn, shots: Path | None, width: int, dark: bool) -> None:
    ana, rui = sign_in("ana", width=width, height=900, dark=dark), sign_in("rui")
    for page in (ana, rui):
        page.goto(CAPTION)
    write(rui, f"He turns to his left. [00:01.0] He jumps, {width} {dark}. He stays.")
    with rui.expect_navigation():
        rui.keyboard.press("Control+s")
    write(ana, f"He turns to his right. [00:01.0] He jumps, {width} {dark}. He goes.")
    ana.get_by_role("link", name="Compare and merge").first.click()
    ana.wait_for_url("**/merge")
    looks_right(ana, shots, f"merge-{width}-{'dark' if dark else 'light'}")
    assert ana.evaluate("document.documentElement.scrollWidth <= innerWidth")
