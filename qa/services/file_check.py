"""Files and rows compared, and rows that are stuck on the way. Reads only."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta

from django.core.files.storage import Storage, default_storage

from annotation.drafting.batches import OPEN
from annotation.models import Batch, Clip, FrameSet, Job, Outbox, Upload
from annotation.models.jobs import ON_THE_WAY
from annotation.stored_files import answering, pieces
from annotation.workflow import database_now

FOLDERS = ("originals", "videos", "posters", "uploads", "frames")
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
    for clip in Clip.objects.select_related("project").order_by("pk").iterator(chunk_size=500):
        for kind, file in (("original", clip.original), ("video", clip.video), ("poster", clip.poster)):
            known.add(str(file.name))
            if not default_storage.exists(str(file.name)):
                yield f"clip {clip.project.slug}/{clip.clip_id}: its {kind} {file.name} is not there"
            elif deep and kind == "video" and _sha256(str(file.name)) != clip.sha256:
                yield f"clip {clip.project.slug}/{clip.clip_id}: its video {file.name} has other bytes"
    for frames in FrameSet.objects.select_related("clip__project").order_by("pk").iterator(chunk_size=500):
        known.add(str(frames.file.name))
        if not default_storage.exists(str(frames.file.name)):
            yield f"clip {frames.clip.project.slug}/{frames.clip.clip_id}: its frames {frames.file.name} are not there"
    yield from _upload_problems(known)
    yield from _job_problems()
    yield from _files_without_rows(known)
    late = Outbox.objects.filter(published_at=None, created_at__lt=database_now() - OUTBOX_PATIENCE).count()
    if late:
        yield f"{late} outbox rows wait for longer than 5 minutes: is the relay running, does the broker answer?"


def _upload_problems(known: set[str]) -> Iterator[str]:
    waiting = Upload.objects.filter(status__in=(Upload.Status.QUEUED, Upload.Status.WORKING))
    for upload in waiting.select_related("project").order_by("pk"):
        known.add(str(upload.file.name))
        if not default_storage.exists(str(upload.file.name)):
            yield f"upload {upload.pk} ({upload.project.slug}/{upload.wanted_clip_id}): its file is not there"
        past = upload.lease_until is not None and upload.lease_until < database_now()
        if upload.status == Upload.Status.WORKING and past:
            yield f"upload {upload.pk} ({upload.project.slug}/{upload.wanted_clip_id}): its worker is past its deadline"


def _job_problems() -> Iterator[str]:
    """Jobs and batches on the way that no sweep has brought back; jobs of batches have no lease of their own."""
    late = Job.objects.filter(status__in=ON_THE_WAY, lease_until__lt=database_now() - JOB_PATIENCE)
    for job in late.select_related("clip__project").order_by("pk").iterator(chunk_size=500):
        yield f"job {job.pk} ({job.clip.project.slug}/{job.clip.clip_id}, {job.kind}): its worker is past its deadline"
    past = Batch.objects.filter(status__in=OPEN, lease_until__lt=database_now() - JOB_PATIENCE)
    for batch in past.select_related("run__project").order_by("pk"):
        yield f"batch {batch.pk} (run {batch.run.pk} of {batch.run.project.slug}): its worker is past its deadline"


def _files_without_rows(known: set[str]) -> Iterator[str]:
    before = database_now() - YOUNG
    for folder in FOLDERS:
        for name in _walk(default_storage, folder):
            if name not in known and default_storage.get_modified_time(name) < before:
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
