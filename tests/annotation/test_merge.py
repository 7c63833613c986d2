"""Merging three captions: by hand where the words matter, by properties where any words must survive."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.caption_content import CaptionContent
from annotation.merge import Choice, Merge, merge

BASE = "A man stands. [00:01.0] He turns to his left. [00:02.0] He jumps off the roof. [00:03.0] He lands."
PEOPLE = [{"key": "P1", "description": "bald man"}, {"key": "P2", "description": "woman"}]


def content(text: str = BASE, people: list[dict[str, Any]] | None = None, **notes: Any) -> CaptionContent:
    return CaptionContent(text, PEOPLE if people is None else people, **notes)


def merged(theirs: str, yours: str, base: str = BASE) -> Merge:
    return merge(content(base), content(theirs), content(yours))


def kinds(one: Merge) -> list[str]:
    return [row.kind for row in one.sentences]


def test_changes_of_different_sentences_merge_by_themselves() -> None:
    one = merged(BASE.replace("turns", "runs"), BASE.replace("lands.", "lands on his feet."))
    assert kinds(one) == ["same", "theirs", "same", "yours"]
    assert one.result().text == BASE.replace("turns", "runs").replace("lands.", "lands on his feet.")


def test_one_sentence_that_both_changed_is_a_conflict_and_waits_for_a_choice() -> None:
    one = merged(BASE.replace("jumps", "leaps"), BASE.replace("jumps", "dives"))
    assert kinds(one) == ["same", "same", "conflict", "same"]
    (row,) = one.conflicts
    assert (row.name, one.sentences[2].start_ms) == ("s3", 2000)
    with pytest.raises(ValueError, match="s3"):
        one.result()
    assert one.result({"s3": Choice("theirs")}).text == BASE.replace("jumps", "leaps")
    assert one.result({"s3": Choice("yours")}).text == BASE.replace("jumps", "dives")
    third = one.result({"s3": Choice("own", " [00:02.0] He falls. ")}).text
    assert third == BASE.replace("He jumps off the roof", "He falls")


def test_the_same_change_twice_is_no_conflict() -> None:
    one = merged(BASE.replace("jumps", "leaps"), BASE.replace("jumps", "leaps"))
    assert kinds(one)[2] == "both"
    assert one.result().text == BASE.replace("jumps", "leaps")


def test_sentences_put_in_at_different_places_both_stand() -> None:
    theirs = BASE.replace("[00:01.0]", "He wears shorts. [00:01.0]")
    one = merged(theirs, f"{BASE} [00:04.0] He runs away.")
    assert one.conflicts == []
    assert one.result().text == f"{theirs} [00:04.0] He runs away."


def test_sentences_put_in_at_the_same_place_are_a_conflict() -> None:
    one = merged(f"{BASE} He smiles.", f"{BASE} [00:04.0] The woman waves.")
    assert kinds(one) == ["same", "same", "same", "same", "conflict"]
    assert one.result({"s5": Choice("yours")}).text == f"{BASE} [00:04.0] The woman waves."


def test_two_rewritings_of_a_whole_text_are_rows_by_sentence_as_well() -> None:
    one = merged("He turns left. He jumps. He stays.", "He turns right. He jumps. He goes.", "Nothing is said.")
    assert kinds(one) == ["conflict", "both", "conflict", "both"]
    assert one.result({"s1": Choice("theirs"), "s3": Choice("yours")}).text == "He turns left. He jumps. He goes."


def test_what_one_took_out_goes_and_what_the_other_changed_meanwhile_is_a_conflict() -> None:
    shorter = BASE.replace(" [00:02.0] He jumps off the roof.", "")
    assert merged(shorter, BASE.replace("lands", "falls")).result().text == shorter.replace("lands", "falls")
    one = merged(shorter, BASE.replace("jumps", "dives"))
    assert kinds(one)[2] == "conflict"
    assert one.result({"s3": Choice("theirs")}).text == shorter


def test_neighbours_that_were_both_rewritten_stay_rows_of_their_own() -> None:
    one = merged(
        BASE.replace("He turns to his left", "The man turns to his right"),
        BASE.replace("He jumps off the roof", "The man dives off the roof"),
    )
    assert kinds(one) == ["same", "theirs", "yours", "same"]


def test_the_first_sentence_may_be_another_one_afterwards() -> None:
    one = merged(f"At night. {BASE}", BASE.replace("A man stands.", "A bald man stands."))
    assert one.result().text == f"At night. {BASE}".replace("A man", "A bald man")


def test_people_merge_by_their_key() -> None:
    tall = [{"key": "P1", "description": "tall bald man"}, PEOPLE[1]]
    third = [*PEOPLE, {"key": "P3", "description": "child"}]
    assert merge(content(), content(people=tall), content(people=third)).result().people == [*tall, third[2]]
    one = merge(content(), content(people=tall), content(people=[PEOPLE[1]]))
    (row,) = one.conflicts
    assert row.name == "pP1"
    assert one.result({"pP1": Choice("yours")}).people == [PEOPLE[1]]
    assert one.result({"pP1": Choice("own", "man")}).people[0] == {"key": "P1", "description": "man"}


def test_the_same_key_for_two_people_is_a_conflict() -> None:
    theirs, yours = ([*PEOPLE, {"key": "P3", "description": who}] for who in ("child", "dog walker"))
    one = merge(content(), content(people=theirs), content(people=yours))
    assert [row.name for row in one.conflicts] == ["pP3"]


def test_who_was_pointed_at_is_kept_beside_another_description() -> None:
    at = {"time_ms": 500, "x_permille": 400, "y_permille": 300}
    theirs: list[dict[str, Any]] = [{**PEOPLE[0], "at": at}, PEOPLE[1]]
    yours: list[dict[str, Any]] = [{**PEOPLE[0], "description": "man"}, PEOPLE[1]]
    result = merge(content(), content(people=theirs), content(people=yours)).result()
    assert result.people[0] == {"key": "P1", "description": "man", "at": at}


def test_notes_of_both_stand_together() -> None:
    fine, other = {"rule": "R1", "sentence": "A."}, {"rule": "R2", "sentence": "B."}
    one = merge(
        content(dismissed=[fine], watched=[[0, 1000]]),
        content(dismissed=[], watched=[[0, 2000]]),
        content(dismissed=[fine, other], watched=[[0, 1000], [1500, 3000]]),
    )
    assert one.notes == {"critiques": [], "dismissed": [other], "watched": [[0, 3000]]}


WORDS = st.sampled_from(
    [
        "he",
        "she",
        "turns",
        "jumps",
        "left",
        "right",
        "roof",
        "man",
        "[00:01.0]",
        "[00:02.5]",
        "e.g.",
        "1.5",
        "and",
        "the",
        "a",
        "slowly",
    ]
)
GAPS = st.sampled_from([" ", " ", " ", "\n", "  ", "\n\n", "", ". ", ".", "! "])
TEXTS = st.lists(st.tuples(WORDS, GAPS), max_size=14).map(lambda parts: "".join(word + gap for word, gap in parts))
SENTENCES = st.lists(st.sampled_from([f"{a} {b}." for a in ("He", "She", "A man") for b in ("turns", "sits", "runs")]))
EDITS = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["cut", "put", "change"]), WORDS), max_size=4)
REGISTRIES = st.lists(
    st.builds(lambda key, said: {"key": key, "description": said}, st.sampled_from(["P1", "P2", "P3"]), WORDS),
    max_size=3,
    unique_by=lambda person: person["key"],
)
CONTENTS = st.builds(CaptionContent, TEXTS, REGISTRIES)


def edited(sentences: list[str], edits: list[tuple[int, str, str]]) -> str:
    after = list(sentences)
    for place, how, word in edits:
        if how == "put" or not after:
            after.insert(place % (len(after) + 1), f"New {word} here.")
        elif how == "cut":
            after.pop(place % len(after))
        else:
            after[place % len(after)] = after[place % len(after)][:-1] + f" {word}."
    return " ".join(after)


@given(CONTENTS, CONTENTS)
def test_who_changed_nothing_changes_nothing(base: CaptionContent, changed: CaptionContent) -> None:
    assert merge(base, base, changed).result() == changed
    assert merge(base, changed, base).result() == changed


@given(CONTENTS, CONTENTS)
def test_two_who_did_the_same_agree(base: CaptionContent, changed: CaptionContent) -> None:
    one = merge(base, changed, changed)
    assert one.conflicts == []
    assert one.result() == changed


def nothing_is_lost(base: str, theirs: str, yours: str) -> None:
    one = merged(theirs, yours, base)
    result = one.result({row.name: Choice("theirs") for row in one.conflicts}).text
    other = one.result({row.name: Choice("yours") for row in one.conflicts}).text
    old = {row.base.text for row in one.sentences if row.base}
    for row in one.sentences:
        if row.theirs and row.theirs.text not in old:
            assert row.theirs.text in result
        if row.yours and row.yours.text not in old:
            assert row.yours.text in other
    for text, side in ((theirs, "theirs"), (yours, "yours")):
        parts = [part for row in one.sentences if (part := getattr(row, side))]
        assert "".join(part.gap + part.text for part in parts).rstrip() == text.rstrip()


@given(TEXTS, TEXTS, TEXTS)
def test_every_new_sentence_is_in_the_result_or_in_a_conflict(base: str, theirs: str, yours: str) -> None:
    nothing_is_lost(base, theirs, yours)


@given(SENTENCES, EDITS, EDITS)
def test_edits_of_one_text_lose_nothing(base: list[str], one: Any, other: Any) -> None:
    nothing_is_lost(" ".join(base), edited(base, one), edited(base, other))
