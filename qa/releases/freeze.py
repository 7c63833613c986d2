"""Freezing: everything that is approved at one moment, in one snapshot, for good."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError
from django.db.models import F, Prefetch
from django.db.models.functions import Collate

from annotation.canonical import canonical_json
from annotation.errors import BadInput, DomainError
from annotation.models import Caption, Membership, Project, User
from annotation.snapshots import one_snapshot
from annotation.states import ClipStatus, State
from annotation.workflow import database_now
from qa.categories import Category
from qa.models import QAItem, Release, ReleaseItem
from qa.models.releases import VERSION_PATTERN
from qa.releases.content import clip_content

CHUNK = 200
NAMED = 20


class InTheWay(DomainError):
    """The gate is closed. `detail["conditions"]` lists what is in the way."""

    code = "release_refused"


@dataclass(frozen=True)
class Condition:
    """Something that keeps a release from being frozen. items: at most NAMED ids; count: how many there are."""

    name: str
    message: str
    items: list[str]
    count: int


def conditions_in_the_way(project: Project) -> list[Condition]:
    """SQL over stored states: 4 queries, and as many again for what is in the way."""
    captions = Caption.objects.filter(clip__project=project, clip__state=ClipStatus.ACTIVE)
    questions = QAItem.objects.filter(clip__project=project, clip__state=ClipStatus.ACTIVE)
    stale = questions.filter(state=State.APPROVED, clip__caption__state=State.APPROVED).exclude(
        caption_revision=F("clip__caption__approved_revision")
    )
    found: list[Condition] = []
    if not captions.filter(state=State.APPROVED).exists():
        found.append(Condition("nothing_approved", "no caption is approved yet", [], 0))
    checks: list[tuple[str, str, Any, str]] = [
        ("disputed_captions", "captions are disputed", captions.filter(state=State.DISPUTED), "clip__clip_id"),
        ("disputed_questions", "questions are disputed", questions.filter(state=State.DISPUTED), "question_id"),
        ("stale_questions", "questions were approved against an earlier caption", stale, "question_id"),
    ]
    for name, message, rows, column in checks:
        count = rows.count()
        if count:
            items = list(rows.order_by(column).values_list(column, flat=True)[:NAMED])
            found.append(Condition(name, f"{count} {message}", items, count))
    return found


def freeze(*, project: Project, version: str, notes: str, actor: User | None) -> Release:
    """Freeze what is approved. Raises BadInput for the version, InTheWay with the list of conditions.

    Opens its own transaction, because its isolation must be REPEATABLE READ from the first query on.
    """
    with one_snapshot():
        _require_next_version(project, version)
        conditions = conditions_in_the_way(project)
        if conditions:
            lines = [f"{one.message}{': ' + ', '.join(one.items) if one.items else ''}" for one in conditions]
            raise InTheWay("; ".join(lines), conditions=[vars(one) for one in conditions])
        return _write(project=project, version=version, notes=notes, actor=actor)


def _require_next_version(project: Project, version: str) -> None:
    if not re.fullmatch(VERSION_PATTERN, version):
        raise BadInput({"version": "must be three numbers with dots, such as 1.0.0"})
    taken = [_numbers(one) for one in project.releases.values_list("version", flat=True)]
    if taken and _numbers(version) <= max(taken):
        latest = ".".join(map(str, max(taken)))
        raise BadInput({"version": f"must be later than {latest}, the latest release"})


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _write(*, project: Project, version: str, notes: str, actor: User | None) -> Release:
    """The contents are read twice (once for digest and counts, once for the rows): memory stays flat."""
    digest, counts = hashlib.sha256(), _Counts()
    for _, content in _contents(project):
        digest.update(canonical_json(content) + b"\n")
        counts.add(content)
    try:
        release = Release.objects.create(
            project=project,
            version=version,
            notes=notes,
            salt=project.release_salt,
            counts=counts.as_json(),
            frozen_by=actor,
            frozen_at=database_now().replace(microsecond=0),
            digest=digest.hexdigest(),
        )
    except IntegrityError as error:
        raise BadInput({"version": "is taken"}) from error
    rows: list[ReleaseItem] = []
    for clip, content in _contents(project):
        rows.append(ReleaseItem(release=release, clip=clip, clip_id_text=clip.clip_id, content=content))
        if len(rows) == CHUNK:
            ReleaseItem.objects.bulk_create(rows)
            rows = []
    ReleaseItem.objects.bulk_create(rows)
    return release


def _contents(project: Project) -> Iterator[tuple[Any, dict[str, Any]]]:
    """(clip, content) of every approved clip in clip_id order; a fixed number of queries for each CHUNK of them."""
    pseudonyms = dict(Membership.objects.filter(project=project).values_list("user_id", "pseudonym"))
    for caption in _approved_captions(project):
        items = list(caption.clip.approved_items)
        yield caption.clip, clip_content(caption=caption, items=items, pseudonyms=pseudonyms, salt=project.release_salt)


def _approved_captions(project: Project) -> Iterable[Any]:
    current = F("clip__caption__approved_revision")
    items = (
        QAItem.objects.filter(state=State.APPROVED, caption_revision=current)
        .select_related("draft", "approved_revision")
        .prefetch_related("revisions", "reviews")
    )
    return (
        Caption.objects.filter(clip__project=project, clip__state=ClipStatus.ACTIVE, state=State.APPROVED)
        .select_related("clip", "draft", "approved_revision")
        .prefetch_related("revisions", "reviews", Prefetch("clip__qa_items", items, to_attr="approved_items"))
        # By code points: the same order on every server, whatever its locale.
        .order_by(Collate("clip__clip_id", "C"))
        .iterator(chunk_size=CHUNK)
    )


class _Counts:
    def __init__(self) -> None:
        self.clips = 0
        self.by_category: dict[str, int] = dict.fromkeys(Category.values, 0)

    def add(self, content: dict[str, Any]) -> None:
        self.clips += 1
        for question in content["qa"]:
            self.by_category[question["category"]] += 1

    def as_json(self) -> dict[str, Any]:
        return {"clips": self.clips, "questions": sum(self.by_category.values()), "by_category": self.by_category}
