"""Releases in a browser: frozen, compared word by word, written by a worker, downloaded and checked."""

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from pytest_django.live_server_helper import LiveServer

from annotation.models import Project, User
from qa.models import Export, ReleaseSettings
from qa.services.exports import want_export, work_on_export
from tests.qa.releases.two_releases import Cast, change_words, first_release, make_two

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
RELEASES = "/projects/demo/releases/"
Open = Callable[..., Page]


@pytest.fixture
def cast(project: Project, ana: User, rui: User, oda: User, adam: User) -> Cast:
    return Cast(project, ana, rui, oda, adam)


@pytest.fixture
def open_page(
    live_server: LiveServer, browser: Browser, cast: Cast, client_of: Callable[[User], Client]
) -> Iterator[Open]:
    """A browser of somebody's own, the administrator's if nobody else is named. Errors of a page fail the test."""
    contexts, errors = [], []

    def opened(
        path: str = RELEASES,
        *,
        user: User | None = None,
        width: int = 1440,
        theme: Literal["light", "dark"] = "light",
        **more: Any,
    ) -> Page:
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": width, "height": 900}, color_scheme=theme, **more
        )
        contexts.append(context)
        cookie = client_of(user or cast.adam).cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if _is_fault(said) else None)
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


def _is_fault(said: ConsoleMessage) -> bool:
    """A refusal that a page was sent for, and the icon that a browser asks for by itself, are none."""
    return said.type == "error" and "Failed to load resource" not in said.text


def freeze(page: Page, version: str, notes: str = "") -> None:
    page.goto(RELEASES)
    page.locator(".freeze > summary").click()
    expect(page.get_by_label("Version")).to_have_value(version)
    page.get_by_label("Notes").fill(notes)
    page.get_by_role("button", name="Freeze the release").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(version)


def test_what_a_release_changed_stands_in_the_page_word_by_word(open_page: Open, cast: Cast) -> None:
    _, clip, retired = first_release(cast)
    added = change_words(cast, clip, retired)
    page = open_page()
    freeze(page, "1.1.0", "Leaps are leaps.")
    log = page.locator("[aria-labelledby=h-changed]")
    expect(log).to_contain_text("Leaps are leaps.")
    expect(log.locator(".log li")).to_have_text(["Added1 question", "Changed1 caption", "Retired1 question"])
    page.get_by_role("link", name="Compare with 1.0.0").click()
    rows = page.get_by_role("region", name="Questions by category").locator("tbody tr")
    expect(rows.filter(has_text="Count")).to_have_text("Count100")
    expect(rows.filter(has_text="Action Sequence")).to_have_text("Action Sequence001")
    changed = page.locator("[data-clip=clip-changed]")
    assert changed.locator("del").all_inner_texts() == ["jumps."]
    assert changed.locator("ins").all_inner_texts() == ["leaps high."]
    expect(page.locator(f"[data-question={retired.question_id}] .change-retired")).to_have_text("retired")
    expect(page.locator(f"[data-question={added.question_id}] .change-added")).to_have_text("added")
    expect(page.locator(f"[data-question={added.question_id}] ins").first).to_have_text(
        "How many times does the bald man jump?"
    )
    assert page.locator("[data-clip]").count() == 2
    page.get_by_label("Show").select_option("captions")
    page.get_by_role("button", name="Compare").click()
    assert page.locator("[data-clip]").count() == 1
    page.goto(RELEASES)
    expect(page.get_by_role("article", name="1.1.0").locator(".log li")).to_have_count(3)


def test_an_export_is_prepared_downloaded_and_its_files_are_what_the_manifest_says(
    open_page: Open, cast: Cast, tmp_path: Path
) -> None:
    first_release(cast)
    page = open_page(f"{RELEASES}1.0.0/")
    row = page.locator("[data-layout=haicbench]:not([data-history])")
    row.get_by_role("button", name="Prepare HAICBench JSON").click()
    expect(row.locator("[data-export-state]")).to_have_text("Waits for a worker")
    [export] = Export.objects.all()
    work_on_export(export.pk)
    link = row.get_by_role("link", name="Download HAICBench JSON")
    expect(link).to_be_visible()  # the page asks by itself
    expect(page.locator("[data-copied]")).to_have_text("Ready: haicbench")
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "demo-1.0.0-haicbench.zip"
    got = tmp_path / "got.zip"
    download.value.save_as(got)
    export.refresh_from_db()
    assert hashlib.sha256(got.read_bytes()).hexdigest() == export.sha256
    archive = zipfile.ZipFile(got)
    manifest = json.loads(archive.read("demo-1.0.0-haicbench/manifest.json"))
    assert len(manifest["files"]) >= 7  # two of the layout, CHANGELOG, CITATION, three videos
    for file in manifest["files"]:
        content = archive.read(f"demo-1.0.0-haicbench/{file['path']}")
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file["bytes"], file["sha256"])
    names = {f"demo-1.0.0-haicbench/{file['path']}" for file in manifest["files"]}
    assert set(archive.namelist()) == names | {"demo-1.0.0-haicbench/manifest.json"}


def test_a_checksum_is_copied(open_page: Open, cast: Cast) -> None:
    release = first_release(cast)[0]
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the checksum of 1.0.0").click()
    expect(page.locator("[data-copied]")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == release.digest


def test_another_held_out_share_is_asked_about_first(open_page: Open, cast: Cast) -> None:
    first_release(cast)
    page = open_page(f"{RELEASES}settings")
    page.get_by_label("Held out, in percent").fill("90")
    page.get_by_role("button", name="Save settings").click()
    expect(page.locator(".field-error")).to_contain_text("3 clips of 1.0.0 will be held out from now on")
    assert ReleaseSettings.objects.filter(held_out_percent=90).count() == 0
    page.get_by_label("Change the share all the same").check()
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_label("Held out, in percent")).to_have_value("90")
    assert ReleaseSettings.objects.get().held_out_percent == 90


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_of_releases_is_readable_and_accessible(
    open_page: Open, cast: Cast, shots: Path | None, width: int, theme: Literal["light", "dark"]
) -> None:
    two = make_two(cast)
    for release in (two.first, two.second):
        work_on_export(want_export(release=release, layout="haicbench", user=cast.adam).pk)
    ReleaseSettings.objects.update_or_create(
        project=cast.project,
        defaults={"authors": "Duarte, Ana\nTavares, Rui", "doi": "10.5281/zenodo.1234567"},
    )
    pages = {
        "release": f"{RELEASES}1.1.0/",
        "list": RELEASES,
        "changes": f"{RELEASES}1.1.0/changes",
        "first": f"{RELEASES}1.0.0/changes",
        "settings": f"{RELEASES}settings",
    }
    for name, path in pages.items():
        page = open_page(path, width=width, theme=theme)
        for closed in page.locator("main details").all():
            closed.locator("summary").first.click()
        found = Axe().run(page)
        if shots:
            page.screenshot(path=shots / f"releases-{name}-{width}-{theme}.png", full_page=True)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
