"""Celery's entry points. Each takes ids, calls one service, and can run twice."""

from celery import shared_task

from annotation.services.outbox import beat


@shared_task(name="annotation.canary")
def canary() -> None:
    """Prove that a worker is alive and hears."""
    beat("worker")
