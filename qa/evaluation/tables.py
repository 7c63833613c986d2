"""Runs as a table in the paper's order. Pure functions: whoever calls brings the rows of one release.

What one judge scored is never ranked with what another did, nor with what was printed about another release: a table
has a group for each, and each group its own order and its own best.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from itertools import groupby
from typing import Any

from annotation.errors import BadInput
from qa.evaluation.figures import COLUMNS, Figures, Share, rounded
from qa.models.runs import Setting

AVERAGE = "average"
PERCENTS: dict[str, str] = {AVERAGE: "Avg.", **{name.value: name.label for name in COLUMNS}}
"""The columns with percents, and their headings."""
HEADINGS = {"model": "Model", "judge": "Judge", "frames": "Frames", **PERCENTS}
SORTS = (*HEADINGS, "answers")

BESIDE: dict[Setting, Setting] = {
    Setting.CAPTION: Setting.HUMAN_CAPTIONS,
    Setting.DRAFT_CAPTION: Setting.HUMAN_CAPTIONS,
    Setting.STANDARD: Setting.BLIND,
    Setting.SINGLE_FRAME: Setting.BLIND,
    Setting.SHUFFLED: Setting.BLIND,
}
"""The setting whose rows stand above or below a setting's own, to measure them by."""


class Kind(IntEnum):
    """Where a row stands in its group, whatever that is sorted by. HUMAN: what the captions can carry."""

    HUMAN = 1
    MODEL = 2
    FLOOR = 3


@dataclass(frozen=True)
class Row:
    """One run, or one line of a table in print.

    key: of the run; "" in print. published_in: where it is printed; "" for a run of ours. asked: how many answers a
        run of ours will have.
    """

    model: str
    judge: str
    frames: int | None
    setting: Setting
    figures: Figures
    key: str = ""
    published_in: str = ""
    asked: int = 0

    @property
    def is_unfinished(self) -> bool:
        return self.figures.answers < self.asked

    @property
    def kind(self) -> Kind:
        return {Setting.HUMAN_CAPTIONS: Kind.HUMAN, Setting.BLIND: Kind.FLOOR}.get(self.setting, Kind.MODEL)

    @property
    def label(self) -> str:
        if self.kind == Kind.HUMAN:
            return "Human annotated captions"
        return f"No video: {self.model}" if self.kind == Kind.FLOOR else self.model

    def share(self, column: str) -> Share | None:
        """column: of PERCENTS. None without answers."""
        return self.figures.average if column == AVERAGE else self.figures.by_category.get(column)


@dataclass(frozen=True)
class Cell:
    """share: None where there is nothing to show. is_best: among the models of its group, as it is shown."""

    column: str
    share: Share | None
    is_best: bool

    @property
    def is_average(self) -> bool:
        return self.column == AVERAGE

    @property
    def shown(self) -> str:
        """One digit, "" for nothing."""
        return str(rounded(self.share.percent)) if self.share else ""

    @property
    def error_shown(self) -> str:
        """One digit, "" where nobody knows."""
        return str(rounded(self.share.error)) if self.share and self.share.error is not None else ""


@dataclass(frozen=True)
class Line:
    """cells: one for each of PERCENTS."""

    row: Row
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Group:
    """Rows that may be compared: one judge, and one source. judge: "" where models answer themselves."""

    judge: str
    published_in: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Table:
    """by: one of SORTS."""

    setting: Setting
    by: str
    descending: bool
    groups: tuple[Group, ...]

    @property
    def lines(self) -> list[Line]:
        return [line for group in self.groups for line in group.lines]


def table_of(rows: Iterable[Row], *, setting: Setting, by: str = AVERAGE, descending: bool = True) -> Table:
    """The rows of a setting and those that stand beside it; others are left out.

    A setting's human rows stand first in their group and blind rows last; only what is between them is best or not.
    Groups stand by judge, the printed ones last. Raises BadInput for an unknown column.
    """
    if by not in SORTS:
        raise BadInput({"sort": f"must be one of {', '.join(SORTS)}"})
    wanted = [row for row in rows if row.setting in {setting, BESIDE.get(setting)}]
    backwards = descending and by == "judge"
    wanted.sort(key=lambda row: (row.judge.casefold(), row.judge), reverse=backwards)
    wanted.sort(key=lambda row: (bool(row.published_in), row.published_in))
    groups = groupby(wanted, key=lambda row: (row.judge, row.published_in))
    return Table(
        setting=setting,
        by=by,
        descending=descending,
        groups=tuple(
            Group(judge, published_in, _lines(some, by=by, descending=descending))
            for (judge, published_in), some in groups
        ),
    )


def _sorted(rows: Iterable[Row], *, by: str, descending: bool) -> list[Row]:
    """By kind, then by the column, then by name. What has no value stands last either way."""
    rows = sorted(rows, key=lambda row: (row.label.casefold(), row.label, row.key))
    known = [row for row in rows if _value(row, by) is not None]
    known.sort(key=lambda row: _value(row, by), reverse=descending)
    unknown = [row for row in rows if _value(row, by) is None]
    return sorted([*known, *unknown], key=lambda row: row.kind)


def _value(row: Row, column: str) -> Any:
    """What a group is sorted by. Its judge is the same everywhere."""
    if column in PERCENTS:
        share = row.share(column)
        return share.percent if share else None
    values = {"model": row.label.casefold(), "judge": "", "frames": row.frames, "answers": row.figures.answers or None}
    return values[column]


def _lines(rows: Iterable[Row], **order: Any) -> tuple[Line, ...]:
    ordered = _sorted(rows, **order)
    best = {column: _best(ordered, column) for column in PERCENTS}
    return tuple(Line(row, tuple(_cell(row, column, best[column]) for column in PERCENTS)) for row in ordered)


def _best(rows: Iterable[Row], column: str) -> Decimal | None:
    """To one digit, so that two that look alike are both best. None where there are no two models to compare."""
    values = [rounded(share.percent) for row in rows if row.kind == Kind.MODEL and (share := row.share(column))]
    return max(values) if len(values) > 1 else None


def _cell(row: Row, column: str, best: Decimal | None) -> Cell:
    share = row.share(column)
    return Cell(column, share, bool(row.kind == Kind.MODEL and share and rounded(share.percent) == best))
