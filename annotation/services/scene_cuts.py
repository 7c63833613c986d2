"""Kept scenes become clips: cut out of their video by a job, with sound, subtitles and where they come from."""

import logging
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.db.models import F, Q, QuerySet

from annotation.accumulation.contained import ChildFailed
from annotation.accumulation.cutting_alone import cut_contained
from annotation.accumulation.limits import RAW_LIMITS, Refused
from annotation.accumulation.subtitles import shifted_subtitles
from annotation.accumulation.transcode import prepare
from annotation.errors import BadInput, NoRoom, StoreAway
from annotation.models import Clip, Scene
from annotation.outbox import enqueue
from annotation.services.clips import ClipFacts, add_clip, find_same, sha256_of
from annotation.services.thresholds import in_force
from annotation.states import Screened
from annotation.stored_files import copy_to, working_folder
from annotation.transactions import in_transaction
from annotation.workflow import database_now

CUT = "annotation.cut_scene"
PAUSE = timedelta(minutes=1)
MOST_ATTEMPTS = 5
SWEPT_AT_ONCE = 20

logger = logging.getLogger(__name__)


def want_cut(scene: Scene) -> None:
    """Ask a worker for its clip. The caller holds the scene's lock in a transaction."""
    if scene.cut in (Scene.Cut.QUEUED, Scene.Cut.WORKING):
        return
    if scene.video.withdrawn_at is not None:
        scene.cut, scene.cut_detail = Scene.Cut.FAILED, "Its raw video is not here any more: it was withdrawn."
        scene.save(update_fields=["cut", "cut_detail"])
        return
    scene.cut, scene.cut_detail, scene.cut_attempt, scene.cut_lease_until = Scene.Cut.QUEUED, "", 0, None
    scene.save(update_fields=["cut", "cut_detail", "cut_attempt", "cut_lease_until"])
    enqueue(CUT, args=[scene.pk], queue="video")


def unwant_cut(scene: Scene) -> None:
    """It is not to become a clip. A worker that cuts it just now sees that before it makes one."""
    scene.cut, scene.cut_lease_until = Scene.Cut.NONE, None
    scene.save(update_fields=["cut", "cut_lease_until"])


def cut_scene(scene_id: int) -> None:
    """Cut one scene, and while its video is at hand the others of it that wait.

    Safe to run twice: only a queued one, or one whose worker is gone, can be leased.
    """
    scene = _lease(Scene.objects.filter(pk=scene_id))
    if scene is None:
        return
    try:
        with working_folder() as folder:
            raw = folder / "original.bin"
            copy_to(str(scene.video.file.name), raw, most=RAW_LIMITS.max_bytes, sha256=scene.video.sha256)
            paused = Q(cut=Scene.Cut.QUEUED, cut_lease_until__gt=database_now())
            siblings = Scene.objects.filter(video=scene.video).exclude(paused)
            following: Scene | None = scene
            while following is not None:
                scene = following
                _cut_one(scene, raw)
                following = _lease(siblings)
    except (StoreAway, NoRoom) as trouble:
        logger.warning("scene %s waits: %s", scene.pk, trouble)
        _held(scene).update(
            cut=Scene.Cut.QUEUED, cut_lease_until=database_now() + PAUSE, cut_attempt=F("cut_attempt") - 1
        )


@in_transaction
def _lease(scenes: QuerySet[Scene]) -> Scene | None:
    """The first of them that waits or whose worker is gone; this worker holds it then."""
    now = database_now()
    free = Q(cut=Scene.Cut.QUEUED) | Q(cut=Scene.Cut.WORKING, cut_lease_until__lt=now)
    waiting = scenes.filter(free, state=Screened.KEPT, clip=None).select_related("project", "video__batch")
    scene = waiting.order_by("pk").select_for_update(of=("self",), skip_locked=True).first()
    if scene is not None:
        scene.cut, scene.cut_attempt = Scene.Cut.WORKING, scene.cut_attempt + 1
        scene.cut_lease_until = now + timedelta(seconds=settings.CUT_LEASE_SECONDS)
        scene.save(update_fields=["cut", "cut_attempt", "cut_lease_until"])
    return scene


def _held(scene: Scene) -> QuerySet[Scene]:
    return Scene.objects.filter(pk=scene.pk, cut=Scene.Cut.WORKING, cut_attempt=scene.cut_attempt)


