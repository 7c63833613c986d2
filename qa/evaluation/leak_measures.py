"""What the leak lab measures of a question, each with its definition and where it comes from. Pure functions.

Shares are kept as whole numbers and compared as such: a question that stands exactly at its threshold is over it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any

from annotation.intervals import Share
from qa.content import OPTIONS
from qa.models import LeakSettings, Setting

CHANCE = Fraction(1, OPTIONS)
NOTHING = Share(0, 0)


@dataclass(frozen=True)
class Tally:
    """Answers to one question in one setting. model: of one model, or "" for all together.

    unparsed: those that settle on no option. They count as wrong.
    """

    setting: str
    model: str
    answers: int
    right: int
    unparsed: int = 0


@dataclass(frozen=True)
class Told:
    """All that is known of one question's words.

    moved: shuffled answers that choose another option than without shuffling, of those that can be compared.
    shortcuts: rules of text alone that hit the key, of those that settle on an option.
    """

    tallies: tuple[Tally, ...] = ()
    moved: Share = NOTHING
    shortcuts: Share = NOTHING
    category: str = ""

    def right_in(self, setting: str) -> Share:
        of_setting = [one for one in self.tallies if one.setting == setting]
        return Share(sum(one.right for one in of_setting), sum(one.answers for one in of_setting))

    def models_in(self, setting: str) -> set[str]:
        return {one.model for one in self.tallies if one.setting == setting and one.answers}


@dataclass(frozen=True)
class Points:
    """A difference of two shares in percentage points; None where one of them is of nothing. of: answers or models."""

    value: Fraction | None
    of: int


Reading = Share | Points


def _blind(told: Told) -> Share:
    return told.right_in(Setting.BLIND)


def _blind_gap(told: Told) -> Points:
    blind = told.right_in(Setting.BLIND)
    return Points(100 * (Fraction(blind.hits, blind.of) - CHANCE) if blind.of else None, blind.of)


def _gain_over(less: Setting) -> Callable[[Told], Points]:
    """What the standard setting brings beyond another: the mean over the models that have answered in both."""

    def read(told: Told) -> Points:
        both = told.models_in(Setting.STANDARD) & told.models_in(less)
        gains = [_right_of(told, Setting.STANDARD, model) - _right_of(told, less, model) for model in both]
        return Points(100 * sum(gains, Fraction(0)) / len(gains) if gains else None, len(gains))

    return read


def _right_of(told: Told, setting: str, model: str) -> Fraction:
    own = Told(tuple(one for one in told.tallies if one.model == model)).right_in(setting)
    return Fraction(own.hits, own.of)


def _single_frame(told: Told) -> Share:
    return told.right_in(Setting.SINGLE_FRAME)


def _caption_failure(told: Told) -> Share:
    right = told.right_in(Setting.HUMAN_CAPTIONS)
    return Share(right.of - right.hits, right.of)


@dataclass(frozen=True)
class Measure:
    """threshold: the field of LeakSettings from which on a question is flagged; "" where it is only shown.

    settings: those whose answers it reads. source: where it comes from.
    """

    id: str
    name: str
    definition: str
    source: str
    read: Callable[[Told], Reading]
    settings: tuple[str, ...] = ()
    threshold: str = ""


MEASURES: dict[str, Measure] = {
    one.id: one
    for one in (
        Measure(
            "blind",
            "Right without the video",
            "Share of right answers, over all tries and models, by who is shown only the question and its options.",
            "Goyal et al. 2017, Making the V in VQA Matter (VQA v2): answers that follow from language alone",
            _blind,
            (Setting.BLIND,),
            "blind_percent",
        ),
        Measure(
            "blind_gap",
            "Above chance without the video",
            "Share of right answers without the video less what chance gives, 1 in 4, in percentage points.",
            "The measure above against blind guessing among four options",
            _blind_gap,
            (Setting.BLIND,),
        ),
        Measure(
            "visual_gain",
            "What the video brings",
            "Share of right answers in the standard setting less that without the video, in percentage points:"
            " the mean over the models that have answered in both.",
            "Chen et al. 2024, Are We on the Right Way for Evaluating Large Vision-Language Models? (MMStar):"
            " multi-modal gain",
            _gain_over(Setting.BLIND),
            (Setting.STANDARD, Setting.BLIND),
        ),
        Measure(
            "shortcut",
            "Rules that hit the key",
            "Share of rules that look at the text alone and hit the key, of those that settle on an option.",
            "Haladyna, Downing and Rodriguez 2002, A Review of Multiple-Choice Item-Writing Guidelines, for telling"
            " lengths and options; Goyal et al. 2017 for usual answers",
            lambda told: told.shortcuts,
        ),
        Measure(
            "single_frame",
            "Right from one frame",
            "Share of right answers, over all tries and models, by who is shown a single frame of the clip.",
            "Lei et al. 2022, Revealing Single Frame Bias for Video-and-Language Learning;"
            " Buch et al. 2022, Revisiting the “Video” in Video-Language Understanding",
            _single_frame,
            (Setting.SINGLE_FRAME,),
            "single_frame_percent",
        ),
        Measure(
            "single_frame_gain",
            "What more frames bring",
            "Share of right answers in the standard setting less that from a single frame, in percentage points:"
            " the mean over the models that have answered in both.",
            "As for one frame",
            _gain_over(Setting.SINGLE_FRAME),
            (Setting.STANDARD, Setting.SINGLE_FRAME),
        ),
        Measure(
            "order",
            "Moved by the order of options",
            "Share of answers to shuffled options that choose another option than the same model chose, from as many"
            " frames, without shuffling. Answers that settle on no option are not compared.",
            "Zheng et al. 2024, Large Language Models Are Not Robust Multiple Choice Selectors",
            lambda told: told.moved,
            (Setting.SHUFFLED, Setting.STANDARD),
            "order_percent",
        ),
        Measure(
            "caption_failure",
            "Not in the caption",
            "Share of wrong answers by who reads the approved caption that the question was judged against: the caption"
            " does not hold what the question asks.",
            "The HAIC paper (arXiv 2502.20811), Table 2, first row: human captions answer 96.7 percent",
            _caption_failure,
            (Setting.HUMAN_CAPTIONS,),
            "caption_failure_percent",
        ),
    )
}
FLAGGING = [one for one in MEASURES.values() if one.threshold]


class Verdict(Enum):
    """The one thing that is most wrong with a question."""

    LEAKING = "Can be answered without the video"
    NOT_IN_CAPTION = "The caption lacks the evidence"
    ONE_FRAME = "One frame is enough"
    ORDER = "Depends on the order of options"
    SOUND = "Sound"
    UNKNOWN = "Too few answers"


PRECEDENCE = {
    "blind": Verdict.LEAKING,
    "caption_failure": Verdict.NOT_IN_CAPTION,
    "single_frame": Verdict.ONE_FRAME,
    "order": Verdict.ORDER,
}
"""Of several measures at their thresholds the first names the verdict.

