"""HAICBench for lmms-eval: what the tasks in this folder show and how they score.

The videos stand in `videos/` beside this folder, or where the environment variable HAICBENCH_VIDEOS says.
"""

from __future__ import annotations

import json
import os
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DATA = str(HERE / "haicbench.jsonl")
HELD_OUT_DATA = str(HERE / "haicbench_held_out.jsonl")
_DEFAULTS = {"shown": "video", "post_prompt": None}


def _beside(name: str) -> Any:
    spec = spec_from_file_location(f"haicbench_{name}", HERE / f"{name}.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"{name}.py is not beside utils.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


prompt = _beside("prompt")


def doc_to_visual(doc: dict[str, Any], lmms_eval_specific_kwargs: dict[str, Any] | None = None) -> list[str]:
    """The absolute path of the video, or nothing where the task shows none. Raises FileNotFoundError that says why."""
    if _setting(lmms_eval_specific_kwargs, "shown") != "video":
        return []
    path = Path(os.getenv("HAICBENCH_VIDEOS") or HERE.parent / "videos").resolve() / Path(doc["video"]).name
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is not there. Where its licence forbids passing it on, manifest.json lists it under "
            "not_redistributed: get it from its source and put it there, or name the folder in HAICBENCH_VIDEOS."
        )
    return [str(path)]


def doc_to_text(doc: dict[str, Any], lmms_eval_specific_kwargs: dict[str, Any] | None = None) -> str:
    caption = doc["caption"] if _setting(lmms_eval_specific_kwargs, "shown") == "caption" else None
    ask = _setting(lmms_eval_specific_kwargs, "post_prompt") or prompt.ASK
    text: str = prompt.question_text(doc["question"], doc["options"], caption=caption, ask=ask)
    return text


def doc_to_messages(
    doc: dict[str, Any], lmms_eval_specific_kwargs: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    videos = [{"type": "video", "url": path} for path in doc_to_visual(doc, lmms_eval_specific_kwargs)]
    text = {"type": "text", "text": doc_to_text(doc, lmms_eval_specific_kwargs)}
    return [{"role": "user", "content": [*videos, text]}]


def process_results(doc: dict[str, Any], results: list[str]) -> dict[str, dict[str, Any]]:
    """The question's score, once for all questions and once for its category."""
    letter, points = prompt.score(results[0], doc["options"], doc["answer"])
    scored = {"id": doc["id"], "video_id": doc["video_id"], "letter": letter, "score": points}
    return {"haicbench_acc": scored, f"haicbench_{doc['category']}_acc": scored}


def process_held_out(doc: dict[str, Any], results: list[str]) -> dict[str, dict[str, Any]]:
    """The letter of the reply; nobody but who holds the keys can tell what it scores."""
    letter = prompt.parse_answer(results[0], doc["options"])
    is_answered = {"id": doc["id"], "video_id": doc["video_id"], "letter": letter, "score": int(letter is not None)}
    return {"haicbench_answered": is_answered}


def accuracy(results: list[dict[str, Any]]) -> float:
    mean: float = prompt.accuracy(one["score"] for one in results)
    return mean


def docs(dataset: Any) -> Any:
    return _read(DATA)


def held_out_docs(dataset: Any) -> Any:
    return _read(HELD_OUT_DATA)


def shuffled_1_docs(dataset: Any) -> Any:
    return _shuffled(1)


def shuffled_2_docs(dataset: Any) -> Any:
    return _shuffled(2)


def shuffled_3_docs(dataset: Any) -> Any:
    return _shuffled(3)


def _shuffled(number: int) -> Any:
    """The same questions with their options in another order, which stands in the data: chance has no part in it."""
    names = ("options", "answer")
    return (
        _read(DATA)
        .remove_columns([*names, "candidates", "answer_index", "answer_id"])
        .rename_columns({f"{name}_shuffled_{number}": name for name in names})
    )


def _read(path: str) -> Any:
    """Past the reader of the harness: it takes texts like 2024-01-31 for dates and makes other texts of them."""
    from datasets import Dataset

    with Path(path).open(encoding="utf-8", newline="\n") as lines:
        return Dataset.from_list([json.loads(line) for line in lines], features=_beside("columns").FEATURES)


def _setting(given: dict[str, Any] | None, name: str) -> Any:
    return {**_DEFAULTS, **(given or {})}[name]
