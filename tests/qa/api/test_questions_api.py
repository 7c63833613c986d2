"""The API of the QA workspace: its answers, its headers, its one error shape."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Clip, Event, Project, User
from annotation.states import State
from qa.models import QAItem, QARevision
from qa.services import items
from tests.factories import DraftedCaptionFactory, DraftedQAItemFactory
from tests.qa.scenes import approved_clip, content_of, etags, fresh, saved_item, submitted_item

WORKING_COPY, REVISIONS, DROP = "api_question_working_copy", "api_question_revisions", "api_question_drop"
ADD, SUBMIT = "api_questions", "api_questions_submit"


@pytest.fixture
def clip(project: Project, ana: User, rui: User) -> Clip:
    return approved_clip(project, author=ana, reviewer=rui)


@pytest.fixture
def client(ana: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(ana)


def send(client: Client, name: str, target: str, body: Any, *, etag: str | None = '"0-0"', key: str | None = "") -> Any:
    """target: a question's id, or a clip's."""
    headers = {"If-Match": etag} if etag is not None else {}
    if key is not None:
        headers["Idempotency-Key"] = key or str(uuid4())
    method = client.put if name == WORKING_COPY else client.post
    raw = body if isinstance(body, bytes) else json.dumps(body)
    return method(reverse(name, args=["demo", target]), raw, content_type="application/json", headers=headers)


def code_of(answer: Any) -> str:
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "detail"}
    return str(error["code"])


def test_autosave_save_and_submit(client: Client, clip: Clip, ana: User) -> None:
    item = DraftedQAItemFactory(clip=clip)
    body = {"content": content_of(item, ana, key="o2")}
    kept = send(client, WORKING_COPY, item.question_id, body)
    assert (kept.status_code, kept["ETag"]) == (200, '"0-1"')
    saved = send(client, REVISIONS, item.question_id, body, etag=kept["ETag"])
    assert (saved.status_code, saved["ETag"], saved.json()["number"]) == (201, '"1-0"', 1)
    assert fresh(item).head.content["key"] == "o2"
    handed_in = send(client, SUBMIT, clip.clip_id, {"seen": {item.question_id: '"1-0"'}})
    assert (handed_in.status_code, handed_in.json()) == (200, {"submitted": [item.question_id]})
    assert fresh(item).state == State.IN_REVIEW


def test_adding_and_dropping(client: Client, clip: Clip) -> None:
    options = [{"id": f"o{place}", "text": str(place)} for place in range(1, 5)]
    content = {"question": "How many?", "options": options, "key": "o2", "evidence": []}
    added = send(client, ADD, clip.clip_id, {"category": "count", "content": content})
    assert (added.status_code, added.json()) == (201, {"id": f"{clip.clip_id}-count-1", "etag": '"1-0"'})
    dropped = send(client, DROP, added.json()["id"], {"reason": "too easy"}, etag='"1-0"')
    assert (dropped.status_code, dropped.json()) == (200, {"state": "dropped"})
    assert QAItem.objects.get().state == State.DROPPED


def test_the_same_key_saves_once_and_gets_the_same_answer(client: Client, clip: Clip, ana: User) -> None:
    item = DraftedQAItemFactory(clip=clip)
    body = {"content": content_of(item, ana)}
    first = send(client, REVISIONS, item.question_id, body, key="again")
    second = send(client, REVISIONS, item.question_id, body, key="again")
    assert (second.status_code, second.json(), second["ETag"]) == (201, first.json(), first["ETag"])
    assert QARevision.objects.count() == 1
    other = send(client, REVISIONS, item.question_id, {"content": content_of(item, ana, key="o3")}, key="again")
    assert (other.status_code, code_of(other)) == (422, "idempotency_key_reused")
    assert QARevision.objects.count() == 1


def test_adding_twice_with_one_key_makes_one_question(client: Client, clip: Clip, ana: User) -> None:
    body = {"category": "count", "content": content_of(DraftedQAItemFactory(clip=clip), ana)}
    answers = [send(client, ADD, clip.clip_id, body, key="once").json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert clip.qa_items.filter(category="count").count() == 1


@pytest.mark.parametrize("name", [WORKING_COPY, REVISIONS])
def test_missing_and_stale_if_match(client: Client, clip: Clip, ana: User, rui: User, name: str) -> None:
    item = saved_item(clip, ana)
    body = {"content": content_of(item, ana, key="o2")}
    missing = send(client, name, item.question_id, body, etag=None)
    assert (missing.status_code, code_of(missing)) == (428, "if_match_missing")
    items.save(item=item, user=rui, etag='"1-0"', content=content_of(item, rui, key="o3"))
    stale = send(client, name, item.question_id, body, etag='"1-0"')
    assert (stale.status_code, code_of(stale)) == (412, "stale_revision")
    assert stale.json()["error"]["detail"]["by"] == "Rui Tavares"
    assert fresh(item).head_number == 2


def test_saving_without_a_key_is_refused(client: Client, clip: Clip, ana: User) -> None:
    item = DraftedQAItemFactory(clip=clip)
    answer = send(client, REVISIONS, item.question_id, {"content": content_of(item, ana)}, key=None)
    assert answer.status_code == 400
    assert fresh(item).head_number == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "content"),
        ({"content": 3}, "content"),
        ({"content": {}, "text": "x"}, "text"),
        ({"content": {"question": "x", "options": [], "key": None, "evidence": []}}, "options"),
        (b'{"content": {"question": "\\u0000"}}', ""),
        (b"not json", ""),
    ],
)
def test_bad_input_is_400_and_names_the_field(client: Client, clip: Clip, body: Any, field: str) -> None:
    item = DraftedQAItemFactory(clip=clip)
    for name in (WORKING_COPY, REVISIONS):
        answer = send(client, name, item.question_id, body)
        assert answer.status_code == 400
        if field:
            assert field in answer.json()["error"]["detail"]["fields"]
    assert fresh(item).head_number == 0


@pytest.mark.parametrize("seen", [None, [], "x", {"a": 1}])
def test_submit_takes_a_map_of_etags_only(client: Client, clip: Clip, ana: User, seen: Any) -> None:
    item = saved_item(clip, ana)
    answer = send(client, SUBMIT, clip.clip_id, {"seen": seen})
    assert (answer.status_code, code_of(answer)) == (400, "bad_input")
    assert fresh(item).state == State.EDITING


def test_submit_says_what_is_missing_by_question(client: Client, clip: Clip, ana: User) -> None:
    item = DraftedQAItemFactory(clip=clip)
    answer = send(client, SUBMIT, clip.clip_id, {"seen": etags(clip, ana)})
    assert answer.status_code == 400
    assert list(answer.json()["error"]["detail"]["fields"]) == [item.question_id]
    unseen = send(client, SUBMIT, clip.clip_id, {"seen": {}})
    assert (unseen.status_code, code_of(unseen)) == (428, "if_match_missing")


def test_wrong_state_is_409(client: Client, clip: Clip, ana: User) -> None:
    item = submitted_item(clip, ana)
    body = {"content": content_of(item, ana, key="o2")}
    for name in (WORKING_COPY, REVISIONS):
        answer = send(client, name, item.question_id, body, etag='"1-0"')
        assert (answer.status_code, code_of(answer)) == (409, "move_not_allowed")
    again = send(client, SUBMIT, clip.clip_id, {"seen": {item.question_id: '"1-0"'}})
    assert (again.status_code, code_of(again)) == (409, "move_not_allowed")
    assert Event.objects.filter(object_id=item.object_id, verb="submit").count() == 1


def test_caption_that_is_not_approved_is_409(client: Client, project: Project, ana: User) -> None:
    clip = DraftedCaptionFactory(project=project).clip
    item = DraftedQAItemFactory(clip=clip)
    answer = send(client, WORKING_COPY, item.question_id, {"content": content_of(item, ana)})
    assert (answer.status_code, code_of(answer)) == (409, "move_not_allowed")


def test_what_is_in_review_cannot_be_dropped(client: Client, clip: Clip, ana: User) -> None:
    item = submitted_item(clip, ana)
    answer = send(client, DROP, item.question_id, {"reason": "no"}, etag='"1-0"')
    assert (answer.status_code, code_of(answer)) == (409, "move_not_allowed")
    assert fresh(item).state == State.IN_REVIEW


def test_outsider_gets_404_and_nobody_signed_out_gets_in(
    clip: Clip, ana: User, otto: User, client_of: Callable[[User], Client]
) -> None:
    item = DraftedQAItemFactory(clip=clip)
    body = {"content": content_of(item, ana)}
    outside = client_of(otto)
    for name, target, said in (
        (WORKING_COPY, item.question_id, body),
        (REVISIONS, item.question_id, body),
        (DROP, item.question_id, {"reason": "x"}),
        (ADD, clip.clip_id, {"category": "count", **body}),
        (SUBMIT, clip.clip_id, {"seen": {}}),
    ):
        answer = send(outside, name, target, said)
        assert (answer.status_code, code_of(answer)) == (404, "not_found")
        assert send(Client(), name, target, said).status_code in (302, 401, 403)
    assert (fresh(item).state, clip.qa_items.count()) == (State.DRAFTED, 1)
