"""Work for the model: a run makes jobs, a job makes calls, a call has one outcome.

Calls are journalled before they are sent. Nothing here is a truth of the broker: a message carries a job's id, and
running it twice changes nothing.
"""

from uuid import uuid4

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.append_only import AppendOnlyModel, append_only_triggers
from annotation.models.clips import Clip
from annotation.models.drafts import Prompt
from annotation.models.projects import Project, User
from annotation.withdrawn_clips import DETAIL_WRITTEN, empty_when_erased


class RunQuerySet(models.QuerySet["Run"]):
    def visible_to(self, user: User) -> "RunQuerySet":
        return self.filter(project__memberships__user=user, project__memberships__is_active=True)


class Run(models.Model):
    """Somebody asked for drafts of everything that waits for one.

    withheld: clips of the control share, which nobody drafts. known: jobs that an earlier run had made already.
    by_itself: nobody asked; what comes to wait later is added, until somebody pauses or cancels it.
    """

    class Kind(models.TextChoices):
        CAPTIONS = "captions", "Captions"
        QUESTIONS = "qa", "Questions"
        EVALUATION = "evaluation", "Evaluation"
        PROBES = "probes", "Probes of drafted questions"

    class Status(models.TextChoices):
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        CANCELLED = "cancelled", "Cancelled"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="runs")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.RUNNING)
    model = models.CharField(max_length=200)
    is_batch = models.BooleanField(default=False)
    by_itself = models.BooleanField(default=False)
    withheld = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"run {self.pk} of {self.project}"


class Batch(models.Model):
    """Jobs that are sent together at half the price. Its row, with all its calls, is written before it is sent, once.

    sent_at: just before it is sent; it may be with the model from then on.
    remote_id: empty until the server has told it. remote_before: the newest batch there, before ours was sent.
    cursor: lines of results that are stored. attempts: leases, also the token that a worker must still hold.
    """

    class Status(models.TextChoices):
        INTENDED = "intended", "To be sent"
        SUBMITTED = "submitted", "With the model"
        CLOSED = "closed", "Done"
        FAILED = "failed", "Failed"

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="batches")
    model = models.CharField(max_length=200)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.INTENDED)
    sent_at = models.DateTimeField(null=True)
    remote_id = models.CharField(max_length=100, blank=True)
    remote_before = models.CharField(max_length=100, blank=True)
    cursor = models.PositiveIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=500, blank=True)
    lease_until = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField()
    nudged_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["remote_id"], condition=~Q(remote_id=""), name="batch_remote_once"),
        ]

    def __str__(self) -> str:
        return f"batch {self.pk} of {self.run}"


class JobStatus(models.TextChoices):
    QUEUED = "queued", "Queued"
    LEASED = "leased", "Being prepared"
    CALLING = "calling", "With the model"
    RECEIVED = "received", "Being read"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    PAUSED = "paused", "Paused"
    UNKNOWN = "unknown", "Outcome unknown"
    CANCELLED = "cancelled", "Cancelled"


ON_THE_WAY = (JobStatus.LEASED, JobStatus.CALLING, JobStatus.RECEIVED)
"""Transient: a worker holds a lease, or did when it died."""
WAITING = (JobStatus.QUEUED, JobStatus.PAUSED)
ENDED = (JobStatus.DONE, JobStatus.FAILED, JobStatus.UNKNOWN, JobStatus.CANCELLED)


