"""Postgres is killed while people save: what was acknowledged is there, what was tried again is there once."""

import http.client
import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.faults.server import Answer, Server

WRITERS = 8
KILLS = 8
PAGES = ["/", "/projects/demo/", "/accounts/login/", "/api/v1/projects", "/readyz"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("dies"), captions=WRITERS + 1)
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


@pytest.mark.faults
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
    first = server.get("/api/v1/projects/demo/clips/c8/caption").headers["ETag"]
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
