"""Judging a question, after answering it blind: approve, fix and approve, or return with a comment."""

from typing import Any

from annotation.access import require, require_foreign_work
from annotation.errors import BadInput, MoveNotAllowed, StaleRevision
from annotation.models import RevisionKind, User, Verdict
from annotation.services.revisions import append_revision
from annotation.states import State
from annotation.text import checked_text
from annotation.transactions import in_transaction
from annotation.workflow import database_now, move, pseudonym_of
from qa.content import checked_content, option_ids, problems_of
from qa.models import BlindAnswer, QAItem, QAReview, QARevision
from qa.services.blind import revisions_to_judge
from qa.services.items import approved_caption, lock


@in_transaction
def approve(*, item: QAItem, reviewer: User, seen_number: int) -> QAReview:
    """Make the revision the reviewer saw the question's final form.

    Raises MoveNotAllowed if the question is not in review, not answered blind or its caption not approved;
    StaleRevision, OwnWork, RightMissing.
    """
    item, judged = _to_judge(item, reviewer, seen_number)
    review = _record(item, reviewer, judged=judged, final=judged, verdict=Verdict.APPROVE)
    _approve(item, reviewer, final=judged)
    return review


@in_transaction
def fix_and_approve(*, item: QAItem, reviewer: User, seen_number: int, content: object, reason: str = "") -> QAReview:
    """Store the reviewer's words as a revision of kind `review_fix` and approve it.

    Words may change, never the key nor the options' ids: a key that looks wrong is returned. Raises as `approve`, and
    BadInput.
    """
    checked = checked_content(content)
    item, judged = _to_judge(item, reviewer, seen_number)
    _require_same_key(checked, judged.content)
    if checked == judged.content:
        raise BadInput({"content": "nothing is changed: approve it as it is"})
    if problems := problems_of(checked):
        raise BadInput({"content": "; ".join(problems)})
    fixed = QARevision(item=item, author=reviewer, kind=RevisionKind.REVIEW_FIX, content=checked)
    append_revision(item, fixed)
    review = _record(item, reviewer, judged=judged, final=fixed, verdict=Verdict.FIX, reason=reason)
    _approve(item, reviewer, final=fixed)
    return review


@in_transaction
def return_to_author(*, item: QAItem, reviewer: User, seen_number: int, reason: object) -> QAReview:
    """Send the question back with a comment. Raises as `approve`, and BadInput without a comment."""
    checked = checked_text(reason, field="reason", most=2000, blank=False)
    item, judged = _to_judge(item, reviewer, seen_number)
    review = _record(item, reviewer, judged=judged, final=None, verdict=Verdict.RETURN, reason=checked)
    move(item, "return", actor=reviewer, revision=judged, reason=checked)
    return review


def _to_judge(item: QAItem, reviewer: User, seen_number: int) -> tuple[QAItem, QARevision]:
    require(reviewer, "review", project=item.clip.project)
    # Lock first: two reviewers may press the button in the same second.
    item = lock(item)
    if item.state != State.IN_REVIEW or item.head is None:
        raise MoveNotAllowed(f"This question is {item.get_state_display().lower()}.", state=item.state)
    approved_caption(item.clip)
    if item.head_number != seen_number:
        raise StaleRevision(f"Somebody saved a newer revision of {item.question_id}.", head=item.head_number)
    require_foreign_work(reviewer, [*revisions_to_judge(item), item.head])
    if not BlindAnswer.objects.filter(revision=item.head, user=reviewer).exists():
        raise MoveNotAllowed("Answer the questions of this clip first; then judge them.")
    return item, item.head


def _require_same_key(content: dict[str, Any], judged: dict[str, Any]) -> None:
    if content["key"] != judged["key"]:
        raise BadInput({"key": "a fix never changes the key: return the question instead"})
    if set(option_ids(content)) != set(option_ids(judged)):
        raise BadInput({"options": "a fix keeps the four options; their words may change"})


def _approve(item: QAItem, reviewer: User, *, final: QARevision) -> None:
    item.approved_revision = final
    item.caption_revision = approved_caption(item.clip).approved_revision
    item.save(update_fields=["approved_revision", "caption_revision"])
    move(item, "approve", actor=reviewer, revision=final)


def _record(
    item: QAItem,
    reviewer: User,
    *,
    judged: QARevision,
    final: QARevision | None,
    verdict: Verdict,
    reason: str = "",
) -> QAReview:
    review = QAReview(
        item=item,
        reviewer=reviewer,
        judged_author=judged.author,
        judged_revision=judged,
        final_revision=final,
        verdict=verdict,
        reason=checked_text(reason, field="reason", most=2000),
        created_at=database_now(),
    )
    review.digest = review.computed_digest(
        object_id=item.object_id,
        pseudonym=pseudonym_of(reviewer, project=item.clip.project),
        judged=judged.digest,
        final=final.digest if final else None,
    )
    review.save(force_insert=True)
    return review
