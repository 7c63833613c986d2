"""Making a history of rows: one line for each object, in a stable order, people under their pseudonyms.

Streams: a chunk of clips at a time, with a fixed number of queries for each. The keys are those of `records`.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from django.db import connection
from django.db.models import Prefetch, QuerySet
from django.db.models.functions import Collate

from annotation.canonical import canonical_json, digest_of
from annotation.models import (
    Caption,
    CaptionComment,
    CaptionReview,
    CaptionRevision,
    CaptionSubmission,
    Clip,
    Draft,
    Event,
    Job,
    Membership,
    Project,
    Prompt,
)
from qa.categories import ORDER
from qa.history.from_rows import Around, Events, Record, around, caption_line, clip_line, prompt_line, question_line
from qa.history.records import CAPTION, CLIP, HEAD, QUESTION, SCHEMA_VERSION, TAIL
from qa.models import BlindAnswer, QAComment, QAItem, QAReview, QARevision, QASubmission

CHUNK = 100
"""Clips in memory at a time."""


def history_lines(project: Project, clips: QuerySet[Clip], *, release: str | None = None) -> Iterator[bytes]:
    """The whole file, each line with its line feed. clips: those of the project whose history is wanted.

    release: the version that the history stands beside, None for none.
    Raises RuntimeError outside of a transaction: the caller opens the snapshot that all of it is read from.
    6 queries, and 15 for each CHUNK of clips.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a history is read from one snapshot: open a transaction around it")
    chosen = clips.filter(project=project).order_by()
    objects = chosen.count()
    objects += Caption.objects.filter(clip__in=chosen).count() + QAItem.objects.filter(clip__in=chosen).count()
    head = {"kind": HEAD, "schema_version": SCHEMA_VERSION, "project": project.slug, "release": release}
    before = hashlib.sha256()
    for line in chain([{**head, "objects": objects}], _prompts(chosen), _objects(project, chosen)):
        raw = canonical_json({**line, "digest": digest_of(line)}) + b"\n"
        before.update(raw)
        yield raw
    yield canonical_json({"kind": TAIL, "objects": objects, "digest": before.hexdigest()}) + b"\n"


def _prompts(clips: QuerySet[Clip]) -> Iterator[Record]:
    """Those that made a draft of the clips; a text that two rows hold stands once."""
    jobs = Job.objects.filter(drafts__clip__in=clips)
    rows = Prompt.objects.filter(pk__in=jobs.values("prompt")).order_by("-pk")
    once = {(row.name, row.version): row for row in rows}
    for _, row in sorted(once.items()):
        yield prompt_line(row)


def _objects(project: Project, clips: QuerySet[Clip]) -> Iterator[Record]:
    names = dict(Membership.objects.filter(project=project).values_list("user_id", "pseudonym"))
    # By code points: the same order on every server, whatever its locale.
    rows = clips.select_related("caption").prefetch_related(*_beside()).order_by(Collate("clip_id", "C"))
    stream = rows.iterator(chunk_size=CHUNK)
    while chunk := list(islice(stream, CHUNK)):
        events = _events_of(project, chunk)
        for clip in chunk:
            yield from _lines_of(clip, around(clip, names=names, events=events))


def _lines_of(clip: Clip, about: Around) -> Iterator[Record]:
    yield clip_line(clip, about)
    yield caption_line(clip.caption, clip, about)
    revisions = {revision.pk: revision.digest for revision in clip.caption.revisions.all()}
    for item in sorted(clip.qa_items.all(), key=lambda item: (ORDER[item.category], item.number)):
        yield question_line(item, clip, about, caption_revisions=revisions)


def _beside() -> list[Prefetch]:
    """What is fetched with each chunk of clips, oldest first; revisions by their numbers."""
    return [
        Prefetch("drafts", Draft.objects.select_related("job__prompt").order_by("pk")),
        Prefetch("caption__revisions", CaptionRevision.objects.order_by("number")),
        Prefetch("caption__submissions", CaptionSubmission.objects.order_by("pk")),
        Prefetch("caption__reviews", CaptionReview.objects.order_by("pk")),
        Prefetch("caption__comments", CaptionComment.objects.order_by("pk")),
        Prefetch("qa_items", QAItem.objects.order_by("pk")),
        Prefetch("qa_items__revisions", QARevision.objects.order_by("number")),
        Prefetch("qa_items__submissions", QASubmission.objects.order_by("pk")),
        Prefetch("qa_items__reviews", QAReview.objects.order_by("pk")),
        Prefetch("qa_items__comments", QAComment.objects.order_by("pk")),
        Prefetch("qa_items__blind_answers", BlindAnswer.objects.order_by("pk")),
    ]


def _events_of(project: Project, clips: list[Any]) -> Events:
    """Of the clips, their captions and questions. 1 query."""
    objects = [one.object_id for clip in clips for one in (clip, clip.caption, *clip.qa_items.all())]
    events: dict[tuple[str, str], list[Event]] = defaultdict(list)
    types = [CLIP, CAPTION, QUESTION]
    for event in Event.objects.filter(project=project, object_type__in=types, object_id__in=objects).order_by("pk"):
        events[event.object_type, event.object_id].append(event)
    return events
