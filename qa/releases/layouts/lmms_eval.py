"""The layout `lmms_eval`: tasks for lmms-eval with all that they need, described in docs/harnesses.md.

Held-out questions stand in a file and a task of their own, which reports no accuracy.
"""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from qa.releases.frozen import Content, FrozenRelease
from qa.releases.layouts._harness import questions, ship, shuffled
from qa.releases.layouts._shape import BENCHMARK, flat_question, json_line

NAME = "lmms_eval"
TITLE = "lmms-eval"
HAS_VIDEOS = True
KINDS = BENCHMARK
DATA, HELD_OUT = "haicbench.jsonl", "haicbench_held_out.jsonl"


def write(source: FrozenRelease, folder: Path) -> None:
    tasks = folder / NAME
    tasks.mkdir()
    ship(NAME, tasks)
    with ExitStack() as stack:
        scored, held_out = (stack.enter_context((tasks / name).open("wb")) for name in (DATA, HELD_OUT))
        for content, question, is_held_out in questions(source):
            (held_out if is_held_out else scored).write(json_line(row(content, question)))
    if not (tasks / HELD_OUT).stat().st_size:
        for name in (HELD_OUT, "haicbench_held_out.yaml"):
            (tasks / name).unlink()


def row(content: Content, question: dict[str, Any]) -> dict[str, Any]:
    flat = flat_question(content, question)
    # One type a column: readers guess it from the first lines.
    return {**flat, "duration": float(flat["duration"]), **shuffled(question)}
