"""What dead workers leave is brought back by the sweep: nothing stays on the way or is paid twice (F-01, F-02)."""

from datetime import timedelta

import pytest

from annotation.drafting import client
from annotation.drafting.jobs import conclude, fail, journal, lease, record, run_job
from annotation.drafting.kinds import kind_named
from annotation.drafting.sweep import sweep_jobs
from annotation.models import BudgetAccount, Call, CallOutcome, Draft, Job, JobStatus, Outbox, Project, Run, User
from annotation.services.drafting import cancel, make_run, pause, resume, retry
from annotation.workflow import database_now
from tests.annotation.drafting.conftest import drafting_jobs, waiting_clips
from tests.model_server import ModelServer


def forget_leases() -> None:
    """As if the workers had died and the time of their leases had passed."""
    past = database_now() - timedelta(seconds=1)
    Job.objects.exclude(lease_until=None).update(lease_until=past)
    Job.objects.filter(status=JobStatus.QUEUED).update(next_attempt_at=past)


def leased(job: Job) -> Job:
    held = lease(job.pk)
    assert held is not None
    return held


def called(job: Job) -> tuple[Job, Call]:
    held = leased(job)
    call = journal(held, kind_named(held.kind).request(held))
    assert call is not None
    return held, call


def test_only_one_worker_gets_a_job(project: Project, model: ModelServer) -> None:
    (job,) = drafting_jobs(project, 1)
    assert lease(job.pk) is not None
    assert lease(job.pk) is None


def test_a_worker_that_dies_before_the_call_leaves_a_job_that_is_done_later_f01(
    project: Project, model: ModelServer
) -> None:
    (job,) = drafting_jobs(project, 1)
    leased(job)
    sweep_jobs()
    assert Job.objects.get().status == JobStatus.LEASED  # its lease still runs
    forget_leases()
    sweep_jobs()
    assert (Job.objects.get().status, Job.objects.get().failures) == (JobStatus.QUEUED, 1)
    run_job(job.pk)
    assert Draft.objects.count() == len(model.calls()) == 1


def test_a_job_that_kills_its_worker_each_time_fails_as_poison_f02(project: Project, model: ModelServer) -> None:
    (job,) = drafting_jobs(project, 1)
    for _ in range(4):
        leased(job)
        forget_leases()
        sweep_jobs()
        forget_leases()
    job.refresh_from_db()
    assert (job.status, job.reason) == (JobStatus.FAILED, "poison")
    assert lease(job.pk) is None


def test_a_worker_that_dies_during_the_call_leaves_an_unknown_outcome_and_its_reservation_f01(
    project: Project, model: ModelServer
) -> None:
    (job,) = drafting_jobs(project, 1)
    _, call = called(job)
    forget_leases()
    sweep_jobs()
    assert CallOutcome.objects.get(call=call).kind == CallOutcome.Kind.UNKNOWN
    assert BudgetAccount.objects.get(key="project:demo").reserved_micro_usd == call.reserved_micro_usd
    forget_leases()
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.status, job.attempt, job.unknowns) == (JobStatus.DONE, 2, 1)
    assert Call.objects.count() == 2
    assert BudgetAccount.objects.get(key="project:demo").reserved_micro_usd == call.reserved_micro_usd


def test_a_call_that_is_lost_twice_waits_for_a_person(project: Project, adam: User, model: ModelServer) -> None:
    (job,) = drafting_jobs(project, 1)
    for _ in range(2):
        called(job)
        forget_leases()
        sweep_jobs()
        forget_leases()
    job.refresh_from_db()
    assert (job.status, job.reason) == (JobStatus.UNKNOWN, "unknown")
    assert lease(job.pk) is None
    assert job.run is not None
    assert retry(run=job.run, user=adam, reason="unknown") == 1
    run_job(job.pk)
    assert Draft.objects.count() == 1


