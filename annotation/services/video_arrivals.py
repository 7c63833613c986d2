"""Uploads that have come whole: a worker puts the chunks together and takes the video in as any other one."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q

from annotation.errors import BadInput, NoRoom, StoreAway
from annotation.models import SourceVideo, VideoUpload
from annotation.outbox import enqueue
from annotation.services.raw_manifest import VideoFacts
from annotation.services.video_batches import Original, add_video, find_video
from annotation.services.video_uploads import TAKE_IN, forget_chunks
from annotation.stored_files import check_room, join_to, working_folder
from annotation.transactions import in_transaction
from annotation.workflow import database_now

LEASE = timedelta(minutes=3)
"""Renewed every half minute while its worker lives, however long the store takes."""
RENEW_S = 30.0
PAUSE = timedelta(minutes=1)
MOST_ATTEMPTS = 5
KEPT = timedelta(days=7)
"""A batch that nobody goes on with is given up after so long."""
SWEPT_AT_ONCE = 20
"""So that a long queue is not written to the broker again and again."""

logger = logging.getLogger(__name__)


def take_in_upload(upload_id: int) -> None:
    """Make a whole upload a raw video, or refuse it with the reason. Safe to run twice: only one run gets the lease."""
    upload = _lease(upload_id)
    if upload is None:
        return
    try:
        with _renewed(upload), working_folder() as folder:
            video = _video_of(upload, folder / "original.bin")
    except BadInput as refusal:
        _finish(upload, status=VideoUpload.Status.REFUSED, reason=refusal.message)
    except (StoreAway, NoRoom) as trouble:
        _later(upload, str(trouble), counts=False)
    except OSError as trouble:
        _later(upload, str(trouble), counts=True)
    else:
        _finish(upload, status=VideoUpload.Status.DONE, video=video)


@contextmanager
def _renewed(upload: VideoUpload) -> Iterator[None]:
    """Hold the lease by a thread of its own: putting together and storing are single calls that may last an hour."""
    done = threading.Event()

    def renew() -> None:
        try:
            while not done.wait(RENEW_S):
                _held(upload).update(lease_until=database_now() + LEASE)
        finally:
            connection.close()

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _lease(upload_id: int) -> VideoUpload | None:
    now = database_now()
    free = Q(status=VideoUpload.Status.QUEUED) | Q(status=VideoUpload.Status.WORKING, lease_until__lt=now)
    leased = VideoUpload.objects.filter(free, pk=upload_id).update(
        status=VideoUpload.Status.WORKING, lease_until=now + LEASE, attempt=F("attempt") + 1
    )
    if not leased:
        return None
    return VideoUpload.objects.select_related("project", "batch__project").get(pk=upload_id)


def _held(upload: VideoUpload) -> Any:
    return VideoUpload.objects.filter(pk=upload.pk, status=VideoUpload.Status.WORKING, attempt=upload.attempt)


def _video_of(upload: VideoUpload, path: Path) -> SourceVideo:
    check_room(2 * upload.size)
    sha256 = join_to(list(upload.chunks.values_list("file", flat=True)), path, size=upload.size)
    name = PurePosixPath(upload.name).name
    original = Original(path, name, sha256, upload.size, path.stat().st_mtime_ns)
    video_id = upload.wanted_video_id
    known = find_video(upload.project, video_id, sha256=sha256)
    facts = VideoFacts(**upload.facts)
    return known or add_video(batch=upload.batch, video_id=video_id, facts=facts, original=original)


def _finish(
    upload: VideoUpload, *, status: VideoUpload.Status, reason: str = "", video: SourceVideo | None = None
) -> None:
    facts = {} if video else upload.facts
    if _held(upload).update(status=status, reason=reason[:500], video=video, facts=facts, lease_until=None):
        forget_chunks(upload)


def _later(upload: VideoUpload, why: str, *, counts: bool) -> None:
    """The sweep brings it back. counts: this was one of MOST_ATTEMPTS tries."""
    logger.warning("upload %s waits: %s", upload.pk, why)
    if counts and upload.attempt >= MOST_ATTEMPTS:
        reason = "It could not be put together: a part is not in the store any more, or its disk fails. Send it again."
        _finish(upload, status=VideoUpload.Status.REFUSED, reason=reason)
        return
    attempt = upload.attempt if counts else upload.attempt - 1
    _held(upload).update(status=VideoUpload.Status.QUEUED, lease_until=database_now() + PAUSE, attempt=attempt)


def sweep_video_uploads() -> None:
    """Bring back uploads whose worker is gone, give up batches that nobody went on with, remove what they left."""
    _sweep_rows()
    ended = VideoUpload.objects.exclude(status__in=VideoUpload.OPEN).filter(chunks__isnull=False)
    for upload in ended.distinct()[:2]:  # the relay does this beside its own work
        forget_chunks(upload)


@in_transaction
def _sweep_rows() -> None:
    now = database_now()
    lost = VideoUpload.objects.filter(status=VideoUpload.Status.WORKING, lease_until__lt=now)
    lost.filter(attempt__gte=MOST_ATTEMPTS).update(
        status=VideoUpload.Status.REFUSED,
        lease_until=None,
        reason="Putting this video together failed five times without an answer.",
    )
    unheard = VideoUpload.objects.filter(status=VideoUpload.Status.QUEUED)
    unheard = unheard.filter(Q(lease_until__lt=now) | Q(lease_until=None, heard_at__lt=now - timedelta(minutes=2)))
    due = lost.filter(attempt__lt=MOST_ATTEMPTS) | unheard
    for pk in due.values_list("pk", flat=True)[:SWEPT_AT_ONCE]:
        # Only if it still is so: a worker may have finished it just now. Pushed forward, so that the next sweep does
        # not send it once more.
        pushed = {"status": VideoUpload.Status.QUEUED, "lease_until": now + timedelta(minutes=2)}
        if due.filter(pk=pk).update(**pushed):
            enqueue(TAKE_IN, args=[pk], queue="video")
    heard = VideoUpload.objects.filter(batch=OuterRef("batch"), heard_at__gte=now - KEPT)
    VideoUpload.objects.filter(~Exists(heard), status=VideoUpload.Status.RECEIVING).update(
        status=VideoUpload.Status.GIVEN_UP, reason=f"Nothing came for {KEPT.days} days."
    )
