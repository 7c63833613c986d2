"""Which split a clip is in: decided by its source video alone, so that no video stands on both sides.

A larger share holds all that a smaller one held out.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum


class Split(StrEnum):
    TEST = "test"
    HELD_OUT = "held_out"


TRAIN = "train"
"""The split of all clips of training data."""


@dataclass(frozen=True)
class Splitting:
    """held_out_percent: of source videos; a clip without one stands for itself."""

    project_slug: str
    held_out_percent: int

    def split_of(self, *, clip_id: str, source_id: str) -> str:
        drawn = hashlib.sha256(f"{self.project_slug}{source_id or clip_id}".encode()).hexdigest()
        return str(Split.HELD_OUT if int(drawn[:8], 16) % 100 < self.held_out_percent else Split.TEST)
