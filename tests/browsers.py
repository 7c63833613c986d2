"""A real Chromium, one for each test process. Under CI a missing one fails; nothing is skipped."""

import os
import shutil
from collections.abc import Iterator

import pytest
from django.db import connections
from playwright.sync_api import Browser, expect, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]

expect.set_options(timeout=15_000)  # two browsers and two servers share two cores
PRODUCTION_SITE = "annotate.test"
"""The name of the stack of compose in tests; it is looked up nowhere."""


def find_chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next((found for name in names if (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = find_chromium()
    if executable is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium on this machine: the browser tests cannot run")
        pytest.skip("no Chromium on this machine (CHROMIUM names one)")
    # While Playwright's event loop stands, this thread has other connections to the database than without it.
    connections.close_all()
    with sync_playwright() as playwright:
        flags = [*FLAGS, f"--host-resolver-rules=MAP {PRODUCTION_SITE} 127.0.0.1"]
        browser = playwright.chromium.launch(executable_path=executable, args=flags)
        yield browser
        browser.close()
        connections.close_all()
