"""The layout `vlmevalkit`: a dataset class for VLMEvalKit and its tables, described in docs/harnesses.md.

HAICBench.tsv is read by the class, with HAICBench_HeldOut.tsv beside it where clips are held out. HAICBench_NoVideo.tsv
and HAICBench_Caption.tsv need no code: VLMEvalKit takes a table of that form for a test in words.
"""

import csv
import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

from qa.releases.frozen import Content, FrozenRelease
from qa.releases.layouts._harness import SHUFFLES, questions, ship, shuffled
from qa.releases.layouts._shape import BENCHMARK, flat_question

NAME = "vlmevalkit"
TITLE = "VLMEvalKit"
HAS_VIDEOS = True
KINDS = BENCHMARK

SCORED, HELD_OUT, NO_VIDEO, CAPTION = (f"HAICBench{name}.tsv" for name in ("", "_HeldOut", "_NoVideo", "_Caption"))
LETTERS = "ABCD"
WORDS = ["index", "question_id", "question", *LETTERS, "answer", "category"]
COLUMNS = [
    *("index", "question_id", "video", "video_path", "duration", "question", "candidates", "answer"),
    *("category", "task_type", *LETTERS, "hint", "caption"),
    *(f"{name}_shuffled_{number}" for number in SHUFFLES for name in ("candidates", "answer")),
]
_READ_AS_MISSING = frozenset(
    {
        *("#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"),
        *("<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
    }
)
"""What pandas reads as no value at all."""


def write(source: FrozenRelease, folder: Path) -> None:
    """Rows have the same index in every table, so that any prediction file can be scored with our parser."""
    tables = folder / NAME
    tables.mkdir()
    ship(NAME, tables)
    with ExitStack() as stack:
        writers = {
            name: _table(stack.enter_context((tables / name).open("w", encoding="utf-8", newline="")), columns)
            for name, columns in {
                SCORED: COLUMNS,
                HELD_OUT: COLUMNS,
                NO_VIDEO: WORDS,
                CAPTION: [*WORDS, "hint"],
            }.items()
        }
        held_out = 0
        for index, (content, question, is_held_out) in enumerate(questions(source)):
            line = row(index, content, question)
            held_out += is_held_out
            if is_held_out:
                writers[HELD_OUT].writerow(line)
                continue
            writers[SCORED].writerow(line)
            words = {name: _never_missing(str(line[name])) for name in WORDS}
            writers[NO_VIDEO].writerow(words)
            writers[CAPTION].writerow({**words, "hint": _never_missing(content["caption"])})
    if not held_out:
        (tables / HELD_OUT).unlink()


def _table(file: TextIO, columns: list[str]) -> csv.DictWriter:
    writer = csv.DictWriter(file, columns, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    return writer


def row(index: int, content: Content, question: dict[str, Any]) -> dict[str, Any]:
    """`hint` stays empty: VLMEvalKit shows it wherever it reads this table without the class."""
    flat = flat_question(content, question)
    orders = {
        name.replace("options", "candidates"): _literal(value) if isinstance(value, list) else value
        for name, value in shuffled(question).items()
    }
    return {
        "index": index,
        "question_id": question["id"],
        "video": flat["video_id"],
        "video_path": flat["video"],
        "duration": flat["duration"],
        "question": flat["question"],
        "candidates": _literal(flat["options"]),
        "answer": flat["answer"],
        "category": flat["category"],
        "task_type": flat["category"],
        **dict(zip(LETTERS, flat["options"], strict=True)),
        "hint": "",
        "caption": flat["caption"],
        **orders,
    }


def _literal(texts: list[str]) -> str:
    """A list as JSON that is the same list in Python: harnesses give it to `eval`, so nothing of it may be code."""
    return json.dumps(texts, ensure_ascii=False)


def _never_missing(text: str) -> str:
    """With a space after it where pandas would take it for no value, and the harness leave the option out."""
    return f"{text} " if text in _READ_AS_MISSING else text
