"""Parquet in row groups of bounded size: a table's columns, its file, and its features as `datasets` writes them."""

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 1000
CHARACTERS = 4_000_000
"""Of a row group: what is held in memory."""

_TEXT, _TEXTS = pa.string(), pa.list_(pa.string())
_MARKED = pa.list_(pa.struct([("start_s", pa.float64()), ("text", _TEXT)]))
_PEOPLE = pa.list_(pa.struct([("key", _TEXT), ("description", _TEXT)]))

QA = pa.schema(
    [
        *((name, _TEXT) for name in ("id", "video_id", "video", "category", "question")),
        ("options", _TEXTS),
        ("answer", _TEXT),
        ("answer_index", pa.int64()),
        ("answer_text", _TEXT),
        ("caption", _TEXT),
        ("duration", pa.float64()),
        ("split", _TEXT),
        ("candidates", _TEXTS),
        *((name, _TEXT) for name in ("videoID", "video_name", "question_id")),
        ("answer_id", pa.int64()),
        ("task_type", _TEXT),
        ("evidence", _MARKED),
    ]
)
CAPTIONS = pa.schema(
    [
        *((name, _TEXT) for name in ("video_id", "video", "sha256")),
        ("duration", pa.float64()),
        ("width", pa.int64()),
        ("height", pa.int64()),
        ("fps", pa.float64()),
        ("has_audio", pa.bool_()),
        *((name, _TEXT) for name in ("source_id", "source", "source_url")),
        ("source_start_s", pa.float64()),
        ("source_end_s", pa.float64()),
        ("license", _TEXT),
        ("redistribute", pa.bool_()),
        *((name, _TEXT) for name in ("split", "status", "caption", "caption_marked")),
        ("timeline", _MARKED),
        ("people", _PEOPLE),
        ("draft_model", _TEXT),
        ("prompt_version", _TEXT),
        ("revisions", pa.int64()),
        ("word_edit_distance", pa.int64()),
    ]
)
SCHEMAS: dict[str, pa.Schema] = {"qa": QA, "captions": CAPTIONS}
"""By configuration, in the order of the card; the first is what loads without a name."""


class Table:
    """Rows on their way into a Parquet file."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = pq.ParquetWriter(path, schema, compression="snappy")
        self._schema = schema
        self._rows: list[dict[str, Any]] = []
        self._characters = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is None and self._rows:
            self._write_group()
        self._writer.close()

    def add(self, row: dict[str, Any], *, characters: int) -> None:
        """characters: about how many the row holds."""
        self._rows.append(row)
        self._characters += characters
        if len(self._rows) == ROWS or self._characters >= CHARACTERS:
            self._write_group()

    def _write_group(self) -> None:
        self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
        self._rows, self._characters = [], 0


def features(schema: pa.Schema) -> list[dict[str, Any]]:
    """As `dataset_info` of a card holds them: `{"name", "dtype"}`, or `{"name", "list": type or features}`."""
    return [_feature(field) for field in schema]


def _feature(field: pa.Field) -> dict[str, Any]:
    if not pa.types.is_list(field.type):
        return {"name": field.name, "dtype": _named(field.type)}
    value = field.type.value_type
    if pa.types.is_struct(value):
        return {"name": field.name, "list": [_feature(value.field(place)) for place in range(value.num_fields)]}
    return {"name": field.name, "list": _named(value)}


def _named(kind: pa.DataType) -> str:
    return {"double": "float64"}.get(str(kind), str(kind))
