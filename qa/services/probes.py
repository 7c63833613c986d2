"""Probes of drafted questions: asked without the video and from the caption alone, before anybody's time is spent.

A project may want it. Its drafted questions are then held until the answers are there; one that leaks arrives flagged,
or is written once more first. Nothing is held for good: what gets no answer arrives unprobed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from annotation.canonical import digest_of
from annotation.caption_format import without_marks
from annotation.drafting.kinds import Outdated, kind_named, subject_of
from annotation.errors import BadInput
from annotation.models import CaptionRevision, Clip, Draft, Job, JobStatus, Project, Run
from annotation.models.jobs import ENDED, WAITING
from annotation.services import drafting
from annotation.services.drafted_captions import model_of
from annotation.services.drafted_captions import settings_of as drafting_settings_of
from annotation.services.prompts import chosen
from annotation.services.wanted_jobs import Wanted, jobs_for
from annotation.workflow import database_now
from qa.answers import parse_answer
from qa.content import content_from_draft, option_ids
from qa.evaluation.leak_lab import settings_of
from qa.evaluation.leak_measures import Tally, Told, Verdict, suspicions, verdict_of
from qa.evaluation.settings import prompt_name, texts_of
from qa.models import DraftProbe, LeakSettings, ProbeTry, Setting
from qa.releases.content import LETTERS
from qa.services.drafts import item_of_draft
from qa.services.probes_shown import SUMS

PROBE = "probe"
SETTINGS = (Setting.BLIND, Setting.HUMAN_CAPTIONS)
QUIET = timedelta(hours=1)
"""Held for so long while no probe of the project was answered: the model is down, or out of money. People go on."""
AT_ONCE = 200
_HELD = Q(outcome=DraftProbe.Outcome.HELD)


@dataclass(frozen=True)
class _Asked:
    """What one try shows: question and options of the draft, the caption for the one who reads it."""

    content: dict[str, Any]
    order: list[str]
    caption: str | None

    @property
    def digest(self) -> str:
        shown = {"question": self.content["question"], "options": texts_of(self.order, self.content)}
        return digest_of({"v": 1, **shown, "caption": self.caption})


def take_in(drafts: list[Draft], *, caption: CaptionRevision) -> None:
    """Have drafted questions of one clip probed if their project wants it; otherwise people get them at once.

    caption: that from which they were drafted. Needs an open transaction.
    """
    if not drafts:
        return
    project = drafts[0].clip.project
    own = settings_of(project)
    run = _run_of(project, own)
    if run is None:
        for draft in drafts:
            item_of_draft(draft)
        return
    now = database_now()
    probes = DraftProbe.objects.bulk_create(
        [DraftProbe(draft=draft, caption_revision=caption, created_at=now) for draft in drafts]
    )
    _ask(run, [one for probe in probes for one in _tries_of(probe, own.probe_tries)])


def _run_of(project: Project, own: LeakSettings) -> Run | None:
    """The work that probes belong to; None where nobody wants them, nobody could answer, or somebody paused them."""
    if not own.probes or not settings.ANTHROPIC_API_KEY:
        return None
    model = own.probe_model or model_of(drafting_settings_of(project))
    runs = Run.objects.filter(project=project, kind=Run.Kind.PROBES, model=model)
    if runs.filter(status=Run.Status.PAUSED).exists():
        return None
    running = runs.filter(status=Run.Status.RUNNING)
    found = running.first()
    if found is None:
        drafting.lock(project)  # two workers may need it at this moment
        found = running.first() or Run.objects.create(
            project=project, kind=Run.Kind.PROBES, model=model, by_itself=True
        )
    return found


def _tries_of(probe: DraftProbe, tries: int) -> list[ProbeTry]:
    """Not stored yet. From try to try the options move on by one place, so that no place is a habit that pays."""
    content = content_from_draft(probe.draft.payload)
    ids = option_ids(content)
    rows = []
    for setting in SETTINGS:
        for number in range(1, tries + 1):
            moved = (number - 1) % len(ids)
            order = ids[moved:] + ids[:moved]
            key_index = order.index(content["key"])
            rows.append(ProbeTry(probe=probe, setting=setting, try_number=number, order=order, key_index=key_index))
    return rows


def _ask(run: Run, tries: list[ProbeTry]) -> None:
    prompts = {setting: chosen(run.project, prompt_name(setting)) for setting in SETTINGS}
    wanted = [
        Wanted(
            one.probe.draft.clip_id,
            f"{PROBE}:{one.setting}",
            prompts[Setting(one.setting)],
            asked_in(one).digest,
            one.try_number - 1,
        )
        for one in tries
    ]
    for one, job in zip(tries, jobs_for(run, wanted), strict=True):
        one.job = job
    ProbeTry.objects.bulk_create(tries)
    # The very same words may have been probed before; what has all its answers by that is settled by the sweep.
    jobs = [one.job_id for one in tries]
    for known in ProbeTry.objects.filter(job__in=jobs, answered_at__isnull=False).order_by("pk"):
        ProbeTry.objects.filter(job=known.job_id, answered_at=None).update(
            letter=known.letter, is_right=known.is_right, answered_at=Now()
        )


def asked_in(one: ProbeTry) -> _Asked:
    """one: with its probe, that with draft and caption."""
    reads = one.setting == Setting.HUMAN_CAPTIONS
    caption = without_marks(one.probe.caption_revision.text) if reads else None
    return _Asked(content_from_draft(one.probe.draft.payload), one.order, caption)


def waiting_for(job: Job) -> _Asked:
    """What the job asks. Raises Outdated where no held question waits for it."""
    rows = ProbeTry.objects.filter(job=job, answered_at=None, probe__outcome=DraftProbe.Outcome.HELD)
    one = rows.select_related("probe__draft", "probe__caption_revision").order_by("pk").first()
    if one is None:
        raise Outdated("No drafted question waits for this.")
    return asked_in(one)


def keep_answers(job: Job, said: str) -> None:
    """Of every try that waits for the job; questions with all their answers are settled. Needs an open transaction."""
    waiting = ProbeTry.objects.filter(job=job, answered_at=None)
    drafted_by = set(waiting.values_list("probe__draft__job", flat=True))
    for one in waiting.select_related("probe__draft").order_by("pk"):
        content = content_from_draft(one.probe.draft.payload)
        one.letter = parse_answer(said, texts_of(one.order, content)) or ""
        one.is_right = bool(one.letter) and LETTERS.index(one.letter) == one.key_index
        one.answered_at = database_now()
        one.save(update_fields=["letter", "is_right", "answered_at"])
    _settle_together(drafted_by)


def _lock(drafted_by: Iterable[int | None]) -> list[DraftProbe]:
    held = DraftProbe.objects.filter(_HELD, draft__job__in=list(drafted_by)).select_related("draft__clip__project")
    return list(held.order_by("pk").select_for_update(of=("self",)))


def _settle_together(drafted_by: Iterable[int | None]) -> None:
    """What one reply drafted is settled at once: what leaks in it is written anew in one call.

    A probe waits only for work that can still be done.
    """
    # Lock first: of two that bring the last answers the later one sees the other's.
    held = [probe for probe in _lock(drafted_by) if probe.redraft_id is None]
    open_tries = ProbeTry.objects.filter(probe__in=held, answered_at=None).exclude(job__status__in=ENDED)
    waiting = set(open_tries.values_list("probe__draft__job", flat=True))
    by_job: dict[Job, list[DraftProbe]] = {}
    for probe in sorted(held, key=lambda one: one.draft.place):
        if probe.draft.job is not None and probe.draft.job_id not in waiting:
            by_job.setdefault(probe.draft.job, []).append(probe)
    for job, probes in by_job.items():
        _settle(job, probes)


def _settle(job: Job, probes: list[DraftProbe]) -> None:
    own = settings_of(job.clip.project)
    told = {probe: _told(probe) for probe in probes}
    leaking = {probe: found for probe in probes if (found := suspicions(told[probe], own))}
    redraft = _redraft(job) if leaking and own.probes == LeakSettings.Probes.REDRAFT else None
    for probe in probes:
        if probe in leaking:
            probe.evidence = {one.measure.id: one.as_json() for one in leaking[probe]}
        if probe in leaking and redraft is not None:
            probe.redraft = redraft
            probe.save(update_fields=["evidence", "redraft"])
        elif probe in leaking:
            _end(probe, DraftProbe.Outcome.FLAGGED)
        else:
            is_sound = verdict_of(told[probe], own) == Verdict.SOUND
            _end(probe, DraftProbe.Outcome.SOUND if is_sound else DraftProbe.Outcome.UNPROBED)


def _told(probe: DraftProbe) -> Told:
    answered = ProbeTry.objects.filter(probe=probe, answered_at__isnull=False).order_by()
    sums = answered.values("setting").annotate(**SUMS).values_list("setting", *SUMS)
    return Told(tuple(Tally(setting, "", *counts) for setting, *counts in sums))


def _end(probe: DraftProbe, outcome: DraftProbe.Outcome) -> None:
    probe.outcome, probe.settled_at = outcome, database_now()
    if outcome != DraftProbe.Outcome.REPLACED:
        probe.item = item_of_draft(probe.draft)
    probe.save(update_fields=["outcome", "settled_at", "item", "evidence"])


def _redraft(job: Job) -> Job | None:
    """The work that writes other questions in the place of the job's; None where it cannot be asked, or was once."""
    if replaced_by(job):
        return None
    own, project = drafting_settings_of(job.clip.project), job.clip.project
    try:
        target = kind_named(job.kind).target(job.clip, own, chosen(project, subject_of(job.kind)))
        return drafting.another(target, user=None, model=model_of(own))
    except (Outdated, BadInput):
        return None


