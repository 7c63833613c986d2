"""Celery's entry points. Each takes ids, calls one service, and can run twice."""

from celery import shared_task

from qa.services import evaluation, exports, leak_figures, statistics

EXPORT_SECONDS = 6 * 60 * 60
"""Videos of a large release are many; the lease of an export is short and renewed, so this holds nobody up."""
WORK_SECONDS = 30 * 60


@shared_task(name=exports.WRITE, soft_time_limit=EXPORT_SECONDS, time_limit=EXPORT_SECONDS + 60, ignore_result=True)
def write_export(export_id: int) -> None:
    """Write a release in a layout as a zip. Only one worker can lease it."""
    exports.work_on_export(export_id)


@shared_task(name=statistics.COUNT, soft_time_limit=WORK_SECONDS, time_limit=WORK_SECONDS + 60, ignore_result=True)
def count_statistics(project_id: int, release_id: int | None = None) -> None:
    """Count a project's statistics, or a release's. What did not change since is not counted again."""
    statistics.count_statistics(project_id, release_id)


@shared_task(name=evaluation.PUT, soft_time_limit=WORK_SECONDS, time_limit=WORK_SECONDS + 60, ignore_result=True)
def put_questions(run_id: int) -> None:
    """Put the questions of a run. Only one worker does."""
    evaluation.put_questions(run_id)


@shared_task(name=leak_figures.COUNT, soft_time_limit=WORK_SECONDS, time_limit=WORK_SECONDS + 60, ignore_result=True)
def count_leak_figures(project_id: int) -> None:
    """Add up what the leak lab measured of a project and its releases."""
    leak_figures.count_leak_figures(project_id)
