"""The import manifest: one clip a line, read and checked before anything is touched."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from annotation.caption_content import CAPTION_CHARACTERS, checked_people
from annotation.errors import BadInput
from annotation.models.clips import CLIP_ID_PATTERN
from annotation.services.clips import ClipFacts
from annotation.services.manifest_lines import LineRefused, file_inside, milliseconds, read_lines, subtitles_at
from annotation.strict_json import NotJSON, read_json
from annotation.text import checked_text
from qa.categories import Category
from qa.services.csv_manifest import read_csv

Format = Literal["jsonl", "csv"]

TEXT_KEYS = {"source": 500, "source_id": 200, "source_url": 2000, "license": 200, "description": 10_000}
"""Key -> the most characters it may have."""
KNOWN_KEYS = {
    *TEXT_KEYS,
    *("clip_id", "video", "source_start_s", "source_end_s", "redistribute", "subtitles", "draft"),
}
OPTIONS = 4


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


@dataclass(frozen=True)
class RefusedLine:
    number: int
    reason: str


@dataclass(frozen=True)
class Remark:
    """What was noticed about the manifest as a whole, and where."""

    number: int
    text: str


def format_of(manifest: Path) -> Format:
    """By the end of its name."""
    return "csv" if manifest.suffix.lower() == ".csv" else "jsonl"


def read_manifest(manifest: Path, *, form: Format) -> Iterator[ClipLine | RefusedLine | Remark]:
    """The lines one by one; videos and subtitles lie inside the manifest's folder.

    Raises BadInput for a CSV without a header that can be used.
    """
    if form == "csv":
        yield from _csv_lines(manifest)
        return
    for number, raw in read_lines(manifest):
        try:
            yield _clip_line(_object(raw), number=number, folder=manifest.parent)
        except LineRefused as refusal:
            yield RefusedLine(number, str(refusal))
        except BadInput as refusal:
            yield RefusedLine(number, refusal.message)


def _csv_lines(manifest: Path) -> Iterator[ClipLine | RefusedLine | Remark]:
    with manifest.open("rb") as file:
        read = read_csv(file, name=manifest.name)
        for column in read.unknown(KNOWN_KEYS):
            yield Remark(read.header, f"unknown column “{column}” is kept in the clips' metadata")
        for number, value in read.values():
            try:
                if isinstance(value, LineRefused):
                    raise value
                yield replace(_clip_line(value, number=number, folder=manifest.parent), unknown=[])
            except LineRefused as refusal:
                yield RefusedLine(number, read.by_column(str(refusal)))
            except BadInput as refusal:
                yield RefusedLine(number, read.by_column(refusal.message))


def _object(raw: bytes) -> dict[str, Any]:
    try:
        value = read_json(raw)
    except NotJSON as error:
        raise LineRefused(str(error)) from error
    if not isinstance(value, dict):
        raise LineRefused("a line must be one JSON object")
    return value


def _clip_line(value: dict[str, Any], *, number: int, folder: Path) -> ClipLine:
    clip_id = value.get("clip_id")
    if not isinstance(clip_id, str) or not re.fullmatch(CLIP_ID_PATTERN, clip_id):
        raise LineRefused("clip_id: small letters, digits, dot, dash and underscore, at most 100 characters")
    video = file_inside(folder, value.get("video"), key="video")
    unknown = sorted(set(value) - KNOWN_KEYS)
    texts = {key: checked_text(value.get(key, ""), field=key, most=most) for key, most in TEXT_KEYS.items()}
    redistribute = value.get("redistribute", True)
    if not isinstance(redistribute, bool):
        raise LineRefused("redistribute: must be true or false")
    start, end = milliseconds(value, "source_start_s"), milliseconds(value, "source_end_s")
    if start is not None and end is not None and end <= start:
        raise LineRefused("source_end_s: must be later than source_start_s")
    facts = ClipFacts(
        **texts,
        source_start_ms=start,
        source_end_ms=end,
        may_redistribute=redistribute,
        metadata={key: value[key] for key in unknown},
        subtitles=subtitles_at(folder, value["subtitles"]) if "subtitles" in value else "",
    )
    draft = _draft(value["draft"]) if value.get("draft") is not None else None
    return ClipLine(number, clip_id, video, facts, draft, unknown)


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
