"""CSV as spreadsheets write it, row by row: what is wrong with one row spoils no other.

Commas, semicolons or tabs, whichever the header has; UTF-8 with or without a byte order mark; LF or CRLF; quoted cells
may hold line ends. Rows are numbered by the line of the file that they begin on.
"""

import csv
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from annotation.errors import BadInput
from annotation.text import checked_text

MOST_COLUMNS = 100
MOST_NAME_CHARACTERS = 200
MOST_BYTES = 1_000_000
"""Of one row."""
DELIMITERS = (",", ";", "\t")
FORMULA_STARTS = frozenset("=+-@\t\r")
"""With what a cell begins that a spreadsheet would compute; a CSV that people open has a quote (') before it (S-36)."""
_BOM = b"\xef\xbb\xbf"
_FIRST_BYTES_OF_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_NOTHING_READ = "no line after it was read"


@dataclass(frozen=True)
class Row:
    """cells: column -> what stands there. A column whose cell is empty is left out."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True)
class BadRow:
    number: int
    reason: str


class _TooLong(Exception):
    """One line of more bytes than a row may have; the rest of it is skipped."""


class _NeverEnds(Exception):
    """Lines that are one row, and together more bytes than a row may have."""


@dataclass
class _Lines:
    """The lines of a file, for the reader of rows. Bytes that are not UTF-8 become lone surrogates."""

    file: BinaryIO
    number: int = 0
    first: int = field(default=0, init=False)
    _bytes: int = field(default=0, init=False)

    def begin_row(self) -> None:
        self.first, self._bytes = self.number + 1, 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        raw = self.file.readline(MOST_BYTES + 1)
        if not raw:
            raise StopIteration
        self.number += 1
        self._bytes += len(raw)
        if self._bytes > MOST_BYTES:
            if self.number > self.first:
                raise _NeverEnds
            while raw and not raw.endswith(b"\n"):
                raw = self.file.readline(MOST_BYTES)
            raise _TooLong
        return raw.decode("utf-8", "surrogateescape")


@dataclass(frozen=True)
class Table:
    columns: list[str]
    number: int
    """The line of the header."""
    rows: Iterator[Row | BadRow]


def read_table(file: BinaryIO, *, name: str, required: Collection[str]) -> Table:
    """The columns, and the rows as they are read. name: of the file, for what is said about it.

    Raises BadInput for a header that names no columns, one twice, or not all that are required.
    """
    lines = _Lines(file)
    try:
        header = _first_line(lines)
        delimiter, columns = _columns(header, required)
        for column in columns:
            checked_text(column, field="header", most=MOST_NAME_CHARACTERS)
    except BadInput as error:
        raise BadInput({"manifest": f"{name}: {error.message}"}) from error
    return Table(columns, lines.number, _rows(lines, delimiter, columns))


def unescaped(cell: str) -> str:
    """The cell without the quote that keeps a spreadsheet from computing it."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in FORMULA_STARTS else cell


def _first_line(lines: _Lines) -> str:
    lines.begin_row()
    try:
        for line in lines:
            raw = line.encode("utf-8", "surrogateescape")
            if raw.startswith(_FIRST_BYTES_OF_UTF_16):
                raise BadInput({"header": "the file is in UTF-16; save it as CSV in UTF-8"})
            text = raw.removeprefix(_BOM).decode("utf-8")
            if text.strip():
                return text
            lines.begin_row()
    except UnicodeDecodeError as error:
        raise BadInput({"header": "is not UTF-8"}) from error
    except _TooLong as error:
        raise BadInput({"header": f"has more than {MOST_BYTES:,} bytes"}) from error
    raise BadInput({"header": "there is no line of column names"})


def _columns(header: str, required: Collection[str]) -> tuple[str, list[str]]:
    """The delimiter, by which most of what is required is found, and the names."""
    found = _split_by_each(header, required)
    delimiter = max(found, key=lambda one: (len(set(required) & set(found[one])), len(found[one])))
    columns = found[delimiter]
    if len(columns) > MOST_COLUMNS:
        raise BadInput({"header": f"has {len(columns):,} columns; at most {MOST_COLUMNS} are possible"})
    for place, column in enumerate(columns, start=1):
        if not column:
            raise BadInput({"header": f"column {place} has no name"})
        if column in columns[: place - 1]:
            raise BadInput({"header": f"the column “{column[:50]}” stands twice"})
    for column in required:
        if column not in columns:
            raise BadInput({"header": f"there is no column “{column}”"})
    return delimiter, columns


def _split_by_each(header: str, required: Collection[str]) -> dict[str, list[str]]:
    """Names in quotes can be split by their own delimiter only.

    Raises BadInput for what is broken by one delimiter, and by the others does not give what is required.
    """
    found, problem = {}, None
    for delimiter in DELIMITERS:
        try:
            found[delimiter] = _split(header, delimiter)
        except BadInput as error:
            problem = problem or error
    if problem and not any(set(required) <= set(columns) for columns in found.values()):
        raise problem
    return found


def _split(header: str, delimiter: str) -> list[str]:
    try:
        (cells,) = csv.reader([header], delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise BadInput({"header": f"cannot be read: {_in_words(error)}"}) from error
    return [cell.strip() for cell in cells]


def _rows(lines: _Lines, delimiter: str, columns: list[str]) -> Iterator[Row | BadRow]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.begin_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except _TooLong:
            yield BadRow(lines.first, f"has more than {MOST_BYTES:,} bytes")
        except _NeverEnds:
            yield BadRow(lines.first, f"a quote is not closed within {MOST_BYTES:,} bytes; {_NOTHING_READ}")
            return
        except csv.Error as error:
            if lines.number > lines.first and "field limit" in str(error):
                yield BadRow(lines.first, f"a quote is not closed in {_LONGEST_CELL}; {_NOTHING_READ}")
                return
            yield BadRow(lines.first, _in_words(error))
        else:
            if any(cells):
                yield _row(lines.first, cells, columns)


def _row(number: int, cells: list[str], columns: list[str]) -> Row | BadRow:
    if len(cells) != len(columns):
        return BadRow(number, f"has {len(cells):,} cells; the header has {len(columns)}")
    said = {column: unescaped(cell) for column, cell in zip(columns, cells, strict=True) if cell}
    for column, cell in said.items():
        if "\x00" in cell:
            return BadRow(number, f"{column}: holds a NUL character")
        if any("\ud800" <= character <= "\udfff" for character in cell):
            return BadRow(number, f"{column}: is not UTF-8")
    return Row(number, said)


_LONGEST_CELL = f"{csv.field_size_limit():,} characters"
_WORDS = {
    "unexpected end of data": f"a quote is opened and never closed; {_NOTHING_READ}",
    "field limit": f"a cell has more than {_LONGEST_CELL}",
    "new-line character": "a line end without a line feed (CR alone) stands outside of quotes",
    "expected after": 'a closing quote is followed by more text; a quote inside of a quoted cell is doubled ("")',
}


def _in_words(error: csv.Error) -> str:
    return next((words for part, words in _WORDS.items() if part in str(error)), str(error))
