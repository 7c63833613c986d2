"""The QA workspace by mouse: options by drag, marks, evidence that plays, and how it all looks."""

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from annotation.models import Clip, Project, User
from qa.services import items
from qa.services.merging import keep_stale
from qa.services.targets import change_targets
from tests.e2e.caption_page import Opener, go_to, is_saved, open_as, playing_clip
from tests.e2e.conftest import shots
from tests.e2e.test_questions_by_keyboard import INTERACTION, letters, of
from tests.factories import ApprovedCaptionFactory, DraftedQAItemFactory
from tests.qa.scenes import COUNT_QUESTION, content_of

__all__ = ["open_as", "shots"]

pytestmark = [pytest.mark.browser, pytest.mark.workspace, pytest.mark.django_db(transaction=True)]

LABELLED = {**INTERACTION, "question": "What does Subject 1 do when he waves?"}
TIMES = "() => { window.times = []; document.addEventListener('clip:time', (e) => window.times.push(e.detail.t)); }"
TIME = "document.querySelector('video').currentTime"


@pytest.fixture
def clip(project: Project, ana: User, rui: User, adam: User) -> Clip:
    """Q1 Interaction with a flag that blocks, Q2 Action Sequence, Q3 Count; three of Interaction are wanted."""
    clip = playing_clip(project)
    ApprovedCaptionFactory(project=project, author=ana, reviewer=rui, clip=clip)
    DraftedQAItemFactory(clip=clip, category="interaction", payload=LABELLED)
    DraftedQAItemFactory(clip=clip)
    DraftedQAItemFactory(clip=clip, category="count", payload=COUNT_QUESTION)
    change_targets(project=project, user=adam, targets={"interaction": 3, "count": 1})
    return clip


Questions = Callable[..., Page]


@pytest.fixture
def questions(clip: Clip, ana: User, open_as: Opener) -> Questions:
    def open_page(**options: object) -> Page:
        page = open_as(ana, **options)
        page.goto(f"/projects/demo/clips/{clip.clip_id}/questions")
        page.wait_for_function("() => document.querySelector('video').readyState >= 2")
        return page

    return open_page


def card(page: Page, place: int) -> Locator:
    return page.locator("details.qa-card").nth(place - 1)


def drag(page: Page, option: Locator, onto: Locator, *, past: float) -> None:
    start, end = option.locator("[data-drag]").bounding_box(), onto.bounding_box()
    assert start and end
    page.mouse.move(start["x"] + 5, start["y"] + 5)
    page.mouse.down()
    page.mouse.move(start["x"] + 5, end["y"] + end["height"] * 0.5, steps=5)
    page.mouse.move(start["x"] + 5, end["y"] + end["height"] * past, steps=5)


def test_an_option_is_dragged_and_the_key_goes_with_it(questions: Questions, clip: Clip, ana: User) -> None:
    page = questions()
    first = card(page, 1)
    rows = first.locator("[data-options] > li")
    before = letters(first)
    drag(page, rows.nth(0), rows.nth(3), past=0.9)
    expect(rows.nth(3)).to_have_class("dragging")
    page.keyboard.press("Escape")
    page.mouse.up()
    assert letters(first) == before  # given up
    drag(page, rows.nth(0), rows.nth(2), past=0.9)
    page.mouse.up()
    assert letters(first) == [before[1], before[2], before[0], before[3]]
    expect(first.locator("li[data-key] .letter")).to_have_text("C")
    is_saved(page)
    words = content_of(of(clip, "interaction"), ana)
    assert [option["id"] for option in words["options"]] == ["o2", "o3", "o1", "o4"]
    assert words["key"] == "o1"

    shuffled = letters(first)
    first.get_by_role("button", name="Shuffle options").click()
    assert sorted(letters(first)) == sorted(shuffled) and letters(first) != shuffled
    expect(first.locator("li[data-key] [name=option_text]")).to_have_value(before[0])


