"""Marked moments: what a content may hold, and what they say against the key. Worked out by hand."""

from typing import Any

import pytest

from annotation.canonical import digest_of
from annotation.english.number_words import definite_number
from annotation.errors import BadInput
from qa.content import checked_content, content_from_draft, marks_of
from qa.marks import mark_warnings
from tests.factories import QUESTION
from tests.qa.scenes import COUNT_QUESTION

CONTENT = content_from_draft(COUNT_QUESTION)
"""Its key says “Twice”."""


def marked(*marks: tuple[int, str], content: dict[str, Any] = CONTENT) -> dict[str, Any]:
    return {**content, "marks": [{"at_ms": at, "what": what} for at, what in marks]}


def test_content_without_marks_stays_as_it_was_and_so_does_its_digest() -> None:
    assert checked_content(CONTENT) == CONTENT
    assert "marks" not in checked_content({**CONTENT, "marks": []})
    assert digest_of(checked_content({**CONTENT, "marks": []})) == digest_of(CONTENT)
    assert marks_of(CONTENT) == []


def test_marks_are_kept_in_the_order_of_time() -> None:
    content = checked_content(marked((900, "repetition"), (100, "repetition")))
    assert [mark["at_ms"] for mark in content["marks"]] == [100, 900]
    assert len(checked_content(marked(*[(at, "x") for at in range(200)]))["marks"]) == 200


@pytest.mark.parametrize(
    "marks",
    [
        None,
        {},
        [1],
        [{"at_ms": 1}],
        [{"at_ms": 1, "what": "x", "who": "y"}],
        [{"at_ms": True, "what": "x"}],
        [{"at_ms": 1.5, "what": "x"}],
        [{"at_ms": -1, "what": "x"}],
        [{"at_ms": 24 * 3600 * 1000 + 1, "what": "x"}],
        [{"at_ms": 1, "what": " "}],
        [{"at_ms": 1, "what": "x" * 101}],
        [{"at_ms": 1, "what": "\x00"}],
        [{"at_ms": at, "what": "x"} for at in range(201)],
    ],
)
def test_marks_of_another_shape_are_refused(marks: object) -> None:
    with pytest.raises(BadInput) as refusal:
        checked_content({**CONTENT, "marks": marks})
    assert list(refusal.value.detail["fields"]) == ["marks"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("twice", 2),
        ("four times", 4),
        ("21", 21),
        ("twenty-one jumps", 21),
        ("none", 0),
        ("never", 0),
        ("no jumps", 0),
        ("a pair", 2),
        ("a single one", 1),
        ("a few times", None),
        ("2-3 times", None),
        ("at least 3", None),
        ("2.5", None),
        ("2 jumps, 3 claps", None),
        ("he jumps", None),
        ("", None),
    ],
)
def test_the_number_that_an_option_says(text: str, number: int | None) -> None:
    assert definite_number(text) == number


def test_count_warns_when_key_and_marks_differ() -> None:
    twice = [(100, "repetition"), (700, "repetition")]
    assert mark_warnings("count", CONTENT) == []  # nothing is marked yet
    assert mark_warnings("count", marked(*twice)) == []
    assert mark_warnings("count", marked(*twice, (900, "repetition"))) == ["3 marked · the key says 2"]
    assert mark_warnings("count", {**marked(*twice), "key": "o4"}) == ["2 marked · the key says 4"]
    assert mark_warnings("count", {**marked(*twice), "key": None}) == []
    vague = {**CONTENT, "options": [{"id": "o2", "text": "A few times"}]}
    assert mark_warnings("count", marked((1, "repetition"), content=vague)) == []
    assert mark_warnings("attribute", marked((1, "repetition"))) == []


def test_sequence_warns_of_an_event_between_its_two_actions() -> None:
    def said(*marks: tuple[int, str]) -> list[str]:
        return mark_warnings("action_sequence", marked(*marks, content=content_from_draft(QUESTION)))

    first, second = (500, "first action"), (900, "second action")
    assert said(first, second) == []
    assert said(first, second, (500, "event between"), (900, "event between"), (1200, "event between")) == []
    assert said(first, (700, "event between"), second) == [
        "an event is marked between the two actions: they do not follow each other immediately"
    ]
    assert said(first, (600, "event between"), (700, "event between"), second) == [
        "2 events are marked between the two actions: they do not follow each other immediately"
    ]
    assert said(first) == ["the second action is not marked"]
    assert said(second) == ["the first action is not marked"]
    assert said((900, "first action"), (500, "second action")) == ["the second action is marked before the first"]
    assert said(first, first, second) == ["the first action is marked more than once"]
