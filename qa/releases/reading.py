"""What a freeze reads: approved captions with their questions, as plain values, a fixed number of queries a chunk.

Rows come without model instances: a release of twenty thousand clips reads a million of them.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

import orjson
from django.db.models import F, QuerySet, TextField
from django.db.models.functions import Cast, Collate

from annotation.models import Caption, CaptionComment, CaptionReview, CaptionRevision, Project, Verdict
from annotation.states import ClipStatus, State
from qa.models import BlindAnswer, QAComment, QAItem, QAReview, QARevision, QASubmission

CHUNK = 500


class ClipFacts(NamedTuple):
    """The columns of a clip that are frozen, named as they are stored."""

    pk: int
    clip_id: str
    sha256: str
    duration_ms: int
    width: int
    height: int
    fps: Any
    has_audio: bool
    source_id: str
    source: str
    source_url: str
    source_start_ms: int | None
    source_end_ms: int | None
    license: str
    may_redistribute: bool


class DraftFacts(NamedTuple):
    payload: dict[str, Any]
    model: str
    prompt_version: str


class Judgement(NamedTuple):
    pk: int
    final_revision_id: int | None
    judged_revision_id: int
    reviewer_id: int
    verdict: str


class Note(NamedTuple):
    pk: int
    parent_id: int | None
    author_id: int
    created_at: datetime
    text: str
    at_ms: int | None
    sentence: str
    done_at: datetime | None


@dataclass(slots=True)
class Subject:
    """What captions and questions have in common.

    final_id, final_number: the approved revision; None and 0 for a caption that is taken as it was drafted.
    authors: (number, author) of each revision, oldest first. judgements: those that nobody took back.
    """

    final_id: int | None
    final_number: int
    draft: DraftFacts | None
    authors: list[tuple[int, int]] = field(default_factory=list)
    judgements: list[Judgement] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


@dataclass(slots=True)
class QuestionFacts:
    """answers: choices of those who answered the judged words blind. overrides: (rule, reason)."""

    pk: int
    question_id: str
    category: str
    number: int
    content: dict[str, Any]
    work: Subject
    answers: list[str] = field(default_factory=list)
    overrides: list[dict[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class CaptionFacts:
    """status: in training data `approved` or `drafted`, else nothing."""

    clip: ClipFacts
    text: str
    people: list[dict[str, str]]
    work: Subject
    status: str = ""
    questions: list[QuestionFacts] = field(default_factory=list)


def approved_captions(project: Project, *, categories: Iterable[str]) -> Iterator[CaptionFacts]:
    """Every approved clip with its approved questions of these categories, in clip_id order."""
    captions = Caption.objects.filter(clip__project=project, clip__state=ClipStatus.ACTIVE, state=State.APPROVED)
    wanted = list(categories)
    for chunk in _chunks(_caption_rows(captions)):
        _add_questions({facts.clip.pk: facts for facts in chunk}, wanted)
        yield from chunk


def training_captions(captions: QuerySet[Caption], *, without: Container[int]) -> Iterator[CaptionFacts]:
    """These captions, approved or drafted, in clip_id order; no questions. without: row ids of clips to leave out."""
    rows = (row for row in _caption_rows(captions) if row[_CLIP] not in without)
    for chunk in _chunks(rows):
        for facts in chunk:
            facts.status = State.APPROVED if facts.work.final_id else State.DRAFTED
        yield from chunk


def _chunks(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[CaptionFacts]]:
    while chunk := list(islice(rows, CHUNK)):
        found = {row[0]: _caption_facts(row) for row in chunk}
        _add_work(found, "caption_id", CaptionRevision, CaptionReview, CaptionComment)
        yield list(found.values())


_CLIP = 8
"""The place of a clip's row id in a row."""


def _caption_rows(captions: QuerySet[Caption]) -> Iterator[tuple[Any, ...]]:
    """By code points of clip_id: the same order on every server, whatever its locale."""
    columns = [f"clip__{name}" if name != "pk" else "clip_id" for name in ClipFacts._fields]
    return (
        captions.order_by(Collate("clip__clip_id", "C"))
        .values_list(
            "pk",
            "approved_revision_id",
            "approved_revision__number",
            "approved_revision__text",
            Cast("approved_revision__people", TextField()),
            Cast("draft__payload", TextField()),
            "draft__model",
            "draft__prompt_version",
            *columns,
        )
        .iterator(chunk_size=CHUNK)
    )


