"""What the leak lab shows of a question: its words, who answered what, and the flags that wait or are decided."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from annotation.intervals import Share
from annotation.models import User
from annotation.services.seals import sealed_clips
from qa.content import LETTERS
from qa.evaluation.leak_lab import answers_in, counts, settings_of, told_of
from qa.evaluation.leak_measures import MEASURES, Measure, Points, Reading, is_over, verdict_of
from qa.evaluation.shortcuts import Habits
from qa.models import Answer, EvaluationRun, LeakFlag, LeakSettings, QAItem, Setting
from qa.services.leak_lab import note_shown
from qa.views.cards import CardEvidence, chosen_evidence
from qa.views.revealed import RevealedOption

_UNPARSED, _NONE = "–", "none"
_PLACES = {setting: place for place, setting in enumerate(Setting.values)}


@dataclass(frozen=True)
class RunRow:
    """What one run answered. letters: of the options as the card shows them, a try each."""

    run: EvaluationRun
    letters: list[str]
    right: int


@dataclass(frozen=True)
class FlagRow:
    """refusal, typed: what was sent with a decision that could not be taken."""

    flag: LeakFlag
    refusal: str = ""
    typed: str = ""

    @property
    def measure(self) -> Measure:
        return MEASURES[self.flag.measure]

    @property
    def is_open(self) -> bool:
        return self.flag.decision == LeakFlag.Decision.OPEN


@dataclass(frozen=True)
class LeakCard:
    """is_sealed: it waits for the reader's blind answers, so that nothing of it is told. is_own: they wrote it."""

    item: QAItem
    is_sealed: bool = False
    is_own: bool = False
    flags: list[FlagRow] = field(default_factory=list)
    runs: list[RunRow] = field(default_factory=list)

    @property
    def content(self) -> dict[str, Any]:
        return self.item.approved_revision.content if self.item.approved_revision else {}

    @property
    def options(self) -> list[RevealedOption]:
        return [
            RevealedOption(option["id"], letter, option["text"], option["id"] == self.content["key"], is_mine=False)
            for letter, option in zip(LETTERS, self.content["options"], strict=True)
        ]

    @property
    def evidence(self) -> list[CardEvidence]:
        return chosen_evidence(self.content)


@dataclass(frozen=True)
class MeasureRow:
    """A measure of one question in words. threshold: in percent; None where it is only shown."""

    measure: Measure
    words: str
    threshold: int | None
    is_over: bool


def cards_of(items: Sequence[QAItem], user: User, *, refused: FlagRow | None = None) -> list[LeakCard]:
    """In their order; the reader is noted as having read them. 5 queries, and those that tell what is sealed.

    items: of one project, that stand, with clip, caption and approved revision.
    """
    sealed = sealed_clips([item.clip for item in items], user)
    told = [item for item in items if item.clip_id not in sealed]
    note_shown([item.clip.caption for item in told], user)
    flags = _flags(told, refused)
    runs = _runs(told)
    return [
        LeakCard(item, is_sealed=True)
        if item.clip_id in sealed
        else LeakCard(
            item,
            is_own=item.approved_revision is not None and item.approved_revision.author_id == user.pk,
            flags=flags[item.pk],
            runs=runs[item.pk],
        )
        for item in items
    ]


def _flags(items: Sequence[QAItem], refused: FlagRow | None) -> dict[int, list[FlagRow]]:
    """Of the approved words; what waits comes first. 1 query."""
    found: dict[int, list[FlagRow]] = defaultdict(list)
    revisions = [item.approved_revision_id for item in items]
    rows = LeakFlag.objects.filter(revision__in=revisions).select_related("decided_by").order_by("decision", "pk")
    for flag in rows:
        row = FlagRow(flag)
        found[flag.item_id].append(refused if refused is not None and refused.flag.pk == flag.pk else row)
    return found


def _runs(items: Sequence[QAItem]) -> dict[int, list[RunRow]]:
    """Those whose answers count, by setting and model. 1 query."""
    if not items:
        return defaultdict(list)
    letters = {item.pk: _letters(item) for item in items}
    given: dict[tuple[int, int], list[Answer]] = defaultdict(list)
    words = {item.approved_revision_id or 0: item.caption_revision_id for item in items}
    answers = answers_in(items[0].clip.project).filter(asked__revision__in=list(words))
    for answer in answers.select_related("asked__run").order_by("asked__try_number"):
        asked = answer.asked
        revision, caption = asked.revision_id, asked.caption_revision_id
        if counts(words, revision=revision, setting=asked.run.setting, caption=caption):
            given[asked.item_id, asked.run_id].append(answer)
    found: dict[int, list[RunRow]] = defaultdict(list)
    for (item, _), own in given.items():
        shown = [letters[item].get(one.choice, _NONE) if one.choice else _UNPARSED for one in own]
        found[item].append(RunRow(own[0].asked.run, shown, sum(one.is_right for one in own)))
    for rows in found.values():
        rows.sort(key=lambda row: (_PLACES[row.run.setting], row.run.model, row.run.pk))
    return found


def _letters(item: QAItem) -> dict[str, str]:
    content = item.approved_revision.content if item.approved_revision else {"options": []}
    return {option["id"]: letter for letter, option in zip(LETTERS, content["options"], strict=False)}


def measured(item: QAItem, habits: Habits) -> tuple[str, list[MeasureRow]]:
    """The question's verdict and all its measures. 4 queries."""
    settings, told = settings_of(item.clip.project), told_of(item, habits)
    rows = [_row(one, one.read(told), settings) for one in MEASURES.values()]
    return verdict_of(told, settings).value, rows


def _row(measure: Measure, reading: Reading, settings: LeakSettings) -> MeasureRow:
    threshold = getattr(settings, measure.threshold) if measure.threshold else None
    over = threshold is not None and isinstance(reading, Share) and is_over(reading, threshold, settings)
    return MeasureRow(measure, in_words(reading), threshold, over)


def in_words(reading: Reading) -> str:
    """`3 of 5, 60.0 %` or `+25.0 points, 2`; a dash of nothing."""
    if isinstance(reading, Points):
        return "–" if reading.value is None else f"{float(reading.value):+.1f} points"
    return f"{reading.hits} of {reading.of}, {100 * reading.hits / reading.of:.1f} %" if reading.of else "–"
