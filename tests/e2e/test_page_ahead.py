"""The page of the next clip in a browser that can fetch it ahead."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import SignIn
from tests.e2e.test_queue import CHANGED, start_work

pytestmark = pytest.mark.browser


def test_the_page_of_the_next_clip_is_fetched_ahead_and_counts_what_was_handed_in_since(sign_in: SignIn) -> None:
    page = sign_in("ana")
    start_work(page)
    page.wait_for_load_state()
    done = page.locator("[data-today=submitted]")
    before, url = int(done.inner_text()), page.url
    is_next = lambda request: request.url.endswith("/caption") and request.url != url  # noqa: E731
    with page.context.expect_event("request", is_next, timeout=10_000) as fetched:
        page.evaluate(CHANGED)
    assert fetched.value.headers["sec-purpose"] == "prefetch"
    page.locator("[name=verb][value=submit]").first.click()
    page.wait_for_function("url => location.href !== url || document.querySelector('#submit-flags[open]')", arg=url)
    if page.url == url:
        page.locator("#submit-flags [data-go]").click()
    page.wait_for_url(fetched.value.url)
    assert page.evaluate("performance.getEntriesByType('navigation')[0].deliveryType") == "navigational-prefetch"
    expect(done).to_have_text(str(before + 1))
    page.goto("/projects/demo/queue/")
    expect(page.locator(".next-up")).to_contain_text(fetched.value.url.split("/")[-2])
