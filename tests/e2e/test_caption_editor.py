"""The caption's text in a real browser: plain text to the byte, time marks as one piece, find and replace, undo."""

import json
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Page, expect

from annotation.models import Caption, CaptionWorkingCopy, Project, User
from annotation.services.captions import submit, words_for
from tests.e2e.caption_page import (
    CAPTION,
    Opener,
    caret,
    editor,
    go_to,
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

TEXT = "There is one person. [00:00.3] He spreads both arms. [00:01.0] He jumps."
FIRST, AFTER_FIRST = TEXT.index("[00:00.3]"), TEXT.index("[00:00.3]") + len("[00:00.3]")
CASES: dict[str, Any] = json.loads((Path(__file__).parents[1] / "annotation/fixtures/caption_texts.json").read_text())
READ = """async (cases) => {
  const { sentencesOf, markAt } = await import("STATIC/js/caption-text.js");
  return {
    sentences: cases.sentences.map((one) => sentencesOf(one.text, 10).filter((part) => part.text)
      .map((part) => ({ start_ms: Math.round(part.start * 1000), text: part.text }))),
    marks: cases.marks.map((one) => markAt(one.ms / 1000)),
  };
}""".replace("STATIC/", settings.STATIC_URL)
PURE = """async () => {
  const text = await import("STATIC/js/caption-text.js");
  const { nudged, markBeside, sentencesOf, spaced, changeBetween, wordsIn } = text;
  const two = "A [00:01.0] b [00:00.5] c [00:09.0] d";
  const apply = (before, after) => {
    const { from, to, insert } = changeBetween(before, after);
    return before.slice(0, from) + insert + before.slice(to);
  };
  const beside = (place) => markBeside(two, sentencesOf(two, 2), place)?.start ?? null;
  return {
    nudged: [nudged(1, 1, 2), nudged(0.3, -4, 2), nudged(1.9, 5, 1.96), nudged(9, 1, 2), nudged(9, -1, 2)],
    why: sentencesOf(two, 2).map((one) => one.why ?? ""),
    beside: [1, 2, 5, 11, 12, 13].map(beside),
    spaced: [spaced("ab", "x", 1), spaced("a b", "x", 1), spaced("", "x", 0)],
    changed: [apply("aXbXc", "aXc"), apply("", "new"), apply("aa", "aaa"), apply("same", "same")],
    words: wordsIn("[00:01.0] Zé’s T-shirt, 2 cats."),
  };
}""".replace("STATIC/", settings.STATIC_URL)

EDIT_AND_SAVE = """detail => {
  document.dispatchEvent(new CustomEvent("caption:edit", { detail }));
  document.querySelector("[value=save]").click();
}"""
COLLECT = """() => {
  const body = {};
  document.dispatchEvent(new CustomEvent("caption:collect", { detail: { body } }));
  return body;
}"""


@pytest.fixture
def caption(project: Project) -> Caption:
    return DraftedCaptionFactory(project=project, text=TEXT, clip=playing_clip(project))


def test_browser_and_server_cut_the_same_sentences(caption: Caption, ana: User, open_as: Opener) -> None:
    read = open_as(ana).evaluate(READ, CASES)
    assert read["sentences"] == [case["sentences"] for case in CASES["sentences"]]
    assert read["marks"] == [case["mark"] for case in CASES["marks"]]


def test_marks_move_and_changes_are_found_as_worked_out_by_hand(caption: Caption, ana: User, open_as: Opener) -> None:
    assert open_as(ana).evaluate(PURE) == {
        # up, not before 0, not past the end, never further past it, back from there
        "nudged": [1.1, 0, 1.9, 9, 8.9],
        "why": ["", "Earlier than the mark before it", "After the end of the clip"],
        # [00:01.0] stands at 2 to 11; the space after it counts, the letter after that does not
        "beside": [None, 1, None, 1, 1, None],
        "spaced": [" x ", " x", "x"],
        "changed": ["aXc", "new", "aaa", "same"],
        "words": 4,
    }


def test_a_time_mark_is_one_piece_for_caret_deletion_and_clipboard(
    caption: Caption, ana: User, open_as: Opener
) -> None:
    page = open_as(ana)
    expect(page.locator(".cm-chip")).to_have_text(["[00:00.3]", "[00:01.0]"])
    put_caret(page, FIRST)
    page.keyboard.press("ArrowRight")
    assert caret(page) == AFTER_FIRST
    page.keyboard.press("Backspace")
    assert text_of(page) == TEXT.replace("[00:00.3]", "")
    page.keyboard.press("Control+z")
    assert text_of(page) == TEXT
    put_caret(page, FIRST, AFTER_FIRST)
    page.keyboard.press("Control+c")
    put_caret(page, len(TEXT))
    page.keyboard.press("Control+v")
    assert text_of(page) == f"{TEXT}[00:00.3]"
    expect(page.locator(".cm-chip")).to_have_count(3)


def test_a_click_on_a_mark_seeks_and_dragging_or_keys_move_its_time(
    caption: Caption, ana: User, open_as: Opener
) -> None:
    page = open_as(ana)
    chip = page.locator(".cm-chip").nth(1)
    chip.click()
    page.wait_for_function("() => Math.abs(document.querySelector('video').currentTime - 1.0) < 0.04")
    assert (text_of(page), caret(page)) == (TEXT, TEXT.index("[00:01.0]") + 9)
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Alt+ArrowUp")
    assert "[00:01.2] He jumps." in text_of(page)
    page.keyboard.press("Alt+ArrowDown")
    assert "[00:01.1] He jumps." in text_of(page)
    page.wait_for_function("() => Math.abs(document.querySelector('video').currentTime - 1.1) < 0.04")
    box = chip.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 10 + 16, box["y"] + 10)  # eight pixels a tenth
    page.mouse.move(box["x"] + 10 + 32, box["y"] + 10)
    expect(chip).to_have_text("[00:01.5]")
    assert "[00:01.1]" in text_of(page)  # nothing is written before it is let go
    page.mouse.up()
    assert "[00:01.5] He jumps." in text_of(page)
    page.keyboard.press("Control+z")
    assert "[00:01.1] He jumps." in text_of(page)


