"""The leak measures of a release, or of what is approved, added up: counted by workers, read by the leaderboard."""

from datetime import datetime

from annotation.models import Project
from annotation.workflow import database_now
from qa.evaluation.leak_lab import settings_of, told_now, told_of_release
from qa.evaluation.leak_summary import Summary, as_json, from_json, summary_of
from qa.models import CountedStatistics, EvaluationRun, Release

COUNT = "qa.count_leak_figures"
_NAME = "leak_figures"


def count_leak_figures(project_id: int) -> None:
    """Of what is approved now, and of each release on which something was run. Safe to run twice."""
    project = Project.objects.get(pk=project_id)
    measured_on = EvaluationRun.objects.filter(project=project, release__isnull=False).values("release")
    _count(project, None)
    for release in Release.objects.filter(pk__in=measured_on).order_by("pk"):
        _count(project, release)


def _count(project: Project, release: Release | None) -> None:
    at = database_now()
    told = told_now(project) if release is None else told_of_release(release)
    value = as_json(summary_of(told.values(), settings_of(project)))
    CountedStatistics.objects.update_or_create(
        project=project, release=release, name=_NAME, defaults={"value": value, "counted_at": at}
    )


def leak_figures(project: Project, release: Release | None) -> tuple[Summary, datetime] | None:
    """As they were counted last. 1 query."""
    kept = CountedStatistics.objects.filter(project=project, release=release, name=_NAME).first()
    return (from_json(kept.value), kept.counted_at) if kept else None
