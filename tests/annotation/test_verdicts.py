"""What verdicts come to, worked out by hand."""

import pytest

from annotation.verdicts import outcome_of
from qa.answering import misses_of, people_needed


@pytest.mark.parametrize(
    ("verdicts", "needed", "outcome"),
    [
        ([], 1, "wait"),
        ([], 0, "wait"),
        (["approve"], 1, "approve"),
        (["fix"], 1, "approve"),
        (["return"], 1, "return"),
        (["approve"], 2, "wait"),
        (["return"], 2, "wait"),
        (["approve", "fix"], 2, "approve"),
        (["return", "return"], 2, "return"),
        (["approve", "return"], 2, "dispute"),
        (["return", "fix"], 3, "dispute"),
        (["approve", "approve"], 3, "wait"),
        (["approve", "approve", "return"], 3, "dispute"),
        (["approve", "approve"], 1, "approve"),
    ],
)
def test_as_many_as_are_needed_decide_and_two_that_differ_are_a_dispute(
    verdicts: list[str], needed: int, outcome: str
) -> None:
    assert outcome_of(verdicts, needed=needed) == outcome


@pytest.mark.parametrize(
    ("wanted", "choices", "people"),
    [
        (1, [], 1),
        (1, ["o1"], 1),
        (1, ["o2"], 2),
        (1, ["cannot_tell"], 2),
        (1, ["more_than_one"], 2),
        (1, ["o2", "o1"], 2),
        (2, ["o2"], 2),
        (3, ["o2", "o1"], 3),
    ],
)
def test_a_first_miss_asks_a_second_person(wanted: int, choices: list[str], people: int) -> None:
    assert people_needed(wanted=wanted, misses=misses_of(choices, key="o1")) == people
