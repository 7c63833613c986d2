"""Measuring a raw video, once, and deciding what is kept of it, as often as thresholds move.

A worker holds a video by a lease that it renews while its child decodes; whoever was killed is replaced by the sweep.
What was measured goes in whole, in one transaction, with the decisions by the thresholds in force.
"""

import hashlib
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import F, Q

from annotation.accumulation.contained import ChildFailed, ChildLimits
from annotation.accumulation.limits import RAW_LIMITS, Refused
from annotation.accumulation.measurements import SceneMeasurement, VideoMeasurement
from annotation.accumulation.measuring_alone import MeasuringOptions, measure_contained
from annotation.accumulation.screening import Stage, people_frames_of
from annotation.accumulation.verbs import action_verbs
from annotation.errors import NoRoom, StoreAway
from annotation.models import Scene, SourceVideo
from annotation.outbox import enqueue
from annotation.services.near_duplicates import link_near
from annotation.services.scene_decisions import decide_all, refuse_video
from annotation.services.thresholds import in_force
from annotation.stored_files import answering, copy_to, working_folder
from annotation.transactions import in_transaction
from annotation.workflow import database_now

MEASURE = "annotation.measure_video"
PAUSE = timedelta(minutes=1)
MOST_ATTEMPTS = 5
SWEPT_AT_ONCE = 20
"""So that a long queue is not written to the broker again and again."""
THUMBNAILS = "scenes"

