"""The format `captions`: JSONL `{"clip_id", "model", "frames", "caption"}`; frames may be null or missing."""

from typing import Any

from annotation.caption_content import CAPTION_CHARACTERS
from annotation.text import checked_text
from qa.evaluation.importers._shape import MOST_MODEL, CaptionLine, frames_in, name_in, objects
from qa.evaluation.importers._start import Start

NAME = "captions"
TITLE = "Captions"
RECORD = CaptionLine
TELLS_ORDER = False

values = objects


def recognises(start: Start) -> bool:
    return {"clip_id", "model", "caption"} <= start.keys


def record(value: dict[str, Any], line: int) -> CaptionLine:
    return CaptionLine(
        clip_id=name_in(value, "clip_id"),
        model=name_in(value, "model", most=MOST_MODEL),
        frames=frames_in(value),
        caption=checked_text(value.get("caption"), field="caption", most=CAPTION_CHARACTERS),
        line=line,
    )
