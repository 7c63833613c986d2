"""How many videos and scenes each filter left, what was measured, and the scenes themselves: all from stored rows."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet

from annotation.accumulation.screening import COUNTED_PEOPLE, REASONS, Stage, Thresholds
from annotation.errors import BadInput, NotVisible
from annotation.models import Project, Scene, SourceVideo, User, VideoBatch
from annotation.states import Screened

PAGE = 48
VIDEO_PAGE = 50
BINS = 20
NO_STAGE = "hand"
STAGES = {
    Stage.METADATA: "Metadata filter",
    Stage.SCENES: "Scene split",
    Stage.EXISTENCE: "People filter",
    Stage.ACTION: "Action filter",
}


@dataclass(frozen=True)
class Step:
    """One filter: how many came to it, how many it left, why it dropped the others. In scenes, but for metadata."""

    stage: str
    label: str
    came: int
    left: int
    reasons: dict[str, int]

    @property
    def rate(self) -> float | None:
        return self.left / self.came if self.came else None


@dataclass(frozen=True)
class Funnel:
    """videos: listed; waiting: not measured yet; refused: cannot be read, dropped by the first step.

    by_hand: scenes that a person dropped, in no step; kept: scenes at the end, those kept by hand among them.
    """

    videos: int
    waiting: int
    sources: int
    licenses: int
    steps: list[Step]
    scenes: int
    by_hand: int
    kept: int
    cut: Counter[str] = field(default_factory=Counter)


def batch_for(user: User, *, project: Project, batch_id: int) -> VideoBatch:
    """Raises NotVisible."""
    batch = VideoBatch.objects.visible_to(user).filter(project=project, pk=batch_id).first()
    if batch is None:
        raise NotVisible
    return batch


def scene_for(user: User, *, project: Project, scene_id: int) -> Scene:
    """Raises NotVisible."""
    found = Scene.objects.visible_to(user).select_related("project", "video", "clip", "by_hand", "near__video")
    scene = found.filter(project=project, pk=scene_id).first()
    if scene is None:
        raise NotVisible
    return scene


def funnel_of(project: Project, batch: VideoBatch | None = None) -> Funnel:
    """Of a project or one batch. 3 queries."""
    videos, scenes = _of(SourceVideo, project, batch), _of(Scene, project, batch)
    listed = videos.aggregate(
        all=Count("pk"),
        waiting=Count("pk", filter=Q(state="")),
        sources=Count("source", distinct=True, filter=~Q(source="")),
        licenses=Count("license", distinct=True, filter=~Q(license="")),
    )
    dropped = Counter(
        dict(videos.filter(state=Screened.DROPPED).values_list("reason").annotate(Count("pk")).order_by("reason"))
    )
    decided = listed["all"] - listed["waiting"]
    passed = decided - sum(dropped.values())
    counts, cut = Counter[tuple[str, str]](), Counter[str]()
    groups = scenes.values_list("stage", "reason", "cut").annotate(n=Count("pk")).order_by()
    for stage, reason, how_far, count in groups:
        counts[stage, reason] += count
        if how_far:
            cut[how_far] += count
    # Scenes of a video that metadata dropped never came to the scene split.
    of_dropped = sum(count for (stage, _), count in counts.items() if stage == Stage.METADATA)
    left = all_scenes = sum(counts.values()) - of_dropped
    by_hand = sum(count for (stage, _), count in counts.items() if stage == NO_STAGE)
    left -= by_hand
    steps = [Step(Stage.METADATA, STAGES[Stage.METADATA], decided, passed, dict(dropped))]
    for step in (Stage.SCENES, Stage.EXISTENCE, Stage.ACTION):
        reasons = {reason: count for (at, reason), count in counts.items() if at == step}
        steps.append(Step(step, STAGES[step], left, left - sum(reasons.values()), reasons))
        left -= sum(reasons.values())
    return Funnel(
        videos=listed["all"],
        waiting=listed["waiting"],
        sources=listed["sources"],
        licenses=listed["licenses"],
        steps=steps,
        scenes=all_scenes,
        by_hand=by_hand,
        kept=left,
        cut=cut,
    )


@dataclass(frozen=True)
class Histogram:
    """counts: scenes in bins of equal width from low to high; what lies outside is in the first or the last."""

    low: float
    high: float
    counts: list[int]


_HOLDING = " + ".join(f"(people_frames[{k}] >= %(share)s::float8 * samples)::int" for k in range(1, COUNTED_PEOPLE + 1))
HISTOGRAMS: dict[str, tuple[str, float, float, int]] = {
    "length": ("length_ms / 1000::float8", 0, 60, BINS),
    "people": (f"CASE WHEN samples > 0 THEN {_HOLDING} ELSE 0 END", 0, COUNTED_PEOPLE, COUNTED_PEOPLE),
    "share": ("coalesce(people_frames[%(least)s]::float8 / nullif(samples, 0), 0)", 0, 1, BINS),
    "area": ("area", 0, 0.4, BINS),
    "motion": ("motion", 0, 0.4, BINS),
}
"""Name -> what is counted, from, to, bins. people: the most that enough of the sampled frames hold. share: of the
sampled frames, how many hold people enough. Enough is what the thresholds in force say."""


def histograms_of(project: Project, thresholds: Thresholds, batch: VideoBatch | None = None) -> dict[str, Histogram]:
    """1 query over the scenes of a project or batch."""
    bins = ", ".join(
        f"least(greatest(width_bucket({value}, {low}::float8, {high}::float8, {number}), 1), {number})"
        for value, low, high, number in HISTOGRAMS.values()
    )
    names = ", ".join(f"'{name}'" for name in HISTOGRAMS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT name, bin, count(*) FROM (SELECT unnest(ARRAY[{names}]) AS name, unnest(ARRAY[{bins}]) AS bin"  # noqa: S608
            f" FROM annotation_scene WHERE project_id = %(project)s{' AND batch_id = %(batch)s' if batch else ''})"
            " AS measured GROUP BY name, bin",
            {
                "project": project.pk,
                "batch": batch.pk if batch else None,
                "share": thresholds.people_share,
                "least": thresholds.people_min,
            },
        )
        counts = {(name, place): count for name, place, count in cursor.fetchall()}
    return {
        name: Histogram(low, high, [counts.get((name, place), 0) for place in range(1, number + 1)])
        for name, (_, low, high, number) in HISTOGRAMS.items()
    }


@dataclass(frozen=True)
class ScenePage:
    """after: the number to ask for the next page with, None at the end."""

    scenes: Sequence[Scene]
    after: int | None


def scenes_of(
    project: Project,
    batch: VideoBatch | None = None,
    *,
    show: str = "all",
    stage: str = "",
    reason: str = "",
    after: int = 0,
) -> ScenePage:
    """show: all, kept or dropped; stage and reason: why dropped. In the order they came. 1 query. Raises BadInput."""
    if show not in ("all", "kept", "dropped"):
        raise BadInput({"show": "must be all, kept or dropped"})
    if stage and stage not in [*STAGES, NO_STAGE]:
        raise BadInput({"stage": "is none of the stages"})
    scenes = _of(Scene, project, batch).filter(pk__gt=after)
    if show != "all":
        scenes = scenes.filter(state=show)
    if stage:
        scenes = scenes.filter(stage=stage)
    if reason:
        scenes = scenes.filter(reason=reason)
    found = list(scenes.select_related("video", "clip", "by_hand", "near__video").order_by("pk")[: PAGE + 1])
    return ScenePage(found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None)


@dataclass(frozen=True)
class VideoPage:
    """after: the number to ask for the next page with, None at the end."""

    videos: Sequence[SourceVideo]
    after: int | None


def dropped_videos_of(
    project: Project, batch: VideoBatch | None = None, *, reason: str = "", after: int = 0
) -> VideoPage:
    """Those that metadata dropped, and those that cannot be read, in the order they came. 1 query."""
    videos = _of(SourceVideo, project, batch).filter(state=Screened.DROPPED, pk__gt=after)
    if reason:
        videos = videos.filter(reason=reason)
    found = list(videos.order_by("pk")[: VIDEO_PAGE + 1])
    return VideoPage(found[:VIDEO_PAGE], found[VIDEO_PAGE - 1].pk if len(found) > VIDEO_PAGE else None)


def words_of(reason: str) -> str:
    """A reason as people read it; the code itself for refusals of files."""
    return REASONS[reason][1] if reason in REASONS else reason.replace("_", " ")


def _of(model: Any, project: Project, batch: VideoBatch | None) -> QuerySet[Any]:
    rows: QuerySet[Any] = model.objects.filter(project=project)
    return rows if batch is None else rows.filter(batch=batch)
