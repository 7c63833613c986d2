"""Which sentence of one text became which of another, and who wrote the sentences that stand now. Pure.

Sentences keep their order: one that was moved away from its neighbours is one that went and one that came.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from rapidfuzz.distance import LCSseq

ALIKE = 0.4
"""From this share of common words on, two sentences may be one that was rewritten."""
SAME_TIME = 0.25
"""What the same time mark in front of both adds to that share."""
MOST_COMPARISONS = 20_000
"""Of sentences between two that stayed: beyond that they are paired by their places."""

_WORD = re.compile(r"[\w’'-]+")
Author = TypeVar("Author")
Pair = tuple[int | None, int | None]
"""Places in the one text and in the other; None where the sentence is in one of them only."""


@dataclass(frozen=True)
class Line:
    """A sentence. mark_ms: the time mark right in front of it, if there is one."""

    text: str
    mark_ms: int | None = None


def align(before: Sequence[Line], after: Sequence[Line]) -> list[Pair]:
    """Each sentence of both texts exactly once, in the order of both.

    What stands unchanged is paired first; between two such, those whose words are most alike.
    """
    numbers: dict[str, int] = {}
    one, other = ([numbers.setdefault(line.text, len(numbers)) for line in lines] for lines in (before, after))
    pairs: list[Pair] = []
    old = new = 0
    for step in LCSseq.opcodes(one, other):
        if step.tag != "equal":
            continue
        pairs += _changed(before, after, range(old, step.src_start), range(new, step.dest_start))
        old, new = step.src_end, step.dest_end
        pairs += zip(range(step.src_start, old), range(step.dest_start, new), strict=True)
    return pairs + _changed(before, after, range(old, len(before)), range(new, len(after)))


def blame(chain: Sequence[tuple[Author, Sequence[Line]]]) -> list[Author]:
    """Who last changed each sentence of the last text. chain: every text since the first, with who wrote it."""
    owners: list[Author] = []
    earlier: Sequence[Line] = []
    for author, lines in chain:
        came_from = {new: old for old, new in align(earlier, lines) if old is not None and new is not None}
        owners = [
            owners[came_from[place]] if place in came_from and earlier[came_from[place]].text == line.text else author
            for place, line in enumerate(lines)
        ]
        earlier = lines
    return owners


def _changed(before: Sequence[Line], after: Sequence[Line], old: range, new: range) -> list[Pair]:
    """The sentences between two that stayed. One against one is a sentence that was rewritten."""
    if len(old) * len(new) > MOST_COMPARISONS or len(old) == len(new) == 1:
        together = min(len(old), len(new))
        return [
            *zip(old, new, strict=False),
            *((i, None) for i in old[together:]),
            *((None, j) for j in new[together:]),
        ]
    alike = _likeness([before[i] for i in old], [after[j] for j in new])
    best = _best(alike, len(old), len(new))
    pairs: list[Pair] = []
    i = j = 0
    while i < len(old) or j < len(new):
        if i < len(old) and j < len(new) and alike[i][j] >= ALIKE and best[i][j] == alike[i][j] + best[i + 1][j + 1]:
            pairs.append((old[i], new[j]))
            i, j = i + 1, j + 1
        elif i < len(old) and best[i][j] == best[i + 1][j]:
            pairs.append((old[i], None))
            i += 1
        else:
            pairs.append((None, new[j]))
            j += 1
    return pairs


def _best(alike: list[list[float]], rows: int, columns: int) -> list[list[float]]:
    """best[i][j]: the most likeness that pairs of sentences from i and j on can have together."""
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            paired = alike[i][j] + best[i + 1][j + 1] if alike[i][j] >= ALIKE else 0.0
            best[i][j] = max(paired, best[i + 1][j], best[i][j + 1])
    return best


def _likeness(before: Sequence[Line], after: Sequence[Line]) -> list[list[float]]:
    old, new = ([_WORD.findall(line.text.lower()) for line in lines] for lines in (before, after))
    return [
        [
            LCSseq.similarity(words, others) * 2 / max(1, len(words) + len(others))
            + (SAME_TIME if line.mark_ms is not None and line.mark_ms == other.mark_ms else 0)
            for other, others in zip(after, new, strict=True)
        ]
        for line, words in zip(before, old, strict=True)
    ]