A question that can be answered blind measures nothing, whatever its caption says, so that comes first. Without the
evidence in the caption its key cannot be checked. One frame and the order of options spoil less: the video is still
looked at.
"""


@dataclass(frozen=True)
class Suspicion:
    """A measure at its threshold or above."""

    measure: Measure
    share: Share
    threshold: int

    def as_json(self) -> dict[str, Any]:
        percent = round(100 * self.share.hits / self.share.of, 1)
        return {"hits": self.share.hits, "answers": self.share.of, "percent": percent, "threshold": self.threshold}


def is_enough(share: Share, settings: LeakSettings) -> bool:
    return share.of >= max(settings.least_answers, 1)


def is_over(share: Share, threshold: int, settings: LeakSettings) -> bool:
    """Exactly at the threshold is over it."""
    return is_enough(share, settings) and share.hits * 100 >= threshold * share.of


def suspicions(told: Told, settings: LeakSettings) -> list[Suspicion]:
    """The measures from whose threshold on the question is flagged, in the order of MEASURES."""
    found = []
    for measure in FLAGGING:
        share, threshold = measure.read(told), getattr(settings, measure.threshold)
        assert isinstance(share, Share)  # noqa: S101 - what has a threshold is a share
        if is_over(share, threshold, settings):
            found.append(Suspicion(measure, share, threshold))
    return found


def verdict_of(told: Told, settings: LeakSettings) -> Verdict:
    """Sound only if nothing is at its threshold and there are answers enough without the video and from the caption."""
    over = {one.measure.id for one in suspicions(told, settings)}
    for measure, verdict in PRECEDENCE.items():
        if measure in over:
            return verdict
    needed = (Setting.BLIND, Setting.HUMAN_CAPTIONS)
    return Verdict.SOUND if all(is_enough(told.right_in(one), settings) for one in needed) else Verdict.UNKNOWN
