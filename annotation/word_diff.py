"""Word diffs for pages and exports: one module, so that a number on a page is the number in a release. Pure."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

_TOKEN = re.compile(r"\s+|\[\d{2,}:[0-5]\d\.\d\]|[^\s\[\]]+|[\[\]]")
MOST_COMPARISONS = 1_000_000
"""Of one text's words with the other's, in a row of `side_by_side`: beyond that the row is shown as all different."""


@dataclass(frozen=True)
class Piece:
    op: Literal["same", "del", "ins"]
    text: str


def word_diff(before: str, after: str) -> list[Piece]:
    """Pieces that give `before` without the insertions and `after` without the deletions, byte for byte."""
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    pieces: list[Piece] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(old[a:b])))
            continue
        if a < b:
            pieces.append(Piece("del", "".join(old[a:b])))
        if c < d:
            pieces.append(Piece("ins", "".join(new[c:d])))
    return pieces


def words_changed(pieces: list[Piece]) -> tuple[int, int]:
    """(words taken out, words put in)."""
    out = sum(len(piece.text.split()) for piece in pieces if piece.op == "del")
    put = sum(len(piece.text.split()) for piece in pieces if piece.op == "ins")
    return out, put


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
    if len(_TOKEN.findall(before)) * len(_TOKEN.findall(after)) > MOST_COMPARISONS:
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
