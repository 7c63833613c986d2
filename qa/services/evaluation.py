"""Measuring models: a run puts the questions of a release to one of them, through the same jobs as drafting.

Somebody starts a run; a worker puts its questions, which takes half a minute for twenty thousand.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from annotation.access import require
from annotation.drafting.batches import gather
from annotation.drafting.budget import price_of
from annotation.drafting.prices import Price, UnknownPrice
from annotation.errors import BadInput, NotVisible
from annotation.models import CaptionRevision, Project, Run, User
from annotation.outbox import enqueue, enqueue_each
from annotation.services.drafted_captions import settings_of
from annotation.services.prompts import chosen
from annotation.services.wanted_jobs import Wanted, jobs_for
from annotation.text import checked_text
from annotation.transactions import in_transaction
from annotation.workflow import database_now
from qa.evaluation.questions import Question, questions_of
from qa.evaluation.settings import CAPTIONS_OF, FROM_CAPTION, SEES_FRAMES, prompt_name, shown
from qa.models import AskedQuestion, EvaluationRun, Release, ReleaseKind, Setting, WrittenCaption
from qa.models.runs import MOST_TRIES
from qa.services.answering_kinds import (
    DESCRIBE,
    ask,
    caption_in,
    description_digest,
    keep_caption,
    long_side_of,
    prompt_of,
)

PUT = "qa.put_questions"
PUT_AGAIN = timedelta(seconds=30)
"""After so long without a question that is put another worker is asked."""
AT_ONCE = 500
MOST_FRAMES = 64
LONGEST_NAME = 200


@dataclass(frozen=True)
class Wish:
    """What somebody wants to be asked, checked. limit: of questions, in the order of clips; None for all."""

    setting: Setting
    model: str
    judge: str
    frames: int | None
    tries: int
    is_batch: bool
    limit: int | None


def run_for(user: User, *, slug: str, uid: str) -> EvaluationRun:
    """Raises NotVisible."""
    runs = EvaluationRun.objects.visible_to(user).select_related("project", "release", "created_by")
    run = runs.filter(project__slug=slug, uid=uid).first()
    if run is None:
        raise NotVisible
    return run


def checked_wish(
    *,
    setting: str,
    model: str = "",
    judge: str = "",
    frames: int | None = None,
    tries: int = 1,
    is_batch: bool = False,
    limit: int | None = None,
) -> Wish:
    """What fits the setting. Raises BadInput."""
    if setting not in Setting.values:
        raise BadInput({"setting": f"must be one of {', '.join(Setting.values)}"})
    wanted = Setting(setting)
    is_judged = wanted in FROM_CAPTION
    name = CAPTIONS_OF.get(wanted, "") or checked_text(model, field="model", most=LONGEST_NAME, blank=False)
    answers = checked_text(judge, field="judge", most=LONGEST_NAME, blank=not is_judged)
    if not is_judged and answers:
        raise BadInput({"judge": "the model answers itself in this setting: there is nothing to judge"})
    if wanted in CAPTIONS_OF and model:
        raise BadInput({"model": "no model is under test in this setting; name the judge"})
    if frames is not None and not 1 <= frames <= MOST_FRAMES:
        raise BadInput({"frames": f"must be from 1 to {MOST_FRAMES}"})
    if not 1 <= tries <= MOST_TRIES:
        raise BadInput({"tries": f"must be from 1 to {MOST_TRIES}"})
    if limit is not None and limit < 1:
        raise BadInput({"limit": "must be 1 or more"})
    return Wish(wanted, name, answers, frames, tries, is_batch, limit)


@in_transaction
def start_run(*, project: Project, user: User | None, release: Release | None, wish: Wish) -> EvaluationRun:
    """Have a worker ask what the wish says, of a release or of what is approved.

    user: None for the installation. Raises RightMissing; BadInput for a model without a price and where there is
    nothing to ask.
    """
    if user is not None:
        require(user, "evaluate", project=project)
    if release is not None and release.kind != ReleaseKind.BENCHMARK:
        raise BadInput({"release": "is training data, and has no questions"})
    for field, name in (("model", wish.model), ("judge", wish.judge)):
        if name and name not in CAPTIONS_OF.values():
            require_price(field, name)
    run = _new_run(project, user, release, wish)
    if not any(_askable(some, _captions(run, some)) for some in _questions(run)):
        raise BadInput({"release": "there is nothing to ask"})
    enqueue(PUT, args=[run.pk])
    return run


def put_questions(run_id: int) -> None:
    """Put what a run was started for, some at a time: what is locked for long is in the way of who works on the clips.

    What was asked before is not paid for again. Safe to run twice, and at once: each goes on after the other.
    """
    runs = EvaluationRun.objects.select_related("project", "release").exclude(put_due=None)
    run = runs.filter(pk=run_id).first()
    if run is not None and all(_put_some(run_id, some) for some in _questions(run)):
        _end_putting(run_id)


@in_transaction
def _put_some(run_id: int, questions: list[Question]) -> bool:
    """Those that are not put yet. False where nothing more is wanted."""
    run = _being_put(run_id)
    if run is None:
        return False
    if any(work.status == Run.Status.CANCELLED for work in works_of(run)):
        _end(run)
        return False
    rows = AskedQuestion.objects.filter(run=run, item__in=[one.item for one in questions])
    asked = set(rows.values_list("item", flat=True))
    new = [one for one in questions if one.item not in asked]
    run.questions += _ask_some(run, new if run.limit is None else new[: run.limit - run.questions])
    run.put_due = database_now() + PUT_AGAIN
    run.save(update_fields=["questions", "put_due"])
    return True


@in_transaction
def _end_putting(run_id: int) -> None:
    run = _being_put(run_id)
    if run is not None:
        _end(run)


def _being_put(run_id: int) -> EvaluationRun | None:
    """The run, locked."""
    runs = EvaluationRun.objects.select_related("project", "release", "answering", "describing")
    return runs.select_for_update(of=("self",)).exclude(put_due=None).filter(pk=run_id).first()


def _end(run: EvaluationRun) -> None:
    run.put_due = None
    run.save(update_fields=["put_due"])
    for work in works_of(run):
        gather(work)


@in_transaction
def sweep_put() -> None:
    """Ask for another worker where none has put questions of a run in time. Safe to run twice."""
    now = database_now()
    late = EvaluationRun.objects.select_for_update(skip_locked=True).filter(put_due__lt=now)
    runs = list(late.values_list("pk", flat=True))
    if runs:
        EvaluationRun.objects.filter(pk__in=runs).update(put_due=now + PUT_AGAIN)
        enqueue_each(PUT, [[pk] for pk in runs])


def require_price(field: str, name: str) -> Price:
    """Raises BadInput that names the field."""
    try:
        return price_of(name, database_now().date())
    except UnknownPrice as unknown:
        raise BadInput({field: str(unknown)}) from unknown


def _new_run(project: Project, user: User | None, release: Release | None, wish: Wish) -> EvaluationRun:
    def work(model: str) -> Run:
        return Run.objects.create(
            project=project, kind=Run.Kind.EVALUATION, model=model, is_batch=wish.is_batch, created_by=user
        )

    names = [prompt_name(wish.setting), *([DESCRIBE] if wish.setting == Setting.CAPTION else [])]
    return EvaluationRun.objects.create(
        project=project,
        release=release,
        setting=wish.setting,
        model=wish.model,
        judge=wish.judge,
        frames=frames_shown(project, wish),
        tries=wish.tries,
        limit=wish.limit,
        put_due=database_now() + PUT_AGAIN,
        prompts={name: chosen(project, name).version for name in names},
        answering=work(wish.judge or wish.model),
        describing=work(wish.model) if wish.setting == Setting.CAPTION else None,
        created_by=user,
    )


def frames_shown(project: Project, wish: Wish) -> int | None:
    """None where no frames are shown."""
    if wish.setting == Setting.SINGLE_FRAME:
        return 1
    if wish.setting in SEES_FRAMES or wish.setting == Setting.CAPTION:
        return wish.frames or settings_of(project).frames
    return None


def _questions(run: EvaluationRun) -> Iterable[list[Question]]:
    """What it was started for, in chunks."""
    return _chunks(islice(questions_of(run.project, run.release), run.limit))


def _askable(questions: list[Question], captions: dict[int | None, str] | None) -> list[Question]:
    """A clip without a draft has no drafted caption to judge."""
    return questions if captions is None else [one for one in questions if one.caption in captions]


def _ask_some(run: EvaluationRun, questions: list[Question]) -> int:
    """How many of them are put."""
    captions = _captions(run, questions)
    questions = _askable(questions, captions)
    made = stored(run, questions)
    if run.setting == Setting.CAPTION:
        _describe(run, made)
    else:
        said = {row.pk: captions[row.caption_revision_id] for row in made} if captions is not None else {}
        ask(made, run=run, prompt=prompt_of(run, prompt_name(run.setting)), captions=said)
    return len(questions)


def stored(run: EvaluationRun, questions: list[Question]) -> list[AskedQuestion]:
    """A row for each try, with the run, its revision and its clip."""
    AskedQuestion.objects.bulk_create(asked_rows(run, questions))
    rows = AskedQuestion.objects.filter(run=run, item__in=[one.item for one in questions])
    made = list(rows.select_related("revision", "clip").order_by("pk"))
    for row in made:
        row.run = run
    return made


def asked_rows(run: EvaluationRun, questions: Iterable[Question]) -> list[AskedQuestion]:
    """Not stored yet: each question as often as the run has tries."""
    rows = []
    for one in questions:
        for number in range(1, run.tries + 1):
            seen = shown(
                setting=run.setting,
                question_id=one.question_id,
                published=[option["id"] for option in one.options],
                key_index=one.key_index,
                try_number=number,
            )
            rows.append(
                AskedQuestion(
                    run=run,
                    item_id=one.item,
                    revision_id=one.revision,
                    caption_revision_id=one.caption,
                    clip_id=one.clip,
                    category=one.category,
                    people=one.people,
                    try_number=number,
                    order=seen.order,
                    key_index=seen.key_index,
                )
            )
    return rows


def _captions(run: EvaluationRun, questions: list[Question]) -> dict[int | None, str] | None:
    """Caption revision -> the words to judge, where the setting judges what people or drafts said."""
    if run.setting not in CAPTIONS_OF:
        return None
    revisions = CaptionRevision.objects.select_related("draft").filter(pk__in={one.caption for one in questions})
    said = {revision.pk: caption_in(revision, run.setting) for revision in revisions}
    return {pk: text for pk, text in said.items() if text is not None}


def _describe(run: EvaluationRun, rows: list[AskedQuestion]) -> None:
    """Each clip's rows wait for the same job."""
    assert run.describing is not None  # noqa: S101 - of a run in the caption setting
    prompt, long_side = prompt_of(run, DESCRIBE), long_side_of(run.project)
    first = {row.clip_id: row for row in reversed(rows)}
    wanted = [
        Wanted(clip, f"{DESCRIBE}:caption", prompt, description_digest(row, long_side=long_side))
        for clip, row in first.items()
    ]
    jobs = dict(zip(first, jobs_for(run.describing, wanted), strict=True))
    for row in rows:
        row.job = jobs[row.clip_id]
    AskedQuestion.objects.bulk_update(rows, ["job"], batch_size=AT_ONCE)
    by_job = {job.pk: job for job in jobs.values()}
    earlier = WrittenCaption.objects.filter(job__in=by_job).exclude(run=run).values_list("job", "text")
    for job, text in dict(earlier).items():
        keep_caption(run, by_job[job or 0], text)


