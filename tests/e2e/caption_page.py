"""The caption workspace in a browser: its text, its caret, and a clip that really plays."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from playwright.sync_api import Browser, Locator, Page, expect

from annotation.models import Clip, Project, User
from tests.factories import ClipFactory
from tests.stack import HOME

WORKSPACE = "/projects/demo/clips/rooftop-somersault/caption"
CAPTION = "document.querySelector('[data-caption-editor]').caption"
Opener = Callable[..., Page]


def playing_clip(project: Project) -> Clip:
    """A sample clip of 7.7 seconds, 230 frames at 30 a second, 854 by 480."""
    video = (HOME / "samples/clips/rooftop-somersault.mp4").read_bytes()
    return ClipFactory.create(
        project=project,
        clip_id="rooftop-somersault",
        video=ContentFile(video, name="video.mp4"),
        duration_ms=7667,
        width=854,
        height=480,
        fps=Decimal("30.000"),
        frames=230,
    )


@pytest.fixture
def open_as(browser: Browser, live_server: Any) -> Iterator[Opener]:
    """Open the workspace as somebody. Anything a page reports as an error fails the test, refused styles among it.

    expected: a part of the errors that belong to what is tested, such as a request without an answer.
    """
    contexts = []
    errors: list[str] = []

    def open_page(user: User, *, expected: str = "", **options: Any) -> Page:
        def note(text: str) -> None:
            if not expected or expected not in text:
                errors.append(text)

        client = Client()
        client.force_login(user)
        key = client.cookies["sessionid"].value
        context = browser.new_context(base_url=live_server.url, viewport={"width": 1440, "height": 900}, **options)
        contexts.append(context)
        context.add_cookies([{"name": "sessionid", "value": key, "url": live_server.url}])
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: note(str(error)))
        page.on("console", lambda said: note(said.text) if said.type == "error" else None)
        page.goto(WORKSPACE)
        if options.get("java_script_enabled", True):
            page.wait_for_function("() => document.querySelector('video').readyState >= 2")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == [], errors


def editor(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Caption", exact=True)


def text_of(page: Page) -> str:
    """What the editor holds, once there is one: a page that was just loaded makes it a moment later."""
    page.wait_for_function(f"() => {CAPTION}")
    text: str = page.evaluate(f"{CAPTION}.text")
    return text


def caret(page: Page) -> int:
    place: int = page.evaluate(f"{CAPTION}.selection.to")
    return place


def put_caret(page: Page, place: int, to: int | None = None) -> None:
    tell(page, "caption:select", {"from": place, "to": place if to is None else to})
    expect(editor(page)).to_be_focused()


def tell(page: Page, name: str, detail: dict[str, Any]) -> None:
    page.evaluate("([name, detail]) => document.dispatchEvent(new CustomEvent(name, { detail }))", [name, detail])


def is_saved(page: Page) -> None:
    """All that was typed, also since the last picture: the editor tells of it with the next one, or when asked."""
    tell(page, "caption:collect", {"body": {}})
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "saved")


def go_to(page: Page, t: float) -> None:
    """Put the playhead there, and wait until that picture is on the screen: it comes later than currentTime says."""
    tell(page, "clip:seek", {"t": t})
    page.wait_for_function(
        "t => Math.abs(document.querySelector('video').currentTime - t) < 0.04"
        " && Math.abs(document.querySelector('[data-clip-player]').clip.time - t) < 0.04",
        arg=t,
    )
