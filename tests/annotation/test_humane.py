"""Numbers in words."""

from annotation.intervals import Share
from annotation.templatetags.humane import coefficient, interval, minutes, percent


def test_a_share_that_is_not_whole_is_never_rounded_to_nothing_or_all() -> None:
    assert [percent(Share(n, 1000)) for n in (0, 1, 494, 999, 1000)] == ["0 %", "1 %", "49 %", "99 %", "100 %"]


def test_of_nothing_there_is_no_share_and_no_interval() -> None:
    assert (percent(Share(0, 0)), interval(Share(0, 0))) == ("–", "")
    assert interval(Share(8, 10)) == "49–94 %"


def test_coefficients_have_a_true_minus_and_minutes_one_digit() -> None:
    assert [coefficient(value) for value in (0.7434, -0.5, 1.0, None)] == ["0.74", "−0.50", "1.00", ""]
    assert [minutes(value) for value in (690_000, 0, None)] == ["11.5 min", "0.0 min", "–"]
