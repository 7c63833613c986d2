"""The panel of checks under a caption, by mouse and by keyboard, and the dialog that Submit opens on flags."""

import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from annotation.models import Caption, CaptionSubmission, CaptionWorkingCopy, Project, User
from annotation.services.captions import autosave, words_for
from annotation.states import State
from tests.e2e.caption_page import (
    CAPTION,
    WORKSPACE,
    Opener,
    editor,
    is_saved,
    open_as,
    playing_clip,
    put_caret,
    tell,
    text_of,
)
from tests.factories import DraftedCaptionFactory

__all__ = ["open_as"]

pytestmark = [pytest.mark.browser, pytest.mark.workspace, pytest.mark.django_db(transaction=True)]

TEXT = (
    "😀 There are three people in the video. The first is a bald man in a brown T-shirt. The second is a"
    " woman in green. [00:01.0] The man waves. [00:02.0] She is probably tired. [00:03.0] The person leaves."
)
CLEAN = (
    TEXT.replace("three", "two")
    .replace("She is probably tired", "She sits down")
    .replace("person leaves", "man leaves")
)
MISCOUNTED = {"rule": "people-count-mismatch", "sentence": "😀 There are three people in the video."}
GUESSED = {"rule": "speculation", "sentence": "She is probably tired."}
UNCLEAR = {"rule": "vague-reference", "sentence": "The person leaves."}
COLLECT = """() => {
  const body = {};
  document.dispatchEvent(new CustomEvent("caption:collect", { detail: { body } }));
  return body.dismissed;
}"""
TYPE_AND_FIX = """() => {
  const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));
  const keys = { key: "F", code: "KeyF", ctrlKey: true, shiftKey: true, bubbles: true, cancelable: true };
  const fix = () => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", keys));
  const typed = (insert, caret) => tell("caption:edit", { from: 0, to: 0, insert, select: { from: caret, to: caret } });
  const { text } = document.querySelector("[data-caption-editor]").caption;
  for (const [insert, before] of [["Well. ", 6], ["Oh. ", 10]]) {
    typed(insert, before + text.indexOf("three") + 2);
    fix();
  }
}"""
HEAR = """() => {
  const node = document.querySelector("[data-check-spoken]");
  window.spoken = [];
  new MutationObserver(() => window.spoken.push(node.textContent)).observe(node, { childList: true });
}"""


@pytest.fixture
def caption(project: Project) -> Caption:
    return DraftedCaptionFactory(project=project, text=TEXT, clip=playing_clip(project))


def write(page: Page, text: str) -> None:
    editor(page).fill(text)
    assert text_of(page) == text


def summary(page: Page) -> Locator:
    return page.locator(".checks [data-check-summary]")


def rows(page: Page) -> Locator:
    return page.locator("[data-checks] li")


def selected(page: Page) -> str:
    return str(page.evaluate(f"{CAPTION}.text.slice({CAPTION}.selection.from, {CAPTION}.selection.to)"))


def kept_as_fine(page: Page, user: User) -> Any:
    """What the server knows to be called fine, once all is autosaved."""
    is_saved(page)
    return CaptionWorkingCopy.objects.get(owner=user).dismissed


def test_the_page_comes_with_its_flags_and_asks_only_for_other_words(
    caption: Caption, ana: User, open_as: Opener
) -> None:
    page = open_as(ana)
    asked: list[str | None] = []
    page.on("request", lambda one: asked.append(one.post_data) if one.url.endswith("/caption/checks") else None)
    page.reload()
    expect(page.locator(".cm-content .bad")).to_have_text("three")
    expect(rows(page).first.get_by_role("button", name="Change to “two”")).to_be_visible()
    page.wait_for_timeout(600)
    assert asked == []
    with page.expect_response("**/caption/checks"):
        write(page, CLEAN)
    assert len(asked) == 1


