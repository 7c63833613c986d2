"""Files of answers, captions and scores that were made elsewhere: one module a format, found by its place here.

A module gives NAME, TITLE, RECORD, TELLS_ORDER, recognises(start), values(path) and record(value, line); modules whose
names begin with _ are shared. Reading streams, and refuses what is broken with the file and the line.
"""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

from annotation.errors import BadInput
from qa.evaluation.importers._shape import (
    MOST_FRAMES,
    CaptionLine,
    Prediction,
    PublishedRow,
    Record,
    Score,
    Values,
    lettered,
    readable,
    refused,
)
from qa.evaluation.importers._start import Start, start_of

__all__ = [
    "MOST_FRAMES",
    "CaptionLine",
    "Format",
    "Prediction",
    "PublishedRow",
    "Score",
    "find_format",
    "format_names",
    "format_of",
    "lettered",
    "read",
    "readable",
    "refused",
]
R = TypeVar("R", bound=Record)


class Format(Protocol):
    """TITLE: for people. TELLS_ORDER: a prediction's `shown` has the options in the order in which they were put."""

    NAME: str
    TITLE: str
    RECORD: type[Record]
    TELLS_ORDER: bool

    def recognises(self, start: Start) -> bool: ...

    def values(self, path: Path) -> Values:
        """Raises BadInput that names file and line."""
        ...

    def record(self, value: dict[str, Any], line: int) -> Record:
        """Raises BadInput that names the field."""
        ...


def format_names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def find_format(name: str) -> Format:
    """Raises BadInput that lists the formats there are."""
    if name not in format_names():
        raise BadInput({"format": f"there is no format “{name}”; there are: {', '.join(format_names())}"})
    return cast(Format, import_module(f"{__name__}.{name}"))


def format_of(path: Path) -> Format:
    """By what the file holds, not by its name. Raises BadInput where that is no format or several."""
    start = start_of(path)
    found = [one for one in map(find_format, format_names()) if one.recognises(start)]
    if len(found) != 1:
        said = "may be in several formats" if found else "is in no format that is known"
        raise refused(path, None, f"{said}; say which: {', '.join(format_names())}")
    return found[0]


def read(path: Path, form: Format, wanted: type[R]) -> Iterator[R]:
    """Each record as it is read. Raises BadInput for a format of other records, for what is broken or stands twice."""
    if form.RECORD is not wanted:
        raise BadInput({"format": f"{form.NAME} is no format of {wanted.WHAT}"})
    return cast(Iterator[R], _records(path, form))


def _records(path: Path, form: Format) -> Iterator[Record]:
    lines: dict[str, int] = {}
    for line, value in form.values(path):
        try:
            record = form.record(value, line)
        except BadInput as error:
            raise refused(path, line, error.message) from error
        if (earlier := lines.setdefault(record.name, line)) != line:
            raise refused(path, line, f"“{readable(record.name)}” stands in line {earlier} already")
        yield record
