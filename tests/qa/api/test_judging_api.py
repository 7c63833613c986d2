"""Judging over the API: blind questions, verdicts, disputes; refusals by their codes, changing nothing."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Caption, Clip, Project, User
from annotation.states import State
from qa.models import QAItem
from tests.factories import PEOPLE, TEXT, SubmittedCaptionFactory
from tests.qa.scenes import COUNT_QUESTION, answer, answer_all, approved_clip, fresh, saved_item, submitted_item

SignIn = Callable[[User], Client]


@pytest.fixture
def clip(project: Project, ana: User, rui: User) -> Clip:
    return approved_clip(project, author=ana, reviewer=rui)


class Judge:
    """One person's program; each request has a key of its own."""

    def __init__(self, client: Client) -> None:
        self.client, self.sent = client, 0

    def post(self, name: str, key: str, body: dict[str, Any], *, etag: str = '"1-0"') -> tuple[int, Any]:
        self.sent += 1
        headers = {"If-Match": etag, "Idempotency-Key": f"{name} {self.sent}"}
        where = reverse(name, args=["demo", key])
        answered = self.client.post(where, json.dumps(body), content_type="application/json", headers=headers)
        return answered.status_code, answered.json()

    def next(self, clip: Clip) -> Any:
        return self.client.get(reverse("api_question_next", args=["demo", clip.clip_id])).json()


def code_of(answered: tuple[int, Any]) -> tuple[int, str]:
    return answered[0], answered[1]["error"]["code"]


def test_a_program_answers_blind_and_then_judges(clip: Clip, ana: User, rui: User, client_of: SignIn) -> None:
    first = saved_item(clip, ana)
    second = submitted_item(clip, ana, category="count", payload=COUNT_QUESTION)
    judge = Judge(client_of(rui))
    shown = judge.next(clip)
    assert (shown["waiting"], shown["next"]["id"]) == (2, first.question_id)
    assert set(shown["next"]) == {"id", "category", "question", "options", "etag"}
    assert "key" not in json.dumps(shown)
    said = {"question_id": first.question_id, "choice": "o1"}
    assert judge.post("api_question_answer", clip.clip_id, said) == (201, {"waiting": 1})
    assert code_of(judge.post("api_question_verdict", first.question_id, {"verdict": "approve"})) == (
        409,
        "move_not_allowed",
    )
    assert code_of(judge.post("api_question_answer", clip.clip_id, said)) == (412, "stale_revision")
    judge.post("api_question_answer", clip.clip_id, {"question_id": second.question_id, "choice": "o2"})
    assert judge.next(clip) == {"waiting": 0, "next": None}
    status, body = judge.post("api_question_verdict", first.question_id, {"verdict": "approve"})
    assert (status, body) == (200, {"state": "approved", "number": 1, "etag": '"1-0"'})
    said = {"verdict": "return", "reason": "two fit", "reason_code": "more_than_one"}
    assert judge.post("api_question_verdict", second.question_id, said)[1]["state"] == "editing"
    assert judge.post("api_question_verdict", second.question_id, {"verdict": "undo"})[1]["state"] == "in_review"


def test_while_somebody_answers_blind_no_reply_says_a_word_of_the_caption(
    clip: Clip, ana: User, rui: User, client_of: SignIn
) -> None:
    first = saved_item(clip, ana)
    submitted_item(clip, ana, category="count", payload=COUNT_QUESTION)
    answer(first, rui, "o1")
    client = client_of(rui)
    here = {"slug": "demo", "clip_id": clip.clip_id}
    for name in ("api_caption", "caption_workspace", "caption_review", "qa_workspace"):
        reply = client.get(reverse(name, kwargs=here))
        assert (reply.status_code, "bald man in a brown" in reply.content.decode()) == (409, False), name
    changes = client.post(
        reverse("api_caption_changes", kwargs=here), {"text": "A.", "against": "draft"}, content_type="application/json"
    )
    assert (changes.status_code, changes.json()["error"]["code"]) == (409, "sealed")


