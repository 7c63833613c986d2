"""A manifest of clips as CSV: each row as the object that a line of a JSONL manifest would be.

Columns are the manifest's keys. A drafted caption has two: `draft_model` and `draft_caption` (or `model` and
`caption`); people and questions take a JSONL manifest.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from annotation.errors import BadInput
from annotation.services.csv_rows import BadRow, Row, read_table
from annotation.services.manifest_lines import LineRefused

REQUIRED = ("clip_id", "video")
DRAFT = {"model": ("draft_model", "model"), "caption": ("draft_caption", "caption")}
"""Key of the draft -> the names that its column may have."""
SECONDS = ("source_start_s", "source_end_s")
_NUMBER = re.compile(r"\d{1,10}(\.\d{1,10})?", re.ASCII)
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True)
class CsvManifest:
    """draft_columns: key of the draft -> its column, of those that there are."""

    columns: list[str]
    header: int
    draft_columns: dict[str, str]
    _rows: Iterator[Row | BadRow]

    def unknown(self, known: set[str]) -> list[str]:
        """The columns that are kept in the clips' metadata, in their order."""
        return [column for column in self.columns if column not in {*known, *self.draft_columns.values()}]

    def values(self) -> Iterator[tuple[int, dict[str, Any] | LineRefused]]:
        """Line number, and what stands there or why it does not go in."""
        for row in self._rows:
            try:
                yield row.number, self._value(row)
            except LineRefused as refusal:
                yield row.number, refusal

    def by_column(self, message: str) -> str:
        """What is said of a key of the draft, said of its column."""
        for key, column in self.draft_columns.items():
            message = message.replace(f"draft.{key}:", f"{column}:", 1)
        return message

    def _value(self, row: Row | BadRow) -> dict[str, Any]:
        if isinstance(row, BadRow):
            raise LineRefused(row.reason)
        value: dict[str, Any] = dict(row.cells)
        draft = {key: value.pop(column) for key, column in self.draft_columns.items() if column in value}
        if "redistribute" in value:
            value["redistribute"] = _boolean(value["redistribute"])
        value |= {key: _seconds(value[key], key) for key in SECONDS if key in value}
        if "caption" in draft:
            if "model" not in draft:
                column = self.draft_columns.get("model", DRAFT["model"][0])
                raise LineRefused(f"{column}: is missing; it says which model wrote the caption")
            value["draft"] = draft
        return value


def read_csv(file: BinaryIO, *, name: str) -> CsvManifest:
    """Raises BadInput for a header that cannot be used. Rows are read when they are asked for."""
    table = read_table(file, name=name, required=REQUIRED)
    if "draft" in table.columns:
        reason = "has a column “draft”; drafts stand in draft_model and draft_caption, or in a JSONL manifest"
        raise BadInput({"manifest": f"{name}: {reason}"})
    columns = {}
    for key, names in DRAFT.items():
        found = [column for column in names if column in table.columns]
        if len(found) > 1:
            raise BadInput({"manifest": f"{name}: the columns “{found[0]}” and “{found[1]}” say the same"})
        if found:
            columns[key] = found[0]
    return CsvManifest(table.columns, table.number, columns, table.rows)


def _boolean(said: str) -> bool:
    value = _BOOLEANS.get(said.strip().lower())
    if value is None:
        raise LineRefused("redistribute: must be true or false, yes or no, 1 or 0")
    return value


def _seconds(said: str, column: str) -> float:
    if not _NUMBER.fullmatch(said.strip()):
        raise LineRefused(f"{column}: must be a number of seconds, as 7 or 12.5")
    return float(said)
