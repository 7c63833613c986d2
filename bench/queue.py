"""The queue of captions from end to end, on a Postgres and a gunicorn of its own. Prints JSON.

    .venv/bin/python -m bench.queue [--items 20000] [--large 200000] [--judged 20000] [--rounds 150] [--seconds 20]

Each annotator asks for the next caption and hands it in with 250 words, through HTTP, as a program with a token would.

    one      one annotator on --items captions           aim: next <= 10 ms, submit <= 15 ms (p50)
    eight    eight annotators at once for --seconds      aim: 80 items/s
    sizes    next at 500 and at --large captions, by turns, the same annotator     aim: ratio <= 1.3
    crowded  next at --large captions when 5,000 that come first are assigned to somebody else and 500 are on desks
    kinds    next of each kind and work with --judged captions in review, --judged sets of questions to write and
             --judged in review, of whose captions the reviewer has opened the first quarter

`double_leases` counts pairs of leases of one caption whose times overlap: it must be 0.
"""

import argparse
import http.client
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from tests.faults.server import Server

WORDS = " ".join(["There is one person in the video, a man who walks to the door."] * 18)[:1400]
PEOPLE_OF = """
from annotation.models import Project, Role, Scope, User
from annotation.services.tokens import make_token
from tests.factories import MembershipFactory, ProjectFactory, UserFactory
for slug in ("items", "small", "large", "crowd", "captions", "written", "answered"):
    ProjectFactory.create(slug=slug)
for number in range(NUMBER):
    user = UserFactory.create(username=f"annotator{number}")
    for project in Project.objects.exclude(slug="demo"):
        judges = project.slug in ("captions", "written", "answered")
        MembershipFactory.create(project=project, user=user, role=Role.REVIEWER if judges else Role.ANNOTATOR)
    print(make_token(user=user, name="bench", scope=Scope.WRITE, days=1)[1])
"""
CLIPS = """
INSERT INTO annotation_clip (uid, project_id, clip_id, state, original, original_sha256, original_name, video, sha256,
    poster, subtitles, duration_ms, width, height, fps, frames, has_audio, source, source_id, source_url, license,
    may_redistribute, description, metadata, is_control, created_at)
SELECT gen_random_uuid(), project.id, 'clip-' || lpad(n::text, 7, '0'), 'active', 'o', repeat('0', 64), 'o.mp4', 'v',
    repeat('1', 64), 'p', '', 7000, 640, 360, 25, 175, false, '', '', '', '', true, '', '{}', false, now()
FROM annotation_project AS project, generate_series(1, %(number)s) AS n WHERE project.slug = %(slug)s
"""
CAPTIONS = """
INSERT INTO annotation_caption
    (uid, clip_id, project_id, state, head_number, head_digest, created_at, is_held, priority)
SELECT gen_random_uuid(), clip.id, clip.project_id, %(state)s, 0, '', now(), false, 0
FROM annotation_clip AS clip JOIN annotation_project AS project ON project.id = clip.project_id
WHERE project.slug = %(slug)s ORDER BY clip.id
"""
CROWD = """
UPDATE annotation_caption
SET priority = 9, assigned_to_id = (SELECT id FROM annotation_user WHERE username = 'annotator7')
WHERE id IN (SELECT id FROM annotation_caption WHERE project_id = PROJECT ORDER BY id LIMIT 5000);
INSERT INTO annotation_captionlease
    (caption_id, holder_id, work, is_prefetch, leased_at, expires_at, ended_how, active_ms)
SELECT id, (SELECT id FROM annotation_user WHERE username = 'annotator6'), 'edit', false, now(),
    now() + interval '1 day', '', 0
FROM annotation_caption WHERE project_id = PROJECT ORDER BY annotation_caption.id OFFSET 5000 LIMIT 500;
""".replace("PROJECT", "(SELECT id FROM annotation_project WHERE slug = 'crowd')")
JUDGED = """
INSERT INTO annotation_captionrevision
    (caption_id, number, author_id, kind, created_at, digest, text, people, critiques, dismissed, watched)
SELECT caption.id, 1, (SELECT id FROM annotation_user WHERE username = 'annotator7'), 'edit', now(), repeat('0', 64),
    'x', '[]', '[]', '[]', '[]'
FROM annotation_caption AS caption JOIN annotation_project AS project ON project.id = caption.project_id
WHERE project.slug IN ('captions', 'written', 'answered');
UPDATE annotation_caption SET head_id = revision.id, head_number = 1,
    approved_revision_id = CASE annotation_caption.state WHEN 'approved' THEN revision.id END
FROM annotation_captionrevision AS revision WHERE revision.caption_id = annotation_caption.id;
INSERT INTO qa_qaitem (uid, clip_id, category, number, question_id, state, head_number, head_digest, created_at)
SELECT gen_random_uuid(), clip.id, 'count', 1, clip.clip_id || '-count-1',
    CASE project.slug WHEN 'written' THEN 'drafted' ELSE 'in_review' END, 0, '', now()
FROM annotation_clip AS clip JOIN annotation_project AS project ON project.id = clip.project_id
WHERE project.slug IN ('written', 'answered');
INSERT INTO qa_qarevision (item_id, number, author_id, kind, created_at, digest, content)
SELECT item.id, 1, (SELECT id FROM annotation_user WHERE username = 'annotator7'), 'edit', now(), repeat('0', 64), '{}'
FROM qa_qaitem AS item WHERE item.state = 'in_review';
UPDATE qa_qaitem SET head_id = revision.id, head_number = 1 FROM qa_qarevision AS revision
WHERE revision.item_id = qa_qaitem.id;
INSERT INTO annotation_captionopening (caption_id, user_id, opened_at)
SELECT caption.id, (SELECT id FROM annotation_user WHERE username = 'annotator0'), now()
FROM annotation_caption AS caption JOIN annotation_project AS project ON project.id = caption.project_id
WHERE project.slug = 'answered' ORDER BY caption.id LIMIT OPENED;
"""
KINDS = [
    ("captions", "caption", "review"),
    ("written", "questions", "edit"),
    ("answered", "questions", "review"),
]
DOUBLE = """
SELECT count(*) FROM annotation_captionlease AS one JOIN annotation_captionlease AS other
    ON other.caption_id = one.caption_id AND other.id > one.id
WHERE tstzrange(one.leased_at, least(one.ended_at, one.expires_at))
    && tstzrange(other.leased_at, least(other.ended_at, other.expires_at))
"""