def test_flags_are_shown_fixed_and_called_fine(
    caption: Caption, ana: User, open_as: Opener, shots: Path | None
) -> None:
    page = open_as(ana)
    expect(summary(page)).to_have_text("1 to fix, 2 to look at")
    first = rows(page).first
    expect(first).to_contain_text("Fix")
    expect(first).to_contain_text("3 announced, 2 are described.")
    expect(page.locator(".cm-content .bad")).to_have_text("three")
    expect(page.locator(".cm-content .bad")).to_have_attribute("title", re.compile("3 announced, 2 are described."))
    expect(page.locator(".cm-content .vague")).to_have_text(["probably", "The person"])
    photograph(page, shots, "checks")

    first.get_by_role("button", name="Show").click()
    expect(editor(page)).to_be_focused()
    assert selected(page) == "three"
    expect(page.locator("[data-checks] [aria-current=true]")).to_contain_text("3 announced")
    first.get_by_role("button", name="Change to “two”").click()
    expect(summary(page)).to_have_text("0 to fix, 2 to look at")
    assert text_of(page) == TEXT.replace("three", "two")
    expect(page.locator(".cm-content .bad")).to_have_count(0)

    first.get_by_role("button", name="Fine as is").click()
    expect(summary(page)).to_have_text("0 to fix, 1 to look at")
    expect(page.locator(".cm-content .vague")).to_have_text(["The person"])
    assert page.evaluate(COLLECT) == [GUESSED]
    assert kept_as_fine(page, ana) == [GUESSED]
    write(page, TEXT.replace("three", "two").replace("probably tired", "probably cold"))
    expect(summary(page)).to_have_text("0 to fix, 2 to look at")
    assert page.evaluate(COLLECT) == []
    write(page, CLEAN)
    expect(summary(page)).to_have_text("All checks fine")


def test_keys_go_through_the_flags_while_typing(caption: Caption, ana: User, open_as: Opener) -> None:
    page = open_as(ana)
    expect(summary(page)).to_have_text("1 to fix, 2 to look at")
    put_caret(page, 0)
    for key, shown in (
        ("Control+;", "three"),
        ("Control+;", "probably"),
        ("Control+;", "The person"),
        ("Control+;", "three"),
        ("Control+Shift+;", "The person"),
    ):
        page.keyboard.press(key)
        assert selected(page) == shown, key
    page.keyboard.press("Control+Shift+L")
    expect(summary(page)).to_have_text("1 to fix, 1 to look at")
    assert page.evaluate(COLLECT) == [UNCLEAR]
    page.keyboard.press("Control+;")
    assert selected(page) == "three"
    page.keyboard.press("Control+Shift+F")
    expect(summary(page)).to_have_text("0 to fix, 1 to look at")
    assert text_of(page) == TEXT.replace("three", "two")
    expect(editor(page)).to_be_focused()


def test_keys_act_on_the_flag_at_the_caret_of_what_was_just_typed(caption: Caption, ana: User, open_as: Opener) -> None:
    page = open_as(ana)
    expect(summary(page)).to_have_text("1 to fix, 2 to look at")
    put_caret(page, 0)
    page.keyboard.type("Well. ")
    put_caret(page, f"Well. {TEXT}".index("three") + 2)
    page.keyboard.press("Control+Shift+F")  # before the checks have seen the new text
    expect(summary(page)).to_have_text("0 to fix, 2 to look at")
    assert text_of(page) == f"Well. {TEXT}".replace("three", "two")


def test_keys_wait_for_words_that_the_editor_has_not_told_of_yet(caption: Caption, ana: User, open_as: Opener) -> None:
    """Two keys, each before the next picture shows what was typed, and the first before its answer came."""
    page = open_as(ana)
    expect(summary(page)).to_have_text("1 to fix, 2 to look at")
    put_caret(page, 0)
    page.evaluate(TYPE_AND_FIX)
    expect(summary(page)).to_have_text("0 to fix, 2 to look at")
    assert text_of(page) == f"Oh. Well. {TEXT}".replace("three", "two")


