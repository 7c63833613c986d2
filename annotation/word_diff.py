"""Word diffs for pages and exports: one module, so that a number on a page is the number in a release. Pure."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

_TOKEN = re.compile(r"\s+|\[\d{2,}:[0-5]\d\.\d\]|[^\s\[\]]+|[\[\]]")


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
