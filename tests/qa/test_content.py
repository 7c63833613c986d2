"""What a question consists of, and what is refused as none."""

from typing import Any

import pytest

from annotation.errors import BadInput
from qa.content import checked_content, content_from_draft, problems_of
from tests.factories import QUESTION

OPTIONS = [{"id": f"o{place}", "text": text} for place, text in enumerate(["one", "two", "three", "four"], start=1)]
CONTENT: dict[str, Any] = {
    "question": "How many jumps?",
    "options": OPTIONS,
    "key": "o2",
    "evidence": [{"start_ms": 0, "text": "He jumps."}, {"start_ms": None, "text": "There is one man."}],
}


def test_draft_gets_option_ids_by_place_and_its_key_by_index() -> None:
    content = content_from_draft({**QUESTION, "answer_index": 2})
    assert [option["id"] for option in content["options"]] == ["o1", "o2", "o3", "o4"]
    assert [option["text"] for option in content["options"]] == QUESTION["options"]
    assert (content["question"], content["key"], content["evidence"]) == (QUESTION["question"], "o3", [])
    assert checked_content(content) == content


def test_content_that_is_whole_or_still_empty_is_kept_byte_for_byte() -> None:
    blank = {"question": "", "options": [{**option, "text": ""} for option in OPTIONS], "key": None, "evidence": []}
    odd = {**CONTENT, "question": "  e\u0301 👩‍👩‍👧 \u202e\n "}
    for content in (CONTENT, blank, odd):
        assert checked_content(content) == content


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"question": None}, "question"),
        ({"question": "x" * 1001}, "question"),
        ({"question": "nul \x00"}, "question"),
        ({"options": "abcd"}, "options"),
        ({"options": OPTIONS[:3]}, "options"),
        ({"options": [*OPTIONS, {"id": "o5", "text": ""}]}, "options"),
        ({"options": [{"id": "o1", "text": "again"}, *OPTIONS[:3]]}, "options"),
        ({"options": [{**OPTIONS[0], "key": True}, *OPTIONS[1:]]}, "options"),
        ({"options": [{"id": "O 1", "text": ""}, *OPTIONS[1:]]}, "options"),
        ({"options": [{"id": "o" * 21, "text": ""}, *OPTIONS[1:]]}, "options"),
        ({"options": [{"id": "o1\n", "text": ""}, *OPTIONS[1:]]}, "options"),
        ({"options": [{"id": "o1", "text": "x" * 501}, *OPTIONS[1:]]}, "options"),
        ({"key": "o9"}, "key"),
        ({"key": 1}, "key"),
        ({"key": ["o1"]}, "key"),
        ({"evidence": {}}, "evidence"),
        ({"evidence": [{"start_ms": -1, "text": "x"}]}, "evidence"),
        ({"evidence": [{"start_ms": True, "text": "x"}]}, "evidence"),
        ({"evidence": [{"start_ms": 1.5, "text": "x"}]}, "evidence"),
        ({"evidence": [{"start_ms": 1}]}, "evidence"),
        ({"answer_index": 1}, "answer_index"),
    ],
)
def test_what_is_no_question_is_refused_by_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        checked_content({**CONTENT, **changes})
    assert list(refusal.value.detail["fields"]) == [field]


@pytest.mark.parametrize("field", ["question", "options", "key", "evidence"])
def test_missing_field_is_named(field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        checked_content({name: value for name, value in CONTENT.items() if name != field})
    assert refusal.value.detail["fields"] == {field: "is missing"}


@pytest.mark.parametrize("value", [None, [], "text", 3])
def test_content_that_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(BadInput):
        checked_content(value)


def test_problems_are_named_by_letter() -> None:
    assert problems_of(CONTENT) == []
    options = [{"id": name, "text": text} for name, text in zip("abcd", ["Twice ", "", " twice", "Once"], strict=True)]
    content = {"question": "  ", "options": options, "key": None, "evidence": []}
    assert problems_of(content) == [
        "the question is empty",
        "option B is empty",
        "options A and C are the same",
        "no option is the key",
    ]
