"""Making a clip: its files under content-addressed names, its row, its caption that waits for a draft."""

import hashlib
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction

from annotation.accumulation.transcode import Prepared
from annotation.copied_rows import copy_rows
from annotation.errors import BadInput, StoreAway
from annotation.file_locks import storing_files
from annotation.models import Caption, Clip, ClipHashes, DraftingSettings, Project, User
from annotation.services.clip_hashes import hashes_of
from annotation.services.drafts import new_draft
from annotation.states import NEW, ClipStatus, State
from annotation.stored_files import answering
from annotation.workflow import database_now, move_unstored

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


@dataclass(frozen=True)
class DraftedCaption:
    """payload: `{"caption", "people"}`."""

    model: str
    payload: dict[str, Any]


@dataclass(frozen=True)
class NewClip:
    """A clip whose files are stored, and whose rows are not. names: of the three files in the store, by field.

    caption: what a model made of it, if that came with the clip. hashes: as `clip_hashes.hashes_of` gives them.
    """

    clip_id: str
    original_name: str
    prepared: Prepared
    names: dict[str, str]
    facts: ClipFacts
    caption: DraftedCaption | None = None
    hashes: Sequence[str] = ()


@dataclass(frozen=True)
class StoredFiles:
    """stored: those of the names that were not in the store before."""

    names: dict[str, str]
    stored: tuple[str, ...]


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def find_same(project: Project, clip_id: str, *, original_sha256: str) -> Clip | None:
    """The clip that is already there, or None. Raises BadInput if the id stands for other bytes, or was withdrawn."""
    clip = Clip.objects.filter(project=project, clip_id=clip_id).first()
    if clip is not None and clip.state == ClipStatus.WITHDRAWN:
        raise BadInput({"clip_id": f"“{clip_id}” was withdrawn; it does not come back"})
    if clip is not None and clip.original_sha256 != original_sha256:
        raise exists_otherwise(clip_id)
    return clip


def exists_otherwise(clip_id: str) -> BadInput:
    return BadInput({"clip_id": f"“{clip_id}” exists with other bytes; a clip's bytes never change"})


@storing_files()
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
    hashes = hashes_of(prepared.video)
    files = store_files(original, original_name, prepared)
    try:
        with transaction.atomic():
            new = NewClip(clip_id, original_name, prepared, files.names, facts, hashes=hashes)
            (clip,) = add_rows([new], project=project, actor=actor)
            if also is not None:
                also(clip)
        return clip
    except BaseException:
        take_back(files.stored)
        raise


def add_rows(clips: Sequence[NewClip], *, project: Project, actor: User | None) -> list[Clip]:
    """The rows of many clips, with their captions and what a model drafted of these, in a few statements.

    Nobody knows of them before the caller's transaction ends, so nothing is locked. The same rows as one clip after the
    other would give, but that all of them have one time.
    """
    percent, now = control_percent(project), database_now()
    made = [_clip(new, project=project, is_control=is_control(project, new.clip_id, percent=percent)) for new in clips]
    events = [move_unstored(clip, "import", actor=actor, at=now) for clip in made]
    copy_rows(made)
    copy_rows([ClipHashes(clip=clip, hashes=new.hashes) for clip, new in zip(made, clips, strict=True) if new.hashes])
    drafts = {
        clip.pk: new_draft(clip=clip, kind="caption", model=new.caption.model, payload=new.caption.payload, at=now)
        for clip, new in zip(made, clips, strict=True)
        if new.caption is not None
    }
    copy_rows(list(drafts.values()))
    captions = [Caption(clip=clip, project=project, state=NEW, draft=drafts.get(clip.pk)) for clip in made]
    for caption in captions:
        events.append(move_unstored(caption, "import", actor=actor, at=now, to=State.WAITING))
        if caption.draft is not None:
            events.append(move_unstored(caption, "draft", actor=None, at=now))
    copy_rows(captions)
    copy_rows(events)
    return made


def _clip(new: NewClip, *, project: Project, is_control: bool) -> Clip:
    probe = new.prepared.probe
    return Clip(
        project=project,
        clip_id=new.clip_id,
        state=NEW,
        original_name=new.original_name[:255],
        original_sha256=new.prepared.original_sha256,
        sha256=new.prepared.sha256,
        duration_ms=probe.duration_ms,
        width=probe.width,
        height=probe.height,
        fps=Decimal(probe.fps.numerator) / Decimal(probe.fps.denominator),
        frames=probe.frames,
        has_audio=probe.has_audio,
        is_control=is_control,
        **new.names,
        **{field.name: getattr(new.facts, field.name) for field in fields(new.facts)},
    )


def control_percent(project: Project) -> int:
    """1 query."""
    return DraftingSettings.objects.filter(project=project).values_list("control_percent", flat=True).first() or 0


def is_control(project: Project, clip_id: str, *, percent: int) -> bool:
    """Whether the clip's caption is written without a draft: decided by its name, so that nobody chooses."""
    return int(hashlib.sha256(f"{project.slug}{clip_id}".encode()).hexdigest()[:8], 16) % 100 < percent


def store_files(original: Path, original_name: str, prepared: Prepared) -> StoredFiles:
    """All three files, or none of those that were not there before."""
    names: dict[str, str] = {}
    stored: list[str] = []
    try:
        for field, path, name in (
            ("original", original, f"originals/{prepared.original_sha256}{_suffix(original_name)}"),
            ("video", prepared.video, f"videos/{prepared.sha256}.mp4"),
            ("poster", prepared.poster, f"posters/{prepared.sha256}.jpg"),
        ):
            names[field] = _store(path, name, stored)
    except BaseException:
        take_back(stored)
        raise
    return StoredFiles(names, tuple(stored))


def _store(path: Path, name: str, stored: list[str]) -> str:
    """The name under which the bytes stand; the same bytes are stored once."""
    with answering():
        if default_storage.exists(name):
            return name
        with path.open("rb") as file:
            given = default_storage.save(name, File(file))
    stored.append(given)
    return given


def take_back(stored: Iterable[str]) -> None:
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
