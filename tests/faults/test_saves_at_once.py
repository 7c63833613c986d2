"""Many people press Save in the same moment; one connection sends the same Save many times."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from tests.faults.server import Answer, Server

CLIENTS = 100
ETAG = '"{number}-0"'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("at-once"), captions=3)
    yield server
    server.stop()


def at_once(number: int, act: Callable[[int], Answer]) -> list[Answer]:
    """Let so many threads go at the same moment; their answers."""
    barrier = threading.Barrier(number)
    answers: list[Answer] = []

    def run(place: int) -> None:
        barrier.wait()
        answers.append(act(place))

    threads = [threading.Thread(target=run, args=[place]) for place in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == number, "a request got no answer"
    return answers


def race(server: Server, *, clip_id: str, rounds: int) -> None:
    """Each round: one accepted, the others told 412, and the accepted words are the ones that stand."""
    accepted: list[str] = []
    for number in range(rounds):
        texts = [f"Round {number}, client {place}." for place in range(CLIENTS)]
        sent = at_once(
            CLIENTS,
            lambda place, number=number, texts=texts: server.save(  # type: ignore[misc]
                clip_id, text=texts[place], etag=ETAG.format(number=number), key=str(uuid4())
            ),
        )
        assert Counter(answer.status for answer in sent) == {201: 1, 412: CLIENTS - 1}
        standing = server.get(f"/api/v1/projects/demo/clips/{clip_id}/caption")
        accepted += [text for text in texts if text in standing.body]
        assert len(accepted) == number + 1
    mine = [(number, text) for clip, number, text in server.revisions() if clip == clip_id]
    assert sorted(mine) == list(enumerate(accepted, start=1))
    print(f"{rounds} rounds of {CLIENTS}: {rounds} accepted, {rounds * (CLIENTS - 1)} told 412, 0 lost")  # noqa: T201


def test_of_a_hundred_saves_on_one_revision_one_is_accepted_d01(server: Server) -> None:
    race(server, clip_id="c0", rounds=3)


@pytest.mark.faults
def test_fifty_rounds_of_a_hundred_saves_lose_nothing_d01(server: Server) -> None:
    race(server, clip_id="c1", rounds=50)


def test_the_same_key_twenty_times_at_once_is_one_revision_and_one_answer_d06(server: Server) -> None:
    key = str(uuid4())
    sent = at_once(20, lambda _: server.save("c2", text="Once.", etag='"0-0"', key=key))
    assert {(answer.status, answer.body, answer.headers["ETag"]) for answer in sent} == {(201, sent[0].body, '"1-0"')}
    assert [text for clip, _, text in server.revisions() if clip == "c2"] == ["Once."]
    other = server.save("c2", text="Other words.", etag='"0-0"', key=key)
    assert other.status == 422
    assert "idempotency_key_reused" in other.body
    assert [text for clip, _, text in server.revisions() if clip == "c2"] == ["Once."]