def judge_brought(run: EvaluationRun) -> None:
    """Have the run's judge answer from the captions that were brought. Needs an open transaction.

    Raises BadInput for a judge without a price.
    """
    require_price("judge", run.judge)
    run.answering = Run.objects.create(
        project=run.project, kind=Run.Kind.EVALUATION, model=run.judge, created_by=run.created_by
    )
    run.prompts = {prompt_name(run.setting): chosen(run.project, prompt_name(run.setting)).version}
    captions = dict(WrittenCaption.objects.filter(run=run).values_list("clip_id", "text"))
    for some in _chunks(one for one in questions_of(run.project, run.release) if one.clip in captions):
        rows = stored(run, some)
        ask(
            rows,
            run=run,
            prompt=prompt_of(run, prompt_name(run.setting)),
            captions={row.pk: captions[row.clip_id] for row in rows},
        )
        run.questions += len(some)
    run.save(update_fields=["answering", "prompts", "questions"])


def works_of(run: EvaluationRun) -> list[Run]:
    """Its work for models, in the order in which it is done; none for an import."""
    return [work for work in (run.describing, run.answering) if work is not None]


def _chunks(questions: Iterable[Question]) -> Iterable[list[Question]]:
    iterator = iter(questions)
    while some := list(islice(iterator, AT_ONCE)):
        yield some
