"""The matrix again with bodies that are good, so that nothing is refused for another reason than who asks."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse

from annotation.models import Breaker, Project, Role, User
from annotation.services.prompts import add_version
from qa.models import QAItem
from tests.doors.routes import ROUTES
from tests.doors.test_routes import GOOD, IN_PROJECT, absents, address, everything, scene, told
from tests.factories import MembershipFactory
from tests.qa.releases.training import drafted
from tests.qa.scene import FinishedClip, finish_clip
from tests.stack import HOME

__all__ = ["scene"]

CAPTION = {"text": "Other words.", "people": []}
SAFE_PROMPT = (HOME / "annotation/prompts/caption.md").read_text().partition("---\n")[2]
WRITES = [(name, method) for name in IN_PROJECT for method in ("POST", "PUT") if method in ROUTES[name].methods.split()]
TAKEN = {200, 201, 202, 302, 409}
"""Done, or refused for the state of an object that the asker may see."""
SETTLE = {"outcome": "return", "reason_code": "other", "reason": "again"}


def bodies(question: QAItem) -> dict[str, dict[str, Any]]:
    content = {} if question.head is None else question.head.content
    one = {"question_id": question.question_id, "seen_number": "1"}
    return {
        "member": {"username": "ana", "role": "reviewer", "is_active": "on"},
        "people": {"role": "annotator", "note": "a friend"},
        "project_settings": {"name": "New name"},
        "accumulation": GOOD["accumulation"],
        "accumulation_scene": {"verb": "drop", "reason": "A still."},
        "api_video_batches": {"files": [{"name": "new.mp4", "size": 9, "modified_ms": 1}]},
        "api_video_upload": {},
        "api_video_upload_subtitles": {},
        "drafting": {"kind": "captions"},
        "drafting_breaker": {"model": settings.DRAFTING_MODEL},
        "drafting_run": {"verb": "pause"},
        "drafting_settings": GOOD["drafting_settings"],
        "prompt": {"title": "Another", "text": SAFE_PROMPT},
        "prompt_choose": {"version": question.clip.metadata["version"]},
        "prompt_try": {"version": question.clip.metadata["version"], "clips": "clip-a"},
        "clip_upload": {"clip_id": "new", "license": "CC0"},
        "clip_withdraw": {"reason": "Somebody objects.", "confirm": "clip-a", "erase": "on"},
        "my_queue": {"verb": "free", "clip_id": "clip-a"},
        "clip_flags": {"verb": "keep", "clip_id": "clip-a"},
        "clip_flag": {"reason": "static", "note": "A still."},
        "caption_skip": {"reason": "other"},
        "questions_skip": {"reason": "other", "work": "review"},
        "api_queue_next": {"work": "edit"},
        "api_queue_prefetch": {"work": "review", "kind": "questions"},
        "api_caption_lease": {"active_ms": 5},
        "api_caption_skip": {"reason": "other", "note": ""},
        "api_caption_release": {},
        "api_clip_flag": {"reason": "static"},
        "caption_workspace": {"verb": "reopen", "seen_number": "1", "reason": "again"},
        "caption_notes": {"verb": "add", "text": "At [00:00.3] he looks up.", "back": "edit", "at": "00:00.3"},
        "question_notes": {"verb": "add", "text": "Which arm?", "question_id": question.question_id, "at": "00:00.3"},
        "caption_merge": {"verb": "keep", "etag": '"1-0"', "content": json.dumps(CAPTION)},
        "caption_review": {"verb": "approve", "seen_number": "1"},
        "qa_workspace": {"verb": "reopen", "reason": "again", **one},
        "qa_review": {"verb": "approve", **one},
        "caption_adjudication": {**SETTLE, "seen_number": "1"},
        "qa_adjudication": {**SETTLE, "seen_number": "1"},
        "api_caption_verdict": {"verdict": "approve"},
        "api_caption_settle": SETTLE,
        "api_caption_recall": {"verb": "reopen", "reason": "again"},
        "api_question_verdict": {"verdict": "approve"},
        "api_question_settle": SETTLE,
        "api_question_reopen": {"reason": "again"},
        "api_question_answer": {"question_id": question.question_id, "choice": "o1"},
        "api_questions_withdraw": {},
        "qa_history": {"verb": "restore", "etag": '"1-0"', "number": "1"},
        "qa_merge": {"verb": "merge", "etag": '"1-0"', "seen_number": "1", "row-key": "yours"},
        "question_targets": GOOD["question_targets"],
        "audits": {"asked": "10", "seed": "1"},
        "evaluation": GOOD["evaluation"],
        "audit_next": {"after": "1"},
        "audit_caption": {"verdict": "right", "seen_mark": "0"},
        "releases": {"version": "2.0.0"},
        "release_settings": GOOD["release_settings"],
        "release_exports": {"layout": "haicbench"},
        "api_releases": {"version": "2.0.0", "categories": ["count"]},
        "api_release_exports": {"layout": "haicbench"},
        "api_caption_working_copy": CAPTION,
        "api_caption_revisions": CAPTION,
        "api_caption_submit": CAPTION,
        "api_caption_restore": {"number": 1},
        "api_caption_changes": {"text": "Other words.", "against": "draft"},
        "api_caption_checks": {"text": "He sits."},
        "api_question_working_copy": {"content": content},
        "api_question_revisions": {"content": content},
        "api_question_restore": {"number": 1},
        "api_question_drop": {"reason": "twice"},
        "api_questions": {"category": "count", "content": content},
        "api_questions_lease": {"active_ms": 5},
        "api_questions_skip": {"reason": "other", "work": "edit"},
        "api_questions_release": {},
        "api_questions_submit": {"seen": {question.question_id: '"1-0"'}},
    }


def send(client: Client, method: str, where: str, body: dict[str, Any]) -> Any:
    """As the page or the program would; what was written is taken back, so that each request finds the same."""
    with transaction.atomic():
        if "/video-uploads/" in where:
            content = b"WEBVTT\n\n00:00.000 --> 00:01.000\nJump!\n" if where.endswith("/subtitles") else b"123456789"
            where = where if where.endswith("/subtitles") else f"{where}?start=0"
            answer = client.generic(method, where, content, content_type="application/octet-stream")
        elif where.startswith("/api/"):
            headers = {"If-Match": '"1-0"', "Idempotency-Key": "one"}
            answer = client.generic(method, where, json.dumps(body), content_type="application/json", headers=headers)
        elif where.endswith("/upload"):
            answer = client.post(
                where, {**body, "file": SimpleUploadedFile("a.mp4", b"\0\0\0\x20ftypisom" + bytes(99))}
            )
        else:
            answer = client.post(where, urlencode(body), content_type="application/x-www-form-urlencoded")
        transaction.set_rollback(True)
    return answer


@pytest.fixture
def good(
    scene: dict[str, str], project: Project, adam: User, monkeypatch: pytest.MonkeyPatch
) -> dict[str, dict[str, Any]]:
    """A good body for each route; the project has a prompt version and a stopped model of its own, and a draft."""
    drafted(project, "for-training")
    monkeypatch.setattr(settings, "ANTHROPIC_API_KEY", "a key")
    Breaker.objects.create(model=settings.DRAFTING_MODEL, status=Breaker.Status.OPEN)
    made = add_version(project=project, user=adam, name="caption", title="Ours", text=f"{SAFE_PROMPT}\nOurs.")
    question = QAItem.objects.select_related("clip", "head").get(question_id=scene["question_id"])
    question.clip.metadata = {"version": made.version}
    return bodies(question)


def test_every_route_that_writes_has_a_good_body_here_s04(good: dict[str, dict[str, Any]]) -> None:
    assert {name for name, _ in WRITES} == set(good)


def test_what_a_member_sends_arrives_and_what_otto_sends_is_for_nothing_s04(
    scene: dict[str, str],
    good: dict[str, dict[str, Any]],
    adam: User,
    otto: User,
    client_of: Callable[[User], Client],
) -> None:
    client, member = client_of(otto), client_of(adam)
    before = everything()
    wrong: list[tuple[str, str, object]] = []
    for name, method in WRITES:
        where = address(name, scene)
        arrived = send(member, method, where, good[name])
        if arrived.status_code not in TAKEN:
            wrong.append((name, where, (arrived.status_code, arrived.content[-700:])))
        foreign = told(send(client, method, where, good[name]))
        if foreign[0] != 404:
            wrong.append((name, where, foreign[0]))
        wrong.extend(
            (name, absent, "differs")
            for absent in absents(name, scene)
            if told(send(client, method, absent, good[name])) != foreign
        )
    assert wrong == []
    assert everything() == before


def ottos_clip(otto: User, clip_id: str) -> FinishedClip:
    project = Project.objects.get(slug="elsewhere")
    author = MembershipFactory.create(project=project, role=Role.ANNOTATOR).user
    return finish_clip(project, author=author, reviewer=otto, clip_id=clip_id)


def test_another_projects_ids_in_ottos_own_requests_are_like_none_s04(
    scene: dict[str, str],
    good: dict[str, dict[str, Any]],
    otto: User,
    client_of: Callable[[User], Client],
) -> None:
    """In his project he may do all; what he names is another's, or nobody's of as long a name."""
    own = ottos_clip(otto, "clip-o")
    here = {**scene, "slug": "elsewhere", "clip_id": "clip-o", "question_id": own.item.question_id}
    theirs, version = scene["question_id"], good["prompt_choose"]["version"]
    nobodys = {"ana": "zzz", theirs: theirs.replace("clip-a", "clip-z"), version: "0" * 64, "clip-a": "clip-z"}
    asked: list[tuple[str, dict[str, Any], str]] = [
        ("member", good["member"], "ana"),
        ("prompt_choose", good["prompt_choose"], version),
        ("prompt_try", good["prompt_try"], version),
        ("api_questions_submit", good["api_questions_submit"], theirs),
    ]
    asked += [
        ("my_queue", {"verb": verb, "kind": kind, "clip_id": "clip-a"}, "clip-a")
        for verb in ("free", "release")
        for kind in ("caption", "questions")
    ]
    asked += [("clip_flags", {"verb": verb, "clip_id": "clip-a"}, "clip-a") for verb in ("keep", "restore")]
    asked.append(("my_queue", {"verb": "priority", "priority": "1", "clips": "clip-a"}, "clip-a"))
    asked.append(("my_queue", {"verb": "priority", "kind": "questions", "priority": "1", "clips": "clip-a"}, "clip-a"))
    asked.append(("my_queue", {"verb": "assign", "username": "ana", "clips": ""}, "ana"))
    words = {"reason": "again", "seen_number": "1", "question_id": theirs}
    asked += [
        ("qa_workspace", {**words, "etag": '"1-0"', "verb": verb}, theirs)
        for verb in ("save", "discard", "drop", "reopen")
    ]
    asked += [("qa_review", {**words, "verb": verb}, theirs) for verb in ("approve", "fix", "return")]
    asked.append(("question_notes", {"verb": "add", "text": "Ours.", "question_id": theirs}, theirs))
    answer = {"verb": "answer", "question_id": theirs, "seen_number": "1", "choice": "o1"}
    asked.append(("qa_review", answer, theirs))
    client, before = client_of(otto), everything()
    for name, body, foreign in asked:
        absent = json.loads(json.dumps(body).replace(foreign, nobodys[foreign]))
        assert absent != body
        answers = [_without_tokens(send(client, "POST", address(name, here), one)) for one in (body, absent)]
        assert answers[0][0] in (400, 404, 409, 412), (name, body, answers[0][0])
        assert "is unknown" not in answers[0][1], "the body itself was refused"
        assert (answers[0][0], answers[0][1].replace(foreign, nobodys[foreign])) == answers[1], (name, body)
    assert everything() == before


def _without_tokens(answer: Any) -> tuple[int, str]:
    said = answer.content.decode()
    return answer.status_code, re.sub(r'(name="csrf" content="|csrfmiddlewaretoken" value=")\w+', r"\1", said)


def test_a_public_clip_id_of_another_project_may_be_ones_own_s04(
    scene: dict[str, str], otto: User, client_of: Callable[[User], Client]
) -> None:
    """Ids are unique inside a project: what one project has says nothing to the other."""
    ottos_clip(otto, "clip-a")
    page = client_of(otto).get(reverse("caption_workspace", args=["elsewhere", "clip-a"]))
    assert page.status_code == 200
    assert client_of(otto).get(reverse("caption_workspace", args=["demo", "clip-a"])).status_code == 404
