"""Means of values that hang together in clusters, and how far they can be trusted. Pure functions.

The questions of one clip share its video: a model that sees it badly misses several at once. Taken as independent they
would look surer than they are, so that the unit is the clip and not the question.

Source: Miller, "Adding Error Bars to Evals" (2024), clustered standard errors; the factor G / (G - 1) for few
    clusters, known as CR1, is that of Cameron and Miller, "A Practitioner's Guide to Cluster-Robust Inference" (2015).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import fsum, sqrt


@dataclass
class Clustered:
    """Whole numbers, summed by cluster: that is all that the mean and its error need."""

    counts: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    sums: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, cluster: int, *, total: int, count: int = 1) -> None:
        """count values that make total together; nothing for none."""
        if count:
            self.counts[cluster] += count
            self.sums[cluster] += total

    @property
    def count(self) -> int:
        return sum(self.counts.values())

    @property
    def mean(self) -> Fraction:
        """Raises ZeroDivisionError where nothing was added."""
        return Fraction(sum(self.sums.values()), self.count)

    def influences(self) -> dict[int, float]:
        """What each cluster moves the mean by: its deviations from the mean, over the number of all values."""
        total, count = sum(self.sums.values()), self.count
        return {one: (self.sums[one] * count - total * n) / count**2 for one, n in self.counts.items()}

    @property
    def error(self) -> float | None:
        """sqrt(G / (G - 1) · Σ_g (Σ_{i in g} (x_i - mean))²) / n; None with fewer than two clusters."""
        return standard_error(self.influences().values())


def standard_error(influences: Iterable[float]) -> float | None:
    """One standard error of a figure from what each of the G clusters moves it by. None with fewer than two."""
    moved = list(influences)
    if len(moved) < 2:
        return None
    return sqrt(len(moved) / (len(moved) - 1) * fsum(one * one for one in moved))


def mean_of_means(parts: Sequence[Clustered]) -> Fraction:
    """Each part counts alike, however many values it has."""
    return sum((part.mean for part in parts), Fraction(0)) / len(parts)


def error_of_means(parts: Sequence[Clustered]) -> float | None:
    """Of `mean_of_means`, linearised: a cluster's influences on the parts are added before they are squared, because a
    clip that is hard in one category is likely so in the others. G counts the clusters of any part.

    None where one of the parts has fewer than two clusters: nothing says how far that one can be trusted.
    """
    if any(len(part.counts) < 2 for part in parts):
        return None
    moved: defaultdict[int, float] = defaultdict(float)
    for part in parts:
        for cluster, influence in part.influences().items():
            moved[cluster] += influence / len(parts)
    return standard_error(moved.values())
