"""The format `lmms_eval`: `…_samples_<task>.jsonl`, as lmms-eval 0.7.3 writes it with --log_samples for our tasks.

The id stands in what our tasks score (`haicbench_acc`, of held-out clips `haicbench_answered`). `filtered_resps` is the
reply without the model's thinking, `input` the prompt.
"""

from typing import Any

from annotation.errors import BadInput
from qa.evaluation.importers._shape import Prediction, name_in, objects, reply_in
from qa.evaluation.importers._start import Start

NAME = "lmms_eval"
TITLE = "lmms-eval"
RECORD = Prediction
TELLS_ORDER = True
SCORED = ("haicbench_acc", "haicbench_answered")

values = objects


def recognises(start: Start) -> bool:
    return {"doc_id", "filtered_resps"} <= start.keys


def record(value: dict[str, Any], line: int) -> Prediction:
    scored = next((value[name] for name in SCORED if isinstance(value.get(name), dict)), None)
    if scored is None:
        raise BadInput({"haicbench_acc": "is missing: the log is not of a task of our export"})
    shown = value.get("input")
    return Prediction(name_in(scored, "id"), _reply(value), line, shown if isinstance(shown, str) else "")


def _reply(value: dict[str, Any]) -> str:
    replies = value.get("filtered_resps")
    if not isinstance(replies, list):
        return reply_in(value, "filtered_resps")
    if len(replies) != 1:
        raise BadInput({"filtered_resps": f"holds {len(replies)} replies; one a question is imported"})
    return reply_in({"filtered_resps": replies[0]}, "filtered_resps")