def _caption_facts(row: tuple[Any, ...]) -> CaptionFacts:
    _, final_id, number, text, people, payload, model, prompt_version, *clip = row
    draft = DraftFacts(orjson.loads(payload), model, prompt_version) if payload else None
    if final_id is None and draft is not None:
        words = (draft.payload["caption"], draft.payload.get("people", []))
    else:
        words = (text, orjson.loads(people))
    return CaptionFacts(ClipFacts(*clip), *words, work=Subject(final_id, number or 0, draft))


def _add_work(found: dict[int, Any], owner: str, revisions: Any, reviews: Any, comments: Any) -> None:
    """Fill each subject's authors, judgements and notes: 3 queries."""
    chosen = {f"{owner}__any_of": found.keys()}
    for pk, number, author in (
        revisions.objects.filter(**chosen).order_by("pk").values_list(owner, "number", "author_id")
    ):
        found[pk].work.authors.append((number, author))
    standing = reviews.objects.filter(**chosen, undone_by=None).exclude(verdict=Verdict.UNDO)
    for pk, *judged in standing.order_by("pk").values_list(owner, *Judgement._fields):
        found[pk].work.judgements.append(Judgement(*judged))
    for pk, *note in comments.objects.filter(**chosen).order_by("pk").values_list(owner, *Note._fields):
        found[pk].work.notes.append(Note(*note))


def _add_questions(clips: dict[int, CaptionFacts], categories: list[str]) -> None:
    """Fill each clip's questions: 6 queries."""
    rows = QAItem.objects.filter(
        clip_id__any_of=clips.keys(),
        state=State.APPROVED,
        category__in=categories,
        caption_revision=F("clip__caption__approved_revision"),
    ).values_list(
        "clip_id",
        "pk",
        "question_id",
        "category",
        "number",
        "approved_revision_id",
        "approved_revision__number",
        Cast("approved_revision__content", TextField()),
        Cast("draft__payload", TextField()),
        "draft__model",
        "draft__prompt_version",
    )
    found: dict[int, QuestionFacts] = {}
    for clip, pk, question_id, category, number, final_id, final_number, content, payload, model, version in rows:
        draft = DraftFacts(orjson.loads(payload), model, version) if payload else None
        work = Subject(final_id, final_number, draft)
        found[pk] = QuestionFacts(pk, question_id, category, number, orjson.loads(content), work)
        clips[clip].questions.append(found[pk])
    _add_work(found, "item_id", QARevision, QAReview, QAComment)
    _add_answers(found)
    _add_overrides(found)


def _add_answers(found: dict[int, QuestionFacts]) -> None:
    """To the words that were judged when the question was approved."""
    judged: dict[int, set[int]] = defaultdict(set)
    for pk, facts in found.items():
        judged[pk] = judged_revisions(facts.work)
    answers = BlindAnswer.objects.filter(item_id__any_of=found.keys()).order_by("pk")
    for pk, revision, choice in answers.values_list("item_id", "revision_id", "choice"):
        if revision in judged[pk]:
            found[pk].answers.append(choice)


def judged_revisions(work: Subject) -> set[int]:
    """The approved revision, and what a reviewer judged who put it right while approving."""
    approving = (one.judged_revision_id for one in work.judgements if one.final_revision_id == work.final_id)
    return {one for one in (*approving, work.final_id) if one is not None}


def _add_overrides(found: dict[int, QuestionFacts]) -> None:
    """Why a check that blocks was overruled, as the approved words were handed in last."""
    rows = QASubmission.objects.filter(item_id__any_of=found.keys(), revision=F("item__approved_revision")).order_by(
        "pk"
    )
    for pk, flags in rows.values_list("item_id", Cast("flags", TextField())):
        found[pk].overrides = [
            {"rule": flag["rule"], "reason": flag["override"]}
            for flag in orjson.loads(flags)
            if flag["blocks"] and flag["override"]
        ]