def test_marks_are_made_played_and_taken_away(questions: Questions, clip: Clip) -> None:
    page = questions()
    sequence = card(page, 2)
    for t, name in ((1.0, "first action"), (3.0, "second action"), (2.0, "event between")):
        go_to(page, t)
        sequence.locator(f"[data-mark='{name}']").click()
    chips = sequence.locator("[data-mark-list] > li")
    expect(chips).to_have_count(3)
    assert [text.split() for text in chips.all_inner_texts()] == [
        ["00:01.0", "first", "action"],
        ["00:02.0", "event", "between"],
        ["00:03.0", "second", "action"],
    ]
    expect(sequence.locator("[data-warnings]")).to_contain_text("an event is marked between the two actions")
    expect(page.locator(".ticks i")).to_have_count(3)
    page.evaluate(TIMES)
    chips.nth(2).get_by_role("link").click()
    page.wait_for_function("() => window.times.some((t) => t > 2.2 && t < 2.9)")  # it plays from a second before
    page.keyboard.press("F8")
    sequence.get_by_role("button", name="Take away the mark at 00:02.0, event between").click()
    expect(sequence.locator("[data-warnings] li")).to_have_count(0)
    go_to(page, 4.0)
    sequence.locator("[data-mark='second action']").click()  # it moves
    expect(chips).to_have_count(2)
    is_saved(page)
    page.reload()
    expect(chips).to_have_count(2)
    assert [text.split()[0] for text in chips.all_inner_texts()] == ["00:01.0", "00:04.0"]


def test_a_sentence_of_the_evidence_plays_until_the_next_one_starts(questions: Questions) -> None:
    page = questions()
    first = card(page, 1)
    first.locator(".qa-evidence summary").click()
    first.get_by_label("00:00.3 He spreads both arms.").check()
    first.locator(".evidence:visible a").click()
    page.wait_for_function("() => !document.querySelector('video').paused")
    page.wait_for_function("() => document.querySelector('video').paused", timeout=15_000)
    stopped = page.evaluate(TIME)
    assert 0.9 <= stopped <= 1.2  # from 0.3 to 1.0, where he jumps


def test_what_blocks_goes_in_with_a_reason(questions: Questions, clip: Clip) -> None:
    page = questions()
    for place in (1, 2, 3):
        card(page, place).get_by_role("button", name="Accept as is").click()
        expect(card(page, place).locator("[data-state] .badge")).to_have_text("Editing")
    expect(page.locator("[data-missing]")).to_have_text("2 of 3 ready; to do: Q1")
    card(page, 1).locator("[data-override]").fill("The shirt says Subject 1.")
    expect(page.locator("[data-missing]")).to_have_text("3 of 3 ready")
    page.get_by_role("button", name="Submit for review").click()
    page.wait_for_url("**/queue/")
    (flag,) = [row for row in of(clip, "interaction").submissions.get().flags if row["blocks"]]
    assert (flag["rule"], flag["override"]) == ("form:subject-label", "The shirt says Subject 1.")


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_workspace_history_and_merge_are_readable_and_accessible(
    questions: Questions, clip: Clip, ana: User, rui: User, shots: Path | None, width: int, height: int, scheme: str
) -> None:
    item, count = of(clip, "action_sequence"), of(clip, "count")
    marks = [{"at_ms": at, "what": "repetition"} for at in (400, 900, 2100)]
    items.autosave(item=count, user=ana, etag='"0-0"', content=content_of(count, ana, marks=marks))
    mine = content_of(item, ana, question="What does the man do just before he leaps?", key="o2")
    items.save(item=item, user=rui, etag='"0-0"', content=content_of(item, rui, question="What does he do?"))
    keep_stale(item=item, user=ana, etag='"0-0"', content=mine)
    page = questions(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": height})
    pages = {
        "questions": page.url,
        "question-history": f"/projects/demo/questions/{item.question_id}/history",
        "question-merge": f"/projects/demo/questions/{item.question_id}/merge",
    }
    for name, where in pages.items():
        page.goto(where)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        if shots:
            page.screenshot(path=shots / f"{name}-{scheme}-{width}.png", full_page=width < 500)
        assert Axe().run(page).response["violations"] == [], name
    page.goto(pages["questions"])
    if shots:
        card(page, 3).scroll_into_view_if_needed()
        page.screenshot(path=shots / f"questions-count-{scheme}-{width}.png")
