"""Files and rows compared, and rows that are stuck on the way. Reads only."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import PurePosixPath

from django.core.files.storage import Storage, default_storage

from annotation.drafting.batches import OPEN
from annotation.models import Batch, Clip, FrameSet, Job, Outbox, Scene, SourceVideo, Upload, VideoChunk, VideoUpload
from annotation.models.jobs import ON_THE_WAY
from annotation.services.withdrawn_files import FIELDS, with_files
from annotation.stored_files import answering, pieces
from annotation.workflow import database_now
from qa.models import Export

FOLDERS = ("originals", "videos", "posters", "uploads", "incoming", "frames", "raw", "scenes", "exports")
YOUNG = timedelta(hours=1)
"""A file may stand without its row for so long: it is stored before its row is written."""
OUTBOX_PATIENCE = timedelta(minutes=5)
JOB_PATIENCE = timedelta(minutes=1)


def problems_of_files(*, deep: bool = False) -> Iterator[str]:
    """What is wrong, a line each. deep: also read every served video and compare its digest. Raises StoreAway."""
    with answering():
        yield from _problems(deep=deep)


def _problems(*, deep: bool) -> Iterator[str]:
    known: set[str] = set()
    for clip in Clip.objects.standing().select_related("project").order_by("pk").iterator(chunk_size=500):
        for kind, file in (("original", clip.original), ("video", clip.video), ("poster", clip.poster)):
            known.add(str(file.name))
            if not default_storage.exists(str(file.name)):
                yield f"clip {clip.project.slug}/{clip.clip_id}: its {kind} {file.name} is not there"
            elif deep and kind == "video" and _sha256(str(file.name)) != clip.sha256:
                yield f"clip {clip.project.slug}/{clip.clip_id}: its video {file.name} has other bytes"
    of_standing = FrameSet.objects.exclude(clip__in=Clip.objects.withdrawn()).select_related("clip__project")
    for frames in of_standing.order_by("pk").iterator(chunk_size=500):
        known.add(str(frames.file.name))
        if not default_storage.exists(str(frames.file.name)):
            yield f"clip {frames.clip.project.slug}/{frames.clip.clip_id}: its frames {frames.file.name} are not there"
    yield from _withdrawn_problems(known)
    yield from _upload_problems(known)
    yield from _chunk_problems(known)
    yield from _raw_problems(known)
    yield from _export_problems(known)
    yield from _job_problems()
    yield from _files_without_rows(known, gone=_digests_of_withdrawn())
    late = Outbox.objects.filter(published_at=None, created_at__lt=database_now() - OUTBOX_PATIENCE).count()
    if late:
        yield f"{late} outbox rows wait for longer than 5 minutes: is the relay running, does the broker answer?"


def _withdrawn_problems(known: set[str]) -> Iterator[str]:
    """Withdrawn clips whose rows still name a file: it may be in the store."""
    for clip in with_files().select_related("project").order_by("pk").iterator(chunk_size=500):
        yield f"clip {clip.project.slug}/{clip.clip_id}: it is withdrawn, but files of it are not removed yet"
        known.update(str(getattr(clip, field).name) for field in FIELDS)
        known.update(FrameSet.objects.filter(clip=clip).values_list("file", flat=True))


def _digests_of_withdrawn() -> set[str]:
    """Files are named by what they hold: what a withdrawal left behind is known also where no row names it."""
    found: set[str] = set()
    for digests in Clip.objects.withdrawn().values_list("original_sha256", "sha256").iterator(chunk_size=500):
        found.update(digests)
    found.update(SourceVideo.objects.filter(withdrawn_at__isnull=False).values_list("sha256", flat=True))
    return found


def _upload_problems(known: set[str]) -> Iterator[str]:
    waiting = Upload.objects.filter(status__in=(Upload.Status.QUEUED, Upload.Status.WORKING))
    for upload in waiting.select_related("project").order_by("pk"):
        known.add(str(upload.file.name))
        if not default_storage.exists(str(upload.file.name)):
            yield f"upload {upload.pk} ({upload.project.slug}/{upload.wanted_clip_id}): its file is not there"
        past = upload.lease_until is not None and upload.lease_until < database_now()
        if upload.status == Upload.Status.WORKING and past:
            yield f"upload {upload.pk} ({upload.project.slug}/{upload.wanted_clip_id}): its worker is past its deadline"


def _chunk_problems(known: set[str]) -> Iterator[str]:
    """Chunks of raw videos that are on their way, and workers past their deadline."""
    for chunk in VideoChunk.objects.select_related("upload__project").order_by("pk").iterator(chunk_size=500):
        known.add(chunk.file)
        upload = chunk.upload
        if upload.status in VideoUpload.OPEN and not default_storage.exists(chunk.file):
            where = f"video upload {upload.project.slug}/{upload.wanted_video_id}"
            yield f"{where}: its chunk {chunk.file} is not there"
    late = VideoUpload.objects.filter(status=VideoUpload.Status.WORKING, lease_until__lt=database_now() - JOB_PATIENCE)
    for upload in late.select_related("project").order_by("pk"):
        yield f"video upload {upload.project.slug}/{upload.wanted_video_id}: its worker is past its deadline"


def _raw_problems(known: set[str]) -> Iterator[str]:
    """Raw videos and the thumbnails of their scenes; workers that are past their deadline."""
    now = database_now()
    standing = SourceVideo.objects.filter(withdrawn_at=None).select_related("project")
    for video in standing.order_by("pk").iterator(chunk_size=500):
        known.add(str(video.file.name))
        where = f"raw video {video.project.slug}/{video.video_id}"
        if not default_storage.exists(str(video.file.name)):
            yield f"{where}: its file {video.file.name} is not there"
        is_late = video.lease_until is not None and video.lease_until < now - JOB_PATIENCE
        if video.status == SourceVideo.Status.WORKING and is_late:
            yield f"{where}: its worker is past its deadline"
    scenes = Scene.objects.exclude(clip__in=Clip.objects.withdrawn()).filter(video__withdrawn_at=None)
    for scene in scenes.select_related("project", "video").order_by("pk").iterator(chunk_size=500):
        where = f"scene {scene.project.slug}/{scene.wanted_clip_id}"
        if scene.thumbnail:
            known.add(str(scene.thumbnail.name))
            if not default_storage.exists(str(scene.thumbnail.name)):
                yield f"{where}: its thumbnail {scene.thumbnail.name} is not there"
        is_late = scene.cut_lease_until is not None and scene.cut_lease_until < now - JOB_PATIENCE
        if scene.cut == Scene.Cut.WORKING and is_late:
            yield f"{where}: the worker that cuts it is past its deadline"


def _export_problems(known: set[str]) -> Iterator[str]:
    """Exports that are ready, and workers past their deadline."""
    for export in Export.objects.select_related("release__project").order_by("pk").iterator(chunk_size=500):
        where = f"export of {export.release.project.slug} {export.release.version} as {export.layout}"
        if export.status == Export.Status.DONE:
            known.add(str(export.file.name))
            if not default_storage.exists(str(export.file.name)):
                yield f"{where}: its file {export.file.name} is not there"
        is_late = export.lease_until is not None and export.lease_until < database_now() - JOB_PATIENCE
        if export.status == Export.Status.WORKING and is_late:
            yield f"{where}: its worker is past its deadline"


def _job_problems() -> Iterator[str]:
    """Jobs and batches on the way that no sweep has brought back; jobs of batches have no lease of their own."""
    late = Job.objects.filter(status__in=ON_THE_WAY, lease_until__lt=database_now() - JOB_PATIENCE)
    for job in late.select_related("clip__project").order_by("pk").iterator(chunk_size=500):
        yield f"job {job.pk} ({job.clip.project.slug}/{job.clip.clip_id}, {job.kind}): its worker is past its deadline"
    past = Batch.objects.filter(status__in=OPEN, lease_until__lt=database_now() - JOB_PATIENCE)
    for batch in past.select_related("run__project").order_by("pk"):
        yield f"batch {batch.pk} (run {batch.run.pk} of {batch.run.project.slug}): its worker is past its deadline"


def _files_without_rows(known: set[str], *, gone: set[str]) -> Iterator[str]:
    """gone: digests of what was withdrawn."""
    before = database_now() - YOUNG
    for folder in FOLDERS:
        for name in _walk(default_storage, folder):
            if name in known:
                continue
            if PurePosixPath(name).stem in gone:
                yield f"file {name}: it was withdrawn, and is still there"
            elif default_storage.get_modified_time(name) < before:
                yield f"file {name}: no row knows it"


def _walk(storage: Storage, folder: str) -> Iterator[str]:
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in sorted(files):
        yield f"{folder}/{name}"
    for name in sorted(folders):
        yield from _walk(storage, f"{folder}/{name}")


def _sha256(name: str) -> str:
    digest = hashlib.sha256()
    for piece in pieces(name):
        digest.update(piece)
    return digest.hexdigest()
