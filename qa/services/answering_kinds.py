"""The kinds `answer:<setting>` and `describe:caption`: one question for a model, and what it writes about a clip.

Neither makes a draft. What they make is kept for every run that waits for the same job.
"""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from annotation.canonical import canonical_json, digest_of
from annotation.caption_format import without_marks
from annotation.drafting.batches import gather
from annotation.drafting.client import ModelRequest
from annotation.drafting.frames import Frame
from annotation.drafting.kinds import Malformed, Outdated, Target
from annotation.models import Call, CaptionRevision, Clip, DraftingSettings, Job, Project, Prompt
from annotation.services.drafted_captions import settings_of
from annotation.services.frames import frames_of
from annotation.services.wanted_jobs import Wanted, jobs_for
from annotation.text import checked_text
from annotation.workflow import database_now
from qa.answers import parse_answer
from qa.evaluation.settings import (
    ANSWER_SCHEMA,
    DESCRIPTION_SCHEMA,
    FROM_CAPTION,
    SEES_FRAMES,
    data_block,
    prompt_name,
    texts_of,
)
from qa.models import Answer, AskedQuestion, EvaluationRun, Setting, WrittenCaption
from qa.models.runs import LONGEST_REPLY
from qa.releases.content import LETTERS

ANSWER, DESCRIBE = "answer", "describe"
ANSWER_TOKENS, DESCRIPTION_TOKENS = 1024, 2048
LONGEST_CAPTION = 20_000


class _Kind:
    """Nothing waits for these by itself: who keeps what comes of them makes the jobs."""

    prompt_names: tuple[str, ...] = ()

    def targets(self, project: Project, own: DraftingSettings, *, is_new: bool = False) -> Iterator[Target]:
        return iter(())

    def target(self, clip: Clip, own: DraftingSettings, prompt: Prompt) -> Target:
        raise Outdated("Nothing waits for this by itself.")


class AnswerKind(_Kind):
    def request(self, job: Job) -> ModelRequest:
        asked = _waiting_for(job)
        caption, long_side = caption_for(asked), long_side_of(asked.run.project)
        if job.input_digest != answer_digest(asked, caption=caption, long_side=long_side):
            raise Outdated("How large frames are was changed after this job was made.")
        frames: list[Frame] = []
        if asked.run.setting in SEES_FRAMES:
            frames = frames_of(job.clip, count=asked.run.frames or 1, long_side=long_side)
        return ModelRequest(
            model=job.model,
            instructions=job.prompt.text,
            data=data_block(content=asked.revision.content, order=asked.order, caption=caption),
            schema=ANSWER_SCHEMA,
            max_tokens=ANSWER_TOKENS,
            frames=tuple(frames),
        )

    def read(self, job: Job, call: Call, value: Any) -> str:
        """Whatever it said: a reply that settles on nothing is an answer too, and a wrong one."""
        answer = value.get("answer") if isinstance(value, dict) else None
        return answer if isinstance(answer, str) else canonical_json(value).decode()

    def store(self, job: Job, call: Call, read: str) -> None:
        waiting = AskedQuestion.objects.filter(job=job, answer=None).select_related("revision").order_by("pk")
        store_answers([(asked, read) for asked in waiting])

    def preview(self, job: Job, value: Any) -> str:
        return canonical_json(value).decode()


class DescribeKind(_Kind):
    def request(self, job: Job) -> ModelRequest:
        asked = _waiting_for(job)
        long_side = long_side_of(asked.run.project)
        if job.input_digest != description_digest(asked, long_side=long_side):
            raise Outdated("How large frames are was changed after this job was made.")
        return ModelRequest(
            model=job.model,
            instructions=job.prompt.text,
            data=canonical_json({"duration_s": f"{job.clip.duration_ms / 1000:.1f}"}).decode(),
            schema=DESCRIPTION_SCHEMA,
            max_tokens=DESCRIPTION_TOKENS,
            frames=tuple(frames_of(job.clip, count=asked.run.frames or 1, long_side=long_side)),
        )

    def read(self, job: Job, call: Call, value: Any) -> str:
        caption = value.get("caption") if isinstance(value, dict) else None
        if not isinstance(caption, str):
            raise Malformed("The reply holds no caption.")
        return checked_text(caption, field="caption", most=LONGEST_CAPTION, blank=False)

    def store(self, job: Job, call: Call, read: str) -> None:
        runs = EvaluationRun.objects.filter(asked__job=job).select_related("project", "answering").distinct()
        for run in runs.order_by("pk"):
            keep_caption(run, job, read)

    def preview(self, job: Job, value: Any) -> str:
        return self.read(job, Call(), value)


def keep_caption(run: EvaluationRun, job: Job, caption: str) -> None:
    """And have the run's judge answer from it what waits for it. Needs an open transaction."""
    WrittenCaption.objects.create(run=run, clip_id=job.clip_id, text=caption, job=job, created_at=database_now())
    judge(run, AskedQuestion.objects.filter(run=run, job=job), caption=caption)


