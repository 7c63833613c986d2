"""Scenes that look alike: found by their perceptual hashes, linked, and left to a person to judge.

Hashes of 64 bits that differ in at most NEAR bits are near. Cut into four quarters, two that differ in at most three
bits share a quarter for certain, and most that differ in more do too: only those are compared.
"""

from collections import defaultdict
from collections.abc import Sequence

from annotation.models import Scene, SceneHash

NEAR = 8
"""Bits of 64."""
QUARTERS = 4
BLANK = frozenset({"0" * 16, "8" + "0" * 15, "f" * 16})
"""Of a picture of one colour: alike without being the same."""


def quarters_of(hashed: str) -> list[tuple[int, int]]:
    """(place, value of 16 bits) of a hash of 16 hexadecimal digits."""
    return [(place, int(hashed[place * 4 : place * 4 + 4], 16)) for place in range(QUARTERS)]


def bits_between(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def link_near(scenes: Sequence[Scene]) -> None:
    """Link each to the first older scene of the project that it is near to, and remember its hashes.

    Near are scenes of which more than half of the hashes have a near one. At most 14 queries a scene: 4 for each hash.
    """
    for scene in scenes:
        told = [hashed for hashed in dict.fromkeys(scene.hashes) if hashed not in BLANK]
        scene.near_id = _nearest(scene, told)
        if scene.near_id:
            Scene.objects.filter(pk=scene.pk).update(near=scene.near_id)
        SceneHash.objects.bulk_create(
            SceneHash(project_id=scene.project_id, scene=scene, place=place, quarter=quarter, hash=hashed)
            for hashed in told
            for place, quarter in quarters_of(hashed)
        )


def _nearest(scene: Scene, told: Sequence[str]) -> int | None:
    alike: dict[int, set[str]] = defaultdict(set)
    for hashed in told:
        for place, quarter in quarters_of(hashed):
            rows = SceneHash.objects.filter(project_id=scene.project_id, place=place, quarter=quarter)
            for other_id, other in rows.exclude(scene=scene).values_list("scene_id", "hash")[:1000]:
                if bits_between(hashed, other) <= NEAR:
                    alike[other_id].add(hashed)
    near = [other_id for other_id, found in alike.items() if len(found) * 2 > len(told)]
    return min(near, default=None)
