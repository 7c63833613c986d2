"""The clip table, and videos in through the browser."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from annotation.errors import BadInput, StoreAway
from annotation.forms import UploadForm, add_problems
from annotation.models import Clip, Project, Upload
from annotation.models.clips import ClipQuerySet
from annotation.services.assignments import assignable
from annotation.services.clips import ClipFacts
from annotation.services.uploads import receive_upload
from annotation.states import State
from annotation.views.pages import project_page
from qa.services.seals import clips_to_answer

ROWS = 50


@require_safe
def clips(request: HttpRequest, slug: str) -> HttpResponse:
    """A page of clips in the order of their ids, found by words and state; goes on after the last id shown (keyset)."""
    page = project_page(request, slug, parameters=frozenset({"q", "state", "after"}))
    words, state, after = (request.GET.get(name, "").replace("\x00", "").strip() for name in ("q", "state", "after"))
    found: Any = Clip.objects.visible_to(page.user).filter(project=page.project)
    found = _narrowed(found, words=words, state=state, after=after, is_reviewer=page.may("review")).for_clip_table()
    rows = list(_with_question_counts(found)[: ROWS + 1])
    context = page.context(
        current="clips",
        clips=rows[:ROWS],
        sealed=clips_to_answer(rows[:ROWS], page.user) if page.may("review") else set(),
        next_after=rows[ROWS - 1].clip_id if len(rows) > ROWS else "",
        q=words,
        state=state,
        after=after,
        states=[choice for choice in State if choice != State.DROPPED],
        uploads=_open_uploads(page.project) if page.may("add_clips") else [],
        may_upload=page.may("add_clips"),
        may_withdraw=page.may("release"),
        assignable=assignable(page.project) if page.may("configure") else [],
    )
    return render(request, "qa/clips.html", context)


@require_http_methods(["GET", "POST"])
def clip_upload(request: HttpRequest, slug: str) -> HttpResponse:
    page = project_page(request, slug, right="add_clips")
    form = UploadForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        file, subtitles, clip_id = values.pop("file"), values.pop("subtitles"), values.pop("clip_id")
        try:
            receive_upload(
                project=page.project,
                user=page.user,
                clip_id=clip_id,
                file=file,
                facts=ClipFacts(**values),
                subtitles=subtitles.read() if subtitles else None,
            )
        except BadInput as error:
            add_problems(form, error)
        except StoreAway as error:
            form.add_error(None, error.message)
            status = 503
        else:
            messages.success(request, f"“{clip_id}” is being checked; it appears here when it is ready.")
            return redirect("clips", slug)
    context = page.context(current="clips", form=form)
    return render(request, "qa/clip_upload.html", context, status=400 if form.errors and status == 200 else status)


def _narrowed(found: ClipQuerySet, *, words: str, state: str, after: str, is_reviewer: bool) -> ClipQuerySet:
    if words:
        # What a description says of a clip whose questions are in review must not be found out word by word.
        told = Q(description__icontains=words)
        found = found.filter(
            Q(clip_id__icontains=words) | (told & Q(qa_set__items_in_review=0) if is_reviewer else told)
        )
    if state in State.values:
        found = found.filter(caption__state=state)
    if after:
        found = found.filter(clip_id__gt=after)
    return found


def _with_question_counts(found: ClipQuerySet) -> ClipQuerySet:
    live = ~Q(qa_items__state=State.DROPPED)
    return found.annotate(
        questions=Count("qa_items", filter=live),
        questions_approved=Count("qa_items", filter=Q(qa_items__state=State.APPROVED)),
        questions_in_review=Count("qa_items", filter=Q(qa_items__state=State.IN_REVIEW)),
    ).order_by("clip_id")


def _open_uploads(project: Project) -> list[Upload]:
    return list(Upload.objects.filter(project=project).exclude(status=Upload.Status.DONE)[:10])
