"""Reviewing a caption: the draft against the final text, beside the clip, and one of three verdicts."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotation.access import require_foreign_work
from annotation.caption_flags import said_of
from annotation.caption_format import timeline
from annotation.errors import BadInput, OwnWork
from annotation.models import Caption, CaptionReview, LeaseWork, Verdict
from annotation.reason_codes import CAPTION_REASONS
from annotation.services import judging, reviews
from annotation.services.captions import note_opening
from annotation.states import State
from annotation.verdicts import Outcome, outcome_of
from annotation.views.comments import caption_notes_panel
from annotation.views.pages import ProjectPage, project_page, refuse_unknown_fields, whole_number
from annotation.views.queue import queue_context
from annotation.word_diff import Piece, word_diff, words_changed

_FIELDS = frozenset({"verb", "seen_number", "text", "reason", "reason_code"})


@never_cache
@require_http_methods(["GET", "POST"])
def caption_review(request: HttpRequest, slug: str, clip_id: str) -> HttpResponse:
    page = project_page(request, slug, right="review")
    caption = page.caption(clip_id)
    if request.method == "POST":
        refuse_unknown_fields(request, _FIELDS)
        return _judge(request, page, caption)
    return _show(request, page, caption)


def _judge(request: HttpRequest, page: ProjectPage, caption: Caption) -> HttpResponse:
    verb, clip_id = request.POST.get("verb", ""), caption.clip.clip_id
    if verb == "undo":
        reviews.undo(caption=caption, reviewer=page.user)
        messages.success(request, f"Your verdict on {clip_id} is taken back.")
        return redirect("caption_review", page.project.slug, clip_id)
    number, reason = whole_number(request, "seen_number"), request.POST.get("reason", "").replace("\r\n", "\n")
    seen: dict[str, Any] = {"caption": caption, "reviewer": page.user, "seen_number": number}
    try:
        if verb == "approve":
            reviews.approve(**seen)
        elif verb == "fix":
            text = request.POST.get("text", "").replace("\r\n", "\n")
            people = caption.head.people if caption.head else []
            reviews.fix_and_approve(**seen, text=text, people=people, reason=reason)
        elif verb == "return":
            reviews.return_to_author(**seen, reason=reason, code=request.POST.get("reason_code", ""))
        else:
            raise BadInput({"verb": "is unknown"})
    except BadInput as error:
        return _show(request, page, caption, refused=error)
    return redirect("review_queue", page.project.slug)


def _show(
    request: HttpRequest, page: ProjectPage, caption: Caption, *, refused: BadInput | None = None
) -> HttpResponse:
    note_opening(caption=caption, user=page.user)
    final = caption.head.text if caption.head else ""
    draft = caption.draft.payload.get("caption", "") if caption.draft else ""
    changes = word_diff(draft, final)
    given, needed = judging.standing_on(caption, caption.head), caption.clip.project.reviews_per_caption
    returned = caption.reviews.filter(verdict=Verdict.RETURN, undone_by=None)
    returns = list(returned.select_related("reviewer", "judged_revision").order_by("-pk"))
    is_own = _is_own(caption, page)
    mine = next((review for review in given if review.reviewer_id == page.user.pk), None)
    may_judge = caption.state == State.IN_REVIEW and not is_own and mine is None
    context = page.context(
        current="review_queue",
        clip=caption.clip,
        caption=caption,
        final=final,
        segments=[{"start": (part.start_ms or 0) / 1000, "text": part.text} for part in timeline(final)],
        changes=changes,
        changed=words_changed(changes),
        is_in_review=caption.state == State.IN_REVIEW,
        may_judge=may_judge,
        is_own=is_own,
        returns=returns,
        since=_since(caption, page, returns),
        mine=mine,
        may_fix=outcome_of([*(review.verdict for review in given), Verdict.FIX], needed=needed) == Outcome.APPROVE,
        needed=needed,
        reasons=CAPTION_REASONS,
        notes=caption_notes_panel(page, caption, final, back="review"),
        handed_in=_handed_in(caption),
        **queue_context(page, caption, may_skip=may_judge, work=LeaseWork.REVIEW),
        refused=refused,
        typed_text=request.POST.get("text") if refused else None,
        typed_reason=request.POST.get("reason", "") if refused else "",
        typed_code=request.POST.get("reason_code", "") if refused else "",
    )
    return render(request, "annotation/caption_review.html", context, status=400 if refused else 200)


def _since(caption: Caption, page: ProjectPage, returns: list[CaptionReview]) -> list[Piece]:
    """What changed since this reviewer returned it last; returns: the newest first."""
    last = next((review for review in returns if review.reviewer_id == page.user.pk), None)
    if last is None or caption.head is None or last.judged_revision_id == caption.head.pk:
        return []
    return word_diff(last.judged_revision.text, caption.head.text)


def _handed_in(caption: Caption) -> dict[str, Any] | None:
    """How much was watched, and the flags that the newest revision was handed in with. 1 query."""
    submission = caption.submissions.filter(revision=caption.head).last()
    if submission is None:
        return None
    flags = [
        {"rule": flag["rule"].replace("-", " "), "sentence": flag["sentence"], "reason": said_of(flag)}
        for flag in submission.flags
    ]
    return {"watched_percent": submission.watched_percent, "flags": flags}


def _is_own(caption: Caption, page: ProjectPage) -> bool:
    try:
        require_foreign_work(page.user, judging.revisions_to_judge(caption))
    except OwnWork:
        return True
    return caption.head is not None and caption.head.author_id == page.user.pk
