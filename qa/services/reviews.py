"""Judging a question, after answering it blind: approve, fix and approve, or return with a comment.

As many people answer and judge it as the project asks, one more after a first miss. Two misses, or two verdicts that
differ, are a dispute, which a third person settles.
"""

from typing import Any

from annotation.access import require, require_foreign_work
from annotation.errors import BadInput, MoveNotAllowed
from annotation.models import Clip, Notification, RevisionKind, User, Verdict
from annotation.reason_codes import OTHER, checked_code
from annotation.services import judging
from annotation.services.notifications import forget, tell
from annotation.services.revisions import append_revision
from annotation.states import State
from annotation.text import checked_text
from annotation.transactions import in_transaction
from annotation.verdicts import Outcome, outcome_of
from annotation.workflow import move
from qa.answering import people_needed
from qa.content import checked_content
from qa.models import BlindAnswer, QAItem, QAReview, QARevision
from qa.reason_codes import QUESTION_REASONS
from qa.services import sets
from qa.services.blind import misses_on, to_judge, unanswered
from qa.services.disputes import accept, dispute, fixed_revision, last_flags, require_seen
from qa.services.items import approved_caption, lock
from qa.services.submissions import record_submission


@in_transaction
def approve(*, item: QAItem, reviewer: User, seen_number: int) -> QAReview:
    """The revision the reviewer saw may be the question's final form; it is once all who are asked say so.

    Raises MoveNotAllowed if the question is not in review, not answered blind, judged by them already or its caption
    not approved; LeaseHeld if another reviewer has the clip's questions; StaleRevision, OwnWork, RightMissing.
    """
    item, judged, _ = _to_judge(item, reviewer, seen_number)
    review: QAReview = judging.record(item, reviewer, judged=judged, final=judged, verdict=Verdict.APPROVE)
    _decide(item, reviewer, review)
    sets.end_review(item.clip, reviewer)
    return review


@in_transaction
def fix_and_approve(*, item: QAItem, reviewer: User, seen_number: int, content: object, reason: str = "") -> QAReview:
    """Store the reviewer's words as a revision of kind `review_fix` and approve it.

    Only by the last whose verdict is asked for. Words may change, never the key nor the options' ids: a key that looks
    wrong is returned. Raises as `approve`, and BadInput.
    """
    checked = checked_content(content)
    item, judged, given = _to_judge(item, reviewer, seen_number)
    judging.require_decides(given, needed=needed_for(item, judged))
    if checked["key"] != judged.content["key"]:
        raise BadInput({"key": "a fix never changes the key: return the question instead"})
    fixed = fixed_revision(item, reviewer, judged, checked)
    review: QAReview = judging.record(item, reviewer, judged=judged, final=fixed, verdict=Verdict.FIX, reason=reason)
    _decide(item, reviewer, review)
    sets.end_review(item.clip, reviewer)
    return review


@in_transaction
def return_to_author(
    *, item: QAItem, reviewer: User, seen_number: int, reason: object, code: object = OTHER
) -> QAReview:
    """Send the question back with a comment. code: one of QUESTION_REASONS.

    Raises as `approve`, and BadInput without a comment or for another code.
    """
    checked = checked_text(reason, field="reason", most=judging.MOST_REASON, blank=False)
    why = checked_code(code, QUESTION_REASONS)
    item, judged, _ = _to_judge(item, reviewer, seen_number)
    review: QAReview = judging.record(item, reviewer, judged=judged, verdict=Verdict.RETURN, reason=checked, code=why)
    _decide(item, reviewer, review)
    sets.end_review(item.clip, reviewer)
    return review


