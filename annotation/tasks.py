"""Celery's entry points. Each takes ids, calls one service, and can run twice."""

from celery import shared_task
from django.conf import settings

from annotation.drafting import batches, jobs
from annotation.models import Project
from annotation.services import (
    draft_flags,
    scene_cuts,
    scene_decisions,
    screening,
    thresholds,
    uploads,
    video_arrivals,
    video_uploads,
)
from annotation.services.outbox import beat

MEASURE_SECONDS = 6 * 60 * 60
"""A raw video may be hours long; the lease of one is short and renewed, so this holds nobody up."""

CHECK_SECONDS = 60 * 60


@shared_task(name="annotation.canary")
def canary() -> None:
    """Prove that a worker is alive and hears."""
    beat("worker")


@shared_task(name="annotation.take_upload")
def take_upload(upload_id: int) -> None:
    """Make an uploaded video a clip, or refuse it."""
    uploads.take_upload(upload_id)


@shared_task(
    name=video_uploads.TAKE_IN, soft_time_limit=MEASURE_SECONDS, time_limit=MEASURE_SECONDS + 60, ignore_result=True
)
def take_in_video_upload(upload_id: int) -> None:
    """Make an upload that has come whole a raw video, or refuse it. Only one worker can lease it."""
    video_arrivals.take_in_upload(upload_id)


@shared_task(
    name=screening.MEASURE, soft_time_limit=MEASURE_SECONDS, time_limit=MEASURE_SECONDS + 60, ignore_result=True
)
def measure_video(video_id: int) -> None:
    """Measure a raw video, or refuse it. Only one worker can lease it."""
    screening.measure_video(video_id)


@shared_task(name=scene_cuts.CUT, ignore_result=True)
def cut_scene(scene_id: int) -> None:
    """Make a kept scene a clip. Only one worker can lease it."""
    scene_cuts.cut_scene(scene_id)


@shared_task(name=draft_flags.CHECK, soft_time_limit=CHECK_SECONDS, time_limit=CHECK_SECONDS + 60, ignore_result=True)
def check_drafts(project_id: int) -> None:
    """Check a project's drafts that were not. What is checked stays so if this is stopped; two check the same."""
    draft_flags.check_drafts(Project.objects.get(pk=project_id))


@shared_task(name=thresholds.APPLY, ignore_result=True)
def apply_thresholds(threshold_set_id: int) -> None:
    """Decide what is measured anew, by the thresholds in force."""
    scene_decisions.apply_thresholds(threshold_set_id)


@shared_task(
    name=jobs.TASK,
    soft_time_limit=int(settings.CALL_SECONDS) + 60,
    time_limit=int(settings.CALL_SECONDS) + 90,
    ignore_result=True,
)
def run_job(job_id: int) -> None:
    """Do one job for the model. Only a queued job, or a reply that nobody read, can be leased."""
    jobs.run_job(job_id)


@shared_task(
    name=batches.TASK,
    soft_time_limit=batches.TASK_SECONDS,
    time_limit=batches.TASK_SECONDS + 60,
    ignore_result=True,
)
def run_batch(batch_id: int) -> None:
    """Fill and send a batch, or ask how it is, or read its results. Only one worker can lease it."""
    batches.run_batch(batch_id)