def test_a_reply_that_nobody_read_is_read_later_without_another_call_f02(project: Project, model: ModelServer) -> None:
    (job,) = drafting_jobs(project, 1)
    held, call = called(job)
    reply = client.send(kind_named(held.kind).request(held), call_id=str(call.uid))
    record(call, reply.exchange)
    assert Job.objects.get().status == JobStatus.RECEIVED
    forget_leases()
    sweep_jobs()
    assert Outbox.objects.filter(args=[job.pk]).count() == 2
    run_job(job.pk)
    assert Job.objects.get().status == JobStatus.DONE
    assert Draft.objects.count() == len(model.calls()) == 1


def test_a_worker_that_comes_back_too_late_writes_nothing(project: Project, model: ModelServer) -> None:
    (job,) = drafting_jobs(project, 1)
    late, call = called(job)
    reply = client.send(kind_named(late.kind).request(late), call_id=str(call.uid))
    forget_leases()
    sweep_jobs()
    forget_leases()
    assert record(call, reply.exchange) is False
    conclude(late, call, reply.value)
    fail(late, "late", "This must not be stored.")
    assert Draft.objects.count() == 0
    assert (Job.objects.get().status, Job.objects.get().reason) == (JobStatus.QUEUED, "")
    run_job(job.pk)
    assert Draft.objects.count() == 1


def test_two_readers_of_one_reply_make_one_draft(project: Project, model: ModelServer) -> None:
    (job,) = drafting_jobs(project, 1)
    held, call = called(job)
    reply = client.send(kind_named(held.kind).request(held), call_id=str(call.uid))
    record(call, reply.exchange)
    conclude(held, call, reply.value)
    conclude(held, call, reply.value)
    assert Draft.objects.count() == 1


def test_messages_that_are_lost_are_sent_again_but_not_at_every_sweep_f07(project: Project, model: ModelServer) -> None:
    (job,) = drafting_jobs(project, 1)
    Outbox.objects.all().delete()
    sweep_jobs()
    assert Outbox.objects.count() == 0  # its message may still be on the way
    Job.objects.update(nudged_at=database_now() - timedelta(seconds=61))
    sweep_jobs()
    sweep_jobs()
    assert [row.args for row in Outbox.objects.all()] == [[job.pk]]


def test_a_paused_run_begins_nothing_and_a_resumed_one_goes_on(
    project: Project, adam: User, model: ModelServer
) -> None:
    first, second = drafting_jobs(project, 2)
    run = Run.objects.get()
    pause(run=run, user=adam)
    run_job(first.pk)
    sweep_jobs()
    assert model.calls() == []
    resume(run=run, user=adam)
    run_job(first.pk)
    run_job(second.pk)
    assert Draft.objects.count() == 2


def test_a_cancelled_run_ends_what_waits_and_another_run_takes_it_over(
    project: Project, adam: User, model: ModelServer
) -> None:
    first, second = drafting_jobs(project, 2)
    run_job(first.pk)
    run = Run.objects.get()
    cancel(run=run, user=adam)
    run_job(second.pk)
    assert Job.objects.get(pk=second.pk).status == JobStatus.CANCELLED
    assert len(model.calls()) == 1
    again = make_run(project=project, user=adam, kind="captions")
    assert [job.pk for job in again.jobs.all()] == [second.pk]
    run_job(second.pk)
    assert Draft.objects.count() == 2


@pytest.mark.parametrize("limit", [1, 2])
def test_a_limit_counts_new_drafts_only(project: Project, model: ModelServer, limit: int) -> None:
    waiting_clips(project, 4)
    first = make_run(project=project, user=None, kind="captions", limit=limit)
    second = make_run(project=project, user=None, kind="captions", limit=limit)
    assert (first.jobs.count(), second.jobs.count()) == (limit, limit)
    assert not {job.clip_id for job in first.jobs.all()} & {job.clip_id for job in second.jobs.all()}
