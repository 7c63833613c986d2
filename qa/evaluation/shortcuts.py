"""Choosing an option by the text alone, by rules that understand nothing. Pure functions.

A benchmark that such rules do well on can be answered by habit. Each rule looks at a question as it is published and
settles on one option, or on none where two would do as well.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from annotation.english.word_stems import meanings_in
from annotation.intervals import Share

MOST_ANSWERS = 50
"""Of each category, so that what is kept of a benchmark's habits stays small."""


@dataclass(frozen=True)
class Published:
    """A question as it is published. options: their texts, in order; key: the place of the right one, from 0."""

    category: str
    question: str
    options: tuple[str, ...]
    key: int


@dataclass(frozen=True)
class Habits:
    """Where the keys of a benchmark stand, and what they say.

    positions: how many keys stand in place A, B, C, D. answers: a category -> a key's words -> how often they are one.
    """

    positions: tuple[int, ...] = (0, 0, 0, 0)
    answers: dict[str, dict[str, int]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"positions": list(self.positions), "answers": self.answers}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Habits":
        return cls(tuple(value["positions"]), value["answers"])

    def without(self, one: Published) -> "Habits":
        """Those of the other questions, so that no question gives itself away."""
        positions = tuple(seen - (place == one.key) for place, seen in enumerate(self.positions))
        said = _plain(one.options[one.key])
        of_kind = self.answers.get(one.category, {})
        return Habits(positions, {one.category: {text: n - (text == said) for text, n in of_kind.items()}})


def habits_of(questions: Iterable[Published]) -> Habits:
    positions = [0, 0, 0, 0]
    answers: dict[str, Counter[str]] = {}
    for one in questions:
        positions[one.key] += 1
        answers.setdefault(one.category, Counter())[_plain(one.options[one.key])] += 1
    # By count, then by text: which are kept must not depend on the order in which questions are read.
    kept = {
        name: dict(sorted(said.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_ANSWERS])
        for name, said in answers.items()
    }
    return Habits(tuple(positions), kept)


@dataclass(frozen=True)
class Rule:
    """choose: the place of the option that it settles on, or None."""

    id: str
    says: str
    choose: Callable[[Published, Habits], int | None]


def _longest(one: Published, habits: Habits) -> int | None:
    return _only([len(_plain(text)) for text in one.options])


def _nearest(one: Published, habits: Habits) -> int | None:
    asked = _meanings(one.question)
    return _only([_likeness(asked, _meanings(text)) for text in one.options])


def _odd_one_out(one: Published, habits: Habits) -> int | None:
    said = [_meanings(text) for text in one.options]
    likeness = [
        sum((_likeness(words, other) for place, other in enumerate(said) if place != own), Fraction(0))
        for own, words in enumerate(said)
    ]
    return _only([-one for one in likeness])


def _usual_place(one: Published, habits: Habits) -> int | None:
    return _only(habits.without(one).positions) if any(habits.positions) else None


def _usual_answer(one: Published, habits: Habits) -> int | None:
    known = habits.without(one).answers.get(one.category, {})
    counts = [known.get(_plain(text), 0) for text in one.options]
    return _only(counts) if any(counts) else None


RULES = (
    Rule("longest", "the longest option", _longest),
    Rule("nearest", "the option that shares most words with the question", _nearest),
    Rule("odd_one_out", "the option that shares fewest words with the others", _odd_one_out),
    Rule("usual_place", "the place where most other keys stand", _usual_place),
    Rule("usual_answer", "the option that is most often the key of other questions of the category", _usual_answer),
)


def chosen_by_rules(one: Published, habits: Habits) -> dict[str, int | None]:
    """Id of a rule -> the place of the option that it settles on."""
    return {rule.id: rule.choose(one, habits) for rule in RULES}


def shortcut_share(one: Published, habits: Habits) -> Share:
    """Rules that hit the key, of those that settle on an option."""
    chosen = [place for place in chosen_by_rules(one, habits).values() if place is not None]
    return Share(chosen.count(one.key), len(chosen))


def _only(values: Sequence[int] | Sequence[Fraction]) -> int | None:
    """The place of the highest value, unless another is as high."""
    best = max(values)
    places = [place for place, value in enumerate(values) if value == best]
    return places[0] if len(places) == 1 else None


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold().rstrip(".")


def _meanings(text: str) -> frozenset[str]:
    return frozenset(meanings_in(text))


def _likeness(one: frozenset[str], other: frozenset[str]) -> Fraction:
    """Words of both, of the words of either (Jaccard)."""
    return Fraction(len(one & other), len(one | other)) if one | other else Fraction(0)
