"""Plots as SVG, drawn on the server. Pure functions: the same rows give the same text on every machine.

Colours come from the classes of css/components/chart.css where a plot stands in a page, and from the attributes beside
them where it is a file of its own. All text is escaped: words of a cloud are words of people.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from unicodedata import east_asian_width

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

Cell = str | int | float
Row = list[Cell]

WIDTH = 400
_PLOT_HEIGHT = 150
_LEFT, _RIGHT, _TOP = 44, 392, 12
_INK, _QUIET, _LINE = "#15181b", "#5b646b", "#dadee1"
_DATA = ["#0a5a86", "#2f7f78", "#8a6a16", "#a2543a", "#6b56a8", "#b9d3e2"]
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST_LABEL = 20
_NAME_END = 132
_BAR_END = 318
_LONGEST_WORD = 24
_SMALLEST, _LARGEST = 11, 34
_CLOUD_WIDTH = 380
_MOST_LABELS = 7


@dataclass(frozen=True)
class Plot:
    """A plot with the table behind it: what a page shows, and what is downloaded. rows: a cell for each column."""

    name: str
    title: str
    definition: str
    columns: list[str]
    rows: list[Row]
    svg: SafeString
    note: str = ""


@dataclass(frozen=True)
class Said:
    """What a plot says of itself to those who do not see it. name: begins its ids, one of each on a page."""

    name: str
    title: str
    description: str


def histogram(said: Said, bars: Sequence[tuple[str, int]], *, axis: str, begins: bool = True) -> SafeString:
    """Columns side by side. bars: (label, how many). axis: what is counted along it.

    begins: a label says where its column begins, and stands there; else it names the column.
    """
    if not any(value for _, value in bars):
        return _nothing(said)
    top = _round_top(max(value for _, value in bars))
    step = (_RIGHT - _LEFT) / len(bars)
    every = ceil(len(bars) / _MOST_LABELS)
    floor = _TOP + _PLOT_HEIGHT
    parts = [_grid(top)]
    for place, (label, value) in enumerate(bars):
        x, height = _LEFT + place * step, _PLOT_HEIGHT * value / top
        parts.append(_bar(1, x + step * 0.06, floor - height, step * 0.88, height))
        if place % every == 0:
            parts.append(_text(label, x if begins else x + step / 2, floor + 15, anchor="middle"))
    parts.append(_text(axis, (_LEFT + _RIGHT) / 2, floor + 32, anchor="middle"))
    return _svg(said, floor + 40, parts)


def bars(said: Said, rows: Sequence[tuple[str, float, str]], *, coloured: bool = False) -> SafeString:
    """One bar a row. rows: (name, length, what stands at its end). coloured: in the order of the categories."""
    longest = max((value for _, value, _ in rows), default=0)
    if not longest:
        return _nothing(said)
    parts = []
    for place, (name, value, end) in enumerate(rows):
        y, length = 8 + place * 28, (_BAR_END - _NAME_END) * value / longest
        parts.append(_text(_cut(name), _NAME_END - 6, y + 15, anchor="end", kind="lab"))
        parts.append(_bar(place % len(_DATA) + 1 if coloured else 1, _NAME_END, y, length, 21))
        parts.append(_text(end, _NAME_END + length + 6, y + 15, kind="strong"))
    return _svg(said, 8 + len(rows) * 28, parts)


def shares(said: Said, rows: Sequence[tuple[str, Sequence[int]]], *, kinds: Sequence[str]) -> SafeString:
    """One full bar a row, cut by the shares of its kinds. kinds: at most six, named below."""
    if not any(sum(values) for _, values in rows):
        return _nothing(said)
    parts = []
    for place, (name, values) in enumerate(rows):
        y, x, total = 8 + place * 28, float(_NAME_END), sum(values)
        parts.append(_text(_cut(name), _NAME_END - 6, y + 15, anchor="end", kind="lab"))
        for number, value in enumerate(values, start=1):
            length = (_RIGHT - _NAME_END) * value / total if total else 0
            parts.append(_bar(number, x, y, max(length - 1, 0), 21))
            x += length
    y = 8 + len(rows) * 28 + 8
    for number, kind in enumerate(kinds, start=1):
        x = 4 + (number - 1) % 3 * 130
        below = y + (number - 1) // 3 * 20
        parts += [_bar(number, x, below, 11, 11), _text(kind, x + 16, below + 10)]
    return _svg(said, y + ceil(len(kinds) / 3) * 20, parts)


def lines(said: Said, labels: Sequence[str], series: Sequence[tuple[str, Sequence[int]]]) -> SafeString:
    """One line a series over the same places. labels: of the places."""
    highest = max((value for _, values in series for value in values), default=0)
    if not highest:
        return _nothing(said)
    top, floor = _round_top(highest), _TOP + _PLOT_HEIGHT
    step = (_RIGHT - _LEFT) / max(len(labels) - 1, 1)
    every = ceil(len(labels) / 5)
    parts = [_grid(top)]
    for number, (name, values) in enumerate(series, start=1):
        points = [(_LEFT + place * step, floor - _PLOT_HEIGHT * value / top) for place, value in enumerate(values)]
        parts.append(_line(number, points))
        x = _LEFT + (number - 1) * 130
        parts += [_bar(number, x, floor + 26, 11, 11), _text(name, x + 16, floor + 36)]
    for place, label in enumerate(labels):
        if place % every == 0:
            anchor = "middle" if place < len(labels) - 1 or not place else "end"
            parts.append(_text(label, _LEFT + place * step, floor + 15, anchor=anchor))
    return _svg(said, floor + 44, parts)


def cloud(said: Said, words: Sequence[tuple[str, int]]) -> SafeString:
    """Words by size, the most frequent in the middle. words: (word, how often), the most frequent first.

    In rows that are filled in this order and laid above and below the first in turn: nothing is tried or drawn by lot.
    """
    if not words:
        return _nothing(said)
    rows = _cloud_rows(words)
    order = [*reversed(range(1, len(rows), 2)), *range(0, len(rows), 2)]
    parts, y = [], 4.0
    for row in (rows[place] for place in order):
        height = max(size for _, size, _ in row)
        x = (WIDTH - sum(width for _, _, width in row)) / 2
        for place, (word, size, width) in enumerate(row):
            colour = 1 + (place + len(word)) % 4
            parts.append(_word(word, x + width / 2, y + height * 0.82, size, colour))
            x += width
        y += height * 1.18
    return _svg(said, ceil(y + 4), parts, kind="chart cloud")


def _cloud_rows(words: Sequence[tuple[str, int]]) -> list[list[tuple[str, float, float]]]:
    """(word, size, width with the gap) of each row, the widest words of a row in its middle."""
    most, least = words[0][1], words[-1][1]
    rows: list[list[tuple[str, float, float]]] = [[]]
    filled = 0.0
    for text, count in words:
        word = _cut(text, _LONGEST_WORD)
        ems = sum(map(_ems, word))
        size = _SMALLEST + (_LARGEST - _SMALLEST) * sqrt((count - least) / (most - least) if most > least else 0)
        size = min(size, _CLOUD_WIDTH / (ems + 0.6))
        width = (ems + 0.4) * size
        if filled + width > _CLOUD_WIDTH:
            rows.append([])
            filled = 0.0
        row = rows[-1]
        row.insert(len(row) if len(row) % 2 else 0, (word, size, width))
        filled += width
    return rows


def _ems(letter: str) -> float:
    """How wide a bold letter is in the widest of our fonts."""
    if letter in "mwMW" or east_asian_width(letter) in "WF":
        return 1.06
    return 0.46 if letter in "fijlrt'-" else 0.74


def _svg(said: Said, height: float, parts: Sequence[SafeString], *, kind: str = "chart") -> SafeString:
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" class="{kind}" role="img" viewBox="0 0 {width} {height}" '
        'width="{width}" height="{height}" font-family="system-ui, sans-serif" font-size="11" '
        'aria-labelledby="{name}-title {name}-said"><title id="{name}-title">{title}</title>'
        '<desc id="{name}-said">{description}</desc>'
        '<rect class="paper" width="{width}" height="{height}" fill="#ffffff"/>{parts}</svg>',
        kind=kind,
        width=WIDTH,
        height=f"{height:g}",
        name=said.name,
        title=_xml(said.title),
        description=_xml(said.description),
        parts=format_html_join("", "{}", ((part,) for part in parts)),
    )


def _nothing(said: Said) -> SafeString:
    return _svg(said, 60, [_text("Nothing to count yet", WIDTH / 2, 34, anchor="middle")])


def _grid(top: int) -> SafeString:
    """Three lines, from 0 to top."""
    parts = []
    for value in (0, top // 2, top):
        y = _TOP + _PLOT_HEIGHT * (1 - value / top)
        parts.append(
            format_html('<path class="grid" d="M{} {}H{}" stroke="{}"/>', _LEFT, f"{y:.1f}", _RIGHT, _LINE),
        )
        parts.append(_text(f"{value:,}", _LEFT - 6, y + 4, anchor="end"))
    return format_html_join("", "{}", ((part,) for part in parts))


def _bar(colour: int, x: float, y: float, width: float, height: float) -> SafeString:
    return format_html(
        '<rect class="b{}" x="{}" y="{}" width="{}" height="{}" fill="{}"/>',
        colour,
        *(f"{one:.1f}" for one in (x, y, width, height)),
        _DATA[colour - 1],
    )


def _line(colour: int, points: Sequence[tuple[float, float]]) -> SafeString:
    """With a dot at each place, so that a single one is seen."""
    dots = format_html_join(
        "",
        '<circle class="b{}" cx="{}" cy="{}" r="2.5" fill="{}"/>',
        ((colour, f"{x:.1f}", f"{y:.1f}", _DATA[colour - 1]) for x, y in points),
    )
    return format_html(
        '<polyline class="line{}" points="{}" fill="none" stroke="{}" stroke-width="2"/>{}',
        colour,
        " ".join(f"{x:.1f},{y:.1f}" for x, y in points),
        _DATA[colour - 1],
        dots,
    )


def _text(text: str, x: float, y: float, *, anchor: str = "start", kind: str = "") -> SafeString:
    return format_html(
        '<text class="{}" x="{}" y="{}" text-anchor="{}" fill="{}">{}</text>',
        kind,
        f"{x:.1f}",
        f"{y:.1f}",
        anchor,
        _INK if kind else _QUIET,
        _xml(text),
    )


def _word(word: str, x: float, y: float, size: float, colour: int) -> SafeString:
    return format_html(
        '<text class="c{}" x="{}" y="{}" text-anchor="middle" font-size="{}" font-weight="600" fill="{}">{}</text>',
        colour,
        f"{x:.1f}",
        f"{y:.1f}",
        f"{size:.1f}",
        [_INK, _DATA[0], _DATA[1], _QUIET][colour - 1],
        _xml(word),
    )


def _round_top(value: int) -> int:
    """The end of an axis: even, so that its half is a whole number too."""
    power = int("1".ljust(len(str(value)), "0"))
    return max(2, next(top for top in (power * n for n in (1, 2, 4, 6, 8, 10)) if top >= value))


def _cut(text: str, most: int = _LONGEST_LABEL) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _xml(text: str) -> str:
    """Without what no XML may hold, however it is escaped."""
    return _NO_XML.sub("�", text)
