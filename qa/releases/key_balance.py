"""Where the keys stand: a model that always answers A must not do well by luck of the draw."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from math import erfc, exp, pi, sqrt
from typing import Any

from qa.releases.content import keyed_options

Question = tuple[str, dict[str, Any]]
"""Question id, content."""

LEAST_QUESTIONS = 100
"""Below that chance alone leaves places uneven."""
LEAST_P = 0.001


class UnevenKeys(Exception):
    """With this salt the keys stand too unevenly for a release."""


@dataclass(frozen=True)
class KeyBalance:
    """positions: how many keys stand in place A, B, C, D."""

    positions: tuple[int, ...]

    @property
    def p_value(self) -> float:
        """Of Pearson's chi-square against even places, three degrees of freedom; 1 for no questions."""
        total = sum(self.positions)
        if not total:
            return 1.0
        expected = total / len(self.positions)
        return _survival(sum((seen - expected) ** 2 for seen in self.positions) / expected)

    @property
    def is_uneven(self) -> bool:
        return sum(self.positions) >= LEAST_QUESTIONS and self.p_value < LEAST_P


def _survival(square: float) -> float:
    """P(X > square) of chi-square with three degrees of freedom, in closed form."""
    return erfc(sqrt(square / 2)) + sqrt(2 * square / pi) * exp(-square / 2)


def balance_of(questions: Iterable[Question], *, salt: str) -> KeyBalance:
    positions = [0, 0, 0, 0]
    for question_id, content in questions:
        positions[keyed_options(content, question_id=question_id, salt=salt)["answer_index"]] += 1
    return KeyBalance(tuple(positions))


def balanced_salt(questions: Callable[[], Iterable[Question]], *, salt: str) -> str:
    """Another salt of the project, the first that leaves the keys' places even enough.

    questions: read anew for each salt, so that they need not be held.
    """
    begun = salt.partition("+")[0]
    for candidate in (f"{begun}+{n}" for n in count(1)):
        if not balance_of(questions(), salt=candidate).is_uneven:
            return candidate
    raise AssertionError("count() does not end")
