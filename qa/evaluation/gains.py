"""What training brought: a baseline and what was made of it, over several benchmarks, as the paper's Table 4.

The scores were measured elsewhere and are taken as they are. Pure functions.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from annotation.errors import BadInput
from qa.evaluation.figures import rounded
from qa.evaluation.text_tables import Markup, csv_table, file_kind

BENCHMARKS = ("MVBench", "PerceptionTest", "ActivityNet-QA", "HAICBench")
"""Those of the paper, in its order; others follow by name."""
DIFFERENCE = "Difference"
_MOST_PLACES = 2


@dataclass(frozen=True)
class Score:
    """At most one of a model on a benchmark. percent: counts with two digits."""

    benchmark: str
    model: str
    percent: Decimal | float


@dataclass(frozen=True)
class Gain:
    """One column. None: nobody measured it."""

    benchmark: str
    baseline: Decimal | None
    tuned: Decimal | None

    @property
    def difference(self) -> Decimal | None:
        """In percent points, above 0 where the tuned model is better."""
        return None if self.baseline is None or self.tuned is None else self.tuned - self.baseline


@dataclass(frozen=True)
class GainTable:
    """gains: of every benchmark on which one of the two was measured."""

    baseline: str
    tuned: str
    gains: tuple[Gain, ...]

    @property
    def rows(self) -> list[tuple[str, list[Decimal | None]]]:
        """Baseline, tuned, difference: a label and a value for each benchmark."""
        return [
            (self.baseline, [gain.baseline for gain in self.gains]),
            (self.tuned, [gain.tuned for gain in self.gains]),
            (DIFFERENCE, [gain.difference for gain in self.gains]),
        ]

    @property
    def missing(self) -> list[str]:
        """A sentence for each empty score."""
        return [
            f"{model} has no score on {gain.benchmark}."
            for gain in self.gains
            for model, score in ((self.baseline, gain.baseline), (self.tuned, gain.tuned))
            if score is None
        ]


def gain_table(scores: Iterable[Score], *, baseline: str, tuned: str) -> GainTable:
    """Scores of other models are left out. Raises BadInput where a model is compared with itself.

    All figures have as many digits as the most exact score, one or two: so the difference is that of what is shown.
    """
    if baseline == tuned:
        raise BadInput({"tuned": "must be another model than the baseline"})
    wanted = [score for score in scores if score.model in {baseline, tuned}]
    places = max((_places(score.percent) for score in wanted), default=1)
    known = {(score.benchmark, score.model): rounded(score.percent, places=places) for score in wanted}
    return GainTable(
        baseline,
        tuned,
        tuple(Gain(name, known.get((name, baseline)), known.get((name, tuned))) for name in _ordered(wanted)),
    )


def gains_file(table: GainTable, file_format: str) -> bytes:
    """file_format: one of FILE_KINDS. Raises BadInput for another."""
    benchmarks = [gain.benchmark for gain in table.gains]
    markup = file_kind(file_format).markup
    if markup is None:
        return csv_table([["Model", *benchmarks], *([label, *values] for label, values in table.rows)])
    return _as_text(table, ["Model", *map(markup.words, benchmarks)], markup).encode()


def _as_text(table: GainTable, headings: list[str], markup: Markup) -> str:
    *scores, (label, differences) = table.rows
    groups = [
        [[markup.words(model), *("" if one is None else str(one) for one in values)] for model, values in scores],
        [[label, *("" if one is None else markup.signed(one) for one in differences)]],
    ]
    return markup.table(headings, groups, words=1, notes=["Scores in percent, as they were brought.", *table.missing])


def _ordered(scores: Iterable[Score]) -> list[str]:
    named = {score.benchmark for score in scores}
    return [name for name in BENCHMARKS if name in named] + sorted(
        named - {*BENCHMARKS}, key=lambda name: (name.casefold(), name)
    )


def _places(percent: Decimal | float) -> int:
    """How many digits say it, from one to two."""
    exact = rounded(percent, places=_MOST_PLACES)
    return 1 if exact == rounded(percent) else _MOST_PLACES
