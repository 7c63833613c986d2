"""A benchmark of a few clips, and a model on this machine whose replies a test knows beforehand."""

import json
from collections.abc import Callable
from typing import Any

from annotation.drafting.jobs import run_job
from annotation.models import Clip, Job, JobStatus, Project, User
from qa.categories import Category
from qa.models import EvaluationRun, QAItem
from qa.services.blind import store_answer
from qa.services.evaluation import put_questions, start_run
from qa.services.items import submit_unit
from qa.services.reviews import approve
from tests.annotation.drafting.conftest import with_frames
from tests.factories import ApprovedCaptionFactory, ClipFactory
from tests.model_server import ModelServer
from tests.qa.scenes import etags, overrides, saved_item

MODEL, JUDGE = "claude-opus-4-8", "claude-sonnet-5"
Asked = dict[str, Any]


def approved_clip_with(project: Project, categories: list[str], *, author: User, reviewer: User, clip_id: str) -> Clip:
    """One approved question of each category; the key is the option `o1`."""
    clip = with_frames(ClipFactory.create(project=project, clip_id=clip_id))
    ApprovedCaptionFactory(project=project, author=author, reviewer=reviewer, clip=clip)
    made = [saved_item(clip, author, category=category) for category in categories]
    submit_unit(clip=clip, user=author, seen=etags(clip, author), reasons=overrides(clip))
    for item in made:
        store_answer(clip=clip, user=reviewer, question_id=item.question_id, seen_number=1, choice="o1")
    for item in made:
        approve(item=QAItem.objects.get(pk=item.pk), reviewer=reviewer, seen_number=1)
    return clip


def benchmark(project: Project, *, ana: User, rui: User, clips: int = 2) -> list[Clip]:
    """Each clip with a question of each category."""
    return [
        approved_clip_with(project, list(Category.values), author=ana, reviewer=rui, clip_id=f"clip-{number}")
        for number in range(clips)
    ]


def answers(model: ModelServer, reply: str | Callable[[Asked], str]) -> None:
    """reply: what it always answers, or from the data block of a request; a description is asked without a question."""

    def choose(entry: Any) -> str:
        data = json.loads(entry["body"]["messages"][0]["content"][-1]["text"])
        key = "answer" if "question" in data else "caption"
        return f"says:{json.dumps({key: reply if isinstance(reply, str) else reply(data)})}"

    model.behave(choose=choose)


def asked_run(**wanted: Any) -> EvaluationRun:
    """As `start_run`, with its questions put."""
    run = start_run(**wanted)
    put_questions(run.pk)
    return EvaluationRun.objects.select_related("project", "release", "answering", "describing").get(pk=run.pk)


def work(project: Project) -> None:
    """Do all jobs, also those that others make, in this thread."""
    waiting = Job.objects.filter(clip__project=project, status=JobStatus.QUEUED)
    while jobs := list(waiting.values_list("pk", flat=True)):
        for pk in jobs:
            run_job(pk)
