"""A cap is a wall: the worst case is reserved before a call, and the sums always agree with the journal."""

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import close_old_connections, connection

from annotation.drafting.budget import BudgetReached, reserve, settle
from annotation.drafting.jobs import run_job
from annotation.models import BudgetAccount, Call, Draft, DraftingSettings, Job, JobStatus, Project, User
from annotation.services.drafting import change_drafting
from tests.annotation.drafting.conftest import drafting_jobs
from tests.factories import ProjectFactory
from tests.model_server import ModelServer

TODAY = datetime(2026, 11, 25, tzinfo=UTC).date()


@pytest.fixture
def capped(project: Project) -> Project:
    DraftingSettings.objects.create(project=project, cap_micro_usd=100)
    return project


def test_what_is_reserved_and_spent_never_passes_the_cap(capped: Project) -> None:
    reserve(project=capped, day=TODAY, amount=60)
    with pytest.raises(BudgetReached) as refused:
        reserve(project=capped, day=TODAY, amount=41)
    assert refused.value.detail["account"] == "project:demo"
    settle(project=capped, day=TODAY, reserved=60, cost=10)
    reserve(project=capped, day=TODAY, amount=90)
    account = BudgetAccount.objects.get(key="project:demo")
    assert (account.spent_micro_usd, account.reserved_micro_usd) == (10, 90)


def test_another_day_has_its_own_cap_and_the_project_one_for_ever(capped: Project) -> None:
    DraftingSettings.objects.update(cap_micro_usd=1000, day_cap_micro_usd=100)
    reserve(project=capped, day=TODAY, amount=100)
    reserve(project=capped, day=TODAY.replace(day=26), amount=100)
    with pytest.raises(BudgetReached) as refused:
        reserve(project=capped, day=TODAY, amount=1)
    assert refused.value.detail["account"] == "project:demo:2026-11-25"


def test_the_installation_has_a_cap_over_all_projects(project: Project, settings: Any) -> None:
    settings.DRAFTING_DAY_CAP_USD = 1  # 1,000,000 micro-dollars
    reserve(project=project, day=TODAY, amount=600_000)
    with pytest.raises(BudgetReached):
        reserve(project=ProjectFactory.create(), day=TODAY, amount=400_001)
    reserve(project=ProjectFactory.create(), day=TODAY, amount=400_000)


@pytest.mark.django_db(transaction=True)
def test_of_sixteen_jobs_that_race_for_the_money_of_one_call_one_is_called_f21(
    project: Project, model: ModelServer
) -> None:
    jobs = drafting_jobs(project, 17)
    run_job(jobs[0].pk)
    worst_case = Call.objects.get().reserved_micro_usd
    spent = BudgetAccount.objects.get(key="project:demo").spent_micro_usd
    # Enough for one more worst case, not for two, whatever the first of them will have cost.
    DraftingSettings.objects.create(project=project, cap_micro_usd=spent + worst_case)
    model.behave(then="slow:2")
    begin = threading.Barrier(16)

    def race(job: Job) -> None:
        close_old_connections()
        begin.wait()
        run_job(job.pk)
        connection.close()

    threads = [threading.Thread(target=race, args=[job]) for job in jobs[1:]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(model.calls()) == 1 + 1
    paused = Job.objects.filter(status=JobStatus.PAUSED, reason="budget")
    assert paused.count() == 15
    assert Draft.objects.count() == 2
    assert BudgetAccount.objects.get(key="project:demo").reserved_micro_usd == 0


def test_more_money_lets_paused_jobs_go_on(project: Project, adam: User, model: ModelServer) -> None:
    (job,) = drafting_jobs(project, 1)
    DraftingSettings.objects.create(project=project, cap_micro_usd=1)
    run_job(job.pk)
    assert Job.objects.get().status == JobStatus.PAUSED
    assert model.calls() == []
    change_drafting(project=project, user=adam, cap_micro_usd=None)
    run_job(job.pk)
    assert Draft.objects.count() == 1
