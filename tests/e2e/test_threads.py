"""Notes in threads and the page of notifications, in a browser: the moment that the player shows, keys, looks."""

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from annotation.models import Caption, CaptionComment, Notification, Project, User
from annotation.services.comments import add_note, answer_note, beside_caption, mark_note
from annotation.services.notifications import tell
from annotation.services.reviews import approve, fix_and_approve
from qa.models import QAComment, QAItem
from qa.services.comments import beside_question
from tests.e2e.caption_page import WORKSPACE, Opener, go_to, open_as, playing_clip
from tests.factories import PEOPLE, TEXT, ClipFactory, DraftedCaptionFactory, SubmittedCaptionFactory
from tests.qa.scenes import saved_item

__all__ = ["open_as"]

pytestmark = [pytest.mark.browser, pytest.mark.workspace, pytest.mark.django_db(transaction=True)]
QUESTIONS = "/projects/demo/clips/rooftop-somersault/questions"
LOOKS = [(1440, 900, "light"), (1440, 900, "dark"), (390, 844, "light"), (390, 844, "dark")]


@pytest.fixture
def caption(project: Project) -> Caption:
    return DraftedCaptionFactory(project=project, clip=playing_clip(project))


@pytest.fixture
def item(project: Project, ana: User, rui: User) -> QAItem:
    caption = SubmittedCaptionFactory(project=project, author=ana, clip=playing_clip(project))
    approve(caption=caption, reviewer=rui, seen_number=1)
    return saved_item(caption.clip, ana)


def look(page: Page, shots: Path | None, name: str, width: int, scheme: str) -> None:
    page.set_viewport_size({"width": width, "height": 900 if width > 500 else 844})
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if width > 500:
        assert page.evaluate("scrollY") == 0  # panes scroll, the page does not
    if shots:
        page.screenshot(path=shots / f"{name}-{width}-{scheme}.png", full_page=width < 500)


def test_a_note_takes_the_moment_that_the_player_shows(caption: Caption, ana: User, open_as: Opener) -> None:
    page = open_as(ana)
    go_to(page, 3.2)
    button = page.locator("[data-note-form] [data-note-now]")
    expect(button).to_have_text("at 00:03.2")
    button.click()
    expect(page.get_by_label("Leave a note")).to_be_focused()
    page.keyboard.type("Is he waving?")
    page.get_by_label("On the sentence").select_option(label="He jumps.")
    page.get_by_role("button", name="Leave note").click()
    page.wait_for_url("**#notes")
    note = CaptionComment.objects.get()
    assert (note.at_ms, note.sentence, note.text) == (3200, "He jumps.", "Is he waving?")
    go_to(page, 0)
    page.locator("#notes .note-anchor a").click()
    page.wait_for_function("() => Math.abs(document.querySelector('video').currentTime - 3.2) < 0.05")


def test_a_key_begins_a_note_at_this_moment_and_an_answer_stands_below_it(
    caption: Caption, ana: User, rui: User, open_as: Opener
) -> None:
    page = open_as(ana)
    go_to(page, 1)
    expect(page.locator("[data-note-time]").first).to_have_text("00:01.0")  # the frame is there, too
    page.keyboard.press("Control+Backslash")
    page.keyboard.type("Which arm?")
    page.keyboard.press("Tab")
    expect(page.get_by_label("At", exact=True)).to_have_value("00:01.0")
    page.get_by_role("button", name="Leave note").click()
    page.wait_for_url("**#notes")
    other = open_as(rui)
    other.locator("#notes summary", has_text="Answer").click()
    other.get_by_label("Your answer to Ana Duarte").fill("The left one.")
    other.get_by_role("button", name="Answer", exact=True).click()
    expect(other.locator(".replies")).to_contain_text("The left one.")
    page.reload()
    page.get_by_role("link", name="Notifications, 1 unread").click()
    page.get_by_role("button", name="Open").click()
    page.wait_for_url(f"**{WORKSPACE}#notes")
    expect(page.get_by_role("link", name="Notifications", exact=True)).to_be_visible()


