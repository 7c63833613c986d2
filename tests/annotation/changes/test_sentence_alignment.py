"""Which sentence became which, and who wrote those that stand: by hand, and what must hold for any texts."""

from hypothesis import given
from hypothesis import strategies as st

from annotation.sentence_alignment import MOST_COMPARISONS, Line, align, blame

A, B, C = "A bald man stands on a roof.", "He spreads both arms.", "He jumps off the roof."
LINES = st.lists(
    st.builds(
        Line,
        st.lists(st.sampled_from(["he", "she", "runs", "waves", "both", "arms", "roof"]), min_size=1, max_size=6).map(
            " ".join
        ),
        st.sampled_from([None, 0, 300]),
    ),
    max_size=8,
)


def of(*texts: str) -> list[Line]:
    return [Line(text) for text in texts]


@given(LINES, LINES)
def test_each_sentence_of_both_texts_stands_exactly_once_and_in_order(before: list[Line], after: list[Line]) -> None:
    pairs = align(before, after)
    assert [old for old, _ in pairs if old is not None] == list(range(len(before)))
    assert [new for _, new in pairs if new is not None] == list(range(len(after)))
    assert (None, None) not in pairs


@given(LINES)
def test_a_text_is_paired_with_itself_sentence_by_sentence(lines: list[Line]) -> None:
    assert align(lines, lines) == [(place, place) for place in range(len(lines))]


def test_a_rewritten_sentence_is_paired_with_what_it_was() -> None:
    assert align(of(A, B, C), of(A, "He slowly spreads out both arms.", C)) == [(0, 0), (1, 1), (2, 2)]


def test_a_sentence_that_came_pushes_none_of_the_others() -> None:
    assert align(of(A, B, C), of(A, "A dog barks.", B, C)) == [(0, 0), (None, 1), (1, 2), (2, 3)]


def test_a_sentence_that_went_stands_where_it_was() -> None:
    assert align(of(A, B, C), of(A, C)) == [(0, 0), (1, None), (2, 1)]


def test_likeness_counts_more_than_the_place() -> None:
    """Two sentences became three; the one with the most common words is the same one, not the first of them."""
    before = of("He spreads both arms out to the side.", "Then he runs away.")
    after = of("A dog comes in.", "He spreads both his arms out to the side.", "Suddenly then he runs far away.")
    assert align(before, after) == [(None, 0), (0, 1), (1, 2)]


def test_the_same_time_mark_pairs_what_only_resembles() -> None:
    """One common word of 4 and 5: 2/9 = 0.22, too little alone; with the same mark 0.47."""
    before = [Line("He lifts his hands."), Line("He does three jumps.", 300), Line("She looks on.")]
    after = [Line("She dances."), Line("The man jumps about three.", 300), Line("Birds fly by.")]
    assert (1, 1) in align(before, after)
    assert (1, 1) not in align([Line(line.text) for line in before], [Line(line.text) for line in after])


def test_one_sentence_between_two_that_stayed_is_the_same_one_rewritten() -> None:
    assert align(of(A, "He jumps.", C), of(A, "Nothing of it is left.", C)) == [(0, 0), (1, 1), (2, 2)]


def test_a_sentence_that_moved_went_and_came() -> None:
    assert align(of(A, B, C), of(B, C, A)) == [(0, None), (1, 0), (2, 1), (None, 2)]


def test_very_many_different_sentences_are_paired_by_their_places() -> None:
    """Not by likeness: "old 7" and "new 7" share half of their words and stand one place apart."""
    count = int(MOST_COMPARISONS**0.5) + 1
    before, after = of(*(f"old {n}" for n in range(count))), of(*(f"new {n + 1}" for n in range(count + 1)))
    assert align(before, after) == [*((n, n) for n in range(count)), (None, count)]


def test_the_author_of_a_sentence_is_who_changed_it_last() -> None:
    chain = [
        ("model", of(A, B, C)),
        ("ana 1", of(A, "He spreads both of his arms.", C)),
        ("rui 2", of(A, "He spreads both of his arms.", "He jumps off the flat roof.")),
        ("ana 3", of(A, "He spreads both of his arms.", "He jumps off the flat roof.", "He lands.")),
    ]
    assert blame(chain) == ["model", "ana 1", "rui 2", "ana 3"]


def test_words_changed_and_changed_back_are_those_of_who_changed_them_back() -> None:
    chain = [("model", of(A, B)), ("ana", of(A, "He waves both arms.")), ("rui", of(A, B))]
    assert blame(chain) == ["model", "rui"]


def test_what_was_deleted_has_no_author_and_the_rest_keeps_its_own() -> None:
    assert blame([("model", of(A, B, C)), ("ana", of(A, C))]) == ["model", "model"]
    assert blame([("model", of(A)), ("ana", [])]) == []
    assert blame([]) == []


def test_a_moved_time_mark_makes_nobody_an_author() -> None:
    assert blame([("model", [Line(B, 300)]), ("ana", [Line(B, 400)])]) == ["model"]
