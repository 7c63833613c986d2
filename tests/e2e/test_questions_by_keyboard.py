"""A clip's questions done by the keyboard alone: no click, no pointer, from the first look to Submit."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from annotation.models import Clip, Event, Project, User
from annotation.states import State
from qa.models import QAItem
from tests.e2e.caption_page import Opener, is_saved, open_as, playing_clip
from tests.factories import ApprovedCaptionFactory, DraftedQAItemFactory
from tests.qa.scenes import COUNT_QUESTION, fresh

__all__ = ["open_as"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

INTERACTION = {
    "question": "What does she do when he waves?",
    "options": ["She waves back", "She runs away", "She sits down", "She laughs"],
    "answer_index": 0,
}
ATTRIBUTE = {"question": "Which colour is his hat?", "options": ["Red", "Green", "Blue", "Black"], "answer_index": 0}


@pytest.fixture
def clip(project: Project, ana: User, rui: User) -> Clip:
    """With one drafted question of four categories; on the page they are Q1 to Q4 in this order."""
    clip = playing_clip(project)
    ApprovedCaptionFactory(project=project, author=ana, reviewer=rui, clip=clip)
    DraftedQAItemFactory(clip=clip, category="interaction", payload=INTERACTION)
    DraftedQAItemFactory(clip=clip)
    DraftedQAItemFactory(clip=clip, category="count", payload=COUNT_QUESTION)
    DraftedQAItemFactory(clip=clip, category="attribute", payload=ATTRIBUTE)
    return clip


def of(clip: Clip, category: str) -> QAItem:
    item: QAItem = fresh(clip.qa_items.get(category=category))
    return item


def card(page: Page, place: int) -> Locator:
    return page.locator("details.qa-card").nth(place - 1)


def to_card(page: Page, place: int) -> Locator:
    """By the key for the next or the previous question; its question is where the caret is then."""
    question = card(page, place).get_by_label(f"Question {place}", exact=True)
    for key in [*["Control+;"] * 4, *["Control+Shift+;"] * 4]:
        if is_focused(question):
            break
        page.keyboard.press(key)
    expect(question).to_be_focused()
    return card(page, place)


def is_focused(place: Locator) -> bool:
    found: bool = place.evaluate("node => node === document.activeElement")
    return found


def tab_to(page: Page, place: Locator, key: str = "Tab") -> None:
    for _ in range(60):
        if is_focused(place):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{place} cannot be reached by {key}")


def letters(of_card: Locator) -> list[str]:
    return [field.input_value() for field in of_card.locator("[name=option_text]").all()]


def edit_the_first(page: Page) -> None:
    """Other words, another order, another key, and evidence."""
    first = to_card(page, 1)
    page.keyboard.press("End")
    page.keyboard.press("Backspace")
    page.keyboard.type(" from the roof?")
    tab_to(page, first.get_by_label("Option A", exact=True))
    page.keyboard.press("Alt+ArrowDown")
    assert letters(first) == ["She runs away", "She waves back", "She sits down", "She laughs"]
    expect(first.locator("li[data-key] .letter")).to_have_text("B")
    expect(first.get_by_label("Option B", exact=True)).to_be_focused()
    tab_to(page, first.locator("li[data-key] [name=key]"))
    page.keyboard.press("ArrowDown")
    expect(first.locator("li[data-key] [name=option_text]")).to_have_value("She sits down")
    tab_to(page, first.locator(".qa-evidence summary"))
    page.keyboard.press("Enter")
    tab_to(page, first.locator("[name=evidence]").nth(1))
    page.keyboard.press("Space")
    expect(first.locator(".evidence", has_text="He spreads both arms.")).to_be_visible()
    is_saved(page)


def accept_the_second(page: Page) -> None:
    second = to_card(page, 2)
    tab_to(page, second.get_by_role("button", name="Accept as is"))
    page.keyboard.press("Enter")
    expect(second.locator("[data-state] .badge")).to_have_text("Editing")


def tally_the_third(page: Page) -> None:
    """Three marks while the caret stays in the text; then the key that says three."""
    third = to_card(page, 3)
    for _ in range(3):
        for _ in range(5):
            page.keyboard.press("Control+.")
        page.keyboard.press("Control+m")
        expect(third.get_by_label("Question 3", exact=True)).to_be_focused()
    expect(third.locator("[data-mark-count]")).to_have_text("3")
    expect(third.locator("[data-warnings]")).to_have_text("3 marked · the key says 2")
    tab_to(page, third.locator("li[data-key] [name=key]"))
    page.keyboard.press("ArrowDown")
    expect(third.locator("[data-warnings] li")).to_have_count(0)
    is_saved(page)


def drop_the_fourth(page: Page) -> None:
    fourth = to_card(page, 4)
    tab_to(page, fourth.get_by_text("Drop…"))
    page.keyboard.press("Enter")
    tab_to(page, fourth.get_by_label("Why question 4 is dropped"))
    page.keyboard.type("There is no hat.")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_text("is dropped.")).to_be_visible()


def test_a_clips_questions_are_done_and_handed_in_by_keyboard_alone(clip: Clip, ana: User, open_as: Opener) -> None:
    page = open_as(ana)
    page.goto(f"/projects/demo/clips/{clip.clip_id}/questions")
    page.wait_for_function("() => document.querySelector('video').readyState >= 2")
    edit_the_first(page)
    accept_the_second(page)
    tally_the_third(page)
    drop_the_fourth(page)
    expect(page.locator("[data-missing]")).to_have_text(re.compile("^3 of 3 ready"))
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(r"/queue/(#.*)?$"))

    states = [of(clip, name).state for name in ("interaction", "action_sequence", "count", "attribute")]
    assert states == [State.IN_REVIEW, State.IN_REVIEW, State.IN_REVIEW, State.DROPPED]
    edited, counted = of(clip, "interaction").head, of(clip, "count").head
    assert edited and counted
    assert edited.content["question"] == "What does she do when he waves from the roof?"
    assert [option["id"] for option in edited.content["options"]] == ["o2", "o1", "o3", "o4"]
    assert (edited.content["key"], edited.content["evidence"][0]["start_ms"]) == ("o3", 300)
    # frames 5, 10 and 15 of 30 a second
    assert [mark["at_ms"] for mark in counted.content["marks"]] == [167, 333, 500]
    assert counted.content["key"] == "o3"
    assert Event.objects.filter(verb="drop").get().reason == "There is no hat."
