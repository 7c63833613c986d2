"""What several layouts write alike: numbers, lines, and a question under all the names that harnesses use."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from qa.releases.frozen import Content

BENCHMARK = frozenset({"benchmark"})
TRAIN = frozenset({"train"})
ANY_KIND = BENCHMARK | TRAIN


def seconds(ms: int | None) -> int | float | None:
    """7,667 ms is 7.667, 30,000 ms is 30: at most three decimals, none where there are none."""
    if ms is None:
        return None
    return ms // 1000 if ms % 1000 == 0 else ms / 1000


def video_path(content: Content) -> str:
    """Relative to the folder of the export."""
    return f"videos/{content['clip_id']}.mp4"


def json_line(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)


def pretty_json(value: Any) -> bytes:
    """Two spaces a level, no newline at the end."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2)


def write_lines(path: Path, lines: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        file.writelines(lines)


def flat_question(content: Content, question: dict[str, Any]) -> dict[str, Any]:
    """One question with the columns that evaluation harnesses read, each under every name that they use for it."""
    clip_id, category = content["clip_id"], question["category"]
    return {
        "id": question["id"],
        "video_id": clip_id,
        "video": f"videos/{clip_id}.mp4",
        "category": category,
        "question": question["question"],
        "options": question["options"],
        "answer": question["answer"],
        "answer_index": question["answer_index"],
        "answer_text": question["answer_text"],
        "caption": content["caption"],
        "duration": seconds(content["duration_ms"]),
        "split": content["split"],
        "candidates": question["options"],
        "videoID": clip_id,
        "video_name": clip_id,
        "question_id": question["id"],
        "answer_id": question["answer_index"],
        "task_type": category,
    }
