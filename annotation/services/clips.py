"""Making a clip: its files under content-addressed names, its row, its caption that waits for a draft."""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction

from annotation.accumulation.transcode import Prepared
from annotation.errors import BadInput, StoreAway
from annotation.models import Caption, Clip, DraftingSettings, Project, User
from annotation.states import State
from annotation.stored_files import answering
from annotation.workflow import move

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ClipFacts:
    """What is said of a clip by whoever brings it. Times in milliseconds."""

    source: str = ""
    source_id: str = ""
    source_url: str = ""
    source_start_ms: int | None = None
    source_end_ms: int | None = None
    license: str = ""
    may_redistribute: bool = True
    description: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    subtitles: str = ""


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def find_same(project: Project, clip_id: str, *, original_sha256: str) -> Clip | None:
    """The clip that is already there, or None. Raises BadInput if the id stands for other bytes."""
    clip = Clip.objects.filter(project=project, clip_id=clip_id).first()
    if clip is not None and clip.original_sha256 != original_sha256:
        raise BadInput({"clip_id": f"“{clip_id}” exists with other bytes; a clip's bytes never change"})
    return clip


def add_clip(
    *,
    project: Project,
    clip_id: str,
    original: Path,
    original_name: str,
    prepared: Prepared,
    facts: ClipFacts,
    actor: User | None,
    also: Callable[[Clip], None] | None = None,
) -> Clip:
    """Store the files, then the rows. If the rows cannot be written, files that nobody else uses are taken back.

    also: what else belongs into the transaction of the rows.
    """
    stored: list[str] = []
    try:
        names = {
            "original": _store(original, f"originals/{prepared.original_sha256}{_suffix(original_name)}", stored),
            "video": _store(prepared.video, f"videos/{prepared.sha256}.mp4", stored),
            "poster": _store(prepared.poster, f"posters/{prepared.sha256}.jpg", stored),
        }
        with transaction.atomic():
            clip = _add_rows(
                project=project,
                clip_id=clip_id,
                original_name=original_name,
                prepared=prepared,
                facts=facts,
                names=names,
                actor=actor,
            )
            if also is not None:
                also(clip)
        return clip
    except BaseException:
        _take_back(stored)
        raise


def _add_rows(
    *,
    project: Project,
    clip_id: str,
    original_name: str,
    prepared: Prepared,
    facts: ClipFacts,
    names: dict[str, str],
    actor: User | None,
) -> Clip:
    probe = prepared.probe
    clip = Clip.objects.create(
        project=project,
        clip_id=clip_id,
        original_name=original_name[:255],
        original_sha256=prepared.original_sha256,
        sha256=prepared.sha256,
        duration_ms=probe.duration_ms,
        width=probe.width,
        height=probe.height,
        fps=Decimal(probe.fps.numerator) / Decimal(probe.fps.denominator),
        frames=probe.frames,
        has_audio=probe.has_audio,
        is_control=is_control(project, clip_id),
        **names,
        **asdict(facts),
    )
    move(clip, "import", actor=actor, created=True)
    caption = Caption.objects.create(clip=clip, state=State.WAITING)
    move(caption, "import", actor=actor, to=State.WAITING, created=True)
    return clip


def is_control(project: Project, clip_id: str) -> bool:
    """Whether the clip's caption is written without a draft: decided by its name, so that nobody chooses. 1 query."""
    own = DraftingSettings.objects.filter(project=project).values_list("control_percent", flat=True).first()
    place = int(hashlib.sha256(f"{project.slug}{clip_id}".encode()).hexdigest()[:8], 16) % 100
    return place < (own or 0)


def _store(path: Path, name: str, stored: list[str]) -> str:
    """The name under which the bytes stand; the same bytes are stored once."""
    with answering():
        if default_storage.exists(name):
            return name
        with path.open("rb") as file:
            given = default_storage.save(name, File(file))
    stored.append(given)
    return given


def _take_back(stored: list[str]) -> None:
    """What cannot be taken back now is listed by `manage fsck`, and hides no error that brought us here."""
    for name in stored:
        try:
            with answering():
                default_storage.delete(name)
        except StoreAway:
            logger.warning("%s stays in the store without a row", name)


def _suffix(name: str) -> str:
    """A known ending of the original's name, or none: names from outside never become paths."""
    suffix = Path(name).suffix.lower()
    return suffix if suffix in {".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".ts"} else ".bin"
