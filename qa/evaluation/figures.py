"""What is counted of a run: percent right by category and by people in the clip. Pure functions; nothing is read.

An answer that settles on no option is wrong. Errors are clustered by clip, see `qa.evaluation.clustered`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from annotation.intervals import student_95, wilson
from qa.categories import Category
from qa.evaluation.clustered import Clustered, error_of_means, mean_of_means

COLUMNS = (
    Category.ACTION_DETAILS,
    Category.ACTION_SEQUENCE,
    Category.INTERACTION,
    Category.COUNT,
    Category.ATTRIBUTE,
)
"""The order of the paper's Table 2."""
_MANY_PEOPLE = 3


@dataclass(frozen=True)
class ClipScore:
    """The answers of one run about one clip in one category, all tries together. unparsed: of answers."""

    clip: int
    category: str
    people: int
    answers: int
    right: int
    unparsed: int


@dataclass(frozen=True)
class Share:
    """percent: 0 to 100, unrounded. answers: of how many; 0 where nobody says, as with published figures.

    error: one standard error in percent points, clustered by clip; None with fewer than two clips. It is 0 where no
        clip differs from another: then it says nothing about other clips.
    clips: of how many; 0 where nobody says.
    """

    percent: float
    error: float | None
    answers: int
    clips: int = 0

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 %, in percent: by Student's t with a degree of freedom less than there are clips; where no clip differs
        from another, Wilson's of as many independent answers as there are clips. None without an error.

        Source: Cameron and Miller (2015), VI.D, for t(G - 1).
        """
        if self.error is None or self.clips < 2:
            return None
        if not self.error and (found := wilson(round(self.percent * self.clips / 100), self.clips)):
            return 100 * found[0], 100 * found[1]
        reach = student_95(self.clips - 1) * self.error
        return max(0.0, self.percent - reach), min(100.0, self.percent + reach)


@dataclass(frozen=True)
class Figures:
    """average: the unweighted mean of the five categories; None unless all five have answers.

    by_category: in the order of COLUMNS, only those with answers. by_people: all categories pooled, by how many people
        the clip shows: "1", "2", "3+", and "0" for a caption that names nobody; only those with answers.
    """

    average: Share | None
    by_category: dict[str, Share]
    by_people: dict[str, Share]
    answers: int
    unparsed: int
    clips: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Figures":
        """Of `as_json`, the same again, whatever has become of the order of keys."""
        shares = {name: Share(**share) for name, share in value["by_category"].items()}
        people = {name: Share(**share) for name, share in value["by_people"].items()}
        return Figures(
            average=Share(**value["average"]) if value["average"] else None,
            by_category={name.value: shares[name] for name in COLUMNS if name in shares},
            by_people=dict(sorted(people.items())),
            answers=value["answers"],
            unparsed=value["unparsed"],
            clips=value["clips"],
        )


def figures_of(scores: Iterable[ClipScore]) -> Figures:
    """Raises ValueError for an unknown category."""
    categories: defaultdict[str, Clustered] = defaultdict(Clustered)
    people: defaultdict[str, Clustered] = defaultdict(Clustered)
    clips: set[int] = set()
    unparsed = 0
    for score in scores:
        if not score.answers:
            continue
        categories[Category(score.category).value].add(score.clip, total=score.right, count=score.answers)
        people[_group(score.people)].add(score.clip, total=score.right, count=score.answers)
        clips.add(score.clip)
        unparsed += score.unparsed
    return Figures(
        average=_average([categories[name] for name in COLUMNS]) if len(categories) == len(COLUMNS) else None,
        by_category={name.value: _share(categories[name]) for name in COLUMNS if name in categories},
        by_people={name: _share(people[name]) for name in sorted(people)},
        answers=sum(values.count for values in categories.values()),
        unparsed=unparsed,
        clips=len(clips),
    )


def published_figures(percents: Mapping[str, float]) -> Figures:
    """Of a table in print: `average` and the categories in percent, nothing else known."""
    return Figures(
        average=Share(percents["average"], None, 0) if "average" in percents else None,
        by_category={name.value: Share(percents[name], None, 0) for name in COLUMNS if name in percents},
        by_people={},
        answers=0,
        unparsed=0,
        clips=0,
    )


def rounded(value: float | Decimal, *, places: int = 1) -> Decimal:
    """As people round: 12.25 becomes 12.3. Pages and files show the same digits."""
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _group(people: int) -> str:
    return str(people) if people < _MANY_PEOPLE else f"{_MANY_PEOPLE}+"


def _share(values: Clustered) -> Share:
    return Share(_percent(values.mean), _points(values.error), values.count, len(values.counts))


def _average(parts: list[Clustered]) -> Share:
    answers, clips = sum(part.count for part in parts), len({clip for part in parts for clip in part.counts})
    return Share(_percent(mean_of_means(parts)), _points(error_of_means(parts)), answers, clips)


def _percent(share: Fraction) -> float:
    return float(100 * share)


def _points(error: float | None) -> float | None:
    return None if error is None else 100 * error


@dataclass(frozen=True)
class Pair:
    """One try of one question that two runs answered: whether the first and the second were right."""

    clip: int
    category: str
    first: bool
    second: bool


@dataclass(frozen=True)
class Gap:
    """percent: second minus first, in percent points, above 0 where the second is better.

    error: one standard error of it, paired and clustered by clip; None with fewer than two clips.
    """

    percent: float
    error: float | None


@dataclass(frozen=True)
class Difference(Gap):
    """both, only_first, only_second, neither: how many pairs were answered right by whom."""

    both: int
    only_first: int
    only_second: int
    neither: int

    @property
    def pairs(self) -> int:
        return self.both + self.only_first + self.only_second + self.neither


@dataclass(frozen=True)
class Comparison:
    """average: the difference of the two averages; None unless all five categories have pairs.

    by_category: in the order of COLUMNS, only those with pairs. pooled: all pairs alike; None without any.
    """

    average: Gap | None
    by_category: dict[str, Difference]
    pooled: Difference | None


def difference(pairs: Iterable[Pair]) -> Difference | None:
    """Of all pairs alike, None without any. Pairing takes out what is hard for both, so that the error is smaller than
    the two runs' own would make it.

    Source: Miller, "Adding Error Bars to Evals" (2024), paired differences; clustered as everywhere here.
    """
    paired = list(pairs)
    return _difference(paired) if paired else None


def comparison(pairs: Iterable[Pair]) -> Comparison:
    """Two runs on the questions that both answered. Raises ValueError for an unknown category."""
    paired = list(pairs)
    parts: defaultdict[str, list[Pair]] = defaultdict(list)
    for pair in paired:
        parts[Category(pair.category).value].append(pair)
    average = None
    if len(parts) == len(COLUMNS):
        gaps = [_gaps(parts[name]) for name in COLUMNS]
        average = Gap(_percent(mean_of_means(gaps)), _points(error_of_means(gaps)))
    by_category = {name.value: _difference(parts[name]) for name in COLUMNS if name in parts}
    return Comparison(average, by_category, difference(paired))


def _difference(pairs: list[Pair]) -> Difference:
    verdicts = [(pair.first, pair.second) for pair in pairs]
    gaps = _gaps(pairs)
    return Difference(
        percent=_percent(gaps.mean),
        error=_points(gaps.error),
        both=verdicts.count((True, True)),
        only_first=verdicts.count((True, False)),
        only_second=verdicts.count((False, True)),
        neither=verdicts.count((False, False)),
    )


def _gaps(pairs: Iterable[Pair]) -> Clustered:
    gaps = Clustered()
    for pair in pairs:
        gaps.add(pair.clip, total=pair.second - pair.first)
    return gaps
