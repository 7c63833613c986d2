"""Drafting by itself: what comes to wait is asked for once, and what a person stopped stays stopped."""

import threading
from typing import Any

import pytest
from django.db import connection

from annotation.drafting.jobs import run_job
from annotation.models import Draft, DraftingSettings, Job, JobStatus, Outbox, Project, Run, User
from annotation.services import outbox
from annotation.services.drafting import cancel, draft_by_itself, make_run, pause, resume
from annotation.services.prompts import add_version, choose
from tests.annotation.drafting.conftest import with_frames
from tests.factories import ClipFactory, ProjectFactory
from tests.model_server import ModelServer


@pytest.fixture
def own(project: Project, settings: Any) -> DraftingSettings:
    settings.ANTHROPIC_API_KEY = "a key for tests"
    return DraftingSettings.objects.create(project=project, drafts_by_itself=True)


def clip(project: Project, clip_id: str, **more: Any) -> None:
    with_frames(ClipFactory.create(project=project, clip_id=clip_id, **more))


def asked() -> list[tuple[str, int | None]]:
    return list(Job.objects.order_by("clip__clip_id").values_list("clip__clip_id", "run"))


def test_a_new_clip_is_drafted_by_the_next_sweep(own: DraftingSettings, project: Project, model: ModelServer) -> None:
    clip(project, "a")
    outbox.sweep()
    run = Run.objects.get()
    assert (run.by_itself, run.created_by, run.kind) == (True, None, "captions")
    job = Job.objects.get()
    assert Outbox.objects.filter(task="annotation.run_job", args=[job.pk]).count() == 1
    run_job(job.pk)
    assert Draft.objects.get().job == job


def test_what_comes_later_joins_the_same_run_and_nothing_is_asked_for_twice(
    own: DraftingSettings, project: Project
) -> None:
    clip(project, "a")
    draft_by_itself()
    draft_by_itself()
    clip(project, "b")
    draft_by_itself()
    (run,) = Run.objects.all()
    assert asked() == [("a", run.pk), ("b", run.pk)]


def test_only_projects_that_want_it_are_drafted(own: DraftingSettings, project: Project) -> None:
    DraftingSettings.objects.create(project=ProjectFactory.create(slug="silent"), drafts_by_itself=False)
    for slug in ("silent", "without-settings"):
        clip(Project.objects.filter(slug=slug).first() or ProjectFactory.create(slug=slug), "a")
    draft_by_itself()
    assert not Run.objects.exists()


def test_without_a_key_nothing_is_asked_for(own: DraftingSettings, project: Project, settings: Any) -> None:
    settings.ANTHROPIC_API_KEY = ""
    clip(project, "a")
    draft_by_itself()
    assert not Run.objects.exists()


def test_the_control_share_is_left_alone(own: DraftingSettings, project: Project) -> None:
    clip(project, "a", is_control=True)
    draft_by_itself()
    assert not Run.objects.exists()


def test_what_failed_waits_for_a_person_even_with_another_prompt(
    own: DraftingSettings, project: Project, adam: User
) -> None:
    clip(project, "a")
    draft_by_itself()
    Job.objects.update(status=JobStatus.FAILED, reason="malformed")
    made = add_version(project=project, user=adam, name="caption", title="Other", text="Say it otherwise.")
    choose(project=project, user=adam, name="caption", version=made.version)
    draft_by_itself()
    assert Job.objects.count() == 1


def test_a_paused_run_takes_nothing_on_until_it_is_resumed(own: DraftingSettings, project: Project, adam: User) -> None:
    clip(project, "a")
    draft_by_itself()
    run = Run.objects.get()
    pause(run=run, user=adam)
    clip(project, "b")
    draft_by_itself()
    assert asked() == [("a", run.pk)]
    resume(run=run, user=adam)
    draft_by_itself()
    assert asked() == [("a", run.pk), ("b", run.pk)]


def test_what_was_cancelled_is_not_asked_for_again_but_what_comes_later_is(
    own: DraftingSettings, project: Project, adam: User
) -> None:
    clip(project, "a")
    draft_by_itself()
    first = Run.objects.get()
    cancel(run=first, user=adam)
    draft_by_itself()
    assert asked() == [("a", first.pk)]
    clip(project, "b")
    draft_by_itself()
    second = Run.objects.exclude(pk=first.pk).get()
    assert asked() == [("a", first.pk), ("b", second.pk)]
    assert Job.objects.get(clip__clip_id="a").status == JobStatus.CANCELLED


def test_another_model_is_another_run(own: DraftingSettings, project: Project) -> None:
    clip(project, "a")
    draft_by_itself()
    DraftingSettings.objects.update(model="claude-haiku-5-5")
    clip(project, "b")
    draft_by_itself()
    assert list(Run.objects.order_by("pk").values_list("model", flat=True)) == ["claude-sonnet-5-5", "claude-haiku-5-5"]


@pytest.mark.django_db(transaction=True)
def test_a_run_by_hand_at_the_same_moment_makes_no_job_twice(own: DraftingSettings, project: Project) -> None:
    for number in range(20):
        clip(project, f"clip-{number}")
    begin, problems = threading.Barrier(3), []

    def at_once(do: Any) -> None:
        begin.wait()
        try:
            do()
        except Exception as error:
            problems.append(error)
        finally:
            connection.close()

    by_hand = [lambda: make_run(project=project, user=None, kind="captions") for _ in range(2)]
    threads = [threading.Thread(target=at_once, args=[do]) for do in (*by_hand, draft_by_itself)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert Job.objects.count() == 20
