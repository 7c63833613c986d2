"""Postgres is killed while people save: what was acknowledged is there, what was tried again is there once."""

import http.client
import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, expect

from tests.faults.server import Answer, Server
from tests.proxy import Proxy

pytestmark = pytest.mark.faults

WRITERS = 8
KILLS = 8
PAGES = ["/", "/projects/demo/", "/accounts/login/", "/api/v1/projects", "/readyz"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("dies"), captions=WRITERS + 4)
    yield server
    server.stop()


class Writer(threading.Thread):
    """Saves until told to stop, each text with its own key, tried again until it is acknowledged. Keeps a ledger."""

    def __init__(self, server: Server, clip_id: str, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.server, self.clip_id, self.stop_asked = server, clip_id, stop
        self.ledger: list[str] = []
        self.troubles: Counter[str] = Counter()

    def run(self) -> None:
        etag = '"0-0"'
        for number in itertools.count(1):
            text = f"{self.clip_id} save {number}."
            etag = self._until_acknowledged(text, etag).headers["ETag"]
            self.ledger.append(text)
            if self.stop_asked.is_set():
                return

    def _until_acknowledged(self, text: str, etag: str) -> Answer:
        key = str(uuid4())
        while True:
            try:
                answer = self.server.save(self.clip_id, text=text, etag=etag, key=key)
            except (OSError, http.client.HTTPException) as error:
                self.troubles[type(error).__name__] += 1
                continue
            if answer.status == 201:
                return answer
            self.troubles[str(answer.status)] += 1
            assert answer.status == 503, answer
            time.sleep(0.05)


def test_no_acknowledged_save_is_lost_and_no_retried_one_doubled_f09_f13(server: Server) -> None:
    stop = threading.Event()
    writers = [Writer(server, f"c{number}", stop) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    for _ in range(KILLS):
        time.sleep(1)
        server.kill_postgres()
        time.sleep(0.3)
        server.start_postgres()
    time.sleep(1)
    stop.set()
    for writer in writers:
        writer.join(60)
        assert not writer.is_alive(), "a writer never got its answer, or one that it did not expect"
    written = server.revisions()
    for writer in writers:
        mine = sorted((number, text) for clip, number, text in written if clip == writer.clip_id)
        assert mine == list(enumerate(writer.ledger, start=1))
    troubles: Counter[str] = sum((writer.troubles for writer in writers), Counter())
    assert troubles, "nobody noticed that Postgres died: nothing was proved"
    server.verify_history()
    total = sum(len(writer.ledger) for writer in writers)
    print(f"{total} saves acknowledged under {KILLS} kills: 0 missing, 0 doubled; troubles {dict(troubles)}")  # noqa: T201


def test_while_postgres_is_away_every_answer_is_503_within_two_seconds_f10(server: Server) -> None:
    first = server.etag_of("c8")
    server.kill_postgres()
    try:
        for path in PAGES:
            for _ in range(3):  # the connection that broke, and new ones
                answer = server.get(path)
                assert (answer.status, path) == (503, path)
                assert answer.seconds < 2
            if path != "/readyz":
                assert int(answer.headers["Retry-After"]) >= 1
            assert "Content-Security-Policy" in answer.headers
        refused = server.save("c8", text="Kept.", etag=first, key="f10")
        assert (refused.status, "unavailable" in refused.body) == (503, True)
    finally:
        server.start_postgres()
    end = time.monotonic() + 5
    while server.get("/readyz").status != 200:
        assert time.monotonic() < end, "it did not come back within five seconds"
        time.sleep(0.05)
    assert server.save("c8", text="Kept.", etag=first, key="f10").status == 201


def test_while_postgres_hangs_every_answer_is_503_within_twelve_seconds_f11(server: Server) -> None:
    first = server.etag_of("c8")
    for path in PAGES:
        assert server.get(path).status == 200  # every thread that answers holds a connection by now
    with server.hung_postgres():
        for path in PAGES:
            answer = server.get(path)
            assert (answer.status, path) == (503, path)
            assert answer.seconds < 12
        assert server.save("c8", text="Hung.", etag=first, key="f11").status == 503
        assert server.ask("GET", "/healthz").status == 200  # it lives, and is not restarted for it
    end = time.monotonic() + 5
    while server.get("/readyz").status != 200:
        assert time.monotonic() < end, "it did not come back within five seconds"
        time.sleep(0.05)
    # The save that hung may hold the caption for as long as it takes the server to see that nobody waits for it.
    while server.save("c8", text="Hung.", etag=first, key="f11").status != 201:
        assert time.monotonic() < end, "it did not save again within five seconds"


def test_a_save_caught_midway_by_a_hanging_postgres_is_answered_and_done_once_f11_f13(server: Server) -> None:
    """Statements that are under way when it hangs: nobody waits longer than we said, and nothing is done twice."""
    etag = server.etag_of("c9")
    stop = threading.Event()
    slowest: list[float] = []

    def save_on_and_on() -> None:
        nonlocal etag
        for number in itertools.count(1):
            key = str(uuid4())
            while True:
                answer = server.save("c9", text=f"midway {number}.", etag=etag, key=key)
                slowest.append(answer.seconds)
                if answer.status == 201:
                    break
                assert answer.status == 503, answer
            etag = answer.headers["ETag"]
            if stop.is_set():
                return

    before = len([text for clip, _, text in server.revisions() if clip == "c9"])
    writer = threading.Thread(target=save_on_and_on, daemon=True)
    writer.start()
    time.sleep(0.5)
    with server.hung_postgres():
        time.sleep(14)
    stop.set()
    writer.join(30)
    assert not writer.is_alive()
    assert 2 < max(slowest) < 12, "it was not caught, or waited too long"
    texts = [text for clip, _, text in server.revisions() if clip == "c9"][before:]
    assert texts == [f"midway {number}." for number in range(1, len(texts) + 1)]


def test_a_reply_that_is_lost_after_the_commit_is_given_again_f13(server: Server) -> None:
    """The way to the server is cut each time between its answer and the client."""
    way = Proxy(server.port)
    way.start()
    etag = server.etag_of("c10")
    start = len(server.revisions())
    for number in range(1, 11):
        key, text = str(uuid4()), f"lost {number}."
        send = partial(server.save, "c10", text=text, etag=etag, key=key, port=way.port)
        way.swallow_replies = True
        with pytest.raises((OSError, http.client.HTTPException)):
            send()
        way.swallow_replies = False
        answers = [server.until_answered(send) for _ in range(3)]
        assert {answer.status for answer in answers} == {201}
        assert len({answer.body for answer in answers}) == len({answer.headers["ETag"] for answer in answers}) == 1
        etag = answers[0].headers["ETag"]
        written = server.revisions()
        assert [one for one in written if one[2] == text] == [("c10", number, text)]
    way.stop()
    assert len(server.revisions()) == start + 10


@pytest.mark.browser
def test_what_is_typed_while_postgres_is_away_stays_in_the_page_and_is_saved_later_f10(
    server: Server, browser: Browser
) -> None:
    context = browser.new_context(base_url=server.url)
    context.add_cookies([{"name": "sessionid", "value": server.session, "url": server.url}])
    page = context.new_page()
    page.goto("/projects/demo/clips/c11/caption")
    editor, state = page.get_by_label("Caption", exact=True), page.locator("[data-save-state]")
    editor.fill("Typed before.")
    expect(state).to_have_attribute("data-state", "saved")
    server.kill_postgres()
    try:
        editor.fill("Typed while it was away.")
        expect(state).to_have_attribute("data-state", "unsaved", timeout=10_000)
        editor.press_sequentially(" And more.")
        expect(editor).to_have_text("Typed while it was away. And more.")
    finally:
        server.start_postgres()
    expect(state).to_have_attribute("data-state", "saved", timeout=20_000)
    page.locator("button[name=verb][value=save]").click()
    expect(page.locator("#tab-history .n")).to_have_text("1")
    page.reload()
    expect(editor).to_have_text("Typed while it was away. And more.")
    context.close()
    texts = [text for clip, _, text in server.revisions() if clip == "c11"]
    assert texts == ["Typed while it was away. And more."]
