"""Adjudication of a caption: what the reviewers said side by side, and how a third person settles it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotation.caption_format import timeline
from annotation.errors import BadInput, MoveNotAllowed, OwnWork
from annotation.models import Caption, Verdict
from annotation.reason_codes import CAPTION_REASONS
from annotation.services import judging, reviews
from annotation.services.captions import note_opening
from annotation.states import State
from annotation.views.pages import ProjectPage, project_page, refuse_unknown_fields, whole_number
from annotation.word_diff import word_diff

_FIELDS = frozenset({"outcome", "seen_number", "reason", "reason_code", "text"})
OUTCOMES = {
    Verdict.APPROVE: "Approve it as it is",
    Verdict.FIX: "Approve it with the words below",
    Verdict.RETURN: "Return it to its author",
}


@never_cache
@require_http_methods(["GET", "POST"])
def caption_adjudication(request: HttpRequest, slug: str, clip_id: str) -> HttpResponse:
    page = project_page(request, slug, right="adjudicate")
    caption = page.caption(clip_id)
    if request.method == "POST":
        refuse_unknown_fields(request, _FIELDS)
        return _settle(request, page, caption)
    return _show(request, page, caption)


def _settle(request: HttpRequest, page: ProjectPage, caption: Caption) -> HttpResponse:
    said = request.POST
    number = whole_number(request, "seen_number")
    try:
        reviews.settle(
            caption=caption,
            adjudicator=page.user,
            seen_number=number,
            outcome=said.get("outcome", ""),
            code=said.get("reason_code", ""),
            reason=said.get("reason", "").replace("\r\n", "\n"),
            text=said.get("text", "").replace("\r\n", "\n"),
            people=caption.head.people if caption.head else [],
        )
    except BadInput as error:
        return _show(request, page, caption, refused=error)
    messages.success(request, f"The dispute over the caption of {caption.clip.clip_id} is settled.")
    return redirect("review_queue", page.project.slug)


def _show(
    request: HttpRequest, page: ProjectPage, caption: Caption, *, refused: BadInput | None = None
) -> HttpResponse:
    note_opening(caption=caption, user=page.user)
    text = caption.head.text if caption.head else ""
    draft = caption.draft.payload.get("caption", "") if caption.draft else ""
    sides = judging.standing_on(caption, caption.head)
    context = page.context(
        current="review_queue",
        clip=caption.clip,
        caption=caption,
        text=text,
        changes=word_diff(draft, text),
        segments=[{"start": (part.start_ms or 0) / 1000, "text": part.text} for part in timeline(text)],
        sides=[{"review": review, "why": CAPTION_REASONS.get(review.reason_code, "")} for review in sides],
        is_disputed=caption.state == State.DISPUTED,
        why_not=_why_not(caption, page, {review.reviewer_id for review in sides}),
        outcomes=OUTCOMES,
        reasons=CAPTION_REASONS,
        refused=refused,
        typed=typed_of(request, refused),
    )
    return render(request, "annotation/caption_adjudication.html", context, status=400 if refused else 200)


def typed_of(request: HttpRequest, refused: BadInput | None) -> dict[str, Any]:
    """What was sent and could not be taken, to be shown again."""
    names = ("outcome", "reason", "reason_code", "text")
    return {name: request.POST.get(name, "") for name in names} if refused else {}


def _why_not(caption: Caption, page: ProjectPage, involved: set[int]) -> str:
    """Why this person may not settle it; "" if they may."""
    if caption.state != State.DISPUTED:
        return ""
    try:
        judging.require_third_person(caption, page.user, involved=involved)
    except (OwnWork, MoveNotAllowed) as error:
        return error.message
    return ""
