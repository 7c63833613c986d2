"""Reviewing a caption: the draft against the final text, beside the clip, and one of three verdicts."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotation.access import require_foreign_work
from annotation.caption_format import timeline
from annotation.errors import BadInput, OwnWork
from annotation.models import Caption
from annotation.services import reviews
from annotation.services.captions import note_opening
from annotation.states import State
from annotation.views.pages import ProjectPage, project_page, refuse_unknown_fields
from annotation.word_diff import word_diff, words_changed

_FIELDS = frozenset({"verb", "seen_number", "text", "reason"})


@never_cache
@require_http_methods(["GET", "POST"])
def caption_review(request: HttpRequest, slug: str, clip_id: str) -> HttpResponse:
    page = project_page(request, slug, right="review")
    caption = page.caption(clip_id)
    if request.method == "POST":
        refuse_unknown_fields(request, _FIELDS)
        return _judge(request, page, caption)
    note_opening(caption=caption, user=page.user)
    return _show(request, page, caption)


def _judge(request: HttpRequest, page: ProjectPage, caption: Caption) -> HttpResponse:
    number, reason = request.POST.get("seen_number", ""), request.POST.get("reason", "").replace("\r\n", "\n")
    if not number.isdecimal() or len(number) > 9:
        raise BadInput({"seen_number": "must be a whole number"})
    seen: dict[str, Any] = {"caption": caption, "reviewer": page.user, "seen_number": int(number)}
    verb = request.POST.get("verb", "")
    clip_id = caption.clip.clip_id
    try:
        if verb == "approve":
            reviews.approve(**seen)
            messages.success(request, f"{clip_id} is approved.")
        elif verb == "fix":
            text = request.POST.get("text", "").replace("\r\n", "\n")
            people = caption.head.people if caption.head else []
            reviews.fix_and_approve(**seen, text=text, people=people, reason=reason)
            messages.success(request, f"{clip_id} is approved with your fix.")
        elif verb == "return":
            reviews.return_to_author(**seen, reason=reason)
            messages.success(request, f"{clip_id} went back to its author.")
        else:
            raise BadInput({"verb": "is unknown"})
    except BadInput as error:
        return _show(request, page, caption, refused=error)
    return redirect("review_queue", page.project.slug)


def _show(
    request: HttpRequest, page: ProjectPage, caption: Caption, *, refused: BadInput | None = None
) -> HttpResponse:
    final = caption.head.text if caption.head else ""
    draft = caption.draft.payload.get("caption", "") if caption.draft else ""
    changes = word_diff(draft, final)
    context = page.context(
        current="review_queue",
        clip=caption.clip,
        caption=caption,
        final=final,
        segments=[{"start": (part.start_ms or 0) / 1000, "text": part.text} for part in timeline(final)],
        changes=changes,
        changed=words_changed(changes),
        is_in_review=caption.state == State.IN_REVIEW,
        is_own=_is_own(caption, page),
        refused=refused,
        typed_text=request.POST.get("text") if refused else None,
        typed_reason=request.POST.get("reason", "") if refused else "",
    )
    return render(request, "annotation/caption_review.html", context, status=400 if refused else 200)


def _is_own(caption: Caption, page: ProjectPage) -> bool:
    try:
        require_foreign_work(page.user, list(reviews.revisions_to_judge(caption)))
    except OwnWork:
        return True
    return caption.head is not None and caption.head.author_id == page.user.pk
