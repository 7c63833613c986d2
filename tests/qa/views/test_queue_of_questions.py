"""The questions' part of the queue in the browser's forms and in the API: what is offered, kept, put aside, refused."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils.html import strip_tags

from annotation.models import Clip, ClipFlag, Project, User
from annotation.services.queue import next_unit
from qa.models import QALease, QASet, QASkip
from qa.services import reviews
from qa.services.sets import returned
from tests.factories import ApprovedCaptionFactory, ClipFactory, DraftedQAItemFactory
from tests.qa.scenes import answer_all, saved_item, submitted_item

QUEUE, API = "/projects/demo/queue/", "/api/v1/projects/demo/"
QUESTIONS = "/projects/demo/clips/a/questions"
ClientOf = Callable[[User], Client]


@pytest.fixture
def clip(project: Project, ana: User, rui: User) -> Clip:
    made = ClipFactory.create(project=project, clip_id="a")
    ApprovedCaptionFactory(project=project, author=ana, reviewer=rui, clip=made)
    return Clip.objects.select_related("project", "caption", "qa_set").get(pk=made.pk)


def post(client: Client, path: str, body: Any) -> Any:
    return client.post(path, json.dumps(body), content_type="application/json")


def test_each_kind_has_its_button_and_reviews_are_for_reviewers(
    clip: Clip, ana: User, rui: User, client_of: ClientOf
) -> None:
    DraftedQAItemFactory(clip=clip)
    pages = {user.username: strip_tags(client_of(user).get(QUEUE).content.decode()) for user in (ana, rui)}
    for said in ("Next caption", "Next questions"):
        assert said in pages["ana"]
        assert said in pages["rui"]
    for said in ("Review a caption", "Review questions (blind)"):
        assert said not in pages["ana"]
        assert said in pages["rui"]


def test_next_leads_to_the_questions_and_giving_back_frees_them(clip: Clip, ana: User, client_of: ClientOf) -> None:
    DraftedQAItemFactory(clip=clip)
    client = client_of(ana)
    client.get(QUESTIONS)
    assert not QALease.objects.exists(), "looking takes nothing"
    assert client.post(QUEUE, {"verb": "next", "kind": "questions", "work": "edit"})["Location"] == QUESTIONS
    page = client.get(QUEUE).content.decode()
    assert "Go on with" in page
    assert "1 of 1 open" in strip_tags(page)
    client.post(QUEUE, {"verb": "release", "kind": "questions", "clip_id": "a"})
    assert QALease.objects.get().ended_how == "released"
    assert client.post(QUEUE, {"verb": "next", "kind": "films"}).status_code == 400


def test_a_review_is_offered_on_the_blind_page(clip: Clip, ana: User, oda: User, client_of: ClientOf) -> None:
    submitted_item(clip, ana)
    answer = client_of(oda).post(QUEUE, {"verb": "next", "kind": "questions", "work": "review"})
    assert answer["Location"] == f"{QUESTIONS}/review"
    assert client_of(ana).post(QUEUE, {"verb": "next", "kind": "questions", "work": "review"}).status_code == 403


def test_the_workspace_keeps_the_questions_and_says_whose_they_are(
    clip: Clip, project: Project, ana: User, rui: User, client_of: ClientOf
) -> None:
    DraftedQAItemFactory(clip=clip)
    next_unit(project=project, user=rui, kind="questions")
    page = client_of(ana).get(QUESTIONS).content.decode()
    assert "Rui Tavares has these questions on the desk." in page
    assert 'data-kind="questions" data-work="edit"' in page
    assert f'data-lease-url="{API}clips/a/questions/lease"' in page
    assert f'action="{QUESTIONS}/skip"' in page
    assert "has these questions on the desk.</b>" not in client_of(rui).get(QUESTIONS).content.decode()


def test_handing_in_goes_on_to_the_next_and_is_refused_while_somebody_else_has_them(
    clip: Clip, project: Project, ana: User, rui: User, client_of: ClientOf
) -> None:
    other = ClipFactory.create(project=project, clip_id="b")
    ApprovedCaptionFactory(project=project, author=ana, reviewer=rui, clip=other)
    item = saved_item(clip, ana)
    next_unit(project=project, user=rui, kind="questions")
    form = {"verb": "submit", "seen_id": item.question_id, "seen_etag": '"1-0"'}
    refused = client_of(ana).post(QUESTIONS, form)
    assert refused.status_code == 409
    assert "Rui Tavares has these questions on the desk." in refused.content.decode()
    client_of(rui).post(QUEUE, {"verb": "release", "kind": "questions", "clip_id": "a"})
    assert client_of(ana).post(QUESTIONS, form)["Location"] == "/projects/demo/clips/b/questions"


def test_skipping_by_form_goes_on_and_needs_a_reason(clip: Clip, ana: User, oda: User, client_of: ClientOf) -> None:
    submitted_item(clip, ana)
    client = client_of(oda)
    assert client.post(f"{QUESTIONS}/skip", {"reason": "bored", "work": "review"}).status_code == 400
    assert client_of(ana).post(f"{QUESTIONS}/skip", {"reason": "other", "work": "review"}).status_code == 403
    assert not QASkip.objects.exists()
    assert (
        client.post(f"{QUESTIONS}/skip", {"reason": "language", "work": "review"})["Location"] == f"{QUESTIONS}/review"
    )
    assert list(QASkip.objects.values_list("work", "reason")) == [("review", "language")]


def test_flagging_goes_on_with_the_same_work_and_is_not_done_for_half(
    clip: Clip, ana: User, oda: User, client_of: ClientOf
) -> None:
    submitted_item(clip, ana)
    flag = "/projects/demo/clips/a/flag"
    for wrong in ({"kind": "films"}, {"work": "play"}):
        assert client_of(oda).post(flag, {"reason": "static", **wrong}).status_code == 400
    said = {"reason": "static", "kind": "questions", "work": "review"}
    assert client_of(ana).post(flag, said).status_code == 403
    assert not ClipFlag.objects.exists()
    assert client_of(oda).post(flag, said)["Location"] == QUEUE
    assert ClipFlag.objects.count() == 1


def test_returned_questions_stand_on_the_page_with_what_was_said(
    clip: Clip, ana: User, oda: User, client_of: ClientOf
) -> None:
    item = submitted_item(clip, ana)
    answer_all(clip, oda)
    reviews.return_to_author(item=item, reviewer=oda, seen_number=1, reason="Which man?")
    returned(clip, ana)
    page = client_of(ana).get(QUEUE).content.decode()
    assert "Which man?" in page
    assert QUESTIONS in page
    assert "Which man?" not in client_of(oda).get(QUEUE).content.decode()


def test_administrators_order_assign_and_free_questions(
    clip: Clip, project: Project, ana: User, adam: User, client_of: ClientOf
) -> None:
    DraftedQAItemFactory(clip=clip)
    next_unit(project=project, user=ana, kind="questions")
    client = client_of(adam)
    assert "Ana Duarte" in client.get(QUEUE).content.decode()
    client.post(QUEUE, {"verb": "free", "kind": "questions", "clip_id": "a"})
    assert QALease.objects.get().ended_how == "freed"
    client.post(QUEUE, {"verb": "priority", "kind": "questions", "clips": "a", "priority": "4"})
    client.post(QUEUE, {"verb": "assign", "kind": "questions", "clips": "a", "username": "ana"})
    found = QASet.objects.get(clip=clip)
    assert (found.priority, found.assigned_to) == (4, ana)
    clip.caption.refresh_from_db()
    assert (clip.caption.priority, clip.caption.assigned_to) == (0, None)
    assert client_of(ana).post(QUEUE, {"verb": "free", "kind": "questions", "clip_id": "a"}).status_code == 403


def test_the_api_offers_renews_skips_and_gives_back(clip: Clip, ana: User, rui: User, client_of: ClientOf) -> None:
    DraftedQAItemFactory(clip=clip)
    client = client_of(ana)
    offer = post(client, f"{API}queue/next", {"work": "edit", "kind": "questions"}).json()
    assert (offer["clip_id"], offer["url"], offer["why"]) == ("a", QUESTIONS, "queue")
    mine = post(client, f"{API}clips/a/questions/lease", {"active_ms": 0}).json()
    theirs = post(client_of(rui), f"{API}clips/a/questions/lease", {"active_ms": 0}).json()
    assert (mine["is_yours"], theirs["is_yours"], theirs["holder"]) == (True, False, "Ana Duarte")
    for path, body in (("release", {}), ("skip", {"reason": "other", "note": "x"})):
        assert [post(client, f"{API}clips/a/questions/{path}", body).status_code for _ in range(2)] == [200, 200]
    assert QASkip.objects.get().note == "x"
    assert post(client, f"{API}queue/next", {"work": "edit"}).json()["nothing"]["why"] == "finished", "of captions"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("queue/next", {"work": "edit", "kind": "clips"}, "kind"),
        ("queue/next", {"work": "edit", "kind": ["questions"]}, "kind"),
        ("queue/prefetch", {"work": "play", "kind": "questions"}, "work"),
        ("clips/a/questions/lease", {"active_ms": -1}, "active_ms"),
        ("clips/a/questions/skip", {"reason": "other", "work": None}, "work"),
        ("clips/a/questions/skip", {"reason": "other", "user": "rui"}, "user"),
        ("clips/a/questions/release", {"holder": "rui"}, "holder"),
    ],
)
def test_wrong_and_unknown_fields_are_named(
    clip: Clip, ana: User, client_of: ClientOf, path: str, body: Any, field: str
) -> None:
    answer = post(client_of(ana), f"{API}{path}", body)
    assert (answer.status_code, list(answer.json()["error"]["detail"]["fields"])) == (400, [field])
    assert not QALease.objects.exists()
    assert not QASkip.objects.exists()
