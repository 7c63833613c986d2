"""Batches of raw videos: what comes in is stored under the name of its bytes, and a worker is asked to measure it."""

import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from typing import Literal

from django.core.files.base import File
from django.core.files.storage import default_storage

from annotation.access import require
from annotation.accumulation.limits import RAW_LIMITS
from annotation.errors import BadInput, NoRoom, StoreAway
from annotation.file_locks import storing_files
from annotation.models import Project, SourceVideo, User, VideoBatch
from annotation.outbox import enqueue
from annotation.services.clips import sha256_of
from annotation.services.raw_manifest import RefusedLine, VideoFacts, read_source
from annotation.stored_files import answering
from annotation.text import checked_text
from annotation.transactions import in_transaction

MEASURE = "annotation.measure_video"
FOLDER = "raw"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LineOutcome:
    """reason: why the line was refused. warnings: what was noticed about a line that is fine."""

    number: int
    result: Literal["new", "existing", "refused"]
    video: SourceVideo | None = None
    reason: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Original:
    """A file as it was when it was read, whole and once. name: as whoever brings it calls it."""

    path: Path
    name: str
    sha256: str
    size: int
    modified_ns: int

    @classmethod
    def read(cls, path: Path) -> "Original":
        """Raises BadInput for a file that is too large, or that somebody is still writing."""
        stat = path.stat()
        if stat.st_size > RAW_LIMITS.max_bytes:
            raise BadInput({"video": f"has {stat.st_size:,} bytes; at most {RAW_LIMITS.max_bytes:,} are accepted"})
        original = cls(path, path.name, sha256_of(path), stat.st_size, stat.st_mtime_ns)
        original.check_unchanged()
        return original

    def check_unchanged(self) -> None:
        """Raises BadInput."""
        stat = self.path.stat()
        if (stat.st_size, stat.st_mtime_ns) != (self.size, self.modified_ns):
            raise BadInput({"video": "changed while it was read: is it still being copied?"})


def take_in(*, source: Path, project: Project, user: User | None, name: str = "") -> Iterator[LineOutcome]:
    """The videos of a manifest or folder, one by one; each goes in whole or not at all. Again changes nothing.

    A batch is made with the first video that is new. Raises RightMissing, BadInput before the first line.
    """
    if user is not None:
        require(user, "add_clips", project=project)
    batch: VideoBatch | None = None
    for line in read_source(source):
        if isinstance(line, RefusedLine):
            yield LineOutcome(line.number, "refused", reason=line.reason)
            continue
        try:
            original = Original.read(line.video)
            known = find_video(project, line.video_id, sha256=original.sha256)
            if known is None and batch is None:
                batch = make_batch(project=project, user=user, name=name or source.stem)
            video = known or add_video(batch=batch, video_id=line.video_id, facts=line.facts, original=original)  # type: ignore[arg-type]
        except (BadInput, NoRoom, StoreAway) as refusal:
            yield LineOutcome(line.number, "refused", reason=refusal.message)
            continue
        warnings = tuple(f"unknown key “{key}” is kept in the video's metadata" for key in line.unknown)
        yield LineOutcome(line.number, "existing" if known else "new", video, warnings=warnings)


def make_batch(*, project: Project, user: User | None, name: object) -> VideoBatch:
    """Raises RightMissing, BadInput."""
    if user is not None:
        require(user, "add_clips", project=project)
    said = checked_text(name, field="name", most=200, blank=False)
    return VideoBatch.objects.create(project=project, name=said, created_by=user)


def find_video(project: Project, video_id: str, *, sha256: str) -> SourceVideo | None:
    """The video that is already there, or None. Raises BadInput if the id stands for other bytes, or was withdrawn."""
    video = SourceVideo.objects.filter(project=project, video_id=video_id).first()
    if video is not None and video.withdrawn_at is not None:
        raise BadInput({"video_id": f"“{video_id}” was withdrawn; it does not come back"})
    if video is not None and video.sha256 != sha256:
        raise BadInput({"video_id": f"“{video_id}” exists with other bytes; a video's bytes never change"})
    return video


@storing_files()
def add_video(*, batch: VideoBatch, video_id: str, facts: VideoFacts, original: Original) -> SourceVideo:
    """Store the file, then its row, and ask a worker to measure it. Raises BadInput, StoreAway."""
    suffix = PurePath(original.name).suffix.lower()
    name = f"{FOLDER}/{original.sha256}{suffix if len(suffix) <= 6 and suffix[1:].isalnum() else '.bin'}"
    given = _store(original.path, name)
    try:
        original.check_unchanged()
        return _add_row(batch, video_id, facts, name=given or name, original=original)
    except BaseException:
        if given:
            _take_back(given)
        raise


@in_transaction
def _add_row(batch: VideoBatch, video_id: str, facts: VideoFacts, *, name: str, original: Original) -> SourceVideo:
    video = SourceVideo.objects.create(
        batch=batch,
        project=batch.project,
        video_id=video_id,
        file=name,
        sha256=original.sha256,
        original_name=original.name[:255],
        size=original.size,
        **asdict(facts),
    )
    enqueue(MEASURE, args=[video.pk], queue="video")
    return video


def _store(path: Path, name: str) -> str:
    """The name under which the bytes stand now, or "" if they stood there before."""
    with answering():
        if default_storage.exists(name):
            return ""
        with path.open("rb") as file:
            return default_storage.save(name, File(file))


def _take_back(name: str) -> None:
    """What cannot be taken back now is listed by `manage fsck`, and hides no error that brought us here."""
    try:
        with answering():
            if not SourceVideo.objects.filter(file=name).exists():
                default_storage.delete(name)
    except StoreAway:
        logger.warning("%s stays in the store without a row", name)
