"""The files of withdrawn clips, removed from the store: at once, and by the sweep what could not be removed then.

A file is removed first and forgotten by its row afterwards: whoever dies in between has left a row that still names it,
and the next one to come here goes on. What another clip shows too stays until that is withdrawn as well.
"""

import logging

from django.core.files.storage import default_storage
from django.db.models import Exists, OuterRef, Q, QuerySet

from annotation.errors import StoreAway
from annotation.file_locks import removing_files
from annotation.models import Clip, FrameSet, Scene, SourceVideo, Upload
from annotation.models.clips import ClipQuerySet
from annotation.stored_files import answering

FIELDS = ("original", "video", "poster")
SWEPT_AT_ONCE = 20

logger = logging.getLogger(__name__)


def with_files() -> ClipQuerySet:
    """Withdrawn clips of which a file may still be in the store, by their rows."""
    named = ~Q(**dict.fromkeys(FIELDS, ""))
    frames = FrameSet.objects.filter(clip=OuterRef("pk"))
    uploads = Upload.objects.filter(clip=OuterRef("pk")).exclude(file="")
    pictures = Scene.objects.filter(clip=OuterRef("pk")).exclude(thumbnail="")
    raw = Scene.objects.filter(clip=OuterRef("pk"), video__withdrawn_at__isnull=False).exclude(video__file="")
    return Clip.objects.withdrawn().filter(named | Exists(frames) | Exists(uploads) | Exists(pictures) | Exists(raw))


def remove_files(clip: Clip) -> bool:
    """Of a withdrawn clip; whether none is left. Safe to run twice, and again after it was cut off."""
    try:
        with removing_files(), answering():
            _remove_of_clip(clip)
            for video in SourceVideo.objects.filter(scenes__clip=clip, withdrawn_at__isnull=False).exclude(file=""):
                _remove_raw(video)
    except (StoreAway, OSError) as trouble:
        logger.warning("files of the withdrawn clip %s stay in the store for now: %s", clip.pk, trouble)
        return False
    return True


def sweep_withdrawn_files() -> None:
    """What could not be removed when its clip was withdrawn; until the store fails again.

    In any order, so that one file that cannot be removed keeps no other.
    """
    for clip in with_files().order_by("?")[:SWEPT_AT_ONCE]:
        if not remove_files(clip):
            return


def shared_with(clip: Clip) -> ClipQuerySet:
    """Other clips, of all projects, that have a file with the same bytes."""
    others = Clip.objects.standing().exclude(pk=clip.pk)
    return others.filter(Q(original_sha256=clip.original_sha256) | Q(sha256=clip.sha256))


def _remove_of_clip(clip: Clip) -> None:
    for name in {str(getattr(clip, field).name) for field in FIELDS} - {""}:
        used = Q(original=name) | Q(video=name) | Q(poster=name)
        if not Clip.objects.standing().filter(used).exists():
            default_storage.delete(name)
    Clip.objects.filter(pk=clip.pk).update(**dict.fromkeys(FIELDS, ""))
    for frames in FrameSet.objects.filter(clip=clip):
        default_storage.delete(str(frames.file.name))
        frames.delete()
    for upload in Upload.objects.filter(clip=clip).exclude(file=""):
        default_storage.delete(str(upload.file.name))
        Upload.objects.filter(pk=upload.pk).update(file="")
    _remove_pictures(Scene.objects.filter(clip=clip).values_list("pk", flat=True))


def _remove_raw(video: SourceVideo) -> None:
    """Its scenes' pictures first: once its file is forgotten, nobody looks for them."""
    _remove_pictures(Scene.objects.filter(video=video).values_list("pk", flat=True))
    if not SourceVideo.objects.filter(file=video.file.name, withdrawn_at=None).exists():
        default_storage.delete(str(video.file.name))
    SourceVideo.objects.filter(pk=video.pk).update(file="")


def _remove_pictures(scenes: "QuerySet[Scene, int]") -> None:
    for scene in Scene.objects.filter(pk__in=scenes).exclude(thumbnail=""):
        default_storage.delete(str(scene.thumbnail.name))
        Scene.objects.filter(pk=scene.pk).update(thumbnail="")
