"""Shares and their intervals."""

import pytest

from annotation.intervals import Share, student_95, wilson


def test_intervals_are_wilsons() -> None:
    # 8 of 10: centre (0.8 + 1.9208/10) / 1.38415 = 0.7167; half 1.96 * sqrt(0.016 + 0.0096) / 1.38415 = 0.2266
    assert wilson(8, 10) == pytest.approx([0.4902, 0.9433], abs=0.0001)
    assert wilson(0, 0) is None
    assert wilson(0, 4) == pytest.approx([0.0, 0.4899], abs=0.0001)


def test_a_share_of_nothing_is_none_and_not_nought() -> None:
    assert (Share(0, 0).share, Share(0, 0).interval) == (None, None)
    assert (Share(0, 4).share, Share(0, 4).interval) == (0.0, [0.0, 0.4899])
    assert Share(2, 3).share == 0.6667


@pytest.mark.parametrize(
    ("freedom", "reach"),
    [(1, 12.7062), (10, 2.2281), (30, 2.0423), (31, 2.0395), (40, 2.0211), (60, 2.0003), (120, 1.9799)],
)
def test_students_reach_equals_the_printed_table(freedom: int, reach: float) -> None:
    assert student_95(freedom) == pytest.approx(reach, abs=5e-4)


def test_with_many_clips_student_is_normal() -> None:
    assert student_95(10**9) == pytest.approx(1.959964)
