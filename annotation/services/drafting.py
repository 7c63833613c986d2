"""What people ask of drafting: runs over all that waits, another draft of one clip, trying a prompt, going on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from django.conf import settings
from django.db.models import Count, Max, Q, QuerySet, Sum
from django.db.models.functions import Now

from annotation.access import require
from annotation.drafting import breakers
from annotation.drafting.batches import gather, hurry
from annotation.drafting.jobs import nudge
from annotation.drafting.kinds import TRY, Target, kind_named
from annotation.errors import BadInput, MoveNotAllowed, NotVisible
from annotation.models import Call, Clip, DraftingSettings, Job, JobStatus, Project, Prompt, Run, User
from annotation.models.jobs import ENDED, WAITING
from annotation.services.drafted_captions import model_of, settings_of
from annotation.services.prompts import chosen
from annotation.states import ClipStatus
from annotation.transactions import in_transaction

KINDS = {Run.Kind.CAPTIONS: "caption", Run.Kind.QUESTIONS: "qa"}
AT_ONCE = 500
MOST_SAMPLES = 8
"""Drafts of one clip with the same prompt, model and input."""


@dataclass(frozen=True)
class RunProgress:
    """Jobs of a run by status, and those that failed by reason. 1 query each."""

    counts: dict[str, int]
    failures: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def ended(self) -> int:
        return sum(self.counts.get(status, 0) for status in ENDED)

    @property
    def is_over(self) -> bool:
        return self.ended == self.total


def run_for(user: User, *, slug: str, run_id: int) -> Run:
    """Raises NotVisible."""
    run = Run.objects.visible_to(user).select_related("project").filter(project__slug=slug, pk=run_id).first()
    if run is None:
        raise NotVisible
    return run


def progress_of(run: Run) -> RunProgress:
    jobs = Job.objects.filter(run=run)
    counts = dict(jobs.values_list("status").annotate(Count("pk")))
    failed = jobs.filter(status__in=(JobStatus.FAILED, JobStatus.UNKNOWN, JobStatus.PAUSED))
    return RunProgress(counts, dict(failed.values_list("reason").annotate(Count("pk")).order_by("reason")))


def cost_of(run: Run) -> tuple[int, int]:
    """Micro-dollars: what the calls of a run cost, and what stays reserved for those without a known end. 1 query."""
    calls = Call.objects.filter(job__run=run)
    is_open = Q(outcome=None) | Q(outcome__cost_micro_usd=None)
    sums = calls.aggregate(settled=Sum("outcome__cost_micro_usd"), reserved=Sum("reserved_micro_usd", filter=is_open))
    return sums["settled"] or 0, sums["reserved"] or 0


@in_transaction
def make_run(
    *, project: Project, user: User | None, kind: str, limit: int | None = None, is_batch: bool = False
) -> Run:
    """Jobs for all that waits, up to `limit` new ones; what an earlier run has made already is not made again.

    user: None for the installation. Raises RightMissing, BadInput.
    """
    if user is not None:
        require(user, "draft", project=project)
    if kind not in KINDS:
        raise BadInput({"kind": f"must be one of {', '.join(KINDS)}"})
    if limit is not None and limit < 1:
        raise BadInput({"limit": "must be 1 or more"})
    lock(project)
    own = settings_of(project)
    wanted = Run.Kind(kind)
    run = _new_run(own, wanted, user=user, is_batch=is_batch)
    targets = kind_named(KINDS[wanted]).targets(project, own)
    while (limit is None or limit > 0) and (some := list(islice(targets, AT_ONCE))):
        new = _new_jobs(run, some, limit)
        limit = None if limit is None else limit - new
    run.save(update_fields=["known"])
    gather(run)
    return run


def draft_by_itself() -> None:
    """In projects that want it, ask for what came to wait since and was never asked for; nothing without a key.

    Safe to run twice.
    """
    if not settings.ANTHROPIC_API_KEY:
        return
    for own in DraftingSettings.objects.filter(drafts_by_itself=True).select_related("project"):
        for kind in KINDS:
            _add_new(own, kind)


@in_transaction
def _add_new(own: DraftingSettings, kind: Run.Kind) -> None:
    """What one person stops stays stopped: a paused run takes nothing on, what was cancelled was asked for."""
    lock(own.project)
    runs = Run.objects.filter(project=own.project, kind=kind, by_itself=True)
    if runs.filter(status=Run.Status.PAUSED).exists():
        return
    some = list(islice(kind_named(KINDS[kind]).targets(own.project, own, is_new=True), AT_ONCE))
    if some:
        run = runs.filter(status=Run.Status.RUNNING, model=model_of(own)).first()
        _new_jobs(run or _new_run(own, kind, by_itself=True), some, None)


def lock(project: Project) -> None:
    """Two who ask for a project's drafts at once would make the same jobs."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)


