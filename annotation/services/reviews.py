"""Judging a caption: approve, fix and approve, or return with a comment. Nobody judges their own words.

As many people judge it as the project asks. When two differ, a third settles it. A verdict needs no lease, but nobody
judges what another reviewer has on the desk. What is returned is kept for its author for some days.
"""

from annotation.access import require
from annotation.caption_content import CaptionContent, checked_content
from annotation.errors import BadInput
from annotation.models import (
    Caption,
    CaptionReview,
    CaptionRevision,
    LeaseEnd,
    Notification,
    RevisionKind,
    User,
    Verdict,
)
from annotation.reason_codes import CAPTION_REASONS, OTHER, checked_code
from annotation.services import judging, leases
from annotation.services.captions import lock, require_seen_head
from annotation.services.notifications import forget, tell
from annotation.services.revisions import append_revision
from annotation.states import State
from annotation.text import checked_text
from annotation.transactions import in_transaction
from annotation.verdicts import Outcome, outcome_of
from annotation.workflow import move


@in_transaction
def approve(*, caption: Caption, reviewer: User, seen_number: int) -> CaptionReview:
    """The revision the reviewer saw may be the caption's final text; it is once all who are asked say so.

    Raises StaleRevision if the author saved again meanwhile, OwnWork if the reviewer wrote any of it since the last
    approval, MoveNotAllowed if the caption is not in review or they have judged it, LeaseHeld if another reviewer has
    it, RightMissing.
    """
    caption, judged, _ = _to_judge(caption, reviewer, seen_number)
    review: CaptionReview = judging.record(caption, reviewer, judged=judged, final=judged, verdict=Verdict.APPROVE)
    _decide(caption, reviewer, review)
    return review


@in_transaction
def fix_and_approve(
    *, caption: Caption, reviewer: User, seen_number: int, text: object, people: object, reason: str = ""
) -> CaptionReview:
    """Store the reviewer's words as a revision of kind `review_fix` and approve it.

    Only by the last whose verdict is asked for. Raises as `approve`, and BadInput.
    """
    caption, judged, given = _to_judge(caption, reviewer, seen_number)
    judging.require_decides(given, needed=caption.clip.project.reviews_per_caption)
    fixed = _fixed(caption, reviewer, judged, text=text, people=people)
    review: CaptionReview = judging.record(
        caption, reviewer, judged=judged, final=fixed, verdict=Verdict.FIX, reason=reason
    )
    _decide(caption, reviewer, review)
    return review


@in_transaction
def return_to_author(
    *, caption: Caption, reviewer: User, seen_number: int, reason: object, code: object = OTHER
) -> CaptionReview:
    """Send the caption back with a comment. code: one of CAPTION_REASONS.

    Raises as `approve`, and BadInput without a comment or for another code.
    """
    checked = checked_text(reason, field="reason", most=judging.MOST_REASON, blank=False)
    why = checked_code(code, CAPTION_REASONS)
    caption, judged, _ = _to_judge(caption, reviewer, seen_number)
    review: CaptionReview = judging.record(
        caption, reviewer, judged=judged, verdict=Verdict.RETURN, reason=checked, code=why
    )
    _decide(caption, reviewer, review)
    return review


@in_transaction
def undo(*, caption: Caption, reviewer: User) -> CaptionReview:
    """Take the verdict of the last seconds back: the caption waits for review as if it had not been given.

    A fix goes into the history, the words that were judged come back over it; they are the reviewer's now, so that
    somebody else has to judge them. Raises MoveNotAllowed if there is none such or the work went on, RightMissing.
    """
    require(reviewer, "review", project=caption.clip.project)
    caption = lock(caption)
    undone, undoing = judging.take_back(caption, reviewer)
    judged = undone.judged_revision
    if undone.verdict == Verdict.FIX:
        restored = CaptionRevision(
            caption=caption, author=reviewer, kind=RevisionKind.RESTORE, **judged.content.columns
        )
        append_revision(caption, restored)
    leases.give_up(caption, None, LeaseEnd.RELEASED)
    leases.unreserve(caption)
    forget(clip=caption.clip, actor=reviewer, since=undone.created_at)
    done: CaptionReview = undoing
    return done


