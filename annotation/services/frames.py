"""Frames of clips, sampled once and kept in the store."""

from uuid import uuid4

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from annotation.drafting.frames import Frame, pack, sample_frames, unpack
from annotation.models import Clip, FrameSet
from annotation.stored_files import answering, copy_to, pieces, working_folder


def frames_of(clip: Clip, *, count: int, long_side: int) -> list[Frame]:
    """At even times. Raises Unsampleable, StoreAway, NoRoom."""
    known = FrameSet.objects.filter(clip=clip, count=count, long_side=long_side).first()
    if known is not None:
        return unpack(b"".join(pieces(str(known.file.name))))
    with working_folder() as folder:
        video = folder / "video.mp4"
        copy_to(str(clip.video.name), video, most=settings.UPLOAD_MAX_BYTES, sha256=clip.sha256)
        frames = sample_frames(video, count=count, long_side=long_side)
    _keep(clip, frames, count=count, long_side=long_side)
    return frames


def _keep(clip: Clip, frames: list[Frame], *, count: int, long_side: int) -> None:
    """Two workers may sample the same clip at once: the second one's file goes again."""
    kept = FrameSet(clip=clip, count=count, long_side=long_side)
    with answering():
        kept.file.save(f"frames/{uuid4().hex}.tar", ContentFile(pack(frames)), save=False)
    try:
        with transaction.atomic():
            kept.save()
    except IntegrityError:
        with answering():
            kept.file.delete(save=False)
