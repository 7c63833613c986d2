"""A video that comes through the browser: kept, checked by a worker, made a clip or refused with the reason."""

import logging
import re
from datetime import timedelta
from uuid import uuid4

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import F, Q

from annotation.access import require
from annotation.accumulation.probe import Refused
from annotation.accumulation.subtitles import read_subtitles
from annotation.accumulation.transcode import prepare
from annotation.errors import BadInput, DomainError, NoRoom, StoreAway
from annotation.models import Clip, Project, Upload, User
from annotation.models.clips import CLIP_ID_PATTERN
from annotation.outbox import enqueue
from annotation.services.clips import ClipFacts, add_clip, find_same, sha256_of
from annotation.stored_files import answering, copy_to, working_folder
from annotation.workflow import database_now

LEASE = timedelta(minutes=35)
"""Longer than the hard time limit of a task: a lease that ran out has no worker any more."""
PAUSE = timedelta(minutes=1)

logger = logging.getLogger(__name__)


def receive_upload(
    *, project: Project, user: User, clip_id: str, file: UploadedFile, facts: ClipFacts, subtitles: bytes | None = None
) -> Upload:
    """Keep the file and ask a worker to look at it. Raises BadInput that names the field, RightMissing."""
    require(user, "add_clips", project=project)
    if not re.fullmatch(CLIP_ID_PATTERN, clip_id):
        raise BadInput({"clip_id": "use small letters, digits, dot, dash and underscore; at most 100 characters"})
    if Clip.objects.filter(project=project, clip_id=clip_id).exists():
        raise BadInput({"clip_id": f"“{clip_id}” exists already"})
    fields = {
        "source": facts.source,
        "source_id": facts.source_id,
        "source_url": facts.source_url,
        "license": facts.license,
        "may_redistribute": facts.may_redistribute,
        "description": facts.description,
        "subtitles": _subtitles(subtitles),
    }
    upload = Upload(
        project=project,
        uploaded_by=user,
        wanted_clip_id=clip_id,
        original_name=(file.name or "")[:255],
        fields=fields,
    )
    # One folder a file, under a name that nobody can guess: a playlist in disguise finds no neighbour.
    with answering():
        upload.file.save(f"uploads/{uuid4().hex}/original.bin", file, save=False)
    try:
        with transaction.atomic():
            upload.save()
            enqueue("annotation.take_upload", args=[upload.pk], queue="video")
    except BaseException:
        _forget_file(upload)
        raise
    return upload


def take_upload(upload_id: int) -> None:
    """Make the upload a clip, or refuse it with the reason. Safe to run twice: only one run gets the lease."""
    now = database_now()
    free = Q(status=Upload.Status.QUEUED) | Q(status=Upload.Status.WORKING, lease_until__lt=now)
    leased = Upload.objects.filter(free, pk=upload_id).update(
        status=Upload.Status.WORKING, lease_until=now + LEASE, attempts=F("attempts") + 1
    )
    if not leased:
        return
    upload = Upload.objects.select_related("project", "uploaded_by").get(pk=upload_id)
    try:
        clip = _make_clip(upload)
    except Refused as refusal:
        _finish(upload, status=Upload.Status.REFUSED, reason=str(refusal))
    except BadInput as refusal:
        _finish(upload, status=Upload.Status.REFUSED, reason=refusal.message)
    except (StoreAway, NoRoom) as trouble:
        _later(upload, trouble)
    else:
        _finish(upload, status=Upload.Status.DONE, clip=clip)


def _make_clip(upload: Upload) -> Clip:
    with working_folder() as folder:
        original = folder / "original.bin"
        copy_to(str(upload.file.name), original, most=settings.UPLOAD_MAX_BYTES)
        same = find_same(upload.project, upload.wanted_clip_id, original_sha256=sha256_of(original))
        if same is not None:
            return same
        into = folder / "prepared"
        into.mkdir()
        return add_clip(
            project=upload.project,
            clip_id=upload.wanted_clip_id,
            original=original,
            original_name=upload.original_name,
            prepared=prepare(original, into=into),
            facts=ClipFacts(**upload.fields),
            actor=upload.uploaded_by,
        )


def _finish(upload: Upload, *, status: Upload.Status, reason: str = "", clip: Clip | None = None) -> None:
    upload.status, upload.reason, upload.clip, upload.lease_until = status, reason, clip, None
    upload.save(update_fields=["status", "reason", "clip", "lease_until"])
    _forget_file(upload)


def _later(upload: Upload, why: DomainError) -> None:
    """It is not the video's fault: the sweep brings it back, and this try does not count."""
    logger.warning("upload %s waits: %s", upload.pk, why)
    upload.status, upload.lease_until = Upload.Status.QUEUED, database_now() + PAUSE
    upload.attempts -= 1
    upload.save(update_fields=["status", "lease_until", "attempts"])


def _forget_file(upload: Upload) -> None:
    """What cannot be removed now is listed by `manage fsck`."""
    try:
        with answering():
            upload.file.delete(save=False)
    except StoreAway:
        logger.warning("the file of upload %s stays in the store", upload.pk)


def _subtitles(raw: bytes | None) -> str:
    if raw is None:
        return ""
    try:
        return read_subtitles(raw, name="subtitles")
    except Refused as refusal:
        raise BadInput({"subtitles": str(refusal)}) from refusal
