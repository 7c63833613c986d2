"""A new batch from the browser: many files in chunks, a reload in between, a row for each that says how far it is."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.test import Client
from playwright.sync_api import Browser, Locator, Page, Request, Route, expect
from pytest_django.live_server_helper import LiveServer

from annotation.models import Project, SourceVideo, User, VideoBatch, VideoUpload
from annotation.services.video_arrivals import take_in_upload
from annotation.views import video_batches
from tests.factories import VideoBatchFactory, VideoUploadFactory

pytestmark = [pytest.mark.browser, pytest.mark.workspace, pytest.mark.django_db(transaction=True)]
NEW = "/projects/demo/accumulation/batches/new"
CHUNK = 100_000
Open = Callable[..., Page]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_batches, "CHUNK_BYTES", CHUNK)


@pytest.fixture
def open_page(
    live_server: LiveServer, browser: Browser, adam: User, client_of: Callable[[User], Client]
) -> Iterator[Open]:
    """A browser of the administrator's own. Anything a page reports as an error fails the test, but lost requests."""
    contexts, errors = [], []

    def opened(path: str = NEW, *, width: int = 1440, theme: Literal["light", "dark"] = "light", **more: Any) -> Page:
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": width, "height": 900}, color_scheme=theme, **more
        )
        contexts.append(context)
        cookie = client_of(adam).cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def files(tmp_path: Path, project: Project) -> list[str]:
    """A manifest, two videos of three and of two chunks, and subtitles for the first."""
    lines = [
        {"video_id": "long", "video": "long.mp4", "description": "A man jumps.", "subtitles": "long.vtt"},
        {"video_id": "short", "video": "short.mp4", "license": "CC0"},
        {"video_id": "absent", "video": "absent.mp4"},
    ]
    contents = {
        "raw.jsonl": "\n".join(map(json.dumps, lines)).encode(),
        "long.mp4": b"L" * (2 * CHUNK + 5),
        "short.mp4": b"S" * (CHUNK + 7),
        "long.vtt": b"WEBVTT\n\n00:00.000 --> 00:01.000\nJump!\n",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return [str(tmp_path / name) for name in contents]


def row(page: Page, name: str) -> Locator:
    return page.locator(f"[data-upload][data-name='{name}']")


def sent(request: Request) -> tuple[str, str]:
    """The upload and where the chunk begins."""
    [(uid, start)] = re.findall(r"video-uploads/([0-9a-f-]+)\?start=(\d+)", request.url)
    return uid, start


def lose_the_first_answer(page: Page, pattern: str) -> None:
    """What is asked arrives and is done; nobody hears of it."""
    lost: list[object] = []

    def lose(route: Route) -> None:
        if not lost:
            lost.append(route.fetch())
            route.abort()
        else:
            route.continue_()

    page.route(re.compile(pattern), lose)


def test_many_files_go_in_and_become_raw_videos(open_page: Open, files: list[str]) -> None:
    page = open_page()
    page.get_by_label("Files", exact=True).set_input_files(files)
    expect(page.locator("[data-note]")).to_contain_text("4 files, 0.3 MB.")
    page.get_by_label("Source").fill("street")
    page.get_by_label("Licence").fill("CC BY 4.0")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("[data-note]")).to_have_text("2 of 2 are here.")
    assert re.search(r"/accumulation/batches/\d+/$", page.url)
    expect(page.get_by_role("heading", name="Go on")).to_be_hidden()
    expect(page.locator("[data-outcome] li")).to_have_text(
        [
            "Line 3: video: there is no file “absent.mp4” among those that were chosen",
        ]
    )
    for name in ("long.mp4", "short.mp4"):
        expect(row(page, name).locator("[data-percent]")).to_have_text("100 %")
        expect(row(page, name).locator("[data-badge]")).to_have_text("Waits for a worker")
    for upload in VideoUpload.objects.all():
        take_in_upload(upload.pk)
    expect(page.locator("[data-note]")).to_have_text("All 2 are through: 2 taken in.")
    expect(page.get_by_role("button", name="Give up")).to_have_count(0)
    expect(row(page, "long.mp4").locator("[data-badge]")).to_have_text("Taken in")
    long, short = SourceVideo.objects.order_by("video_id")
    assert (long.description, long.license, long.source, "Jump!" in long.subtitles) == (
        *("A man jumps.", "CC BY 4.0", "street"),
        True,
    )
    assert (short.license, default_storage.open(str(short.file.name)).read()) == ("CC0", b"S" * (CHUNK + 7))


