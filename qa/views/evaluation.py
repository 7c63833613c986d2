"""The leaderboard of a release: what models scored, in the paper's order; and asking another model."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from annotation.access import require
from annotation.errors import BadInput, NotVisible
from annotation.forms import add_problems
from annotation.services.drafted_captions import model_of, settings_of
from annotation.views.pages import ProjectPage, project_page, refuse_unknown_parameters
from qa.evaluation.figures import COLUMNS
from qa.evaluation.leak_measures import MEASURES
from qa.evaluation.leak_summary import ALL
from qa.evaluation.published import haic_table_2
from qa.evaluation.settings import CAPTIONS_OF, DEFINITIONS, FROM_CAPTION
from qa.evaluation.table_files import table_file
from qa.evaluation.tables import AVERAGE, HEADINGS, PERCENTS, Table, table_of
from qa.evaluation.text_tables import FILE_KINDS, file_kind
from qa.forms import EvaluationForm
from qa.models import EvaluationRun, Release, ReleaseKind, Setting
from qa.services.evaluation import Wish, checked_wish, start_run
from qa.services.evaluation_estimates import EvaluationEstimate, estimate_run
from qa.services.leak_figures import leak_figures
from qa.services.run_figures import counted_at, rows_of

PARAMETERS = frozenset({"release", "setting", "sort", "order", "published"})
NOW = "now"
"""In the place of a release: what was approved when a run was made."""
LAST_RUNS = 30
FILE_LABELS = {"csv": "CSV", "markdown": "Markdown", "latex": "LaTeX"}
PEOPLE = {"1": "1 person", "2": "2 people", "3+": "3 or more", "0": "nobody named"}


@dataclass(frozen=True)
class Choice:
    """What somebody looks at. release: None for runs on what was approved."""

    release: Release | None
    setting: Setting
    sort: str
    descending: bool
    with_published: bool

    def query(self, **changes: str) -> str:
        asked = {
            "release": self.release.version if self.release else NOW,
            "setting": self.setting.value,
            "sort": self.sort,
            "order": "down" if self.descending else "up",
            **({"published": "1"} if self.with_published else {}),
        }
        return "?" + urlencode({name: value for name, value in {**asked, **changes}.items() if value})


@dataclass(frozen=True)
class RunLine:
    """answered, asked: tries of questions."""

    run: EvaluationRun
    answered: int
    asked: int
    is_whole: bool


@require_http_methods(["GET", "POST"])
def evaluation(request: HttpRequest, slug: str) -> HttpResponse:
    page = project_page(request, slug, parameters=PARAMETERS)
    choice = _choice(page, request)
    form = EvaluationForm(request.POST or None, initial=_usual(page, choice))
    form.fields["release"].choices = [  # type: ignore[attr-defined]
        (NOW, "what is approved now"),
        *((one.version, one.version) for one in _benchmarks(page)),
    ]
    estimate: EvaluationEstimate | None = None
    if request.method == "POST" and form.is_valid():
        try:
            release, wish = _wish(page, form.cleaned_data)
            if request.POST.get("verb") == "estimate":
                require(page.user, "evaluate", project=page.project)
                estimate = estimate_run(project=page.project, release=release, wish=wish)
            else:
                run = start_run(project=page.project, user=page.user, release=release, wish=wish)
                return redirect("evaluation_run", slug, run.uid)
        except BadInput as error:
            add_problems(form, error)
    table = _table(page, choice)
    context = page.context(
        current="evaluation",
        choice=choice,
        table=table,
        releases=_benchmarks(page),
        now=NOW,
        settings=[(one, DEFINITIONS[one]) for one in Setting],
        columns=_columns(choice),
        files=[(name, FILE_LABELS[name]) for name in FILE_KINDS],
        **_by_people(table),
        **_leaks(page, choice),
        runs=_runs(page),
        as_of=counted_at(line.row for line in table.lines),
        may_ask=page.may("evaluate"),
        may_decide=page.may("review"),
        form=form,
        estimate=estimate,
    )
    return render(request, "qa/evaluation.html", context, status=400 if form.errors else 200)


@require_safe
def evaluation_file(request: HttpRequest, slug: str, file_format: str) -> HttpResponse:
    page = project_page(request, slug, parameters=PARAMETERS)
    choice = _choice(page, request)
    kind = file_kind(file_format)
    name = f"{slug}-{choice.release.version if choice.release else NOW}-{choice.setting}.{kind.ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(table_file(_table(page, choice), file_format), content_type=kind.content_type, headers=headers)


def _choice(page: ProjectPage, request: HttpRequest) -> Choice:
    """Raises BadInput, NotVisible."""
    refuse_unknown_parameters(request, PARAMETERS)
    asked, benchmarks = request.GET, _benchmarks(page)
    wanted = asked.get("release") or (benchmarks[0].version if benchmarks else NOW)
    release = next((one for one in benchmarks if one.version == wanted), None)
    if release is None and wanted != NOW:
        raise NotVisible
    setting = asked.get("setting") or Setting.CAPTION.value
    if setting not in Setting.values:
        raise BadInput({"setting": f"must be one of {', '.join(Setting.values)}"})
    return Choice(
        release=release,
        setting=Setting(setting),
        sort=asked.get("sort") or AVERAGE,
        descending=asked.get("order") != "up",
        with_published=asked.get("published") == "1",
    )


def _benchmarks(page: ProjectPage) -> list[Release]:
    releases = Release.objects.visible_to(page.user).filter(project=page.project, kind=ReleaseKind.BENCHMARK)
    return list(releases.order_by("-frozen_at"))


def _table(page: ProjectPage, choice: Choice) -> Table:
    rows = rows_of(page.project, choice.release)
    if choice.with_published:
        rows += haic_table_2()
    return table_of(rows, setting=choice.setting, by=choice.sort, descending=choice.descending)


def _columns(choice: Choice) -> list[dict[str, Any]]:
    """name, label, the query that sorts by it, and how it is sorted now: "descending", "ascending" or ""."""
    found = []
    for name, label in HEADINGS.items():
        is_sorted = name == choice.sort
        other_way = "up" if is_sorted and choice.descending else "down"
        now = ("descending" if choice.descending else "ascending") if is_sorted else ""
        query = choice.query(sort=name, order=other_way)
        found.append({"name": name, "label": label, "query": query, "sorted": now, "is_number": name in PERCENTS})
    return found


def _by_people(table: Table) -> dict[str, Any]:
    """Shares by people in the clip, in the order of PEOPLE as far as there are some; of runs measured here."""
    shown = [line.row for line in table.lines if line.row.figures.by_people]
    names = [name for name in PEOPLE if any(name in row.figures.by_people for row in shown)]
    return {
        "people": [{"row": row, "shares": [row.figures.by_people.get(name) for name in names]} for row in shown],
        "people_columns": [PEOPLE[name] for name in names],
    }


def _leaks(page: ProjectPage, choice: Choice) -> dict[str, Any]:
    """A row a measure of which something is known, with its mean over all and over each category. 1 query."""
    found = leak_figures(page.project, choice.release)
    if found is None:
        return {"leaks": [], "leaks_at": None}
    summary, at = found
    scopes = [ALL, *COLUMNS]
    rows = [
        {"measure": MEASURES[name], "all": means[ALL], "means": [means.get(scope) for scope in scopes]}
        for name, means in summary.items()
        if means
    ]
    return {"leaks": rows, "leaks_at": at, "leak_columns": ["All", *(one.label for one in COLUMNS)]}


def _runs(page: ProjectPage) -> list[RunLine]:
    """The last ones. 1 query: what is answered is read as it was counted last, at most a minute ago."""
    runs = EvaluationRun.objects.visible_to(page.user).filter(project=page.project)
    return [_line(run) for run in runs.select_related("release", "counted").order_by("-pk")[:LAST_RUNS]]


def _line(run: EvaluationRun) -> RunLine:
    counted = getattr(run, "counted", None)
    answered, asked = counted.answered if counted else 0, run.questions * run.tries
    is_whole = run.answering_id is None or (run.put_due is None and 0 < asked == answered)
    return RunLine(run, answered, asked, is_whole)


def _usual(page: ProjectPage, choice: Choice) -> dict[str, Any]:
    own = settings_of(page.project)
    return {
        "release": choice.release.version if choice.release else NOW,
        "setting": choice.setting.value,
        "judge": model_of(own),
        "frames": own.frames,
        "tries": 1,
    }


def _wish(page: ProjectPage, said: dict[str, Any]) -> tuple[Release | None, Wish]:
    """What does not fit the setting is left out of the wish: the form has a field for each."""
    release = next((one for one in _benchmarks(page) if one.version == said["release"]), None)
    setting = said["setting"]
    wish = checked_wish(
        setting=setting,
        model=said["model"] if setting not in CAPTIONS_OF else "",
        judge=said["judge"] if setting in FROM_CAPTION else "",
        frames=said["frames"],
        tries=said["tries"],
        is_batch=said["is_batch"],
        limit=said["limit"],
    )
    return release, wish
