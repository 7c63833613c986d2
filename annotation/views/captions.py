"""The caption workspace: correct a caption beside its clip. Works as a plain form; JavaScript saves as one types."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotation.errors import BadInput, StaleRevision
from annotation.models import Caption, CaptionWorkingCopy
from annotation.services import captions
from annotation.services.clip_drafts import ask_for_another
from annotation.services.merging import keep_stale
from annotation.states import EDITABLE, State
from annotation.views import caption_history, drafts
from annotation.views.caption_checks import checks_context
from annotation.views.pages import ProjectPage, project_page, refuse_unknown_fields, whole_number
from annotation.views.queue import queue_context

_PARAMETERS = drafts.PARAMETERS | caption_history.PARAMETERS
_PERSON = ("person_key", "person_description", "person_at")
_FIELDS = frozenset({"verb", "etag", "text", *_PERSON, "number", "seen_number", "reason"})
_POINT = ("time_ms", "x_permille", "y_permille")


@never_cache
@require_http_methods(["GET", "POST"])
def caption_workspace(request: HttpRequest, slug: str, clip_id: str) -> HttpResponse:
    page = project_page(request, slug, right="edit", parameters=_PARAMETERS)
    caption = page.caption(clip_id)
    if request.method == "POST":
        refuse_unknown_fields(request, _FIELDS)
        return _act(request, page, caption)
    return _show(request, page, caption)


def _act(request: HttpRequest, page: ProjectPage, caption: Caption) -> HttpResponse:
    """One verb of the page's forms. What a person typed is shown again when it could not be taken."""
    verb, typed = request.POST.get("verb", ""), _typed(request)
    seen: dict[str, Any] = {"caption": caption, "user": page.user, "etag": request.POST.get("etag")}
    try:
        if verb == "save":
            captions.save(**seen, **typed)
            messages.success(request, "Saved.")
        elif verb == "submit":
            captions.submit(**seen, **typed)
            messages.success(request, f"{caption.clip.clip_id} was submitted for review.")
            return redirect("my_queue", page.project.slug)
        elif verb == "restore":
            captions.restore(**seen, number=whole_number(request, "number"))
            messages.success(request, f"The words of revision {request.POST['number']} are back, as a new revision.")
        elif verb == "discard":
            captions.discard(caption=caption, user=page.user)
            messages.success(request, "Your unsaved words are forgotten.")
        elif verb == "withdraw":
            captions.withdraw(caption=caption, user=page.user, seen_number=whole_number(request, "seen_number"))
        elif verb == "reopen":
            reason, number = request.POST.get("reason", ""), whole_number(request, "seen_number")
            captions.reopen(caption=caption, user=page.user, reason=reason, seen_number=number)
        elif verb == "regenerate":
            return _regenerate(request, page, caption)
        else:
            raise BadInput({"verb": "is unknown"})
    except (BadInput, StaleRevision) as error:
        if verb not in ("save", "submit"):
            raise
        caption = page.caption(caption.clip.clip_id)
        if isinstance(error, StaleRevision) and _kept(seen, typed):
            return redirect("caption_merge", page.project.slug, caption.clip.clip_id)
        return _show(request, page, caption, refused=error, typed=typed)
    return redirect("caption_workspace", page.project.slug, caption.clip.clip_id)


def _kept(seen: dict[str, Any], typed: dict[str, Any]) -> bool:
    """Whether words that came too late are kept, to be merged. If not they stay on the page."""
    try:
        keep_stale(**seen, **typed)
    except StaleRevision:
        return False
    return True


def _regenerate(request: HttpRequest, page: ProjectPage, caption: Caption) -> HttpResponse:
    try:
        ask_for_another(caption=caption, user=page.user)
    except BadInput as error:  # there are as many as there may be
        messages.warning(request, f"No other draft was asked for: {'; '.join(error.detail['fields'].values())}.")
    else:
        messages.success(request, "Another draft was asked for. All earlier ones stay, and so do your words.")
    address = reverse("caption_workspace", args=[page.project.slug, caption.clip.clip_id])
    return redirect(f"{address}?tab=drafts")


def _typed(request: HttpRequest) -> dict[str, Any]:
    keys, descriptions, points = (request.POST.getlist(name) for name in _PERSON)
    points += [""] * len(keys)
    people: list[dict[str, Any]] = [
        {"key": key, "description": said} | ({"at": _point(at)} if at else {})
        for key, said, at in zip(keys, descriptions, points, strict=False)
    ]
    # Browsers send CRLF for each line end of a textarea; the editor's own saves hold LF.
    return {"text": request.POST.get("text", "").replace("\r\n", "\n"), "people": people}


def _point(typed: str) -> dict[str, int] | str:
    """`3400,512,430` as the registry keeps it; anything else as it came, for the service to refuse."""
    numbers = typed.split(",")
    if len(numbers) != len(_POINT) or not all(one.isascii() and one.isdecimal() and len(one) < 10 for one in numbers):
        return typed
    return dict(zip(_POINT, map(int, numbers), strict=True))


def _show(
    request: HttpRequest,
    page: ProjectPage,
    caption: Caption,
    *,
    refused: BadInput | StaleRevision | None = None,
    typed: dict[str, Any] | None = None,
) -> HttpResponse:
    captions.note_opening(caption=caption, user=page.user)
    words = captions.words_for(caption, page.user)
    text, people = (typed["text"], typed["people"]) if typed else (words.text, words.people)
    context = page.context(
        current="my_queue",
        clip=caption.clip,
        caption=caption,
        words=words,
        text=text,
        people=people,
        is_editable=caption.state in EDITABLE,
        may_withdraw=caption.state == State.IN_REVIEW,
        may_reopen=caption.state == State.APPROVED and page.may("reopen"),
        others=CaptionWorkingCopy.objects.filter(caption=caption).exclude(owner=page.user).select_related("owner"),
        refused=refused,
        **queue_context(page, caption, may_skip=caption.state in EDITABLE),
        **caption_history.history_context(request, page, caption, text),
        **drafts.drafts_context(request, page, caption, text),
        **checks_context(replace(words.content, text=text), caption.clip, is_editable=caption.state in EDITABLE),
    )
    status = 200 if refused is None else 412 if isinstance(refused, StaleRevision) else 400
    return render(request, "annotation/caption_workspace.html", context, status=status)
