"""Trying a version of a prompt on a few clips: asked, paid for and read like any other, and kept by nobody."""

import json
import re
from dataclasses import dataclass

from django.db.models import Prefetch

from annotation.drafting import client
from annotation.drafting.client import CallFailed, Exchange
from annotation.drafting.kinds import TRY, Outdated, kind_named, kind_of_prompt
from annotation.errors import BadInput, DomainError
from annotation.models import Call, CallOutcome, Clip, Job, Project, Prompt, User
from annotation.models.jobs import ENDED
from annotation.services.drafting import try_prompt
from annotation.states import ClipStatus, State
from annotation.transactions import in_transaction

MOST_CLIPS = 3
MOST_SHOWN = 12
REPLY_CHARACTERS = 20_000


@dataclass(frozen=True)
class TryReply:
    """One reply of a try. is_raw: it could not be read, and stands as it came. is_repair: asked after a broken rule."""

    text: str
    is_raw: bool
    is_repair: bool


@dataclass(frozen=True)
class Try:
    """cost_micro_usd: of what is known; is_cost_known is False while a call is out, or where nobody can tell."""

    job: Job
    replies: list[TryReply]
    cost_micro_usd: int
    is_cost_known: bool

    @property
    def is_over(self) -> bool:
        return self.job.status in ENDED


def clips_to_try(project: Project, name: str) -> list[str]:
    """Ids of the first clips that the prompt could be tried on."""
    clips = Clip.objects.filter(project=project, state=ClipStatus.ACTIVE, is_control=False)
    if name != "caption":
        clips = clips.filter(caption__state=State.APPROVED)
    return list(clips.order_by("clip_id").values_list("clip_id", flat=True)[:MOST_CLIPS])


@in_transaction
def try_on(*, project: Project, user: User, prompt: Prompt, clips: str) -> list[Job]:
    """Ask with this version about up to three clips, named by their ids. Raises RightMissing, BadInput."""
    if kind_of_prompt(prompt.name) is None:
        raise BadInput({"version": "this prompt is never asked by itself"})
    wanted = list(dict.fromkeys(re.findall(r"[^\s,]+", clips)))
    if not 1 <= len(wanted) <= MOST_CLIPS:
        raise BadInput({"clips": f"must be 1 to {MOST_CLIPS} clip ids"})
    found = Clip.objects.filter(project=project, state=ClipStatus.ACTIVE).select_related("project")
    by_id = {clip.clip_id: clip for clip in found.filter(clip_id__in=wanted)}
    jobs: list[Job] = []
    for clip_id in wanted:
        if clip_id not in by_id:
            raise BadInput({"clips": f"there is no clip “{clip_id[:100]}”"})
        try:
            jobs += try_prompt(project=project, user=user, prompt=prompt, clips=[by_id[clip_id]])
        except Outdated as problem:
            raise BadInput({"clips": f"{clip_id}: {problem}"}) from problem
    return jobs


def tries_of(project: Project, name: str) -> list[Try]:
    """The newest tries of a prompt, of whatever version, with what was answered. 3 queries, and what a kind reads."""
    calls = Call.objects.select_related("outcome").order_by("pk")
    jobs = (
        Job.objects.filter(prompt__in=Prompt.objects.of(project).filter(name=name))
        .filter(clip__in=Clip.objects.standing().filter(project=project), kind__startswith=TRY)
        .select_related("clip__project", "prompt", "created_by")
        .prefetch_related(Prefetch("calls", calls))
        .order_by("-pk")[:MOST_SHOWN]
    )
    return [_try(job) for job in jobs]


def _try(job: Job) -> Try:
    calls = list(job.calls.all())
    outcomes = [outcome for call in calls if (outcome := getattr(call, "outcome", None)) is not None]
    costs = [outcome.cost_micro_usd for outcome in outcomes]
    return Try(
        job,
        [_reply(job, outcome) for outcome in outcomes if outcome.kind == CallOutcome.Kind.REPLY],
        sum(cost or 0 for cost in costs),
        is_cost_known=len(outcomes) == len(calls) and None not in costs,
    )


def _reply(job: Job, outcome: CallOutcome) -> TryReply:
    is_repair, raw = outcome.call.is_repair, bytes(outcome.raw)
    try:
        value = client.read_message(Exchange(raw=raw)).value
    except CallFailed:
        said = raw.decode(errors="replace").replace("\x00", "\ufffd")
        return TryReply(said[:REPLY_CHARACTERS], is_raw=True, is_repair=is_repair)
    try:
        return TryReply(kind_named(job.kind).preview(job, value)[:REPLY_CHARACTERS], is_raw=False, is_repair=is_repair)
    except DomainError:  # not the form that was asked for, or the caption is another one now
        said = json.dumps(value, indent=2, ensure_ascii=False)
        return TryReply(said[:REPLY_CHARACTERS], is_raw=True, is_repair=is_repair)
