"""Raw videos as they are listed: a JSONL or CSV manifest, or a folder of videos; on this disk, or chosen in a browser.

One video a line: `video_id` and `video` (a path inside the manifest's folder) required; `description, source,
source_id, source_url, license, redistribute (true), subtitles` optional. Further keys are kept in its metadata.
"""

import csv
import io
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from annotation.errors import BadInput
from annotation.services.manifest_lines import LineRefused, file_inside, numbered, read_lines, subtitles_at
from annotation.strict_json import NotJSON, read_json
from annotation.text import checked_text

VIDEO_ID_PATTERN = r"[a-z0-9][a-z0-9._-]{0,89}"
"""As a clip's id, with room for the number of the scene."""
TEXT_KEYS = {"source": 500, "source_id": 200, "source_url": 2000, "license": 200, "description": 10_000}
"""Key -> the most characters it may have."""
KNOWN_KEYS = {*TEXT_KEYS, "video_id", "video", "redistribute", "subtitles"}
SUFFIXES = frozenset({".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".mpeg", ".ts"})
MOST_COLUMNS = 100


@dataclass(frozen=True)
class VideoFacts:
    """What is said of a raw video by whoever brings it."""

    description: str = ""
    source: str = ""
    source_id: str = ""
    source_url: str = ""
    license: str = ""
    may_redistribute: bool = True
    subtitles: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class VideoLine:
    """One video that can go in. unknown: keys that are kept in its metadata.

    subtitles_name: of a file that is still to come, and whose words `facts` lacks.
    """

    number: int
    video_id: str
    video: Path
    facts: VideoFacts
    unknown: list[str] = field(default_factory=list)
    subtitles_name: str = ""


@dataclass(frozen=True)
class RefusedLine:
    number: int
    reason: str


class Files(Protocol):
    """Where the files of a manifest are, and what holds for a line that does not say."""

    @property
    def defaults(self) -> Mapping[str, Any]: ...

    def video(self, name: object) -> Path:
        """Raises LineRefused."""

    def subtitles(self, name: object) -> tuple[str, str]:
        """The words, or the name of the file that is still to come. Raises LineRefused."""


@dataclass(frozen=True)
class FolderFiles:
    """On this disk, inside the manifest's folder."""

    folder: Path
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def video(self, name: object) -> Path:
        return file_inside(self.folder, name, key="video")

    def subtitles(self, name: object) -> tuple[str, str]:
        return subtitles_at(self.folder, name), ""


@dataclass(frozen=True)
class ChosenFiles:
    """Chosen in a browser, which names them with their folders only if a folder was chosen. folder: the manifest's."""

    names: frozenset[str]
    folder: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    asked: dict[str, set[str]] = field(default_factory=dict)
    """A file -> the names that lines have for it."""

    def video(self, name: object) -> Path:
        return Path(self._found(name, key="video"))

    def is_doubtful(self, line: "VideoLine") -> bool:
        """Whether lines that name different files would all have this one, since its folder is not known."""
        return any(len(self.asked.get(name, ())) > 1 for name in (str(line.video), line.subtitles_name))

    def subtitles(self, name: object) -> tuple[str, str]:
        return "", self._found(name, key="subtitles")

    def _found(self, name: object, *, key: str) -> str:
        if not isinstance(name, str) or not name:
            raise LineRefused(f"{key}: is missing")
        for known in (posixpath.normpath(posixpath.join(self.folder, name)), posixpath.basename(name)):
            if known in self.names:
                self.asked.setdefault(known, set()).add(posixpath.normpath(name))
                return known
        raise LineRefused(f"{key}: there is no file “{name}” among those that were chosen")


def read_source(source: Path) -> Iterator[VideoLine | RefusedLine]:
    """The videos of a manifest (`.jsonl`, `.csv`) or of a folder, in order. Raises BadInput if it is neither."""
    if source.is_dir():
        yield from _folder(source)
    elif source.suffix.lower() == ".csv":
        with source.open(newline="", encoding="utf-8-sig") as file:
            yield from _csv(file, name=source.name, files=FolderFiles(source.parent))
    elif source.is_file():
        yield from _jsonl(read_lines(source), files=FolderFiles(source.parent))
    else:
        raise BadInput({"source": f"there is no manifest and no folder {source}"})


def read_chosen(
    names: frozenset[str], *, manifest: str, text: str, defaults: Mapping[str, Any]
) -> Iterator[VideoLine | RefusedLine]:
    """The videos among files that were chosen in a browser, in order.

    manifest: its name, or "" without one. defaults: of the keys that a line lacks.
    Raises BadInput for a manifest that cannot be read, or if there is no video.
    """
    files = ChosenFiles(names, posixpath.dirname(manifest), defaults)
    if not manifest:
        lines = _videos(sorted(name for name in names if is_video(name)), files=files, where="among these files")
    elif manifest.lower().endswith(".csv"):
        lines = _csv(io.StringIO(text.removeprefix("\ufeff"), newline=""), name=manifest, files=files)
    else:
        lines = _jsonl(numbered(io.BytesIO(text.encode())), files=files)
    for line in list(lines):
        if isinstance(line, VideoLine) and files.is_doubtful(line):
            same = "other lines name files of the same name in other folders: choose the folder instead of its files"
            yield RefusedLine(line.number, f"video: {same}")
        else:
            yield line


def is_video(name: str) -> bool:
    """By the end of its name alone."""
    return posixpath.splitext(name)[1].lower() in SUFFIXES


def _folder(folder: Path) -> Iterator[VideoLine | RefusedLine]:
    found = sorted(path for path in folder.rglob("*") if is_video(path.name) and path.is_file())
    names = [str(path.relative_to(folder)) for path in found]
    yield from _videos(names, files=FolderFiles(folder), where=f"in the folder {folder}")


def _videos(names: list[str], *, files: Files, where: str) -> Iterator[VideoLine | RefusedLine]:
    if not names:
        raise BadInput({"source": f"there is no video {where}"})
    for number, name in enumerate(names, start=1):
        value = {"video_id": video_id_of(name), "video": name}
        yield _checked(number, lambda value=value: value, files=files)


def _jsonl(lines: Iterable[tuple[int, bytes]], *, files: Files) -> Iterator[VideoLine | RefusedLine]:
    for number, raw in lines:
        yield _checked(number, lambda raw=raw: _object(raw), files=files)


def _csv(lines: Iterable[str], *, name: str, files: Files) -> Iterator[VideoLine | RefusedLine]:
    try:
        rows = csv.DictReader(lines, strict=True, restkey="")
        if not rows.fieldnames or len(rows.fieldnames) > MOST_COLUMNS:
            raise BadInput({"source": f"{name} has no line of column names"})
        for row in rows:
            yield _checked(rows.line_num, lambda row=row: _row(row), files=files)
    except (csv.Error, UnicodeDecodeError) as error:
        raise BadInput({"source": f"{name} is no CSV file in UTF-8: {error}"}) from error


def _object(raw: bytes) -> dict[str, Any]:
    try:
        value = read_json(raw)
    except NotJSON as error:
        raise LineRefused(str(error)) from error
    if not isinstance(value, dict):
        raise LineRefused("a line must be one JSON object")
    return value


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of CSV as a line of JSONL: an empty cell is an absent key."""
    if row.get("") or None in row.values():
        raise LineRefused("has more or fewer cells than there are columns")
    value: dict[str, Any] = {key: cell for key, cell in row.items() if cell != ""}
    said = value.get("redistribute")
    if said is not None:
        if said.lower() not in ("true", "false"):
            raise LineRefused("redistribute: must be true or false")
        value["redistribute"] = said.lower() == "true"
    return value


def _checked(number: int, read: Any, *, files: Files) -> VideoLine | RefusedLine:
    try:
        return _line({**files.defaults, **read()}, number=number, files=files)
    except LineRefused as refusal:
        return RefusedLine(number, str(refusal))
    except BadInput as refusal:
        return RefusedLine(number, refusal.message)


def _line(value: dict[str, Any], *, number: int, files: Files) -> VideoLine:
    video_id, video = checked_video_id(value.get("video_id")), files.video(value.get("video"))
    subtitles, subtitles_name = files.subtitles(value["subtitles"]) if "subtitles" in value else ("", "")
    unknown = sorted(set(value) - KNOWN_KEYS)
    return VideoLine(number, video_id, video, facts_of(value, subtitles=subtitles), unknown, subtitles_name)


def facts_of(value: Mapping[str, Any], *, subtitles: str = "") -> VideoFacts:
    """What a line says of its video, the file aside. Raises BadInput that names the key."""
    texts = {key: checked_text(value.get(key, ""), field=key, most=most) for key, most in TEXT_KEYS.items()}
    redistribute = value.get("redistribute", True)
    if not isinstance(redistribute, bool):
        raise BadInput({"redistribute": "must be true or false"})
    metadata = {key: value[key] for key in sorted(set(value) - KNOWN_KEYS)}
    return VideoFacts(**texts, may_redistribute=redistribute, subtitles=subtitles, metadata=metadata)


def checked_video_id(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(VIDEO_ID_PATTERN, value):
        raise BadInput({"video_id": "small letters, digits, dot, dash and underscore, at most 90 characters"})
    return value


def video_id_of(name: str) -> str:
    """An id made of a file's name: `Holiday clips/Jump (2).MOV` becomes `holiday-clips-jump-2`."""
    stem = name.rsplit(".", 1)[0].lower()
    return re.sub(r"[^a-z0-9_]+", "-", stem).strip("-_")[:90] or "video"
