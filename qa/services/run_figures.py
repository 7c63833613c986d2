"""How far a run is, and what is counted of it. Pages read what was counted last, never the answers themselves.

Figures are counted again by the relay's sweep while answers come, so that they are at most a minute old.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Coalesce

from annotation.models import JobStatus, Project
from annotation.workflow import database_now
from qa.evaluation.figures import ClipScore, Figures, Pair, figures_of, published_figures
from qa.evaluation.tables import Row
from qa.models import Answer, AskedQuestion, EvaluationRun, Release, RunFigures, Setting

GOES_ON = (JobStatus.QUEUED, JobStatus.LEASED, JobStatus.CALLING, JobStatus.RECEIVED)
SCORES = """
SELECT asked.clip_id, asked.category, asked.people, count(*), count(*) FILTER (WHERE answer.is_right),
    count(*) FILTER (WHERE answer.letter = '')
FROM qa_askedquestion AS asked JOIN qa_answer AS answer ON answer.asked_id = asked.id
WHERE asked.run_id = %s GROUP BY asked.clip_id, asked.category, asked.people
"""


@dataclass(frozen=True)
class Progress:
    """Tries of questions. going_on: work for them waits or is on the way. paused: until somebody does something."""

    asked: int
    answered: int
    going_on: int
    paused: int

    @property
    def is_over(self) -> bool:
        """Nothing more comes by itself."""
        return not self.going_on

    @property
    def stuck(self) -> int:
        """Not answered, and nothing goes on about it: failed, cancelled or paused."""
        return self.asked - self.answered - self.going_on


def progress_of(run: EvaluationRun) -> Progress:
    """As it is now. 2 queries."""
    rows = AskedQuestion.objects.filter(run=run)
    counts = rows.aggregate(asked=Count("pk"), answered=Count("answer"))
    open_rows = rows.filter(answer=None).order_by().values_list("job__status").annotate(Count("pk"))
    by_status = {status: count for status, count in open_rows if status}
    going_on = sum(by_status.get(status, 0) for status in GOES_ON)
    return Progress(counts["asked"], counts["answered"], going_on, by_status.get(JobStatus.PAUSED, 0))


def count_run(run: EvaluationRun) -> Figures:
    """Count what is answered, and keep it. Safe to run twice. 2 queries and a write."""
    now = database_now()
    with connection.cursor() as cursor:
        cursor.execute(SCORES, [run.pk])
        figures = figures_of(ClipScore(*row) for row in cursor.fetchall())
    RunFigures.objects.update_or_create(
        run=run, defaults={"figures": figures.as_json(), "answered": figures.answers, "counted_at": now}
    )
    return figures


def sweep_figures() -> None:
    """Count again what got answers since it was counted last, and note what nothing more comes of by itself.

    Called each minute, or oftener.
    """
    answers = Count("asked__answer")
    for run in _unfinished().annotate(now_answered=answers, before=Coalesce("counted__answered", 0)):
        has_more = run.now_answered > run.before  # answers are never taken back
        if has_more:
            count_run(run)
        stands_still = not has_more and _stands_still(run)
        if stands_still != run.stands_still:
            EvaluationRun.objects.filter(pk=run.pk).update(stands_still=stands_still)


def _unfinished() -> QuerySet[EvaluationRun]:
    """What was never counted, or waits for more answers than were."""
    asked_here = EvaluationRun.objects.exclude(origin=EvaluationRun.Origin.PUBLISHED)
    is_whole = Q(counted__answered=F("questions") * F("tries")) | Q(answering=None)
    return asked_here.exclude(is_whole, counted__isnull=False)


def _stands_still(run: EvaluationRun) -> bool:
    if run.answering_id is None or run.put_due is not None:
        return False
    return not AskedQuestion.objects.filter(run=run, answer=None, job__status__in=GOES_ON).exists()


def rows_of(project: Project, release: Release | None) -> list[Row]:
    """What was counted on the release (on what was approved, for None), a row a run, and what is printed. 1 query."""
    printed = Q(run__origin=EvaluationRun.Origin.PUBLISHED)
    counted = RunFigures.objects.filter(printed | Q(run__release=release), run__project=project).select_related("run")
    return [
        Row(
            model=one.run.model,
            judge=one.run.judge,
            frames=one.run.frames,
            setting=Setting(one.run.setting),
            figures=figures_in(one),
            key=str(one.run.uid),
            asked=one.run.questions * one.run.tries,
            published_in=one.run.source_name if one.run.origin == EvaluationRun.Origin.PUBLISHED else "",
        )
        for one in counted
    ]


def figures_in(counted: RunFigures) -> Figures:
    """What was counted here, or the percents of a table in print."""
    percents = counted.figures.get("percents")
    return published_figures(percents) if percents else Figures.from_json(counted.figures)


def counted_at(rows: Iterable[Row]) -> datetime | None:
    """When the oldest of them was counted. 1 query."""
    keys = [row.key for row in rows if not row.published_in]
    return (
        RunFigures.objects.filter(run__uid__in=keys).order_by("counted_at").values_list("counted_at", flat=True).first()
    )


def pairs_of(first: EvaluationRun, second: EvaluationRun) -> list[Pair]:
    """The first try of each question that both answered, in the same words. 1 query."""
    mine = Answer.objects.filter(asked__run=first, asked__try_number=1)
    theirs = {
        (item, revision): right
        for item, revision, right in Answer.objects.filter(asked__run=second, asked__try_number=1).values_list(
            "asked__item", "asked__revision", "is_right"
        )
    }
    rows = mine.values_list("asked__item", "asked__revision", "asked__clip_id", "asked__category", "is_right")
    return [
        Pair(clip, category, right, theirs[item, revision])
        for item, revision, clip, category, right in rows
        if (item, revision) in theirs
    ]
