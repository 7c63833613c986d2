"""Word diffs: both texts come back byte for byte, and what a page counts is worked out by hand."""

import time
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from annotation.word_diff import percent_changed, word_diff, words_changed

TEXTS = st.text(alphabet="ab. [\n01:]é\U0001f600", max_size=60)


def told(before: str, after: str) -> list[tuple[str, str]]:
    return [(piece.op, piece.text) for piece in word_diff(before, after)]


@given(TEXTS, TEXTS)
def test_the_pieces_give_both_texts_byte_for_byte(before: str, after: str) -> None:
    pieces = word_diff(before, after)
    assert "".join(piece.text for piece in pieces if piece.op != "ins") == before
    assert "".join(piece.text for piece in pieces if piece.op != "del") == after
    assert all(piece.text for piece in pieces)
    assert all(one.op != other.op for one, other in pairwise(pieces))


@given(TEXTS)
def test_a_text_differs_in_nothing_from_itself(text: str) -> None:
    assert {piece.op for piece in word_diff(text, text)} <= {"same"}


def test_words_that_changed_beside_each_other_are_one_change() -> None:
    assert told("He spreads both arms wide.", "He waves one arm wide.") == [
        ("same", "He "),
        ("del", "spreads both arms"),
        ("ins", "waves one arm"),
        ("same", " wide."),
    ]


def test_a_word_that_changed_is_out_and_in_whole() -> None:
    assert told("He jumps.", "He leaps.") == [("same", "He "), ("del", "jumps."), ("ins", "leaps.")]


def test_a_blank_that_changed_is_shown_and_is_no_word() -> None:
    pieces = word_diff("One. Two.", "One.\nTwo.")
    assert [(piece.op, piece.text) for piece in pieces] == [
        ("same", "One."),
        ("del", " "),
        ("ins", "\n"),
        ("same", "Two."),
    ]
    assert words_changed(pieces) == (0, 0)


def test_a_time_mark_counts_as_a_word_of_its_own() -> None:
    assert words_changed(word_diff("[00:00.3] He jumps.", "[00:00.4] He jumps.")) == (1, 1)


def test_the_share_of_changed_words_is_of_the_words_before() -> None:
    # 4 words before, 1 of them out: 25 %; what is added does not count
    assert percent_changed(word_diff("He lifts both arms.", "He slowly lifts his arms. Then he rests.")) == 25
    # 1 of 8 is 12.5 %, rounded up
    assert percent_changed(word_diff("a b c d e f g h", "a b c d e f g")) == 13
    assert percent_changed(word_diff("", "All of it is new.")) is None


def test_texts_made_to_be_slow_are_not() -> None:
    began = time.process_time()
    word_diff("a b " * 6000, "b a a " * 4000)
    assert time.process_time() - began < 5
