"""The layout `hugging_face`: Parquet for each configuration and split, a dataset card, and checksums.

`datasets.load_dataset(FOLDER, CONFIGURATION)` reads it.
"""

import hashlib
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from qa.releases.frozen import Content, FrozenRelease
from qa.releases.layouts._captions import status_of
from qa.releases.layouts._shape import ANY_KIND, flat_question, seconds, video_path
from qa.releases.layouts.hugging_face.card import dataset_card, file_name, published_split, tables_of
from qa.releases.layouts.hugging_face.parquet import SCHEMAS, Table

NAME = "hugging_face"
TITLE = "Hugging Face dataset"
HAS_VIDEOS = True
KINDS = ANY_KIND
CARD = "README.md"
CHECKSUMS = "checksums.sha256"


def write(source: FrozenRelease, folder: Path) -> None:
    (folder / CARD).write_text(dataset_card(source.release), encoding="utf-8", newline="\n")
    names = {table: file_name(*table) for table in tables_of(source.release)}
    with (folder / CHECKSUMS).open("w", encoding="utf-8", newline="\n") as checksums:
        with ExitStack() as stack:
            tables = {key: stack.enter_context(Table(folder / name, SCHEMAS[key[0]])) for key, name in names.items()}
            _write_rows(source, tables, checksums.write)
        for name in (CARD, *names.values()):
            checksums.write(f"{_sha256(folder / name)}  {name}\n")


def _write_rows(
    source: FrozenRelease, tables: dict[tuple[str, str], Table], write_checksum: Callable[[str], object]
) -> None:
    """Every table in one reading, and the checksums of the videos that stand beside them."""
    for content in source.playable():
        split = published_split(source.release, content["split"])
        length = len(content["caption"] or "") + 200
        tables["captions", split].add(_caption_row(content, split), characters=3 * length)
        for question in content["qa"]:
            tables["qa", split].add(_question_row(content, question, split), characters=length)
        if content["may_redistribute"]:
            write_checksum(f"{content['sha256']}  {video_path(content)}\n")


def _question_row(content: Content, question: dict[str, Any], split: str) -> dict[str, Any]:
    return {**flat_question(content, question), "split": split, "evidence": _marked(question["evidence"])}


def _caption_row(content: Content, split: str) -> dict[str, Any]:
    return {
        **content,
        **content["provenance"],
        "video_id": content["clip_id"],
        "video": video_path(content),
        "duration": seconds(content["duration_ms"]),
        "fps": float(content["fps"]),
        "source_start_s": seconds(content["source_start_ms"]),
        "source_end_s": seconds(content["source_end_ms"]),
        "redistribute": content["may_redistribute"],
        "split": split,
        "status": status_of(content),
        "timeline": _marked(content["timeline"]),
    }


def _marked(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"start_s": seconds(part["start_ms"]), "text": part["text"]} for part in parts]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