def test_a_mark_out_of_order_or_past_the_end_is_marked(caption: Caption, ana: User, open_as: Opener) -> None:
    page = open_as(ana)
    expect(page.locator(".cm-chip[data-bad]")).to_have_count(0)
    tell(page, "caption:edit", {"from": FIRST, "to": AFTER_FIRST, "insert": "[00:01.5]"})
    bad = page.locator(".cm-chip[data-bad]")
    expect(bad).to_have_attribute("title", "Earlier than the mark before it")
    expect(bad).to_have_text("[00:01.0]")
    put_caret(page, len(TEXT))
    page.keyboard.type(" [00:07.8] Later.")
    expect(bad.nth(1)).to_have_attribute("title", "After the end of the clip")


def test_control_m_puts_the_playheads_mark_and_play_from_the_caret_lights_the_sentence(
    caption: Caption, ana: User, open_as: Opener
) -> None:
    page = open_as(ana)
    go_to(page, 0.466)  # frame 14, which starts at 0.4667
    put_caret(page, TEXT.index("both"))
    page.keyboard.press("Control+m")
    page.keyboard.type("now ")
    made = TEXT.replace("both", "[00:00.4] now both")
    assert text_of(page) == made
    put_caret(page, made.index("He jumps"))
    page.keyboard.press("Control+Shift+m")
    expect(page.locator(".cm-content .now")).to_have_text("[00:01.0] He jumps.")
    page.wait_for_function("() => document.querySelector('video').currentTime > 1.05")
    page.keyboard.press("Control+Space")
    page.wait_for_function("() => document.querySelector('video').paused")
    go_to(page, 1.233)  # frame 37 of 30 a second
    expect(page.locator("[data-frame]")).to_have_text("37")
    page.keyboard.press("Control+.")
    expect(page.locator("[data-frame]")).to_have_text("38")
    assert text_of(page) == made  # transport keys type nothing


def test_escape_goes_to_the_player_and_i_comes_back(caption: Caption, ana: User, open_as: Opener) -> None:
    page = open_as(ana)
    put_caret(page, 5)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_focused()
    page.keyboard.press("i")
    expect(editor(page)).to_be_focused()
    assert (caret(page), text_of(page)) == (5, TEXT)


