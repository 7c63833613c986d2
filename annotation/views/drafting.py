"""Drafting, for administrators: runs before, while and after they go, the project's settings, and the ledger."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from annotation.drafting.budget import MICRO, micro_usd, price_of
from annotation.drafting.client import without_key
from annotation.drafting.prices import UnknownPrice
from annotation.errors import BadInput
from annotation.forms import BreakerForm, DraftingSettingsForm, NewRunForm, add_problems
from annotation.models import Breaker, Call, Clip, DraftingSettings, Job, JobStatus, Project, Run
from annotation.models.jobs import ON_THE_WAY
from annotation.services.drafted_captions import model_of, settings_of
from annotation.services.drafting import (
    RunProgress,
    cancel,
    change_drafting,
    close_breaker,
    make_run,
    pause,
    progress_of,
    resume,
    retry,
    run_for,
)
from annotation.services.estimates import MOST_COUNTED, Estimate, estimate
from annotation.services.ledger import accounts_of, cost_of, kind_words, last_calls, ledger_of
from annotation.views.pages import ProjectPage, page_or_partial, project_page, refuse_unknown_fields
from annotation.workflow import database_now

RUNS = 50
CLIPS_OF_A_REASON = 20
NO_KEY = "The installation has no ANTHROPIC_API_KEY, so no run can start."

REASONS: dict[str, tuple[str, str]] = {
    "budget": (
        "No money is left under a cap",
        "They go on by themselves when there is: the next day, or a higher cap.",
    ),
    "no_key": ("The workers have no key", "They go on by themselves when ANTHROPIC_API_KEY is set where workers run."),
    "breaker": ("The model's server refuses us", "They go on when an administrator closes the breaker."),
    "unavailable": ("The model, or the store of videos, did not answer", "It was tried several times."),
    "unknown": (
        "Sent, and no reply came back",
        "Nobody knows whether it was done and is billed; the reservation stays. Another try may be paid twice.",
    ),
    "outdated": ("Changed meanwhile", "The text, or the settings of drafting, are not what these jobs were made from."),
    "unknown_price": ("What the model costs is not known", "MODEL_PRICES can say it; then try again."),
    "media": ("The video cannot be sampled", "Trying again helps only if the clip's file is put right."),
    "not_json": ("What came back is no message", "Something other than the model answered."),
    "stop_reason": ("The model stopped early", "Cut short, or refused. The reply is kept; it is no draft."),
    "malformed": ("The reply is not what was asked for", "It is kept; it is no draft."),
    "too_large": ("The reply is too large", "Only its beginning is kept."),
    "bad_request": ("The model's server does not take the request", "It says why beside each clip."),
    "breaks_rules": ("Still breaks a rule after the repair", "The rules stand beside each clip."),
    "poison": ("It ended its worker", "It was tried several times. If a reply came, it is kept."),
}
"""A job's reason -> what it means, and what helps."""


@dataclass(frozen=True)
class RunState:
    """How a run stands: a word, a shape, a colour's class, and whether anything can change by itself."""

    label: str
    shape: str
    css: str
    is_over: bool
    is_moving: bool


@dataclass(frozen=True)
class RunRow:
    run: Run
    progress: RunProgress
    state: RunState

    @property
    def failed(self) -> int:
        counts = self.progress.counts
        return counts.get(JobStatus.FAILED, 0) + counts.get(JobStatus.UNKNOWN, 0)

    @property
    def done(self) -> int:
        return self.progress.counts.get(JobStatus.DONE, 0)


@dataclass(frozen=True)
class FailureGroup:
    """Jobs that gave nothing, or wait, for one reason. jobs: the first of them, with their clips."""

    reason: str
    title: str
    advice: str
    count: int
    jobs: list[Job]


