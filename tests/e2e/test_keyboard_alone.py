"""A caption from first look to Submit with the keyboard alone; the clip's keys never take the focus out of the text."""

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Caption, Project, User
from annotation.states import State
from tests.e2e.caption_page import Opener, editor, open_as, playing_clip, text_of
from tests.factories import DraftedCaptionFactory

__all__ = ["open_as"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TEXT = "There is one person in the video, a bald man. [00:00.3] He spreads both arms. [00:01.0] He jumps."


def in_text(page: Page) -> bool:
    inside: bool = page.evaluate("document.activeElement.matches('.cm-content')")
    return inside


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)
        assert in_text(page), key


def frame_at_rest(page: Page) -> int:
    """The number of the picture on the screen once it stays: the last one may be presented after the pause."""
    seen: list[str] = []
    while len(seen) < 6 or len(set(seen[-6:])) > 1:
        seen.append(page.locator("[data-frame]").inner_text())
        page.wait_for_timeout(60)
    return int(seen[-1])


def test_a_caption_is_corrected_and_handed_in_by_keyboard_alone(project: Project, ana: User, open_as: Opener) -> None:
    caption = DraftedCaptionFactory(project=project, text=TEXT, clip=playing_clip(project))
    page = open_as(ana)
    page.keyboard.press("i")
    expect(editor(page)).to_be_focused()

    press(page, "Control+ ")
    page.wait_for_function("() => document.querySelector('video').currentTime > 1.2")
    press(page, "Control+ ")
    page.wait_for_function("() => document.querySelector('video').paused")
    stopped = frame_at_rest(page)
    press(page, *["Control+."] * 3, "Control+,")
    expect(page.locator("[data-frame]")).to_have_text(str(stopped + 2))

    press(page, "Control+End", "Control+m")
    page.keyboard.type("He lands. [00:09.0] He stands.")
    mark = text_of(page).removeprefix(TEXT)
    assert mark.startswith(" [00:0") and mark.endswith("] He lands. [00:09.0] He stands.")

    press(page, "Control+Shift+ ")
    expect(page.locator("[data-loop-flag]")).to_be_visible()
    press(page, "Control+Shift+ ")
    expect(page.locator("[data-loop-flag]")).to_be_hidden()
    if not page.evaluate("document.querySelector('video').paused"):
        press(page, "Control+ ")

    expect(page.locator("[data-check-summary]")).to_have_text("1 to fix, 0 to look at")
    press(page, "Control+;", "Control+Shift+f")
    expect(page.locator("[data-check-summary]")).to_have_text("All checks fine")
    assert text_of(page).endswith("[00:07.7] He stands.")

    changes = page.get_by_role("tab", name="Changes")
    for _ in range(30):
        if page.evaluate("document.activeElement.id") == "tab-edit":
            break
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowRight")
    expect(changes).to_be_focused()
    expect(page.locator("#pane-changes ins", has_text="He stands.")).to_be_visible()
    page.keyboard.press("i")
    expect(editor(page)).to_be_focused()

    written = text_of(page)
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/queue/")
    handed_in = Caption.objects.get(pk=caption.pk)
    assert handed_in.state == State.IN_REVIEW
    assert handed_in.head is not None and handed_in.head.text == written
    submission = handed_in.submissions.get()
    assert submission.flags == [] and submission.watched_percent >= 15  # 1.2 s of 7.7 s