def _new_run(own: DraftingSettings, kind: Run.Kind, *, user: User | None = None, **more: bool) -> Run:
    control = Clip.objects.standing().filter(project=own.project, is_control=True)
    return Run.objects.create(
        project=own.project,
        kind=kind,
        model=model_of(own),
        created_by=user,
        withheld=control.count() if kind == Run.Kind.CAPTIONS else 0,
        **more,
    )


def _new_jobs(run: Run, targets: list[Target], limit: int | None) -> int:
    """Make those that are new, take over those that were cancelled; return how many there are to do."""
    fields = {"model": run.model, "sample": 0}
    existing = {
        (job.clip_id, job.kind, job.prompt_id, job.input_digest): job
        for job in Job.objects.filter(clip__in=[target.clip for target in targets], **fields)
    }
    fresh: list[Job] = []
    again: list[int] = []
    for target in targets:
        job = existing.get((target.clip.pk, target.kind, target.prompt.pk, target.input_digest))
        if limit is not None and len(fresh) + len(again) >= limit:
            break
        if job is None:
            fresh.append(_job(target, run=run))
        elif job.status == JobStatus.CANCELLED:
            again.append(job.pk)
        else:
            run.known += 1
    made = Job.objects.bulk_create(fresh)
    requeue(Job.objects.filter(pk__in=again), run=run)
    if not run.is_batch:
        nudge([*(job.pk for job in made), *again])
    return len(fresh) + len(again)


def _job(target: Target, *, run: Run | None, user: User | None = None, model: str = "", sample: int = 0) -> Job:
    return Job(
        run=run,
        clip=target.clip,
        kind=target.kind,
        prompt=target.prompt,
        model=run.model if run else model,
        input_digest=target.input_digest,
        sample=sample,
        created_by=user or (run.created_by if run else None),
        next_attempt_at=Now(),
    )


@in_transaction
def regenerate(*, clip: Clip, user: User) -> Job:
    """Another draft of the clip's caption beside all earlier ones. Raises RightMissing, MoveNotAllowed, BadInput."""
    require(user, "edit", project=clip.project)
    if clip.is_control:
        raise MoveNotAllowed("The caption of this clip is written without a draft.", state=clip.state)
    if clip.state != ClipStatus.ACTIVE:
        raise MoveNotAllowed("This clip is excluded.", state=clip.state)
    own = settings_of(clip.project)
    target = kind_named("caption").target(clip, own, chosen(clip.project, "caption"))
    return another(target, user=user, model=model_of(own))


@in_transaction
def try_prompt(*, project: Project, user: User, prompt: Prompt, clips: Iterable[Clip]) -> list[Job]:
    """Ask with this version and keep no draft; the calls are journalled and paid. Raises RightMissing, BadInput."""
    require(user, "draft", project=project)
    own = settings_of(project)
    kind = kind_named("caption" if prompt.name == "caption" else "qa")
    targets = [kind.target(clip, own, prompt) for clip in clips]
    tries = [replace(target, kind=f"{TRY}{target.kind}") for target in targets]
    return [another(target, user=user, model=model_of(own)) for target in tries]


def another(target: Target, *, user: User | None, model: str) -> Job:
    """One more for the same target, or the one that is under way. Needs an open transaction. Raises BadInput."""
    # Lock first: two presses must not take the same number.
    Clip.objects.select_for_update().get(pk=target.clip.pk)
    same = Job.objects.filter(clip=target.clip, kind=target.kind, prompt=target.prompt, model=model)
    same = same.filter(input_digest=target.input_digest)
    under_way = same.exclude(status__in=ENDED).order_by("-sample").first()
    if under_way is not None:
        return under_way
    highest = same.aggregate(highest=Max("sample"))["highest"] or 0
    if highest >= MOST_SAMPLES:
        raise BadInput({"clip": f"there are {MOST_SAMPLES} drafts with this prompt already; write on from one of them"})
    job = _job(target, run=None, user=user, model=model, sample=highest + 1)
    job.save()
    nudge([job.pk])
    return job