logger = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Another worker has this video now."""


def measure_video(video_id: int) -> None:
    """Measure one raw video. Safe to run twice: only a queued one, or one whose worker is gone, can be leased."""
    video = _lease(video_id)
    if video is None:
        return
    try:
        with working_folder() as folder:
            _store_measured(video, *_measured(video, folder))
    except Refused as refusal:
        _refuse(video, refusal)
    except (StoreAway, NoRoom) as trouble:
        _later(video, str(trouble), counts=False)
    except ChildFailed as trouble:
        _later(video, str(trouble), counts=True)
    except LeaseLost:
        logger.warning("video %s is with another worker now", video.pk)


def _lease_time() -> timedelta:
    return timedelta(seconds=settings.MEASURE_LEASE_SECONDS)


def _lease(video_id: int) -> SourceVideo | None:
    now = database_now()
    free = Q(status=SourceVideo.Status.QUEUED) | Q(status=SourceVideo.Status.WORKING, lease_until__lt=now)
    leased = SourceVideo.objects.filter(free, pk=video_id).update(
        status=SourceVideo.Status.WORKING, lease_until=now + _lease_time(), attempt=F("attempt") + 1
    )
    return SourceVideo.objects.select_related("project", "batch").get(pk=video_id) if leased else None


def _measured(video: SourceVideo, folder: Path) -> tuple[VideoMeasurement, Path]:
    original, into = folder / "original.bin", folder / "measured"
    into.mkdir()
    copy_to(str(video.file.name), original, most=RAW_LIMITS.max_bytes, sha256=video.sha256)
    options = MeasuringOptions(
        detector=settings.PERSON_DETECTOR,
        estimator=settings.POSE_ESTIMATOR,
        child=ChildLimits(memory_bytes=settings.MEASURE_MEMORY_BYTES),
    )
    return measure_contained(original, into=into, options=options, alive=lambda: _renew(video)), into


def _renew(video: SourceVideo) -> None:
    held = _held(video).update(lease_until=database_now() + _lease_time())
    if not held:
        raise LeaseLost


def _held(video: SourceVideo) -> Any:
    return SourceVideo.objects.filter(pk=video.pk, status=SourceVideo.Status.WORKING, attempt=video.attempt)


def _store_measured(video: SourceVideo, measured: VideoMeasurement, folder: Path) -> None:
    thumbnails = [_store_thumbnail(folder / scene.thumbnail) if scene.thumbnail else "" for scene in measured.scenes]
    _write_measured(video, measured, thumbnails)


def _store_thumbnail(path: Path) -> str:
    """Under the name of its bytes: storing it again leaves nothing over."""
    content = path.read_bytes()
    name = f"{THUMBNAILS}/{hashlib.sha256(content).hexdigest()}.jpg"
    with answering():
        return name if default_storage.exists(name) else default_storage.save(name, ContentFile(content))


@in_transaction
def _write_measured(video: SourceVideo, measured: VideoMeasurement, thumbnails: list[str]) -> None:
    """Raises LeaseLost if another worker has the video: it writes the same."""
    locked = _held(video).select_for_update(of=("self",)).select_related("project", "batch").first()
    if locked is None:
        raise LeaseLost
    locked.status, locked.lease_until = SourceVideo.Status.MEASURED, None
    locked.width, locked.height, locked.fps = measured.width, measured.height, measured.fps
    locked.duration_ms, locked.has_audio, locked.measured_at = measured.duration_ms, measured.has_audio, database_now()
    locked.frames_decoded = F("frames_decoded") + measured.frames_decoded
    locked.measured_with, locked.cpu_s = measured.measured_with, measured.cpu_s
    locked.verbs = action_verbs(locked.description)
    locked.save()
    locked.refresh_from_db(fields=["frames_decoded"])
    scenes = [
        _scene(locked, number, scene, thumbnail)
        for number, (scene, thumbnail) in enumerate(zip(measured.scenes, thumbnails, strict=True), start=1)
    ]
    Scene.objects.bulk_create(scenes)
    link_near(scenes)
    decide_all(locked, scenes, in_force(locked.project), actor=None)


def _scene(video: SourceVideo, number: int, measured: SceneMeasurement, thumbnail: str) -> Scene:
    return Scene(
        project=video.project,
        video=video,
        batch=video.batch,
        number=number,
        start_frame=measured.start_frame,
        end_frame=measured.end_frame,
        start_ms=measured.start_ms,
        end_ms=measured.end_ms,
        length_ms=measured.end_ms - measured.start_ms,
        samples=measured.samples,
        people_frames=people_frames_of(measured.people),
        area=measured.area,
        motion=measured.motion,
        pairs=measured.pairs,
        bars=list(measured.bars),
        hashes=list(measured.hashes),
        thumbnail=thumbnail,
        shown=measured.shown,
    )


@in_transaction
def _refuse(video: SourceVideo, refusal: Refused) -> None:
    locked = _held(video).select_for_update(of=("self",)).select_related("project").first()
    if locked is None:
        return
    locked.status, locked.lease_until, locked.detail = SourceVideo.Status.REFUSED, None, str(refusal)[:500]
    locked.save(update_fields=["status", "lease_until", "detail"])
    refuse_video(locked, stage=Stage.METADATA, reason=refusal.code, detail=locked.detail)


def _later(video: SourceVideo, why: str, *, counts: bool) -> None:
    """It is not the video's fault: the sweep brings it back. counts: this was one of MOST_ATTEMPTS tries."""
    logger.warning("video %s waits: %s", video.pk, why)
    if counts and video.attempt >= MOST_ATTEMPTS:
        _refuse(video, Refused("not_measured", f"Measuring this video failed {MOST_ATTEMPTS} times: {why}"))
        return
    tries = video.attempt if counts else video.attempt - 1
    _held(video).update(
        status=SourceVideo.Status.QUEUED, lease_until=database_now() + PAUSE, detail=why[:500], attempt=tries
    )


@in_transaction
def sweep_videos() -> None:
    """Bring back videos whose worker is gone; refuse those that took five workers with them."""
    now = database_now()
    lost = SourceVideo.objects.filter(status=SourceVideo.Status.WORKING, lease_until__lt=now)
    for video in lost.filter(attempt__gte=MOST_ATTEMPTS).select_related("project").select_for_update(of=("self",)):
        refusal = Refused("worker_lost", "Measuring this video failed five times without an answer.")
        _refuse(video, refusal)
    unheard = SourceVideo.objects.filter(status=SourceVideo.Status.QUEUED)
    unheard = unheard.filter(Q(lease_until__lt=now) | Q(lease_until=None, created_at__lt=now - timedelta(minutes=2)))
    due = lost.filter(attempt__lt=MOST_ATTEMPTS) | unheard
    for pk in due.values_list("pk", flat=True)[:SWEPT_AT_ONCE]:
        # Only if it still is so, and pushed forward, so that the next sweep does not send it once more.
        pushed = {"status": SourceVideo.Status.QUEUED, "lease_until": now + timedelta(minutes=2)}
        if due.filter(pk=pk).update(**pushed):
            enqueue(MEASURE, args=[pk], queue="video")
