"""What audits found: how many captions of a sample are right, and what is wrong with the others. Reads only."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, QuerySet, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce

from annotation.caption_content import DraftError
from annotation.intervals import Share
from annotation.models import Project
from annotation.states import ClipStatus, State
from qa.models import Audit, AuditItem, AuditMark
from qa.models.audits import RIGHT


@dataclass(frozen=True)
class AuditResult:
    """drawn: captions of the sample; errors: of each kind that occurs, in the order of DraftError."""

    drawn: int
    right: int
    errors: dict[str, int]

    @property
    def marked(self) -> int:
        return self.right + sum(self.errors.values())

    @property
    def is_complete(self) -> bool:
        return self.marked == self.drawn

    @property
    def share(self) -> Share:
        """Of those that are marked."""
        return Share(self.right, self.marked)

    @property
    def interval_percent(self) -> list[float] | None:
        interval = self.share.interval
        return [round(100 * end, 2) for end in interval] if interval else None

    def is_certain_of(self, percent: int) -> bool:
        """Whether so many captions are right even at the lower end of the interval: no small sample passes by luck."""
        interval = self.interval_percent
        return interval is not None and interval[0] >= percent


def newest_marks(project: Project) -> QuerySet[AuditMark]:
    """Of each caption of each audit of the project."""
    marks = AuditMark.objects.filter(item__audit__project=project)
    return marks.filter(pk__in=marks.order_by("item_id", "-pk").distinct("item_id").values("pk"))


def result_of(audit: Audit) -> AuditResult:
    """2 queries."""
    return results_of(audit.project, [audit])[audit.pk]


def results_of(project: Project, audits: Sequence[Audit]) -> dict[int, AuditResult]:
    """By row id, of audits of the project. 2 queries."""
    marks = newest_marks(project).filter(item__audit__in=audits).order_by()
    verdicts: dict[int, Counter[str]] = defaultdict(Counter)
    for audit, verdict, count in marks.values_list("item__audit", "verdict").annotate(n=Count("pk")):
        verdicts[audit][verdict] = count
    waiting = unmarked(AuditItem.objects.filter(audit__in=audits)).order_by()
    left = dict(waiting.values_list("audit").annotate(n=Count("pk")))
    return {audit.pk: _result(verdicts[audit.pk], left.get(audit.pk, 0)) for audit in audits}


def _result(verdicts: Counter[str], left: int) -> AuditResult:
    errors = {kind: verdicts[kind] for kind in DraftError.values if verdicts[kind]}
    return AuditResult(sum(verdicts.values()) + left, verdicts[RIGHT], errors)


def unmarked(items: QuerySet[AuditItem]) -> QuerySet[AuditItem]:
    """Those that wait for a judgement. The sample goes on without clips that were taken out of use before it."""
    marks = AuditMark.objects.filter(item=OuterRef("pk"))
    return items.filter(~Exists(marks), clip__state=ClipStatus.ACTIVE)


def newest_complete(project: Project) -> Audit | None:
    """1 query."""
    waiting = unmarked(AuditItem.objects.filter(audit=OuterRef("pk")))
    judged = AuditMark.objects.filter(item__audit=OuterRef("pk"))
    return Audit.objects.filter(~Exists(waiting), Exists(judged), project=project).first()


def changed_since(audit: Audit) -> QuerySet[Any]:
    """Those called right whose clip has other words now than were judged. The others count as wrong, whatever became of
    them: if what an audit found were put right and counted anew, the sample would be better than what it stands for.
    """
    right = newest_marks(audit.project).filter(item__audit=audit, verdict=RIGHT).values("item")
    return _with_words(audit.items.filter(pk__in=right)).exclude(judged=F("now"))


def marked_wrong(project: Project) -> set[int]:
    """Row ids of clips that still have the words in which an audit found an error."""
    wrong = newest_marks(project).exclude(verdict=RIGHT).values("item")
    standing = _with_words(AuditItem.objects.filter(pk__in=wrong)).filter(judged=F("now"))
    return set(standing.values_list("clip", flat=True))


def _with_words(items: QuerySet[AuditItem]) -> QuerySet[Any]:
    """judged: the words that were; now: those that a release would take. Without those of which it would take none."""
    taken = Case(
        When(clip__caption__state=State.APPROVED, then=F("clip__caption__approved_revision__text")),
        When(clip__caption__state=State.DRAFTED, then=KeyTextTransform("caption", "clip__caption__draft__payload")),
    )
    judged = Coalesce(F("revision__text"), KeyTextTransform("caption", "draft__payload"))
    return items.annotate(judged=judged, now=taken).filter(now__isnull=False)


def as_frozen(audit: Audit) -> dict[str, Any]:
    """What a release says of the audit it carries."""
    result = result_of(audit)
    return {
        "seed": audit.seed,
        "asked": result.drawn,
        "right": result.right,
        "errors": result.errors,
        "interval": result.interval_percent,
    }
