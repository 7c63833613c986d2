"""The API of the queue: its answers and its refusals."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotation.models import CaptionLease, CaptionSkip, ClipFlag, Project, User
from tests.factories import PEOPLE, TEXT, ClipFactory, DraftedCaptionFactory

QUEUE, CAPTION = "/api/v1/projects/demo/queue/", "/api/v1/projects/demo/clips/a/caption/"
ClientOf = Callable[[User], Client]


@pytest.fixture(autouse=True)
def captions(project: Project) -> None:
    for name in ("a", "b"):
        DraftedCaptionFactory(project=project, clip=ClipFactory.create(project=project, clip_id=name))


def post(client: Client, path: str, body: Any, **headers: str) -> Any:
    return client.post(path, json.dumps(body), content_type="application/json", headers=headers)


def test_next_says_where_to_go_and_what_to_fetch(ana: User, client_of: ClientOf) -> None:
    answer = post(client_of(ana), f"{QUEUE}next", {"work": "edit"})
    lease = CaptionLease.objects.get()
    assert answer.json() == {
        "clip_id": "a",
        "url": "/projects/demo/clips/a/caption",
        "video": "/projects/demo/clips/a/video.mp4",
        "poster": "/projects/demo/clips/a/poster.jpg",
        "why": "queue",
        "expires_at": lease.expires_at.isoformat().replace("+00:00", "Z"),
    }
    assert client_of(ana).get(answer.json()["url"]).status_code == 200


def test_prefetch_is_the_one_after_and_nothing_is_said_plainly(ana: User, client_of: ClientOf) -> None:
    client = client_of(ana)
    post(client, f"{QUEUE}next", {"work": "edit"})
    assert post(client, f"{QUEUE}prefetch", {"work": "edit"}).json()["clip_id"] == "b"
    CaptionLease.objects.filter(is_prefetch=True).delete()
    Project.objects.update(queue_paused=True, pause_note="Lunch.")
    said = post(client, f"{QUEUE}prefetch", {"work": "edit"}).json()
    assert list(said) == ["nothing"]
    assert (said["nothing"]["why"], "Lunch." in said["nothing"]["message"]) == ("paused", True)


def test_a_review_is_offered_on_its_own_page(ana: User, rui: User, client_of: ClientOf) -> None:
    body = {"text": TEXT, "people": PEOPLE}
    headers = {"If-Match": '"0-0"', "Idempotency-Key": "1"}
    assert post(client_of(ana), f"{CAPTION}submit", body, **headers).status_code == 200
    assert (
        post(client_of(rui), f"{QUEUE}next", {"work": "review"}).json()["url"]
        == "/projects/demo/clips/a/caption/review"
    )


def test_renewing_says_whose_it_is(ana: User, rui: User, client_of: ClientOf) -> None:
    assert post(client_of(ana), f"{CAPTION}lease", {"active_ms": 0}).json() == {
        "expires_at": None,
        "is_yours": False,
        "holder": None,
        "today": {"submitted": 0, "active_minutes": 0},
    }
    assert not CaptionLease.objects.exists(), "looking takes nothing"
    post(client_of(ana), f"{QUEUE}next", {"work": "edit"})
    CaptionLease.objects.update(leased_at=F("leased_at") - timedelta(minutes=1), active_ms=60_000)
    mine = post(client_of(ana), f"{CAPTION}lease", {"active_ms": 10}).json()
    theirs = post(client_of(rui), f"{CAPTION}lease", {"active_ms": 10}).json()
    assert (mine["is_yours"], mine["holder"]) == (True, "Ana Duarte")
    assert (mine["today"]["active_minutes"], theirs["today"]["active_minutes"]) == (1, 0)
    assert (theirs["is_yours"], theirs["holder"]) == (False, "Ana Duarte")


def test_what_somebody_else_has_on_the_desk_answers_409(ana: User, rui: User, client_of: ClientOf) -> None:
    post(client_of(rui), f"{QUEUE}next", {"work": "edit"})
    headers = {"If-Match": '"0-0"', "Idempotency-Key": "1"}
    answer = post(client_of(ana), f"{CAPTION}submit", {"text": TEXT, "people": PEOPLE}, **headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "lease_held")
    stale = post(
        client_of(ana),
        f"{CAPTION}submit",
        {"text": TEXT, "people": PEOPLE},
        **{**headers, "If-Match": '"0-9"', "Idempotency-Key": "2"},
    )
    assert stale.status_code == 412, "what was seen is judged before whose it is"


def test_skipping_releasing_and_flagging_twice_is_once(ana: User, client_of: ClientOf) -> None:
    client = client_of(ana)
    for path, body in (
        (f"{CAPTION}skip", {"reason": "other", "note": "x"}),
        (f"{CAPTION}release", {}),
        ("/api/v1/projects/demo/clips/a/flag", {"reason": "static"}),
    ):
        assert [post(client, path, body).status_code for _ in range(2)] == [200, 200], path
    assert (CaptionSkip.objects.count(), ClipFlag.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (f"{QUEUE}next", {}, "work"),
        (f"{QUEUE}next", {"work": ["edit"]}, "work"),
        (f"{QUEUE}next", {"work": "edit", "user": 1}, "user"),
        (f"{CAPTION}lease", {"active_ms": "1"}, "active_ms"),
        (f"{CAPTION}lease", {"active_ms": 1, "holder": "ana"}, "holder"),
        (f"{CAPTION}skip", {"reason": {}}, "reason"),
        (f"{CAPTION}skip", {"reason": "other", "note": 5}, "note"),
        (f"{CAPTION}release", {"user": "rui"}, "user"),
        ("/api/v1/projects/demo/clips/a/flag", {"reason": 5}, "reason"),
    ],
)
def test_wrong_and_unknown_fields_are_named(ana: User, client_of: ClientOf, path: str, body: Any, field: str) -> None:
    answer = post(client_of(ana), path, body)
    assert (answer.status_code, list(answer.json()["error"]["detail"]["fields"])) == (400, [field])
    assert not CaptionLease.objects.exists()
    assert not CaptionSkip.objects.exists()


def test_next_and_submit_cost_few_statements(ana: User, client_of: ClientOf) -> None:
    """Next: session and account, project, begin, role, one at a time, desk, queue, lease, commit.

    Submit: session and account, caption, begin, key, 2 savepoints, lock, role, working copy, revision (clock, row,
    head), edit (state, clock, event), working copy, lease, submission (clock, row), submit (state, clock, event),
    2 savepoints, key, commit; what names the person is read once.
    """
    client = client_of(ana)
    client.get("/projects/demo/queue/")
    with CaptureQueriesContext(connection) as asked:
        post(client, f"{QUEUE}next", {"work": "edit"})
    assert len(asked) <= 12
    with CaptureQueriesContext(connection) as asked:
        headers = {"If-Match": '"0-0"', "Idempotency-Key": "1"}
        assert post(client, f"{CAPTION}submit", {"text": TEXT, "people": PEOPLE}, **headers).status_code == 200
    assert len(asked) <= 31
