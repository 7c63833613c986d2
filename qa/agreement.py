"""How well people who answer blind agree with the key, and with one another. Pure functions; nothing is written.

A question here is one revision of a question: whoever answered it saw the same words in the same order. Answers to
another revision of it are answers to another question, and are never paired with these.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb
from string import ascii_uppercase

from annotation.intervals import Share


@dataclass(frozen=True)
class Answered:
    """One question and what each person chose on it. choices, key: as `value_of` makes them."""

    category: str
    choices: tuple[str, ...]
    key: str


@dataclass(frozen=True)
class Agreement:
    """Of some questions. answered_twice: those with two answers or more; only they make pairs and alpha.

    pairwise, alpha: `pairwise_agreement` and `krippendorff_alpha`.
    """

    questions: int
    answered_twice: int
    accuracy: Share
    pairwise: Share
    alpha: float | None


def value_of(choice: str, shown: Sequence[str]) -> str:
    """The answer as a value that means the same on every question: the letter it had on the reader's screen.

    choice: an option's id, or `cannot_tell`, `more_than_one`, which are values of their own. shown: the ids of the
        options in the order in which they were shown.

    An id says nothing beyond its own question, and alpha needs one set of values for all: its chance is what people
    would agree on if they kept their habits and never looked at the video. Letters are what such habits hold on to:
    two people who always press A agree by chance, and alpha says so. Right/wrong would not do: everybody right
    everywhere would leave alpha undefined, and two different wrong answers would agree. See docs/decisions/0008.
    """
    return ascii_uppercase[shown.index(choice)] if choice in shown else choice


def blind_accuracy(questions: Iterable[Answered]) -> Share:
    """The share of answers that equal the key; `cannot_tell` and `more_than_one` count as misses.

    The interval takes answers as independent. Several on one question are not quite, so that it is rather too narrow.
    """
    right = total = 0
    for question in questions:
        right += question.choices.count(question.key)
        total += len(question.choices)
    return Share(right, total)


def pairwise_agreement(ratings: Iterable[Sequence[str]]) -> Share:
    """The share of pairs of people who chose the same on the same question, every pair counting once; not corrected
    for chance. Of nothing where nothing was answered twice.

    ratings: as in `krippendorff_alpha`. Pairs share people and questions: an interval that takes them as independent
        would say nothing.
    """
    same = pairs = 0
    for unit in ratings:
        same += sum(comb(n, 2) for n in Counter(unit).values())
        pairs += comb(len(unit), 2)
    return Share(same, pairs)


def krippendorff_alpha(ratings: Iterable[Sequence[str]]) -> float | None:
    """Krippendorff's alpha for unordered values.

    ratings: one sequence for each question, one value for each person who answered it, in any order; lengths may
        differ, and questions with fewer than two values are left out. Values must mean the same on every question.
    Returns 1 for full agreement, 0 for what chance gives, below 0 for systematic disagreement.

    At the edges: None where nothing was answered twice. None where only one value was ever used: nothing varies, so
    that full agreement and blind habit look alike (some programs answer 1, some 0). A single question gives None if
    all agree and else 0, whatever the shares: its own answers are all that chance has to go by. Values that are all
    different give 0. Two people who always swap two values give -1/2 on two questions and come near -1 on many.

    Alpha is low where one value is rare: 95 of 100 pairs alike can be chance. Show `pairwise_agreement` beside it.
    Source: Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), section C, in whole numbers:
        alpha = 1 - (n - 1) · observed / expected, where both are ordered pairs of unlike values, `observed` within
        questions, each pair over m - 1 of its question, `expected` among all n values.
    """
    used: Counter[str] = Counter()
    observed = Fraction(0)
    for unit, times in Counter(tuple(unit) for unit in ratings if len(unit) > 1).items():
        values = Counter(unit)
        for value, n in values.items():
            used[value] += n * times
        observed += Fraction(_unlike_pairs(values) * times, len(unit) - 1)
    expected = _unlike_pairs(used)
    if not expected:
        return None
    return float(1 - (used.total() - 1) * observed / expected)


def agreement(questions: Sequence[Answered]) -> Agreement:
    """Of all of them together. Pooled alpha is alpha over the pooled questions, not the mean of the categories'."""
    ratings = [question.choices for question in questions]
    return Agreement(
        questions=len(questions),
        answered_twice=sum(len(unit) > 1 for unit in ratings),
        accuracy=blind_accuracy(questions),
        pairwise=pairwise_agreement(ratings),
        alpha=krippendorff_alpha(ratings),
    )


def agreement_by_category(questions: Sequence[Answered], categories: Iterable[str]) -> dict[str, Agreement]:
    """Every category, in the order given, also one without questions."""
    return {name: agreement([one for one in questions if one.category == name]) for name in categories}


def _unlike_pairs(values: Counter[str]) -> int:
    """Ordered pairs of values that differ."""
    return values.total() ** 2 - sum(n * n for n in values.values())
