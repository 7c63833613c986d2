"""What changed between two texts of a caption, sentence by sentence, and what puts one sentence back. Pure."""

import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import Any

from annotation.caption_format import MARK, format_mark, mark_ms, sentences
from annotation.sentence_alignment import Line, align
from annotation.word_diff import Piece, word_diff

_JUST_BEFORE = re.compile(rf"{MARK.pattern}\s*\Z")
_LONGEST_LEAD = 40


@dataclass(frozen=True)
class Place:
    """A sentence where it stands.

    from_, to: code points. start_ms: of the last mark in front of it. is_marked: nothing stands between the two.
    """

    text: str
    from_: int
    to: int
    start_ms: int | None
    is_marked: bool

    @property
    def line(self) -> Line:
        return Line(self.text, self.start_ms if self.is_marked else None)


@dataclass(frozen=True)
class ChangedSentence:
    """One sentence of either text, or one that became another.

    before, after: without time marks; None where the text has no such sentence.
    start_ms: of the sentence now; of the one that went if it is gone. was_ms: its earlier mark, if the mark moved.
    from_, to: what `back` replaces in the later text, in UTF-16 units, as browsers count. back: what puts the earlier
        sentence back; None where there is nothing to put back.
    """

    n: int
    start_ms: int | None
    is_marked: bool
    was_ms: int | None
    before: str | None
    after: str | None
    pieces: list[Piece]
    from_: int
    to: int
    back: str | None

    @property
    def is_same(self) -> bool:
        return self.before == self.after

    @property
    def start_s(self) -> float | None:
        return None if self.start_ms is None else self.start_ms / 1000

    @property
    def as_json(self) -> dict[str, Any]:
        return {
            "n": self.n,
            "start_ms": self.start_ms,
            "is_marked": self.is_marked,
            "was_ms": self.was_ms,
            "same": self.is_same,
            "pieces": [{"op": piece.op, "text": piece.text} for piece in self.pieces],
            "before": self.before,
            "after": self.after,
            "from": self.from_,
            "to": self.to,
            "back": self.back,
        }


class _Offsets:
    """Code points of a text in UTF-16 units."""

    def __init__(self, text: str) -> None:
        self._wide = [place for place, character in enumerate(text) if ord(character) > 0xFFFF]

    def __call__(self, place: int) -> int:
        return place + bisect_left(self._wide, place)


def places(text: str) -> list[Place]:
    """The sentences of a caption with the times that they stand under."""
    marks = [(match.end(), mark_ms(match)) for match in MARK.finditer(text)]
    found: list[Place] = []
    start: int | None = None
    passed = 0
    for sentence in sentences(text):
        while passed < len(marks) and marks[passed][0] <= sentence.start:
            start = marks[passed][1]
            passed += 1
        lead = text[max(0, sentence.start - _LONGEST_LEAD) : sentence.start]
        found.append(Place(sentence.text, sentence.start, sentence.end, start, bool(_JUST_BEFORE.search(lead))))
    return found


def lines(text: str) -> list[Line]:
    return [place.line for place in places(text)]


def changes_by_sentence(before: str, after: str) -> list[ChangedSentence]:
    """Each sentence of both texts once, in order. What went stands where it was."""
    old, new = places(before), places(after)
    in_browser = _Offsets(after)
    made: list[ChangedSentence] = []
    end = 0
    pairs = align([place.line for place in old], [place.line for place in new])
    for n, (i, j) in enumerate(pairs, start=1):
        was = None if i is None else old[i]
        now = None if j is None else new[j]
        end = now.to if now else end
        made.append(_changed(n, was, now, in_browser, end))
    return made


def _changed(n: int, was: Place | None, now: Place | None, in_browser: _Offsets, end: int) -> ChangedSentence:
    """end: where the sentence before it ends in the later text; one that went is put back there."""
    shown = now or was
    assert shown is not None  # noqa: S101 - a pair has at least one side
    moved = was and now and was.is_marked and now.is_marked and was.start_ms != now.start_ms
    return ChangedSentence(
        n=n,
        start_ms=shown.start_ms,
        is_marked=shown.is_marked,
        was_ms=was.start_ms if was and moved else None,
        before=was.text if was else None,
        after=now.text if now else None,
        pieces=word_diff(was.text if was else "", now.text if now else ""),
        from_=in_browser(now.from_ if now else end),
        to=in_browser(now.to if now else end),
        back=_back(was, now, end),
    )


def _back(was: Place | None, now: Place | None, end: int) -> str | None:
    if was is None:
        return None
    if now is not None:
        return was.text
    mark = f"{format_mark(was.start_ms)} " if was.is_marked and was.start_ms is not None else ""
    return f" {mark}{was.text}" if end else f"{mark}{was.text} "
