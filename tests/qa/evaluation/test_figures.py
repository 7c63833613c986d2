"""Figures of a run and of two, with every sum written out, and against formulas that were written another way."""

import json
from itertools import product
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.categories import Category
from qa.evaluation.figures import (
    COLUMNS,
    ClipScore,
    Figures,
    Gap,
    Pair,
    Share,
    comparison,
    difference,
    figures_of,
    published_figures,
    rounded,
)

DETAILS, SEQUENCE, INTERACTION, COUNT, ATTRIBUTE = (name.value for name in COLUMNS)


def score(
    clip: int, right: int, answers: int, category: str = COUNT, *, people: int = 1, unparsed: int = 0
) -> ClipScore:
    return ClipScore(clip, category, people, answers, right, unparsed)


def test_columns_stand_as_in_table_2() -> None:
    assert [name.label for name in COLUMNS] == [
        *("Action Details", "Action Sequence", "Interaction", "Count", "Attribute"),
    ]
    assert set(COLUMNS) == set(Category)


def test_clustered_error_of_one_category() -> None:
    # Three clips, 6 answers: clip 1: right, right, right; clip 2: right, wrong; clip 3: wrong.
    # p = 4/6 = 2/3
    # Deviations by clip:  1: 3 · (1 - 2/3)           =  1
    #                      2: (1 - 2/3) + (0 - 2/3)   = -1/3
    #                      3: 0 - 2/3                 = -2/3
    # Squares: 1 + 1/9 + 4/9 = 14/9;  G / (G - 1) = 3/2;  together 21/9 = 7/3
    # Error: sqrt(7/3) / 6 = 0.254588;  taken as independent it would be sqrt(6/5 · (4/9 + 8/9)) / 6 = 0.210819
    figures = figures_of([score(1, 3, 3), score(2, 1, 2), score(3, 0, 1)])
    count = figures.by_category[COUNT]
    assert count.percent == pytest.approx(66.6667, abs=1e-4)
    assert count.error == pytest.approx(25.4588, abs=1e-4)
    assert count.answers == 6
    assert figures.average is None


TWO_CLIPS = [
    *(score(1, 2, 2, DETAILS), score(2, 0, 1, DETAILS), score(3, 0, 1, DETAILS)),
    *(score(1, 1, 1, SEQUENCE), score(2, 0, 1, SEQUENCE)),
    *(score(1, 0, 1, INTERACTION), score(2, 1, 1, INTERACTION)),
    *(score(1, 1, 1, COUNT), score(2, 1, 1, COUNT)),
    *(score(1, 1, 1, ATTRIBUTE), score(2, 0, 1, ATTRIBUTE), score(3, 1, 2, ATTRIBUTE)),
]


def test_clustered_error_of_the_average() -> None:
    # Means: details 2/4 = 0.5; sequence 0.5; interaction 0.5; count 1; attribute 2/4 = 0.5. Average 3/5 = 60 %.
    # What each clip moves the mean of each category by, (sum of deviations) / n:
    #            details          sequence   interaction  count  attribute          sum
    #   clip 1   (2·0.5)/4 = .25  0.5/2=.25  -.25         0      0.5/4   =  .125    .375
    #   clip 2   -0.5/4 = -.125   -.25       +.25         0      -0.5/4  = -.125   -.25
    #   clip 3   -0.5/4 = -.125                                  0/4     =  0      -.125
    # A fifth of each: .075, -.05, -.025; squares .005625 + .0025 + .000625 = .00875
    # G / (G - 1) = 3/2: .013125; root .114564
    average = figures_of(TWO_CLIPS).average
    assert average is not None
    assert average.percent == 60.0
    assert average.error == pytest.approx(11.4564, abs=1e-4)
    assert average.answers == 14


def test_average_is_unweighted() -> None:
    # 1 of 1 in four categories, 0 of 96 in the fifth: 80 %, though 4 of 100 answers are right.
    scores = [score(1, 1, 1, name) for name in COLUMNS[:4]] + [score(2, 0, 96, ATTRIBUTE)]
    average = figures_of(scores).average
    assert average is not None
    assert average.percent == 80.0


def test_no_average_without_all_five() -> None:
    figures = figures_of([one for one in TWO_CLIPS if one.category != COUNT])
    assert figures.average is None
    assert list(figures.by_category) == [DETAILS, SEQUENCE, INTERACTION, ATTRIBUTE]


def test_one_clip_has_no_error() -> None:
    figures = figures_of([score(1, 1, 2, name) for name in COLUMNS])
    assert figures.average == Share(50.0, None, 10, 1)
    assert figures.by_category[COUNT] == Share(50.0, None, 2, 1)
    assert figures.average.interval is None


def test_average_has_no_error_where_a_category_has_one_clip() -> None:
    scores = [score(clip, 1, 2, name) for clip, name in product((1, 2), COLUMNS[:4])] + [score(1, 1, 2, ATTRIBUTE)]
    average = figures_of(scores).average
    assert average == Share(50.0, None, 18, 2)


