"""The thresholds of a project: those in force, what others would keep, and setting them.

What others would keep is one query over stored measurements; no frame is decoded for it.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, ExpressionWrapper, F, FloatField, Q, Value
from django.db.models.functions import Cast
from django.db.models.lookups import GreaterThanOrEqual

from annotation.access import require
from annotation.accumulation.screening import Thresholds
from annotation.models import Project, Scene, SourceVideo, ThresholdSet, User, VideoBatch
from annotation.outbox import enqueue
from annotation.states import Screened
from annotation.transactions import in_transaction

APPLY = "annotation.apply_thresholds"
_WHITE_SPACE = r"\t-\r\u001c- \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""What `str.strip` takes away; Postgres alone would go by the locale of its database."""


def in_force(project: Project) -> Thresholds:
    """1 query."""
    newest = ThresholdSet.objects.filter(project=project).order_by("pk").last()
    return Thresholds.from_json(newest.values) if newest else Thresholds()


@in_transaction
def set_thresholds(*, project: Project, user: User, values: dict[str, Any]) -> ThresholdSet | None:
    """From now on these decide; a worker decides all that is stored anew. None if they are in force already.

    Raises RightMissing, BadInput that names the field.
    """
    require(user, "configure", project=project)
    wanted = Thresholds.from_json(values)
    Project.objects.select_for_update().get(pk=project.pk)
    if wanted == in_force(project):
        return None
    made = ThresholdSet.objects.create(project=project, values=wanted.to_json(), created_by=user)
    enqueue(APPLY, args=[made.pk], queue="default")
    return made


@dataclass(frozen=True)
class Preview:
    """Of the scenes that are measured, how many thresholds would keep, and how many are decided otherwise now."""

    kept: int
    of: int
    changes: int


def preview(project: Project, thresholds: Thresholds, *, batch: VideoBatch | None = None) -> Preview:
    """3 queries over the scenes of a project or batch, each answered by an index alone."""
    scenes = Scene.objects.filter(project=project)
    if batch is not None:
        scenes = scenes.filter(batch=batch)
    kept_now = Q(state=Screened.KEPT)
    would = scenes.filter(keeps(thresholds, project=project)).aggregate(
        kept=Count("*"), as_now=Count("state", filter=kept_now)
    )
    kept, changes = would["kept"], would["kept"] + scenes.filter(kept_now).count() - 2 * would["as_now"]
    return Preview(kept, scenes.count(), changes)


def keeps(thresholds: Thresholds, *, project: Project) -> Q:
    """Which scenes of a project are kept: what `decide_video` and `decide_scene` say, and people by hand."""
    by_hand = Q(by_hand__isnull=False)
    # The videos by themselves: they are few, and their descriptions long.
    videos = SourceVideo.objects.filter(_video_passes(thresholds), project=project).values("pk")
    decided = _scene_passes(thresholds) & Q(video__in=videos)
    return (by_hand & Q(state=Screened.KEPT)) | (~by_hand & decided)


def _video_passes(wanted: Thresholds) -> Q:
    passes = Q(
        width__gte=wanted.min_side,
        height__gte=wanted.min_side,
        fps__gte=wanted.min_fps,
        duration_ms__range=(wanted.video_min_ms, wanted.video_max_ms),
    )
    blank = Q(description__regex=f"^[{_WHITE_SPACE}]*$")
    if wanted.needs_description:
        passes &= ~blank
    if wanted.needs_action_verb:
        passes &= ~Q(verbs=[]) | blank
    return passes


def _scene_passes(wanted: Thresholds) -> Q:
    frames: Any = F(f"people_frames__{wanted.people_min - 1}")
    passes = Q(
        length_ms__range=(wanted.scene_min_ms, wanted.scene_max_ms),
        samples__gt=0,
        area__gte=wanted.area_min,
        motion__gte=wanted.motion_min,
    )
    if wanted.people_max is not None:
        frames = frames - F(f"people_frames__{wanted.people_max}")
    needed = ExpressionWrapper(Value(wanted.people_share) * Cast(F("samples"), FloatField()), output_field=FloatField())
    return passes & Q(GreaterThanOrEqual(Cast(frames, FloatField()), needed))
