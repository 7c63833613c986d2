"""Clips of training data for tests: each has bytes, a source and pictures of its own."""

import hashlib
from typing import Any

from annotation.models import Caption, Clip, ClipHashes, Project
from tests.factories import ClipFactory, DraftedCaptionFactory

CLEAN = "There is one person in the video, a bald man. [00:00.3] He spreads both arms. [00:01.0] He jumps."
FLAGGED = "There is one person in the video, a bald man. He is probably tired."


def hashes_for(name: str) -> list[str]:
    """Three, unlike those of any other name."""
    return [hashlib.sha256(f"{name}{place}".encode()).hexdigest()[:16] for place in range(3)]


def bits_changed(hashed: str, bits: int) -> str:
    """The hash with its lowest bits turned over."""
    return f"{int(hashed, 16) ^ (2**bits - 1):016x}"


def own_clip(project: Project, clip_id: str, *, hashes: list[str] | None = None, **facts: Any) -> Clip:
    """hashes: an empty list for a clip that was never hashed."""
    name = f"{project.slug}/{clip_id}"
    own = {
        "source_id": f"source of {name}",
        "sha256": hashlib.sha256(name.encode()).hexdigest(),
        "original_sha256": hashlib.sha256(f"original {name}".encode()).hexdigest(),
    }
    clip: Clip = ClipFactory.create(project=project, clip_id=clip_id, **{**own, **facts})
    if hashes is None or hashes:
        ClipHashes.objects.create(clip=clip, hashes=hashes or hashes_for(name))
    return clip


def drafted(project: Project, clip_id: str, *, text: str = CLEAN, **facts: Any) -> Caption:
    return DraftedCaptionFactory(project=project, text=text, clip=own_clip(project, clip_id, **facts))
