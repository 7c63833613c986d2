"""No layout holds more of a release than a bounded part of it."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from annotation.models import Project, User
from qa.models import Release
from qa.releases.frozen import FrozenRelease
from qa.releases.layouts import find_layout, layout_names
from qa.releases.layouts.hugging_face import parquet
from tests.qa.releases.layouts.scene import HOSTILE, release_of

CLIPS = 500
SLACK = 6_000_000
"""Bytes. Four times as many clips have 9 MB more of text, which most layouts write twice; Python's table of names grows
by 4 MB once, when there are many files."""


class Repeated(FrozenRelease):
    """A release that has one clip over and over again, under other ids."""

    def __init__(self, release: Release, *, times: int) -> None:
        super().__init__(release)
        self._times = times

    def _contents(self) -> Iterator[dict[str, Any]]:
        (content,) = super()._contents()
        for number in range(self._times):
            clip_id = f"clip-{number:05d}"
            text = f"[00:00.3] {number} {'He jumps. ' * 600}"
            questions = [{**content["qa"][0], "id": f"{clip_id}-interaction-{n}"} for n in range(2)]
            said = {"caption": text[10:], "caption_marked": text, "timeline": [{"start_ms": 300, "text": text[10:]}]}
            yield {**content, **said, "clip_id": clip_id, "qa": questions}


@pytest.fixture
def release(project: Project, ana: User, rui: User) -> Release:
    return release_of(project, {"chinese": HOSTILE["chinese"]}, author=ana, reviewer=rui)


def peak(layout: str, source: FrozenRelease, folder: Path) -> int:
    """Bytes that Python held at most while it wrote."""
    folder.mkdir()
    write = find_layout(layout).write
    tracemalloc.start()
    try:
        write(source, folder)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("layout", layout_names())
def test_memory_does_not_grow_with_the_release(
    layout: str, release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "ROWS", 200)
    few = peak(layout, Repeated(release, times=CLIPS), tmp_path / "few")
    many = peak(layout, Repeated(release, times=4 * CLIPS), tmp_path / "many")
    assert many < few + SLACK
    written = sum(path.stat().st_size for path in (tmp_path / "many").rglob("*") if path.is_file())
    assert written > 6_000_000 or layout in ("hugging_face", "preference_pairs")  # compressed; nothing to pair


def test_a_row_group_is_bounded_in_rows_and_in_characters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROWS", 10)
    monkeypatch.setattr(parquet, "CHARACTERS", 1000)
    schema = pa.schema([("text", pa.string())])
    lengths = [*[1] * 25, 600, 600, 5000, *[1] * 3]
    with parquet.Table(tmp_path / "t.parquet", schema) as table:
        for length in lengths:
            table.add({"text": "x" * length}, characters=length)
    file = pa.parquet.ParquetFile(tmp_path / "t.parquet")
    groups = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
    assert groups == [10, 10, 7, 1, 3]  # ten, ten, five and the two of 600, the long one alone, the rest
    assert [len(text) for text in file.read()["text"].to_pylist()] == lengths


def test_a_failure_leaves_no_open_file(tmp_path: Path) -> None:
    with pytest.raises(KeyError), parquet.Table(tmp_path / "t.parquet", pa.schema([("text", pa.string())])) as table:
        table.add({"text": "x"}, characters=1)
        raise KeyError
    assert pa.parquet.ParquetFile(tmp_path / "t.parquet").metadata.num_rows == 0
