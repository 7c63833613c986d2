"""The leak measures of many questions together, by category: of a release, or of what is approved. Pure functions."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import fsum
from typing import Any

from annotation.intervals import Share
from qa.evaluation.leak_measures import MEASURES, Reading, Told, suspicions
from qa.models import LeakSettings

ALL = "all"


@dataclass(frozen=True)
class Mean:
    """value: the plain mean over questions, in percent or in points. questions: those that the measure knows.

    flagged: how many of them are at the threshold or above; None where the measure has none.
    """

    value: float
    questions: int
    flagged: int | None

    def as_json(self) -> list[Any]:
        return [round(self.value, 4), self.questions, self.flagged]


Summary = dict[str, dict[str, Mean]]
"""Measure -> category, or `ALL`, -> mean; a category of which nothing is known is absent."""


def summary_of(told: Iterable[Told], settings: LeakSettings) -> Summary:
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    flagged: dict[tuple[str, str], int] = defaultdict(int)
    for one in told:
        over = {found.measure.id for found in suspicions(one, settings)}
        for measure in MEASURES.values():
            value = _value(measure.read(one))
            if value is None:
                continue
            for scope in (ALL, one.category):
                values[measure.id, scope].append(value)
                flagged[measure.id, scope] += measure.id in over
    summary: Summary = {name: {} for name in MEASURES}
    for (name, scope), found in values.items():
        count = flagged[name, scope] if MEASURES[name].threshold else None
        summary[name][scope] = Mean(fsum(found) / len(found), len(found), count)
    return summary


def _value(reading: Reading) -> float | None:
    if isinstance(reading, Share):
        return 100 * reading.hits / reading.of if reading.of else None
    return None if reading.value is None else float(reading.value)


def as_json(summary: Summary) -> dict[str, Any]:
    return {name: {scope: mean.as_json() for scope, mean in scopes.items()} for name, scopes in summary.items()}


def from_json(value: dict[str, Any]) -> Summary:
    return {name: {scope: Mean(*mean) for scope, mean in value.get(name, {}).items()} for name in MEASURES}
