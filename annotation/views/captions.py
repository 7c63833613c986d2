"""The caption workspace: correct a caption beside its clip. Works as a plain form; JavaScript saves as one types."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotation.errors import BadInput, StaleRevision
from annotation.models import Caption, CaptionRevision, CaptionWorkingCopy, Verdict
from annotation.services import captions
from annotation.services.clip_drafts import ask_for_another
from annotation.states import EDITABLE, State
from annotation.views.drafts import PARAMETERS, drafts_context
from annotation.views.pages import ProjectPage, project_page, refuse_unknown_fields
from annotation.word_diff import Piece, word_diff, words_changed

_FIELDS = frozenset({"verb", "etag", "text", "person_key", "person_description", "number", "seen_number", "reason"})


@never_cache
@require_http_methods(["GET", "POST"])
def caption_workspace(request: HttpRequest, slug: str, clip_id: str) -> HttpResponse:
    page = project_page(request, slug, right="edit", parameters=PARAMETERS)
    caption = page.caption(clip_id)
    if request.method == "POST":
        refuse_unknown_fields(request, _FIELDS)
        return _act(request, page, caption)
    captions.note_opening(caption=caption, user=page.user)
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
            return redirect("clips", page.project.slug)
        elif verb == "restore":
            captions.restore(**seen, number=_number(request, "number"))
            messages.success(request, f"The words of revision {request.POST['number']} are back, as a new revision.")
        elif verb == "discard":
            captions.discard(caption=caption, user=page.user)
            messages.success(request, "Your unsaved words are forgotten.")
        elif verb == "withdraw":
            captions.withdraw(caption=caption, user=page.user, seen_number=_number(request, "seen_number"))
        elif verb == "reopen":
            reason, number = request.POST.get("reason", ""), _number(request, "seen_number")
            captions.reopen(caption=caption, user=page.user, reason=reason, seen_number=number)
        elif verb == "regenerate":
            return _regenerate(request, page, caption)
        elif verb == "compare":
            raise StaleRevision("Somebody saved a newer revision.")
        else:
            raise BadInput({"verb": "is unknown"})
    except (BadInput, StaleRevision) as error:
        if verb not in ("save", "submit", "compare"):
            raise
        if isinstance(error, StaleRevision):
            # The words survive, on top of what is there now; nothing becomes a revision before the next press.
            captions.rebase(caption=caption, user=page.user, **typed)
        return _show(request, page, page.caption(caption.clip.clip_id), refused=error, typed=typed)
    return redirect("caption_workspace", page.project.slug, caption.clip.clip_id)


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
    keys, descriptions = request.POST.getlist("person_key"), request.POST.getlist("person_description")
    people = [{"key": key, "description": said} for key, said in zip(keys, descriptions, strict=False)]
    # Browsers send CRLF for each line end of a textarea; the editor's own saves hold LF.
    return {"text": request.POST.get("text", "").replace("\r\n", "\n"), "people": people}


def _number(request: HttpRequest, name: str) -> int:
    value = request.POST.get(name, "")
    if not value.isdecimal() or len(value) > 9:
        raise BadInput({name: "must be a whole number"})
    return int(value)


def _show(
    request: HttpRequest,
    page: ProjectPage,
    caption: Caption,
    *,
    refused: BadInput | StaleRevision | None = None,
    typed: dict[str, Any] | None = None,
) -> HttpResponse:
    words = captions.words_for(caption, page.user)
    text, people = (typed["text"], typed["people"]) if typed else (words.text, words.people)
    revisions = list(caption.revisions.select_related("author").order_by("number"))
    draft_text: str = caption.draft.payload.get("caption", "") if caption.draft else ""
    changes = word_diff(draft_text, caption.head.text if caption.head else text)
    context = page.context(
        current="clips",
        clip=caption.clip,
        caption=caption,
        words=words,
        text=text,
        people=people,
        is_editable=caption.state in EDITABLE,
        may_withdraw=caption.state == State.IN_REVIEW,
        may_reopen=caption.state == State.APPROVED and page.may("reopen"),
        changes=changes,
        changed=words_changed(changes),
        history=_history(revisions),
        returned=caption.reviews.filter(verdict=Verdict.RETURN).select_related("reviewer").last(),
        others=CaptionWorkingCopy.objects.filter(caption=caption).exclude(owner=page.user).select_related("owner"),
        refused=refused,
        merge=_merge(refused, caption, text),
        **drafts_context(request, page, caption, text),
    )
    status = 200 if refused is None else 412 if isinstance(refused, StaleRevision) else 400
    return render(request, "annotation/caption_workspace.html", context, status=status)


def _merge(refused: BadInput | StaleRevision | None, caption: Caption, text: str) -> list[Piece]:
    """The newest revision against what the person typed, when somebody was faster."""
    if not isinstance(refused, StaleRevision) or caption.head is None:
        return []
    return word_diff(caption.head.text, text)


def _history(revisions: list[CaptionRevision]) -> list[dict[str, Any]]:
    """Newest first, each with the words that it took out and put in."""
    rows = []
    before = ""
    for revision in revisions:
        out, put = words_changed(word_diff(before, revision.text))
        rows.append({"revision": revision, "out": out, "put": put})
        before = revision.text
    return rows[::-1]