@require_http_methods(["GET", "POST"])
def drafting(request: HttpRequest, slug: str) -> HttpResponse:
    """The runs, and a new one: asking by GET counts and estimates, POST starts it."""
    asks = frozenset({"kind", "limit", "is_batch"})
    page = project_page(request, slug, right="draft", parameters=asks)
    is_start = request.method == "POST"
    form = NewRunForm(request.POST if is_start else request.GET or None)
    found: Estimate | None = None
    if form.is_valid():
        wanted = {**form.cleaned_data, "project": page.project}
        try:
            if not is_start:
                found = estimate(**wanted)
            elif not settings.ANTHROPIC_API_KEY:
                form.add_error(None, NO_KEY)
            else:
                price_of(model_of(settings_of(page.project)), database_now().date())
                return redirect("drafting_run", slug, make_run(**wanted, user=page.user).pk)
        except BadInput as error:
            add_problems(form, error)
        except UnknownPrice as error:
            form.add_error(None, str(error))
    context = page.context(
        current="drafting",
        section="runs",
        form=form,
        asked=dict(form.cleaned_data) if found else None,
        estimate=found,
        most_counted=MOST_COUNTED,
        accounts=accounts_of(page.project, user=page.user),
        rows=_run_rows(page),
        **_model_context(page.project),
    )
    return render(request, "annotation/drafting/runs.html", context, status=400 if form.errors else 200)


@require_http_methods(["POST"])
def breaker(request: HttpRequest, slug: str) -> HttpResponse:
    """Close the breaker of a model that this project uses."""
    page = project_page(request, slug, right="draft")
    form = BreakerForm(request.POST)
    if not form.is_valid():
        raise BadInput({field: " ".join(map(str, errors)) for field, errors in form.errors.items()})
    model = form.cleaned_data["model"]
    if not _breakers(page.project, settings_of(page.project)).filter(pk=model).exists():
        raise BadInput({"model": "is not stopped"})
    close_breaker(model=model, user=page.user, project=page.project)
    messages.success(request, f"{model} may be called again; what waited for it goes on.")
    return redirect("drafting", slug)


@require_http_methods(["GET", "POST"])
def run(request: HttpRequest, slug: str, run_id: int) -> HttpResponse:
    """One run; htmx asks for its progress alone. POST: verb = pause | resume | cancel | retry (with its reason)."""
    page = project_page(request, slug, right="draft")
    found = run_for(page.user, slug=slug, run_id=run_id)
    if request.method == "POST":
        refuse_unknown_fields(request, frozenset({"verb", "reason"}))
        _change(request, page, found)
        return redirect("drafting_run", slug, run_id)
    progress = progress_of(found)
    context = page.context(
        current="drafting",
        section="",
        run=found,
        progress=progress,
        state=_state_of(found, progress),
        figures=_figures(progress),
        groups=_failure_groups(found, progress),
        cost=cost_of(found),
        accounts=[account for account in accounts_of(page.project, user=page.user) if account.is_used_up],
        now=database_now(),
        **_model_context(page.project, of_run=found),
    )
    return page_or_partial(request, "annotation/drafting/run.html", "progress", context)


@require_http_methods(["GET", "POST"])
def drafting_settings(request: HttpRequest, slug: str) -> HttpResponse:
    page = project_page(request, slug, right="draft")
    own = settings_of(page.project)
    form = DraftingSettingsForm(request.POST or None, initial=_initial(own))
    if request.method == "POST" and form.is_valid():
        fields = dict(form.cleaned_data)
        caps = {name: fields.pop(name) for name in ("cap_usd", "day_cap_usd")}
        money = {
            name.replace("usd", "micro_usd"): None if cap is None else micro_usd(cap) for name, cap in caps.items()
        }
        change_drafting(project=page.project, user=page.user, **fields, **money)
        messages.success(request, "Settings of drafting saved.")
        return redirect("drafting_settings", slug)
    context = page.context(
        current="drafting",
        section="settings",
        form=form,
        default_model=settings.DRAFTING_MODEL,
        control_clips=Clip.objects.standing().filter(project=page.project, is_control=True).count(),
        **_model_context(page.project),
    )
    return render(request, "annotation/drafting/settings.html", context, status=400 if form.errors else 200)


