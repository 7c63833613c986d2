"""What a question consists of: a stem, four options with ids that never change, a key, evidence. Pure functions.

The key is the id of an option: moving options never changes which one is right. Letters are only shown.
"""

import re
from typing import Any

from annotation.errors import BadInput
from annotation.text import checked_text

OPTIONS = 4
LETTERS = "ABCD"
QUESTION_CHARACTERS = 1000
OPTION_CHARACTERS = 500
EVIDENCE_CHARACTERS = 5000
MOST_EVIDENCE = 50
MOST_MS = 2**31 - 1

_OPTION_ID = re.compile(r"[a-z0-9-]{1,20}")
_FIELDS = ("question", "options", "key", "evidence")

Content = dict[str, Any]
"""`{"question", "options": [{"id", "text"}] (four), "key": option id or None, "evidence": [{"start_ms", "text"}]}`."""


def checked_content(value: object) -> Content:
    """The content with exactly its known fields. Texts may still be blank and the key None: `problems` lists that.

    Raises BadInput that names the field.
    """
    if not isinstance(value, dict):
        raise BadInput({"content": "must be an object"})
    wrong = {name: "is missing" for name in _FIELDS if name not in value}
    wrong |= {str(name)[:100]: "is unknown" for name in value if name not in _FIELDS}
    if wrong:
        raise BadInput(wrong)
    options = _checked_options(value["options"])
    key = value["key"]
    if key is not None and key not in [option["id"] for option in options]:
        raise BadInput({"key": "must be the id of one of the options, or null"})
    return {
        "question": checked_text(value["question"], field="question", most=QUESTION_CHARACTERS),
        "options": options,
        "key": key,
        "evidence": _checked_evidence(value["evidence"]),
    }


def content_from_draft(payload: dict[str, Any]) -> Content:
    """A drafted question as content; its options get the ids o1 to o4 by their places."""
    options = [{"id": f"o{place}", "text": text} for place, text in enumerate(payload["options"], start=1)]
    return {
        "question": payload["question"],
        "options": options,
        "key": options[payload["answer_index"]]["id"],
        "evidence": [],
    }


def blank_content() -> Content:
    """Where somebody starts a question of their own."""
    options = [{"id": f"o{place}", "text": ""} for place in range(1, OPTIONS + 1)]
    return {"question": "", "options": options, "key": None, "evidence": []}


def option_ids(content: Content) -> list[str]:
    return [option["id"] for option in content["options"]]


def problems(content: Content) -> list[str]:
    """What keeps a question from being submitted; empty if nothing does."""
    found = []
    if not content["question"].strip():
        found.append("the question is empty")
    texts = [option["text"].strip().casefold() for option in content["options"]]
    found += [f"option {letter} is empty" for letter, text in zip(LETTERS, texts, strict=True) if not text]
    for place, text in enumerate(texts):
        first = texts.index(text)
        if text and first < place:
            found.append(f"options {LETTERS[first]} and {LETTERS[place]} are the same")
    if content["key"] is None:
        found.append("no key is chosen")
    return found


def _checked_options(value: object) -> list[dict[str, str]]:
    if not isinstance(value, list) or len(value) != OPTIONS:
        raise BadInput({"options": f"must be a list of exactly {OPTIONS} options"})
    options: list[dict[str, str]] = []
    for letter, option in zip(LETTERS, value, strict=True):
        if not isinstance(option, dict) or set(option) != {"id", "text"}:
            raise BadInput({"options": f"option {letter} must have exactly id and text"})
        if not isinstance(option["id"], str) or not _OPTION_ID.fullmatch(option["id"]):
            raise BadInput({"options": f"the id of option {letter} must be 1 to 20 small letters, digits and dashes"})
        text = checked_text(option["text"], field="options", most=OPTION_CHARACTERS)
        options.append({"id": option["id"], "text": text})
    if len({option["id"] for option in options}) < OPTIONS:
        raise BadInput({"options": "two options have the same id"})
    return options


def _checked_evidence(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list) or len(value) > MOST_EVIDENCE:
        raise BadInput({"evidence": f"must be a list of at most {MOST_EVIDENCE} sentences"})
    evidence = []
    for place, sentence in enumerate(value, start=1):
        if not isinstance(sentence, dict) or set(sentence) != {"start_ms", "text"}:
            raise BadInput({"evidence": f"number {place} must have exactly start_ms and text"})
        start = sentence["start_ms"]
        if start is not None and (isinstance(start, bool) or not isinstance(start, int) or not 0 <= start <= MOST_MS):
            raise BadInput({"evidence": f"the start_ms of number {place} must be a whole number from 0, or null"})
        text = checked_text(sentence["text"], field="evidence", most=EVIDENCE_CHARACTERS, blank=False)
        evidence.append({"start_ms": start, "text": text})
    return evidence
