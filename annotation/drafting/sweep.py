"""What the relay does for jobs every few seconds: dead workers' jobs come back, due ones are sent, money is not lost.

It runs under the relay's lock, and twice would do no harm.
"""

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from annotation.drafting.batches import sweep_batches
from annotation.drafting.client import Exchange, OutcomeUnknown
from annotation.drafting.jobs import (
    MOST_FAILURES,
    NUDGE_AGAIN,
    fail,
    give_up_call,
    goes_alone,
    nudge,
    postpone,
    record,
)
from annotation.drafting.of_withdrawn import cancel_withdrawn
from annotation.models import Call, Job, JobStatus, Run
from annotation.models.jobs import WAITING

AT_ONCE = 500


def sweep_jobs() -> None:
    """One pass. Each job is mended in a transaction of its own: a failure of one keeps nobody else waiting."""
    lost = Job.objects.filter(batch=None, status__in=(JobStatus.LEASED, JobStatus.CALLING, JobStatus.RECEIVED))
    for job in lost.filter(lease_until__lt=Now()).select_related("clip__project")[:AT_ONCE]:
        with transaction.atomic():
            _bring_back(job)
    may_go_on = Q(reason="budget", next_attempt_at__lte=Now())
    if settings.ANTHROPIC_API_KEY:
        may_go_on |= Q(reason="no_key")
    Job.objects.filter(may_go_on, status=JobStatus.PAUSED).update(
        status=JobStatus.QUEUED, reason="", nudged_at=None, next_attempt_at=Now()
    )
    cancel_withdrawn(Job.objects.filter(status__in=WAITING))
    # What came back to the queue after its run was cancelled.
    Job.objects.filter(status__in=WAITING, run__in=Run.objects.filter(status=Run.Status.CANCELLED)).update(
        status=JobStatus.CANCELLED, finished_at=Now(), lease_until=None
    )
    with transaction.atomic():
        nudge(list(_unheard().values_list("pk", flat=True)[:AT_ONCE]))
    sweep_batches()


def _bring_back(job: Job) -> None:
    """What was being prepared is queued again, a call on the way is unknown, a reply is read again."""
    job = Job.objects.select_for_update(of=("self",)).select_related("clip__project").get(pk=job.pk)
    if job.status == JobStatus.LEASED:
        if job.failures + 1 >= MOST_FAILURES:
            fail(job, "poison", "Preparing this job ended its worker again and again.")
        else:
            postpone(job, "Its worker was lost.", seconds=0)
    elif job.status == JobStatus.CALLING:
        call = Call.objects.select_related("project").filter(job=job, attempt=job.attempt).first()
        problem = OutcomeUnknown("The worker was lost while the model had the call.", Exchange())
        if call is not None and record(call, problem.exchange, failure=problem):
            give_up_call(job, str(problem))
        else:
            postpone(job, "Its worker was lost after the call.", seconds=0)
    elif job.status == JobStatus.RECEIVED:
        Job.objects.filter(pk=job.pk).update(lease_until=None, nudged_at=None)


def _unheard() -> QuerySet[Job]:
    """Due jobs that no worker was told of, or was told of long ago."""
    told_long_ago = Q(nudged_at=None) | Q(nudged_at__lt=Now() - NUDGE_AGAIN) | Q(nudged_at__lt=F("next_attempt_at"))
    due = Q(status=JobStatus.QUEUED, next_attempt_at__lte=Now()) | Q(status=JobStatus.RECEIVED, lease_until=None)
    return Job.objects.filter(due, goes_alone(), told_long_ago).order_by("next_attempt_at")
