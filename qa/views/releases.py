"""Releases: the list, the gate, freezing, one release with its proof, and files that are made while they are sent."""

from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from annotation.errors import BadInput, NotVisible
from annotation.forms import add_problems
from annotation.views.pages import ProjectPage, page_or_partial, project_page
from qa.categories import Category
from qa.evaluation.leak_lab import settings_of as leak_settings_of
from qa.forms import ReleaseForm, ReleaseSettingsForm
from qa.models import Export, Release, ReleaseKind
from qa.releases.changes import numbers_of
from qa.releases.citation import bibtex, citation_cff
from qa.releases.content import LETTERS
from qa.releases.frozen import FrozenRelease
from qa.releases.gate import LEAK_FLAGS, InTheWay, conditions_in_the_way, settings_of
from qa.releases.layouts import find_layout, haicbench, layout_names, layouts_for
from qa.releases.layouts.hugging_face.card import dataset_card
from qa.releases.splits import Split
from qa.services.exports import may_download
from qa.services.release_changes import earlier_releases, kept_tallies, summary_lines, tally_of
from qa.services.release_settings import change_release_settings
from qa.services.release_words import note_what_is_told
from qa.services.releases import freeze_as, readiness, release_for, suggested_versions

CONTENT_TYPES = {".json": "application/json", ".jsonl": "application/x-ndjson"}
CLEAR = {
    "nothing_approved": "captions are approved",
    "disputed_captions": "no caption is disputed",
    "disputed_questions": "no question is disputed",
    "stale_questions": "every question was approved against its caption of now",
    "blocking_rules": "no approved question breaks a rule that nobody overruled",
    "blind_answers": "every approved question has its blind answers",
    LEAK_FLAGS: "every flag of the leak lab is decided",
}
"""Name of a condition of the gate -> what is said where it is not in the way."""
SPLIT_LABELS = {Split.TEST.value: "test", Split.HELD_OUT.value: "held out"}


@require_http_methods(["GET", "POST"])
def releases(request: HttpRequest, slug: str) -> HttpResponse:
    page = project_page(request, slug)
    corrects, adds = suggested_versions(page.project)
    everything = {
        "version": adds,
        "kind": ReleaseKind.BENCHMARK,
        "categories": Category.values,
        "splits": [one.value for one in Split],
    }
    form = ReleaseForm(request.POST or None, initial=everything)
    if request.method == "POST" and form.is_valid():
        try:
            made = freeze_as(project=page.project, actor=page.user, **_chosen(form.cleaned_data))
        except BadInput as error:
            add_problems(form, error)
        except InTheWay as error:
            form.add_error(None, f"Something is in the way: {error.message}.")
        else:
            messages.success(request, f"Release {made.version} is frozen.")
            return redirect("release", slug, made.version)
    known = Release.objects.visible_to(page.user).filter(project=page.project).select_related("frozen_by")
    found = sorted(known, key=lambda one: numbers_of(one.version), reverse=True)
    may_release = page.may("release")
    next_release = _next_release(page, corrects, adds) if may_release else {}
    context = page.context(current="releases", rows=_rows(page, found), may_release=may_release, form=form)
    return render(request, "qa/releases.html", context | next_release, status=400 if form.errors else 200)


def _chosen(said: dict[str, Any]) -> dict[str, Any]:
    """Training data has no filters, however the boxes stand."""
    kind = said["kind"] or ReleaseKind.BENCHMARK
    left_out = ("categories", "splits") if kind == ReleaseKind.TRAIN else ()
    return {**{name: value for name, value in said.items() if name not in left_out}, "kind": kind}


def _next_release(page: ProjectPage, corrects: str, adds: str) -> dict[str, Any]:
    conditions = [asdict(one) for one in conditions_in_the_way(page.project)]
    in_the_way = {one["name"] for one in conditions}
    unasked = set() if leak_settings_of(page.project).gates else {LEAK_FLAGS}
    ready, clips = readiness(page.project)
    return {
        "conditions": conditions,
        "clear": [said for name, said in CLEAR.items() if name not in in_the_way | unasked],
        "ready": ready,
        "clips": clips,
        "corrects": corrects,
        "adds": adds,
        "release_settings": settings_of(page.project),
    }


