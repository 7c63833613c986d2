"""What the layouts for evaluation harnesses share: files shipped with the data, and orders of options drawn once."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import qa.answers
from qa.releases.frozen import Content, FrozenRelease
from qa.releases.splits import Split

SHUFFLES = (1, 2, 3)
_SHIPPED = Path(__file__).resolve().parents[1] / "harness_files"
_SHARED = (Path(qa.answers.__file__), _SHIPPED / "prompt.py")
_LETTERS = "ABCD"


def ship(name: str, folder: Path) -> None:
    """The files of harness_files/<name>, and beside them the prompt and the parser of replies."""
    for path in (*_SHARED, *sorted((_SHIPPED / name).iterdir())):
        if path.is_file():
            shutil.copyfile(path, folder / path.name)


def questions(source: FrozenRelease) -> Iterator[tuple[Content, dict[str, Any], bool]]:
    """Every question that a model can be asked, with its clip, and whether it is held out: then without its key."""
    for content in source.playable():
        for question in content["qa"]:
            yield content, question, content["split"] == Split.HELD_OUT


def shuffled(question: dict[str, Any]) -> dict[str, Any]:
    """The options in three other orders, each with the letter of its key, or None where that is kept back.

    Order n is that of sha256(question id + n + letter): harnesses that shuffle by themselves do it otherwise each time.
    """
    columns: dict[str, Any] = {}
    for number in SHUFFLES:
        order = order_of(question["id"], number, len(question["options"]))
        columns[f"options_shuffled_{number}"] = [question["options"][at] for at in order]
        key = question["answer_index"]
        columns[f"answer_shuffled_{number}"] = None if key is None else _LETTERS[order.index(key)]
    return columns


def order_of(question_id: str, number: int, count: int) -> list[int]:
    """The places in the published order, as order `number` shows them."""
    return sorted(range(count), key=lambda at: _draw(question_id, number, at))


def _draw(question_id: str, number: int, at: int) -> str:
    return hashlib.sha256(f"{question_id}{number}{_LETTERS[at]}".encode()).hexdigest()
