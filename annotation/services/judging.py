"""What judging a caption and judging a question have in common: verdicts that are written down, counted, taken back.

Who judges holds the subject's row lock. A verdict takes effect at once; whoever gave it can take it back for
UNDO_SECONDS, which is a judgement of its own (verdict `undo`) and an event.
"""

from datetime import timedelta
from typing import Any

from annotation.access import require_foreign_work
from annotation.errors import MoveNotAllowed
from annotation.models import Event, Membership, Role, User, Verdict
from annotation.models.work import ReviewBase, RevisionBase, RevisionKind, WorkObject
from annotation.states import State
from annotation.text import checked_text
from annotation.verdicts import Outcome, outcome_of
from annotation.workflow import database_now, move, project_of, pseudonym_of

UNDO_SECONDS = 10
LATENESS_SECONDS = 2
"""The last press is on its way for so long."""
MOST_REASON = 2000
_OUTCOMES = ("approve", "return", "dispute")


def revisions_to_judge(subject: Any) -> list[Any]:
    """What was written since the last approval, oldest first. 1 query."""
    since = subject.approved_revision.number if subject.approved_revision else 0
    return list(subject.revisions.filter(number__gt=since).select_related("author"))


def writer_of(revision: Any) -> User:
    """Who goes on with the words: their author, or where a fix was taken back who wrote them before. 2 queries."""
    fixed = revision.parent if revision.kind == RevisionKind.RESTORE else None
    if fixed is None or fixed.kind != RevisionKind.REVIEW_FIX or fixed.author_id != revision.author_id:
        author: User = revision.author
    else:
        author = fixed.parent.author
    return author


def standing_on(subject: Any, revision: RevisionBase | None) -> list[Any]:
    """The verdicts on this revision since it was handed in, but for those taken back; oldest first. 1 query."""
    given = subject.reviews.filter(judged_revision=revision, undone_by=None, is_adjudication=False)
    if subject.submitted_at:
        given = given.filter(created_at__gt=subject.submitted_at)
    return list(given.exclude(verdict=Verdict.UNDO).select_related("reviewer").order_by("pk"))


def require_may_judge(subject: Any, reviewer: User) -> list[Any]:
    """The verdicts that stand on the head. Raises OwnWork, MoveNotAllowed for who has given one. 2 queries."""
    require_foreign_work(reviewer, [*revisions_to_judge(subject), subject.head])
    given = standing_on(subject, subject.head)
    if any(review.reviewer_id == reviewer.pk for review in given):
        raise MoveNotAllowed("You have judged this revision already.", state=subject.state)
    return given


def require_in(subject: Any, state: State) -> None:
    if subject.state != state or subject.head is None:
        words = f"This {subject.OBJECT_TYPE.removeprefix('qa_')} is {subject.get_state_display().lower()}."
        raise MoveNotAllowed(words, state=subject.state)


def require_decides(given: list[Any], *, needed: int) -> None:
    """Raises MoveNotAllowed where a fix would leave nothing for the others who are asked to judge."""
    if outcome_of([*(review.verdict for review in given), Verdict.FIX], needed=needed) != Outcome.APPROVE:
        raise MoveNotAllowed("Somebody else judges this too, so it stays as it was written: approve or return it.")


def record(
    subject: WorkObject,
    reviewer: User,
    *,
    judged: RevisionBase,
    final: RevisionBase | None = None,
    verdict: Verdict,
    reason: object = "",
    code: str = "",
    is_adjudication: bool = False,
    undoes: ReviewBase | None = None,
) -> Any:
    """The judgement as a row. Raises BadInput for a reason that is no text."""
    reviews: Any = subject.reviews  # type: ignore[attr-defined]
    review = reviews.model(
        **{reviews.field.name: subject},
        reviewer=reviewer,
        judged_author=judged.author,
        judged_revision=judged,
        final_revision=final,
        verdict=verdict,
        reason=checked_text(reason, field="reason", most=MOST_REASON),
        reason_code=code,
        is_adjudication=is_adjudication,
        undoes=undoes,
        created_at=database_now(),
    )
    review.digest = review.computed_digest(
        object_id=subject.object_id,
        pseudonym=pseudonym_of(reviewer, project=project_of(subject)),
        judged=judged.digest,
        final=final.digest if final else None,
    )
    review.save(force_insert=True)
    return review


def require_third_person(subject: Any, user: User, *, involved: set[int]) -> None:
    """A dispute is settled by somebody who had no part in it. involved: who judged or answered its head.

    Raises OwnWork, MoveNotAllowed.
    """
    require_foreign_work(user, [*revisions_to_judge(subject), subject.head])
    if user.pk in involved:
        raise MoveNotAllowed("A third person settles a dispute: you are one of the two sides.")


def adjudicators(subject: WorkObject) -> list[User]:
    """Who has the right to settle in the subject's project. 1 query."""
    members = Membership.objects.filter(
        project=project_of(subject), role__in=(Role.ADJUDICATOR, Role.ADMIN), is_active=True, user__is_active=True
    )
    return [member.user for member in members.select_related("user").order_by("user_id")]


def take_back(subject: Any, reviewer: User) -> tuple[Any, Any]:
    """Undo the verdict of the last seconds: the subject waits for review as before it. -> what is undone, the undoing.

    The revision itself is the caller's: a fix that is undone has to be written over. Raises MoveNotAllowed if there is
    no such verdict or the work went on.
    """
    undone = undoable(subject, reviewer)
    if undone is None:
        raise MoveNotAllowed("There is no verdict of yours to take back: the time is over, or the work went on.")
    judged = undone.judged_revision
    undoing = record(subject, reviewer, judged=judged, verdict=Verdict.UNDO, undoes=undone)
    approved = approved_before(subject) if subject.state == State.APPROVED else subject.approved_revision
    if subject.state != State.IN_REVIEW:
        move(subject, "undo", actor=reviewer, revision=judged)
        subject.approved_revision = approved
        subject.save(update_fields=["approved_revision"])
    return undone, undoing


def undoable(subject: Any, reviewer: User) -> Any | None:
    """The reviewer's verdict on the subject that can still be taken back, else None. 3 queries at most."""
    last = subject.reviews.select_related("judged_revision__author", "final_revision").order_by("pk").last()
    if last is None or last.reviewer_id != reviewer.pk or last.verdict == Verdict.UNDO or last.is_adjudication:
        return None
    if last.created_at < database_now() - timedelta(seconds=UNDO_SECONDS + LATENESS_SECONDS):
        return None
    if subject.head_id != (last.final_revision_id or last.judged_revision_id):
        return None
    if subject.submitted_at and subject.submitted_at > last.created_at:
        return None
    if subject.state != State.IN_REVIEW:
        event = _events(subject).last()
        if event is None or event.actor_id != reviewer.pk or event.verb not in _OUTCOMES:
            return None
    return last


def approved_before(subject: Any) -> Any | None:
    """The revision that was approved before the approval that stands now, else None. 2 queries."""
    approvals: list[str] = []
    for event in _events(subject):
        if event.verb == "undo" and event.from_state == State.APPROVED:
            approvals.pop()
        elif event.to_state == State.APPROVED and event.verb != "confirm":
            approvals.append(event.revision_digest)
    earlier = approvals[-2:-1]
    return subject.revisions.get(digest=earlier[0]) if earlier else None


def _events(subject: WorkObject) -> Any:
    return Event.objects.filter(
        project=project_of(subject), object_type=subject.OBJECT_TYPE, object_id=subject.object_id
    ).order_by("pk")
