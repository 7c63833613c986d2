"""Judging a caption: approve, fix and approve, or return with a comment. Nobody judges their own words."""

from annotation.access import require, require_foreign_work
from annotation.errors import BadInput, MoveNotAllowed
from annotation.models import Caption, CaptionReview, CaptionRevision, RevisionKind, User, Verdict
from annotation.services.captions import CAPTION_CHARACTERS, checked_people, lock, require_seen_head
from annotation.services.revisions import append_revision
from annotation.states import State
from annotation.text import checked_text
from annotation.transactions import in_transaction
from annotation.workflow import database_now, move, pseudonym_of


@in_transaction
def approve(*, caption: Caption, reviewer: User, seen_number: int) -> CaptionReview:
    """Make the revision the reviewer saw the caption's final text.

    Raises StaleRevision if the author saved again meanwhile, OwnWork if the reviewer wrote any of it since the last
    approval, MoveNotAllowed if the caption is not in review, RightMissing.
    """
    caption, judged = _to_judge(caption, reviewer, seen_number)
    review = _record(caption, reviewer, judged=judged, final=judged, verdict=Verdict.APPROVE)
    _approve(caption, reviewer, final=judged)
    return review


@in_transaction
def fix_and_approve(
    *, caption: Caption, reviewer: User, seen_number: int, text: object, people: object, reason: str = ""
) -> CaptionReview:
    """Store the reviewer's words as a revision of kind `review_fix` and approve it.

    Raises as `approve`, and BadInput.
    """
    checked = checked_text(text, field="text", most=CAPTION_CHARACTERS, blank=False)
    registry = checked_people(people)
    caption, judged = _to_judge(caption, reviewer, seen_number)
    if (checked, registry) == (judged.text, judged.people):
        raise BadInput({"text": "nothing is changed: approve it as it is"})
    fixed = CaptionRevision(
        caption=caption, author=reviewer, kind=RevisionKind.REVIEW_FIX, text=checked, people=registry
    )
    append_revision(caption, fixed)
    review = _record(caption, reviewer, judged=judged, final=fixed, verdict=Verdict.FIX, reason=reason)
    _approve(caption, reviewer, final=fixed)
    return review


@in_transaction
def return_to_author(*, caption: Caption, reviewer: User, seen_number: int, reason: str) -> CaptionReview:
    """Send the caption back with a comment. Raises as `approve`, and BadInput without a comment."""
    checked = checked_text(reason, field="reason", most=2000, blank=False)
    caption, judged = _to_judge(caption, reviewer, seen_number)
    review = _record(caption, reviewer, judged=judged, final=None, verdict=Verdict.RETURN, reason=checked)
    move(caption, "return", actor=reviewer, revision=judged, reason=checked)
    return review


def revisions_to_judge(caption: Caption) -> list[CaptionRevision]:
    """What was written since the last approval, oldest first. 1 query."""
    since = caption.approved_revision.number if caption.approved_revision else 0
    return list(caption.revisions.filter(number__gt=since).select_related("author"))


def _to_judge(caption: Caption, reviewer: User, seen_number: int) -> tuple[Caption, CaptionRevision]:
    require(reviewer, "review", project=caption.clip.project)
    # Lock first: two reviewers may press the button in the same second.
    caption = lock(caption)
    if caption.state != State.IN_REVIEW or caption.head is None:
        raise MoveNotAllowed(f"This caption is {caption.get_state_display().lower()}.", state=caption.state)
    require_seen_head(caption, seen_number)
    require_foreign_work(reviewer, [*revisions_to_judge(caption), caption.head])
    return caption, caption.head


def _approve(caption: Caption, reviewer: User, *, final: CaptionRevision) -> None:
    caption.approved_revision = final
    caption.save(update_fields=["approved_revision"])
    move(caption, "approve", actor=reviewer, revision=final)


def _record(
    caption: Caption,
    reviewer: User,
    *,
    judged: CaptionRevision,
    final: CaptionRevision | None,
    verdict: Verdict,
    reason: str = "",
) -> CaptionReview:
    review = CaptionReview(
        caption=caption,
        reviewer=reviewer,
        judged_author=judged.author,
        judged_revision=judged,
        final_revision=final,
        verdict=verdict,
        reason=checked_text(reason, field="reason", most=2000),
        created_at=database_now(),
    )
    pseudonym = pseudonym_of(reviewer, project=caption.clip.project)
    review.digest = review.computed_digest(
        object_id=caption.object_id,
        pseudonym=pseudonym,
        judged=judged.digest,
        final=final.digest if final else None,
    )
    review.save(force_insert=True)
    return review
