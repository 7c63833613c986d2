"""The caption API: its answers, its headers, its one error shape."""

import json
import threading
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from annotation.models import Caption, CaptionRevision, Event, IdempotencyKey, Project, User
from annotation.states import State
from tests.factories import PEOPLE, TEXT, ClipFactory, DraftedCaptionFactory, SubmittedCaptionFactory

WORDS = {"text": TEXT.replace("jumps", "leaps"), "people": PEOPLE}


@pytest.fixture
def caption(project: Project) -> Caption:
    return DraftedCaptionFactory(project=project, clip=ClipFactory.create(project=project, clip_id="c"))


@pytest.fixture
def client(ana: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(ana)


def send(
    client: Client,
    name: str,
    body: Any = WORDS,
    *,
    etag: str | None = '"0-0"',
    key: str | None = "",
    slug: str = "demo",
) -> Any:
    headers = {"If-Match": etag} if etag is not None else {}
    if key is not None:
        headers["Idempotency-Key"] = key or str(uuid4())
    method = client.put if name == "api_caption_working_copy" else client.post
    raw = body if isinstance(body, bytes) else json.dumps(body)
    return method(reverse(name, args=[slug, "c"]), raw, content_type="application/json", headers=headers)


def code_of(answer: Any) -> str:
    """The error's code, once its shape is right."""
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "detail"}
    assert error["message"]
    return str(error["code"])


def test_autosave_then_save_then_submit(client: Client, caption: Caption) -> None:
    kept = send(client, "api_caption_working_copy")
    assert (kept.status_code, kept["ETag"]) == (200, '"0-1"')
    saved = send(client, "api_caption_revisions", etag=kept["ETag"])
    assert (saved.status_code, saved["ETag"], saved.json()["number"]) == (201, '"1-0"', 1)
    submitted = send(client, "api_caption_submit", etag=saved["ETag"])
    assert (submitted.status_code, submitted.json()["number"]) == (200, 1)
    caption.refresh_from_db()
    assert caption.state == State.IN_REVIEW


@pytest.mark.parametrize("name", ["api_caption_working_copy", "api_caption_revisions", "api_caption_submit"])
def test_without_if_match_428_and_stale_412(client: Client, caption: Caption, name: str) -> None:
    missing = send(client, name, etag=None)
    assert (missing.status_code, code_of(missing)) == (428, "if_match_missing")
    stale = send(client, name, etag='"0-7"')
    assert (stale.status_code, code_of(stale)) == (412, "stale_revision")
    assert stale.json()["error"]["detail"]["etag"] == '"0-0"'
    assert not CaptionRevision.objects.exists()


def test_a_submitted_caption_answers_409(project: Project, ana: User, client: Client) -> None:
    SubmittedCaptionFactory(project=project, author=ana, clip=ClipFactory.create(project=project, clip_id="c"))
    for name in ("api_caption_working_copy", "api_caption_revisions", "api_caption_submit"):
        answer = send(client, name, etag='"1-0"')
        assert (answer.status_code, code_of(answer)) == (409, "move_not_allowed")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": "x"}, "people"),
        ({**WORDS, "state": "approved"}, "state"),
        ({**WORDS, "author": 1}, "author"),
        ({**WORDS, "text": ""}, "text"),
        ({**WORDS, "people": [{"key": "P1", "description": 3}]}, "people"),
        ([], "body"),
    ],
)
def test_wrong_and_unknown_fields_are_named_s05(client: Client, caption: Caption, body: Any, field: str) -> None:
    answer = send(client, "api_caption_revisions", body)
    assert (answer.status_code, code_of(answer)) == (400, "bad_input")
    assert list(answer.json()["error"]["detail"]["fields"]) == [field]
    assert not CaptionRevision.objects.exists()


@pytest.mark.parametrize(
    "raw",
    [
        b'{"text": "x\\u0000", "people": []}',
        b'{"text": "\\ud800", "people": []}',
        b"[" * 100_000,
        b'{"text": 1e999, "people": []}',
        b'{"text": NaN, "people": []}',
        b'{"text": 1' + b"0" * 30 + b', "people": []}',
        b'{"text": "a", "text": "b", "people": []}',
        b'{"text": "\xff", "people": []}',
        b'{"text": "' + b"x" * 3_000_000 + b'", "people": []}',
        b"not json",
        b"",
    ],
    ids=["B-01", "B-02", "B-04", "B-05", "B-05b", "B-03", "B-06", "B-08", "B-09", "B-08b", "empty"],
)
def test_bodies_that_cannot_be_stored_are_400(client: Client, caption: Caption, raw: bytes) -> None:
    answer = send(client, "api_caption_revisions", raw)
    assert answer.status_code == 400
    assert code_of(answer)
    assert not CaptionRevision.objects.exists()


