"""Thirty ways to answer badly, and none becomes a draft, a second bill or a lost reply (L-03)."""

import json
from typing import Any

import pytest

from annotation.drafting import client
from annotation.drafting.jobs import run_job
from annotation.drafting.sweep import sweep_jobs
from annotation.models import CallOutcome, Caption, Draft, JobStatus, Project, User
from annotation.services.drafting import make_run
from annotation.states import State
from qa.models import QAItem
from tests.annotation.drafting.conftest import drafting_jobs, with_frames
from tests.factories import ApprovedCaptionFactory
from tests.model_server import BAD_REPLIES, ModelServer, bad_replies_for

CAPTION_REPLIES = bad_replies_for("caption")
# A caption may give no question, and one that breaks a rule is repaired: tests/qa/services/test_draft_questions.py.
QUESTION_REPLIES = [name for name in bad_replies_for("qa") if name not in ("no_questions", "options_duplicate")]


def test_there_are_thirty_of_them() -> None:
    assert len(CAPTION_REPLIES) >= 30
    assert len(QUESTION_REPLIES) >= 30


@pytest.mark.parametrize("name", CAPTION_REPLIES)
def test_a_bad_reply_about_a_caption_is_a_failed_job_with_the_reply_kept_l03(
    project: Project, model: ModelServer, name: str
) -> None:
    (job,) = drafting_jobs(project, 1)
    model.behave(then=f"bad:{name}")
    for _ in range(2):
        run_job(job.pk)
        sweep_jobs()
    job.refresh_from_db()
    assert (job.status, job.reason) == (JobStatus.FAILED, BAD_REPLIES[name].expected), job.detail
    assert job.detail
    assert len(model.calls()) == 1
    outcome = CallOutcome.objects.get()
    assert outcome.kind == CallOutcome.Kind.REPLY
    assert outcome.raw or name == "empty_body" or BAD_REPLIES[name].expected == "too_large"
    assert Draft.objects.count() == 0
    assert Caption.objects.get().state == State.WAITING


@pytest.mark.parametrize("name", QUESTION_REPLIES)
def test_a_bad_reply_about_questions_is_a_failed_job_with_the_reply_kept_l03(
    project: Project, ana: User, rui: User, model: ModelServer, name: str
) -> None:
    with_frames(ApprovedCaptionFactory(project=project, author=ana, reviewer=rui).clip)
    jobs = list(make_run(project=project, user=None, kind="qa").jobs.order_by("pk"))
    job = next(job for job in jobs if job.kind == "qa:action_details")
    model.behave(then=f"bad:{name}")
    for _ in range(2):
        run_job(job.pk)
    job.refresh_from_db()
    assert (job.status, job.reason) == (JobStatus.FAILED, BAD_REPLIES[name].expected), job.detail
    assert len(model.calls()) == CallOutcome.objects.count() == 1
    assert Draft.objects.filter(job__isnull=False).count() == QAItem.objects.count() == 0


def test_a_server_that_says_our_key_is_remembered_without_it_s07(
    project: Project, model: ModelServer, settings: Any
) -> None:
    settings.ANTHROPIC_API_KEY = "sk-ant-a-key-that-nobody-may-read"
    (job,) = drafting_jobs(project, 1)
    model.behave(then=f"says:I was asked with {settings.ANTHROPIC_API_KEY}, \u00e9t\u00e9.")
    run_job(job.pk)
    job.refresh_from_db()
    outcome = CallOutcome.objects.get()
    assert (job.status, job.reason) == (JobStatus.FAILED, "malformed")
    assert b"sk-ant" not in bytes(outcome.raw) and "sk-ant" not in outcome.problem + job.detail
    assert "I was asked with (the key), \u00e9t\u00e9." in json.loads(bytes(outcome.raw))["content"][0]["text"]


def test_a_key_of_a_letter_does_not_spoil_words(project: Project, model: ModelServer, settings: Any) -> None:
    settings.ANTHROPIC_API_KEY = "k"
    assert client.without_key("max_tokens") == "max_tokens"
