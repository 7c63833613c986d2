"""The page of statistics and its files: who sees what, when it is counted again, and how it looks."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from annotation.models import Outbox, Project, User
from annotation.workflow import database_now
from qa.evaluation.statistics import tally_of_part
from qa.models import CountedStatistics
from qa.services import statistics
from qa.services.releases import freeze_release
from qa.services.statistics import COUNT, count_statistics, statistics_for, sweep_statistics
from qa.services.targets import change_targets
from qa.services.withdrawal import withdraw_clip
from qa.tasks import count_statistics as task
from tests.e2e.conftest import shots
from tests.factories import ApprovedCaptionFactory, ClipFactory
from tests.qa.scene import finish_clip

__all__ = ["shots"]

SignIn = Callable[[User], Client]
PAGE = "/projects/demo/statistics/"
SECRET = "There is one person in the video, a bald man. He somersaults."


@pytest.fixture
def clips(project: Project, ana: User, rui: User) -> Project:
    finish_clip(project, author=ana, reviewer=rui)
    for _ in range(3):
        ApprovedCaptionFactory(project=project, author=ana, reviewer=rui, text=SECRET)
    return project


def rows(project: Project, user: User, name: str = "words", release: Any = None) -> list[Any]:
    found = statistics_for(user, project=project, release=release)
    return next(plot.rows for plot in found.plots if plot.name == name)


def asked() -> list[list[Any]]:
    return list(Outbox.objects.filter(task=COUNT).values_list("args", flat=True))


def swept() -> None:
    """As a sweep a minute later, and the worker after it."""
    CountedStatistics.objects.filter(name="asked").update(counted_at=database_now() - timedelta(minutes=1))
    before = len(asked())
    sweep_statistics()
    for args in asked()[before:]:
        task(*args)


def test_every_plot_is_shown_with_its_table_and_files(clips: Project, adam: User, client_of: SignIn) -> None:
    count_statistics(clips.pk, None)
    client = client_of(adam)
    page = client.get(PAGE).content.decode()
    plots = statistics_for(adam, project=clips, release=None).plots
    assert len(plots) == 12
    assert page.count('role="img"') == page.count('<details class="as-table">') == 12
    for plot in plots:
        assert plot.definition.split(";")[0] in page.replace("&#x27;", "'")
        table = client.get(f"{PAGE}{plot.name}.csv")
        assert table["Content-Type"] == "text/csv; charset=utf-8"
        assert table["Content-Disposition"] == f'attachment; filename="demo-{plot.name}.csv"'
        read = list(csv.reader(io.StringIO(table.content.decode())))
        assert read == [plot.columns, *([str(cell) for cell in row] for row in plot.rows)]
        drawn = client.get(f"{PAGE}{plot.name}.svg")
        assert drawn["Content-Type"] == "image/svg+xml; charset=utf-8"
        assert drawn.content.decode() == plot.svg
    for absent in ("absent.csv", "words.png", "words", "words.csv.csv", ".csv"):
        assert client.get(f"{PAGE}{absent}").status_code == 404


def test_a_formula_in_a_models_name_stays_words(clips: Project, adam: User, client_of: SignIn) -> None:
    count_statistics(clips.pk, None)
    changed = CountedStatistics.objects.filter(name="words-changed")
    changed.update(value=[[["=HYPERLINK(1)", "", 1, 0.0, 0.0, 1]]])
    said = client_of(adam).get(f"{PAGE}words-changed.csv").content.decode()
    assert "\n'=HYPERLINK(1),,1," in said


def test_time_money_and_releases_are_for_who_may_see_them(
    clips: Project, ana: User, rui: User, adam: User, otto: User, client_of: SignIn
) -> None:
    freeze_release(project=clips, version="1.0.0", notes="", actor=adam)
    count_statistics(clips.pk, None)
    for user, minutes, cost in ((ana, 404, 404), (rui, 200, 404), (adam, 200, 200)):
        client = client_of(user)
        page = client.get(PAGE)
        assert (page.status_code, client.get(f"{PAGE}words.csv").status_code) == (200, 200)
        assert client.get(f"{PAGE}minutes.csv").status_code == minutes
        assert client.get(f"{PAGE}cost.svg").status_code == cost
        assert ('id="cost"' in page.content.decode()) == (cost == 200)
        assert client.get(f"{PAGE}?release=1.0.0").status_code == 200
        assert client.get(f"{PAGE}cost.svg?release=1.0.0").status_code == 404
        assert client.get(f"{PAGE}?release=9.9.9").status_code == 404
    for address in (PAGE, f"{PAGE}words.csv", f"{PAGE}?release=1.0.0"):
        assert client_of(otto).get(address).status_code == 404
    assert client_of(otto).get("/projects/elsewhere/statistics/?release=1.0.0").status_code == 404


def test_the_sweep_counts_again_what_changed_and_only_then(clips: Project, ana: User, rui: User, adam: User) -> None:
    sweep_statistics()
    sweep_statistics()
    assert asked() == [[clips.pk]]
    task(clips.pk)
    task(clips.pk)
    before = CountedStatistics.objects.get(name="counted").counted_at
    swept()
    assert len(asked()) == 1
    ApprovedCaptionFactory(project=clips, author=ana, reviewer=rui, text="A bald man sneezes.")
    assert sum(n for *_, n in rows(clips, adam, "people")) == 4
    swept()
    assert len(asked()) == 2
    assert sum(n for *_, n in rows(clips, adam, "people")) == 5
    assert CountedStatistics.objects.get(name="counted").counted_at > before
    change_targets(project=clips, user=adam, targets={"count": 1})
    swept()
    assert len(asked()) == 3


def test_only_parts_that_changed_are_counted_again(
    clips: Project, ana: User, rui: User, adam: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.evaluation.statistics.PART", 2)
    monkeypatch.setattr(statistics, "PART", 2)
    counted: list[int] = []
    whole = tally_of_part

    def noted(project: Project, part: int) -> Any:
        counted.append(part)
        return whole(project, part)

    monkeypatch.setattr(statistics, "tally_of_part", noted)
    count_statistics(clips.pk, None)
    parts = sorted({pk // 2 for pk in clips.clips.values_list("pk", flat=True)})
    assert counted == parts
    made = ApprovedCaptionFactory(project=clips, author=ana, reviewer=rui, clip=ClipFactory.create(project=clips))
    count_statistics(clips.pk, None)
    assert counted == [*parts, made.clip_id // 2]
    ApprovedCaptionFactory(project=clips, author=ana, reviewer=rui)
    sweep_statistics()  # while it counts, as far as the sweep can tell
    assert asked() == []
    assert sum(n for *_, n in rows(clips, adam, "people")) == 5


def test_a_release_is_counted_once(clips: Project, ana: User, rui: User, adam: User) -> None:
    release = freeze_release(project=clips, version="1.0.0", notes="", actor=adam)
    swept()
    assert [clips.pk, release.pk] in asked()
    at = CountedStatistics.objects.get(release=release, name="counted").counted_at
    ApprovedCaptionFactory(project=clips, author=ana, reviewer=rui)
    swept()
    assert asked().count([clips.pk, release.pk]) == 1
    assert CountedStatistics.objects.get(release=release, name="counted").counted_at == at


@pytest.mark.parametrize("erase", [False, True])
def test_nothing_of_a_withdrawn_clip_stays_counted(clips: Project, adam: User, erase: bool) -> None:
    release = freeze_release(project=clips, version="1.0.0", notes="", actor=adam)
    swept()
    for of in (None, release):
        assert ["somersaults", 3] in rows(clips, adam, release=of)
    clip = clips.clips.filter(caption__approved_revision__text=SECRET).first()
    assert clip is not None
    withdraw_clip(clip=clip, actor=adam, reason="objects", erase=erase)
    assert "somersaults" not in str(list(CountedStatistics.objects.values_list("value", flat=True)))
    swept()
    for of in (None, release):
        assert [row[0] for row in rows(clips, adam, release=of)] == ["bald", "man", "person", "video"]
        assert sum(n for *_, n in rows(clips, adam, "people", of)) == 3


def test_what_was_counted_before_a_withdrawal_is_not_written_after_it(
    clips: Project, adam: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = clips.clips.filter(caption__approved_revision__text=SECRET).first()
    assert clip is not None
    whole = tally_of_part

    def overtaken(project: Project, part: int) -> Any:
        tally = whole(project, part)
        withdraw_clip(clip=clip, actor=adam, reason="objects", erase=True)
        return tally

    monkeypatch.setattr(statistics, "tally_of_part", overtaken)
    count_statistics(clips.pk, None)
    assert not CountedStatistics.objects.exists()


def test_a_worker_counts_and_never_who_reads(clips: Project, adam: User, client_of: SignIn) -> None:
    assert "Being counted" in client_of(adam).get(PAGE).content.decode()
    assert client_of(adam).get(f"{PAGE}words.csv").status_code == 404
    assert not CountedStatistics.objects.exists()
    swept()
    page = client_of(adam).get(PAGE).content.decode()
    assert "Being counted" not in page and "As of" in page


def test_the_page_costs_the_same_for_few_and_for_many(
    clips: Project, ana: User, rui: User, adam: User, client_of: SignIn
) -> None:
    client = client_of(adam)
    counts = []
    for _ in range(2):
        swept()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(PAGE)
        counts.append(len(queries))
        for _ in range(3):
            ApprovedCaptionFactory(project=clips, author=ana, reviewer=rui)
    assert counts[0] == counts[1]


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_in_a_browser(
    clips: Project,
    adam: User,
    client_of: SignIn,
    live_server: LiveServer,
    browser: Browser,
    theme: Literal["light", "dark"],
    width: int,
    shots: Path | None,
) -> None:
    freeze_release(project=clips, version="1.0.0", notes="", actor=adam)
    swept()
    _fill()
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
    context.add_cookies(
        [{"name": name, "value": one.value, "url": live_server.url} for name, one in client_of(adam).cookies.items()]
    )
    page, errors = context.new_page(), list[str]()
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.goto(f"{live_server.url}{PAGE}")
    for details in page.locator("details.as-table").all()[:1]:
        details.locator("summary").click()
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    fills = page.evaluate("[...document.querySelectorAll('.chart .b1')].map(one => getComputedStyle(one).fill)")
    assert set(fills) == {"rgb(10, 90, 134)" if theme == "light" else "rgb(116, 191, 233)"}
    if shots:
        page.screenshot(path=shots / f"statistics-{theme}-{width}.png", full_page=True)
    context.close()
    assert errors == []


def _fill() -> None:
    """Figures as a project of some size has them, so that the plots are full."""
    hump = [3, 8, 15, 29, 44, 61, 70, 64, 52, 37, 21, 12, 6, 2]
    words = (
        "man woman left right hand arms walks turns shirt red blue table lifts opens door looks hair bald smiles puts"
    )
    cloud = [[f"{word}{n or ''}", 420 // (place + 1) + 3] for n in range(3) for place, word in enumerate(words.split())]
    values: dict[str, list[Any]] = {
        "caption-words": [[[n * 20, n * 20 + 20, count] for n, count in enumerate(hump)]],
        "clip-durations": [[[n, n + 1, count] for n, count in enumerate(hump[::-1])]],
        "words": [sorted(cloud, key=lambda one: (-int(one[1]), one[0]))],
        "categories": [[["Interaction", 348, 17.9], ["Action Details", 452, 23.2], ["Action Sequence", 371, 19.0],
                        ["Count", 366, 18.8], ["Attribute", 411, 21.1]]],
        "people": [[["0", 3], ["1", 212], ["2", 140], ["3", 61], ["4", 22], ["10 or more", 4]]],
        "words-changed": [[["claude-opus-4-20250514", "a1b2c3d4", 300, 14.2, 11.0, 21],
                           ["claude-opus-4-20250514", "0f1e2d3c", 112, 31.8, 27.5, 3]]],
        "acceptance": [[[label, 120, 60, 25, 14, 3, 19] for label in
                        ("Interaction", "Action Details", "Action Sequence", "Count", "Attribute")]],
        "minutes": [[[n, n + 1, count] for n, count in enumerate(hump)]],
        "cost": [[["Captions", 402, 48.1, 0.119652], ["Questions", 1948, 31.77, 0.01631]]],
        "progress": [[[f"2026-{9 + n // 5:02d}-{1 + n % 5 * 7:02d}", 20 + n * 3, 60 + n * 9] for n in range(12)],
                     "Captions missing: 98. At 43.50 a week, that takes until 8 December 2026."],
    }  # fmt: skip
    for name, value in values.items():
        CountedStatistics.objects.filter(name=name, release=None).update(value=value)