def judge(run: EvaluationRun, asked: QuerySet[AskedQuestion], *, caption: str) -> None:
    """Have the run's judge answer these of one clip from a caption. Needs an open transaction."""
    rows = list(asked.select_related("revision", "run__project", "clip").order_by("pk"))
    assert run.answering is not None  # noqa: S101 - of a run that is asked here
    prompt = prompt_of(run, prompt_name(run.setting))
    ask(rows, run=run, prompt=prompt, captions=dict.fromkeys((row.pk for row in rows), caption))
    gather(run.answering)


def prompt_of(run: EvaluationRun, name: str) -> Prompt:
    """The version with which the run was started, whichever the project uses by now."""
    return Prompt.objects.of(run.project).filter(name=name, version=run.prompts[name])[0]


def ask(rows: list[AskedQuestion], *, run: EvaluationRun, prompt: Prompt, captions: dict[int, str]) -> None:
    """Jobs for rows with their revision and clip; what was answered before, in another run, is answered at once.

    captions: by a row's key, for settings in which one is judged.
    """
    assert run.answering is not None  # noqa: S101 - of a run that is asked here
    long_side = long_side_of(run.project)
    wanted = [
        Wanted(
            row.clip_id,
            f"{ANSWER}:{run.setting}",
            prompt,
            answer_digest(row, caption=captions.get(row.pk), long_side=long_side),
            row.try_number - 1,
        )
        for row in rows
    ]
    for row, job in zip(rows, jobs_for(run.answering, wanted), strict=True):
        row.job = job
    AskedQuestion.objects.bulk_update(rows, ["job"], batch_size=500)
    earlier = Answer.objects.filter(asked__job__in=[row.job_id for row in rows]).exclude(asked__run=run)
    replies = dict(earlier.values_list("asked__job", "reply"))
    store_answers([(row, replies[row.job_id]) for row in rows if row.job_id in replies])


def store_answers(replies: list[tuple[AskedQuestion, str]]) -> None:
    """Each reply read by the one parser. The rows have their revision."""
    now = database_now()
    answers = []
    for asked, reply in replies:
        said = reply[:LONGEST_REPLY].replace("\x00", "")
        letter = parse_answer(said, texts_of(asked.order, asked.revision.content)) or ""
        place = LETTERS.index(letter) if letter else None
        answers.append(
            Answer(
                asked=asked,
                letter=letter,
                choice="" if place is None else asked.order[place],
                is_right=place == asked.key_index,
                reply=said,
                created_at=now,
            )
        )
    Answer.objects.bulk_create(answers, batch_size=500)


def caption_for(asked: AskedQuestion) -> str | None:
    """What the judge reads; None where nobody judges a caption. Raises Outdated where there is none."""
    setting = asked.run.setting
    if setting not in FROM_CAPTION:
        return None
    if setting == Setting.CAPTION:
        written = WrittenCaption.objects.filter(run=asked.run, clip=asked.clip).values_list("text", flat=True).first()
    else:
        revision = CaptionRevision.objects.select_related("draft").get(pk=asked.caption_revision_id or 0)
        written = caption_in(revision, setting)
    if written is None:
        raise Outdated("There is no caption to judge.")
    return written


def caption_in(revision: CaptionRevision, setting: str) -> str | None:
    """The words of the approved revision, or of the draft that it was made of; None where there was no draft."""
    if setting == Setting.HUMAN_CAPTIONS:
        return without_marks(revision.text)
    return without_marks(revision.draft.payload["caption"]) if revision.draft else None


def answer_digest(asked: AskedQuestion, *, caption: str | None, long_side: int) -> str:
    """Of all that is shown with the prompt. asked: with its run, its revision and its clip."""
    shown: dict[str, Any] = {"v": 1, "question": asked.revision.digest, "order": asked.order}
    if caption is not None:
        shown["caption"] = digest_of({"text": caption})
    if asked.run.setting in SEES_FRAMES:
        shown |= _frames_shown(asked, long_side)
    return digest_of(shown)


def description_digest(asked: AskedQuestion, *, long_side: int) -> str:
    return digest_of({"v": 1, **_frames_shown(asked, long_side)})


def _frames_shown(asked: AskedQuestion, long_side: int) -> dict[str, Any]:
    return {"video": asked.clip.sha256, "frames": asked.run.frames or 1, "long_side": long_side}


def long_side_of(project: Project) -> int:
    return settings_of(project).long_side


def _waiting_for(job: Job) -> AskedQuestion:
    """Any of the rows that wait for the job: they are shown the same. Raises Outdated where none does."""
    rows = AskedQuestion.objects.filter(job=job).select_related("run__project", "revision", "clip__project")
    asked = rows.order_by("pk").first()
    if asked is None:
        raise Outdated("No run waits for this.")
    return asked
