"""What keeps a release from being frozen: named conditions, each a question to stored states and flags."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse

from annotation.errors import MoveNotAllowed
from annotation.models import Caption, Clip, Project
from annotation.states import ClipStatus, State
from qa.models import BlindAnswer, LeakFlag, QAItem, QAReview, QASubmission, Release, ReleaseKind, ReleaseSettings
from qa.releases.overlaps import of_released_sources

NAMED = 20
LEAK_FLAGS = "leak_flags"
"""Asks for something only where the settings of the leak lab say so."""


class InTheWay(MoveNotAllowed):
    """The gate is closed. `detail["conditions"]` lists what is in the way."""

    code = "release_refused"


@dataclass(frozen=True)
class InTheWayItem:
    """An item that keeps a release from being frozen, and the page where that is put right."""

    id: str
    url: str


@dataclass(frozen=True)
class Condition:
    """Something that keeps a release from being frozen. items: at most NAMED; count: how many there are."""

    name: str
    message: str
    items: list[InTheWayItem]
    count: int

    @property
    def line(self) -> str:
        more = ["…"] if self.count > len(self.items) else []
        named = ", ".join([one.id for one in self.items] + more)
        return f"{self.message}: {named}" if named else self.message


def settings_of(project: Project) -> ReleaseSettings:
    """The project's, or those that it begins with (not stored)."""
    return ReleaseSettings.objects.filter(project=project).first() or ReleaseSettings(project=project)


def conditions_in_the_way(project: Project) -> list[Condition]:
    """SQL over stored states and flags: 9 queries, and as many again at most for what is in the way."""
    captions = Caption.objects.filter(clip__project=project, clip__state=ClipStatus.ACTIVE)
    questions = QAItem.objects.filter(clip__project=project, clip__state=ClipStatus.ACTIVE)
    approved = questions.filter(state=State.APPROVED, clip__caption__state=State.APPROVED)
    floor = settings_of(project).blind_answer_floor
    found: list[Condition] = []
    if not captions.filter(state=State.APPROVED).exists():
        found.append(Condition("nothing_approved", "no caption is approved yet", [], 0))
    checks: list[tuple[str, str, QuerySet[Any]]] = [
        ("disputed_captions", "captions are disputed", captions.filter(state=State.DISPUTED)),
        ("disputed_questions", "questions are disputed", questions.filter(state=State.DISPUTED)),
        ("stale_questions", "questions were approved against an earlier caption", _stale(approved)),
        ("blocking_rules", "approved questions break a rule that nobody overruled", _blocked(approved)),
        ("blind_answers", f"approved questions were answered blind by fewer than {floor}", _too_few(approved, floor)),
        (LEAK_FLAGS, "approved questions are flagged by the leak lab, and nobody has decided", _flagged(approved)),
    ]
    for name, message, rows in checks:
        count = rows.count()
        if count:
            items = [InTheWayItem(*one) for one in _places(project, rows, name)]
            found.append(Condition(name, f"{count} {message}", items, count))
    return found + trained_on(project, of_released_sources)


def trained_on(project: Project, find: Callable[..., set[int]]) -> list[Condition]:
    """Approved clips of which training data holds what `find` looks for: a model may know them by heart.

    2 queries, and as `find` where training data was ever released.
    """
    if not Release.objects.filter(kind=ReleaseKind.TRAIN).exists():
        return []
    approved = Clip.objects.filter(project=project, state=ClipStatus.ACTIVE, caption__state=State.APPROVED)
    known = find(approved, kind=ReleaseKind.TRAIN)
    return clips_in_the_way(
        project, "in_training_data", "approved clips show what a release of training data has", known
    )


def clips_in_the_way(project: Project, name: str, message: str, clips: set[int]) -> list[Condition]:
    """None or one. clips: row ids; those of other projects are counted, never named. 1 query for the names of some."""
    if not clips:
        return []
    named = Clip.objects.filter(project=project, pk__in=clips).order_by("clip_id")[:NAMED]
    items = [
        InTheWayItem(clip_id, reverse("caption_workspace", args=[project.slug, clip_id]))
        for clip_id in named.values_list("clip_id", flat=True)
    ]
    return [Condition(name, f"{len(clips)} {message}", items, len(clips))]


def _stale(approved: QuerySet[QAItem]) -> QuerySet[QAItem]:
    return approved.exclude(caption_revision=F("clip__caption__approved_revision"))


def _blocked(approved: QuerySet[QAItem]) -> QuerySet[QAItem]:
    """As the approved words were handed in last: a flag that blocks, without a reason why it was overruled."""
    handed_in = QASubmission.objects.filter(item=OuterRef("pk"), revision=OuterRef("approved_revision")).order_by("-pk")
    open_flag = [{"blocks": True, "override": ""}]
    blocked = QASubmission.objects.filter(pk=OuterRef("last"), flags__contains=open_flag)
    return approved.alias(last=Subquery(handed_in.values("pk")[:1])).filter(Exists(blocked))


def _too_few(approved: QuerySet[QAItem], floor: int) -> QuerySet[QAItem]:
    """Answers to the approved words, or to those that a reviewer put right while approving."""
    judged = QAReview.objects.filter(
        item=OuterRef("item"), final_revision=OuterRef("item__approved_revision"), undone_by=None
    ).values("judged_revision")
    people = (
        BlindAnswer.objects.filter(Q(revision__in=judged) | Q(revision=F("item__approved_revision")))
        .filter(item=OuterRef("pk"))
        .order_by()
        .values("item")
        .annotate(people=Count("user", distinct=True))
        .values("people")
    )
    return approved.annotate(people=Coalesce(Subquery(people), 0)).filter(people__lt=floor)


def _flagged(approved: QuerySet[QAItem]) -> QuerySet[QAItem]:
    """As they were measured last: answered without the video, not from the caption, and the like."""
    is_open = LeakFlag.objects.filter(
        item=OuterRef("pk"), revision=OuterRef("approved_revision"), decision=LeakFlag.Decision.OPEN
    )
    return approved.filter(Exists(is_open), clip__project__leak_settings__gates=True)


def _places(project: Project, rows: QuerySet[Any], name: str) -> list[tuple[str, str]]:
    if rows.model is Caption:
        ids = rows.order_by("clip__clip_id").values_list("clip__clip_id", flat=True)[:NAMED]
        return [(clip_id, reverse("caption_workspace", args=[project.slug, clip_id])) for clip_id in ids]
    named = rows.order_by("question_id").values_list("question_id", "clip__clip_id")[:NAMED]
    if name == LEAK_FLAGS:
        return [(one, reverse("leak_lab_question", args=[project.slug, one])) for one, _ in named]
    return [(question_id, reverse("qa_workspace", args=[project.slug, clip_id])) for question_id, clip_id in named]
