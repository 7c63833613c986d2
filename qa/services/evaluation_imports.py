"""Bringing in what was answered, written and measured elsewhere: all of a file or nothing.

Held-out questions have no key in exports; here they have one, so replies to them are judged like the others. Without a
user it is the installation that imports.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar

from annotation.access import require
from annotation.copied_rows import copy_rows
from annotation.errors import BadInput, NotVisible
from annotation.models import Clip, Project, User
from annotation.states import ClipStatus, State
from annotation.text import checked_text
from annotation.transactions import in_transaction
from annotation.workflow import database_now
from qa.evaluation.importers import (
    MOST_FRAMES,
    CaptionLine,
    Format,
    Prediction,
    PublishedRow,
    Score,
    find_format,
    format_of,
    read,
    readable,
    refused,
)
from qa.evaluation.matching import Matching, answer_to, checked_brought
from qa.evaluation.questions import questions_of
from qa.evaluation.settings import FROM_CAPTION
from qa.models import (
    Answer,
    BenchmarkScore,
    EvaluationRun,
    QAItem,
    Release,
    ReleaseKind,
    RunFigures,
    Setting,
    WrittenCaption,
)
from qa.releases.frozen import Tell, tell_nobody
from qa.services.evaluation import judge_brought
from qa.services.run_figures import count_run

CHUNK = 1000
SHOWN_UNKNOWN = 3
MOST_NAME = 200
MOST_SOURCE = 255
T = TypeVar("T")


@dataclass(frozen=True)
class Imported:
    """run: None where it was only tried. count: of answers, or of captions. right, unparsed: of answers.

    missing: ids of the release that the file lacks. unknown: ids of the file that the release lacks. withdrawn: ids of
    the file whose clips were withdrawn since. Of the last two nothing is kept.
    """

    run: EvaluationRun | None
    count: int
    missing: list[str]
    unknown: list[str]
    withdrawn: list[str]
    right: int = 0
    unparsed: int = 0


class UnknownIds(BadInput):
    """`detail["unknown"]` are the ids of which only the file knows, `detail["missing"]` those of which it does not."""

    def __init__(self, path: Path, matching: Matching[Any], *, where: str) -> None:
        found = [f"“{readable(name)}” (line {line})" for name, line in matching.unknown.items()]
        names = ", ".join([*found[:SHOWN_UNKNOWN], *(["…"] if len(found) > SHOWN_UNKNOWN else [])])
        super().__init__({"file": f"{path.name}: not in {where}: {len(found)} of its ids, {names}"})
        self.detail |= {"unknown": list(matching.unknown), "missing": matching.missing}


@in_transaction
def import_predictions(
    *,
    project: Project,
    release: Release | None,
    user: User | None,
    path: Path,
    model: str,
    setting: str = Setting.STANDARD,
    format: str | None = None,  # noqa: A002 - the word that people know it by
    judge: str = "",
    frames: int | None = None,
    order: int = 0,
    allow_unknown: bool = False,
    dry_run: bool = False,
    tell: Tell = tell_nobody,
) -> Imported:
    """Each reply of the file, read by our parser with the options as they were shown.

    release: None for what is approved now. format: by what the file holds where it is None. order: which of the other
        orders of an export was shown, for the setting `shuffled` and files that do not tell. tell: is called with the
        number of replies so far.
    Raises RightMissing, NotVisible, BadInput, and UnknownIds unless they are allowed.
    """
    _require(user, project, release)
    form = _format(path, format)
    brought = checked_brought(path=path, form=form, where=_where(project, release), setting=setting, order=order)
    run = EvaluationRun(
        project=project,
        release=release,
        setting=setting,
        model=checked_text(model, field="model", most=MOST_NAME, blank=False),
        judge=_checked_judge(judge, setting),
        frames=_checked_frames(frames),
        origin=form.NAME,
        source_name=path.name[-MOST_SOURCE:],
        created_by=user,
    )
    _begin(run, dry_run=dry_run)
    known = {question.question_id: question for question in questions_of(project, release)}
    matching = Matching(known, _withdrawn_questions(project))
    count = right = unparsed = 0
    for pairs in _chunks(matching.pairs(read(path, form, Prediction))):
        now = database_now()
        answers = [answer_to(question, said, brought=brought, run=run, now=now) for question, said in pairs]
        if not dry_run:
            _store(answers)
        count += len(answers)
        right += sum(answer.is_right for answer in answers)
        unparsed += sum(not answer.letter for answer in answers)
        tell(count)
    done = _ended(run, matching, path=path, count=count, allow_unknown=allow_unknown, dry_run=dry_run)
    if not dry_run:
        run.questions = count
        run.save(update_fields=["questions"])
        count_run(run)
    return replace(done, right=right, unparsed=unparsed)


@in_transaction
def import_captions(
    *,
    project: Project,
    release: Release | None,
    user: User | None,
    path: Path,
    format: str | None = None,  # noqa: A002 - as above
    judge: str = "",
    allow_unknown: bool = False,
    dry_run: bool = False,
    tell: Tell = tell_nobody,
) -> Imported:
    """The captions that one model wrote, to be read beside the approved ones; with a judge, who answers from them.

    frames: those that the file says, if it says the same of every clip. Raises as `import_predictions`; BadInput also
    for a judge without a price.
    """
    _require(user, project, release)
    form = _format(path, format)
    lines = read(path, form, CaptionLine)
    first = next(lines, None)
    if first is None:
        raise BadInput({"file": f"{path.name}: holds no captions"})
    run = EvaluationRun(
        project=project,
        release=release,
        setting=Setting.CAPTION,
        model=first.model,
        judge=checked_text(judge, field="judge", most=MOST_NAME),
        frames=first.frames,
        origin=EvaluationRun.Origin.CAPTIONS,
        source_name=path.name[-MOST_SOURCE:],
        created_by=user,
    )
    _begin(run, dry_run=dry_run)
    matching = Matching(_clips(project, release), _withdrawn_clips(project))
    count = 0
    for pairs in _chunks(matching.pairs(_of_one_model(path, run, chain([first], lines)))):
        now = database_now()
        if not dry_run:
            copy_rows([WrittenCaption(run=run, clip_id=clip, text=one.caption, created_at=now) for clip, one in pairs])
        count += len(pairs)
        tell(count)
    done = _ended(run, matching, path=path, count=count, allow_unknown=allow_unknown, dry_run=dry_run)
    if not dry_run:
        run.save(update_fields=["frames"])
        if run.judge:
            judge_brought(run)
    return done


@in_transaction
def import_scores(
    *,
    project: Project,
    user: User | None,
    path: Path,
    format: str | None = None,  # noqa: A002 - as above
    dry_run: bool = False,
) -> int:
    """How many there are; what stands for the same benchmark and model is replaced. Raises RightMissing, BadInput."""
    _require(user, project)
    count = 0
    for scores in _chunks(read(path, _format(path, format), Score)):
        rows = [
            BenchmarkScore(
                project=project,
                benchmark=one.benchmark,
                model=one.model,
                percent=one.percent,
                source_name=path.name[-MOST_SOURCE:],
                created_by=user,
            )
            for one in scores
        ]
        if not dry_run:
            BenchmarkScore.objects.bulk_create(
                rows,
                update_conflicts=True,
                unique_fields=["project", "benchmark", "model"],
                update_fields=["percent", "source_name", "created_by", "created_at"],
            )
        count += len(rows)
    return count


@in_transaction
def import_published(
    *,
    project: Project,
    user: User | None,
    path: Path,
    release: Release | None = None,
    format: str | None = None,  # noqa: A002 - as above
    dry_run: bool = False,
) -> int:
    """A run without answers for each row of the table, and how many; again it changes their figures only.

    release: the one that the table is about, where it is this project's. Raises RightMissing, NotVisible, BadInput.
    """
    _require(user, project, release)
    rows = list(read(path, _format(path, format), PublishedRow))
    _lock(project)
    for row in rows if not dry_run else []:
        _publish(row, project=project, release=release, user=user, path=path)
    return len(rows)


def _publish(row: PublishedRow, *, project: Project, release: Release | None, user: User | None, path: Path) -> None:
    with_judge = Setting.CAPTION if row.judge else Setting.STANDARD
    run, _ = EvaluationRun.objects.get_or_create(
        project=project,
        release=release,
        origin=EvaluationRun.Origin.PUBLISHED,
        setting=Setting.HUMAN_CAPTIONS if row.is_human else with_judge,
        model=row.model,
        judge=row.judge,
        frames=row.frames,
        defaults={"source_name": path.name[-MOST_SOURCE:], "created_by": user},
    )
    figures = {"percents": row.percents}
    RunFigures.objects.update_or_create(
        run=run, defaults={"figures": figures, "answered": 0, "counted_at": database_now()}
    )


def _require(user: User | None, project: Project, release: Release | None = None) -> None:
    if user is not None:
        require(user, "evaluate", project=project)
    if release is not None and release.project_id != project.pk:
        raise NotVisible
    if release is not None and release.kind == ReleaseKind.TRAIN:
        raise BadInput({"release": "training data has no questions"})


def _format(path: Path, name: str | None) -> Format:
    return format_of(path) if name is None else find_format(name)


def _where(project: Project, release: Release | None) -> str:
    return f"{project.slug} {release.version}" if release else f"what is approved in {project.slug}"


def _checked_judge(judge: str, setting: str) -> str:
    checked = checked_text(judge, field="judge", most=MOST_NAME)
    is_judged = setting in FROM_CAPTION
    if bool(checked.strip()) != is_judged:
        said = "is missing: who answered from the captions?" if is_judged else "nobody judges in this setting"
        raise BadInput({"judge": said})
    return checked


def _checked_frames(frames: int | None) -> int | None:
    if frames is not None and not 1 <= frames <= MOST_FRAMES:
        raise BadInput({"frames": f"must be 1 to {MOST_FRAMES:,}"})
    return frames


def _lock(project: Project) -> None:
    """Two that bring the same file at once must not both find it new. Others may go on referring to the project."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)


