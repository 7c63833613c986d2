"""Accumulation: how many videos and scenes each filter left, the thresholds, and the scenes, kept and dropped."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from annotation.accumulation.screening import REASONS, Stage, Thresholds
from annotation.errors import BadInput
from annotation.forms import ThresholdsForm
from annotation.models import Scene, VideoBatch
from annotation.services import scene_decisions, thresholds
from annotation.services.funnel import (
    NO_STAGE,
    STAGES,
    Funnel,
    Step,
    batch_for,
    dropped_videos_of,
    funnel_of,
    histograms_of,
    scene_for,
    scenes_of,
    words_of,
)
from annotation.services.video_uploads import arriving_in
from annotation.text import checked_text
from annotation.views.pages import ProjectPage, page_or_partial, project_page, refuse_unknown_fields
from annotation.views.scene_cards import cards_of
from annotation.views.threshold_rows import rows_of

BATCHES = 100
_FILTERS = frozenset({"batch", "stage", "reason", "show", "after", "videos_after"})
_METADATA_FIELDS = (
    "min_side",
    "min_fps",
    "video_min_s",
    "video_max_s",
    "needs_description",
    "needs_action_verb",
)
_SHOWN = {"all": "All", "kept": "Kept", "dropped": "Dropped"}


@dataclass(frozen=True)
class Filters:
    """What the page's address asks for. after, videos_after: 0 at the beginning."""

    batch: VideoBatch | None = None
    stage: str = ""
    reason: str = ""
    show: str = "all"
    after: int = 0
    videos_after: int = 0

    def query(self, **changes: Any) -> str:
        """The address's query with changes, `?` before it; at the beginning again unless the changes say where."""
        wanted: dict[str, Any] = {
            "batch": self.batch.pk if self.batch else "",
            "stage": self.stage,
            "reason": self.reason,
            "show": self.show,
            **changes,
        }
        if wanted["show"] == "all":
            del wanted["show"]
        return f"?{urlencode({name: value for name, value in wanted.items() if value})}"

    @property
    def here(self) -> str:
        return self.query(after=self.after, videos_after=self.videos_after)


@never_cache
@require_http_methods(["GET", "POST"])
def accumulation(request: HttpRequest, slug: str) -> HttpResponse:
    """The page; htmx asks for more scenes alone. POST sets thresholds.

    18 queries however many scenes there are (session, user, project, role twice; batches, uploads; videos twice and
    scenes for the funnel; histograms; thresholds; what they would keep thrice; the scenes of the page; notifications;
    savepoints of none), one more for a chosen batch and one for dropped videos.
    """
    page = project_page(request, slug, right="add_clips", parameters=_FILTERS)
    filters = _filters(request, page)
    saved = thresholds.in_force(page.project)
    said = request.POST if request.method == "POST" else None
    form = ThresholdsForm(said, initial=ThresholdsForm.of(saved.to_json()))
    if request.method == "POST" and _is_saved(request, page, form):
        return redirect(f"{reverse('accumulation', args=[slug])}{filters.here}")
    context = _context(page, filters, form, saved)
    if form.errors:
        return render(request, "annotation/accumulation/page.html", context, status=400)
    return page_or_partial(request, "annotation/accumulation/page.html", "scenes", context)


@never_cache
@require_safe
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """`{"kept", "of", "changes"}`: what thresholds would keep; those in force if none are asked about."""
    names = frozenset(ThresholdsForm.base_fields)
    page = project_page(request, slug, right="add_clips", parameters=names | {"batch"})
    batch = _batch(request, page)
    wanted = _asked(request) if names & set(request.GET) else thresholds.in_force(page.project)
    found = thresholds.preview(page.project, wanted, batch=batch)
    return JsonResponse({"kept": found.kept, "of": found.of, "changes": found.changes})


@require_http_methods(["POST"])
def scene(request: HttpRequest, slug: str, scene_id: int) -> HttpResponse:
    """POST: verb = keep | drop (with a reason) | undo."""
    page = project_page(request, slug, right="configure", parameters=_FILTERS)
    filters = _filters(request, page)
    found = scene_for(page.user, project=page.project, scene_id=scene_id)
    refuse_unknown_fields(request, frozenset({"verb", "reason"}))
    verb, reason = request.POST.get("verb", ""), request.POST.get("reason", "")
    name = f"{found.video.video_id} #{found.number}"
    if verb == "keep":
        scene_decisions.keep_by_hand(scene=found, user=page.user, reason=reason)
        messages.success(request, f"{name} is kept, whatever it measures.")
    elif verb == "drop":
        scene_decisions.drop_by_hand(scene=found, user=page.user, reason=reason)
        messages.success(request, f"{name} is dropped, whatever it measures.")
    elif verb == "undo":
        decided = scene_decisions.by_thresholds_again(scene=found, user=page.user)
        messages.success(request, f"The thresholds decide about {name} again: {words_of(decided.reason) or 'kept'}.")
    else:
        raise BadInput({"verb": "must be one of keep, drop, undo"})
    return redirect(f"{reverse('accumulation', args=[slug])}{filters.here}#scene-{found.pk}")


def _is_saved(request: HttpRequest, page: ProjectPage, form: ThresholdsForm) -> bool:
    """Whether the thresholds are set; if not, the form holds what is wrong."""
    if not form.is_valid():
        return False
    try:
        made = thresholds.set_thresholds(project=page.project, user=page.user, values=form.values())
    except BadInput as error:
        form.add_refusal(error)
        return False
    if made is None:
        messages.info(request, "These thresholds are in force already.")
    else:
        messages.success(request, "Thresholds saved. The decisions follow in a moment; no video is decoded for them.")
    return True


