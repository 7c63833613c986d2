"""The pages of evaluation in a browser: asked for on the page, read as it is measured, axe, and screenshots."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from annotation.models import Project, User
from qa.models import BenchmarkScore, EvaluationRun, Release
from qa.services.evaluation import checked_wish, put_questions
from qa.services.leak_figures import count_leak_figures
from qa.services.releases import freeze_release
from qa.services.run_figures import sweep_figures
from tests.annotation.drafting.conftest import model
from tests.model_server import ModelServer
from tests.qa.evaluation.asking import JUDGE, MODEL, answers, asked_run, benchmark, work

__all__ = ["model"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGE = "/projects/demo/evaluation/"
OTHERS = ("claude-opus-4-7", "claude-haiku-4-5")
WIDER_THAN_IT_IS = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"
Open = Callable[..., Page]


@pytest.fixture
def open_page(live_server: LiveServer, browser: Browser, client_of: Callable[[User], Client]) -> Iterator[Open]:
    contexts, errors = [], []

    def opened(path: str, user: User, *, width: int = 1440, theme: Literal["light", "dark"] = "light") -> Page:
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": width, "height": 900}, color_scheme=theme
        )
        contexts.append(context)
        cookie = client_of(user).cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def release(project: Project, ana: User, rui: User, adam: User) -> Release:
    benchmark(project, ana=ana, rui=rui, clips=3)
    return freeze_release(project=project, version="1.0.0", notes="", actor=adam)


def measured(project: Project, adam: User, release: Release, server: ModelServer) -> list[EvaluationRun]:
    """Captions of three models and of people, all judged by one; each model right in another way."""
    runs = []
    for number, name in enumerate((MODEL, *OTHERS)):
        answers(server, lambda data, number=number: _reply(data, number))  # type: ignore[misc]
        wish = checked_wish(setting="caption", model=name, judge=JUDGE, frames=16)
        runs.append(asked_run(project=project, user=adam, release=release, wish=wish))
        work(project)
    answers(server, "A")
    human = checked_wish(setting="human_captions", judge=JUDGE)
    runs.append(asked_run(project=project, user=adam, release=release, wish=human))
    work(project)
    sweep_figures()
    count_leak_figures(project.pk)
    return runs


def _reply(data: dict[str, Any], number: int) -> str:
    if "question" not in data:
        return f"There are {number + 1} people. One of them jumps to the left and waves."
    return "ABCD"[(len(data["question"]) + number) % 4]


def seen_to_be_fine(page: Page, shots: Path | None, name: str) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    assert not page.evaluate(WIDER_THAN_IT_IS), f"{name} is wider than the screen"
    if shots:
        page.screenshot(path=shots / f"{name}.png", full_page=True)


def test_a_run_is_started_and_seen_to_its_end(
    open_page: Open, project: Project, release: Release, adam: User, model: ModelServer, shots: Path | None
) -> None:
    answers(model, "A")
    page = open_page(PAGE, adam, theme="dark")
    page.get_by_text("New run…").click()
    page.get_by_label("Setting").last.select_option("blind")
    page.get_by_label("Model under test").fill(MODEL)
    page.get_by_role("button", name="Count and estimate").click()
    expect(page.locator("[data-estimate]")).to_contain_text("15 questions, at most 15 calls")
    seen_to_be_fine(page, shots, "evaluation-estimate")
    page.get_by_role("button", name="Start the run").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(MODEL)
    expect(page.get_by_role("heading", name="Starting")).to_be_visible()
    seen_to_be_fine(page, shots, "evaluation-starting")
    put_questions(EvaluationRun.objects.get().pk)
    expect(page.get_by_role("heading", name="Running")).to_be_visible(timeout=15_000)
    work(project)
    expect(page.locator("[data-answered]")).to_have_text("15", timeout=15_000)
    expect(page.get_by_role("heading", name="Done")).to_be_visible()
    sweep_figures()
    page.goto(f"{PAGE}?setting=blind")
    expect(page.get_by_role("region", name="Leaderboard")).to_contain_text(f"No video: {MODEL}")


def test_every_page_passes_axe_and_fits_the_screen(
    open_page: Open, project: Project, release: Release, adam: User, model: ModelServer, shots: Path | None
) -> None:
    runs = measured(project, adam, release, model)
    for name, percent in (("model a", 40), ("model b", 45)):
        BenchmarkScore.objects.create(project=project, benchmark="MVBench", model=name, percent=percent)
    pages = {
        "evaluation": f"{PAGE}?setting=caption&published=1",
        "evaluation-run": f"{PAGE}runs/{runs[0].uid}/",
        "evaluation-compare": f"{PAGE}runs/{runs[0].uid}/against/{runs[1].uid}",
        "gains": f"{PAGE}gains/?baseline=model+a&tuned=model+b",
        "captions-beside": "/projects/demo/clips/clip-0/captions",
    }
    for width in (1440, 390):
        for theme in ("light", "dark"):
            for name, path in pages.items():
                page = open_page(path, adam, width=width, theme=theme)
                seen_to_be_fine(page, shots, f"{name}-{width}-{theme}")
                page.close()
