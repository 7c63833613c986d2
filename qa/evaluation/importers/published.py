"""The format `published`: a table of a paper as one JSON object.

`{"judge", "rows": [{"model", "frames", "average", <each category>, "group"?}]}`. The group `human` has captions
that people wrote.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from annotation.errors import BadInput
from annotation.text import checked_text
from qa.categories import Category
from qa.evaluation.importers._shape import (
    MOST_MODEL,
    PublishedRow,
    Values,
    document,
    frames_in,
    name_in,
    percent_in,
    refused,
    rows_of,
)
from qa.evaluation.importers._start import Start

NAME = "published"
TITLE = "Published table"
RECORD = PublishedRow
TELLS_ORDER = False
AVERAGE = "average"


def recognises(start: Start) -> bool:
    return not start.is_list and {"rows", AVERAGE, *Category.values} <= start.names


def values(path: Path) -> Values:
    return _with_judge(path, document(path))


def record(value: dict[str, Any], line: int) -> PublishedRow:
    return PublishedRow(
        model=name_in(value, "model", most=MOST_MODEL),
        judge=value["judge"],
        frames=frames_in(value),
        is_human=value.get("group") == "human",
        percents={name: float(percent_in(value, name)) for name in (AVERAGE, *Category.values)},
        line=line,
    )


def _with_judge(path: Path, table: object) -> Iterator[tuple[int, dict[str, Any]]]:
    if not isinstance(table, dict):
        raise refused(path, None, "is no JSON object")
    try:
        judge = checked_text(table.get("judge", ""), field="judge", most=MOST_MODEL)
    except BadInput as error:
        raise refused(path, None, error.message) from error
    for line, row in rows_of(path, table.get("rows"), what="rows"):
        yield line, {**row, "judge": judge}
