"""What the caption checks say of drafts, stored beside them.

A model's draft is checked when it comes. Drafts that came in bulk, and those that older rules checked, are checked when
somebody first asks for drafts without flags: it takes milliseconds each, which would slow an import down for nothing.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.fields.json import KeyTextTransform

from annotation.caption_checks import VERSION, rules_that_fire
from annotation.models import Caption, Draft, DraftFlags, Project
from annotation.outbox import enqueue
from annotation.states import ClipStatus, State

CHECK = "annotation.check_drafts"
CHUNK = 2000
"""Drafts that are written together. Where fewer wait, no other process is worth its start."""
_AT_ONCE = 50

Check = Callable[[Iterable[tuple[str, int]]], Iterable[list[str]]]


def check_draft(draft: Draft) -> None:
    """Of a caption."""
    _store([draft.pk], [rules_that_fire((draft.payload["caption"], draft.clip.duration_ms))])


def unchecked(project: Project) -> QuerySet[Caption]:
    """Captions of clips in use that stand as they were drafted and that the rules of today have not seen."""
    known = DraftFlags.objects.filter(draft=OuterRef("draft"), checks_version=VERSION)
    drafted = Caption.objects.filter(project=project, clip__state=ClipStatus.ACTIVE, state=State.DRAFTED)
    return drafted.filter(~Exists(known), draft__isnull=False)


def check_drafts(project: Project, *, processes: int = 1) -> int:
    """Check what was not; return how many. What is checked stays so if this is stopped half-way."""
    if processes == 1 or len(unchecked(project).values("pk")[:CHUNK]) < CHUNK:
        return _check_all(project, lambda written: map(rules_that_fire, written))
    # Not forked: a child must not share our connection to the database.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        return _check_all(project, lambda written: pool.map(rules_that_fire, written, chunksize=_AT_ONCE))


def ready_drafts(project: Project, *, processes: int = 1) -> bool:
    """Whether all drafts are checked now. What takes long is left to a worker unless more processes are offered."""
    if processes == 1 and len(unchecked(project).values("pk")[:CHUNK]) == CHUNK:
        enqueue(CHECK, args=[project.pk], queue="video")
        return False
    check_drafts(project, processes=processes)
    return True


def _check_all(project: Project, check: Check) -> int:
    checked, last = 0, 0
    rows = unchecked(project).annotate(text=KeyTextTransform("caption", "draft__payload")).order_by("pk")
    columns = ("pk", "draft_id", "text", "clip__duration_ms")
    while chunk := list(rows.filter(pk__gt=last).values_list(*columns)[:CHUNK]):
        _store([row[1] for row in chunk], check((text, duration_ms) for _, _, text, duration_ms in chunk))
        checked, last = checked + len(chunk), chunk[-1][0]
    return checked


def _store(drafts: list[int], found: Iterable[list[str]]) -> None:
    DraftFlags.objects.bulk_create(
        [DraftFlags(draft_id=pk, checks_version=VERSION, rules=rules) for pk, rules in zip(drafts, found, strict=True)],
        update_conflicts=True,
        unique_fields=["draft"],
        update_fields=["checks_version", "rules"],
    )
