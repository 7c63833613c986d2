"""D-08: a hundred people empty a queue of a thousand captions, and one item in ten its holder is killed at.

Whoever is killed never comes back; somebody new takes the chair. Two records are kept apart from each other: what the
people were told and when (here), and the rows of leases (in the database).
"""

import http.client
import json
import random
import socket
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.faults.server import Server

pytestmark = pytest.mark.faults

CHAIRS, ITEMS, PEOPLE = 100, 1000, 400
KILLED = 0.1
LEASE_SECONDS = 10
REUSED_WITHIN_S = 5.0
LONGEST_S = 230
SEED = """
from annotation.models import Role, Scope
from annotation.services.tokens import make_token
from tests.factories import ClipFactory, MembershipFactory, ProjectFactory, UserFactory
project = ProjectFactory.create(slug="many")
for number in range(ITEMS):
    ClipFactory.create(project=project, clip_id=f"c{number:04}")
for number in range(PEOPLE):
    user = UserFactory.create(username=f"p{number}")
    MembershipFactory.create(project=project, user=user, role=Role.ANNOTATOR)
    print(make_token(user=user, name="test", scope=Scope.WRITE, days=1)[1])
"""
NEXT = "/api/v1/projects/many/queue/next"
LEASES = """
    SELECT caption_id, leased_at, least(ended_at, expires_at), expires_at, ended_how FROM annotation_captionlease
    ORDER BY caption_id, leased_at
"""
HANDED_IN = """
    SELECT count(*), count(DISTINCT submission.caption_id), count(*) FILTER (WHERE lease.id IS NULL)
    FROM annotation_captionsubmission AS submission
    LEFT JOIN annotation_captionlease AS lease ON lease.caption_id = submission.caption_id
        AND lease.holder_id = submission.submitter_id AND lease.ended_how = 'submitted'
"""


@dataclass
class Record:
    """What people were told: a clip was theirs from, to (seconds since 1970), and who was killed at what."""

    owned: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    ends: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, end: str, clip_id: str = "", since: float = 0, until: float = 0) -> None:
        with self.lock:
            self.ends[end] += 1
            if clip_id:
                self.owned[clip_id].append((since, until))


class Killed(Exception):
    pass


class Person:
    def __init__(self, port: int, token: str, record: Record, chance: random.Random) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.record, self.chance = record, chance

    def item(self, *, waited: bool) -> str:
        """One item, or what the queue says when it has none. Raises Killed, but at nobody who was told to wait."""
        is_killed = self.chance.random() < KILLED and not waited
        dies = self.chance.choice(["unheard", "holding", "sending"]) if is_killed else ""
        self._send(NEXT, {"work": "edit"}, cut=False)
        if dies == "unheard":
            raise self._killed(dies)
        _, offer = self._answer()
        since = time.time()
        if "nothing" in offer:
            return str(offer["nothing"]["why"])
        clip_id, expires = offer["clip_id"], datetime.fromisoformat(offer["expires_at"]).timestamp()
        if dies == "holding":
            self.record.note("seen", clip_id, since, expires)
            raise self._killed(dies)
        time.sleep(self.chance.uniform(0, 0.2))
        until = min(time.time(), expires)
        headers = {"If-Match": '"0-0"', "Idempotency-Key": uuid4().hex}
        body = {"text": f"A man walks through {clip_id}.", "people": []}
        self._send(f"/api/v1/projects/many/clips/{clip_id}/caption/submit", body, headers, cut=dies == "sending")
        if dies == "sending":
            self.record.note("seen", clip_id, since, expires)
            raise self._killed(dies)
        status, said = self._answer()
        self.record.note(f"submit {status} {said.get('error', {}).get('code', '')}".strip(), clip_id, since, until)
        return ""

    def _send(self, path: str, body: Any, headers: dict[str, str] | None = None, *, cut: bool) -> None:
        raw = json.dumps(body).encode()
        said = {**self.headers, **(headers or {}), "Content-Length": str(len(raw))}
        self.connection.request("POST", path, raw[: len(raw) // 2] if cut else raw, said)

    def _answer(self) -> tuple[int, Any]:
        reply = self.connection.getresponse()
        return reply.status, json.loads(reply.read())

    def _killed(self, how: str) -> Killed:
        """As the system does with a killed program's connection."""
        if self.connection.sock is not None:
            self.connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.connection.close()
        self.record.note(f"killed {how}")
        return Killed(how)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEASE_SECONDS", str(LEASE_SECONDS))
        server = Server(tmp_path_factory.mktemp("queue"), captions=0)
    yield server
    server.stop()


def empty_the_queue(server: Server, tokens: list[str], record: Record) -> None:
    waiting, end = iter(tokens), time.monotonic() + LONGEST_S
    lock = threading.Lock()

    def chair(number: int) -> None:
        chance = random.Random(number)
        person: Person | None = None
        why = ""
        while time.monotonic() < end:
            if person is None:
                with lock:
                    token = next(waiting)
                person = Person(server.port, token, record, chance)
            try:
                why = person.item(waited=bool(why))
            except Killed:
                person = None
                continue
            if why == "finished":
                return
            if why:
                time.sleep(0.2)
        record.problems.append("the time was over")

    def guarded(number: int) -> None:
        try:
            chair(number)
        except Exception as error:
            record.problems.append(repr(error))

    threads = [threading.Thread(target=guarded, args=[number]) for number in range(CHAIRS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def overlaps(spans: list[tuple[float, float]]) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    return [(one, other) for one, other in pairwise(sorted(spans)) if other[0] < one[1]]


def test_a_hundred_people_empty_a_queue_and_nothing_is_ever_two_peoples_d08(server: Server) -> None:
    seed = SEED.replace("ITEMS", str(ITEMS)).replace("PEOPLE", str(PEOPLE))
    tokens = server.shell(seed).splitlines()[-PEOPLE:]
    record, began = Record(), time.monotonic()
    empty_the_queue(server, tokens, record)
    took = time.monotonic() - began
    assert record.problems == []
    with psycopg.connect(server.env["DATABASE_URL"]) as database:
        states: dict[str, int] = dict(
            database.execute("SELECT state, count(*) FROM annotation_caption GROUP BY state").fetchall()
        )
        rows = database.execute(LEASES).fetchall()
        handed_in = database.execute(HANDED_IN).fetchone()
    assert states == {"in_review": ITEMS}
    assert handed_in == (ITEMS, ITEMS, 0)
    told = {clip_id: found for clip_id, spans in record.owned.items() if (found := overlaps(spans))}
    assert told == {}, "two people were told at once that a clip was theirs"
    by_caption: dict[int, list[Any]] = defaultdict(list)
    for caption_id, *row in rows:
        by_caption[caption_id].append(row)
    gaps = []
    for leases in by_caption.values():
        for (_, over, expires, how), (since, *_) in pairwise(leases):
            assert over is not None and since >= over, "a lease began before the one before it was over"
            if how == "expired":
                gaps.append((since - expires).total_seconds())
    killed = sum(number for end, number in record.ends.items() if end.startswith("killed"))
    assert killed > ITEMS * KILLED / 2
    assert gaps and max(gaps) < REUSED_WITHIN_S
    print(  # noqa: T201
        f"{ITEMS} items, {CHAIRS} at once, {killed} killed, {took:.0f} s; {len(rows)} leases, 0 overlap;"
        f" {len(gaps)} taken up again, {min(gaps):.2f} to {max(gaps):.2f} s after their time; {dict(record.ends)}"
    )
