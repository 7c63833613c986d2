"""The projects a person is in, a project's overview with its counts, and what waits for review."""

from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from annotation.access import require_staff
from annotation.errors import BadInput
from annotation.forms import NewProjectForm, add_problems
from annotation.models import Caption, Clip, Membership
from annotation.services.projects import create_project
from annotation.states import State
from annotation.views.pages import ProjectPage, project_page, refuse_unknown_parameters, signed_in
from qa.models import QAItem
from qa.services.undo import last_verdict

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
    standing = Clip.objects.standing().filter(project=page.project)
    caption_counts = _by_state(Caption.objects.filter(clip__in=standing))
    question_counts = _by_state(QAItem.objects.filter(clip__in=standing))
    rows = [
        {"state": state, "captions": caption_counts.get(state, 0), "questions": question_counts.get(state, 0)}
        for state in State
    ]
    context = page.context(
        current="project",
        rows=rows,
        clips=standing.count(),
        captions=sum(caption_counts.values()),
        questions=sum(question_counts.values()),
        may_configure=page.may("configure"),
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
    context = page.context(
        current="review_queue",
        captions=captions,
        clips=clips,
        viewer=page.user,
        undo=last_verdict(page.user, page.project),
        may_adjudicate=page.may("adjudicate"),
        disputed=_disputed(page) if page.may("adjudicate") else [],
    )
    return render(request, "qa/review_queue.html", context)


def _disputed(page: ProjectPage) -> list[dict[str, str]]:
    """What waits for adjudication, captions first: name and address of each. 2 queries."""
    captions = Caption.objects.visible_to(page.user).filter(project=page.project, state=State.DISPUTED)
    items = QAItem.objects.visible_to(page.user).filter(clip__project=page.project, state=State.DISPUTED)
    rows = [
        ("Caption", caption.clip.clip_id, "caption_adjudication", caption.clip.clip_id)
        for caption in captions.select_related("clip").order_by("pk")[:REVIEW_ROWS]
    ]
    rows += [
        (item.get_category_display(), item.question_id, "qa_adjudication", item.question_id)
        for item in items.order_by("pk")[:REVIEW_ROWS]
    ]
    return [
        {"kind": kind, "name": name, "url": reverse(route, args=[page.project.slug, argument])}
        for kind, name, route, argument in rows
    ]


def _by_state(objects: Any) -> dict[str, int]:
    return dict(objects.values_list("state").annotate(n=Count("pk")).order_by())