class Annotator:
    """One person's program, on a connection that it keeps."""

    def __init__(self, port: int, token: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.next_ms: list[float] = []
        self.submit_ms: list[float] = []

    def item(self, slug: str) -> bool:
        """One caption from Next to Submit; False when nothing is left."""
        began = time.perf_counter()
        offer = self._post(f"/api/v1/projects/{slug}/queue/next", {"work": "edit"})
        self.next_ms.append((time.perf_counter() - began) * 1000)
        if "nothing" in offer:
            return False
        began = time.perf_counter()
        path = f"/api/v1/projects/{slug}/clips/{offer['clip_id']}/caption/submit"
        self._post(path, {"text": WORDS, "people": []}, {"If-Match": '"0-0"', "Idempotency-Key": uuid4().hex})
        self.submit_ms.append((time.perf_counter() - began) * 1000)
        return True

    def look(self, slug: str, kind: str, work: str) -> None:
        """Next of a kind, which is given back at once."""
        began = time.perf_counter()
        offer = self._post(f"/api/v1/projects/{slug}/queue/next", {"kind": kind, "work": work})
        self.next_ms.append((time.perf_counter() - began) * 1000)
        self._post(f"/api/v1/projects/{slug}/clips/{offer['clip_id']}/{kind}/release", {})

    def _post(self, path: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> dict[str, Any]:
        self.connection.request("POST", path, json.dumps(body), {**self.headers, **(headers or {})})
        reply = self.connection.getresponse()
        said = reply.read()
        if reply.status != 200:
            raise SystemExit(f"{path}: {reply.status} {said[:500]!r}")
        answer: dict[str, Any] = json.loads(said)
        return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--large", type=int, default=200_000)
    parser.add_argument("--judged", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=150)
    parser.add_argument("--seconds", type=float, default=20)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("HAIC_TEST_RUN", folder)
        server = Server(Path(folder), captions=0)
        try:
            said = _measured(server, wanted)
        finally:
            server.stop()
    sys.stdout.write(json.dumps(said, indent=2) + "\n")


def _measured(server: Server, wanted: argparse.Namespace) -> dict[str, Any]:
    tokens = server.shell(PEOPLE_OF.replace("NUMBER", "8")).splitlines()[-8:]
    with psycopg.connect(server.owner_url, autocommit=True) as database:
        for slug, number, state in (
            ("items", wanted.items, "waiting"),
            ("small", 500, "waiting"),
            ("large", wanted.large, "waiting"),
            ("crowd", wanted.large, "waiting"),
            ("captions", wanted.judged, "in_review"),
            ("written", wanted.judged, "approved"),
            ("answered", wanted.judged, "approved"),
        ):
            database.execute(CLIPS, {"number": number, "slug": slug})
            database.execute(CAPTIONS, {"slug": slug, "state": state})
        database.execute(CROWD)
        database.execute(JUDGED.replace("OPENED", str(wanted.judged // 4)))
        database.execute("VACUUM ANALYZE")
        people = [Annotator(server.port, token) for token in tokens]
        for one in people:
            one.item("items")  # imports, connections, plans
        alone = Annotator(server.port, tokens[0])
        for _ in range(wanted.rounds):
            alone.item("items")
        by_size = {slug: Annotator(server.port, tokens[0]) for slug in ("small", "large", "crowd")}
        for _ in range(wanted.rounds):
            for slug, one in by_size.items():
                one.item(slug)
        small, large, crowd = (statistics.median(by_size[slug].next_ms) for slug in ("small", "large", "crowd"))
        kinds = {f"{kind} {work}": Annotator(server.port, tokens[0]) for _, kind, work in KINDS}
        for _ in range(wanted.rounds):
            for slug, kind, work in KINDS:
                kinds[f"{kind} {work}"].look(slug, kind, work)
        return {
            "cores": len(os.sched_getaffinity(0)),
            "load_before": round(os.getloadavg()[0], 2),
            "items": wanted.items,
            "one": {"next": _summary(alone.next_ms), "submit": _summary(alone.submit_ms)},
            "eight": _eight(server, tokens, wanted.seconds),
            "sizes": {
                "next_ms_at_500": round(small, 2),
                f"next_ms_at_{wanted.large}": round(large, 2),
                "ratio": round(large / small, 3),
                "crowded_ratio": round(crowd / small, 3),
            },
            "kinds": {name: _summary(one.next_ms) for name, one in kinds.items()},
            "double_leases": (database.execute(DOUBLE).fetchone() or (-1,))[0],
        }


def _eight(server: Server, tokens: list[str], seconds: float) -> dict[str, Any]:
    people = [Annotator(server.port, token) for token in tokens]
    end = time.monotonic() + seconds
    done = [0] * len(people)

    def work(place: int) -> None:
        while time.monotonic() < end and people[place].item("items"):
            done[place] += 1

    threads = [threading.Thread(target=work, args=[place]) for place in range(len(people))]
    began, used = time.monotonic(), os.times()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took, ours = time.monotonic() - began, os.times()
    return {
        "items_per_s": round(sum(done) / took, 1),
        "next": _summary([ms for one in people for ms in one.next_ms]),
        "submit": _summary([ms for one in people for ms in one.submit_ms]),
        "client_s_of_processor": round(ours.user + ours.system - used.user - used.system, 2),
    }


def _summary(ms: list[float]) -> dict[str, float]:
    return {
        "p50_ms": round(statistics.median(ms), 2),
        "p95_ms": round(statistics.quantiles(ms, n=20)[-1], 2),
        "number": len(ms),
    }


if __name__ == "__main__":
    main()
