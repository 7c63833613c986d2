"""How HAICBench puts a question to a model, and what a reply scores: the same in every evaluation harness.

Needs nothing but the standard library of Python 3.9 and `answers.py` beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

LETTERS = "ABCD"
ASK = "Answer with the option's letter from the given choices directly."


def module_beside(name: str) -> Any:
    """The file `name.py` of this folder, whatever else of that name can be imported."""
    spec = spec_from_file_location(f"haicbench_{name}", Path(__file__).resolve().with_name(f"{name}.py"))
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


parse_answer = module_beside("answers").parse_answer


def question_text(question: str, options: Sequence[str], *, caption: str | None = None, ask: str = ASK) -> str:
    """The question with its lettered options; caption: shown in the video's place."""
    lines = [f"Caption: {caption}"] if caption is not None else []
    lines.append(f"Question: {question}")
    lines += [f"{letter}. {option}" for letter, option in zip(LETTERS, options)]
    return "\n".join([*lines, ask])


def score(reply: str, options: Sequence[str], answer: str) -> tuple[str | None, int]:
    """The letter that the reply settles on, or None, and 1 where it is the key, else 0."""
    letter = parse_answer(reply, options)
    return letter, int(letter == answer)


def accuracy(scores: Iterable[int]) -> float:
    """Their mean. Raises ValueError where there are none."""
    given = list(scores)
    if not given:
        raise ValueError("nothing was scored")
    return sum(given) / len(given)