def test_a_note_on_a_question_is_begun_by_the_key_in_its_card(item: QAItem, ana: User, open_as: Opener) -> None:
    page = open_as(ana)
    page.goto(QUESTIONS)
    page.wait_for_function("() => document.querySelector('video').readyState >= 2")
    page.locator("summary.qa-line").first.click()
    go_to(page, 2)
    expect(page.locator("[data-note-time]").first).to_have_text("00:02.0")  # the frame is there, too
    page.keyboard.press("Control+Backslash")
    page.keyboard.type("Only one fits.")
    page.locator(".note-new[open]").get_by_role("button", name="Leave note").click()
    page.wait_for_url(f"**#notes-{item.question_id}")
    expect(page.locator(f"#notes-{item.question_id} .note-text")).to_be_visible()
    note = QAComment.objects.get()
    assert (note.at_ms, note.text) == (2000, "Only one fits.")


@pytest.mark.parametrize(("width", "height", "scheme"), LOOKS)
def test_threads_of_a_caption_pass_axe(
    caption: Caption, ana: User, rui: User, open_as: Opener, shots: Path | None, width: int, height: int, scheme: Any
) -> None:
    beside = beside_caption(caption)
    gone = add_note(beside=beside, author=rui, text="Is that a hop?", at_ms=2000, sentence="He hops over the wall.")
    mark_note(beside=beside, user=ana, note_id=gone.pk, is_done=True)
    note = add_note(beside=beside, author=ana, text="Which arm first?", at_ms=300, sentence="He spreads both arms.")
    answer_note(beside=beside, author=rui, note_id=note.pk, text="Both at once, see [00:00.4].")
    page = open_as(ana, color_scheme=scheme)
    page.locator("#notes summary", has_text="Answer").first.click()
    page.locator("#notes").scroll_into_view_if_needed()
    look(page, shots, "threads", width, scheme)


@pytest.mark.parametrize(("width", "height", "scheme"), LOOKS)
def test_threads_of_a_question_pass_axe(
    item: QAItem, ana: User, rui: User, open_as: Opener, shots: Path | None, width: int, height: int, scheme: Any
) -> None:
    note = add_note(beside=beside_question(item), author=rui, text="He could also be said to wave.", at_ms=300)
    answer_note(beside=beside_question(item), author=ana, note_id=note.pk, text="Not before 00:00.8.")
    page = open_as(ana, color_scheme=scheme)
    page.goto(f"{QUESTIONS}#notes-{item.question_id}")
    page.locator(".note-new > summary").first.click()
    page.locator(f"#notes-{item.question_id}").scroll_into_view_if_needed()
    look(page, shots, "question-threads", width, scheme)


@pytest.mark.parametrize(("width", "height", "scheme"), LOOKS)
def test_the_page_of_notifications_passes_axe(
    item: QAItem,
    project: Project,
    ana: User,
    rui: User,
    adam: User,
    open_as: Opener,
    shots: Path | None,
    width: int,
    height: int,
    scheme: Any,
) -> None:
    clip = ClipFactory.create(project=project, clip_id="gallery-pan-zoom-s03")
    fixed = SubmittedCaptionFactory(project=project, author=ana, clip=clip)
    text = TEXT.replace("spreads both arms", "slowly raises his left arm")
    fix_and_approve(caption=fixed, reviewer=rui, seen_number=1, text=text, people=PEOPLE)
    kinds, question = Notification.Kind, dict[str, Any](clip=item.clip, question_id=item.question_id)
    tell(recipients=[ana], kind=kinds.WAITING, clip=clip, actor=adam, text="12 captions")
    tell(recipients=[ana], kind=kinds.FIXED, clip=clip, actor=rui, revision_number=2)
    tell(recipients=[ana], kind=kinds.RETURNED, actor=rui, text="The key fits two options.", **question)
    tell(recipients=[ana], kind=kinds.DISPUTED, actor=rui, **question)
    tell(recipients=[ana], kind=kinds.REPLY, clip=clip, actor=rui, text="Both at once, see 00:00.4.")
    Notification.objects.filter(kind=kinds.DISPUTED).update(read_at=clip.created_at)
    page = open_as(ana, color_scheme=scheme)
    page.goto("/notifications/")
    expect(page.locator(".told > li[data-unread]")).to_have_count(5)
    look(page, shots, "notifications", width, scheme)
    page.goto("/notifications/?show=unread")
    expect(page.locator(".told > li")).to_have_count(5)
