"""Changes, critiques and drafts beside the words as they are typed: what only a browser shows."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, Locator, Page, expect

from annotation.models import Caption, CaptionWorkingCopy, Project, User
from annotation.services import captions
from annotation.services.comments import add_note, beside_caption
from annotation.services.drafts import store_draft
from tests.factories import PEOPLE, TEXT, ClipFactory, DraftedCaptionFactory

pytestmark = [pytest.mark.browser, pytest.mark.workspace, pytest.mark.django_db(transaction=True)]

WORKSPACE = "/projects/demo/clips/c/caption"
OPEN = Callable[..., Page]


@pytest.fixture
def caption(project: Project) -> Caption:
    return DraftedCaptionFactory(project=project, clip=ClipFactory.create(project=project, clip_id="c"))


@pytest.fixture
def open_as(browser: Browser, live_server: Any) -> Iterator[OPEN]:
    contexts, errors = [], []

    def sign_in(user: User, *, width: int = 1440, height: int = 900, dark: bool = False) -> Page:
        client = Client()
        client.force_login(user)
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
        )
        contexts.append(context)
        context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(WORKSPACE)
        return page

    yield sign_in
    for context in contexts:
        context.close()
    assert errors == []


def words(page: Page) -> str:
    """What the editor holds, once there is one: a page that was just loaded makes it a moment later."""
    page.wait_for_function("() => document.querySelector('[data-caption-editor]')?.caption")
    said: str = page.evaluate("document.querySelector('[data-caption-editor]').caption.text")
    return said


def replace(page: Page, old: str, new: str) -> None:
    """As another module of the page would change the text: one undo step."""
    at = words(page).index(old)
    detail = {"from": at, "to": at + len(old), "insert": new}
    page.evaluate("detail => document.dispatchEvent(new CustomEvent('caption:edit', { detail }))", detail)


def caret_to(page: Page, text: str) -> int:
    at = words(page).index(text)
    detail = {"from": at, "to": at}
    page.evaluate("detail => document.dispatchEvent(new CustomEvent('caption:select', { detail }))", detail)
    return at


def rows(page: Page) -> Locator:
    return page.locator("[data-diff] .diff-rows > li")


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=re.compile(f"^{name}")).click()


def test_the_pane_follows_what_is_typed_and_puts_a_sentence_back(caption: Caption, ana: User, open_as: OPEN) -> None:
    page = open_as(ana)
    replace(page, "spreads", "lifts")
    tab(page, "Changes")
    summary = page.locator("[data-diff-summary]")
    expect(summary).to_have_text("1 word removed, 1 added; 6 % of the draft’s words changed")  # 1 of 18
    expect(page.locator("[data-diff-count]")).to_have_text("−1 +1")
    expect(rows(page)).to_have_count(3)
    expect(rows(page).nth(1).locator("del")).to_have_text("spreads")
    expect(rows(page).nth(1).locator("ins")).to_have_text("lifts")
    replace(page, "He jumps.", "He jumps. She waves.")  # while the pane is open
    expect(rows(page)).to_have_count(4)
    expect(rows(page).nth(3)).to_contain_text("new")
    page.get_by_role("button", name="Put draft back sentence 2").click()
    expect(summary).to_have_text("0 words removed, 2 added; 0 % of the draft’s words changed")
    assert words(page) == f"{TEXT} She waves."
    expect(page.locator("#pane-changes")).to_be_visible()
    page.get_by_role("button", name="Whole text").click()
    expect(page.locator("[data-diff] ins")).to_have_text("She waves.")
    tab(page, "Edit")
    page.get_by_label("Caption", exact=True).focus()
    page.keyboard.press("Control+z")
    assert "He lifts both arms." in words(page)


def test_restoring_right_after_typing_keeps_what_was_typed_in_the_history(
    caption: Caption, ana: User, open_as: OPEN
) -> None:
    for number, text in enumerate((TEXT, f"{TEXT} She waves.")):
        captions.save(caption=caption, user=ana, etag=f'"{number}-0"', text=text, people=PEOPLE)
    page = open_as(ana)
    replace(page, "spreads", "lifts")
    tab(page, "History")
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile("^Restore")).last.click()
    assert words(page) == TEXT
    texts = list(caption.revisions.order_by("number").values_list("kind", "text"))
    assert texts[2:] == [("edit", f"{TEXT} She waves.".replace("spreads", "lifts")), ("restore", TEXT)]


def test_a_sentence_that_went_is_put_back_where_it_was(caption: Caption, ana: User, open_as: OPEN) -> None:
    page = open_as(ana)
    replace(page, " [00:00.3] He spreads both arms.", "")
    tab(page, "Changes")
    expect(rows(page).nth(1)).to_contain_text("removed")
    page.get_by_role("button", name="Put draft back sentence 2").click()
    expect(rows(page).nth(1)).to_contain_text("as drafted")
    assert words(page) == TEXT


def test_the_words_are_compared_with_any_revision_from_the_history(caption: Caption, ana: User, open_as: OPEN) -> None:
    captions.save(caption=caption, user=ana, etag='"0-0"', text=TEXT.replace("jumps", "leaps"), people=PEOPLE)
    page = open_as(ana)
    replace(page, "leaps", "hops")
    tab(page, "History")
    page.get_by_role("link", name="Compare with now revision 1").click()
    expect(rows(page).nth(2).locator("del")).to_have_text("leaps.")
    expect(page.locator("[data-diff-against]")).to_have_value("1")
    expect(rows(page).nth(2).get_by_role("button", name="Put back")).to_be_visible()
    page.locator("[data-diff-against]").select_option("draft")
    expect(rows(page).nth(2).locator("del")).to_have_text("jumps.")


def test_the_last_comparison_stays_while_the_server_is_away(caption: Caption, ana: User, open_as: OPEN) -> None:
    page = open_as(ana)
    replace(page, "spreads", "lifts")
    tab(page, "Changes")
    expect(rows(page).nth(1).locator("ins")).to_have_text("lifts")
    page.route("**/caption/changes", lambda route: route.abort())
    replace(page, "jumps", "leaps")
    expect(page.get_by_text("The comparison could not be fetched")).to_be_visible()
    expect(rows(page).nth(1).locator("ins")).to_have_text("lifts")
    page.unroute("**/caption/changes")
    page.get_by_role("button", name="Try again").locator("visible=true").click()
    expect(rows(page).nth(2).locator("ins")).to_have_text("leaps.")
    expect(page.get_by_text("The comparison could not be fetched")).to_be_hidden()


def test_two_keys_say_what_was_wrong_in_the_drafts_sentence(caption: Caption, ana: User, open_as: OPEN) -> None:
    page = open_as(ana)
    replace(page, "He spreads", "She spreads")
    at = caret_to(page, "She spreads") + 4
    page.keyboard.press("ArrowRight")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+Shift+e")
    listbox = page.get_by_role("listbox", name="What was wrong in the draft?")
    expect(listbox).to_be_focused()
    expect(page.locator("[data-tag-said]")).to_have_text("“He spreads both arms.”")
    page.keyboard.press("Escape")
    expect(listbox).to_be_hidden()
    expect(page.get_by_label("Caption", exact=True)).to_be_focused()
    assert page.evaluate("document.querySelector('[data-caption-editor]').caption.selection") == {"from": at, "to": at}
    page.keyboard.press("Control+Shift+e")
    with page.expect_response(lambda reply: '"critiques":[{' in (reply.request.post_data or "")) as kept:
        page.keyboard.press("1")
    assert (kept.value.request.method, kept.value.status) == ("PUT", 200)
    expect(page.get_by_label("Caption", exact=True)).to_be_focused()
    noted = {"error": "person", "draft": "He spreads both arms.", "final": "She spreads both arms."}
    assert CaptionWorkingCopy.objects.get(owner=ana).critiques == [noted]
    page.reload()
    tab(page, "Changes")
    expect(rows(page).nth(1).locator(".critique")).to_have_text("Wrong person")
    replace(page, "She spreads", "She slowly spreads")
    since = page.locator(".critiques-old")
    expect(since).to_contain_text("Noted of sentences that changed since")
    expect(since).to_contain_text("She spreads both arms.")
    with page.expect_response(lambda reply: '"critiques":[]' in (reply.request.post_data or "")):
        since.get_by_role("button", name="Remove: Wrong person").click()
    expect(since).to_have_count(0)


def test_a_sentence_that_came_is_called_missed_from_its_row(caption: Caption, ana: User, open_as: OPEN) -> None:
    page = open_as(ana)
    replace(page, "He jumps.", "He jumps. She waves.")
    tab(page, "Changes")
    rows(page).nth(3).get_by_role("button", name="What was wrong?").click()
    page.keyboard.press("ArrowUp")  # from the first to the last
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(rows(page).nth(3).locator(".critique")).to_have_text("Missed")
    expect(rows(page).nth(3).get_by_role("button", name="What was wrong?")).to_be_focused()


def test_a_sentence_that_stands_as_drafted_has_nothing_wrong_to_name(
    caption: Caption, ana: User, open_as: OPEN
) -> None:
    page = open_as(ana)
    caret_to(page, "He jumps.")
    page.keyboard.press("Control+Shift+e")
    expect(page.locator("[data-tag-said]")).to_have_text("This sentence stands as drafted.")
    page.keyboard.press("3")
    page.keyboard.press("Escape")
    expect(page.get_by_label("Caption", exact=True)).to_be_focused()
    assert words(page) == TEXT


def test_a_whole_draft_is_taken_and_undone_and_asks_only_before_ones_own_words_go(
    caption: Caption, ana: User, open_as: OPEN
) -> None:
    other = "One person stands there. [00:00.4] He waves."
    store_draft(clip=caption.clip, kind="caption", model="second", payload={"caption": other, "people": PEOPLE})
    page = open_as(ana)
    asked: list[str] = []

    def answer(dialog: Any) -> None:
        asked.append(dialog.message)
        dialog.dismiss() if len(asked) == 1 else dialog.accept()

    page.on("dialog", answer)
    tab(page, "Drafts")
    page.get_by_role("button", name="Take whole draft 2").click()
    assert (words(page), asked) == (other, [])  # a draft's words in the place of a draft's
    replace(page, "waves", "dances")
    tab(page, "Drafts")
    page.get_by_role("button", name="Take whole draft 2").click()
    assert (words(page), len(asked)) == (other.replace("waves", "dances"), 1)
    page.get_by_role("button", name="Take whole draft 2").click()
    assert (words(page), len(asked)) == (other, 2)
    page.keyboard.press("Control+z")
    assert words(page) == other.replace("waves", "dances")


def test_a_note_takes_nothing_of_what_was_typed(caption: Caption, ana: User, open_as: OPEN) -> None:
    page = open_as(ana)
    replace(page, "jumps", "leaps")
    page.get_by_label("Leave a note").fill("Is that a leap, at 00:01.0?")
    page.get_by_role("button", name="Leave note").click()
    page.wait_for_url("**#notes")
    expect(page.locator("#notes a[data-seek]")).to_have_text("00:01.0")
    assert "He leaps." in words(page)


@pytest.mark.parametrize(("width", "height", "dark"), [(1440, 900, False), (1440, 900, True), (390, 844, False)])
def test_every_pane_passes_axe(
    caption: Caption, ana: User, rui: User, open_as: OPEN, shots: Path | None, width: int, height: int, dark: bool
) -> None:
    text = TEXT.replace("spreads both", "slowly spreads his")
    critique = {"error": "attribute", "draft": "He spreads both arms.", "final": "He slowly spreads his arms."}
    captions.save(caption=caption, user=ana, etag='"0-0"', text=text, people=PEOPLE, notes={"critiques": [critique]})
    caption.refresh_from_db()
    captions.save(caption=caption, user=rui, etag='"1-0"', text=f"{text} He lands.", people=PEOPLE)
    add_note(beside=beside_caption(caption), author=rui, text="Which arm, at [00:00.3]?")
    page = open_as(ana, width=width, height=height, dark=dark)
    for name in ("Changes", "Drafts", "History"):
        tab(page, name)
        if name == "Changes":
            expect(page.locator(".critique").first).to_be_visible()
        assert Axe().run(page).response["violations"] == [], name
        if shots:
            page.screenshot(path=shots / f"{name.lower()}-{width}{'-dark' if dark else ''}.png", full_page=width < 500)
    tab(page, "Changes")
    page.get_by_role("button", name="What was wrong?").first.click()
    expect(page.locator("[data-tag-said]")).not_to_be_empty()
    assert Axe().run(page).response["violations"] == []
    if shots:
        page.screenshot(path=shots / f"menu-{width}{'-dark' if dark else ''}.png")
