"""A model's questions become payloads of drafts, or are refused by field."""

from typing import Any

import pytest

from annotation.errors import BadInput
from qa.content import EVIDENCE as EVIDENCE_OF_CONTENT
from qa.content import OPTIONS as OPTIONS_OF_CONTENT
from qa.content import checked_content, content_from_draft
from qa.drafted_questions import EVIDENCE, OPTIONS, QUESTIONS_SCHEMA, questions_from_reply

CAPTION = (
    "There is one person in the video, a bald man: he wears a T-shirt. [00:00.3] The bald man jumps.  He lands on\n"
    "both feet. [00:01.0] The bald man jumps. [01:02.5] A dog, e.g. a spaniel, barks at 3.5 m"
)
QUESTION: dict[str, Any] = {
    "question": "How many times does the bald man jump?",
    "options": ["Once", "Twice", "Three times", "Four times"],
    "answer_index": 1,
    "evidence": ["The bald man jumps.", "The bald man jumps."],
}


def ask(*questions: object, wanted: int = 2) -> list[dict[str, Any]]:
    return questions_from_reply({"questions": list(questions)}, caption_text=CAPTION, wanted=wanted)


def located(*sentences: str) -> list[tuple[int | None, str]]:
    (question,) = ask({**QUESTION, "evidence": list(sentences)})
    return [(part["start_ms"], part["text"]) for part in question["evidence"]]


def test_question_becomes_a_payload_whose_evidence_has_times() -> None:
    (question,) = ask({**QUESTION, "question": f" {QUESTION['question']}\n"})
    # The same sentence twice: once for each time it stands in the caption.
    evidence = [{"start_ms": 300, "text": "The bald man jumps."}, {"start_ms": 1000, "text": "The bald man jumps."}]
    assert question == {**QUESTION, "evidence": evidence}
    assert checked_content(content_from_draft(question))["evidence"] == evidence
    assert OPTIONS == OPTIONS_OF_CONTENT
    assert EVIDENCE <= EVIDENCE_OF_CONTENT


def test_caption_that_supports_no_question_gives_none() -> None:
    assert ask() == []


@pytest.mark.parametrize(
    ("sentence", "start_ms", "text"),
    [
        ("There is one person in the video, a bald man: he wears a T-shirt.", None, None),
        ("He lands on both feet.", 300, None),
        ("He lands on both feet", 300, "He lands on both feet."),
        ("[00:00.3] The bald man jumps.", 300, "The bald man jumps."),
        ("  The bald man  jumps. He lands on both feet. ", 300, "The bald man jumps. He lands on both feet."),
        ("He lands on both feet. [00:01.0] The bald man jumps.", 300, "He lands on both feet. The bald man jumps."),
        ("A dog, e.g. a spaniel, barks at 3.5 m", 62_500, None),
        ("A dog, e.g. a spaniel, barks at 3.5 m.", 62_500, "A dog, e.g. a spaniel, barks at 3.5 m"),
    ],
)
def test_evidence_is_found_as_it_stands_in_the_caption(sentence: str, start_ms: int | None, text: str | None) -> None:
    assert located(sentence) == [(start_ms, text or sentence)]


def test_sentence_that_is_quoted_more_often_than_it_stands_there_is_still_found() -> None:
    assert [start for start, _ in located(*["The bald man jumps."] * 3)] == [300, 1000, 300]


@pytest.mark.parametrize(
    "sentence",
    [
        *(
            "The bald man leaps.",
            "the bald man jumps.",
            "he bald man jumps",
            "The bald man jump",
            "jumps.",
            ".",
            "[00:00.3]",
        ),
        "The bald man jumps. The bald man jumps.",
    ],
)
def test_sentence_that_is_not_in_the_caption_is_refused(sentence: str) -> None:
    with pytest.raises(BadInput) as refusal:
        located("He lands on both feet.", sentence)
    assert list(refusal.value.detail["fields"]) == ["questions[0].evidence[1]"]


def test_no_caption_holds_no_evidence() -> None:
    with pytest.raises(BadInput):
        questions_from_reply({"questions": [QUESTION]}, caption_text="", wanted=1)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"question": None}, "question"),
        ({"question": " \n"}, "question"),
        ({"question": "x" * 1001}, "question"),
        ({"question": "nul \x00"}, "question"),
        ({"options": None}, "options"),
        ({"options": ["Once"]}, "options"),
        ({"options": ["Once", "Twice", "Three times"]}, "options"),
        ({"options": [str(number) for number in range(9)]}, "options"),
        ({"options": ["Once", "", "Three times", "Four times"]}, "options[1]"),
        ({"options": ["Once", "Twice", 3, "Four times"]}, "options[2]"),
        ({"options": ["Once", "Twice", "x" * 501, "Four times"]}, "options[2]"),
        ({"answer_index": 4}, "answer_index"),
        ({"answer_index": -1}, "answer_index"),
        ({"answer_index": True}, "answer_index"),
        ({"answer_index": 1.0}, "answer_index"),
        ({"answer_index": "B"}, "answer_index"),
        ({"evidence": "The bald man jumps."}, "evidence"),
        ({"evidence": []}, "evidence"),
        ({"evidence": ["The bald man jumps."] * 6}, "evidence"),
        ({"evidence": [{"start_ms": 300, "text": "The bald man jumps."}]}, "evidence[0]"),
        ({"category": "count"}, "category"),
    ],
)
def test_question_of_another_form_is_refused_by_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        ask(QUESTION, {**QUESTION, **changes})
    assert list(refusal.value.detail["fields"]) == [f"questions[1].{field}"]


@pytest.mark.parametrize("name", list(QUESTION))
def test_missing_field_is_named(name: str) -> None:
    with pytest.raises(BadInput) as refusal:
        ask({key: value for key, value in QUESTION.items() if key != name})
    assert list(refusal.value.detail["fields"]) == [f"questions[0].{name}"]


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (None, "reply"),
        ([QUESTION], "reply"),
        ({}, "reply.questions"),
        ({"questions": [QUESTION], "note": "x"}, "reply.note"),
        ({"questions": QUESTION}, "questions"),
        ({"questions": [QUESTION] * 3}, "questions"),
        ({"questions": ["x"]}, "questions[0]"),
    ],
)
def test_reply_of_another_form_is_refused_by_field(value: object, field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        questions_from_reply(value, caption_text=CAPTION, wanted=2)
    assert list(refusal.value.detail["fields"]) == [field]


def test_schema_asks_for_all_and_nothing_else() -> None:
    for part in (QUESTIONS_SCHEMA, QUESTIONS_SCHEMA["properties"]["questions"]["items"]):
        assert part["additionalProperties"] is False
        assert part["required"] == list(part["properties"])