def test_people_in_the_clip() -> None:
    scores = [
        *(score(1, 1, 1, COUNT, people=1), score(1, 0, 1, DETAILS, people=1)),
        *(score(2, 2, 2, people=2), score(3, 0, 1, people=3), score(4, 1, 1, people=7)),
    ]
    by_people = figures_of(scores).by_people
    assert {name: (share.percent, share.answers) for name, share in by_people.items()} == {
        "1": (50.0, 2),
        "2": (100.0, 2),
        "3+": (50.0, 2),
    }
    assert by_people["1"].error is None
    # 3+: deviations -1/2 and 1/2; squares 1/2; G / (G - 1) = 2: sqrt(1) / 2
    assert by_people["3+"].error == 50.0


def test_a_caption_that_names_nobody_has_its_own_row() -> None:
    assert list(figures_of([score(1, 1, 1, people=2), score(2, 1, 1, people=0)]).by_people) == ["0", "2"]


def test_counts_of_answers_clips_and_unparsed() -> None:
    figures = figures_of(
        [score(1, 1, 3, unparsed=2), score(1, 1, 1, DETAILS), score(2, 0, 2, unparsed=1), score(9, 0, 0)]
    )
    assert (figures.answers, figures.clips, figures.unparsed) == (6, 2, 3)


def test_scores_of_one_clip_are_one_cluster_however_they_are_cut() -> None:
    whole = figures_of([score(1, 3, 4), score(2, 1, 2)])
    cut = figures_of([score(1, 1, 1), score(2, 1, 1), score(1, 2, 3), score(2, 0, 1)])
    assert cut == whole


def test_nothing_answered() -> None:
    assert figures_of([]) == Figures(None, {}, {}, 0, 0, 0)
    assert difference([]) is None


def test_unknown_category_is_refused() -> None:
    with pytest.raises(ValueError, match="motion"):
        figures_of([score(1, 1, 1, "motion")])


def test_interval_is_students_with_one_degree_less_than_there_are_clips() -> None:
    assert Share(50.0, 5.0, 20, 11).interval == pytest.approx((50 - 2.228 * 5, 50 + 2.228 * 5))
    assert Share(50.0, 5.0, 20, 2).interval == (0.0, 100.0)
    assert Share(50.0, 5.0, 5000, 2001).interval == pytest.approx((50 - 1.9612 * 5, 50 + 1.9612 * 5), abs=1e-3)


def test_interval_is_cut_at_its_ends() -> None:
    assert Share(95.0, 5.0, 20, 21).interval == pytest.approx((95 - 2.086 * 5, 100.0))
    assert Share(5.0, 5.0, 20, 21).interval == pytest.approx((0.0, 5 + 2.086 * 5))


def test_where_no_clip_differs_the_interval_is_that_of_as_many_answers() -> None:
    # Wilson, no one of three: 0 to z² / (3 + z²) = 3.8415 / 6.8415
    assert Share(0.0, 0.0, 12, 3).interval == pytest.approx((0.0, 56.15), abs=0.01)
    assert Share(100.0, 0.0, 12, 3).interval == pytest.approx((43.85, 100.0), abs=0.01)


def test_a_published_figure_has_no_interval() -> None:
    assert Share(40.0, None, 0).interval is None


def test_json_gives_the_same_again() -> None:
    figures = figures_of(TWO_CLIPS)
    stored = json.loads(json.dumps(figures.as_json(), sort_keys=True))
    again = Figures.from_json(stored)
    assert again == figures
    assert list(again.by_category) == list(COLUMNS)
    assert Figures.from_json(json.loads(json.dumps(figures_of([]).as_json()))) == figures_of([])


def test_published_figures_have_no_error_and_no_answers() -> None:
    figures = published_figures({"average": 41.5, "count": 54.7, "action_details": 29.1})
    assert figures.average == Share(41.5, None, 0)
    assert figures.by_category == {"action_details": Share(29.1, None, 0), "count": Share(54.7, None, 0)}
    assert Figures.from_json(figures.as_json()) == figures


@pytest.mark.parametrize(("value", "shown"), [(12.25, "12.3"), (12.35, "12.4"), (40.32, "40.3"), (100.0, "100.0")])
def test_rounding_is_that_of_people(value: float, shown: str) -> None:
    assert str(rounded(value)) == shown


Answers = list[tuple[int, str, bool]]
"""Clip, category, right."""


def scored(answers: Answers) -> Figures:
    return figures_of([score(clip, int(right), 1, name) for clip, name, right in answers])


def naive_error(answers: list[tuple[int, bool]]) -> float:
    """Miller's double loop over all pairs of answers of one clip, with the factor for few clips."""
    mean = sum(right for _, right in answers) / len(answers)
    clips = len({clip for clip, _ in answers})
    pairs = ((one - mean) * (other - mean) for (clip, one), (same, other) in product(answers, repeat=2) if clip == same)
    return 100 * sqrt(max(0.0, clips / (clips - 1) * sum(pairs))) / len(answers)


