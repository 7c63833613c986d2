"""Word diffs for pages and exports: one module, so that a number on a page is the number in a release. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal

from rapidfuzz.distance import LCSseq

_UNIT = re.compile(r"(\[\d{2,}:[0-5]\d\.\d\]|[^\s\[\]]+|[\[\]])(\s*)")
_LEAD = re.compile(r"\s*")
MOST_COMPARISONS = 1_000_000
"""Of one text's words with the other's, in a row of `side_by_side`: beyond that the row is shown as all different."""

Op = Literal["same", "del", "ins"]
Unit = tuple[str, str]
"""A word, or a time mark, and the blank after it."""


@dataclass(frozen=True)
class Piece:
    op: Op
    text: str


def word_diff(before: str, after: str) -> list[Piece]:
    """Pieces that give `before` without the insertions and `after` without the deletions, byte for byte.

    As few words as can be are out or in. Blanks part no run of changed words: they are compared only after words that
    are the same in both.
    """
    old, new = _units(before), _units(after)
    numbers: dict[str, int] = {}
    one, other = ([numbers.setdefault(word, len(numbers)) for word, _ in units] for units in (old, new))
    parts: list[tuple[Op, str]] = []
    for step in LCSseq.opcodes(one, other):
        left, right = old[step.src_start : step.src_end], new[step.dest_start : step.dest_end]
        if step.tag != "equal":
            parts += [("del", _joined(left)), ("ins", _joined(right))]
            continue
        for (word, blank), (_, its_blank) in zip(left, right, strict=True):
            parts.append(("same", word))
            parts += [("same", blank)] if blank == its_blank else [("del", blank), ("ins", its_blank)]
    return _merged(parts)


def _units(text: str) -> list[Unit]:
    """All of the text; what is blank before its first word is a unit without a word."""
    lead = _LEAD.match(text)
    blank = lead.group() if lead else ""
    return [("", blank)] * bool(blank) + [(match[1], match[2]) for match in _UNIT.finditer(text, len(blank))]


def _joined(units: list[Unit]) -> str:
    return "".join(word + blank for word, blank in units)


def _merged(parts: Iterable[tuple[Op, str]]) -> list[Piece]:
    """No empty piece, and between two that are the same at most one deletion and then one insertion."""
    pieces: list[Piece] = []
    for is_same, run in groupby((part for part in parts if part[1]), key=lambda part: part[0] == "same"):
        changed = list(run)
        if is_same:
            pieces.append(Piece("same", "".join(text for _, text in changed)))
        else:
            out, put = ("".join(text for op, text in changed if op == wanted) for wanted in ("del", "ins"))
            pieces += _hunk(out, put)
    return [Piece(op, "".join(piece.text for piece in run)) for op, run in groupby(pieces, key=lambda piece: piece.op)]


def _hunk(out: str, put: str) -> list[Piece]:
    """A blank that ends both is no change."""
    tail = 0
    while tail < min(len(out), len(put)) and out[-1 - tail] == put[-1 - tail] and out[-1 - tail].isspace():
        tail += 1
    cut = len(out) - tail
    pieces = [Piece("del", out[:cut]), Piece("ins", put[: len(put) - tail]), Piece("same", out[cut:])]
    return [piece for piece in pieces if piece.text]


def words_changed(pieces: list[Piece]) -> tuple[int, int]:
    """(words taken out, words put in)."""
    out = sum(len(piece.text.split()) for piece in pieces if piece.op == "del")
    put = sum(len(piece.text.split()) for piece in pieces if piece.op == "ins")
    return out, put


def percent_changed(pieces: list[Piece]) -> int | None:
    """Of the words before: how many are out, in percent, rounded half up. None where there were none."""
    before = sum(len(piece.text.split()) for piece in pieces if piece.op != "ins")
    out, _ = words_changed(pieces)
    return (200 * out + before) // (2 * before) if before else None


@dataclass(frozen=True)
class Row:
    """Some lines of two texts beside each other. before: without insertions; after: without deletions."""

    is_same: bool
    lines: int
    before: list[Piece]
    after: list[Piece]


def side_by_side(before: str, after: str) -> list[Row]:
    """Two long texts by lines, and by words where their lines differ. Runs of the same lines are one row.

    The pieces of all rows give both texts byte for byte.
    """
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    rows: list[Row] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new).get_opcodes():
        if tag == "equal":
            same = [Piece("same", "".join(old[a:b]))]
            rows.append(Row(True, b - a, same, same))
        elif b - a == d - c:
            rows += [_row(one, other) for one, other in zip(old[a:b], new[c:d], strict=True)]
        else:
            rows.append(_row("".join(old[a:b]), "".join(new[c:d])))
    return rows


def _row(before: str, after: str) -> Row:
    if len(_units(before)) * len(_units(after)) > MOST_COMPARISONS:
        pieces = [Piece("del", before), Piece("ins", after)]
    else:
        pieces = word_diff(before, after)
    lines = max(len(before.splitlines()), len(after.splitlines()))
    return Row(
        False,
        lines,
        [piece for piece in pieces if piece.op != "ins"],
        [piece for piece in pieces if piece.op != "del"],
    )
