"""What a model answers when it is asked for questions: its form, and the checks behind the form. Pure functions."""

import re
from bisect import bisect_right
from typing import Any

from annotation.caption_format import segments, without_marks
from annotation.errors import BadInput
from annotation.text import checked_text

OPTIONS = 4
QUESTION_CHARACTERS = 1000
OPTION_CHARACTERS = 500
EVIDENCE = 5
EVIDENCE_CHARACTERS = 2000

QUESTIONS_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "questions": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "question": {"type": "string"},
                    "options": {"type": "array", "items": {"type": "string"}},
                    "answer_index": {"type": "integer"},
                    "evidence": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["question", "options", "answer_index", "evidence"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["questions"],
    "additionalProperties": False,
}
"""The form of a reply. It knows no counts, lengths and ranges: `questions_from_reply` checks those."""

_FIELDS = {"question", "options", "answer_index", "evidence"}
_SPACE = re.compile(r"\s+")


def questions_from_reply(value: object, *, caption_text: str, wanted: int) -> list[dict[str, Any]]:
    """The payloads of drafts in a model's decoded reply; none where the caption supports none.

    caption_text: the approved caption with its marks. Each piece of evidence is looked up there, white space, marks
        and a full stop at its end aside; it must be whole words, two or more. Its time is that of the segment in which
        it begins.
    Returns `{"question", "options": [4 texts], "answer_index": 0-3, "evidence": [{"start_ms", "text"}]}`, each text
    without white space around it.
    Raises BadInput that names the field, `questions[0].options[2]`: another form, a wrong count, an empty or too long
    text, more questions than `wanted`, evidence that the caption does not hold. Form rules are not its business.
    """
    reply = _checked_object(value, "reply", {"questions"})
    questions = reply["questions"]
    if not isinstance(questions, list):
        raise BadInput({"questions": "must be a list"})
    if len(questions) > wanted:
        raise BadInput({"questions": f"has {len(questions)} entries; at most {wanted} are wanted"})
    caption = _Caption(caption_text)
    return [_checked_question(part, f"questions[{place}]", caption) for place, part in enumerate(questions)]


class _Caption:
    """A caption in which quotations are found: one line of words, and where each segment begins in it."""

    def __init__(self, text: str) -> None:
        parts = segments(text)
        self.starts = [part.start_ms for part in parts]
        self.words = ""
        self.places: list[int] = []
        for part in parts:
            self.words += " " if self.words else ""
            self.places.append(len(self.words))
            self.words += _SPACE.sub(" ", part.text)

    def found(self, quotation: str, taken: set[int]) -> tuple[int, int] | None:
        """From where to where the words stand; where they stand twice, the first place that is not taken yet."""
        pattern = re.compile(rf"(?<!\w){re.escape(quotation)}(?!\w)")
        matches = [match.span() for match in pattern.finditer(self.words)]
        return next((span for span in matches if span[0] not in taken), matches[0] if matches else None)

    def start_ms(self, place: int) -> int | None:
        return self.starts[bisect_right(self.places, place) - 1]


def _checked_question(value: object, field: str, caption: _Caption) -> dict[str, Any]:
    question = _checked_object(value, field, _FIELDS)
    options = question["options"]
    if not isinstance(options, list) or len(options) != OPTIONS:
        raise BadInput({f"{field}.options": f"must be a list of {OPTIONS}"})
    answer = question["answer_index"]
    if not isinstance(answer, int) or isinstance(answer, bool) or not 0 <= answer < OPTIONS:
        raise BadInput({f"{field}.answer_index": f"must be a whole number from 0 to {OPTIONS - 1}"})
    return {
        "question": _text(question["question"], f"{field}.question", QUESTION_CHARACTERS),
        "options": [
            _text(option, f"{field}.options[{place}]", OPTION_CHARACTERS) for place, option in enumerate(options)
        ],
        "answer_index": answer,
        "evidence": _located(question["evidence"], f"{field}.evidence", caption),
    }


def _located(value: object, field: str, caption: _Caption) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not 1 <= len(value) <= EVIDENCE:
        raise BadInput({field: f"must be a list of 1 to {EVIDENCE} sentences of the caption"})
    evidence: list[dict[str, Any]] = []
    taken: set[int] = set()
    for place, part in enumerate(value):
        sentence = _text(part, f"{field}[{place}]", EVIDENCE_CHARACTERS)
        quotation = _SPACE.sub(" ", without_marks(sentence)).strip().rstrip(" .")
        # A lone word stands in every caption and shows nothing.
        span = caption.found(quotation, taken) if " " in quotation else None
        if span is None:
            raise BadInput({f"{field}[{place}]": "is no sentence of the caption"})
        taken.add(span[0])
        # The full stop, if the caption has one there, belongs to the sentence.
        end = span[1] + caption.words.startswith(".", span[1])
        evidence.append({"start_ms": caption.start_ms(span[0]), "text": caption.words[span[0] : end]})
    return evidence


def _text(value: object, field: str, most: int) -> str:
    return checked_text(value, field=field, most=most, blank=False).strip()


def _checked_object(value: object, field: str, names: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadInput({field: "must be an object"})
    problems = {f"{field}.{name}"[:100]: "is unknown" for name in value if name not in names}
    problems |= {f"{field}.{name}": "is missing" for name in sorted(names) if name not in value}
    if problems:
        raise BadInput(problems)
    return value