def sandwich_error(answers: Answers) -> float:
    """The cluster-robust covariance of a regression on the five categories, and of the mean of its coefficients."""
    x = np.array([[name == column for column in COLUMNS] for _, name, _ in answers], dtype=float)
    y = np.array([right for _, _, right in answers], dtype=float)
    bread = np.linalg.inv(x.T @ x)
    residuals = y - x @ (bread @ x.T @ y)
    clips = np.array([clip for clip, _, _ in answers])
    meat = np.zeros((5, 5))
    for clip in np.unique(clips):
        part = x[clips == clip].T @ residuals[clips == clip]
        meat += np.outer(part, part)
    groups = len(np.unique(clips))
    fifth = np.full(5, 0.2)
    return 100 * sqrt(max(0.0, groups / (groups - 1) * fifth @ bread @ meat @ bread @ fifth))


some_answers = st.lists(st.tuples(st.integers(1, 6), st.sampled_from([name.value for name in COLUMNS]), st.booleans()))
in_every_category = some_answers.map(
    lambda more: [(clip, name, clip == 1) for clip in (1, 2) for name in COLUMNS] + more
)


@given(in_every_category)
def test_errors_equal_the_double_loop_and_the_sandwich(answers: Answers) -> None:
    figures = scored(answers)
    for name, share in figures.by_category.items():
        assert share.error == pytest.approx(naive_error([(c, r) for c, n, r in answers if n == name]), abs=1e-6)
    assert figures.average is not None
    assert figures.average.error == pytest.approx(sandwich_error(answers), abs=1e-6)


@given(st.lists(st.booleans(), min_size=2))
def test_one_question_a_clip_gives_the_plain_formula(rights: list[bool]) -> None:
    share = scored([(clip, COUNT, right) for clip, right in enumerate(rights)]).by_category[COUNT]
    p, n = sum(rights) / len(rights), len(rights)
    assert share.percent == pytest.approx(100 * p)
    assert share.error == pytest.approx(100 * sqrt(p * (1 - p) / (n - 1)), abs=1e-9)


def pairs_of(clip: int, verdicts: str, category: str = COUNT) -> list[Pair]:
    """verdicts: `b`oth, `1` only the first, `2` only the second, `n`either."""
    return [Pair(clip, category, one in "b1", one in "b2") for one in verdicts]


def test_difference_of_two_runs() -> None:
    # 8 pairs: both 2, only the first 1, only the second 3, neither 2. Difference (3 - 1) / 8 = 25 points.
    # By clip, values less 0.25:  1: (1 + 1 + 0) - 0.75  =  1.25
    #                             2: (1 - 1 + 0) - 0.75  = -0.75
    #                             3: (0 + 0) - 0.5       = -0.5
    # Squares 1.5625 + 0.5625 + 0.25 = 2.375; · 3/2 = 3.5625; root 1.887459; over 8 = 0.235932
    gap = difference([*pairs_of(1, "22b"), *pairs_of(2, "21n"), *pairs_of(3, "bn")])
    assert gap is not None
    assert (gap.both, gap.only_first, gap.only_second, gap.neither, gap.pairs) == (2, 1, 3, 2, 8)
    assert gap.percent == 25.0
    assert gap.error == pytest.approx(23.5932, abs=1e-4)


def test_a_run_against_itself_differs_by_nothing_for_sure() -> None:
    gap = difference([*pairs_of(1, "bbn"), *pairs_of(2, "nb")])
    assert gap is not None
    assert (gap.percent, gap.error) == (0.0, 0.0)


def test_comparison_is_of_averages_and_of_categories() -> None:
    pairs = [
        *pairs_of(1, "2", DETAILS),
        *pairs_of(2, "2", DETAILS),  # +100
        *[one for name in COLUMNS[1:] for one in (*pairs_of(1, "b", name), *pairs_of(2, "n", name))],  # 0 each
        *pairs_of(1, "bbbb", ATTRIBUTE),
    ]
    found = comparison(pairs)
    assert found.average == Gap(20.0, 0.0)  # a fifth of 100; no clip differs from another
    assert [one.percent for one in found.by_category.values()] == [100.0, 0.0, 0.0, 0.0, 0.0]
    assert found.pooled is not None
    assert found.pooled.percent == pytest.approx(100 * 2 / 14)


def test_comparison_has_no_average_without_all_five() -> None:
    found = comparison(pairs_of(1, "b", DETAILS))
    assert found.average is None
    assert found.by_category[DETAILS].error is None
    assert comparison([]).pooled is None


@given(in_every_category, in_every_category)
def test_difference_of_averages_is_that_of_the_runs(first: Answers, second: Answers) -> None:
    """On the same questions, whatever each answered: the comparison and the two tables tell one story."""
    size = min(len(first), len(second))
    other = [(clip, name, right) for (clip, name, _), (_, _, right) in zip(first, second[:size], strict=False)]
    before, after = scored(first[:size]), scored(other)
    found = comparison(
        Pair(clip, name, right, second_right)
        for (clip, name, right), (_, _, second_right) in zip(first[:size], other, strict=True)
    )
    assert before.average and after.average and found.average
    assert found.average.percent == pytest.approx(after.average.percent - before.average.percent)
