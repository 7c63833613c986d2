"""Which clips show what a release shows already: the same bytes, the same source, or pictures that look alike.

Asked over all projects of an installation: a model that was trained on one project's clips is measured on another's.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from django.db.models import QuerySet

from annotation.models import Clip, ClipHashes
from annotation.services.near_duplicates import BLANK, NEAR
from qa.models import ReleaseItem

CHUNK = 500
_BESIDE = 1024
"""Hashes that a chunk is held against at once: what this takes of memory does not grow with the releases."""

Hashes = Any
"""numpy array of uint64"""


def released_clips(kind: str) -> QuerySet[Clip]:
    """The clips of every release of this kind, in every project."""
    return Clip.objects.filter(pk__in=ReleaseItem.objects.filter(release__kind=kind).values("clip"))


def of_released_sources(clips: QuerySet[Clip], *, kind: str) -> set[int]:
    """Row ids of those clips that such a release holds, whose bytes it holds, or whose source it has a clip of.

    5 queries: each is a join that Postgres can hash, which a condition of five parts is not.
    """
    released = released_clips(kind)
    ways: list[tuple[str, QuerySet[Clip]]] = [
        ("pk", released),
        ("sha256", released),
        ("original_sha256", released),
        ("source_id", released.exclude(source_id="")),
        ("scene__video__sha256", released.filter(scene__isnull=False)),
    ]
    found: set[int] = set()
    for name, having in ways:
        found.update(clips.filter(**{f"{name}__in": having.values(name)}).values_list("pk", flat=True))
    return found


def without_hashes(clips: QuerySet[Clip]) -> QuerySet[Clip, int]:
    """Row ids of those that cannot be compared, though their video is there."""
    return clips.filter(looks=None, pk__in=Clip.objects.standing()).values_list("pk", flat=True)


def near_released(clips: QuerySet[Clip], *, kind: str) -> set[int]:
    """Row ids of those clips that look like one of such a release: more than half of the hashes of one of the two have
    a near one in the other. A clip without hashes is like none.
    """
    released = _Known(released_clips(kind))
    found: set[int] = set()
    if released.hashes.size:
        for chunk in _chunks(clips):
            found |= released.like(chunk)
    return found


def _chunks(clips: QuerySet[Clip]) -> Iterator[list[tuple[int, list[str]]]]:
    rows = ClipHashes.objects.filter(clip__in=clips).values_list("clip_id", "hashes").iterator(chunk_size=CHUNK)
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _flat(rows: Sequence[tuple[int, list[str]]]) -> tuple[list[int], Hashes]:
    """Each hash that tells something, and whose it is."""
    pairs = [(pk, hashed) for pk, hashes in rows for hashed in dict.fromkeys(hashes) if hashed not in BLANK]
    return [pk for pk, _ in pairs], np.array([int(hashed, 16) for _, hashed in pairs], dtype=np.uint64)


class _Known:
    """The hashes of clips, to hold others against: every pair is compared, so that none is missed."""

    def __init__(self, clips: QuerySet[Clip]) -> None:
        parts = [_flat(chunk) for chunk in _chunks(clips)]
        self.owners = [pk for owners, _ in parts for pk in owners]
        self.hashes = np.concatenate([np.empty(0, np.uint64), *(hashes for _, hashes in parts)])
        self.counts = _counted(self.owners)

    def like(self, rows: Sequence[tuple[int, list[str]]]) -> set[int]:
        """Row ids of those that are like one that is known."""
        owners, hashes = _flat(rows)
        counts = _counted(owners)
        met: dict[tuple[int, int], tuple[set[int], set[int]]] = defaultdict(lambda: (set(), set()))
        for start in range(0, self.hashes.size, _BESIDE):
            apart = np.bitwise_count(hashes[:, None] ^ self.hashes[None, start : start + _BESIDE])
            for mine, other in np.argwhere(apart <= NEAR).tolist():
                pair = met[owners[mine], self.owners[start + other]]
                pair[0].add(mine)
                pair[1].add(start + other)
        return {
            pk
            for (pk, known), (mine, others) in met.items()
            if len(mine) * 2 > counts[pk] or len(others) * 2 > self.counts[known]
        }


def _counted(owners: Sequence[int]) -> dict[int, int]:
    counts: dict[int, int] = defaultdict(int)
    for pk in owners:
        counts[pk] += 1
    return counts