@require_safe
def ledger(request: HttpRequest, slug: str) -> HttpResponse:
    """12 queries however many calls there are (session, user, project, role twice; caps, accounts and the time;
    sums; approved captions and questions; the last calls)."""
    page = project_page(request, slug, right="draft")
    found = ledger_of(page.project)
    tables = [("Model", found.by_model), ("Prompt version", found.by_prompt), ("Kind", found.by_kind)]
    context = page.context(
        current="drafting",
        section="ledger",
        ledger=found,
        tables=tables,
        accounts=accounts_of(page.project, user=page.user),
        calls=[
            {"call": call, "kind": kind_words(call.job.kind), **_outcome(call)} for call in last_calls(page.project)
        ],
        today=datetime.now(UTC).date(),
    )
    return render(request, "annotation/drafting/ledger.html", context)


def _change(request: HttpRequest, page: ProjectPage, found: Run) -> None:
    """Raises BadInput for a verb that nobody knows, RightMissing, MoveNotAllowed."""
    verb = request.POST.get("verb", "")
    if verb == "retry":
        count = retry(run=found, user=page.user, reason=request.POST.get("reason", "")[:40])
        messages.success(request, f"{count:,} {'is' if count == 1 else 'are'} queued again.")
        return
    verbs = {"pause": pause, "resume": resume, "cancel": cancel}
    if verb not in verbs:
        raise BadInput({"verb": f"must be one of {', '.join([*verbs, 'retry'])}"})
    verbs[verb](run=found, user=page.user)


def _model_context(project: Project, *, of_run: Run | None = None) -> dict[str, Any]:
    """Whether the model can be called: has_key, model, price_problem, and the breakers that are not closed."""
    own = settings_of(project)
    model = of_run.model if of_run else model_of(own)
    try:
        price_of(model, database_now().date())
        price_problem = ""
    except UnknownPrice as error:
        price_problem = str(error)
    stopped = _breakers(project, own)
    return {
        "has_key": bool(settings.ANTHROPIC_API_KEY),
        "model": model,
        "price_problem": price_problem,
        "breakers": [
            {"breaker": one, "reason": without_key(one.reason), "is_open": one.status == Breaker.Status.OPEN}
            for one in (stopped.filter(pk=of_run.model) if of_run else stopped)
        ],
    }


def _breakers(project: Project, own: DraftingSettings) -> Any:
    """Not closed, of the model that the project uses or of one that its jobs wait for."""
    waiting = Job.objects.filter(status=JobStatus.PAUSED, reason="breaker", clip__project=project)
    models = {model_of(own), *waiting.values_list("model", flat=True).distinct()}
    return Breaker.objects.filter(pk__in=models).exclude(status=Breaker.Status.CLOSED).order_by("pk")


def _run_rows(page: ProjectPage) -> list[RunRow]:
    """The last runs with their counts: 2 queries."""
    runs = list(
        Run.objects.visible_to(page.user)
        .filter(project=page.project)
        .select_related("created_by")
        .order_by("-pk")[:RUNS]
    )
    counts: dict[int, dict[str, int]] = {one.pk: {} for one in runs}
    jobs = Job.objects.filter(run__in=runs).order_by()
    for run_id, status, count in jobs.values_list("run", "status").annotate(Count("pk")):
        counts[run_id][status] = count
    progresses = [(one, RunProgress(counts[one.pk], {})) for one in runs]
    return [RunRow(one, progress, _state_of(one, progress)) for one, progress in progresses]


def _state_of(one: Run, progress: RunProgress) -> RunState:
    is_over, on_the_way = progress.is_over, sum(progress.counts.get(status, 0) for status in ON_THE_WAY)
    if one.status == Run.Status.CANCELLED:
        return RunState("Cancelled", "cross", "state-waiting", is_over, not is_over)
    if is_over:
        return RunState("Over", "st-approved", "state-approved", True, False)
    if one.status == Run.Status.PAUSED:
        return RunState("Paused", "pause", "state-flagged", False, on_the_way > 0)
    if progress.counts.get(JobStatus.PAUSED, 0) == progress.total - progress.ended:
        return RunState("Held up", "triangle", "state-flagged", False, True)
    return RunState("Running", "st-editing", "state-editing", False, True)


