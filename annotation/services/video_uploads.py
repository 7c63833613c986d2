"""A batch of raw videos that comes from a browser: what is to come is written down first, then it comes in chunks.

A chunk that was answered is kept: a reload, another network or another browser goes on after it.
"""

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import PurePosixPath
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, IntegrityError
from django.db.models import Count, F, Sum

from annotation.access import require
from annotation.accumulation.limits import RAW_LIMITS, Refused
from annotation.accumulation.subtitles import read_subtitles
from annotation.errors import BadInput, ChunkOutOfPlace, Conflict, MoveNotAllowed, StoreAway
from annotation.models import Project, SourceVideo, User, VideoBatch, VideoChunk, VideoUpload
from annotation.outbox import enqueue
from annotation.services.raw_manifest import RefusedLine, VideoLine, facts_of, read_chosen
from annotation.services.video_batches import make_batch
from annotation.stored_files import answering, check_room, remove_folder
from annotation.text import checked_text
from annotation.transactions import in_transaction
from annotation.workflow import database_now

TAKE_IN = "annotation.take_in_video_upload"
CHUNK_BYTES = 8 * 1024 * 1024
SHORT_BYTES, MOST_SHORT = 64 * 1024, 100
"""Chunks that are shorter are taken in this number only: each is a file and a row."""
MOST_VIDEOS = 1000
MOST_FILES = 5000
"""Files that are named: videos, their subtitles, and whatever else lies in a chosen folder."""


@dataclass(frozen=True)
class ChosenFile:
    """A file as a browser names it. modified_ms: since 1970."""

    name: str
    size: int
    modified_ms: int


@dataclass(frozen=True)
class Begun:
    """What is to come now. batch: None if nothing is. existing: ids of videos that are there already.

    unused: names of files that no line asks for.
    """

    batch: VideoBatch | None = None
    uploads: list[VideoUpload] = field(default_factory=list)
    existing: list[str] = field(default_factory=list)
    refused: list[RefusedLine] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)


@in_transaction
def begin_uploads(
    *,
    project: Project,
    user: User,
    name: object,
    files: Sequence[ChosenFile],
    defaults: Mapping[str, Any],
    manifest: str = "",
    text: str = "",
) -> Begun:
    """Write down the videos of a batch. manifest, text: its name and words; without it every video file is one.

    defaults: what holds for all videos, in the keys of a manifest; a line of the manifest says otherwise.
    Raises RightMissing, BadInput that names the field, NoRoom, Conflict.
    """
    require(user, "add_clips", project=project)
    facts_of(defaults)
    if text and not manifest:
        raise BadInput({"manifest": "has no name"})
    known = {file.name: file for file in _checked(files)}
    lines = list(read_chosen(frozenset(known), manifest=manifest, text=text, defaults=defaults))
    fine, refused, existing = _sorted_out(project, lines, known)
    if len(fine) > MOST_VIDEOS:
        raise BadInput({"files": f"{len(fine):,} videos; at most {MOST_VIDEOS:,} come in one batch"})
    used = {manifest} | {name for line in fine for name in (str(line.video), line.subtitles_name)}
    begun = Begun(existing=existing, refused=refused, unused=sorted(set(known) - used))
    if not fine:
        return begun
    sizes = [known[str(line.video)].size for line in fine]
    # A video is put together beside its chunks and stored from there.
    check_room(_still_to_come() + sum(sizes) + 2 * max(sizes))
    said = name or PurePosixPath(manifest).stem or str(fine[0].video_id)
    batch = make_batch(project=project, user=user, name=said)
    uploads = [_upload(batch, user, line, known[str(line.video)]) for line in fine]
    try:
        made = VideoUpload.objects.bulk_create(uploads)
    except IntegrityError as error:
        raise Conflict("Somebody began to send one of these videos at the same moment. Try again.") from error
    return Begun(batch, made, existing, refused, begun.unused)


def _still_to_come() -> int:
    """Bytes of all uploads on their way, in every project."""
    found = VideoUpload.objects.open().aggregate(bytes=Sum(F("size") - F("received")))
    return found["bytes"] or 0


