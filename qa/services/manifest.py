"""The import manifest: one clip a line, read and checked before anything is touched."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from annotation.accumulation.probe import Refused
from annotation.accumulation.subtitles import read_subtitles
from annotation.errors import BadInput
from annotation.models.clips import CLIP_ID_PATTERN
from annotation.services.captions import CAPTION_CHARACTERS, checked_people
from annotation.services.clips import ClipFacts
from annotation.strict_json import NotJSON, read_json
from annotation.text import checked_text
from qa.categories import Category

TEXT_KEYS = {"source": 500, "source_id": 200, "source_url": 2000, "license": 200, "description": 10_000}
"""Key -> the most characters it may have."""
KNOWN_KEYS = {
    *TEXT_KEYS,
    *("clip_id", "video", "source_start_s", "source_end_s", "redistribute", "subtitles", "draft"),
}
OPTIONS = 4


class LineRefused(Exception):
    """Why a line does not go in."""


@dataclass(frozen=True)
class DraftedQuestion:
    """payload: `{"question", "options": [text] (four), "answer_index"}`."""

    category: str
    payload: dict[str, Any]


@dataclass(frozen=True)
class LineDraft:
    model: str
    caption: dict[str, Any] | None
    questions: list[DraftedQuestion]


@dataclass(frozen=True)
class ClipLine:
    """One line that can go in. unknown: keys that are kept in the clip's metadata."""

    number: int
    clip_id: str
    video: Path
    facts: ClipFacts
    draft: LineDraft | None
    unknown: list[str] = field(default_factory=list)


def read_lines(manifest: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers from 1."""
    with manifest.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            if raw.strip():
                yield number, raw


def read_line(raw: bytes, *, number: int, folder: Path) -> ClipLine:
    """folder: the manifest's; videos and subtitles lie inside it. Raises LineRefused with what is wrong and where."""
    try:
        value = read_json(raw)
        if not isinstance(value, dict):
            raise LineRefused("a line must be one JSON object")
        return _clip_line(value, number=number, folder=folder)
    except NotJSON as error:
        raise LineRefused(str(error)) from error
    except BadInput as error:
        raise LineRefused(error.message) from error


def _clip_line(value: dict[str, Any], *, number: int, folder: Path) -> ClipLine:
    clip_id = value.get("clip_id")
    if not isinstance(clip_id, str) or not re.fullmatch(CLIP_ID_PATTERN, clip_id):
        raise LineRefused("clip_id: small letters, digits, dot, dash and underscore, at most 100 characters")
    video = _file_inside(folder, value.get("video"), key="video")
    unknown = sorted(set(value) - KNOWN_KEYS)
    texts = {key: checked_text(value.get(key, ""), field=key, most=most) for key, most in TEXT_KEYS.items()}
    redistribute = value.get("redistribute", True)
    if not isinstance(redistribute, bool):
        raise LineRefused("redistribute: must be true or false")
    start, end = _milliseconds(value, "source_start_s"), _milliseconds(value, "source_end_s")
    if start is not None and end is not None and end <= start:
        raise LineRefused("source_end_s: must be later than source_start_s")
    facts = ClipFacts(
        **texts,
        source_start_ms=start,
        source_end_ms=end,
        may_redistribute=redistribute,
        metadata={key: value[key] for key in unknown},
        subtitles=_subtitles(folder, value["subtitles"]) if "subtitles" in value else "",
    )
    draft = _draft(value["draft"]) if value.get("draft") is not None else None
    return ClipLine(number, clip_id, video, facts, draft, unknown)


def _file_inside(folder: Path, name: object, *, key: str) -> Path:
    if not isinstance(name, str) or not name:
        raise LineRefused(f"{key}: is missing")
    root = folder.resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root):
        raise LineRefused(f"{key}: “{name}” lies outside the manifest's folder")
    if not path.is_file():
        raise LineRefused(f"{key}: there is no file “{name}”")
    return path


def _milliseconds(value: dict[str, Any], key: str) -> int | None:
    seconds = value.get(key)
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= 1_000_000:
        raise LineRefused(f"{key}: must be a number of seconds from 0 to 1,000,000")
    return round(seconds * 1000)


def _subtitles(folder: Path, name: object) -> str:
    path = _file_inside(folder, name, key="subtitles")
    try:
        return read_subtitles(path.read_bytes(), name=path.name)
    except Refused as refusal:
        raise LineRefused(f"subtitles: {refusal}") from refusal


def _draft(value: object) -> LineDraft:
    if not isinstance(value, dict):
        raise LineRefused("draft: must be an object")
    _refuse_unknown(value, {"model", "caption", "people", "qa"}, where="draft")
    model = checked_text(value.get("model"), field="draft.model", most=200, blank=False)
    caption = None
    if value.get("caption") is not None:
        text = checked_text(value["caption"], field="draft.caption", most=CAPTION_CHARACTERS, blank=False)
        caption = {"caption": text, "people": checked_people(value.get("people", []))}
    questions = value.get("qa", [])
    if not isinstance(questions, list):
        raise LineRefused("draft.qa: must be a list")
    return LineDraft(model, caption, [_question(question, place) for place, question in enumerate(questions, start=1)])


def _question(value: object, place: int) -> DraftedQuestion:
    where = f"draft.qa[{place}]"
    if not isinstance(value, dict):
        raise LineRefused(f"{where}: must be an object")
    _refuse_unknown(value, {"category", "question", "options", "answer_index"}, where=where)
    if value.get("category") not in Category.values:
        raise LineRefused(f"{where}.category: must be one of {', '.join(Category.values)}")
    options = value.get("options")
    if not isinstance(options, list) or len(options) != OPTIONS:
        count = len(options) if isinstance(options, list) else "no"
        raise LineRefused(f"{where}.options: a question has {OPTIONS} options, this one has {count}")
    index = value.get("answer_index")
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < OPTIONS:
        raise LineRefused(f"{where}.answer_index: must be a number from 0 to {OPTIONS - 1}")
    payload = {
        "question": checked_text(value.get("question"), field=f"{where}.question", most=1000, blank=False),
        "options": [checked_text(option, field=f"{where}.options", most=500, blank=False) for option in options],
        "answer_index": index,
    }
    return DraftedQuestion(str(value["category"]), payload)


def _refuse_unknown(value: dict[str, Any], known: set[str], *, where: str) -> None:
    unknown = sorted(set(value) - known)
    if unknown:
        raise LineRefused(f"{where}: unknown key “{unknown[0]}”")
