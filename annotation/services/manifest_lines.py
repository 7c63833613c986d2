"""What the lines of every manifest have in common: numbered lines, files inside its folder, times, subtitles."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from annotation.accumulation.limits import Refused
from annotation.accumulation.subtitles import read_subtitles


class LineRefused(Exception):
    """Why a line does not go in."""


def read_lines(manifest: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers from 1."""
    with manifest.open("rb") as file:
        yield from numbered(file)


def numbered(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """As `read_lines`, of what is open already."""
    for number, raw in enumerate(lines, start=1):
        if raw.strip():
            yield number, raw


def file_inside(folder: Path, name: object, *, key: str) -> Path:
    """Raises LineRefused for what lies outside (S-35) or is not there."""
    if not isinstance(name, str) or not name:
        raise LineRefused(f"{key}: is missing")
    root = folder.resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root):
        raise LineRefused(f"{key}: “{name}” lies outside the manifest's folder")
    try:
        is_there = path.is_file()
    except OSError:  # a name longer than any file's
        is_there = False
    if not is_there:
        raise LineRefused(f"{key}: there is no file “{name[:300]}”")
    return path


def milliseconds(value: dict[str, Any], key: str) -> int | None:
    seconds = value.get(key)
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= 1_000_000:
        raise LineRefused(f"{key}: must be a number of seconds from 0 to 1,000,000")
    return round(seconds * 1000)


def subtitles_at(folder: Path, name: object) -> str:
    path = file_inside(folder, name, key="subtitles")
    try:
        return read_subtitles(path.read_bytes(), name=path.name)
    except Refused as refusal:
        raise LineRefused(f"subtitles: {refusal}") from refusal
