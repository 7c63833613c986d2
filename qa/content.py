"""The content of a question: its shape, what is missing in it, and how a draft becomes it. Pure functions.

`{"question": text, "options": [{"id", "text"}] (four), "key": option id or null,
"evidence": [{"start_ms": int or null, "text"}]}`, and where somebody marked moments of the clip
`"marks": [{"at_ms": int, "what": text}]`, in the order of time.
The key is an option's id, so that reordering never changes the answer. A content without marks does not name them, so
that the digests of revisions from before there were marks stay as they are.
"""

import re
from typing import Any

from annotation.errors import BadInput
from annotation.text import checked_text

OPTIONS = 4
LETTERS = "ABCD"
"""How options are shown, by place. Nothing that is stored knows a letter."""
EVIDENCE = 20
MARKS = 200
_OPTION_ID = re.compile(r"[a-z0-9-]{1,20}")
_FIELDS = {"question", "options", "key", "evidence"}
_OPTIONAL = {"marks"}
_LONGEST_MS = 24 * 3600 * 1000


def content_from_draft(payload: dict[str, Any]) -> dict[str, Any]:
    """A draft's `{"question", "options": [text], "answer_index", "evidence"?}` with ids for its options."""
    options = [{"id": f"o{place}", "text": text} for place, text in enumerate(payload["options"], start=1)]
    return {
        "question": payload["question"],
        "options": options,
        "key": options[payload["answer_index"]]["id"],
        "evidence": payload.get("evidence", []),
    }


def blank_content() -> dict[str, Any]:
    options = [{"id": f"o{place}", "text": ""} for place in range(1, OPTIONS + 1)]
    return {"question": "", "options": options, "key": None, "evidence": []}


def checked_content(value: object) -> dict[str, Any]:
    """The content, unchanged in every text; incomplete is fine, of another shape is not. Raises BadInput."""
    if not isinstance(value, dict):
        raise BadInput({"content": "must be an object"})
    problems = {str(name)[:100]: "is unknown" for name in value if name not in _FIELDS | _OPTIONAL}
    problems |= {name: "is missing" for name in _FIELDS if name not in value}
    if problems:
        raise BadInput(problems)
    options = _checked_options(value["options"])
    key = value["key"]
    if key is not None and key not in [option["id"] for option in options]:
        raise BadInput({"key": "is none of the options"})
    checked = {
        "question": checked_text(value["question"], field="question", most=1000),
        "options": options,
        "key": key,
        "evidence": _checked_evidence(value["evidence"]),
    }
    marks = _checked_marks(value.get("marks", []))
    return checked | {"marks": marks} if marks else checked


def problems_of(content: dict[str, Any]) -> list[str]:
    """What stands in the way of handing it in, in words for a person."""
    texts = [option["text"].strip().casefold() for option in content["options"]]
    problems = [] if content["question"].strip() else ["the question is empty"]
    for place, (letter, text) in enumerate(zip(LETTERS, texts, strict=True)):
        if not text:
            problems.append(f"option {letter} is empty")
        elif (first := texts.index(text)) < place:
            problems.append(f"options {LETTERS[first]} and {letter} are the same")
    if content["key"] is None:
        problems.append("no option is the key")
    return problems


def marks_of(content: dict[str, Any]) -> list[dict[str, Any]]:
    marks: list[dict[str, Any]] = content.get("marks", [])
    return marks


def option_ids(content: dict[str, Any]) -> list[str]:
    return [option["id"] for option in content["options"]]


def words_of(content: dict[str, Any]) -> str:
    """Question and options as one text, options in the order of their ids: reordering changes nothing."""
    options = sorted(content["options"], key=lambda option: option["id"])
    return "\n".join([content["question"], *(option["text"] for option in options)])


def _checked_options(value: object) -> list[dict[str, str]]:
    if not isinstance(value, list) or len(value) != OPTIONS:
        raise BadInput({"options": f"must be a list of {OPTIONS}"})
    options: list[dict[str, str]] = []
    for place, option in enumerate(value, start=1):
        if not isinstance(option, dict) or set(option) != {"id", "text"}:
            raise BadInput({"options": f"number {place} must have exactly id and text"})
        if not isinstance(option["id"], str) or not _OPTION_ID.fullmatch(option["id"]):
            raise BadInput({"options": f"number {place} has no usable id"})
        options.append({"id": option["id"], "text": checked_text(option["text"], field="options", most=500)})
    if len({option["id"] for option in options}) < OPTIONS:
        raise BadInput({"options": "two options have the same id"})
    return options


def _checked_evidence(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list) or len(value) > EVIDENCE:
        raise BadInput({"evidence": f"must be a list of at most {EVIDENCE}"})
    evidence: list[dict[str, Any]] = []
    for place, part in enumerate(value, start=1):
        if not isinstance(part, dict) or set(part) != {"start_ms", "text"}:
            raise BadInput({"evidence": f"number {place} must have exactly start_ms and text"})
        start = part["start_ms"]
        if start is not None and not _is_moment(start):
            raise BadInput({"evidence": f"number {place} has no usable start_ms"})
        evidence.append({"start_ms": start, "text": checked_text(part["text"], field="evidence", most=5000)})
    return evidence


def _checked_marks(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list) or len(value) > MARKS:
        raise BadInput({"marks": f"must be a list of at most {MARKS}"})
    marks: list[dict[str, Any]] = []
    for place, mark in enumerate(value, start=1):
        if not isinstance(mark, dict) or set(mark) != {"at_ms", "what"}:
            raise BadInput({"marks": f"number {place} must have exactly at_ms and what"})
        if not _is_moment(mark["at_ms"]):
            raise BadInput({"marks": f"number {place} has no usable at_ms"})
        what = checked_text(mark["what"], field="marks", most=100, blank=False)
        marks.append({"at_ms": mark["at_ms"], "what": what})
    return sorted(marks, key=lambda mark: int(mark["at_ms"]))


def _is_moment(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LONGEST_MS
