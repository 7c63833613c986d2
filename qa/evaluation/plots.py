"""The plots of a project and of a release: the name, the definition and the table of each, and how it is drawn."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.utils.safestring import SafeString

from qa.categories import Category
from qa.evaluation import charts
from qa.evaluation.charts import Plot, Row, Said
from qa.evaluation.statistics import (
    AS_DRAFTED,
    DROPPED,
    EDITED,
    FIXED,
    MARKS_STEP,
    RETURNED,
    WRITTEN,
    Tally,
    joined,
)

MOST_BINS = 20
CLOUD_WORDS = 60
LEAST_CAPTIONS = 3
"""A word that fewer captions have is not shown: no cloud tells the words of one clip."""
MANY_PEOPLE = 10
MOST_PROMPTS = 12
"""Rows of models and prompt versions that are drawn; the table has all."""
MOST_MARKS = 10
_STEPS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000)

Draw = Callable[[Said, list[Row]], SafeString]


@dataclass(frozen=True)
class Kind:
    """rows: from a tally; None where the rows are not counted from one. right: needed to see it."""

    name: str
    title: str
    definition: str
    columns: list[str]
    draw: Draw
    rows: Callable[[Tally], list[Row]] | None
    of_releases: bool = True
    right: str = "see"

    def plot(self, rows: list[Row], note: str = "") -> Plot:
        said = Said(self.name, self.title, self.definition)
        svg = self.draw(said, rows)
        return Plot(self.name, self.title, self.definition, self.columns, rows, svg, note)


def kinds_of(*, release: bool) -> list[Kind]:
    """Of a release only what is frozen in it: neither time nor money."""
    if not release:
        return KINDS
    return [OUTCOMES_OF_RELEASE if one is OUTCOMES else one for one in KINDS if one.of_releases]


def bins(counts: dict[str, int], *, scale: int = 1) -> list[Row]:
    """[from, below, how many], from the first to the last that is not empty, at most MOST_BINS and of a round width.

    counts: a whole number of scaleths -> how often.
    """
    found = {int(value): n for value, n in counts.items() if n}
    if not found:
        return []
    width = next(
        (step for step in _STEPS if max(found) // (step * scale) - min(found) // (step * scale) < MOST_BINS),
        max(found) // scale + 1,
    )
    places = [value // (width * scale) for value in found]
    rows: dict[int, int] = dict.fromkeys(range(min(places), max(places) + 1), 0)
    for value, n in found.items():
        rows[value // (width * scale)] += n
    return [[place * width, (place + 1) * width, n] for place, n in rows.items()]


def minutes_rows(minutes: dict[int, int]) -> list[Row]:
    return bins({str(minute): n for minute, n in minutes.items()})


def _seconds_rows(tally: Tally) -> list[Row]:
    return bins(tally["durations"], scale=10)


def _marks_rows(tally: Tally) -> list[Row]:
    """The last bin has no end: it holds what is denser."""
    found = {min(int(place), MOST_MARKS): 0 for place in tally["marks"]}
    for place, n in tally["marks"].items():
        found[min(int(place), MOST_MARKS)] += n
    last = max(found, default=-1)
    return [
        [place * MARKS_STEP, (place + 1) * MARKS_STEP if place < MOST_MARKS else "more", found.get(place, 0)]
        for place in range(last + 1)
    ]


def _people_rows(tally: Tally) -> list[Row]:
    found = dict.fromkeys(range(min(max(map(int, tally["people"]), default=-1), MANY_PEOPLE) + 1), 0)
    for people, n in tally["people"].items():
        found[min(int(people), MANY_PEOPLE)] += n
    return [[f"{people}" if people < MANY_PEOPLE else f"{people} or more", n] for people, n in found.items()]


def _words_rows(tally: Tally) -> list[Row]:
    frequent = sorted(tally["words"].items(), key=lambda one: (-one[1], one[0]))[:CLOUD_WORDS]
    return [[word, n] for word, n in frequent if n >= LEAST_CAPTIONS]


def _category_rows(tally: Tally) -> list[Row]:
    total = tally["categories"].total()
    return [
        [one.label, tally["categories"][one], round(100 * tally["categories"][one] / total, 1) if total else 0.0]
        for one in Category
    ]


def _changed_rows(tally: Tally) -> list[Row]:
    """The prompt with most captions first."""
    found: dict[tuple[str, str], dict[int, int]] = {}
    for key, n in tally["words_changed"].items():
        distance, version, model = key.split("\t", 2)
        found.setdefault((model, version), {})[int(distance)] = n
    rows: list[Row] = []
    for (model, version), distances in found.items():
        captions = sum(distances.values())
        mean = sum(distance * n for distance, n in distances.items()) / captions
        middle = _median(distances)
        rows.append([model, version[:8], captions, round(mean, 1), middle, distances.get(0, 0)])
    return sorted(rows, key=lambda row: (-int(row[2]), row[0], row[1]))


def _median(counts: dict[int, int]) -> float:
    """Of an even number the mean of the two in the middle."""
    values = [value for value in sorted(counts) for _ in range(counts[value])]
    half = len(values) // 2
    return float(values[half]) if len(values) % 2 else (values[half - 1] + values[half]) / 2


def _sentence_rows(tally: Tally) -> list[Row]:
    rows: list[Row] = []
    for prompt, n in tally["sentences"].items():
        version, model = prompt.split("\t", 1)
        kept = tally["sentences_kept"][prompt]
        rows.append([model, version[:8], n, kept, round(100 * kept / n, 1) if n else 0.0])
    return sorted(rows, key=lambda row: (-int(row[2]), row[0], row[1]))


def _outcome_rows(*names: str) -> Callable[[Tally], list[Row]]:
    def rows(tally: Tally) -> list[Row]:
        return [[one.label, *(tally["outcomes"][joined(one, name)] for name in names)] for one in Category]

    return rows


def _drawn_bins(axis: str) -> Draw:
    def draw(said: Said, rows: list[Row]) -> SafeString:
        bars = [(f"{row[0]:,g}{'+' if row[1] == 'more' else ''}", int(row[2])) for row in rows]
        return charts.histogram(said, bars, axis=axis)

    return draw


def _draw_people(said: Said, rows: list[Row]) -> SafeString:
    bars = [(str(row[0]).replace(" or more", "+"), int(row[1])) for row in rows]
    return charts.histogram(said, bars, axis="People", begins=False)


def _draw_words(said: Said, rows: list[Row]) -> SafeString:
    return charts.cloud(said, [(str(word), int(n)) for word, n in rows])


def _draw_categories(said: Said, rows: list[Row]) -> SafeString:
    bars = [(str(label), float(n), f"{percent} %") for label, n, percent in rows]
    return charts.bars(said, bars, coloured=True)


def _draw_changed(said: Said, rows: list[Row]) -> SafeString:
    drawn = [(_prompt(row), float(row[3]), f"{row[3]} words") for row in rows[:MOST_PROMPTS]]
    return charts.bars(said, drawn)


def _draw_sentences(said: Said, rows: list[Row]) -> SafeString:
    return charts.bars(said, [(_prompt(row), float(row[4]), f"{row[4]} %") for row in rows[:MOST_PROMPTS]])


def _prompt(row: Row) -> str:
    """The version first: models are often cut, and mostly the same."""
    return f"{row[1]} {row[0]}".strip()


def _draw_cost(said: Said, rows: list[Row]) -> SafeString:
    return charts.bars(said, [(str(row[0]), float(row[3] or 0), f"${row[3] or 0:.4f}") for row in rows])


def _drawn_outcomes(*kinds: str) -> Draw:
    return lambda said, rows: charts.shares(
        said, [(str(row[0]), [int(n) for n in row[1:]]) for row in rows], kinds=kinds
    )


def _draw_weeks(said: Said, rows: list[Row]) -> SafeString:
    series: list[tuple[str, list[int]]] = [
        (name, [int(row[place]) for row in rows]) for place, name in ((1, "Captions"), (2, "Questions"))
    ]
    mondays = [date.fromisoformat(str(row[0])) for row in rows]
    return charts.lines(said, [f"{one.day} {one:%b}" for one in mondays], series)


_OF_RELEASE = {AS_DRAFTED: "As drafted", EDITED: "Edited", FIXED: "Fixed in review", RETURNED: "Returned first"}
_OUTCOMES = {**_OF_RELEASE, WRITTEN: "Written anew"}
OUTCOMES = Kind(
    "acceptance",
    "What became of questions",
    "Questions that are approved, each counted once: returned at least once, else fixed by a reviewer, else written "
    "without a draft, else with other words than the draft's, else as drafted; and those that were dropped.",
    ["Category", *_OUTCOMES.values(), "Dropped"],
    _drawn_outcomes(*_OUTCOMES.values(), "Dropped"),
    _outcome_rows(*_OUTCOMES, DROPPED),
)
OUTCOMES_OF_RELEASE = replace(
    OUTCOMES,
    definition=OUTCOMES.definition.removesuffix("; and those that were dropped.") + ".",
    columns=OUTCOMES.columns[:-1],
    draw=_drawn_outcomes(*_OUTCOMES.values()),
    rows=_outcome_rows(*_OUTCOMES),
)
KINDS: list[Kind] = [
    Kind(
        "caption-words",
        "Words of a caption",
        "Approved captions by their number of words, split at white space, without time marks.",
        ["Words from", "Below", "Captions"],
        _drawn_bins("Words"),
        lambda tally: bins(tally["caption_words"]),
    ),
    Kind(
        "clip-durations",
        "Length of a clip",
        "Clips with an approved caption by their length in seconds.",
        ["Seconds from", "Below", "Clips"],
        _drawn_bins("Seconds"),
        _seconds_rows,
    ),
    Kind(
        "words",
        "Words of captions",
        f"The {CLOUD_WORDS} words that most approved captions have, each counted once a caption; without stop words, "
        f"single letters, and words of fewer than {LEAST_CAPTIONS} captions.",
        ["Word", "Captions"],
        _draw_words,
        _words_rows,
    ),
    Kind(
        "categories",
        "Questions by category",
        "Approved questions of each category, and their share of all.",
        ["Category", "Questions", "Percent"],
        _draw_categories,
        _category_rows,
    ),
    Kind(
        "people",
        "People in a clip",
        "Clips by the number of people that the approved caption names.",
        ["People", "Clips"],
        _draw_people,
        _people_rows,
    ),
    Kind(
        "time-marks",
        "Density of time marks",
        "Approved captions by their number of time marks for each ten seconds of the clip.",
        ["Marks from", "Below", "Captions"],
        _drawn_bins("Marks for each ten seconds"),
        _marks_rows,
    ),
    Kind(
        "words-changed",
        "Words changed in drafts",
        "Words put in, taken out or replaced between the caption's draft and its approved text (edit distance over "
        "words, without time marks), by the draft's model and prompt version; drawn is the mean.",
        ["Model", "Prompt", "Captions", "Mean", "Median", "Unchanged"],
        _draw_changed,
        _changed_rows,
    ),
    Kind(
        "sentences",
        "Sentences untouched",
        "Sentences of drafts that stand letter by letter in the approved caption, of all sentences of these drafts.",
        ["Model", "Prompt", "Sentences", "Untouched", "Percent"],
        _draw_sentences,
        _sentence_rows,
        of_releases=False,
    ),
    OUTCOMES,
    Kind(
        "minutes",
        "Minutes of work on a clip",
        "Clips with an approved caption by the whole minutes that people were at work writing its caption and "
        "questions, idle time and review left out; clips without measured time are not counted.",
        ["Minutes from", "Below", "Clips"],
        _drawn_bins("Minutes"),
        None,
        of_releases=False,
        right="review",
    ),
    Kind(
        "cost",
        "Cost of an approved item",
        "All that was paid for drafts of captions or of questions, by the approved ones that had a draft made here.",
        ["Kind", "Approved", "Dollars paid", "Dollars each"],
        _draw_cost,
        None,
        of_releases=False,
        right="draft",
    ),
    Kind(
        "progress",
        "Approved each week",
        "Captions and questions that are approved now, by the week (Monday to Sunday, UTC) of their last approval; "
        "the last 52 weeks at most.",
        ["Week of", "Captions", "Questions"],
        _draw_weeks,
        None,
        of_releases=False,
    ),
]


def rows_of_tally(tally: Tally, *, release: bool) -> dict[str, Any]:
    """Name of a plot -> its rows, of those that are counted from a tally."""
    return {one.name: one.rows(tally) for one in kinds_of(release=release) if one.rows is not None}