def _begin(run: EvaluationRun, *, dry_run: bool) -> None:
    """Raises BadInput where the same file was brought already: what was answered cannot be taken back."""
    _lock(run.project)
    same = ("project", "release", "setting", "model", "judge", "origin", "source_name")
    earlier = EvaluationRun.objects.filter(**{name: getattr(run, name) for name in same}).first()
    if earlier is not None:
        said = f"was brought already, as run {earlier.uid}; under another name it makes another run"
        raise BadInput({"file": f"{readable(run.source_name)}: {said}"})
    if not dry_run:
        run.save()


def _ended(
    run: EvaluationRun, matching: Matching[Any], *, path: Path, count: int, allow_unknown: bool, dry_run: bool
) -> Imported:
    where = _where(run.project, run.release)
    if matching.unknown and not allow_unknown:
        raise UnknownIds(path, matching, where=where)
    if not count:
        raise BadInput({"file": f"{path.name}: holds nothing of {where}"})
    return Imported(
        run=None if dry_run else run,
        count=count,
        missing=matching.missing,
        unknown=list(matching.unknown),
        withdrawn=list(matching.left_out),
    )


def _chunks(values: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(values)
    while some := list(islice(rest, CHUNK)):
        yield some


def _store(answers: list[Answer]) -> None:
    """With what they answer."""
    asked = [answer.asked for answer in answers]
    copy_rows(asked)
    for answer, row in zip(answers, asked, strict=True):
        answer.asked_id = row.pk
    copy_rows(answers)


def _of_one_model(path: Path, run: EvaluationRun, lines: Iterable[CaptionLine]) -> Iterator[CaptionLine]:
    """Takes the run's frames away where they differ from clip to clip."""
    for one in lines:
        if one.model != run.model:
            reason = f"is by “{readable(one.model)}”, line 1 by “{readable(run.model)}”: one file a model"
            raise refused(path, one.line, reason)
        if one.frames != run.frames:
            run.frames = None
        yield one


def _clips(project: Project, release: Release | None) -> dict[str, int]:
    if release is not None:
        rows = release.items.exclude(clip__state=ClipStatus.WITHDRAWN).values_list("clip_id_text", "clip_id")
        return dict(rows)
    approved = Clip.objects.filter(project=project, state=ClipStatus.ACTIVE, caption__state=State.APPROVED)
    return dict(approved.order_by("clip_id").values_list("clip_id", "pk"))


def _withdrawn_clips(project: Project) -> set[str]:
    return set(Clip.objects.withdrawn().filter(project=project).values_list("clip_id", flat=True))


def _withdrawn_questions(project: Project) -> set[str]:
    items = QAItem.objects.filter(clip__project=project, clip__state=ClipStatus.WITHDRAWN)
    return set(items.values_list("question_id", flat=True))
