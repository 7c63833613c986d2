"""A model that is busy, ill, broke or gone: jobs wait or fail, no worker sleeps, no call is made twice."""

import json
import time
from datetime import timedelta

import pytest

from annotation.drafting.jobs import run_job
from annotation.drafting.sweep import sweep_jobs
from annotation.errors import RightMissing
from annotation.models import Breaker, BudgetAccount, Call, CallOutcome, Draft, Job, JobStatus, Project, User
from annotation.services.drafting import close_breaker
from annotation.workflow import database_now
from tests.annotation.drafting.conftest import drafting_jobs
from tests.model_server import ModelServer

OTHER = {
    "people": [{"name": "girl in the blue dress", "attributes": "she has short hair"}],
    "events": [{"start_s": 0.5, "who": "The girl in the blue dress", "what": "waves with her right hand"}],
}


def waits_for(job: Job) -> float:
    """Seconds until the job is tried again."""
    job.refresh_from_db()
    assert job.status == JobStatus.QUEUED
    return (job.next_attempt_at - database_now()).total_seconds()


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [
        ("1", 0, 3),
        ("30", 25, 32),
        ("61", 55, 63),
        ("3600", 890, 902),  # at most a quarter of an hour
        ("date:100", 50, 102),
        ("-5", 0, 3),  # at least a second
        ("x", 0, 4),  # as if nothing was said: 2 seconds and up to half as long again
    ],
)
def test_a_rate_limit_is_obeyed_within_bounds_and_no_worker_sleeps_f15(
    project: Project, model: ModelServer, said: str, least: float, most: float
) -> None:
    first, second = drafting_jobs(project, 2)
    model.behave(f"429:{said}")
    began = time.monotonic()
    run_job(first.pk)
    assert not least or time.monotonic() - began < least  # it was told to wait for longer than it took
    assert least <= waits_for(first) <= most
    assert (first.failures, Job.objects.get(pk=first.pk).attempt) == (0, 1)
    if least:  # else its time has come again before we can look
        run_job(first.pk)
        run_job(second.pk)  # the other job of that model waits as well
        assert least <= waits_for(second) <= most
    assert len(model.calls()) == 1
    assert BudgetAccount.objects.get(key="project:demo").reserved_micro_usd == 0


@pytest.mark.parametrize(
    "behaviour",
    ["spend_limit", "contract_spend_limit", "usage_limits", "401", "402", "403", "404", "redirect:http://127.0.0.1:9"],
)
def test_who_refuses_for_good_is_left_alone_until_a_person_says_so_f16(
    project: Project, adam: User, ana: User, model: ModelServer, behaviour: str
) -> None:
    first, second = drafting_jobs(project, 2)
    model.behave(behaviour)
    run_job(first.pk)
    run_job(second.pk)
    assert len(model.calls()) == 1
    for job in (first, second):
        job.refresh_from_db()
        assert (job.status, job.reason) == (JobStatus.PAUSED, "breaker")
        assert job.detail
    sweep_jobs()
    assert Job.objects.filter(status=JobStatus.PAUSED).count() == 2
    with pytest.raises(RightMissing):
        close_breaker(model=first.model, user=ana, project=project)
    close_breaker(model=first.model, user=adam, project=project)
    assert Breaker.objects.get().closed_by == adam
    run_job(first.pk)
    run_job(second.pk)
    assert Job.objects.filter(status=JobStatus.DONE).count() == Draft.objects.count() == 2


def test_a_redirect_is_not_followed_l05(project: Project, model: ModelServer) -> None:
    (job,) = drafting_jobs(project, 1)
    with ModelServer() as other:
        model.behave(f"redirect:{other.base_url}")
        run_job(job.pk)
        assert other.seen == []


@pytest.mark.parametrize("status", ["500", "502", "503", "504", "529"])
def test_a_server_that_is_ill_is_tried_four_times_each_later_f17(
    project: Project, model: ModelServer, status: str
) -> None:
    (job,) = drafting_jobs(project, 1)
    model.behave(then=status)
    waited = []
    for _ in range(3):
        run_job(job.pk)
        waited.append(waits_for(job))
        Job.objects.update(next_attempt_at=database_now())
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.status, job.reason, job.attempt) == (JobStatus.FAILED, "unavailable", 4)
    # 2, 4 and 8 seconds, each up to half as long again; a slow machine has used some of it.
    assert [low - 1.5 < wait <= low * 1.5 for low, wait in zip((2, 4, 8), waited, strict=True)] == [True] * 3
    run_job(job.pk)
    assert len(model.calls()) == Call.objects.count() == 4
    assert set(CallOutcome.objects.values_list("cost_micro_usd", flat=True)) == {0}


