"""Statistics of a project as it stands, or of one of its releases; each plot also as a file."""

import csv
import io

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotation.errors import NotVisible
from annotation.views.pages import ProjectPage, project_page
from qa.evaluation.charts import Plot
from qa.models import Release
from qa.services.releases import release_for
from qa.services.statistics import plot_for, statistics_for

_ASKS = frozenset({"release"})
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@require_safe
def statistics(request: HttpRequest, slug: str) -> HttpResponse:
    page = project_page(request, slug, parameters=_ASKS)
    release = _release(request, page)
    found = statistics_for(page.user, project=page.project, release=release)
    context = page.context(
        current="statistics",
        release=release,
        versions=Release.objects.visible_to(page.user).filter(project=page.project).values_list("version", flat=True),
        plots=found.plots,
        counted_at=found.counted_at,
    )
    return render(request, "qa/statistics/statistics.html", context)


@require_safe
def statistics_file(request: HttpRequest, slug: str, plot_file: str) -> HttpResponse:
    """`<name of a plot>.csv` or `.svg`."""
    page = project_page(request, slug, parameters=_ASKS)
    release = _release(request, page)
    name, _, ending = plot_file.rpartition(".")
    if ending not in ("csv", "svg"):
        raise NotVisible
    plot = plot_for(page.user, project=page.project, release=release, name=name)
    content, kind = (_csv(plot), "text/csv") if ending == "csv" else (plot.svg, "image/svg+xml")
    response = HttpResponse(content, content_type=f"{kind}; charset=utf-8")
    of = f"{page.project.slug}-{release.version}" if release else page.project.slug
    response["Content-Disposition"] = f'attachment; filename="{of}-{plot_file}"'
    return response


def _release(request: HttpRequest, page: ProjectPage) -> Release | None:
    """Raises NotVisible. An empty version is the project as it stands."""
    version = request.GET.get("release", "")
    return release_for(page.user, slug=page.project.slug, version=version) if version else None


def _csv(plot: Plot) -> str:
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\r\n")
    rows.writerow(plot.columns)
    rows.writerows([_harmless(cell) for cell in row] for row in plot.rows)
    return written.getvalue()


def _harmless(cell: object) -> object:
    """Names of models are written by others: no spreadsheet may take one for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
