"""The standard caption format: plain text, optional time marks `[mm:ss.s]` before sentences. Pure functions.

A segment runs from a mark to the next; text before the first mark is a segment without a start.
"""

import re
from dataclasses import dataclass

MARK = re.compile(r"\[(\d{2,}):([0-5]\d)\.(\d)\]", re.ASCII)
_MARK_AND_SPACE = re.compile(r"\[\d{2,}:[0-5]\d\.\d\] ?", re.ASCII)


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


# Sentences


@dataclass(frozen=True)
class Sentence:
    """start, end: code points in the text as written, `text == caption[start:end]`, stripped and without marks."""

    start: int
    end: int
    text: str


_STOP = re.compile(
    r"""
      (?<![.!?…])[.!?…]++["'”’»)\]]*+(?=\s|\Z)
    | [。！？]++["'”’»)\]]*+
    | (?<=[^\W\d_]{2})[.!?](?=[A-Z][a-z])
    | \n\s*\n
    | \n(?!\s*[a-z])
    """,
    re.VERBOSE,
)
_NEVER_LAST = re.compile(r"mr|mrs|ms|mx|dr|prof|st|sr|jr|rev|sgt|capt|e\.g|i\.e|eg|ie|cf|vs|approx|ca|c|fig|vol|ph\.d")
_NUMBERS = re.compile(r"nos?|nr")
_SELDOM_LAST = re.compile(r"etc|a\.m|p\.m|incl|esp|max|min")
_UNITS = re.compile(r"m|in|ft|cm|mm|km|kg|lbs?|oz|s|secs?|mins?|h|hrs?|am|pm")
_OPENERS = re.compile(
    r"the|an?|s?he|they|it|there|th(?:is|at|ese|ose)|his|her|their|its|in|on|at|as|after|before|while|when|then|next"
    r"|now|once|both|all|each|one|two|three|four|five|six|first|second|meanwhile|finally|suddenly|from|to|with|another"
    r"|m(?:rs?|s)|dr|(?:some|every|no)(?:body|one)|people|m[ae]n|wom[ae]n"
)
_LAST_WORD = re.compile(r"(?P<number>\d ?)?(?P<word>(?:[^\W\d]|\.){1,12})\Z")
_NEXT_WORD = re.compile(r"""[\s"'“‘«(\[]*(\[\d{2,}:|\w+)""")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")


def sentences(text: str) -> list[Sentence]:
    """The sentences of a caption in order; a time mark, and an empty line, always end one.

    No stop ends a sentence inside of decimals ("1.5 m"), after titles and "e.g.", after initials ("P.E.", "J. B.")
    unless a usual first word follows ("in P.E. The man"), in front of a small letter after a quotation or an ellipsis
    ('a sign "Stop!" and'), nor after the number of a list ("1. The man"). Linear in the length of the text.
    """
    found: list[Sentence] = []
    place = 0
    for mark in MARK.finditer(text):
        found += _between(text, place, mark.start())
        place = mark.end()
    return found + _between(text, place, len(text))


def _between(text: str, start: int, end: int) -> list[Sentence]:
    found: list[Sentence] = []
    for stop in _STOP.finditer(text, start, end):
        if _ends_sentence(text, start, stop, end):
            found += _trimmed(text, start, stop.end())
            start = stop.end()
    return found + _trimmed(text, start, end)


def _trimmed(text: str, start: int, end: int) -> list[Sentence]:
    part = text[start:end]
    if not re.search(r"\w", part):
        return []
    start += len(part) - len(part.lstrip())
    return [Sentence(start, start + len(part.strip()), part.strip())]


def _ends_sentence(text: str, start: int, stop: re.Match[str], end: int) -> bool:
    if stop[0].isspace():
        return True
    following = _NEXT_WORD.match(text, stop.end(), end)
    word = following[1] if following else ""
    if word[:1].islower() and (stop[0][0] not in ".。" or len(stop[0]) > 1):
        return False
    if stop[0][0] != "." or stop[0].startswith("..") or not word:
        return True
    if text[start : stop.start()].strip().isdigit():
        return False
    last = _LAST_WORD.search(text, max(start, stop.start() - 16), stop.start())
    before = last["word"].lower() if last else ""
    if len(stop[0]) == 1 and (_NEVER_LAST.fullmatch(before) or (_NUMBERS.fullmatch(before) and word.isdigit())):
        return False
    is_unit = last is not None and bool(last["number"]) and _UNITS.fullmatch(before)
    if is_unit or _SELDOM_LAST.fullmatch(before) or _INITIALS.fullmatch(before):
        return not word[:1].islower() and bool(_OPENERS.fullmatch(word.lower()))
    return True
