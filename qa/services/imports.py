"""Clips and their drafts from a manifest; questions that come with them."""

from collections.abc import Iterator
from pathlib import Path

from annotation.access import require
from annotation.accumulation.probe import Refused, read
from annotation.accumulation.transcode import prepare
from annotation.errors import BadInput
from annotation.models import Project, User
from annotation.services.clip_hashes import hashes_of
from annotation.services.clips import DraftedCaption, NewClip, exists_otherwise, find_same, sha256_of, store_files
from annotation.stored_files import working_folder
from qa.services.clip_batches import Batch, LineOutcome, Ready
from qa.services.manifest import ClipLine, Format, LineDraft, RefusedLine, Remark, format_of, read_manifest


def import_manifest(
    *, manifest: Path, project: Project, actor: User | None, form: Format | None = None
) -> Iterator[LineOutcome]:
    """Take the manifest's lines one by one; each goes in whole or not at all. Running it again changes nothing.

    form: what the manifest is; without it the end of its name says so.
    Raises RightMissing before the first line, and BadInput for a CSV whose header cannot be used.
    """
    if actor is not None:
        require(actor, "add_clips", project=project)
    batch = Batch(project, actor)
    try:
        for line in read_manifest(manifest, form=form or format_of(manifest)):
            if isinstance(line, ClipLine) and batch.holds(line.clip_id):
                yield from batch.write()
            batch.begin_line()
            batch.add(_ready(line, project=project) if isinstance(line, ClipLine) else _as_outcome(line))
            if batch.is_due:
                yield from batch.write()
    except Exception:
        yield from batch.write()
        raise
    else:
        yield from batch.write()
    finally:
        batch.give_up()


def preview_manifest(
    *, manifest: Path, project: Project, actor: User | None, form: Format | None = None
) -> Iterator[LineOutcome]:
    """What `import_manifest` would do with each line. Nothing is written: videos are decoded, none is converted.

    Raises as `import_manifest`.
    """
    if actor is not None:
        require(actor, "add_clips", project=project)
    coming: dict[str, str] = {}
    for line in read_manifest(manifest, form=form or format_of(manifest)):
        yield _preview(line, project=project, coming=coming) if isinstance(line, ClipLine) else _as_outcome(line)


def _preview(line: ClipLine, *, project: Project, coming: dict[str, str]) -> LineOutcome:
    """coming: clip id -> SHA-256 of its original, of the lines before that would be new."""
    try:
        digest = sha256_of(line.video)
        known = coming.get(line.clip_id)
        if known not in (None, digest):
            raise exists_otherwise(line.clip_id)
        if known is not None or find_same(project, line.clip_id, original_sha256=digest) is not None:
            return LineOutcome(line.number, "existing", line.clip_id, warnings=_warnings(line))
        read(line.video)
    except (Refused, BadInput) as refusal:
        return _refused(line, refusal)
    coming[line.clip_id] = digest
    return LineOutcome(line.number, "new", line.clip_id, warnings=_warnings(line))


def _as_outcome(line: RefusedLine | Remark) -> LineOutcome:
    if isinstance(line, Remark):
        return LineOutcome(line.number, "noticed", warnings=(line.text,))
    return LineOutcome(line.number, "refused", reason=line.reason)


def _refused(line: ClipLine, refusal: Refused | BadInput) -> LineOutcome:
    reason = f"video: {refusal}" if isinstance(refusal, Refused) else refusal.message
    return LineOutcome(line.number, "refused", line.clip_id, reason)


def _warnings(line: ClipLine) -> tuple[str, ...]:
    return tuple(f"unknown key “{key}” is kept in the clip's metadata" for key in line.unknown)


def _ready(line: ClipLine, *, project: Project) -> Ready | LineOutcome:
    """Check and convert the video and store its files, outside of any transaction."""
    try:
        if find_same(project, line.clip_id, original_sha256=sha256_of(line.video)) is not None:
            return LineOutcome(line.number, "existing", line.clip_id, warnings=_warnings(line))
        with working_folder() as folder:
            into = folder / "prepared"
            into.mkdir()
            prepared = prepare(line.video, into=into)
            hashes = hashes_of(prepared.video)
            files = store_files(line.video, line.video.name, prepared)
    except (Refused, BadInput) as refusal:
        return _refused(line, refusal)
    clip = NewClip(line.clip_id, line.video.name, prepared, files.names, line.facts, _caption(line.draft), hashes)
    draft = line.draft or LineDraft("", None, [])
    return Ready(line.number, clip, files.stored, _warnings(line), draft.model, draft.questions)


def _caption(draft: LineDraft | None) -> DraftedCaption | None:
    return DraftedCaption(draft.model, draft.caption) if draft is not None and draft.caption is not None else None