def test_what_was_called_fine_stays_so_and_can_be_taken_back(caption: Caption, ana: User, open_as: Opener) -> None:
    etag = words_for(caption, ana).etag
    autosave(caption=caption, user=ana, etag=etag, text=TEXT, people=[], notes={"dismissed": [GUESSED]})
    page = open_as(ana)
    expect(summary(page)).to_have_text("1 to fix, 1 to look at")
    page.get_by_role("button", name="Not fine").click()
    expect(summary(page)).to_have_text("1 to fix, 2 to look at")
    assert page.evaluate(COLLECT) == []
    assert kept_as_fine(page, ana) == []


def test_what_was_called_fine_can_be_restored(caption: Caption, ana: User, open_as: Opener) -> None:
    page = open_as(ana)
    expect(summary(page)).to_have_text("1 to fix, 2 to look at")
    tell(page, "caption:restore", {"content": {"text": TEXT, "people": [], "dismissed": [GUESSED]}})
    expect(summary(page)).to_have_text("1 to fix, 1 to look at")
    assert page.evaluate(COLLECT) == [GUESSED]


def test_without_the_server_the_panel_says_so_and_the_text_goes_on(
    caption: Caption, ana: User, open_as: Opener
) -> None:
    page = open_as(ana, expected="Failed to load resource: net::ERR_CONNECTION_REFUSED")
    expect(summary(page)).to_have_text("1 to fix, 2 to look at")
    page.route("**/checks", lambda route: route.abort("connectionrefused"))
    write(page, f"{TEXT} He seems sad.")
    expect(summary(page)).to_have_text("Checks wait for the server")
    assert text_of(page) == f"{TEXT} He seems sad."
    page.unroute("**/checks")
    page.evaluate("() => window.dispatchEvent(new Event('online'))")
    expect(summary(page)).to_have_text("1 to fix, 3 to look at")


def test_summary_is_spoken_once_typing_has_paused(caption: Caption, ana: User, open_as: Opener) -> None:
    page = open_as(ana)
    spoken = page.locator("[data-check-spoken]")
    expect(spoken).to_have_text("1 to fix, 2 to look at")
    page.evaluate(HEAR)
    put_caret(page, len(TEXT))
    page.keyboard.type(" He seems sad.")
    expect(summary(page)).to_have_text("1 to fix, 3 to look at")
    page.keyboard.type(" He seems cold.")
    expect(summary(page)).to_have_text("1 to fix, 4 to look at")
    expect(spoken).to_have_text("1 to fix, 4 to look at")
    assert page.evaluate("() => window.spoken") == ["1 to fix, 4 to look at"]


def press_submit(page: Page, *, flags: str) -> Locator:
    page.get_by_role("button", name="Submit for review").click()
    dialog = page.get_by_role("dialog", name=f"Submit with {flags}")
    expect(dialog).to_be_visible()
    return dialog


def is_not_submitted(caption: Caption) -> bool:
    caption.refresh_from_db()
    return caption.state != State.IN_REVIEW and not CaptionSubmission.objects.exists()


def is_submitted(page: Page, caption: Caption) -> CaptionSubmission:
    page.wait_for_url(lambda url: WORKSPACE not in url)
    caption.refresh_from_db()
    assert caption.state == State.IN_REVIEW
    return CaptionSubmission.objects.get(caption=caption)


@pytest.mark.parametrize("way", ["Back to the text", "Escape"])
def test_from_the_submit_dialog_back_to_the_text(caption: Caption, ana: User, open_as: Opener, way: str) -> None:
    page = open_as(ana)
    put_caret(page, 0)
    page.keyboard.type("Well. ")  # what was typed last is asked about, too
    dialog = press_submit(page, flags="3 open flags")
    dialog.get_by_label("Same reason for all").select_option("as_seen")
    if way == "Escape":
        page.keyboard.press(way)
    else:
        dialog.get_by_role("button", name=way).click()
    expect(dialog).to_be_hidden()
    expect(editor(page)).to_be_focused()
    assert selected(page) == "three"
    is_saved(page)
    assert is_not_submitted(caption)
    assert CaptionWorkingCopy.objects.get(owner=ana).text == f"Well. {TEXT}"