@in_transaction
def pause(*, run: Run, user: User) -> None:
    """Nothing new is begun; what is with the model comes back. Safe to run twice."""
    _change(run, user, to=Run.Status.PAUSED, allowed=(Run.Status.RUNNING,))


@in_transaction
def resume(*, run: Run, user: User) -> None:
    _change(run, user, to=Run.Status.RUNNING, allowed=(Run.Status.PAUSED,))
    paused = Job.objects.filter(run=run, status__in=WAITING)
    requeue(paused, run=run)
    _nudge_all(run)


@in_transaction
def cancel(*, run: Run, user: User) -> None:
    """What has not begun will not; what is with the model comes back and is kept."""
    _change(run, user, to=Run.Status.CANCELLED, allowed=(Run.Status.RUNNING, Run.Status.PAUSED))
    Job.objects.filter(run=run, status__in=WAITING).update(
        status=JobStatus.CANCELLED, finished_at=Now(), lease_until=None
    )
    hurry(run)


@in_transaction
def retry(*, run: Run, user: User, reason: str) -> int:
    """Queue again what failed for this reason; return how many. Raises RightMissing, MoveNotAllowed."""
    require(user, "draft", project=run.project)
    run = Run.objects.select_for_update().select_related("project").get(pk=run.pk)
    if run.status == Run.Status.CANCELLED:
        raise MoveNotAllowed("This run was cancelled.", state=run.status)
    failed = Job.objects.filter(
        run=run, reason=reason, status__in=(JobStatus.FAILED, JobStatus.UNKNOWN, JobStatus.PAUSED)
    )
    count = requeue(failed, run=run)
    _nudge_all(run)
    return count


@in_transaction
def close_breaker(*, model: str, user: User, project: Project) -> None:
    """Say that the model may be called again; what waited for it goes on. Raises RightMissing."""
    require(user, "draft", project=project)
    breakers.close(model, actor=user)
    requeue(Job.objects.filter(model=model, status=JobStatus.PAUSED, reason="breaker"))


@in_transaction
def change_drafting(*, project: Project, user: User, **fields: object) -> DraftingSettings:
    """fields: of DraftingSettings, checked by their form. What waited for money is tried again. Raises RightMissing."""
    require(user, "configure", project=project)
    own, _ = DraftingSettings.objects.update_or_create(project=project, defaults=fields)
    requeue(Job.objects.filter(clip__project=project, status=JobStatus.PAUSED, reason="budget"))
    return own


def _change(run: Run, user: User, *, to: Run.Status, allowed: tuple[Run.Status, ...]) -> None:
    require(user, "draft", project=run.project)
    run = Run.objects.select_for_update().get(pk=run.pk)
    if run.status == to:
        return
    if run.status not in allowed:
        raise MoveNotAllowed(f"This run is {run.get_status_display().lower()}.", state=run.status)
    run.status = to
    run.save(update_fields=["status"])


def requeue(jobs: QuerySet[Job], *, run: Run | None = None) -> int:
    """As if they were new: their attempts go on counting, their failures do not."""
    more = {"run": run, "batch": None} if run is not None else {}
    return jobs.update(
        status=JobStatus.QUEUED,
        reason="",
        failures=0,
        unknowns=0,
        repair_of=None,
        next_attempt_at=Now(),
        nudged_at=None,
        lease_until=None,
        finished_at=None,
        **more,
    )


def _nudge_all(run: Run) -> None:
    """The sweep finds the rest."""
    waiting = Job.objects.filter(run=run, status=JobStatus.QUEUED, batch=None).values_list("pk", flat=True)
    if run.is_batch:
        gather(run)
    else:
        nudge(list(waiting[:AT_ONCE]))


def failures_of(run: Run) -> Iterator[Job]:
    """Jobs of a run that did not give a draft, with their clips: 1 query."""
    bad = Q(status__in=(JobStatus.FAILED, JobStatus.UNKNOWN, JobStatus.PAUSED))
    return Job.objects.filter(bad, run=run).select_related("clip").order_by("reason", "pk").iterator(chunk_size=500)