def _figures(progress: RunProgress) -> list[dict[str, Any]]:
    """The counts that people ask for, in the order of a job's life; those that are rare only where there are any."""
    counts = progress.counts
    figures = [
        ("waiting", "Waiting", "st-waiting", counts.get(JobStatus.QUEUED, 0), True),
        ("on_the_way", "With the model", "llm", sum(counts.get(status, 0) for status in ON_THE_WAY), True),
        ("done", "Done", "st-approved", counts.get(JobStatus.DONE, 0), True),
        ("failed", "Failed", "st-failed", counts.get(JobStatus.FAILED, 0), True),
        ("unknown", "Outcome unknown", "info", counts.get(JobStatus.UNKNOWN, 0), False),
        ("paused", "Held up", "pause", counts.get(JobStatus.PAUSED, 0), False),
        ("cancelled", "Cancelled", "cross", counts.get(JobStatus.CANCELLED, 0), False),
    ]
    return [
        {"name": name, "label": label, "shape": shape, "count": count}
        for name, label, shape, count, is_always in figures
        if count or is_always
    ]


def _failure_groups(one: Run, progress: RunProgress) -> list[FailureGroup]:
    """The first clips of each reason: 1 query, none where nothing failed."""
    if not progress.failures:
        return []
    bad = Job.objects.filter(run=one, status__in=(JobStatus.FAILED, JobStatus.UNKNOWN, JobStatus.PAUSED))
    bad = bad.filter(clip__in=Clip.objects.standing())
    place = Window(RowNumber(), partition_by=F("reason"), order_by=F("pk").asc())
    first = bad.annotate(place=place).filter(place__lte=CLIPS_OF_A_REASON).select_related("clip").order_by("pk")
    jobs: dict[str, list[Job]] = {}
    for job in first:
        job.detail = without_key(job.detail)
        jobs.setdefault(job.reason, []).append(job)
    return [
        FailureGroup(reason, *REASONS.get(reason, (reason.replace("_", " "), "")), count, jobs.get(reason, []))
        for reason, count in progress.failures.items()
    ]


def _initial(own: DraftingSettings) -> dict[str, Any]:
    names = set(DraftingSettingsForm.base_fields) - {"cap_usd", "day_cap_usd"}
    caps = {"cap_usd": own.cap_micro_usd, "day_cap_usd": own.day_cap_micro_usd}
    dollars = {name: None if cap is None else f"{cap / MICRO:.2f}" for name, cap in caps.items()}
    return {**{name: getattr(own, name) for name in names}, **dollars}


def _outcome(call: Call) -> dict[str, Any]:
    """For a row of the ledger: what came of a call, its tokens and its money."""
    outcome = getattr(call, "outcome", None)
    if outcome is None:
        return {"label": "On the way", "shape": "st-editing", "css": "state-editing", "problem": ""}
    shapes = {
        "reply": ("st-approved", "state-approved"),
        "error": ("st-failed", "state-failed"),
        "not_sent": ("cross", "state-waiting"),
        "unknown": ("triangle", "state-flagged"),
    }
    shape, css = shapes[outcome.kind]
    tokens = (outcome.input_tokens, outcome.cache_write_tokens, outcome.cache_read_tokens)
    return {
        "label": outcome.get_kind_display(),
        "shape": shape,
        "css": css,
        "problem": without_key(outcome.problem),
        "http_status": outcome.http_status,
        "cost": outcome.cost_micro_usd,
        "input_tokens": None if outcome.input_tokens is None else sum(count or 0 for count in tokens),
        "output_tokens": outcome.output_tokens,
    }
