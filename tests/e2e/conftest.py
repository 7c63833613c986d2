"""A real Chromium in front of the platform as people start it."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.stack import Stack, manage

SignIn = Callable[..., Page]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """`./haic up` with the sample project, in a folder of its own."""
    stack = Stack(tmp_path_factory.mktemp("e2e") / "data")
    stack.start()
    stack.wait_for("ready after")
    yield stack
    stack.stop()


@pytest.fixture(scope="module")
def passwords(stack: Stack) -> dict[str, str]:
    said = manage(stack.data, "load_demo", "--json")
    assert said.returncode == 0, said.stderr
    accounts = json.loads(said.stdout.splitlines()[-1])["accounts"]
    return {account["username"]: account["password"] for account in accounts}


@contextmanager
def profiles(browser: Browser, url: str, passwords: dict[str, str]) -> Iterator[SignIn]:
    """Sign somebody in, in a browser profile of their own. Anything a page reports as an error fails the test."""
    contexts = []
    errors: list[str] = []

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
        page.on("pageerror", lambda error: errors.append(f"{page.url}: {error}"))
        page.on("console", lambda said: errors.append(f"{page.url}: {said.text}") if said.type == "error" else None)
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
