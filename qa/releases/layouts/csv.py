"""The layout `csv`: questions.csv and captions.csv for spreadsheets, in UTF-8, by RFC 4180.

A cell that a spreadsheet would compute has a quote (') before it, which reading takes away again. A cell that begins
with quotes and then with such a sign gets one more, so that every text comes back as it was.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from annotation.caption_format import format_mark
from qa.releases.frozen import Content, FrozenRelease
from qa.releases.layouts._captions import status_of
from qa.releases.layouts._delimited import delimited_line
from qa.releases.layouts._shape import ANY_KIND, seconds, video_path

NAME = "csv"
TITLE = "CSV for spreadsheets"
HAS_VIDEOS = False
KINDS = ANY_KIND
QUESTION_COLUMNS = [
    *("id", "clip_id", "video", "category", "question", "option_a", "option_b", "option_c", "option_d"),
    *("answer", "answer_index", "answer_text", "evidence", "split", "draft_model", "revisions", "word_edit_distance"),
]
CAPTION_COLUMNS = [
    *("clip_id", "video", "sha256", "duration_s", "width", "height", "fps", "has_audio", "source_id", "source"),
    *("source_url", "source_start_s", "source_end_s", "license", "redistribute", "split", "status", "caption"),
    *("caption_marked", "people", "draft_model", "revisions", "word_edit_distance"),
]

_COMPUTED = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
"""The signs of OWASP's list, their full-width forms included."""


def write(source: FrozenRelease, folder: Path) -> None:
    """Both files in one reading."""
    with (folder / "questions.csv").open("wb") as questions, (folder / "captions.csv").open("wb") as captions:
        questions.write(delimited_line(QUESTION_COLUMNS))
        captions.write(delimited_line(CAPTION_COLUMNS))
        for content in source.playable():
            captions.write(_line(CAPTION_COLUMNS, _caption(content)))
            questions.writelines(_line(QUESTION_COLUMNS, _question(content, one)) for one in content["qa"])


def _line(columns: list[str], row: Mapping[str, object]) -> bytes:
    return delimited_line(escaped(value) if isinstance(value := row[name], str) else value for name in columns)


def escaped(cell: str) -> str:
    return f"'{cell}" if _COMPUTED.match(cell) else cell


def _question(content: Content, question: dict[str, Any]) -> dict[str, Any]:
    options = zip(("option_a", "option_b", "option_c", "option_d"), question["options"], strict=True)
    return {
        **question,
        **question["provenance"],
        **dict(options),
        "clip_id": content["clip_id"],
        "video": video_path(content),
        "evidence": "\n".join(map(_marked, question["evidence"])),
        "split": content["split"],
    }


def _caption(content: Content) -> dict[str, Any]:
    return {
        **content,
        **content["provenance"],
        "video": video_path(content),
        "duration_s": seconds(content["duration_ms"]),
        "source_start_s": seconds(content["source_start_ms"]),
        "source_end_s": seconds(content["source_end_ms"]),
        "redistribute": content["may_redistribute"],
        "status": status_of(content),
        "people": "\n".join(f"{one['key']}: {one['description']}" for one in content["people"]),
    }


def _marked(part: dict[str, Any]) -> str:
    start, text = part["start_ms"], part["text"]
    return str(text) if start is None else f"{format_mark(start)} {text}"
