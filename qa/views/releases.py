"""Releases: the list, the gate, freezing, and downloads."""

from dataclasses import asdict

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from annotation.errors import BadInput, NotVisible
from annotation.forms import add_problems
from annotation.views.pages import project_page
from qa.categories import Category
from qa.forms import ReleaseForm
from qa.models import Release
from qa.releases.freeze import InTheWay, conditions_in_the_way
from qa.releases.layouts import haicbench
from qa.services.releases import freeze_release, release_for

CONTENT_TYPES = {".json": "application/json", ".jsonl": "application/x-ndjson"}


@require_http_methods(["GET", "POST"])
def releases(request: HttpRequest, slug: str) -> HttpResponse:
    page = project_page(request, slug)
    form = ReleaseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = freeze_release(project=page.project, actor=page.user, **form.cleaned_data)
        except BadInput as error:
            add_problems(form, error)
        except InTheWay:
            form.add_error(None, "Something is in the way: see the list.")
        else:
            messages.success(request, f"Release {made.version} is frozen.")
            return redirect("release", slug, made.version)
    may_release = page.may("release")
    context = page.context(
        current="releases",
        releases=Release.objects.visible_to(page.user).filter(project=page.project).select_related("frozen_by"),
        may_release=may_release,
        conditions=[asdict(one) for one in conditions_in_the_way(page.project)] if may_release else [],
        form=form,
    )
    return render(request, "qa/releases.html", context, status=400 if form.errors else 200)


@require_safe
def release(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    page = project_page(request, slug)
    found = release_for(page.user, slug=slug, version=version)
    rows = [(Category(name).label, found.counts["by_category"][name]) for name in Category.values]
    context = page.context(current="releases", release=found, rows=rows, files=sorted(haicbench.text_files(found)))
    return render(request, "qa/release.html", context)


@require_safe
def release_file(request: HttpRequest, slug: str, version: str, name: str) -> HttpResponseBase:
    """A file of the export, built from the frozen rows by the same code: the same bytes."""
    page = project_page(request, slug)
    found = release_for(page.user, slug=slug, version=version)
    pieces = haicbench.text_files(found).get(name)
    if pieces is None:
        raise NotVisible
    kind = CONTENT_TYPES[f".{name.rpartition('.')[2]}"]
    response = StreamingHttpResponse((piece.encode() for piece in pieces), content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
