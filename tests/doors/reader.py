"""Somebody who opens pages in a real browser, and fails on anything that runs, goes elsewhere or breaks a request."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition
from typing import Any

import pytest
from django.core.signals import got_request_exception, request_finished, request_started
from django.http import HttpRequest
from django.test import Client
from playwright.sync_api import Browser, Dialog, Page, Request

from annotation.models import User

SHOWN = """() => {
  const said = [document.title, document.body.textContent];
  for (const field of document.querySelectorAll("input, textarea")) said.push(field.value);
  for (const node of document.querySelectorAll("*"))
    for (const name of ["title", "aria-label", "alt", "placeholder", "data-text"])
      if (node.hasAttribute(name)) said.push(node.getAttribute(name));
  return said.join("\\n");
}"""
"""All that a page says: text, what stands in fields, and names for who cannot see."""

FILL = """([where, values]) => {
  const form = document.querySelector(where);
  form.noValidate = true;
  for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
}"""
"""A form filled in as no browser's own check would let it be."""


class Reader:
    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.ran: list[str] = []
        page.on("dialog", self._dialog)
        page.on("pageerror", lambda error: self.ran.append(f"{page.url}: {error}"))
        page.on("request", self._request)

    def _dialog(self, dialog: Dialog) -> None:
        if dialog.type == "beforeunload":  # our own: words are not saved yet
            dialog.accept()
            return
        self.ran.append(f"{self.page.url}: a dialog")
        dialog.dismiss()

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.url, "blob:", "data:")):
            self.ran.append(f"{self.page.url}: asked {request.url}")

    def read(self, path: str, *, status: int = 200) -> str:
        answer = self.page.goto(self.url + path, wait_until="load")
        assert answer is not None
        assert answer.status == status, (path, answer.status)
        return self.said(path)

    def shows(self, path: str, texts: list[str], *, status: int = 200) -> None:
        said = self.read(path, status=status)
        assert [text for text in texts if text not in said] == [], path

    def said(self, path: str) -> str:
        """What stands on the page that is open, which must still be the one at `path`."""
        said: str = self.page.evaluate(SHOWN)
        assert self.page.evaluate("typeof window.__x") == "undefined", path
        assert self.page.url == self.url + path
        assert self.ran == []
        return said

    def sends(
        self, path: str, values: dict[str, str], *, form: str = "main form", press: str = "", status: int = 400
    ) -> str:
        """What comes back when a form of the open page is filled in and its button, or `press`, is pressed."""
        self.page.evaluate(FILL, [form, values])
        with self.page.expect_navigation(wait_until="load") as answered:
            self.page.eval_on_selector(press or f"{form} [type=submit]", "button => button.click()")
        assert answered.value.status == status, (path, answered.value.status)
        return self.said(path)


class Requests:
    """Those that the server has begun and not ended, and what broke one."""

    def __init__(self) -> None:
        self.changed = Condition()
        self.open = 0
        self.broken: list[str] = []

    def started(self, **more: object) -> None:
        with self.changed:
            self.open += 1

    def finished(self, **more: object) -> None:
        with self.changed:
            self.open -= 1
            self.changed.notify_all()

    def broke(self, request: HttpRequest, **more: object) -> None:
        self.broken.append(f"{request.method} {request.path}: {sys.exc_info()[1]!r}")

    @contextmanager
    def counted(self) -> Iterator[None]:
        request_started.connect(self.started)
        request_finished.connect(self.finished)
        got_request_exception.connect(self.broke)
        try:
            yield
        finally:
            request_started.disconnect(self.started)
            request_finished.disconnect(self.finished)
            got_request_exception.disconnect(self.broke)

    def all_ended(self) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: self.open == 0, timeout=20)


@pytest.fixture
def reader_of(browser: Browser, live_server: Any) -> Iterator[Callable[[User | None], Reader]]:
    """A browser of somebody's own; of nobody's for None.

    What a page sends as it is left is answered before the tables are emptied: a request would break on that.
    """
    contexts = []

    def open_browser(user: User | None) -> Reader:
        context = browser.new_context()
        contexts.append(context)
        if user is not None:
            client = Client()
            client.force_login(user)
            key = client.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": key, "url": live_server.url}])
        return Reader(context.new_page(), live_server.url)

    requests = Requests()
    with requests.counted():
        yield open_browser
        for context in contexts:
            for page in context.pages:
                page.goto("about:blank")
            context.close()
        assert requests.all_ended(), f"{requests.open} requests were never answered"
    assert requests.broken == []