def test_after_a_reload_the_same_files_go_on_where_they_were(open_page: Open, files: list[str]) -> None:
    page = open_page()
    chunks: list[tuple[str, str]] = []

    def lose_the_last(route: Route) -> None:
        if int(sent(route.request)[1]) >= CHUNK:
            route.abort()
        else:
            route.continue_()

    page.route(re.compile("start="), lose_the_last)
    page.get_by_label("Files", exact=True).set_input_files(files)
    page.get_by_role("button", name="Send").click()
    for name in ("long.mp4", "short.mp4"):
        expect(row(page, name).locator("[data-said]")).to_have_text("No answer; trying again.")
    assert set(VideoUpload.objects.values_list("received", flat=True)) == {CHUNK}
    page.unroute(re.compile("start="))
    page.reload()
    page.on("request", lambda request: chunks.append(sent(request)) if "start=" in request.url else None)
    expect(page.locator("[data-note]")).to_have_text("0 of 2 are here. 2 wait for their files.")
    expect(row(page, "long.mp4").locator("[data-percent]")).to_have_text("49 %")
    Path(files[2]).write_bytes(b"T" * (CHUNK + 7))  # another file of the same name and length
    page.get_by_label("Same files").set_input_files(files[0])
    expect(page.locator("[data-wrong]")).to_have_text("None of these is a file that this batch waits for.")
    page.get_by_label("Same files").set_input_files(files)
    expect(page.locator("[data-wrong]")).to_be_hidden()
    expect(row(page, "short.mp4").locator("[data-said]")).to_have_text("Another file now: its size or time differs.")
    expect(row(page, "long.mp4").locator("[data-badge]")).to_have_text("Waits for a worker")
    long = VideoUpload.objects.get(name="long.mp4")
    assert chunks == [(str(long.uid), str(CHUNK)), (str(long.uid), str(2 * CHUNK))]
    take_in_upload(long.pk)
    assert default_storage.open(str(SourceVideo.objects.get().file.name)).read() == b"L" * (2 * CHUNK + 5)
    row(page, "short.mp4").get_by_role("button", name="Give up").click()
    expect(row(page, "short.mp4").locator("[data-badge]")).to_have_text("Given up")
    expect(page.locator("[data-note]")).to_have_text("All 2 are through: 1 taken in.")


def test_a_network_that_comes_back_needs_nobody(open_page: Open, files: list[str]) -> None:
    page = open_page()
    lost: list[object] = []

    def lose_twice(route: Route) -> None:
        if len(lost) < 2:
            lost.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    page.route(re.compile("start="), lose_twice)
    page.get_by_label("Files", exact=True).set_input_files(files[2])
    page.get_by_role("button", name="Send").click()
    expect(row(page, "short.mp4").locator("[data-said]")).to_have_text("No answer; trying again.")
    expect(row(page, "short.mp4").locator("[data-badge]")).to_have_text("Waits for a worker")
    expect(row(page, "short.mp4").locator("[data-said]")).to_have_text("")


def test_a_lost_answer_is_not_sent_twice(open_page: Open, files: list[str]) -> None:
    """The chunk arrived, its answer did not: the next try is told where to go on."""
    page = open_page()
    lose_the_first_answer(page, "start=")
    page.get_by_label("Files", exact=True).set_input_files(files[2])
    page.get_by_role("button", name="Send").click()
    expect(row(page, "short.mp4").locator("[data-badge]")).to_have_text("Waits for a worker")
    upload = VideoUpload.objects.get()
    assert [chunk.size for chunk in upload.chunks.all()] == [CHUNK, 7]


