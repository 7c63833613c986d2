"""A real Chromium in front of the platform as people start it."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.once_a_run import migrated, once_a_run
from tests.stack import Stack, wait_until_gone

SignIn = Callable[..., Page]


def install(folder: Path) -> None:
    stack = Stack(folder / "data")
    shutil.copytree(migrated(), stack.data / "pg")
    stack.start()
    said = stack.wait_for("ready after")
    stack.stop()
    assert wait_until_gone(stack.data) == {}
    (folder / "said").write_text(said)


@pytest.fixture(scope="session")
def installed() -> tuple[Path, dict[str, str]]:
    """A data folder with the sample project, at rest, and its accounts' passwords: each module works on a copy."""
    folder = once_a_run("installed", install)
    passwords = dict(re.findall(r"^  (\w+) +(\S+) +\w+$", (folder / "said").read_text(), re.MULTILINE))
    assert set(passwords) == {"ana", "rui", "oda", "adam"}
    return folder / "data", passwords


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, installed: tuple[Path, dict[str, str]]) -> Iterator[Stack]:
    """`./haic up` with the sample project, in a folder of its own."""
    stack = Stack(tmp_path_factory.mktemp("e2e") / "data")
    shutil.copytree(installed[0], stack.data)
    stack.start()
    stack.wait_for("ready after")
    yield stack
    stack.stop()


@pytest.fixture(scope="module")
def passwords(stack: Stack, installed: tuple[Path, dict[str, str]]) -> dict[str, str]:
    return installed[1]


@contextmanager
def profiles(browser: Browser, url: str, passwords: dict[str, str], *, expected: str = "") -> Iterator[SignIn]:
    """Sign somebody in, in a browser profile of their own. Anything a page reports as an error fails the test.

    expected: a part of the errors that belong to what is tested, such as an answer that refuses.
    """
    contexts = []
    errors: list[str] = []

    def note(page: Page, text: str) -> None:
        if not expected or expected not in text:
            errors.append(f"{page.url}: {text}")

    def open_as(username: str, *, width: int = 1280, height: int = 720, dark: bool = False) -> Page:
        context = browser.new_context(
            base_url=url,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: note(page, str(error)))
        page.on("console", lambda said: note(page, said.text) if said.type == "error" else None)
        page.goto("/accounts/login/")
        page.get_by_label("Username").fill(username)
        page.get_by_label("Password").fill(passwords[username])
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/")
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert not errors, errors


@pytest.fixture
def sign_in(browser: Browser, stack: Stack, passwords: dict[str, str]) -> Iterator[SignIn]:
    with profiles(browser, stack.url, passwords) as open_as:
        yield open_as


@pytest.fixture(scope="session")
def shots() -> Path | None:
    """Where screenshots go, if somebody wants to look: HAIC_SHOTS=DIR."""
    folder = os.environ.get("HAIC_SHOTS")
    return Path(folder) if folder else None