def test_other_types_and_methods_are_refused_in_the_same_shape(client: Client, caption: Caption) -> None:
    path = reverse("api_caption_revisions", args=["demo", "c"])
    form = client.post(path, {"text": "x"})
    assert (form.status_code, code_of(form)) == (415, "unsupported_media_type")
    got = client.get(path)
    assert (got.status_code, code_of(got)) == (405, "method_not_allowed")


def test_outsiders_get_the_same_404_as_for_nothing_s04(
    caption: Caption, otto: User, client_of: Callable[[User], Client]
) -> None:
    client = client_of(otto)
    others = send(client, "api_caption_revisions", key="k")
    absent = send(client, "api_caption_revisions", key="k", slug="nothing")
    assert (others.status_code, code_of(others)) == (404, "not_found")
    assert others.content == absent.content
    assert not IdempotencyKey.objects.exists()


def test_nobody_saves_without_signing_in_or_without_the_csrf_token_s08(caption: Caption, ana: User) -> None:
    assert send(Client(), "api_caption_revisions").status_code == 401
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ana)
    answer = send(strict, "api_caption_revisions")
    assert (answer.status_code, CaptionRevision.objects.count()) == (403, 0)


@pytest.mark.parametrize("key", [None, "k" * 101, "tab\there"])
def test_a_save_needs_a_usable_key(client: Client, caption: Caption, key: str | None) -> None:
    answer = send(client, "api_caption_revisions", key=key)
    assert (answer.status_code, list(answer.json()["error"]["detail"]["fields"])) == (400, ["Idempotency-Key"])


def test_the_same_key_gets_the_same_answer_and_one_revision_d06(client: Client, caption: Caption) -> None:
    answers = [send(client, "api_caption_revisions", key="k") for _ in range(5)]
    assert len({(answer.status_code, answer.content, answer["ETag"]) for answer in answers}) == 1
    assert CaptionRevision.objects.count() == 1
    assert Event.objects.filter(verb="edit").count() == 1


def test_the_same_key_with_another_body_is_422(client: Client, caption: Caption) -> None:
    send(client, "api_caption_revisions", key="k")
    answer = send(client, "api_caption_revisions", {**WORDS, "text": "other"}, key="k")
    assert (answer.status_code, code_of(answer)) == (422, "idempotency_key_reused")
    assert CaptionRevision.objects.count() == 1


def test_a_refusal_is_an_answer_too(client: Client, caption: Caption) -> None:
    first = send(client, "api_caption_revisions", etag='"9-9"', key="k")
    again = send(client, "api_caption_revisions", etag='"9-9"', key="k")
    assert first.status_code == again.status_code == 412
    assert first.content == again.content


def test_two_people_may_use_the_same_key(
    caption: Caption, client: Client, rui: User, client_of: Callable[[User], Client]
) -> None:
    assert send(client, "api_caption_revisions", key="k").status_code == 201
    assert send(client_of(rui), "api_caption_revisions", etag='"1-0"', key="k").status_code == 201


def test_restoring_through_the_api(client: Client, caption: Caption) -> None:
    send(client, "api_caption_revisions")
    send(client, "api_caption_revisions", {**WORDS, "text": "Other."}, etag='"1-0"')
    answer = send(client, "api_caption_restore", {"number": 1}, etag='"2-0"')
    assert (answer.status_code, answer.json()["number"]) == (201, 3)
    assert CaptionRevision.objects.get(number=3).text == WORDS["text"]
    assert send(client, "api_caption_restore", {"number": "1"}, etag='"3-0"').status_code == 400


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("same_key", [True, False], ids=["one key: D-06", "a key each: D-01"])
def test_saves_at_the_same_moment(
    project: Project, ana: User, client_of: Callable[[User], Client], same_key: bool
) -> None:
    DraftedCaptionFactory(project=project, clip=ClipFactory.create(project=project, clip_id="c"))
    clients = [client_of(ana) for _ in range(8)]
    start, statuses = threading.Barrier(len(clients)), []

    def press(client: Client) -> None:
        start.wait()
        statuses.append(send(client, "api_caption_revisions", key="k" if same_key else "").status_code)
        connection.close()

    threads = [threading.Thread(target=press, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == ([201] * 8 if same_key else [201] + [412] * 7)
    assert CaptionRevision.objects.count() == 1