def _rows(page: ProjectPage, found: list[Release]) -> list[dict[str, Any]]:
    """Each release with what changed, where that was counted, and what can be downloaded at once. 2 queries.

    found: the latest version first.
    """
    tallies = kept_tallies(found)
    ready: dict[int, list[Export]] = {}
    done = Export.objects.visible_to(page.user).filter(release__project=page.project, status=Export.Status.DONE)
    for export in done.order_by("layout", "with_history"):
        ready.setdefault(export.release_id, []).append(export)
    first = {one.kind: one.pk for one in found}
    titles = {name: find_layout(name).TITLE for name in layout_names()}
    rows = []
    for release in found:
        before, tally = tallies.get(release.pk, ("", None))
        sees_exports = page.may("release") or not release.counts.get("held_out")
        exports_here = [one for one in ready.get(release.pk, ()) if sees_exports and not one.with_history]
        rows.append(
            {
                "release": release,
                "before": before,
                "lines": summary_lines(tally) if tally else [],
                "is_first": first[release.kind] == release.pk,
                "exports": [(one, titles.get(one.layout, one.layout)) for one in exports_here],
                "files": haicbench.FILES,
            }
        )
    return rows


@require_safe
def release(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """The whole page, or for htmx its downloads."""
    page = project_page(request, slug)
    found = release_for(page.user, slug=slug, version=version)
    context = page.context(current="releases", release=found, **_downloads(page, found))
    if request.headers.get("HX-Request") != "true":
        context |= _facts(found)
    return page_or_partial(request, "qa/release.html", "downloads", context)


def _downloads(page: ProjectPage, found: Release) -> dict[str, Any]:
    written = Export.objects.wanted().visible_to(page.user).filter(release=found)
    exports = {(one.layout, one.with_history): one for one in written}
    wanted = [(one, False) for one in sorted(layouts_for(found), key=lambda one: one.NAME != haicbench.NAME)]
    if page.may("release"):
        wanted.append((find_layout(haicbench.NAME), True))
    return {
        "downloads": [
            {"layout": one, "with_history": history, "export": exports.get((one.NAME, history))}
            for one, history in wanted
        ],
        "is_moving": any(one.is_on_the_way for one in exports.values()),
        "may_prepare": page.may("release"),
        "may_download": may_download(found, page.user),
        "files": haicbench.FILES,
    }


def _facts(found: Release) -> dict[str, Any]:
    earlier = earlier_releases(found)
    tally = tally_of(earlier[0], found) if earlier else None
    total = sum(found.key_positions)
    withdrawn = list(FrozenRelease(found).withdrawn.values())
    return {
        "rows": [(one.label, found.counts["by_category"][one]) for one in Category],
        "earlier": earlier,
        "tally": tally,
        "lines": summary_lines(tally) if tally else [],
        "positions": [
            (letter, count, round(count * 100 / total, 1) if total else 0)
            for letter, count in zip(LETTERS, found.key_positions, strict=False)
        ],
        "categories": [Category(name).label for name in found.filters.get("categories", ())],
        "splits": [SPLIT_LABELS.get(name, name) for name in found.filters.get("splits", ())],
        "bibtex": bibtex(found),
        "citation": citation_cff(found),
        "card": dataset_card(found),
        "doi": settings_of(found.project).doi,
        "withdrawn": withdrawn,
        "is_erased": any(one.is_erased for one in withdrawn),
    }


@require_safe
def release_file(request: HttpRequest, slug: str, version: str, name: str) -> HttpResponseBase:
    """A file of the export, built from the frozen rows by the same code: the same bytes."""
    page = project_page(request, slug)
    found = release_for(page.user, slug=slug, version=version)
    pieces = haicbench.text_files(FrozenRelease(found)).get(name)
    if pieces is None:
        raise NotVisible
    note_what_is_told(found, page.user)
    kind = CONTENT_TYPES[f".{name.rpartition('.')[2]}"]
    response = StreamingHttpResponse(pieces, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_http_methods(["GET", "POST"])
def release_settings(request: HttpRequest, slug: str) -> HttpResponse:
    page = project_page(request, slug, right="configure")
    now = settings_of(page.project)
    names = ("held_out_percent", "blind_answer_floor", "audit_floor_percent", "authors", "doi")
    form = ReleaseSettingsForm(request.POST or None, initial={name: getattr(now, name) for name in names})
    if request.method == "POST" and form.is_valid():
        try:
            change_release_settings(project=page.project, user=page.user, **form.cleaned_data)
        except BadInput as error:
            add_problems(form, error)
        else:
            messages.success(request, "Settings of releases saved.")
            return redirect(reverse("release_settings", args=[slug]))
    if "moves_clips" not in form.errors:
        del form.fields["moves_clips"]
    context = page.context(
        current="releases", form=form, is_released=Release.objects.filter(project=page.project).exists()
    )
    return render(request, "qa/release_settings.html", context, status=400 if form.errors else 200)
