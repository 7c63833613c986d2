"""Clips and their drafts from a manifest; questions that come with them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from django.db.models import Max

from annotation.access import require
from annotation.accumulation.probe import Refused
from annotation.accumulation.transcode import prepare
from annotation.errors import BadInput
from annotation.models import Clip, Job, Project, User
from annotation.services.clips import add_clip, find_same, sha256_of
from annotation.services.drafts import store_draft
from annotation.states import State
from annotation.stored_files import working_folder
from annotation.transactions import in_transaction
from annotation.workflow import move
from qa.models import QAItem
from qa.services.manifest import ClipLine, LineDraft, LineRefused, read_line, read_lines


@dataclass(frozen=True)
class LineOutcome:
    """reason: why the line was refused. warnings: what was noticed about a line that is fine."""

    number: int
    result: Literal["new", "existing", "refused"]
    clip_id: str = ""
    reason: str = ""
    warnings: tuple[str, ...] = ()


def import_manifest(*, manifest: Path, project: Project, actor: User | None) -> Iterator[LineOutcome]:
    """Take the manifest's lines one by one; each goes in whole or not at all. Running it again changes nothing.

    Raises RightMissing before the first line.
    """
    if actor is not None:
        require(actor, "add_clips", project=project)
    for number, raw in read_lines(manifest):
        try:
            line = read_line(raw, number=number, folder=manifest.parent)
        except LineRefused as refusal:
            yield LineOutcome(number, "refused", reason=str(refusal))
        else:
            yield _import_line(line, project=project, actor=actor)


def _import_line(line: ClipLine, *, project: Project, actor: User | None) -> LineOutcome:
    warnings = tuple(f"unknown key “{key}” is kept in the clip's metadata" for key in line.unknown)
    try:
        made = _import_clip(line, project=project, actor=actor)
    except Refused as refusal:
        return LineOutcome(line.number, "refused", line.clip_id, f"video: {refusal}")
    except BadInput as refusal:
        return LineOutcome(line.number, "refused", line.clip_id, refusal.message)
    return LineOutcome(line.number, "new" if made else "existing", line.clip_id, warnings=warnings)


def _import_clip(line: ClipLine, *, project: Project, actor: User | None) -> bool:
    """True if the clip is new. Checking and converting the video happens outside of any transaction."""
    if find_same(project, line.clip_id, original_sha256=sha256_of(line.video)) is not None:
        return False
    with working_folder() as folder:
        into = folder / "prepared"
        into.mkdir()
        add_clip(
            project=project,
            clip_id=line.clip_id,
            original=line.video,
            original_name=line.video.name,
            prepared=prepare(line.video, into=into),
            facts=line.facts,
            actor=actor,
            also=lambda clip: _store_drafts(clip, line.draft),
        )
    return True


def _store_drafts(clip: Clip, draft: LineDraft | None) -> None:
    if draft is None:
        return
    if draft.caption is not None:
        store_draft(clip=clip, kind="caption", model=draft.model, payload=draft.caption)
    for question in draft.questions:
        add_drafted_item(clip=clip, category=question.category, model=draft.model, payload=question.payload)


@in_transaction
def add_drafted_item(
    *,
    clip: Clip,
    category: str,
    model: str,
    payload: dict[str, Any],
    job: Job | None = None,
    place: int = 0,
    provenance: dict[str, Any] | None = None,
) -> QAItem:
    """Keep the drafted question and make the item that shows it; its id is the category's next number.

    Without a job it came with an import.
    """
    # Lock first: two drafts for one clip must not take the same number.
    clip = Clip.objects.select_for_update().select_related("project").get(pk=clip.pk)
    draft = store_draft(
        clip=clip, kind=f"qa:{category}", model=model, payload=payload, job=job, place=place, provenance=provenance
    )
    number = next_number(clip, category)
    item = QAItem.objects.create(
        clip=clip,
        category=category,
        number=number,
        question_id=f"{clip.clip_id}-{category}-{number}",
        state=State.DRAFTED,
        draft=draft,
    )
    move(item, "draft" if job else "import", actor=None, created=True)
    return item


def next_number(clip: Clip, category: str) -> int:
    """Numbers are never used twice: dropped questions keep theirs. The caller holds the clip's lock."""
    highest = QAItem.objects.filter(clip=clip, category=category).aggregate(highest=Max("number"))["highest"]
    return (highest or 0) + 1
