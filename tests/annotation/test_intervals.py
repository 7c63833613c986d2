"""Shares and their intervals."""

import pytest

from annotation.intervals import Share, wilson


def test_intervals_are_wilsons() -> None:
    # 8 of 10: centre (0.8 + 1.9208/10) / 1.38415 = 0.7167; half 1.96 * sqrt(0.016 + 0.0096) / 1.38415 = 0.2266
    assert wilson(8, 10) == pytest.approx([0.4902, 0.9433], abs=0.0001)
    assert wilson(0, 0) is None
    assert wilson(0, 4) == pytest.approx([0.0, 0.4899], abs=0.0001)


def test_a_share_of_nothing_is_none_and_not_nought() -> None:
    assert (Share(0, 0).share, Share(0, 0).interval) == (None, None)
    assert (Share(0, 4).share, Share(0, 4).interval) == (0.0, [0.0, 0.4899])
    assert Share(2, 3).share == 0.6667
