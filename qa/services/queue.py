"""Sets of questions as the queue hands them out.

A reviewer who has opened the clip's caption is not blind: they are given its questions only if no other reviewer can
judge them. While something of a set is open it is kept for its author, afterwards for its last reviewer.
"""

from collections.abc import Sequence
from functools import partial

from annotation.access import RANK, RIGHTS
from annotation.errors import NotVisible
from annotation.models import LeaseWork, Project, Role, User, Verdict
from annotation.services.lookups import clip_for
from annotation.services.units import Step, UnitKind
from annotation.states import State
from qa.models import QALease, QAReview, QASet, QASkip

_OPEN = "is_ready AND open_items > 0"
_EMPTY = "is_ready AND items = 0"
_TO_WRITE = "is_ready AND (open_items > 0 OR items = 0)"
_IN_REVIEW = "is_ready AND items_in_review > 0"
_MINE_OR_NOBODYS = "(assigned_to_id IS NULL OR assigned_to_id = %(user)s)"
_UNRESERVED = "(reserved_for_id IS NULL OR reserved_until <= now())"
_FREE = f"(open_items > 0 OR {_UNRESERVED})"
_BLIND_ROLES = ", ".join(f"'{role}'" for role in Role if RANK[RIGHTS["review"]] <= RANK[role] < RANK[Role.ADMIN])
"""Administrators may review, but the questions of a clip do not wait for them."""


def may_judge(person: str, *, states: str = f"'{State.IN_REVIEW}'") -> str:
    """SQL: whether a question in one of the states is left that the person, an expression, may judge.

    They wrote none of it since its last approval, and have not judged it since it was handed in.
    """
    return f"""EXISTS (
        SELECT 1 FROM qa_qaitem AS item WHERE item.clip_id = unit.clip_id AND item.state IN ({states})
        AND NOT EXISTS (
            SELECT 1 FROM qa_qarevision AS own WHERE own.item_id = item.id AND own.author_id = {person}
                AND (own.id = item.head_id OR own.number > coalesce(
                    (SELECT number FROM qa_qarevision WHERE id = item.approved_revision_id), 0)))
        AND NOT EXISTS (
            SELECT 1 FROM qa_qareview AS judged WHERE judged.item_id = item.id
                AND judged.judged_revision_id = item.head_id AND judged.reviewer_id = {person}
                AND judged.verdict <> '{Verdict.UNDO}' AND NOT judged.is_adjudication
                AND judged.created_at > coalesce(item.submitted_at, '-infinity')
                AND NOT EXISTS (SELECT 1 FROM qa_qareview AS undo WHERE undo.undoes_id = judged.id)))"""  # noqa: S608


def _opened(person: str) -> str:
    return f"""EXISTS (
        SELECT 1 FROM annotation_captionopening AS opened JOIN annotation_caption AS read ON read.id = opened.caption_id
        WHERE read.clip_id = unit.clip_id AND opened.user_id = {person})"""  # noqa: S608 - person is written by us


MAY_JUDGE = may_judge("%(user)s")
_UNOPENED = f"NOT {_opened('%(user)s')}"
_NOBODY_BLIND = f"""NOT EXISTS (
    SELECT 1 FROM annotation_membership AS other JOIN annotation_user AS person ON person.id = other.user_id
    WHERE other.project_id = unit.project_id AND other.user_id <> %(user)s AND other.is_active AND person.is_active
        AND other.role IN ({_BLIND_ROLES}) AND NOT {_opened("other.user_id")} AND {may_judge("other.user_id")})"""  # noqa: S608 - all of it is written by us
_OWN_OPEN = f"""EXISTS (
    SELECT 1 FROM qa_qaitem AS item JOIN qa_qarevision AS own ON own.item_id = item.id
    WHERE item.clip_id = unit.clip_id AND item.state IN ('{State.DRAFTED}', '{State.EDITING}')
        AND own.author_id = %(user)s)"""  # noqa: S608 - all of it is written by us
_HOLDS_WORDS = f"""
    EXISTS (
        SELECT 1 FROM qa_qaworkingcopy AS copy JOIN qa_qaitem AS item ON item.id = copy.item_id
        WHERE item.clip_id = (SELECT clip_id FROM qa_qaset WHERE id = %(unit)s) AND copy.owner_id = %(holder)s)
    OR EXISTS (
        SELECT 1 FROM qa_qaitem AS item JOIN qa_qarevision AS head ON head.id = item.head_id
        WHERE item.clip_id = (SELECT clip_id FROM qa_qaset WHERE id = %(unit)s) AND item.state IN ('{State.EDITING}')
            AND head.author_id = %(holder)s
            AND NOT EXISTS (SELECT 1 FROM qa_qasubmission AS handed_in WHERE handed_in.revision_id = head.id))
"""  # noqa: S608 - all of it is written by us