def test_a_dispute_is_settled_over_the_api(
    clip: Clip, ana: User, rui: User, adam: User, oda: User, client_of: SignIn
) -> None:
    item = submitted_item(clip, ana)
    answer(item, rui, "o2")
    answer(item, adam, "o3")
    said = {"outcome": "drop", "reason_code": "not_visible", "reason": "Cannot be seen."}
    assert code_of(Judge(client_of(rui)).post("api_question_settle", item.question_id, said)) == (403, "right_missing")
    judge = Judge(client_of(oda))
    assert judge.post("api_question_settle", item.question_id, said, etag='"7-0"')[0] == 412
    assert judge.post("api_question_settle", item.question_id, said, etag="")[0] == 428
    assert judge.post("api_question_settle", item.question_id, said)[1]["state"] == "dropped"
    assert code_of(judge.post("api_question_settle", item.question_id, said)) == (409, "move_not_allowed")


def test_questions_are_withdrawn_and_reopened_over_the_api(
    clip: Clip, ana: User, rui: User, oda: User, client_of: SignIn
) -> None:
    item = submitted_item(clip, ana)
    author = Judge(client_of(ana))
    assert author.post("api_questions_withdraw", clip.clip_id, {}) == (200, {})
    assert code_of(author.post("api_questions_withdraw", clip.clip_id, {})) == (409, "move_not_allowed")
    assert author.post("api_questions_submit", clip.clip_id, {"seen": {item.question_id: '"1-0"'}})[0] == 200
    answer_all(clip, rui)
    Judge(client_of(rui)).post("api_question_verdict", item.question_id, {"verdict": "approve"})
    said = {"reason": "look again"}
    assert code_of(author.post("api_question_reopen", item.question_id, said)) == (403, "right_missing")
    assert Judge(client_of(oda)).post("api_question_reopen", item.question_id, said)[1]["state"] == "editing"


@pytest.fixture
def submitted(project: Project, ana: User) -> Caption:
    return SubmittedCaptionFactory(project=project, author=ana)


@pytest.mark.parametrize(
    ("said", "state", "number"),
    [
        ({"verdict": "approve"}, "approved", 1),
        ({"verdict": "fix", "text": TEXT + " He sits.", "people": PEOPLE}, "approved", 2),
        ({"verdict": "return", "reason": "Who?", "reason_code": "missed"}, "editing", 1),
    ],
)
def test_a_caption_is_judged_over_the_api(
    submitted: Caption, rui: User, client_of: SignIn, said: dict[str, Any], state: str, number: int
) -> None:
    judge = Judge(client_of(rui))
    key = submitted.clip.clip_id
    assert judge.post("api_caption_verdict", key, said, etag='"2-0"')[0] == 412
    assert judge.post("api_caption_verdict", key, said, etag="x")[0] == 412
    assert judge.post("api_caption_verdict", key, said)[1] == {
        "state": state,
        "number": number,
        "etag": f'"{number}-0"',
    }
    assert code_of(judge.post("api_caption_verdict", key, {**said, "verdict": "approve"}, etag=f'"{number}-0"')) == (
        409,
        "move_not_allowed",
    )


def test_bad_verdicts_name_the_field(submitted: Caption, clip: Clip, ana: User, rui: User, client_of: SignIn) -> None:
    item = submitted_item(clip, ana)
    answer_all(clip, rui)
    judge = Judge(client_of(rui))
    for body, field in (
        ({"verdict": "burn"}, "verdict"),
        ({"verdict": ["approve"]}, "verdict"),
        ({"verdict": "return", "reason": "x"}, "reason_code"),
        ({"verdict": "return", "reason": 5, "reason_code": "other"}, "reason"),
        ({}, "verdict"),
        ({"verdict": "approve", "state": "approved"}, "state"),
    ):
        for name, key in (("api_caption_verdict", submitted.clip.clip_id), ("api_question_verdict", item.question_id)):
            status, said = judge.post(name, key, body)
            assert (status, list(said["error"]["detail"]["fields"])) == (400, [field]), (name, body)
    assert judge.post("api_caption_verdict", submitted.clip.clip_id, {"verdict": "fix", "text": "A."})[0] == 400
    assert judge.post("api_question_verdict", item.question_id, {"verdict": "fix"})[0] == 400
    assert Caption.objects.get(pk=submitted.pk).state == fresh(item).state == State.IN_REVIEW
    assert QAItem.objects.get(pk=item.pk).head_number == 1


def test_own_work_is_refused_by_the_api(submitted: Caption, project: Project, rui: User, client_of: SignIn) -> None:
    own = SubmittedCaptionFactory(project=project, author=rui)
    judge = Judge(client_of(rui))
    assert code_of(judge.post("api_caption_verdict", own.clip.clip_id, {"verdict": "approve"})) == (403, "own_work")
    assert Caption.objects.get(pk=own.pk).state == State.IN_REVIEW
