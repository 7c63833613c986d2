"""What clips look like: hashed when a clip is made, and by command those that were made without."""

import logging
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from annotation.drafting.frames import Unsampleable, sample_frames
from annotation.errors import DomainError
from annotation.models import Clip, ClipHashes
from annotation.stored_files import copy_to, working_folder

FRAMES = 3
LONG_SIDE = 256  # px: what is hashed is far smaller

logger = logging.getLogger(__name__)


def hashes_of(video: Path) -> list[str]:
    """Of a served video; none of one whose frames cannot be read."""
    # Web processes take in no videos: they do not load what this needs.
    import cv2
    import numpy as np

    from annotation.accumulation.fingerprints import phash

    try:
        frames = sample_frames(video, count=FRAMES, long_side=LONG_SIDE)
    except Unsampleable as trouble:
        logger.warning("%s cannot be compared with others: %s", video.name, trouble.message)
        return []
    pictures = (cv2.imdecode(np.frombuffer(frame.jpeg, np.uint8), cv2.IMREAD_COLOR) for frame in frames)
    return [phash(picture) for picture in pictures]


def store_hashes(clip: Clip, hashes: list[str]) -> None:
    """Two may hash the same clip at once: its bytes never change, so the first is as good."""
    if hashes:
        ClipHashes.objects.bulk_create([ClipHashes(clip=clip, hashes=hashes)], ignore_conflicts=True)


def hash_missing(clips: QuerySet[Clip]) -> Iterator[tuple[Clip, str]]:
    """Hash those that have no hashes, one after the other: each, and why it could not be hashed or nothing."""
    for clip in clips.filter(looks=None).order_by("pk").iterator(chunk_size=100):
        try:
            with working_folder() as folder:
                video = folder / "video.mp4"
                copy_to(str(clip.video.name), video, most=settings.UPLOAD_MAX_BYTES, sha256=clip.sha256)
                hashes = hashes_of(video)
        except (DomainError, OSError) as trouble:
            yield clip, str(trouble)
        else:
            store_hashes(clip, hashes)
            yield clip, "" if hashes else "its frames cannot be read"
