"""One run with its figures, two runs question by question, and what several models wrote about one clip."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from annotation.caption_format import Segment, segments, without_marks
from annotation.errors import BadInput
from annotation.models import Clip
from annotation.services.seals import require_unsealed, sealed_clips
from annotation.states import ClipStatus, State
from annotation.views.pages import ProjectPage, page_or_partial, project_page
from annotation.word_diff import Piece, word_diff
from qa.evaluation.aligned import aligned
from qa.evaluation.figures import comparison
from qa.evaluation.settings import DEFINITIONS, NONE, NONE_OF_THESE, texts_of
from qa.evaluation.tables import PERCENTS
from qa.models import Answer, AskedQuestion, EvaluationRun, WrittenCaption
from qa.services.evaluation import run_for, works_of
from qa.services.run_figures import figures_in, pairs_of, progress_of

SIZE = 50
NOTHING = "no option"
PARTS = {"": "all", "first": "only the first right", "second": "only the second right", "neither": "neither right"}


@require_safe
def evaluation_run(request: HttpRequest, slug: str, run_uid: str) -> HttpResponse:
    page = project_page(request, slug)
    run = run_for(page.user, slug=slug, uid=run_uid)
    counted = getattr(run, "counted", None)
    progress = progress_of(run)
    figures = figures_in(counted) if counted else None
    context = page.context(
        current="evaluation",
        run=run,
        progress=progress,
        is_moving=run.put_due is not None or bool(progress.going_on),
        figures=figures,
        counted=counted,
        shares=_shares(figures) if figures else [],
        definition=DEFINITIONS[run.setting],
        works=works_of(run),
        may_see_work=page.may("draft"),
        may_compare=page.may("review"),
        others=_comparable(page, run),
    )
    return page_or_partial(request, "qa/evaluation_run.html", "progress", context)


def _shares(figures: Any) -> list[tuple[str, Any]]:
    named = [("Avg.", figures.average)] if figures.average else []
    named += [(PERCENTS[name], share) for name, share in figures.by_category.items()]
    return named + [(f"{name} people" if name != "1" else "1 person", one) for name, one in figures.by_people.items()]


def _comparable(page: ProjectPage, run: EvaluationRun) -> list[EvaluationRun]:
    runs = EvaluationRun.objects.visible_to(page.user).filter(project=page.project, release=run.release)
    return list(runs.exclude(pk=run.pk).exclude(origin=EvaluationRun.Origin.PUBLISHED).order_by("-pk")[:100])


@dataclass(frozen=True)
class Pair:
    """One question that both answered. options: letters before the texts in the first run's order."""

    asked: AskedQuestion
    question: str
    options: list[str]
    key: str
    first: Answer
    second: Answer
    first_choice: str
    second_choice: str


@never_cache
@require_safe
def evaluation_compare(request: HttpRequest, slug: str, run_uid: str, other_uid: str) -> HttpResponse:
    """Two runs, question by question. Of clips that still wait for this person's blind answer nothing is shown."""
    page = project_page(request, slug, right="review", parameters=frozenset({"part", "page"}))
    first, second = (run_for(page.user, slug=slug, uid=one) for one in (run_uid, other_uid))
    part = request.GET.get("part", "")
    if part not in PARTS:
        raise BadInput({"part": f"must be one of {', '.join(filter(None, PARTS))}"})
    shown, hidden = _pairs(page, first, second, part)
    listed = Paginator(shown, SIZE).get_page(request.GET.get("page"))
    context = page.context(
        current="evaluation",
        first=first,
        second=second,
        compared=comparison(pairs_of(first, second)),
        columns=PERCENTS,
        part=part,
        parts=PARTS,
        listed=listed,
        pairs=[_told(one, other) for one, other in listed],
        hidden=hidden,
    )
    return render(request, "qa/evaluation_compare.html", context)