@in_transaction
def settle(
    *,
    caption: Caption,
    adjudicator: User,
    seen_number: int,
    outcome: str,
    code: object,
    reason: object,
    text: object = None,
    people: object = None,
) -> CaptionReview:
    """A third person ends a dispute. outcome: approve | fix (with text and people) | return; code: why.

    Raises MoveNotAllowed unless it is disputed or for one of the two sides, StaleRevision, OwnWork, RightMissing,
    BadInput.
    """
    if outcome not in (Verdict.APPROVE, Verdict.FIX, Verdict.RETURN):
        raise BadInput({"outcome": "must be approve, fix or return"})
    verdict, why = Verdict(outcome), checked_code(code, CAPTION_REASONS)
    said = checked_text(reason, field="reason", most=judging.MOST_REASON, blank=False)
    require(adjudicator, "adjudicate", project=caption.clip.project)
    caption = lock(caption)
    judging.require_in(caption, State.DISPUTED)
    require_seen_head(caption, seen_number)
    judged = caption.head
    assert judged is not None  # noqa: S101 - `require_in` has just seen it
    sides = [review.reviewer for review in judging.standing_on(caption, judged)]
    judging.require_third_person(caption, adjudicator, involved={user.pk for user in sides})
    final: CaptionRevision | None = judged if verdict == Verdict.APPROVE else None
    if verdict == Verdict.FIX:
        final = _fixed(caption, adjudicator, judged, text=text, people=people)
    review: CaptionReview = judging.record(
        caption, adjudicator, judged=judged, final=final, verdict=verdict, reason=said, code=why, is_adjudication=True
    )
    if final is not None:
        caption.approved_revision = final
        caption.save(update_fields=["approved_revision"])
    to = State.APPROVED if final else State.EDITING
    move(caption, "settle", actor=adjudicator, to=to, revision=final or judged, reason=said)
    if final is None:
        leases.reserve(caption, judging.writer_of(judged), days=leases.RETURN_DAYS)
    tell(
        recipients=[judging.writer_of(judged), *sides],
        kind=Notification.Kind.SETTLED,
        clip=caption.clip,
        actor=adjudicator,
        revision_number=(final or judged).number,
        text=said,
    )
    return review


def _to_judge(
    caption: Caption, reviewer: User, seen_number: int
) -> tuple[Caption, CaptionRevision, list[CaptionReview]]:
    """Under lock: the caption, its head, and the verdicts that stand on it."""
    require(reviewer, "review", project=caption.clip.project)
    # Lock first: two reviewers may press the button in the same second.
    caption = lock(caption)
    judging.require_in(caption, State.IN_REVIEW)
    require_seen_head(caption, seen_number)
    given = judging.require_may_judge(caption, reviewer)
    leases.end_for(caption, reviewer, LeaseEnd.JUDGED)
    assert caption.head is not None  # noqa: S101 - `require_in` has just seen it
    return caption, caption.head, given


def _fixed(caption: Caption, author: User, judged: CaptionRevision, *, text: object, people: object) -> CaptionRevision:
    content: CaptionContent = checked_content({"text": text, "people": people}, before=judged.content, blank=False)
    if content.says_the_same(judged.content):
        raise BadInput({"text": "nothing is changed: approve it as it is"})
    fixed = CaptionRevision(caption=caption, author=author, kind=RevisionKind.REVIEW_FIX, **content.columns)
    append_revision(caption, fixed)
    return fixed


def _decide(caption: Caption, reviewer: User, review: CaptionReview) -> None:
    """What all verdicts on the revision come to, now that this one stands beside them."""
    judged, final = review.judged_revision, review.final_revision
    given = judging.standing_on(caption, judged)
    outcome = outcome_of([one.verdict for one in given], needed=caption.clip.project.reviews_per_caption)
    if outcome == Outcome.APPROVE:
        caption.approved_revision = final
        caption.save(update_fields=["approved_revision"])
        move(caption, "approve", actor=reviewer, revision=final)
        if review.verdict == Verdict.FIX and final is not None:
            _tell_author(caption, review, Notification.Kind.FIXED, number=final.number)
    elif outcome == Outcome.RETURN:
        move(caption, "return", actor=reviewer, revision=judged, reason=review.reason)
        leases.reserve(caption, judging.writer_of(judged), days=leases.RETURN_DAYS)
        _tell_author(caption, review, Notification.Kind.RETURNED, number=judged.number)
    elif outcome == Outcome.DISPUTE:
        move(caption, "dispute", actor=reviewer, revision=judged, reason="The reviewers differ.")
        tell(
            recipients=[judging.writer_of(judged), *judging.adjudicators(caption)],
            kind=Notification.Kind.DISPUTED,
            clip=caption.clip,
            actor=reviewer,
            revision_number=judged.number,
        )


def _tell_author(caption: Caption, review: CaptionReview, kind: Notification.Kind, *, number: int) -> None:
    tell(
        recipients=[judging.writer_of(review.judged_revision)],
        kind=kind,
        clip=caption.clip,
        actor=review.reviewer,
        revision_number=number,
        text=review.reason,
    )
