"""Agreement of people who answer blind, with every coincidence matrix written out."""

import ast
from pathlib import Path

import pytest

from annotation.intervals import Share
from qa import agreement as module
from qa.agreement import (
    Answered,
    agreement,
    agreement_by_category,
    blind_accuracy,
    krippendorff_alpha,
    pairwise_agreement,
    value_of,
)

PUBLISHED = ["111", "2232", "3333", "3333", "2222", "1234", "4444", "1121", "2222", "555", "11", "3"]
"""Krippendorff (2011), section C: 4 coders, 12 units, gaps. Coders by row, units by column:

A: 1 2 3 3 2 1 4 1 2 . . .
B: 1 2 3 3 2 2 4 1 2 5 . 3
C: . 3 3 3 2 3 4 2 2 5 1 .
D: 1 2 3 3 2 4 4 1 2 5 1 .
"""


def test_alpha_of_krippendorffs_own_example() -> None:
    # Unit 12 has one value and is left out. Each ordered pair of a unit weighs 1 / (m - 1):
    #   u1 (111): 6 pairs / 2 = 3 on 1-1            u7 (4444): 12 / 3 = 4 on 4-4
    #   u2 (2232): 6 / 3 = 2 on 2-2, 3 / 3 = 1 on   u8 (1121): 6 / 3 = 2 on 1-1,
    #              2-3 and 1 on 3-2                            1 on 1-2 and 1 on 2-1
    #   u3, u4 (3333): 4 each on 3-3                u9 (2222): 4 on 2-2
    #   u5 (2222): 4 on 2-2                         u10 (555): 3 on 5-5
    #   u6 (1234): 1/3 on each of 12 unlike pairs   u11 (11): 2 / 1 = 2 on 1-1
    #
    #          1    2    3    4    5   n
    #     1    7   4/3  1/3  1/3   0   9      1-1: 3 + 2 + 2; 1-2: 1/3 + 1
    #     2   4/3  10   4/3  1/3   0  13      2-2: 2 + 4 + 4; 2-3: 1 + 1/3
    #     3   1/3  4/3   8   1/3   0  10
    #     4   1/3  1/3  1/3   4    0   5
    #     5    0    0    0    0    3   3      together 40, of them 32 on the diagonal
    #
    # observed 40 - 32 = 8; expected 40² - (81 + 169 + 100 + 25 + 9) = 1600 - 384 = 1216
    # alpha = 1 - 39 · 8 / 1216 = 1 - 312 / 1216 = 0.74342
    assert krippendorff_alpha(PUBLISHED) == pytest.approx(904 / 1216)
    assert round(krippendorff_alpha(PUBLISHED) or 0, 3) == 0.743


def test_pairs_of_krippendorffs_own_example() -> None:
    # Pairs: u1 3; u2 6; u3 to u9 6 each, 42; u10 3; u11 1; u12 none: 55.
    # Alike: 3; u2 3; u3, u4, u5 18; u6 none; u7 6; u8 3; u9 6; u10 3; u11 1: 43.
    assert pairwise_agreement(PUBLISHED) == Share(43, 55)


def test_full_agreement_is_one() -> None:
    #       A  B
    #   A   2  0   n 2     observed 0; expected 16 - 8 = 8
    #   B   0  2   n 2
    assert krippendorff_alpha(["AA", "BB"]) == 1.0
    assert pairwise_agreement(["AA", "BB"]) == Share(2, 2)


def test_systematic_disagreement_is_below_nought() -> None:
    #       A  B
    #   A   0  2   n 2     observed 4; expected 16 - 8 = 8
    #   B   2  0   n 2     1 - 3 · 4 / 8 = -0.5
    assert krippendorff_alpha(["AB", "BA"]) == -0.5
    # 50 questions: n = 100, 50 each; observed 100; expected 10000 - 5000; 1 - 99 · 100 / 5000 = -0.98
    assert krippendorff_alpha(["AB"] * 50) == pytest.approx(-0.98)
    assert pairwise_agreement(["AB", "BA"]) == Share(0, 2)


@pytest.mark.parametrize("ratings", [[], ["A"], ["A", "B", ""]])
def test_nothing_answered_twice_has_no_agreement(ratings: list[str]) -> None:
    assert krippendorff_alpha(ratings) is None
    assert pairwise_agreement(ratings) == Share(0, 0)


@pytest.mark.parametrize("ratings", [["AA"], ["AA", "AAA", "AA"], ["AA", "B"]])
def test_one_value_only_has_no_alpha_but_its_pairs_agree(ratings: list[str]) -> None:
    # n² - n² = 0 expected. In the last, B stands alone and does not count.
    assert krippendorff_alpha(ratings) is None
    assert pairwise_agreement(ratings).share == 1.0


@pytest.mark.parametrize("unit", ["AB", "AAB", "AAAAAAB", "ABCD"])
def test_a_single_question_that_is_not_unanimous_gives_nought(unit: str) -> None:
    # AAB:    A  B
    #     A   1  1   n 2     A-A: 2 pairs / 2; A-B: 2 / 2. observed 2; expected 9 - 5 = 4
    #     B   1  0   n 1     1 - 2 · 2 / 4 = 0
    # In general observed is expected / (n - 1), since the question's values are all there are.
    assert krippendorff_alpha([unit]) == 0.0


def test_values_that_are_all_different_give_nought() -> None:
    # Six values once each: observed 6 (two on each of three questions); expected 36 - 6 = 30; 1 - 5 · 6 / 30 = 0
    assert krippendorff_alpha(["AB", "CD", "EF"]) == 0.0
    assert pairwise_agreement(["AB", "CD", "EF"]) == Share(0, 3)