def _pairs(
    page: ProjectPage, first: EvaluationRun, second: EvaluationRun, part: str
) -> tuple[list[tuple[Answer, Answer]], int]:
    """Answers to the same question in the same words, and how many are kept from this person."""
    theirs = {
        (one.asked.item_id, one.asked.revision_id): one
        for one in Answer.objects.filter(asked__run=second, asked__try_number=1).select_related("asked")
    }
    mine = Answer.objects.filter(asked__run=first, asked__try_number=1, asked__clip__in=Clip.objects.standing())
    rows = mine.select_related("asked__item", "asked__clip__project", "asked__clip__caption", "asked__revision")
    both = [
        (one, theirs[key])
        for one in rows.order_by("asked__clip__clip_id", "asked__item__question_id")
        if (key := (one.asked.item_id, one.asked.revision_id)) in theirs
    ]
    sealed = sealed_clips(list({one.asked.clip for one, _ in both}), page.user)
    open_pairs = [pair for pair in both if pair[0].asked.clip_id not in sealed]
    return [pair for pair in open_pairs if _is_of(part, *pair)], len(both) - len(open_pairs)


def _is_of(part: str, first: Answer, second: Answer) -> bool:
    verdict = (first.is_right, second.is_right)
    return verdict == {"first": (True, False), "second": (False, True), "neither": (False, False)}.get(part, verdict)


def _told(first: Answer, second: Answer) -> Pair:
    asked = first.asked
    texts = texts_of(asked.order, asked.revision.content)
    names = dict(zip(asked.order, texts, strict=True))
    return Pair(
        asked=asked,
        question=asked.revision.content["question"],
        options=texts,
        key=texts[asked.key_index],
        first=first,
        second=second,
        first_choice=names.get(first.choice, NOTHING),
        second_choice=names.get(second.choice, NONE_OF_THESE if second.choice == NONE else NOTHING),
    )


@dataclass(frozen=True)
class CaptionColumn:
    """What one model wrote, or people. cells: beside each segment of the approved caption, with what differs."""

    name: str
    note: str
    words: int
    cells: list[list[Piece]]


@never_cache
@require_safe
def caption_comparison(request: HttpRequest, slug: str, clip_id: str) -> HttpResponse:
    """The approved caption beside those that models wrote, as the paper's Figure 4."""
    page = project_page(request, slug, right="review")
    clip = page.clip(clip_id)
    require_unsealed(clip.caption, page.user)
    is_open = clip.state == ClipStatus.ACTIVE and clip.pk not in sealed_clips([clip], page.user)
    approved = _approved(clip) if is_open else []
    columns = _columns(clip, approved) if is_open else []
    context = page.context(
        current="evaluation",
        clip=clip,
        is_open=is_open,
        columns=columns,
        rows=_rows(columns, approved),
    )
    return render(request, "qa/caption_comparison.html", context)


def _approved(clip: Clip) -> list[Segment]:
    caption = clip.caption
    if caption.state != State.APPROVED or caption.approved_revision is None:
        return []
    return list(segments(caption.approved_revision.text))


def _columns(clip: Clip, approved: list[Segment]) -> list[CaptionColumn]:
    found = []
    if approved:
        cells = [[Piece("same", part.text)] for part in approved]
        words = sum(len(part.text.split()) for part in approved)
        found.append(CaptionColumn("Approved", "what people agreed on", words, cells))
    draft = clip.caption.draft
    if draft:
        found.append(_column(draft.model, "the draft", draft.payload["caption"], approved))
    written = WrittenCaption.objects.filter(clip=clip).exclude(text="").select_related("run")
    for one in written.order_by("run__model", "pk"):
        frames = f"{one.run.frames} frames" if one.run.frames else "frames unknown"
        found.append(_column(one.run.model, frames, one.text, approved))
    return found


def _column(name: str, note: str, text: str, approved: list[Segment]) -> CaptionColumn:
    plain, said = without_marks(text), [part.text for part in approved]
    if approved:
        beside = zip(said, aligned(said, text), strict=True)
        cells = [word_diff(segment, its) if its else [] for segment, its in beside]
    else:
        cells = [[Piece("same", plain)]]
    return CaptionColumn(name, note, len(plain.split()), cells)


def _rows(columns: list[CaptionColumn], approved: list[Segment]) -> list[tuple[int | None, list[list[Piece]]]]:
    """When each segment begins, and what each column says of it."""
    starts = [part.start_ms for part in approved] or [None]
    return [(start, [column.cells[place] for column in columns]) for place, start in enumerate(starts)]