def _checked(files: Sequence[ChosenFile]) -> Sequence[ChosenFile]:
    if not files:
        raise BadInput({"files": "choose at least one"})
    if len(files) > MOST_FILES:
        raise BadInput({"files": f"{len(files):,} were chosen; at most {MOST_FILES:,} are possible"})
    for file in files:
        checked_text(file.name, field="files", most=500, blank=False)
        for value in (file.size, file.modified_ms):
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
                raise BadInput({"files": f"“{file.name}” has no size or no time that can be read"})
    if len({file.name for file in files}) < len(files):
        raise BadInput({"files": "two have the same name"})
    return files


def _sorted_out(
    project: Project, lines: list[VideoLine | RefusedLine], known: Mapping[str, ChosenFile]
) -> tuple[list[VideoLine], list[RefusedLine], list[str]]:
    """Lines that are to come, those that are not and why, and ids of videos that are there already. 2 queries."""
    ids = [line.video_id for line in lines if isinstance(line, VideoLine)]
    sizes = dict(SourceVideo.objects.filter(project=project, video_id__in=ids).values_list("video_id", "size"))
    open_ones = VideoUpload.objects.open().filter(project=project, wanted_video_id__in=ids)
    on_the_way = dict(open_ones.values_list("wanted_video_id", "batch__name"))
    fine: dict[str, VideoLine] = {}
    refused: list[RefusedLine] = []
    existing: list[str] = []
    for line in lines:
        if isinstance(line, RefusedLine):
            refused.append(line)
        elif problem := _problem(line, known[str(line.video)], fine, sizes, on_the_way):
            refused.append(RefusedLine(line.number, problem))
        elif line.video_id in sizes:
            existing.append(line.video_id)
        else:
            fine[line.video_id] = line
    return list(fine.values()), refused, existing


def _problem(
    line: VideoLine,
    file: ChosenFile,
    fine: Mapping[str, VideoLine],
    sizes: Mapping[str, int],
    on_the_way: Mapping[str, str],
) -> str:
    """Why a line cannot come, or ""."""
    name, video_id = line.video.name, line.video_id
    if video_id in fine:
        return f"video_id: line {fine[video_id].number} has “{video_id}” as well"
    if video_id in on_the_way:
        return f"video_id: “{video_id}” is on its way already, in the batch “{on_the_way[video_id]}”: go on there"
    if video_id in sizes and sizes[video_id] != file.size:
        return f"video_id: “{video_id}” exists with other bytes; a video's bytes never change"
    if file.size == 0:
        return f"video: “{name}” is empty"
    if file.size > RAW_LIMITS.max_bytes:
        return f"video: “{name}” has {file.size:,} bytes; at most {RAW_LIMITS.max_bytes:,} are accepted"
    return ""


def _upload(batch: VideoBatch, user: User, line: VideoLine, file: ChosenFile) -> VideoUpload:
    return VideoUpload(
        project=batch.project,
        batch=batch,
        uploaded_by=user,
        wanted_video_id=line.video_id,
        name=file.name,
        size=file.size,
        modified_ms=file.modified_ms,
        facts=asdict(line.facts),
        subtitles_name=line.subtitles_name,
        lacks_subtitles=bool(line.subtitles_name),
    )


def arriving_in(project: Project) -> list[Any]:
    """Batches with files on their way, newest first: batch (its id), batch__name, files. 1 query."""
    found = VideoUpload.objects.open().filter(project=project).values("batch", "batch__name").order_by("-batch")
    return list(found.annotate(files=Count("pk"))[:5])


def receive_chunk(*, upload: VideoUpload, user: User, start: int, content: bytes) -> VideoUpload:
    """Keep the next bytes of an upload; with the last ones a worker is asked to take it in.

    start: of the chunk in the file. Raises RightMissing, MoveNotAllowed, BadInput, NoRoom, StoreAway, and
    ChunkOutOfPlace that says how many bytes are there: whoever sends goes on after them.
    """
    require(user, "add_clips", project=upload.project)
    _check_place(upload, start)
    if not 0 < len(content) <= CHUNK_BYTES:
        raise BadInput({"body": f"must have 1 to {CHUNK_BYTES:,} bytes"})
    if start + len(content) > upload.size:
        raise BadInput({"body": f"goes beyond the {upload.size:,} bytes that were announced"})
    is_last = start + len(content) == upload.size
    if len(content) < SHORT_BYTES and not is_last and upload.chunks.count() >= MOST_SHORT:
        raise BadInput({"body": f"too many chunks of less than {SHORT_BYTES:,} bytes"})
    check_room(len(content))
    with answering():
        name = f"{upload.folder}/{start:014}-{secrets.token_hex(8)}"
        given = default_storage.save(name, ContentFile(content))
    try:
        return _note_chunk(upload, start, len(content), given)
    except BaseException:
        _take_back(given)
        raise