def test_find_and_replace_takes_what_is_typed_literally(caption: Caption, ana: User, open_as: Opener) -> None:
    page = open_as(ana)
    put_caret(page, 0)
    page.keyboard.press("Control+f")
    find = page.get_by_role("search", name="Find and replace in the caption")
    expect(find.get_by_label("Find", exact=True)).to_be_focused()
    page.keyboard.type("he ")
    expect(page.locator(".cm-searchMatch")).to_have_count(2)
    find.get_by_label("Match case").check()
    expect(page.locator(".cm-searchMatch")).to_have_count(0)
    find.get_by_label("Find", exact=True).fill("He ")
    find.get_by_label("Replace with").fill(r"The $1 man\n ")
    find.get_by_role("button", name="Replace all").click()
    replaced = TEXT.replace("He ", r"The $1 man\n ")
    assert text_of(page) == replaced
    page.keyboard.press("Escape")
    expect(find).to_have_count(0)
    expect(editor(page)).to_be_focused()
    page.keyboard.press("Control+z")
    assert text_of(page) == TEXT


def test_undo_and_redo_outlive_autosaves(caption: Caption, ana: User, open_as: Opener) -> None:
    page = open_as(ana)
    put_caret(page, len(TEXT))
    for word in (" One.", " Two."):
        page.keyboard.type(word)
        with page.expect_response(lambda reply: reply.request.method == "PUT"):
            pass
        is_saved(page)
    assert CaptionWorkingCopy.objects.get(owner=ana).text == f"{TEXT} One. Two."
    page.keyboard.press("Control+z")
    assert text_of(page) == f"{TEXT} One."
    page.keyboard.press("Control+z")
    assert text_of(page) == TEXT
    page.keyboard.press("Control+Shift+z")
    page.keyboard.press("Control+y")
    assert text_of(page) == f"{TEXT} One. Two."


def test_an_input_method_composes_and_no_key_is_taken_meanwhile(caption: Caption, ana: User, open_as: Opener) -> None:
    page = open_as(ana)
    put_caret(page, AFTER_FIRST)
    client = page.context.new_cdp_session(page)
    for step in ("か", "かん", "漢"):
        client.send("Input.imeSetComposition", {"text": step, "selectionStart": len(step), "selectionEnd": len(step)})
    assert text_of(page) == TEXT.replace("[00:00.3]", "[00:00.3]漢")
    client.send("Input.insertText", {"text": "漢字"})
    composed = TEXT.replace("[00:00.3]", "[00:00.3]漢字")
    assert text_of(page) == composed
    page.keyboard.press("Control+z")
    assert text_of(page) == TEXT
    page.keyboard.press("Control+Shift+z")
    is_saved(page)
    assert text_of(page) == composed


BYTES = "".join(
    (
        "  Two spaces before, one after, a tab\t, an empty line: \n\n",
        "🏃🏽‍♀️ 🇵🇹 e\u0301 \u1100\u1161 ﬁ \u00a0\u2003\u200b; ",
        "هي تلوح [00:01.5] בידה. \u202eright to left\u202c\n   indented ",
    )
)


def test_emoji_right_to_left_and_combining_text_reaches_the_database_byte_for_byte(
    caption: Caption, ana: User, open_as: Opener
) -> None:
    page = open_as(ana)
    put_caret(page, 0, len(TEXT))
    client = page.context.new_cdp_session(page)
    lines = BYTES.split("\n")
    for number, line in enumerate(lines):
        if number:
            page.keyboard.press("Enter")
        client.send("Input.insertText", {"text": line})
    assert text_of(page) == BYTES
    is_saved(page)
    assert CaptionWorkingCopy.objects.get(owner=ana).text.encode() == BYTES.encode()
    page.reload()
    assert text_of(page) == BYTES
    page.get_by_role("button", name="Save Ctrl+S").click()
    page.wait_for_load_state()
    expect(page.get_by_role("tab", name="History 1")).to_be_visible()
    caption.refresh_from_db()
    assert caption.head is not None
    assert caption.head.text.encode() == BYTES.encode()
    assert text_of(page) == BYTES


def test_pasted_windows_line_ends_become_line_feeds(caption: Caption, ana: User, open_as: Opener) -> None:
    page = open_as(ana)
    put_caret(page, 0, len(TEXT))
    page.evaluate(
        """() => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", "One.\\r\\nTwo.");
          clipboardData.setData("text/html", "<b>One.</b>");
          const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
          document.activeElement.dispatchEvent(event);
        }"""
    )
    assert text_of(page) == "One.\nTwo."
    page.keyboard.press("Control+b")
    assert editor(page).locator("b, strong").count() == 0