def set_for(user: User, *, slug: str, clip_id: str) -> QASet:
    """The questions of a clip. Raises NotVisible for another project's clip and for none. 2 queries."""
    clip = clip_for(user, slug=slug, clip_id=clip_id)
    found = QASet.objects.filter(clip=clip).first()
    if found is None:
        raise NotVisible
    found.clip = clip
    return found


def _last_returns(sets: Sequence[QASet]) -> dict[int, QAReview]:
    """1 query."""
    of_clip = {one.clip_id: one.pk for one in sets}
    said = QAReview.objects.filter(
        item__clip__in=of_clip, verdict=Verdict.RETURN, undone_by=None, is_adjudication=False
    )
    rows = said.select_related("reviewer", "item").order_by("id")
    return {of_clip[review.item.clip_id]: review for review in rows}


def _why_nothing(project: Project, work: str) -> tuple[str, str]:
    sets = QASet.objects.filter(project=project, is_ready=True)
    if work == LeaseWork.REVIEW:
        if sets.filter(items_in_review__gt=0).exists():
            why = "with another reviewer, or kept for one, or you wrote it or have judged it already"
            blind = "or you have opened its caption and somebody else can answer blind"
            return "all_leased", f"What waits for review is {why}, {blind}."
        return "finished", "No question waits for review. They come here when their authors hand them in."
    if sets.filter(open_items__gt=0).exists() or sets.filter(items=0).exists():
        return "all_leased", "What is left is with others just now. Some of it may come back; look again later."
    return "finished", "No question is left to write. Those of a clip come here once its caption is approved."


QUESTIONS = UnitKind(
    name="questions",
    these="these questions",
    many="sets of questions",
    model=QASet,
    lease=QALease,
    skips=QASkip,
    link="qa_set",
    workable={LeaseWork.EDIT: _TO_WRITE, LeaseWork.REVIEW: _IN_REVIEW},
    waiting={
        LeaseWork.EDIT: [f"{rows} AND assigned_to_id IS NULL AND reserved_for_id IS NULL" for rows in (_OPEN, _EMPTY)],
        LeaseWork.REVIEW: [_IN_REVIEW],
    },
    steps={
        LeaseWork.EDIT: [
            Step(
                "returned",
                f"{_OPEN} AND reserved_for_id = %(user)s AND {_OWN_OPEN}",
                "reserved_until, id",
                put_aside=None,
            ),
            Step("assigned", f"{_TO_WRITE} AND assigned_to_id = %(user)s"),
            Step(
                "queue",
                f"{_OPEN} AND reserved_for_id IS NOT NULL AND reserved_until <= now() AND {_MINE_OR_NOBODYS}",
                "reserved_until, id",
            ),
            Step("queue", f"{_OPEN} AND assigned_to_id IS NULL AND reserved_for_id IS NULL"),
            Step("queue", f"{_EMPTY} AND assigned_to_id IS NULL AND {_UNRESERVED}"),
            Step("skipped", f"{_TO_WRITE} AND {_UNRESERVED} AND {_MINE_OR_NOBODYS}", put_aside=True),
        ],
        LeaseWork.REVIEW: [
            Step(
                "resubmitted",
                f"{_IN_REVIEW} AND open_items = 0 AND reserved_for_id = %(user)s AND {MAY_JUDGE}",
                put_aside=None,
            ),
            Step("queue", f"{_IN_REVIEW} AND {_FREE} AND {_UNOPENED} AND {MAY_JUDGE}"),
            Step("queue", f"{_IN_REVIEW} AND {_FREE} AND {_opened('%(user)s')} AND {MAY_JUDGE} AND {_NOBODY_BLIND}"),
            Step(
                "skipped",
                f"{_IN_REVIEW} AND {_FREE} AND {MAY_JUDGE} AND ({_UNOPENED} OR {_NOBODY_BLIND})",
                put_aside=True,
            ),
        ],
    },
    holds_words=_HOLDS_WORDS,
    may_judge=partial(may_judge, states=f"'{State.IN_REVIEW}', '{State.EDITING}'"),
    pages={LeaseWork.EDIT: "qa_workspace", LeaseWork.REVIEW: "qa_review"},
    find=set_for,
    last_returns=_last_returns,
    why_nothing=_why_nothing,
)