def test_an_announcement_whose_answer_is_lost_is_made_once(open_page: Open, files: list[str]) -> None:
    page = open_page()
    lose_the_first_answer(page, "video-batches$")
    page.get_by_label("Files", exact=True).set_input_files(files)
    page.get_by_role("button", name="Send").click()
    expect(page.locator("[data-wrong]")).to_contain_text("No answer. Try again")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("[data-note]")).to_have_text("2 of 2 are here.")
    assert VideoBatch.objects.count() == 1


def test_a_file_that_is_refused_can_be_chosen_again_on_the_same_page(open_page: Open, files: list[str]) -> None:
    Path(files[3]).write_text("no subtitles")
    page = open_page()
    page.get_by_label("Files", exact=True).set_input_files(files)
    page.get_by_role("button", name="Send").click()
    expect(row(page, "long.mp4").locator("[data-said]")).to_contain_text("long.vtt")
    Path(files[3]).write_text("WEBVTT\n\n00:00.000 --> 00:01.000\nJump!\n")
    page.get_by_label("Same files").set_input_files(files)
    expect(row(page, "long.mp4").locator("[data-badge]")).to_have_text("Waits for a worker")


def test_a_manifest_in_another_encoding_is_refused_and_not_guessed(
    open_page: Open, files: list[str], tmp_path: Path
) -> None:
    line = '{"video_id": "short", "video": "short.mp4", "source": "Köln"}'
    (tmp_path / "raw.jsonl").write_bytes(line.encode("latin-1"))
    page = open_page()
    page.get_by_label("Files", exact=True).set_input_files(files)
    page.get_by_role("button", name="Send").click()
    expect(page.locator("[data-wrong]")).to_contain_text("raw.jsonl is not UTF-8")
    assert VideoBatch.objects.count() == 0


def test_who_is_signed_out_signs_in_on_the_page_and_it_goes_on(open_page: Open, files: list[str]) -> None:
    page = open_page()
    tries: list[str] = []

    def sign_out_before_the_second(route: Route) -> None:
        tries.append(sent(route.request)[1])
        if tries == ["0", str(CHUNK)]:
            Session.objects.all().delete()
        route.continue_()

    page.route(re.compile("start="), sign_out_before_the_second)
    page.get_by_label("Files", exact=True).set_input_files(files[2])
    page.get_by_role("button", name="Send").click()
    dialog = page.get_by_role("dialog", name="Sign in again")
    expect(dialog).to_contain_text("The files stay chosen")
    dialog.get_by_label("Password").fill("correct horse battery")
    dialog.get_by_role("button", name="Sign in").click()
    expect(row(page, "short.mp4").locator("[data-badge]")).to_have_text("Waits for a worker")
    assert [chunk.size for chunk in VideoUpload.objects.get().chunks.all()] == [CHUNK, 7]


def test_nothing_chosen_and_two_manifests_are_said_in_words(open_page: Open, files: list[str], tmp_path: Path) -> None:
    page = open_page()
    page.get_by_role("button", name="Send").click()
    expect(page.locator("[data-wrong]")).to_have_text("Choose videos, or a folder of them.")
    (tmp_path / "other.csv").write_text("video_id,video\n")
    page.get_by_label("Files", exact=True).set_input_files([*files, str(tmp_path / "other.csv")])
    page.get_by_role("button", name="Send").click()
    expect(page.locator("[data-wrong]")).to_contain_text("Which is the manifest")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_both_pages_are_readable_and_accessible(
    open_page: Open, project: Project, adam: User, width: int, theme: Literal["light", "dark"]
) -> None:
    batch = VideoBatchFactory.create(project=project, name="street and sports hall", created_by=adam)
    for status in VideoUpload.Status.values:
        ended = {"reason": "Given up by Adam Berg."} if status in ("refused", "given_up") else {}
        VideoUploadFactory.create(batch=batch, status=status, received=4, **ended)
    for path in (NEW, f"/projects/demo/accumulation/batches/{batch.pk}/", "/projects/demo/accumulation/"):
        page = open_page(path, width=width, theme=theme)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_scripts_the_page_says_what_else_there_is(open_page: Open) -> None:
    page = open_page(java_script_enabled=False)
    assert "<noscript><p" in page.content()
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