def _cut_one(scene: Scene, raw: Path) -> None:
    try:
        with TemporaryDirectory(dir=raw.parent) as folder:
            _make_clip(scene, raw, Path(folder))
    except (Refused, BadInput) as refusal:
        _held(scene).update(cut=Scene.Cut.FAILED, cut_detail=refusal.message[:500], cut_lease_until=None)
    except ChildFailed as trouble:
        logger.warning("scene %s waits: %s", scene.pk, trouble)
        is_last = scene.cut_attempt >= MOST_ATTEMPTS
        _held(scene).update(
            cut=Scene.Cut.FAILED if is_last else Scene.Cut.QUEUED,
            cut_lease_until=None if is_last else database_now() + PAUSE,
            cut_detail=str(trouble)[:500],
        )


def _make_clip(scene: Scene, raw: Path, folder: Path) -> None:
    if scene.length_ms == 0:
        raise Refused("no_length", "The frames of this scene all have the same time: it cannot be played.")
    apart, into = folder / "cut", folder / "prepared"
    apart.mkdir()
    into.mkdir()
    made = cut_contained(
        raw,
        start_frame=scene.start_frame,
        end_frame=scene.end_frame,
        start_ms=scene.start_ms,
        end_ms=scene.end_ms,
        into=apart,
        has_audio=scene.video.has_audio,
    )
    known = find_same(scene.project, scene.wanted_clip_id, original_sha256=sha256_of(made))
    if known is not None:
        _link(scene, known)
        return
    add_clip(
        project=scene.project,
        clip_id=scene.wanted_clip_id,
        original=made,
        original_name=f"{scene.wanted_clip_id}.mp4",
        prepared=prepare(made, into=into),
        facts=_facts(scene),
        actor=None,
        also=lambda clip: _link(scene, clip),
    )


@in_transaction
def _link(scene: Scene, clip: Clip) -> None:
    """In the transaction of the clip's rows. Raises BadInput if the scene is not to become a clip any more."""
    locked = _held(scene).select_for_update().filter(state=Screened.KEPT, clip=None).first()
    if locked is None:
        raise BadInput({"scene": "is not kept any more, or another worker cut it"})
    locked.clip, locked.cut, locked.cut_lease_until = clip, Scene.Cut.DONE, None
    locked.frames_cut = F("frames_cut") + clip.frames
    locked.save(update_fields=["clip", "cut", "cut_lease_until", "frames_cut"])


def _facts(scene: Scene) -> ClipFacts:
    """What the video's facts are, and what was measured, by which thresholds."""
    video = scene.video
    measured = {
        "people_frames": scene.people_frames,
        "samples": scene.samples,
        "area": scene.area,
        "motion": scene.motion,
        "bars": scene.bars,
        "with": video.measured_with,
    }
    return ClipFacts(
        source=video.source,
        source_id=video.source_id or video.video_id,
        source_url=video.source_url,
        source_start_ms=scene.start_ms,
        source_end_ms=scene.end_ms,
        license=video.license,
        may_redistribute=video.may_redistribute,
        description=video.description,
        subtitles=shifted_subtitles(video.subtitles, start_ms=scene.start_ms, end_ms=scene.end_ms),
        metadata={
            **video.metadata,
            "accumulation": {
                "batch": video.batch.name,
                "video_id": video.video_id,
                "scene": scene.number,
                "start_frame": scene.start_frame,
                "end_frame": scene.end_frame,
                "measured": measured,
                "thresholds": in_force(scene.project).to_json(),
            },
        },
    )


@in_transaction
def sweep_cuts() -> None:
    """Bring back scenes whose worker is gone; give up those that took five workers with them."""
    now = database_now()
    lost = Scene.objects.filter(cut=Scene.Cut.WORKING, cut_lease_until__lt=now)
    lost.filter(cut_attempt__gte=MOST_ATTEMPTS).update(
        cut=Scene.Cut.FAILED,
        cut_lease_until=None,
        cut_detail="Cutting this scene failed five times without an answer.",
    )
    unheard = Scene.objects.filter(Q(cut_lease_until__lt=now) | Q(cut_lease_until=None), cut=Scene.Cut.QUEUED)
    due = lost.filter(cut_attempt__lt=MOST_ATTEMPTS) | unheard
    for pk in due.values_list("pk", flat=True)[:SWEPT_AT_ONCE]:
        # Only if it still is so, and pushed forward, so that the next sweep does not send it once more.
        if due.filter(pk=pk).update(cut=Scene.Cut.QUEUED, cut_lease_until=now + timedelta(minutes=2)):
            enqueue(CUT, args=[pk], queue="video")
