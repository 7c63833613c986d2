"""Reading a history line by line: whole, canonical, of the documented shape, in order. Pure; memory is one line's.

What a line says is proved by `verifying`; here it is only safe to be read.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from annotation.canonical import canonical_json, digest_of
from qa.history.records import CAPTION, CLIP, HEAD, LINES, PARTS, PROMPT, QUESTION, TAIL, shapes_of
from qa.history.shapes import problem_of

MOST_BYTES = 512 * 1024 * 1024
"""Of one line, which holds one object: what is longer is no history."""
_MAY_FOLLOW = {
    HEAD: (PROMPT, CLIP, TAIL),
    PROMPT: (PROMPT, CLIP, TAIL),
    CLIP: (CAPTION,),
    CAPTION: (QUESTION, CLIP, TAIL),
    QUESTION: (QUESTION, CLIP, TAIL),
}
OBJECTS = (CLIP, CAPTION, QUESTION)


class HistoryFileBroken(Exception):
    """The first thing in a file that does not hold.

    line: its number, from 1. subject: the object of the line, or "". record: which part of it, or "".
    """

    def __init__(self, line: int, subject: str, record: str, problem: str) -> None:
        super().__init__(f"line {line}: {': '.join(part for part in (subject, record, problem) if part)}")
        self.line, self.subject, self.record, self.problem = line, subject, record, problem


@dataclass(frozen=True)
class Line:
    number: int
    value: dict[str, Any]

    @property
    def kind(self) -> str:
        kind: str = self.value["kind"]
        return kind

    @property
    def subject(self) -> str:
        """The object as a person can look for it."""
        return subject_of(self.value)

    def require(self, holds: bool, problem: str, *, record: str = "") -> None:
        """Raises HistoryFileBroken that names this line and its object."""
        if not holds:
            raise HistoryFileBroken(self.number, self.subject, record, problem)


def read_history(path: Path) -> Iterator[Line]:
    """Each line, head and tail too. Raises HistoryFileBroken; OSError for a file that cannot be read.

    The file is known to be whole only after the tail, which comes last.
    """
    before, objects = hashlib.sha256(), 0
    last: Line | None = None
    with path.open("rb") as file:
        while raw := file.readline(MOST_BYTES):
            line = _line_of(raw, number=last.number + 1 if last else 1)
            _require_order(line, last)
            objects += line.kind in OBJECTS
            if line.kind == TAIL:
                line.require(line.value["digest"] == before.hexdigest(), "the lines before do not give its digest")
                line.require(line.value["objects"] == objects, f"there are {objects} objects before it")
            before.update(raw)
            last = line
            yield line
    if last is None:
        raise HistoryFileBroken(1, "", "", "the file is empty")
    last.require(last.kind == TAIL, "the file ends here, without its last line: it was cut off")


def require_line_digest(line: Line) -> None:
    """Whatever the digests of its records do not cover, the line's covers."""
    rest = {key: value for key, value in line.value.items() if key != "digest"}
    line.require(line.value["digest"] == digest_of(rest), "the line does not give its digest")


def subject_of(value: dict[str, Any]) -> str:
    names = {CLIP: "clip_id", QUESTION: "question_id", CAPTION: "clip_id", PROMPT: "name"}
    words = {CLIP: "clip", QUESTION: "question", CAPTION: "caption of clip", PROMPT: "prompt"}
    kind = value.get("kind")
    if kind == HEAD:
        return "the head"
    if kind == TAIL:
        return "the tail"
    if not isinstance(kind, str) or kind not in names:
        return ""
    uid = value.get("object")
    return f"{words[kind]} {str(value.get(names[kind]))[:140]}{f' ({str(uid)[:36]})' if uid else ''}"


def _line_of(raw: bytes, *, number: int) -> Line:
    def broken(problem: str, value: dict[str, Any] | None = None) -> HistoryFileBroken:
        return HistoryFileBroken(number, subject_of(value or {}), "", problem)

    if not raw.endswith(b"\n"):
        raise broken("the file ends in the middle of this line")
    try:
        value = orjson.loads(raw)
    except ValueError as error:
        raise broken(f"it is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise broken("it is not an object")
    try:
        same = canonical_json(value) + b"\n" == raw
    except TypeError as error:
        raise broken("it holds a number too large, or is nested too deep", value) from error
    if not same:
        raise broken("it is not written canonically: keys in order, each once, no white space", value)
    _require_shape(Line(number, value))
    return Line(number, value)


def _require_shape(line: Line) -> None:
    kind = line.value.get("kind")
    line.require(isinstance(kind, str) and kind in LINES, "its “kind” is none of a history's lines")
    problem = problem_of(line.value, LINES[line.kind])
    line.require(problem is None, problem or "")
    if line.kind == CLIP:
        facts = line.value["facts"]
        problem = problem_of(facts, shapes_of("facts", facts))
        line.require(problem is None, problem or "", record="facts")
    for part, record in PARTS.items():
        for place, value in enumerate(line.value.get(part, ()), start=1):
            problem = problem_of(value, shapes_of(record, value))
            line.require(problem is None, problem or "", record=f"{record} {place}")


def _require_order(line: Line, last: Line | None) -> None:
    if last is None:
        line.require(line.kind == HEAD, "a history begins with its head")
        return
    last.require(last.kind != TAIL, "something stands after the last line")
    allowed = _MAY_FOLLOW[last.kind]
    line.require(line.kind in allowed, f"a line “{line.kind}” cannot follow one of “{last.kind}”")
