"""The thresholds over what was measured: a histogram for each, and one or two edges that people move."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.forms import BoundField

from annotation.forms import ThresholdsForm
from annotation.services.funnel import Histogram

HEIGHT = 28
_LEAST_BAR = 1.5
"""Of the height: one scene among thousands is still seen."""


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Edge:
    """One threshold. low, high, step: of its slider, in the unit of the field. shift: from the value to where its bar
    ends. off: whether the slider's end means that there is no such threshold."""

    field: BoundField
    side: str
    words: str
    step: float
    shift: int = 0
    off: bool = False


@dataclass(frozen=True)
class Row:
    """low, high: of the axis, in the unit of its edges. kept_from, kept_to: per cent of the axis that is kept."""

    name: str
    label: str
    unit: str
    hint: str
    low: float
    high: float
    bars: list[Bar]
    said: str
    edges: list[Edge]
    kept_from: float
    kept_to: float

    @property
    def kept_width(self) -> float:
        return max(0.0, self.kept_to - self.kept_from)


def rows_of(form: ThresholdsForm, histograms: Mapping[str, Histogram]) -> list[Row]:
    """In the order in which the filters ask."""
    enough, most = form["people_percent"].value(), "at least"
    return [
        _row(
            histograms["length"],
            "length",
            "Length of the scene",
            unit="s",
            edges=[Edge(form["scene_min_s"], "from", most, 0.5), Edge(form["scene_max_s"], "to", "at most", 0.5)],
        ),
        _row(
            histograms["people"],
            "people",
            "People at the same time",
            hint=f"so many in {enough} % of the sampled frames",
            edges=[
                Edge(form["people_min"], "from", most, 1),
                Edge(form["people_max"], "to", "at most", 1, shift=1, off=True),
            ],
        ),
        _row(
            histograms["share"],
            "share",
            "Share of such frames",
            unit="%",
            scale=100,
            hint="at least; frames with people enough, of all sampled",
            edges=[Edge(form["people_percent"], "from", most, 1)],
        ),
        _row(
            histograms["area"],
            "area",
            "Box area of the picture",
            unit="%",
            scale=100,
            hint="at least; the largest person’s, mean over the sampled frames",
            edges=[Edge(form["area_percent"], "from", most, 0.5)],
        ),
        _row(
            histograms["motion"],
            "motion",
            "Motion of the body",
            hint="at least, in body heights in 0.4 s, camera motion taken out",
            edges=[Edge(form["motion_min"], "from", most, 0.005)],
        ),
    ]


def _row(
    histogram: Histogram,
    name: str,
    label: str,
    *,
    edges: list[Edge],
    unit: str = "",
    hint: str = "",
    scale: int = 1,
) -> Row:
    low, high = histogram.low * scale, histogram.high * scale
    places = {edge.side: _place(edge, low, high) for edge in edges}
    return Row(
        name=name,
        label=label,
        unit=unit,
        hint=hint,
        low=low,
        high=high,
        bars=_bars(histogram.counts),
        said=_said(histogram, low, high, unit),
        edges=edges,
        kept_from=places.get("from", 0.0),
        kept_to=places.get("to", 100.0),
    )


def _bars(counts: list[int]) -> list[Bar]:
    width, most = 100 / len(counts), max(counts)
    bars = []
    for place, count in enumerate(counts):
        if count:
            height = round(max(count / most * HEIGHT, _LEAST_BAR), 2)
            bars.append(Bar(round(place * width, 3), round(HEIGHT - height, 2), round(width * 0.86, 3), height))
    return bars


def _said(histogram: Histogram, low: float, high: float, unit: str) -> str:
    """The histogram for who cannot see it: where half of the scenes lie below."""
    total, below = sum(histogram.counts), 0
    if not total:
        return "no scene is measured"
    width = (high - low) / len(histogram.counts)
    for place, count in enumerate(histogram.counts):
        below += count
        if below * 2 >= total:
            return f"half of {total:,} scenes are below {low + (place + 1) * width:.10g} {unit}".strip()
    raise AssertionError  # pragma: no cover - the last bin holds the rest


def _place(edge: Edge, low: float, high: float) -> float:
    """Per cent of the axis. What nobody can read, or an empty field, is at the end where it drops nothing."""
    free = 0.0 if edge.side == "from" else 100.0
    try:
        value = float(edge.field.value())
    except (TypeError, ValueError):
        return free
    if edge.side == "to" and value >= high:
        return 100.0
    return round(min(max((value + edge.shift - low) / (high - low) * 100, 0.0), 100.0), 3)