def test_five_faults_within_a_minute_rest_the_model_and_one_call_tries_it_again(
    project: Project, model: ModelServer
) -> None:
    jobs = drafting_jobs(project, 8)
    model.behave(then="529")
    for job in jobs:
        run_job(job.pk)
    assert len(model.calls()) == 5
    breaker = Breaker.objects.get()
    assert breaker.status == Breaker.Status.ILL
    assert 55 <= waits_for(jobs[7]) <= 61
    assert Job.objects.get(pk=jobs[7].pk).failures == 0
    past = database_now() - timedelta(seconds=1)
    Breaker.objects.update(not_before=past)
    Job.objects.update(next_attempt_at=past)
    run_job(jobs[7].pk)
    assert len(model.calls()) == 6
    assert Breaker.objects.filter(not_before__gt=database_now()).exists()
    Breaker.objects.update(not_before=past, probe_until=database_now() + timedelta(seconds=30))
    run_job(jobs[6].pk)  # somebody else tries it at this moment
    assert len(model.calls()) == 6
    model.behave(then="ok")
    Breaker.objects.update(not_before=past, probe_until=None)
    Job.objects.update(next_attempt_at=past)
    run_job(jobs[6].pk)
    assert Breaker.objects.get().status == Breaker.Status.CLOSED
    assert Draft.objects.count() == 1


def test_a_server_that_cannot_be_reached_was_not_called_and_costs_nothing_f17(
    project: Project, model: ModelServer
) -> None:
    (job,) = drafting_jobs(project, 1)
    model.stop()
    run_job(job.pk)
    assert waits_for(job) > 0
    outcome = CallOutcome.objects.get()
    assert (outcome.kind, outcome.cost_micro_usd) == (CallOutcome.Kind.NOT_SENT, 0)
    assert BudgetAccount.objects.get(key="installation").reserved_micro_usd == 0


@pytest.mark.parametrize("behaviour", ["reset", "half", "hang:9", "drip:0.3", "slow:3", "lost"])
def test_a_reply_that_is_lost_keeps_its_reservation_and_is_asked_for_once_more_f18(
    project: Project, model: ModelServer, behaviour: str, settings: object
) -> None:
    settings.CALL_SECONDS = 1  # type: ignore[attr-defined]
    (job,) = drafting_jobs(project, 1)
    model.behave(then=behaviour)
    run_job(job.pk)
    assert len(model.calls()) == 1
    assert waits_for(job) > 0
    call = Call.objects.get()
    outcome = CallOutcome.objects.get()
    assert (outcome.kind, outcome.cost_micro_usd) == (CallOutcome.Kind.UNKNOWN, None)
    assert BudgetAccount.objects.get(key="project:demo").reserved_micro_usd == call.reserved_micro_usd
    Job.objects.update(next_attempt_at=database_now())
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.status, job.attempt) == (JobStatus.UNKNOWN, 2)
    run_job(job.pk)
    assert len(model.calls()) == 2
    assert BudgetAccount.objects.get(key="project:demo").reserved_micro_usd == 2 * call.reserved_micro_usd
    assert Draft.objects.count() == 0


def test_without_a_key_jobs_wait_and_nobody_is_asked(project: Project, model: ModelServer, settings: object) -> None:
    settings.ANTHROPIC_API_KEY = ""  # type: ignore[attr-defined]
    (job,) = drafting_jobs(project, 1)
    run_job(job.pk)
    sweep_jobs()
    job.refresh_from_db()
    assert (job.status, job.reason, model.calls()) == (JobStatus.PAUSED, "no_key", [])
    settings.ANTHROPIC_API_KEY = "there it is"  # type: ignore[attr-defined]
    sweep_jobs()
    run_job(job.pk)
    assert Draft.objects.count() == 1


def test_a_server_that_answers_twice_is_heard_once(project: Project, model: ModelServer) -> None:
    first, second = drafting_jobs(project, 2)
    model.behave("twice", f"says:{json.dumps(OTHER)}")
    run_job(first.pk)
    run_job(second.pk)
    told = [draft.payload["people"][0]["description"] for draft in Draft.objects.order_by("pk")]
    assert len(told) == 2
    assert told[0] != told[1]


@pytest.mark.parametrize("behaviour", ["400", "413"])
def test_a_request_that_is_not_taken_fails_and_stops_nobody_else(
    project: Project, model: ModelServer, behaviour: str
) -> None:
    first, second = drafting_jobs(project, 2)
    model.behave(behaviour)
    run_job(first.pk)
    run_job(second.pk)
    first.refresh_from_db()
    assert (first.status, first.reason) == (JobStatus.FAILED, "bad_request")
    assert Job.objects.get(pk=second.pk).status == JobStatus.DONE


def test_a_model_without_a_price_is_not_called(project: Project, model: ModelServer, settings: object) -> None:
    settings.DRAFTING_MODEL = "somebody-elses-model"  # type: ignore[attr-defined]
    (job,) = drafting_jobs(project, 1)
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.status, job.reason, model.calls()) == (JobStatus.FAILED, "unknown_price", [])
    assert "MODEL_PRICES" in job.detail