def replaced_by(job: Job) -> list[DraftProbe]:
    """The questions in whose place a job writes others, in the order in which they were drafted. 1 query."""
    return list(job.replaces.select_related("draft__clip__project").order_by("draft__place", "pk"))


def settle_replaced(job: Job, *, written: int) -> None:
    """A redraft came: as many questions go as others were written; the rest arrives flagged.

    Raises Outdated where people got them all meanwhile. Needs an open transaction.
    """
    # Lock first: the sweep may be giving them up.
    of_job = DraftProbe.objects.filter(redraft=job).select_related("draft__clip__project")
    replaced = list(of_job.order_by("draft__place", "pk").select_for_update(of=("self",)))
    held = [probe for probe in replaced if probe.outcome == DraftProbe.Outcome.HELD]
    if replaced and not held:
        raise Outdated("People got the questions that it was to replace.")
    for place, probe in enumerate(held):
        _end(probe, DraftProbe.Outcome.REPLACED if place < written else DraftProbe.Outcome.FLAGGED)


def held_in(clip: Clip) -> list[Draft]:
    """Drafted questions that people do not have yet. 1 query."""
    held = DraftProbe.objects.filter(_HELD, draft__clip=clip).select_related("draft").order_by("pk")
    return [probe.draft for probe in held]


