"""Blind review in a browser, by keyboard alone: five questions one at a time, and nothing of them before the last.

Then a dispute: two people miss a key, a third settles it, and the author is told.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Error, Page, Response, expect
from pytest_django.live_server_helper import LiveServer

from annotation.models import CaptionOpening, Clip, Project, User
from annotation.states import State
from qa.categories import Category
from qa.models import BlindAnswer, QAItem
from qa.services import items
from tests.qa.scenes import answer, approved_clip, content_of, fresh, off_all_desks, saved_item, submit_all

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SignIn = Callable[[User], Client]
Open = Callable[..., Page]
Theme = Literal["light", "dark"]
EVIDENCE = "This sentence alone supports it."
CAPTION = "a bald man"
CLIP = "/projects/demo/clips/"


@pytest.fixture
def five(project: Project, ana: User, rui: User) -> list[QAItem]:
    """One question of each category, in review; the options of each are words of its own, the key is the third."""
    clip = approved_clip(project, author=ana, reviewer=rui)
    made = []
    for name in Category.values:
        stem = "How many times" if name == "count" else "What"
        item = saved_item(clip, ana, category=name)
        content = content_of(
            item,
            ana,
            question=f"{stem} does the man of {name} do just before he sits down?",
            options=[{"id": f"o{n}", "text": f"{n} {name} word"} for n in range(1, 5)],
            key="o3",
            evidence=[{"start_ms": 300, "text": f"{EVIDENCE} {name}"}],
        )
        items.save(item=item, user=ana, etag='"1-0"', content=content)
        made.append(item)
    submit_all(clip, ana)
    return [fresh(item) for item in made]


@pytest.fixture
def open_as(live_server: LiveServer, browser: Browser, client_of: SignIn) -> Iterator[Open]:
    contexts: list[BrowserContext] = []

    def open_page(
        user: User, *, width: int = 1440, height: int = 900, theme: Literal["light", "dark"] = "light"
    ) -> Page:
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": width, "height": height}, color_scheme=theme
        )
        cookie = client_of(user).cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        return page

    yield open_page
    for context in contexts:
        context.close()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def lock(page: Page, number: int) -> None:
    """Choose an answer by its number and lock it."""
    press(page, str(number))
    with page.expect_navigation():
        press(page, "Enter")


def test_five_questions_by_keyboard_alone_and_nothing_is_told_before_the_last(
    five: list[QAItem], ana: User, oda: User, open_as: Open
) -> None:
    clip = five[0].clip
    clip.description = "A somersault of his."
    clip.save(update_fields=["description"])
    page, told = open_as(oda), list[tuple[str, str]]()

    def listen(reply: Response) -> None:
        if re.search(r"html|json|text", reply.headers.get("content-type", "")) and "/static/" not in reply.url:
            with suppress(Error):  # a page that is left takes the bodies of its last replies along
                told.append((reply.url, reply.text() if reply.status < 300 else ""))

    page.on("response", listen)
    page.goto(f"{CLIP}{clip.clip_id}/questions/review")
    for number in range(1, 5):
        expect(page.get_by_text(f"Question {number} of 5")).to_be_visible()
        lock(page, 3 if number < 4 else 5)  # the fourth cannot be told
    assert BlindAnswer.objects.filter(user=oda).count() == 4

    # With four answered she looks everywhere that speaks of the clip.
    here, project = f"{CLIP}{clip.clip_id}", "/projects/demo"
    looks = [f"{here}/{name}" for name in ("caption", "caption/review", "questions", "questions/review")]
    looks += [f"{here}/caption/merge", f"{here}/caption/adjudicate", f"{here}/subtitles.vtt", CLIP]
    looks += [f"/api/v1{here}/caption", f"/api/v1{here}/questions/next", f"{project}/review/", f"{project}/queue/"]
    for item in five:
        looks += [f"{project}/questions/{item.question_id}/{name}" for name in ("history", "merge", "adjudicate")]
    told += [(where, page.request.get(where).text()) for where in looks]
    told += [(where, page.request.get(where).text()) for where in ("/notifications/", f"{project}/figures/oda")]
    assert len(told) > 30
    secrets = [EVIDENCE, CAPTION, "somersault", '"key"', 'name="key"', "agree-line", "Ana Duarte"]
    assert [(where, word) for where, body in told for word in secrets if word in body] == []
    options = [f"1 {name} word" for name in Category.values]
    assert [where for where, body in told if sum(option in body for option in options) > 1] == []
    assert not CaptionOpening.objects.filter(user=oda).exists()

    lock(page, 3)
    expect(page.get_by_role("heading", name="Approved caption")).to_be_visible()
    expect(page.get_by_text("You answered “I cannot tell from the video”, the key says C")).to_be_visible()
    assert EVIDENCE in page.content()
    assert not BlindAnswer.objects.filter(had_opened_caption=True).exists()


def test_verdicts_by_keyboard_alone_and_one_taken_back(five: list[QAItem], oda: User, open_as: Open) -> None:
    for item in five:
        answer(item, oda, "o3")
    page = open_as(oda)
    page.goto(f"{CLIP}{five[0].clip.clip_id}/questions/review")
    for key, state in (("a", State.APPROVED), ("u", State.IN_REVIEW), ("a", State.APPROVED)):
        with page.expect_navigation():
            press(page, key)
        assert fresh(five[0]).state == state
    press(page, "r")  # the next goes back with a reason
    expect(page.get_by_label("The key is wrong").first).to_be_focused()
    press(page, "Space", "Tab")
    page.keyboard.type("He does it twice.")
    press(page, "Tab")
    with page.expect_navigation():
        press(page, "Enter")
    returned = fresh(five[1])
    assert (returned.state, returned.reviews.get().reason_code) == (State.EDITING, "key_wrong")
    press(page, "f")  # and the next is fixed
    expect(page.get_by_label("Question", exact=True).first).to_be_focused()
    press(page, "End", "ArrowLeft")
    page.keyboard.type(" on it")
    press(page, *["Tab"] * 5)
    with page.expect_navigation():
        press(page, "Enter")
    fixed = fresh(five[2])
    assert (fixed.state, fixed.head.kind, "down on it?" in fixed.head.content["question"]) == (
        "approved",
        "review_fix",
        True,
    )


def test_a_dispute_goes_to_adjudication_and_the_author_is_told(
    five: list[QAItem], ana: User, rui: User, oda: User, adam: User, open_as: Open
) -> None:
    item = five[0]
    for person in (rui, adam):
        answer(item, person, "o2")
    assert fresh(item).state == State.DISPUTED
    page = open_as(oda)
    page.goto("/projects/demo/review/")
    page.get_by_role("link", name=item.question_id).click()
    expect(page.get_by_role("heading", name="Rui Tavares")).to_be_visible()
    expect(page.get_by_role("heading", name="Adam Berg")).to_be_visible()
    expect(page.get_by_text("Answered B, not the key")).to_have_count(2)
    page.get_by_label("Approve it with the words and the key below").check()
    page.get_by_label("The key is wrong").check()
    page.get_by_label("In words, for its author and both sides").fill("B, as both say.")
    page.get_by_role("radio", name="Key is option B").check()
    page.get_by_role("button", name="Settle").click()
    expect(page.get_by_text(f"The dispute over {item.question_id} is settled.")).to_be_visible()
    settled = fresh(item)
    assert (settled.state, settled.head.content["key"], settled.head.author) == (State.APPROVED, "o2", oda)
    page = open_as(ana)
    page.goto("/notifications/")
    expect(page.get_by_text("Dispute settled").first).to_be_visible()


@pytest.mark.workspace
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_everybody_can_use_the_pages_of_review(
    five: list[QAItem],
    rui: User,
    oda: User,
    adam: User,
    open_as: Open,
    shots: Path | None,
    width: int,
    height: int,
    theme: Theme,
) -> None:
    clip: Clip = five[0].clip
    page = open_as(adam, width=width, height=height, theme=theme)

    def look(name: str) -> None:
        found: Any = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        if shots:
            page.screenshot(path=shots / f"{name}-{theme}-{width}.png")

    page.goto(f"{CLIP}{clip.clip_id}/questions/review")
    look("blind")
    answer(five[0], rui, "o3")  # somebody else's answer stands beside
    for item, choice in zip(five, ["o3", "o2", "o3", "o3", "more_than_one"], strict=True):
        answer(item, adam, choice)
    off_all_desks(clip)
    page.reload()
    look("revealed")
    page.get_by_role("button", name="Approve question 1", exact=True).click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    look("judged")
    answer(five[1], rui, "o2")
    page = open_as(oda, width=width, height=height, theme=theme)
    page.goto("/projects/demo/review/")
    look("review-list")
    page.get_by_role("link", name=five[1].question_id).click()
    look("adjudication")
