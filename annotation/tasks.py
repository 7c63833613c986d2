"""Celery's entry points. Each takes ids, calls one service, and can run twice."""

from celery import shared_task

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
