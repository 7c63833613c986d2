"""Disputes over questions: what makes one, and how a third person settles it."""

from typing import Any

from annotation.access import require
from annotation.errors import BadInput, StaleRevision
from annotation.models import Notification, RevisionKind, User, Verdict
from annotation.reason_codes import checked_code
from annotation.services import judging
from annotation.services.notifications import tell
from annotation.services.revisions import append_revision
from annotation.states import State
from annotation.text import checked_text
from annotation.transactions import in_transaction
from annotation.workflow import move
from qa.content import checked_content, option_ids, problems_of
from qa.models import BlindAnswer, QAItem, QAReview, QARevision
from qa.reason_codes import QUESTION_REASONS
from qa.services import sets
from qa.services.items import approved_caption, around_of, lock
from qa.services.submissions import overridden_flags, record_submission, still_blocked

OUTCOMES = (Verdict.APPROVE, Verdict.FIX, Verdict.RETURN, Verdict.DROP)


def dispute(item: QAItem, actor: User, *, reason: str) -> None:
    """The question waits for adjudication. The caller holds its lock."""
    move(item, "dispute", actor=actor, revision=item.head, reason=reason)
    sets.disputed(item.clip)
    tell(
        recipients=[*([judging.writer_of(item.head)] if item.head else []), *judging.adjudicators(item)],
        kind=Notification.Kind.DISPUTED,
        clip=item.clip,
        actor=actor,
        question_id=item.question_id,
        revision_number=item.head_number,
    )


@in_transaction
def settle(
    *,
    item: QAItem,
    adjudicator: User,
    seen_number: int,
    outcome: str,
    code: object,
    reason: object,
    content: object = None,
) -> QAReview:
    """A third person ends a dispute. outcome: approve | fix (with content, which may have another key) | return | drop.

    code: why. Raises MoveNotAllowed unless it is disputed or for one of the two sides, StaleRevision, OwnWork,
    RightMissing, BadInput.
    """
    if outcome not in OUTCOMES:
        raise BadInput({"outcome": f"must be one of {', '.join(OUTCOMES)}"})
    verdict, why = Verdict(outcome), checked_code(code, QUESTION_REASONS)
    said = checked_text(reason, field="reason", most=judging.MOST_REASON, blank=False)
    checked = checked_content(content) if verdict == Verdict.FIX else {}
    require(adjudicator, "adjudicate", project=item.clip.project)
    item = lock(item)
    judging.require_in(item, State.DISPUTED)
    require_seen(item, seen_number)
    judged = item.head
    assert judged is not None  # noqa: S101 - `require_in` has just seen it
    sides = sides_of(item)
    judging.require_third_person(item, adjudicator, involved={user.pk for user in sides})
    final: QARevision | None = judged if verdict == Verdict.APPROVE else None
    if verdict == Verdict.FIX:
        final = fixed_revision(item, adjudicator, judged, checked)
    review: QAReview = judging.record(
        item, adjudicator, judged=judged, final=final, verdict=verdict, reason=said, code=why, is_adjudication=True
    )
    if final is not None:
        accept(item, final)
    to = State.APPROVED if final else State.DROPPED if verdict == Verdict.DROP else State.EDITING
    move(item, "settle", actor=adjudicator, to=to, revision=final or judged, reason=said)
    if to == State.EDITING:
        sets.returned(item.clip, judging.writer_of(judged))
    tell(
        recipients=[judging.writer_of(judged), *sides],
        kind=Notification.Kind.SETTLED,
        clip=item.clip,
        actor=adjudicator,
        question_id=item.question_id,
        revision_number=(final or judged).number,
        text=said,
    )
    return review


def sides_of(item: QAItem) -> list[User]:
    """Who judged or answered the question's head, each once. 2 queries."""
    judged = [review.reviewer for review in judging.standing_on(item, item.head)]
    answered = BlindAnswer.objects.filter(item=item, revision=item.head).select_related("user")
    return list({user.pk: user for user in [*judged, *(answer.user for answer in answered)]}.values())


def fixed_revision(item: QAItem, author: User, judged: QARevision, content: dict[str, Any]) -> QARevision:
    """The judge's words as the newest revision, with its flags.

    Raises BadInput where they are none, not of these four options, or break a rule that the author's did not.
    """
    if set(option_ids(content)) != set(option_ids(judged.content)):
        raise BadInput({"options": "a fix keeps the four options; their words may change"})
    if content == judged.content:
        raise BadInput({"content": "nothing is changed: approve it as it is"})
    if problems := problems_of(content):
        raise BadInput({"content": "; ".join(problems)})
    given = {row["rule"]: row["override"] for row in last_flags(item, judged)}
    fixed = QARevision(item=item, author=author, kind=RevisionKind.REVIEW_FIX, content=content)
    append_revision(item, fixed)
    rows = overridden_flags(item, {item.question_id: given}, around_of(item.clip, author))
    if blocked := still_blocked(rows):
        raise BadInput({"content": blocked})
    record_submission(item, submitter=author, rows=rows, watched=0, active_ms=0)
    return fixed


def last_flags(item: QAItem, revision: QARevision) -> list[dict[str, Any]]:
    """What the checks said of the revision when it was handed in, with what was said against them. 1 query."""
    submission = item.submissions.filter(revision=revision).last()
    return submission.flags if submission else []


def accept(item: QAItem, final: QARevision) -> None:
    """What the question's approval rests on; the caller moves it."""
    item.approved_revision = final
    item.caption_revision = approved_caption(item.clip).approved_revision
    item.save(update_fields=["approved_revision", "caption_revision"])


def require_seen(item: QAItem, seen_number: int) -> None:
    """Raises StaleRevision if a newer revision than the one seen exists."""
    if item.head_number != seen_number:
        raise StaleRevision(f"Somebody saved a newer revision of {item.question_id}.", head=item.head_number)
