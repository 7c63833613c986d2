"""The standard caption format: plain text, optional time marks `[mm:ss.s]` before sentences. Pure functions.

A segment runs from a mark to the next; text before the first mark is a segment without a start.
"""

import re
from dataclasses import dataclass

MARK = re.compile(r"\[(\d{2,}):([0-5]\d)\.(\d)\]")
_MARK_AND_SPACE = re.compile(r"\[\d{2,}:[0-5]\d\.\d\] ?")


@dataclass(frozen=True)
class Segment:
    """start_ms: None before the first mark."""

    start_ms: int | None
    text: str


def mark_ms(match: re.Match[str]) -> int:
    minutes, seconds, tenths = match.groups()
    return (int(minutes) * 60 + int(seconds)) * 1000 + int(tenths) * 100


def format_mark(ms: int) -> str:
    """The mark at or before a time: 4,987 ms is `[00:04.9]`."""
    tenths = ms // 100
    return f"[{tenths // 600:02d}:{tenths // 10 % 60:02d}.{tenths % 10}]"


def without_marks(text: str) -> str:
    """The caption as exports give it: every mark, and one space after it, removed."""
    return _MARK_AND_SPACE.sub("", text)


def segments(text: str) -> list[Segment]:
    """The text cut at its marks, each part stripped; parts without words are left out."""
    parts: list[Segment] = []
    start: int | None = None
    place = 0
    for match in MARK.finditer(text):
        parts.append(Segment(start, text[place : match.start()].strip()))
        start, place = mark_ms(match), match.end()
    parts.append(Segment(start, text[place:].strip()))
    return [part for part in parts if part.text]


def timeline(text: str) -> list[Segment]:
    """The segments that have a time, in the order of the text."""
    return [segment for segment in segments(text) if segment.start_ms is not None]