@in_transaction
def undo(*, item: QAItem, reviewer: User) -> QAReview:
    """Take the verdict of the last seconds back: the question waits for review as if it had not been given.

    A fix goes into the history, the words that were judged come back over it; they are the reviewer's now, so that
    somebody else has to judge them. Raises MoveNotAllowed if there is none such or the work went on, RightMissing.
    """
    require(reviewer, "review", project=item.clip.project)
    item = lock(item)
    undone, undoing = judging.take_back(item, reviewer)
    judged = undone.judged_revision
    if undone.verdict == Verdict.FIX:
        append_revision(item, QARevision(item=item, author=reviewer, kind=RevisionKind.RESTORE, content=judged.content))
        record_submission(item, submitter=reviewer, rows=last_flags(item, judged), watched=0, active_ms=0)
    sets.verdict_undone(item.clip, reviewer)
    forget(clip=item.clip, actor=reviewer, since=undone.created_at, question_id=item.question_id)
    done: QAReview = undoing
    return done


@in_transaction
def confirm(*, item: QAItem, reviewer: User, seen_number: int) -> None:
    """An approved question still holds by the caption's newer revision; its digest is the event's reason.

    Raises MoveNotAllowed unless it is stale, OwnWork, StaleRevision, RightMissing.
    """
    require(reviewer, "review", project=item.clip.project)
    item = lock(item)
    caption = approved_caption(item.clip)
    require_seen(item, seen_number)
    require_foreign_work(reviewer, [item.head] if item.head else [])
    if item.state != State.APPROVED or item.caption_revision_id == caption.approved_revision_id:
        raise MoveNotAllowed("There is nothing to confirm: this question was judged against the caption as it is.")
    item.caption_revision = caption.approved_revision
    item.save(update_fields=["caption_revision"])
    move(item, "confirm", actor=reviewer, revision=item.head, reason=caption.head_digest)


def still_to_judge(clip: Clip, user: User) -> bool:
    """Whether a question of the clip waits for their verdict. 2 queries, and 1 for each question until one waits."""
    return any(one.head and not _has_judged(one, user) for one in to_judge(clip, user))


def needed_for(item: QAItem, revision: QARevision) -> int:
    """How many people must judge this revision of the question. 1 query."""
    return people_needed(wanted=item.clip.project.blind_answers_per_question, misses=misses_on(revision))


def _has_judged(item: QAItem, user: User) -> bool:
    return any(review.reviewer_id == user.pk for review in judging.standing_on(item, item.head))


def _to_judge(item: QAItem, reviewer: User, seen_number: int) -> tuple[QAItem, QARevision, list[QAReview]]:
    """Under lock: the question, its head, and the verdicts that stand on it."""
    require(reviewer, "review", project=item.clip.project)
    # Lock first: two reviewers may press the button in the same second.
    item = lock(item)
    judging.require_in(item, State.IN_REVIEW)
    approved_caption(item.clip)
    require_seen(item, seen_number)
    given = judging.require_may_judge(item, reviewer)
    if not BlindAnswer.objects.filter(revision=item.head, user=reviewer).exists() or unanswered(item.clip, reviewer):
        raise MoveNotAllowed("Answer the questions of this clip first; then judge them.")
    assert item.head is not None  # noqa: S101 - `require_in` has just seen it
    return item, item.head, given


def _decide(item: QAItem, reviewer: User, review: QAReview) -> None:
    """What all verdicts on the revision come to, now that this one stands beside them."""
    judged, final = review.judged_revision, review.final_revision
    given = judging.standing_on(item, judged)
    outcome = outcome_of([one.verdict for one in given], needed=needed_for(item, judged))
    writer = judging.writer_of(judged)
    told: dict[str, Any] = {"clip": item.clip, "actor": reviewer, "question_id": item.question_id}
    if outcome == Outcome.APPROVE and final is not None:
        accept(item, final)
        move(item, "approve", actor=reviewer, revision=final)
        if review.verdict == Verdict.FIX:
            kind = Notification.Kind.FIXED
            tell(
                recipients=[writer],
                kind=kind,
                revision_number=final.number,
                text=review.reason,
                **told,
            )
    elif outcome == Outcome.RETURN:
        move(item, "return", actor=reviewer, revision=judged, reason=review.reason)
        kind = Notification.Kind.RETURNED
        tell(recipients=[writer], kind=kind, revision_number=judged.number, text=review.reason, **told)
        sets.returned(item.clip, writer)
    elif outcome == Outcome.DISPUTE:
        dispute(item, reviewer, reason="The reviewers differ.")