def test_submit_dialog_asks_for_reasons_and_they_are_stored(
    caption: Caption, ana: User, open_as: Opener, shots: Path | None
) -> None:
    page = open_as(ana)
    expect(summary(page)).to_have_text("1 to fix, 2 to look at")
    put_caret(page, TEXT.index("person leaves"))
    page.keyboard.press("Control+Shift+L")
    expect(summary(page)).to_have_text("1 to fix, 1 to look at")
    dialog = press_submit(page, flags="2 open flags")
    expect(dialog.locator("[data-flag-reasons] blockquote")).to_have_text([MISCOUNTED["sentence"], GUESSED["sentence"]])
    photograph(page, shots, "submit")
    same = dialog.get_by_label("Same reason for all")
    expect(same).to_be_focused()
    same.select_option("as_seen")
    dialog.get_by_label("Reason: “probably”").select_option("style")
    expect(same).to_have_value("")
    dialog.get_by_role("button", name="Submit for review").click()
    assert is_submitted(page, caption).flags == [
        {**MISCOUNTED, "reason": "as_seen"},
        {**GUESSED, "reason": "style"},
        {**UNCLEAR, "reason": "fine"},
    ]


def test_the_key_of_submit_pressed_again_leaves_the_dialog_as_it_is(
    caption: Caption, ana: User, open_as: Opener
) -> None:
    page = open_as(ana)
    write(page, TEXT.replace("three", "two").replace("probably ", ""))
    page.keyboard.press("Control+Enter")
    dialog = page.get_by_role("dialog", name="Submit with 1 open flag")
    reason = dialog.get_by_label("Reason: “The person”")
    expect(reason).to_be_focused()
    expect(dialog.get_by_label("Same reason for all")).to_be_hidden()
    reason.select_option("cannot_tell")
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.url.endswith("/submit") else None)
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(300)
    expect(reason).to_have_value("cannot_tell")
    dialog.get_by_role("button", name="Submit for review").click()
    assert is_submitted(page, caption).flags == [{**UNCLEAR, "reason": "cannot_tell"}]
    assert len(posts) == 1


def test_a_text_without_flags_is_submitted_without_a_question(caption: Caption, ana: User, open_as: Opener) -> None:
    page = open_as(ana)
    write(page, CLEAN)
    page.get_by_role("button", name="Submit for review").click()
    submission = is_submitted(page, caption)
    assert (submission.flags, submission.revision.text) == ([], CLEAN)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_panel_and_dialog_are_accessible(caption: Caption, ana: User, open_as: Opener, scheme: str) -> None:
    page = open_as(ana, color_scheme=scheme)
    expect(summary(page)).to_have_text("1 to fix, 2 to look at")
    rows(page).nth(1).get_by_role("button", name="Fine as is").click()
    rows(page).first.get_by_role("button", name="Show").click()
    expect(page.locator("[data-checks] [aria-current=true]")).to_have_count(1)
    nothing_to_complain(page, ".checks")
    press_submit(page, flags="2 open flags")
    nothing_to_complain(page, "#submit-flags")


def nothing_to_complain(page: Page, part: str) -> None:
    found = Axe().run(page, part).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


def photograph(page: Page, shots: Path | None, name: str) -> None:
    """Light and dark, wide and on a phone, if somebody wants to look."""
    if shots is None:
        return
    for width, height in ((1440, 900), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=shots / f"{name}-{width}-{scheme}.png", full_page=width < 600)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1440, "height": 900})