def _check_place(upload: VideoUpload, start: int) -> None:
    if upload.status != VideoUpload.Status.RECEIVING:
        raise MoveNotAllowed(f"“{upload.name}” takes no more bytes: {upload.get_status_display().lower()}.")
    if start != upload.received:
        raise ChunkOutOfPlace(f"{upload.received:,} bytes are there: go on after them.", received=upload.received)


@in_transaction
def _note_chunk(upload: VideoUpload, start: int, size: int, name: str) -> VideoUpload:
    """Of two that send the same bytes one wins; the other one's chunk is taken back."""
    waiting = VideoUpload.objects.filter(pk=upload.pk, status=VideoUpload.Status.RECEIVING, received=start)
    counted = waiting.update(received=F("received") + size, heard_at=database_now())
    now = VideoUpload.objects.get(pk=upload.pk)
    if not counted:
        _check_place(now, start)
        raise Conflict("Others sent the same bytes at the same time. Try once more.")
    VideoChunk.objects.create(upload=now, start=start, size=size, file=name)
    return _queued_if_whole(now)


def receive_subtitles(*, upload: VideoUpload, user: User, raw: bytes) -> VideoUpload:
    """Keep the subtitles that a line names. Raises RightMissing, MoveNotAllowed, BadInput."""
    require(user, "add_clips", project=upload.project)
    if not upload.subtitles_name:
        raise BadInput({"subtitles": f"the line of “{upload.wanted_video_id}” names none"})
    try:
        text = read_subtitles(raw, name=PurePosixPath(upload.subtitles_name).name)
    except Refused as refusal:
        raise BadInput({"subtitles": str(refusal)}) from refusal
    return _note_subtitles(upload, text)


@in_transaction
def _note_subtitles(upload: VideoUpload, text: str) -> VideoUpload:
    locked = VideoUpload.objects.select_for_update().get(pk=upload.pk)
    if locked.status != VideoUpload.Status.RECEIVING:
        raise MoveNotAllowed(f"“{upload.name}” takes no more words: {locked.get_status_display().lower()}.")
    locked.facts["subtitles"], locked.lacks_subtitles, locked.heard_at = text, False, database_now()
    locked.save(update_fields=["facts", "lacks_subtitles", "heard_at"])
    return _queued_if_whole(locked)


def _queued_if_whole(upload: VideoUpload) -> VideoUpload:
    if upload.is_whole:
        upload.status = VideoUpload.Status.QUEUED
        upload.save(update_fields=["status"])
        enqueue(TAKE_IN, args=[upload.pk], queue="video")
    return upload


def give_up(*, upload: VideoUpload, user: User) -> VideoUpload:
    """Send it no more, or do not take it in: what came is removed. Again changes nothing.

    Raises RightMissing, MoveNotAllowed for what a worker has in hand or has decided.
    """
    require(user, "add_clips", project=upload.project)
    ended = _end(upload, reason=f"Given up by {user.get_full_name() or user.username}.")
    forget_chunks(ended)
    return ended


def forget_chunks(upload: VideoUpload) -> None:
    """Remove what came of an upload that is over: the files first, so that the sweep finds what stayed."""
    if remove_folder(upload.folder):
        upload.chunks.all().delete()


@in_transaction
def _end(upload: VideoUpload, *, reason: str) -> VideoUpload:
    locked = VideoUpload.objects.select_for_update().get(pk=upload.pk)
    if locked.status == VideoUpload.Status.GIVEN_UP:
        return locked
    if locked.status not in (VideoUpload.Status.RECEIVING, VideoUpload.Status.QUEUED):
        raise MoveNotAllowed(f"“{locked.name}” has come: {locked.get_status_display().lower()}.")
    locked.status, locked.reason = VideoUpload.Status.GIVEN_UP, reason[:500]
    locked.save(update_fields=["status", "reason"])
    return locked


def _take_back(name: str) -> None:
    """Unless the row is there after all: a connection may be lost after it committed.

    What stays is listed by `manage fsck`, and goes with its folder when the upload is over.
    """
    with suppress(StoreAway, DatabaseError):
        if not VideoChunk.objects.filter(file=name).exists():
            with answering():
                default_storage.delete(name)