def _asked(request: HttpRequest) -> Thresholds:
    """The thresholds of an address. Raises BadInput."""
    form = ThresholdsForm(request.GET)
    if not form.is_valid():
        raise BadInput({field: " ".join(map(str, errors)) for field, errors in form.errors.items()})
    return Thresholds.from_json(form.values())


def _filters(request: HttpRequest, page: ProjectPage) -> Filters:
    """Raises BadInput, NotVisible for a batch that is not there."""
    said = request.GET
    stage, reason, show = said.get("stage", ""), said.get("reason", ""), said.get("show", "") or "all"
    if stage and stage not in [*STAGES, NO_STAGE]:
        raise BadInput({"stage": "is none of the stages"})
    if show not in _SHOWN:
        raise BadInput({"show": "must be all, kept or dropped"})
    checked_text(reason, field="reason", most=40)
    return Filters(
        _batch(request, page), stage, reason, show, _number(request, "after"), _number(request, "videos_after")
    )


def _batch(request: HttpRequest, page: ProjectPage) -> VideoBatch | None:
    number = _number(request, "batch")
    return batch_for(page.user, project=page.project, batch_id=number) if number else None


def _number(request: HttpRequest, name: str) -> int:
    value = request.GET.get(name, "") or "0"
    if not (value.isascii() and value.isdecimal()) or len(value) > 18:
        raise BadInput({name: "must be a whole number"})
    return int(value)


def _context(page: ProjectPage, filters: Filters, form: ThresholdsForm, saved: Thresholds) -> dict[str, Any]:
    project, batch = page.project, filters.batch
    found = funnel_of(project, batch)
    shown = scenes_of(
        project, batch, show=filters.show, stage=filters.stage, reason=filters.reason, after=filters.after
    )
    kept = thresholds.preview(project, saved, batch=batch)
    is_metadata = filters.stage == Stage.METADATA
    return page.context(
        current="accumulation",
        filters=filters,
        arriving=arriving_in(project),
        batches=VideoBatch.objects.visible_to(page.user).filter(project=project)[:BATCHES],
        funnel=found,
        steps=_steps(found, filters),
        unreadable=sum(count for reason, count in found.steps[0].reasons.items() if reason not in REASONS),
        cutting=found.cut[Scene.Cut.QUEUED] + found.cut[Scene.Cut.WORKING],
        form=form,
        rows=rows_of(form, histograms_of(project, saved, batch)),
        metadata_fields=[form[name] for name in _METADATA_FIELDS],
        metadata_errors=bool(set(_METADATA_FIELDS) & set(form.errors)),
        preview=kept,
        cards=cards_of(shown.scenes, saved),
        more=filters.query(after=shown.after) if shown.after else "",
        videos=_videos(page, filters) if is_metadata else None,
        queries={
            "here": filters.query(),
            "all": filters.query(stage="", reason=""),
            "by_hand": filters.query(stage=NO_STAGE, reason="", show="dropped"),
            "metadata": filters.query(stage=Stage.METADATA, reason="", show="dropped"),
        },
        stages=[(stage.value, label) for stage, label in STAGES.items()],
        reasons=_reasons(found),
        shows=[
            {"label": label, "query": filters.query(show=show), "current": show == filters.show}
            for show, label in _SHOWN.items()
        ],
    )


def _steps(found: Funnel, filters: Filters) -> list[dict[str, Any]]:
    """The stages as the top of the page shows them: label, query, count, rate, dropped, percent, current."""
    said = [_plural(found.sources, "source"), _plural(found.licenses, "licence")]
    first = {
        "label": "Videos listed",
        "query": filters.query(stage="", reason="", show=""),
        "count": found.videos,
        "rate": ", ".join(words for words in said if words),
        "dropped": "",
        "percent": 100,
        "current": False,
    }
    return [first, *(_step(step, found, filters) for step in found.steps)]


def _step(step: Step, found: Funnel, filters: Filters) -> dict[str, Any]:
    percent = 0.0 if step.rate is None else step.rate * 100
    rate = f"{percent:.1f} % kept of {step.came:,}" if step.came else "nothing came here"
    if step.stage == Stage.SCENES and found.steps[0].left:
        rate += f", {step.came / found.steps[0].left:.1f} a video"
    dropped = ", ".join(f"{count:,} {words_of(reason)}" for reason, count in _often_first(step.reasons))
    return {
        "label": step.label,
        "query": filters.query(stage=step.stage, reason="", show="dropped"),
        "count": step.left,
        "rate": rate,
        "dropped": f"dropped: {dropped}" if dropped else "",
        "percent": round(percent, 1),
        "current": step.stage == filters.stage,
    }


def _reasons(found: Funnel) -> list[tuple[str, str]]:
    """What dropped something, with its number."""
    return [
        (reason, f"{words_of(reason)} ({count:,})")
        for step in found.steps
        for reason, count in _often_first(step.reasons)
    ]


def _often_first(reasons: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(reasons.items(), key=lambda one: (-one[1], one[0]))


def _videos(page: ProjectPage, filters: Filters) -> dict[str, Any]:
    found = dropped_videos_of(page.project, filters.batch, reason=filters.reason, after=filters.videos_after)
    rows = [{"video": video, "reason": words_of(video.reason)} for video in found.videos]
    return {"rows": rows, "more": filters.query(videos_after=found.after) if found.after else ""}


def _plural(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}" if count else ""
