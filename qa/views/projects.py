"""The projects a person is in, a project's overview with its counts, and what waits for review."""

from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from annotation.access import require_staff
from annotation.errors import BadInput
from annotation.forms import NewProjectForm, add_problems
from annotation.models import Caption, Clip, Membership
from annotation.services.projects import create_project
from annotation.states import State
from annotation.views.pages import project_page, refuse_unknown_parameters, signed_in
from qa.models import QAItem

REVIEW_ROWS = 50


@require_safe
def projects(request: HttpRequest) -> HttpResponse:
    refuse_unknown_parameters(request)
    user = signed_in(request)
    memberships = Membership.objects.filter(user=user, is_active=True).select_related("project")
    return render(request, "qa/projects.html", {"memberships": memberships, "may_create": user.is_staff})


@require_http_methods(["GET", "POST"])
def project_new(request: HttpRequest) -> HttpResponse:
    refuse_unknown_parameters(request)
    user = signed_in(request)
    require_staff(user)
    form = NewProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = create_project(admin=user, **form.cleaned_data)
        except BadInput as error:
            add_problems(form, error)
        else:
            return redirect("project", made.slug)
    return render(request, "qa/project_new.html", {"form": form}, status=400 if form.errors else 200)


@require_safe
def project(request: HttpRequest, slug: str) -> HttpResponse:
    """Counts by state. 3 queries beside those of every project page, however many clips there are."""
    page = project_page(request, slug)
    caption_counts = _by_state(Caption.objects.filter(clip__project=page.project))
    question_counts = _by_state(QAItem.objects.filter(clip__project=page.project))
    rows = [
        {"state": state, "captions": caption_counts.get(state, 0), "questions": question_counts.get(state, 0)}
        for state in State
    ]
    context = page.context(
        current="project",
        rows=rows,
        clips=Clip.objects.filter(project=page.project).count(),
        captions=sum(caption_counts.values()),
        questions=sum(question_counts.values()),
    )
    return render(request, "qa/project.html", context)


@require_safe
def review_queue(request: HttpRequest, slug: str) -> HttpResponse:
    """Captions and clips with questions that wait for a verdict, oldest first; own work is marked, not hidden."""
    page = project_page(request, slug, right="review")
    captions = (
        Caption.objects.visible_to(page.user)
        .filter(clip__project=page.project)
        .awaiting_review()
        .select_related("clip", "head__author")
        .order_by("head__created_at")[:REVIEW_ROWS]
    )
    clips = (
        Clip.objects.visible_to(page.user)
        .filter(project=page.project, qa_items__state=State.IN_REVIEW)
        .annotate(questions=Count("qa_items"))
        .order_by("clip_id")[:REVIEW_ROWS]
    )
    context = page.context(current="review_queue", captions=captions, clips=clips, viewer=page.user)
    return render(request, "qa/review_queue.html", context)


def _by_state(objects: Any) -> dict[str, int]:
    return dict(objects.values_list("state").annotate(n=Count("pk")).order_by())