def sweep_probes() -> None:
    """Settle what waits for work that came to nothing, and what waited too long. Safe to run twice."""
    standing = DraftProbe.objects.filter(_HELD, draft__clip__in=Clip.objects.standing())
    waits = ProbeTry.objects.filter(probe=OuterRef("pk"), answered_at=None).exclude(job__status__in=ENDED)
    ended = standing.filter(~Exists(waits), Q(redraft=None) | Q(redraft__status__in=ENDED))
    _each_of_job(ended.order_by("pk").values_list("draft__job", flat=True)[:AT_ONCE], _settle_ended)
    old = database_now() - QUIET
    answered = ProbeTry.objects.filter(
        answered_at__gt=old, probe__draft__clip__project=OuterRef("draft__clip__project")
    )
    stale = standing.filter(~Exists(answered), created_at__lt=old)
    _each_of_job(stale.order_by("pk").values_list("draft__job", flat=True)[:AT_ONCE], _give_up)


def _each_of_job(drafted_by: Iterable[int | None], do: Callable[[int], None]) -> None:
    for job in dict.fromkeys(drafted_by):
        if job is not None:
            with transaction.atomic():
                do(job)


def _settle_ended(drafted_by: int) -> None:
    _settle_together([drafted_by])
    for probe in _lock([drafted_by]):
        # A redraft that ended has settled what it replaced, unless nothing came of it.
        if probe.redraft is not None and probe.redraft.status in ENDED:
            _end(probe, DraftProbe.Outcome.FLAGGED)


def _give_up(drafted_by: int) -> None:
    """What has not begun will not; what is with the model comes back and is of no use any more."""
    of_tries = Q(probe_tries__probe__draft__job=drafted_by, probe_tries__answered_at=None)
    jobs = Job.objects.filter(of_tries | Q(replaces__draft__job=drafted_by), status__in=WAITING)
    Job.objects.filter(pk__in=jobs.values("pk")).update(status=JobStatus.CANCELLED, finished_at=Now(), lease_until=None)
    for probe in _lock([drafted_by]):
        _end(probe, DraftProbe.Outcome.FLAGGED if probe.evidence else DraftProbe.Outcome.UNPROBED)
