"""The table of results as a file: CSV with everything that is known, Markdown and LaTeX with the paper's columns."""

from collections.abc import Iterable

from qa.evaluation.figures import rounded
from qa.evaluation.tables import HEADINGS, PERCENTS, Cell, Line, Table
from qa.evaluation.text_tables import Markup, csv_table, file_kind

CSV_HEADINGS = [
    *HEADINGS.values(),
    *(f"{heading} standard error" for heading in PERCENTS.values()),
    *("n", "Unparsed", "Setting", "Published in"),
]


def table_file(table: Table, file_format: str) -> bytes:
    """file_format: one of FILE_KINDS. Raises BadInput for another."""
    markup = file_kind(file_format).markup
    return _as_text(table, markup).encode() if markup else csv_table([CSV_HEADINGS, *map(_csv_line, table.lines)])


def _csv_line(line: Line) -> Iterable[object]:
    """Percents with two digits, so that who computes with them goes on from more than is shown."""
    row, figures = line.row, line.row.figures
    shares = [cell.share for cell in line.cells]
    errors = [share.error if share else None for share in shares]
    return [
        *(row.label, row.judge, row.frames),
        *(rounded(share.percent, places=2) if share else None for share in shares),
        *(None if error is None else rounded(error, places=2) for error in errors),
        *(figures.answers or None, figures.unparsed if figures.answers else None),
        *(row.setting.value, row.published_in),
    ]


def _as_text(table: Table, markup: Markup) -> str:
    groups = [[_text_line(line, markup) for line in group.lines] for group in table.groups]
    return markup.table([*HEADINGS.values()], groups, words=2, notes=_notes(table))


def _text_line(line: Line, markup: Markup) -> list[str]:
    row = line.row
    return [
        markup.words(row.label) + (markup.dagger if row.published_in else ""),
        markup.words(row.judge) or markup.missing,
        markup.missing if row.frames is None else str(row.frames),
        *(_percent(cell, markup) for cell in line.cells),
    ]


def _percent(cell: Cell, markup: Markup) -> str:
    """The average with its standard error."""
    if not cell.share:
        return markup.missing
    percent = markup.bold(cell.shown) if cell.is_best else cell.shown
    return percent + markup.plus_minus + cell.error_shown if cell.is_average and cell.error_shown else percent


def _notes(table: Table) -> list[str]:
    """What one must know to read the table where nothing else explains it."""
    printed = sorted({group.published_in for group in table.groups if group.published_in})
    return [
        f"{table.setting.label} setting, accuracy in percent. Avg. is the unweighted mean of the five categories.",
        "± is one standard error, clustered by clip.",
        "The best of each judge's models is bold. Rows of different judges cannot be ranked together.",
        *(f"† As printed in {source}; not measured here." for source in printed),
    ]
