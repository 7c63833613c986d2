"""The page "Accumulation" in a browser: sliders by keyboard, answers while they move, and who cannot see or script."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, Error, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from annotation.accumulation.screening import Thresholds
from annotation.models import Project, Scene, SourceVideo, User, VideoBatch
from annotation.services.funnel import PAGE
from annotation.services.thresholds import in_force
from annotation.states import Screened
from tests.factories import DroppedSceneFactory, SceneFactory, SourceVideoFactory, VideoBatchFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HOME = "/projects/demo/accumulation/"
SHOWN = {"time_ms": 40, "boxes": [[100, 100, 400, 900]], "skeletons": [[[200, 200, 90]] * 17]}
Open = Callable[..., Page]


@pytest.fixture
def open_page(
    live_server: LiveServer, browser: Browser, adam: User, client_of: Callable[[User], Client]
) -> Iterator[Open]:
    """A browser of the administrator's own. Anything a page reports as an error fails the test."""
    contexts, errors = [], []

    def opened(*, width: int = 1440, theme: Literal["light", "dark"] = "light", **more: Any) -> Page:
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": width, "height": 900}, color_scheme=theme, **more
        )
        contexts.append(context)
        cookie = client_of(adam).cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.goto(HOME)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def video(project: Project) -> SourceVideo:
    batch = VideoBatchFactory.create(project=project, name="street and sports hall")
    return SourceVideoFactory.create(batch=batch, video_id="vid-0932")


def scenes_of_ten_motions(video: SourceVideo) -> None:
    """From 0.05, in steps of 0.02: the first is dropped, nine are kept."""
    for place in range(10):
        made: dict[str, Any] = {"video": video, "number": place + 1, "motion": 0.05 + place * 0.02, "shown": SHOWN}
        if place:
            SceneFactory.create(**made)
        else:
            DroppedSceneFactory(reason="too_little_motion", **made)


def kept_part(page: Page, row: str) -> float:
    return float(page.locator(f"#kept-{row} rect").get_attribute("x") or "")


def test_a_slider_moved_by_keyboard_is_answered_saved_and_taken_back(
    video: SourceVideo, project: Project, open_page: Open
) -> None:
    scenes_of_ten_motions(video)
    page = open_page()
    said, delta = page.locator("[data-keep]"), page.locator("[data-keep-delta]")
    expect(said).to_have_text("would keep 9 of 10")
    slider = page.get_by_role("slider", name="Motion of the body, at least")
    slider.focus()
    for _ in range(8):  # 0.06 and 8 steps of 0.005 are 0.1
        page.keyboard.press("ArrowRight")
    expect(page.get_by_role("spinbutton", name="Motion of the body")).to_have_value("0.1")
    assert kept_part(page, "motion") == pytest.approx(25)  # at once: 0.1 of 0.4
    expect(said).to_have_text("would keep 7 of 10")
    expect(delta).to_have_text("−2 against the saved thresholds")
    page.get_by_role("button", name="Back to saved").click()
    expect(said).to_have_text("would keep 9 of 10")
    expect(delta).to_have_text("as saved")
    assert kept_part(page, "motion") == pytest.approx(15)
    expect(slider).to_have_value("0.06")
    number = page.get_by_role("spinbutton", name="Motion of the body")
    number.fill("0.2")
    expect(said).to_have_text("would keep 2 of 10")
    expect(slider).to_have_value("0.2")
    number.press("Enter")
    expect(page.get_by_text("Thresholds saved. The decisions follow")).to_be_visible()
    expect(page.locator("[data-following]")).to_have_text(re.compile("decisions of 7 scenes follow"))
    assert in_force(project) == Thresholds(motion_min=0.2)


def test_an_upper_number_of_people_is_off_at_the_sliders_end(video: SourceVideo, open_page: Open) -> None:
    SceneFactory.create(video=video, people_frames=[10, 10, 10, 0, 0, 0, 0, 0, 0, 0])
    page = open_page()
    slider = page.get_by_role("slider", name="People at the same time, at most")
    number = page.get_by_role("spinbutton", name="People at the same time, at most")
    expect(slider).to_have_attribute("aria-valuetext", "off")
    slider.press("Home")
    expect(number).to_have_value("1")  # the lowest that there is
    expect(page.locator("[data-keep]")).to_have_text("would keep 0 of 1")
    slider.press("End")
    expect(number).to_have_value("")
    expect(page.locator("[data-keep]")).to_have_text("would keep 1 of 1")


