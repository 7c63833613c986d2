"""Merging two people's words on one question, field by field. Worked out by hand."""

from typing import Any

import pytest

from annotation.merge import Choice
from qa.merge import merge_contents

BASE: dict[str, Any] = {
    "question": "What does he do?",
    "options": [{"id": f"o{place}", "text": text} for place, text in enumerate("abcd", start=1)],
    "key": "o1",
    "evidence": [],
}
MARKS = [{"at_ms": 100, "what": "repetition"}]


def changed(content: dict[str, Any] = BASE, *, order: str = "1234", **changes: Any) -> dict[str, Any]:
    """changes: of fields, or of an option's text by its id. order: of the options' ids."""
    texts = {option["id"]: changes.pop(option["id"], option["text"]) for option in content["options"]}
    options = [{"id": f"o{number}", "text": texts[f"o{number}"]} for number in order]
    return {**content, "options": options, **changes}


def test_what_only_one_changed_merges_by_itself() -> None:
    theirs = changed(question="What does she do?", o2="B", marks=MARKS)
    yours = changed(order="2134", o3="C", key="o3", evidence=[{"start_ms": 0, "text": "She sits."}])
    one = merge_contents(BASE, theirs, yours)
    assert one.conflicts == []
    assert one.result({}) == {
        "question": "What does she do?",
        "options": [
            {"id": "o2", "text": "B"},
            {"id": "o1", "text": "a"},
            {"id": "o3", "text": "C"},
            {"id": "o4", "text": "d"},
        ],
        "key": "o3",
        "evidence": [{"start_ms": 0, "text": "She sits."}],
        "marks": MARKS,
    }


def test_merging_with_who_changed_nothing_gives_the_other() -> None:
    other = changed(order="4321", question="x", o4="y", key=None, marks=MARKS)
    assert merge_contents(BASE, BASE, other).result({}) == other
    assert merge_contents(BASE, other, BASE).result({}) == other
    assert merge_contents(BASE, other, other).result({}) == other
    assert merge_contents(BASE, BASE, BASE).result({}) == BASE


def test_both_changed_asks_field_by_field() -> None:
    theirs = changed(order="2134", question="Theirs?", o1="A", key="o2", marks=MARKS)
    yours = changed(order="1243", question="Yours?", o1="aa", key="o3", marks=[{"at_ms": 900, "what": "repetition"}])
    one = merge_contents(BASE, theirs, yours)
    assert [row.name for row in one.conflicts] == ["question", "option-o1", "order", "key", "marks"]
    with pytest.raises(ValueError, match="question"):
        one.result({})
    mine = dict.fromkeys([row.name for row in one.conflicts], Choice("yours"))
    assert one.result(mine) == yours
    assert one.result(dict.fromkeys(mine, Choice("theirs"))) == theirs
    third = one.result({**mine, "question": Choice("own", " A third? "), "key": Choice("theirs")})
    assert (third["question"], third["key"], third["options"]) == ("A third?", "o2", yours["options"])


def test_a_third_cannot_be_written_for_what_is_no_text() -> None:
    one = merge_contents(BASE, changed(key="o2"), changed(key="o3"))
    with pytest.raises(ValueError, match="key"):
        one.result({"key": Choice("own", "o4")})


def test_the_key_stays_with_its_option_when_the_other_only_reordered() -> None:
    one = merge_contents(BASE, changed(order="4321"), changed(key="o2", o2="the key's new words"))
    result = one.result({})
    assert [option["id"] for option in result["options"]] == ["o4", "o3", "o2", "o1"]
    assert next(option["text"] for option in result["options"] if option["id"] == result["key"]) == (
        "the key's new words"
    )