def test_what_was_typed_just_before_save_is_saved_and_nothing_is_called_unsaved(
    caption: Caption, ana: User, open_as: Opener
) -> None:
    page = open_as(ana)
    page.evaluate(EDIT_AND_SAVE, {"from": len(TEXT), "to": len(TEXT), "insert": " End."})
    expect(
        page.get_by_role("tab", name="History 1")
    ).to_be_visible()  # a page that asks whether to leave would not come
    caption.refresh_from_db()
    assert caption.head is not None
    assert caption.head.text == f"{TEXT} End."


def test_its_look_needs_nothing_of_the_policy(caption: Caption, ana: User, open_as: Opener) -> None:
    page = open_as(ana)
    policy = page.request.get(page.url).headers["content-security-policy"]
    assert ("style-src 'self';" in f"{policy};", "unsafe" in policy, "nonce" in policy) == (True, False, False)
    assert page.evaluate("[document.querySelectorAll('style').length, document.adoptedStyleSheets.length]") == [0, 1]
    assert editor(page).evaluate("node => getComputedStyle(node).whiteSpace") == "break-spaces"


def test_others_edit_select_paint_and_restore_as_one_step_each(caption: Caption, ana: User, open_as: Opener) -> None:
    page = open_as(ana)
    tell(
        page, "caption:marks-on", {"layer": "flags", "ranges": [{"from": 0, "to": 5, "cls": "vague", "title": "Who?"}]}
    )
    expect(page.locator(".vague[title='Who?']")).to_have_text("There")
    tell(page, "caption:edit", {"from": 0, "to": 0, "insert": "Here. ", "select": True})
    expect(page.locator(".vague")).to_have_text("There")  # it moved with the text
    assert page.evaluate(f"{CAPTION}.selection") == {"from": 0, "to": 6}
    tell(page, "caption:restore", {"content": {"text": "Other words.", "people": []}})
    assert text_of(page) == "Other words."
    page.keyboard.press("Control+z")
    assert text_of(page) == f"Here. {TEXT}"
    page.keyboard.press("Control+z")
    assert text_of(page) == TEXT
    assert page.evaluate(COLLECT)["text"] == TEXT
    tell(page, "caption:marks-on", {"layer": "flags", "ranges": []})
    expect(page.locator(".vague")).to_have_count(0)


def test_a_caption_in_review_can_be_selected_and_not_changed(caption: Caption, ana: User, open_as: Opener) -> None:
    submit(caption=caption, user=ana, etag=words_for(caption, ana).etag, text=TEXT, people=[])
    page = open_as(ana)
    expect(editor(page)).to_have_attribute("aria-readonly", "true")
    editor(page).focus()
    page.keyboard.type("qq")
    tell(page, "caption:edit", {"from": 0, "to": 0, "insert": "no"})
    tell(page, "caption:take", {"text": "no"})
    page.locator(".cm-chip").nth(1).click()
    page.wait_for_function("() => Math.abs(document.querySelector('video').currentTime - 1.0) < 0.04")
    page.keyboard.press("Alt+ArrowUp")
    assert text_of(page) == TEXT
    page.locator(".cm-line").click(click_count=3)
    assert page.evaluate("getSelection().toString()") == TEXT


def test_the_plain_form_saves_without_javascript(caption: Caption, ana: User, open_as: Opener) -> None:
    page = open_as(ana, java_script_enabled=False)
    area = page.locator("#caption-form textarea[name=text]")
    expect(area).to_have_accessible_name("Caption")
    assert area.input_value() == TEXT
    area.fill("One.\nTwo.")
    page.get_by_role("button", name="Save Ctrl+S").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    caption.refresh_from_db()
    assert caption.head is not None
    assert caption.head.text == "One.\nTwo."


def test_the_form_sends_what_the_editor_holds(caption: Caption, ana: User, open_as: Opener) -> None:
    page = open_as(ana)
    put_caret(page, len(TEXT))
    page.keyboard.type(" More.")
    sent = page.evaluate("new FormData(document.querySelector('#caption-form')).get('text')")
    assert sent == f"{TEXT} More."


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_editor_is_accessible_with_its_find_panel_open(
    caption: Caption, ana: User, open_as: Opener, scheme: str
) -> None:
    page = open_as(ana, color_scheme=scheme)
    nothing_to_complain(page)
    put_caret(page, 0)
    page.keyboard.press("Control+f")
    page.keyboard.type("arms")
    nothing_to_complain(page)


def nothing_to_complain(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