def test_numbers_of_raters_may_differ() -> None:
    #       A    B
    #   A   3+1  1    n 5     AAA: 6 / 2 = 3; AAB: A-A 2 / 2 = 1, A-B 2 / 2 = 1, B-A 1; BB: 2; A alone: none
    #   B   1    2    n 3     observed 2; expected 64 - 34 = 30; 1 - 7 · 2 / 30 = 16 / 30
    ratings = ["AAA", "AAB", "BB", "A"]
    assert krippendorff_alpha(ratings) == pytest.approx(16 / 30)
    # Pairs 3 + 3 + 1; alike 3 + 1 + 1.
    assert pairwise_agreement(ratings) == Share(5, 7)


def test_the_order_of_people_and_of_questions_changes_nothing() -> None:
    shuffled = [unit[::-1] for unit in reversed(PUBLISHED)]
    assert krippendorff_alpha(shuffled) == krippendorff_alpha(PUBLISHED)


def test_cannot_tell_and_more_than_one_are_values_of_their_own() -> None:
    #                 A  tell  more
    #   A             2    0     0    n 2     Two who cannot tell agree; one who cannot and one who sees two do not.
    #   cannot_tell   0    2     1    n 3     observed 2; expected 36 - (4 + 9 + 1) = 22
    #   more_than_one 0    1     0    n 1     1 - 5 · 2 / 22 = 12 / 22
    ratings = [("A", "A"), ("cannot_tell", "cannot_tell"), ("cannot_tell", "more_than_one")]
    assert krippendorff_alpha(ratings) == pytest.approx(12 / 22)


def test_a_value_is_the_letter_that_was_shown() -> None:
    assert value_of("o3", ["o3", "o1", "o2", "o4"]) == "A"
    assert value_of("o4", ["o3", "o1", "o2", "o4"]) == "D"
    assert value_of("cannot_tell", ["o1", "o2", "o3", "o4"]) == "cannot_tell"
    assert value_of("more_than_one", ["o1", "o2", "o3", "o4"]) == "more_than_one"


def test_people_who_press_one_letter_everywhere_do_not_agree_beyond_chance() -> None:
    orders = [["o1", "o2", "o3", "o4"], ["o4", "o3", "o2", "o1"]]
    by_letter = [[value_of(order[0], order)] * 2 for order in orders]
    assert by_letter == [["A", "A"], ["A", "A"]]
    assert krippendorff_alpha(by_letter) is None
    # Over the ids of unlike questions the same two people would agree perfectly: o1, o1 / o4, o4.
    assert krippendorff_alpha([[order[0]] * 2 for order in orders]) == 1.0


def test_everybody_right_is_full_agreement() -> None:
    # As right or wrong there would be one value only, and no alpha.
    assert krippendorff_alpha([("A", "A"), ("C", "C"), ("D", "D")]) == 1.0
    assert krippendorff_alpha([("right", "right")] * 3) is None


def test_accuracy_counts_answers_and_other_choices_are_misses() -> None:
    questions = [
        Answered("count", ("A", "A", "B"), "A"),
        Answered("count", ("cannot_tell",), "C"),
        Answered("attribute", ("more_than_one", "D"), "D"),
    ]
    # Right: 2 of 3, 0 of 1, 1 of 2: 3 of 6. Wilson: centre 0.5; half (1.96 · sqrt(0.25 / 6 + 3.8415 / 144)) /
    # (1 + 3.8415 / 6) = 1.96 · 0.26139 / 1.64024 = 0.31235
    accuracy = blind_accuracy(questions)
    assert (accuracy.hits, accuracy.of, accuracy.share) == (3, 6, 0.5)
    assert accuracy.interval == pytest.approx([0.1876, 0.8124], abs=0.0001)


def test_accuracy_of_no_answers_is_none() -> None:
    assert blind_accuracy([]).share is None
    assert blind_accuracy([Answered("count", (), "A")]).interval is None


def test_a_question_without_a_key_is_never_answered_right() -> None:
    assert blind_accuracy([Answered("count", ("A", "cannot_tell"), "")]).hits == 0


def test_by_category_keeps_the_order_given_and_the_pooled_is_no_mean() -> None:
    questions = [
        Answered("count", ("A", "A"), "A"),
        Answered("count", ("B", "B"), "B"),
        Answered("attribute", ("A", "B"), "A"),
        Answered("attribute", ("B", "A"), "A"),
        Answered("attribute", ("C",), "C"),
    ]
    found = agreement_by_category(questions, ["interaction", "count", "attribute"])
    assert list(found) == ["interaction", "count", "attribute"]
    assert (found["interaction"].questions, found["interaction"].alpha, found["interaction"].accuracy.of) == (
        0,
        None,
        0,
    )
    assert (found["count"].alpha, found["attribute"].alpha) == (1.0, -0.5)
    assert (found["attribute"].questions, found["attribute"].answered_twice) == (3, 2)
    #       A  B
    #   A   2  2   n 4     observed 4; expected 64 - 32 = 32; 1 - 7 · 4 / 32 = 0.125; the mean would be 0.25
    #   B   2  2   n 4     The C that stands alone does not count.
    pooled = agreement(questions)
    assert (pooled.alpha, pooled.pairwise) == (0.125, Share(2, 4))
    # Right: 2 + 2 of Count, 1 + 1 + 1 of 5 of Attribute.
    assert (pooled.accuracy.hits, pooled.accuracy.of) == (7, 9)


def test_the_module_imports_neither_django_nor_anything_that_writes() -> None:
    nodes = list(ast.walk(ast.parse(Path(module.__file__).read_text())))
    imported = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    ours_or_django = {
        name for name in imported if str(name).split(".")[0] in {"django", "haic_annotate", "qa", "annotation"}
    }
    assert ours_or_django == {"annotation.intervals"}
