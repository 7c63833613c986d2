"""The format `scores`: a model's score on a benchmark, `benchmark`, `model` and `percent`, as JSONL or CSV."""

import re
from pathlib import Path
from typing import Any

from qa.evaluation.importers._shape import MOST_MODEL, Score, Values, name_in, objects, opened, percent_in
from qa.evaluation.importers._start import Start
from qa.evaluation.importers._table import table

NAME = "scores"
TITLE = "Benchmark scores"
RECORD = Score
TELLS_ORDER = False
COLUMNS = ("benchmark", "model", "percent")
MOST_BENCHMARK = 100
_NUMBER = re.compile(r"\d{1,3}(\.\d{1,10})?", re.ASCII)


def recognises(start: Start) -> bool:
    return set(COLUMNS) <= (start.keys or start.columns)


def values(path: Path) -> Values:
    with opened(path) as file:
        is_json = file.read(200).lstrip().startswith(b"{")
    return objects(path) if is_json else _numbered(table(path, required=COLUMNS))


def record(value: dict[str, Any], line: int) -> Score:
    return Score(
        benchmark=name_in(value, "benchmark", most=MOST_BENCHMARK),
        model=name_in(value, "model", most=MOST_MODEL),
        percent=percent_in(value, "percent"),
        line=line,
    )


def _numbered(rows: Values) -> Values:
    for line, row in rows:
        said = row["percent"].strip()
        yield line, {**row, "percent": float(said) if _NUMBER.fullmatch(said) else said}
