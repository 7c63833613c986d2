"""How well checks do on captions and questions that a careful reader has labelled. Pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from annotation.intervals import Share, wilson


@dataclass(frozen=True)
class Labelled:
    """said: the rules that fired; meant: those that a reader would raise."""

    said: frozenset[str]
    meant: frozenset[str]


def scores(rows: Sequence[Labelled]) -> dict[str, Any]:
    """`{"overall", "rules": {rule: …}}`, each with precision and recall: see `figures`."""
    rules = sorted(frozenset().union(*(row.said | row.meant for row in rows)))
    return {
        "overall": figures(rows, frozenset(rules)),
        "rules": {rule: figures(rows, frozenset((rule,))) for rule in rules},
    }


def figures(rows: Iterable[Labelled], rules: frozenset[str]) -> dict[str, Any]:
    """Precision and recall of some rules together. One rule counts once a row, however often it fires.

    A figure is `{"hits", "of", "share", "interval"}`; share and interval are None where there is nothing to count.
    """
    pairs = [(row.said & rules, row.meant & rules) for row in rows]
    hits = sum(len(said & meant) for said, meant in pairs)
    return {
        "precision": _figure(hits, sum(len(said) for said, _ in pairs)),
        "recall": _figure(hits, sum(len(meant) for _, meant in pairs)),
    }


def f1(rows: Iterable[Labelled], rules: frozenset[str]) -> dict[str, Any]:
    """`{"share", "interval"}` of the F1 of some rules together, four digits; None where there is nothing to count.

    F1 is no share, but J is one, the hits among all that was said or meant, and F1 = 2J / (1 + J). So the interval is
    Wilson's of J, moved.
    """
    pairs = [(row.said & rules, row.meant & rules) for row in rows]
    hits = sum(len(said & meant) for said, meant in pairs)
    either = sum(len(said | meant) for said, meant in pairs)
    interval = wilson(hits, either)
    if interval is None:
        return {"share": None, "interval": None}
    return {
        "share": round(2 * hits / (hits + either), 4),
        "interval": [round(2 * end / (1 + end), 4) for end in interval],
    }


def _figure(hits: int, tries: int) -> dict[str, Any]:
    figure = Share(hits, tries)
    return {"hits": figure.hits, "of": figure.of, "share": figure.share, "interval": figure.interval}