class Job(models.Model):
    """One thing for the model to do: what, with which prompt, model and input. The same one is never paid for twice.

    kind: `caption`, `qa:<category>`; `answer:<setting>` and `describe:caption` of an evaluation, and `probe:<setting>`
        of a drafted question, which make no draft; or `try:<prompt name>`, which keeps nothing.
    sample: 0 in a run; each “regenerate” takes the next.
    attempt: number of the attempt, also the token that a worker must still hold when it writes.
    failures, unknowns: attempts that came to nothing, and those whose outcome nobody knows.
    reason: a code, `detail` the words beside it. repair_of: the call whose reply broke a rule and is asked for again.
    """

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, related_name="jobs")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, related_name="jobs")
    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="jobs")
    kind = models.CharField(max_length=40)
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="jobs")
    model = models.CharField(max_length=200)
    input_digest = models.CharField(max_length=64)
    sample = models.PositiveSmallIntegerField(default=0)
    status = models.CharField(max_length=20, choices=JobStatus.choices, default=JobStatus.QUEUED)
    reason = models.CharField(max_length=40, blank=True)
    detail = models.CharField(max_length=1000, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    unknowns = models.PositiveSmallIntegerField(default=0)
    repair_of = models.ForeignKey("annotation.Call", on_delete=models.PROTECT, null=True, related_name="+")
    lease_until = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField()
    nudged_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["clip", "kind", "prompt", "model", "input_digest", "sample"], name="job_once"
            ),
            models.CheckConstraint(condition=Q(status__in=JobStatus.values), name="job_status_known"),
            models.CheckConstraint(
                condition=~Q(status__in=[JobStatus.FAILED, JobStatus.PAUSED]) | ~Q(reason=""),
                name="job_failed_has_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], name="job_due", condition=Q(status=JobStatus.QUEUED)),
            models.Index(fields=["lease_until"], name="job_on_the_way", condition=Q(status__in=ON_THE_WAY)),
            models.Index(fields=["status", "reason"], name="job_paused", condition=Q(status=JobStatus.PAUSED)),
            models.Index(fields=["run", "status", "reason"], name="job_of_run"),
        ]
        triggers = [
            empty_when_erased(
                "NEW.clip_id",
                {"detail": "''"},
                operation=DETAIL_WRITTEN,
                condition=pgtrigger.Condition("NEW.detail <> ''"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.clip_id}: {self.status}"


class Call(AppendOnlyModel):
    """One HTTP attempt (or one line of a batch), written and committed before anything is sent.

    request: what is sent, each picture as its digest and size. reserved_micro_usd: the most that it can cost.
    day: of the accounts that it is charged to.
    """

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="calls")
    attempt = models.PositiveIntegerField()
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="calls")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, related_name="calls")
    model = models.CharField(max_length=200)
    request = models.JSONField()
    estimated_input_tokens = models.PositiveIntegerField()
    max_tokens = models.PositiveIntegerField()
    reserved_micro_usd = models.BigIntegerField()
    is_repair = models.BooleanField(default=False)
    day = models.DateField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["job", "attempt"], name="call_one_for_each_attempt")]
        triggers = append_only_triggers()

    def __str__(self) -> str:
        return f"call {self.attempt} of {self.job_id}"


class CallOutcome(AppendOnlyModel):
    """What came of a call, written once.

    raw: the reply's bytes as they came, cut at a bound. cost_micro_usd: null where nobody can know it; the call's
    reservation then stays.
    """

    class Kind(models.TextChoices):
        REPLY = "reply", "A reply"
        ERROR = "error", "Refused or failed there"
        NOT_SENT = "not_sent", "Never sent"
        UNKNOWN = "unknown", "Unknown"

    call = models.OneToOneField(Call, on_delete=models.PROTECT, related_name="outcome")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    http_status = models.PositiveSmallIntegerField(null=True)
    request_id = models.CharField(max_length=100, blank=True)
    raw = models.BinaryField(default=bytes)
    stop_reason = models.CharField(max_length=60, blank=True)
    input_tokens = models.PositiveIntegerField(null=True)
    output_tokens = models.PositiveIntegerField(null=True)
    cache_write_tokens = models.PositiveIntegerField(null=True)
    cache_read_tokens = models.PositiveIntegerField(null=True)
    cost_micro_usd = models.BigIntegerField(null=True)
    problem = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        triggers = [
            *append_only_triggers(),
            empty_when_erased(
                """(SELECT job.clip_id FROM annotation_call AS call JOIN annotation_job AS job ON job.id = call.job_id
                WHERE call.id = NEW.call_id)""",
                {"raw": "''", "problem": "''"},
                operation=pgtrigger.Insert,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of call {self.call_id}"