def test_the_newest_answer_wins_and_a_lost_one_is_said(video: SourceVideo, open_page: Open) -> None:
    scenes_of_ten_motions(video)
    page = open_page()
    held: list[Route] = []

    def late(route: Route) -> None:
        if "motion_min=0.2&" in route.request.url:
            held.append(route)
        else:
            route.fulfill(json={"kept": 2, "of": 10, "changes": 0})

    page.route("**/accumulation/preview*", late)
    number = page.get_by_role("spinbutton", name="Motion of the body")
    with page.expect_request(re.compile("motion_min=0.2&")):
        number.fill("0.2")
    number.fill("0.3")
    expect(page.locator("[data-keep]")).to_have_text("would keep 2 of 10")
    with suppress(Error):  # the page has given it up
        held[0].fulfill(json={"kept": 9, "of": 10, "changes": 0})
    page.wait_for_timeout(300)
    expect(page.locator("[data-keep]")).to_have_text("would keep 2 of 10")
    expect(page.locator("[data-keep-delta]")).to_have_text("−7 against the saved thresholds")
    number.fill("99")  # is not even asked about
    expect(page.locator("[data-keep-delta]")).to_contain_text("Motion of the body, at least: ")
    page.unroute("**/accumulation/preview*")
    page.route("**/accumulation/preview*", lambda route: route.fulfill(status=200, body="not what was asked for"))
    number.fill("0.25")
    expect(page.locator("[data-keep-delta]")).to_have_text("No answer; move it again.")


def test_more_scenes_come_and_the_first_of_them_is_in_focus(video: SourceVideo, open_page: Open) -> None:
    scenes = SceneFactory.create_batch(PAGE + 2, video=video, thumbnail="")
    page = open_page()
    expect(page.locator(".clip-tile")).to_have_count(PAGE)
    page.get_by_role("link", name="Load more").press("Enter")
    expect(page.locator(".clip-tile")).to_have_count(PAGE + 2)
    expect(page.locator(f"#scene-{scenes[PAGE].pk} h3")).to_be_focused()
    expect(page.get_by_role("link", name="Load more")).to_have_count(0)


def test_without_a_script_all_of_it_works(video: SourceVideo, project: Project, open_page: Open) -> None:
    scene = SceneFactory.create(video=video, thumbnail="")
    page = open_page(java_script_enabled=False)
    assert page.get_by_role("slider").count() == 0
    page.get_by_text("Decide by hand").click()
    page.get_by_label("Reason", exact=True).last.fill("Her face is shown.")
    page.get_by_role("button", name="Drop", exact=True).click()
    expect(page.get_by_text("dropped by hand", exact=True)).to_be_visible()
    assert Scene.objects.get(pk=scene.pk).state == Screened.DROPPED
    page.get_by_role("spinbutton", name="Motion of the body").fill("0.5")
    page.get_by_role("button", name="Save thresholds").click()
    expect(page.get_by_text("Thresholds saved.")).to_be_visible()
    assert in_force(project).motion_min == 0.5


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")])
def test_everybody_can_use_the_page(
    video: SourceVideo, open_page: Open, width: int, theme: Literal["light", "dark"]
) -> None:
    scenes_of_ten_motions(video)
    long = {"description": "W" * 300, "video_id": "v" * 90, "batch": video.batch}
    SceneFactory.create(video=SourceVideoFactory.create(**long), hand_reason="X" * 500)
    SourceVideoFactory.create(
        batch=video.batch, state=Screened.DROPPED, stage="metadata", reason="low_resolution", detail="Y" * 300
    )
    VideoBatch.objects.filter(pk=video.batch_id).update(name="Z" * 200)
    Scene.objects.filter(number=2).update(cut="failed", cut_detail="Q" * 300, near=Scene.objects.first())
    page = open_page(width=width, theme=theme)
    for query in ("", "?stage=metadata&show=dropped", f"?batch={video.batch_id}"):
        page.goto(HOME + query)
        for details in page.locator("details:not(.menu)").all():
            details.evaluate("one => one.open = true")
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], query
        assert page.evaluate("document.documentElement.scrollWidth") <= width, query
