"""The cards of the QA workspace in a browser: saving by themselves, and two people on one question."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import SignIn
from tests.stack import Stack

pytestmark = pytest.mark.browser

CLIP = "lab-balance-three-people"
QUESTIONS = f"/projects/demo/clips/{CLIP}/questions"


@pytest.fixture(scope="module")
def approved(stack: Stack) -> list[str]:
    """Filled by the first test that needs it: the caption is approved once in this module."""
    return []


@pytest.fixture
def ana(sign_in: SignIn, approved: list[str]) -> Page:
    ana = sign_in("ana")
    if not approved:
        ana.goto(f"/projects/demo/clips/{CLIP}/caption")
        ana.get_by_role("button", name="Submit for review").click()
        ana.wait_for_url(lambda url: CLIP not in url)
        rui = sign_in("rui")
        rui.goto(f"/projects/demo/clips/{CLIP}/caption/review")
        rui.get_by_role("button", name="Approve", exact=True).click()
        rui.wait_for_url("**/review/")
        approved.append(CLIP)
    ana.goto(QUESTIONS)
    return ana


def card(page: Page, place: int) -> Locator:
    found = page.locator("details.qa-card").nth(place)
    if found.get_attribute("open") is None:
        found.locator("summary").first.click()
    return found


def saved(page: Page) -> None:
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "saved")
    expect(page.locator("[data-save-state] [data-text]")).to_have_text(re.compile(r"^Saved \d\d:\d\d:\d\d$"))


def test_words_and_order_are_kept_without_a_press_and_the_key_goes_with_its_option(ana: Page) -> None:
    first = card(ana, 0)
    key = first.locator("li[data-key] [name=option_text]").input_value()
    place = first.locator("li[data-key] .letter").inner_text()
    first.get_by_label("Question 1", exact=True).fill("What does the man do?")
    first.get_by_role("button", name=f"Move option {place} {'up' if place == 'D' else 'down'}").click()
    expect(first.get_by_role("button", name="Accept as is")).to_be_hidden()
    saved(ana)
    ana.reload()
    first = card(ana, 0)
    expect(first.get_by_label("Question 1", exact=True)).to_have_value("What does the man do?")
    expect(first.locator("li[data-key] [name=option_text]")).to_have_value(key)
    assert first.locator("li[data-key] .letter").inner_text() != place
    expect(first.locator("[data-state] .badge")).to_have_text("Drafted")  # unsaved words are no revision


def test_dropping_one_question_loses_no_words_of_another(ana: Page) -> None:
    card(ana, 1).get_by_label("Question 2", exact=True).fill("Typed a moment before")
    last = ana.locator("details.qa-card").count() - 1
    dropped = card(ana, last)
    dropped.get_by_text("Drop…").click()
    dropped.get_by_label(re.compile("^Why question")).fill("not visible")
    with ana.expect_navigation(timeout=30_000):
        dropped.get_by_role("button", name="Drop", exact=True).click()
    expect(ana.get_by_text("is dropped.")).to_be_visible()
    expect(card(ana, 1).get_by_label("Question 2", exact=True)).to_have_value("Typed a moment before")


@pytest.fixture
def overtaken(ana: Page, browser: Browser, stack: Stack) -> Iterator[Page]:
    """Ana's page in a window whose console nobody minds: the browser reports each 412 there as an error."""
    context = browser.new_context(base_url=stack.url, storage_state=ana.context.storage_state())
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.goto(QUESTIONS)
    yield page
    context.close()


def test_who_was_overtaken_sees_both_and_decides(overtaken: Page, sign_in: SignIn) -> None:
    ana, rui = overtaken, sign_in("rui")
    rui.goto(QUESTIONS)
    theirs = card(rui, 2)
    theirs.get_by_label("Question 3", exact=True).fill("What does Rui ask?")
    theirs.locator(".qa-foot button[value=save]").click()
    expect(theirs.locator("[data-state] .badge")).to_have_text("Editing")

    mine = card(ana, 2)
    mine.get_by_label("Question 3", exact=True).fill("What does Ana ask?")
    expect(ana.locator("[data-save-state]")).to_have_attribute("data-state", "conflict")
    expect(mine.get_by_label("Question 3", exact=True)).to_have_value("What does Ana ask?")
    mine.get_by_role("button", name="Compare and merge").click()
    ana.wait_for_url("**/merge")
    row = ana.get_by_role("group", name="Field Question: changed by both")
    expect(row.locator("ins", has_text="Ana")).to_be_visible()
    row.get_by_label("Take yours").check()
    ana.get_by_role("button", name="Save the merged question").click()
    ana.wait_for_url("**/questions#q-*")
    expect(ana.get_by_text("The merged question is saved.")).to_be_visible()
    expect(card(ana, 2).get_by_label("Question 3", exact=True)).to_have_value("What does Ana ask?")
    card(ana, 2).get_by_role("link", name="History").click()
    revisions = ana.locator(".question-history > li")
    expect(revisions.nth(0)).to_contain_text("revision 2")
    expect(revisions.nth(1)).to_contain_text("Rui")
    rui.goto(QUESTIONS)
    expect(card(rui, 2).get_by_label("Question 3", exact=True)).to_have_value("What does Ana ask?")
