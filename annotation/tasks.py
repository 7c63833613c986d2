"""Celery's entry points. Each takes ids, calls one service, and can run twice."""

from celery import shared_task
from django.conf import settings

from annotation.drafting import batches, jobs
from annotation.services import uploads
from annotation.services.outbox import beat


@shared_task(name="annotation.canary")
def canary() -> None:
    """Prove that a worker is alive and hears."""
    beat("worker")


@shared_task(name="annotation.take_upload")
def take_upload(upload_id: int) -> None:
    """Make an uploaded video a clip, or refuse it."""
    uploads.take_upload(upload_id)


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
