"""Captions as the queue hands them out."""

from collections.abc import Sequence

from annotation.models import Caption, CaptionLease, CaptionReview, CaptionSkip, LeaseWork, Project, Verdict
from annotation.services.lookups import caption_for
from annotation.services.units import Step, UnitKind
from annotation.states import EDITABLE, State

_EDITABLE_STATES = ", ".join(f"'{state}'" for state in EDITABLE)
_EDITABLE = f"NOT is_held AND state IN ({_EDITABLE_STATES})"
_IN_REVIEW = f"NOT is_held AND state = '{State.IN_REVIEW}'"
"""Written out, so that Postgres sees that an index's condition holds."""
_MINE_OR_NOBODYS = "(assigned_to_id IS NULL OR assigned_to_id = %(user)s)"
_FREE = "(reserved_for_id IS NULL OR reserved_until <= now())"


def may_judge(person: str) -> str:
    """SQL: whether the person, an expression, may judge the caption.

    They wrote none of it since its last approval, and have not judged it since it was handed in.
    """
    return f"""NOT EXISTS (
        SELECT 1 FROM annotation_captionrevision AS own WHERE own.caption_id = unit.id AND own.author_id = {person}
            AND (own.id = unit.head_id OR own.number > coalesce(
                (SELECT number FROM annotation_captionrevision WHERE id = unit.approved_revision_id), 0))
    ) AND NOT EXISTS (
        SELECT 1 FROM annotation_captionreview AS judged
        WHERE judged.caption_id = unit.id AND judged.judged_revision_id = unit.head_id
            AND judged.reviewer_id = {person} AND judged.verdict <> '{Verdict.UNDO}' AND NOT judged.is_adjudication
            AND judged.created_at > coalesce(unit.submitted_at, '-infinity')
            AND NOT EXISTS (SELECT 1 FROM annotation_captionreview AS undo WHERE undo.undoes_id = judged.id)
    )"""  # noqa: S608 - person is written by us


_MAY_JUDGE = may_judge("%(user)s")
_HOLDS_WORDS = """
    EXISTS (SELECT 1 FROM annotation_captionworkingcopy WHERE caption_id = %(unit)s AND owner_id = %(holder)s)
    OR EXISTS (
        SELECT 1 FROM annotation_caption AS caption JOIN annotation_captionrevision AS head ON head.id = caption.head_id
        WHERE caption.id = %(unit)s AND caption.state IN ('editing') AND head.author_id = %(holder)s
        AND NOT EXISTS (SELECT 1 FROM annotation_captionsubmission WHERE revision_id = head.id)
    )
"""


def _last_returns(captions: Sequence[Caption]) -> dict[int, CaptionReview]:
    """1 query."""
    said = CaptionReview.objects.filter(
        caption__in=captions, verdict=Verdict.RETURN, undone_by=None, is_adjudication=False
    )
    return {review.caption_id: review for review in said.select_related("reviewer").order_by("id")}


def _why_nothing(project: Project, work: str) -> tuple[str, str]:
    captions = Caption.objects.filter(project=project)
    if not captions.exists():
        return "empty", "There are no clips in this project yet."
    if work == LeaseWork.REVIEW:
        if captions.filter(state=State.IN_REVIEW, is_held=False).exists():
            why = "with another reviewer, or kept for one, or you wrote part of it or have judged it already"
            return "all_leased", f"What waits for review is {why}."
        return "finished", "No caption waits for review. They come here when their authors hand them in."
    if captions.filter(state__in=EDITABLE, is_held=False).exists():
        return "all_leased", "What is left is with others just now. Some of it may come back; look again later."
    return "finished", "Every caption is handed in. There is nothing left to write."


CAPTIONS = UnitKind(
    name="caption",
    these="this caption",
    many="captions",
    model=Caption,
    lease=CaptionLease,
    skips=CaptionSkip,
    link="caption",
    workable={LeaseWork.EDIT: _EDITABLE, LeaseWork.REVIEW: _IN_REVIEW},
    waiting={
        LeaseWork.EDIT: [f"{_EDITABLE} AND assigned_to_id IS NULL AND reserved_for_id IS NULL"],
        LeaseWork.REVIEW: [_IN_REVIEW],
    },
    steps={
        LeaseWork.EDIT: [
            Step("returned", f"{_EDITABLE} AND reserved_for_id = %(user)s", "reserved_until, id", put_aside=None),
            Step("assigned", f"{_EDITABLE} AND assigned_to_id = %(user)s"),
            Step(
                "queue",
                f"{_EDITABLE} AND reserved_for_id IS NOT NULL AND reserved_until <= now() AND {_MINE_OR_NOBODYS}",
                "reserved_until, id",
            ),
            Step("queue", f"{_EDITABLE} AND assigned_to_id IS NULL AND reserved_for_id IS NULL"),
            Step("skipped", f"{_EDITABLE} AND {_FREE} AND {_MINE_OR_NOBODYS}", put_aside=True),
        ],
        LeaseWork.REVIEW: [
            Step("resubmitted", f"{_IN_REVIEW} AND reserved_for_id = %(user)s AND {_MAY_JUDGE}", put_aside=None),
            Step("queue", f"{_IN_REVIEW} AND {_FREE} AND {_MAY_JUDGE}"),
            Step("skipped", f"{_IN_REVIEW} AND {_FREE} AND {_MAY_JUDGE}", put_aside=True),
        ],
    },
    holds_words=_HOLDS_WORDS,
    may_judge=may_judge,
    pages={LeaseWork.EDIT: "caption_workspace", LeaseWork.REVIEW: "caption_review"},
    find=caption_for,
    last_returns=_last_returns,
    why_nothing=_why_nothing,
)
