"""Jobs for who keeps what comes of them elsewhere: an evaluation asks many questions about one clip."""

from dataclasses import dataclass

from django.db.models.functions import Now

from annotation.drafting.jobs import nudge
from annotation.models import Job, JobStatus, Prompt, Run
from annotation.services.drafting import requeue

AGAIN = (JobStatus.CANCELLED, JobStatus.FAILED, JobStatus.UNKNOWN)
"""What came to nothing in an earlier run is asked for once more in this one."""


@dataclass(frozen=True)
class Wanted:
    """clip: primary key. input_digest: of all that the model is shown beside the prompt. sample: the try, from 0."""

    clip: int
    kind: str
    prompt: Prompt
    input_digest: str
    sample: int = 0

    @property
    def key(self) -> tuple[int, str, int, str, int]:
        return self.clip, self.kind, self.prompt.pk, self.input_digest, self.sample


def jobs_for(run: Run, wanted: list[Wanted]) -> list[Job]:
    """The job of each, in their order. What another run asked for already is not paid for twice: its job is given.

    Needs an open transaction, which keeps the jobs locked: what comes of one is stored before or after it, for all
    who wait. Who makes the jobs of a batch gathers them afterwards. 4 queries.
    """
    Job.objects.bulk_create(
        [
            Job(
                run=run,
                clip_id=one.clip,
                kind=one.kind,
                prompt=one.prompt,
                model=run.model,
                input_digest=one.input_digest,
                sample=one.sample,
                created_by_id=run.created_by_id,
                next_attempt_at=Now(),
            )
            for one in wanted
        ],
        ignore_conflicts=True,  # another run may ask for the same at this moment
    )
    same = Job.objects.filter(
        clip__in={one.clip for one in wanted},
        model=run.model,
        input_digest__in={one.input_digest for one in wanted},
    ).order_by("pk")
    found = {
        (job.clip_id, job.kind, job.prompt_id, job.input_digest, job.sample): job for job in same.select_for_update()
    }
    jobs = [found[one.key] for one in wanted]
    again = [job.pk for job in jobs if job.status in AGAIN]
    if again:
        requeue(Job.objects.filter(pk__in=again), run=run)
    fresh = [job.pk for job in jobs if job.run_id == run.pk and job.status == JobStatus.QUEUED]
    if not run.is_batch:
        nudge([*fresh, *again])
    return jobs
