"""The times of a clip's frames, from its stored file."""

import json
import logging
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

import av.error
from django.conf import settings
from django.core.files.storage import storages

from annotation.accumulation.frame_times import NOT_KNOWN, FrameTimes, frame_times
from annotation.accumulation.limits import Refused
from annotation.models import Clip
from annotation.stored_files import copy_to, working_folder

logger = logging.getLogger(__name__)


def frame_times_json(clip: Clip) -> bytes:
    """`{"timescale", "pts"}`; no times for a file that cannot be read.

    Raises FileNotFoundError, StoreAway, NoRoom.
    """
    try:
        return _read(str(clip.video.name), clip.sha256)
    except FileNotFoundError:
        raise
    except (Refused, av.error.FFmpegError):
        logger.exception("the frames of clip %s have no times that could be read", clip.pk)
        return _as_json(NOT_KNOWN)


@lru_cache(maxsize=32)
def _read(name: str, sha256: str) -> bytes:
    """Kept, because the same bytes always have the same times."""
    if settings.MEDIA_STORAGE == "local":
        return _as_json(frame_times(Path(storages["default"].path(name))))
    with working_folder() as folder:
        video = folder / "video.mp4"
        copy_to(name, video, most=settings.UPLOAD_MAX_BYTES, sha256=sha256)
        return _as_json(frame_times(video))


def _as_json(times: FrameTimes) -> bytes:
    return json.dumps(asdict(times), separators=(",", ":")).encode()
