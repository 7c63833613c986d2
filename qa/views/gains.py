"""What training brought a model: its scores on several benchmarks, beside those of what it was made of."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from annotation.errors import BadInput
from annotation.views.pages import ProjectPage, project_page
from qa.evaluation.gains import GainTable, Score, gain_table, gains_file
from qa.evaluation.text_tables import FILE_KINDS, file_kind
from qa.models import BenchmarkScore
from qa.views.evaluation import FILE_LABELS

NOTHING = GainTable("", "", ())
PARAMETERS = frozenset({"baseline", "tuned"})


@require_safe
def gains(request: HttpRequest, slug: str) -> HttpResponse:
    page = project_page(request, slug, parameters=PARAMETERS)
    scores = _scores(page)
    models = sorted({one.model for one in scores}, key=lambda name: (name.casefold(), name))
    baseline, tuned = request.GET.get("baseline", ""), request.GET.get("tuned", "")
    table, problem = None, ""
    if baseline or tuned:
        try:
            table = _table(scores, baseline, tuned)
        except BadInput as error:
            problem = error.message
    context = page.context(
        current="evaluation",
        models=models,
        baseline=baseline,
        tuned=tuned,
        table=table,
        problem=problem,
        files=[(name, FILE_LABELS[name]) for name in FILE_KINDS],
        query=urlencode({"baseline": baseline, "tuned": tuned}),
    )
    return render(request, "qa/gains.html", context, status=400 if problem else 200)


@require_safe
def gains_table_file(request: HttpRequest, slug: str, file_format: str) -> HttpResponse:
    page = project_page(request, slug, parameters=PARAMETERS)
    kind = file_kind(file_format)
    asked = {name: request.GET.get(name, "") for name in ("baseline", "tuned")}
    table = _table(_scores(page), **asked) if any(asked.values()) else NOTHING
    headers = {"Content-Disposition": f'attachment; filename="{slug}-gains.{kind.ending}"'}
    return HttpResponse(gains_file(table, file_format), content_type=kind.content_type, headers=headers)


def _scores(page: ProjectPage) -> list[Score]:
    rows = BenchmarkScore.objects.filter(project=page.project)
    return [Score(one.benchmark, one.model, one.percent) for one in rows]


def _table(scores: list[Score], baseline: str, tuned: str) -> GainTable:
    """Raises BadInput, also for a model of which no score is there."""
    known = {one.model for one in scores}
    for field, name in (("baseline", baseline), ("tuned", tuned)):
        if name not in known:
            raise BadInput({field: "has no score here"})
    return gain_table(scores, baseline=baseline, tuned=tuned)
