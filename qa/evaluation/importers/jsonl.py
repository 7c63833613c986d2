"""The format `jsonl`: `{"id", "reply"}` one question a line, or `{"id", "answer": "A"}`; further keys are ignored."""

from typing import Any

from qa.evaluation.importers._shape import Prediction, name_in, objects, reply_in
from qa.evaluation.importers._start import Start

NAME = "jsonl"
TITLE = "JSONL"
RECORD = Prediction
TELLS_ORDER = False

values = objects


def recognises(start: Start) -> bool:
    return "id" in start.keys and bool({"reply", "answer"} & start.keys)


def record(value: dict[str, Any], line: int) -> Prediction:
    said = "answer" if "answer" in value and "reply" not in value else "reply"
    return Prediction(name_in(value, "id"), reply_in(value, said), line)
