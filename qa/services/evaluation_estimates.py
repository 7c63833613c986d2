"""What an evaluation would put and cost, before anybody starts it."""

from dataclasses import dataclass
from itertools import islice
from statistics import median_low

from annotation.drafting.frames import text_tokens
from annotation.drafting.prices import Price, Usage, cost_micro_usd, worst_case_micro_usd
from annotation.errors import BadInput
from annotation.models import CaptionRevision, Clip, Project
from annotation.services.estimates import ENOUGH_CALLS, past_costs, picture_tokens
from annotation.services.prompts import chosen
from qa.evaluation.questions import Question, count_of, questions_of
from qa.evaluation.settings import ANSWER_SCHEMA, CAPTIONS_OF, DESCRIPTION_SCHEMA, SEES_FRAMES, data_block, prompt_name
from qa.models import QARevision, Release, Setting
from qa.services.answering_kinds import (
    ANSWER,
    ANSWER_TOKENS,
    DESCRIBE,
    DESCRIPTION_TOKENS,
    caption_in,
    long_side_of,
)
from qa.services.evaluation import Wish, frames_shown, require_price

SAMPLE = 200
"""Questions that are looked at; the others are taken to be like them."""
TYPICAL_ANSWER_TOKENS, TYPICAL_CAPTION_TOKENS = 30, 400
TOKENS_AROUND = 50


@dataclass(frozen=True)
class EvaluationEstimate:
    """questions, calls: at most, as what an earlier run asked is not asked again. low, high: micro-dollars."""

    questions: int
    calls: int
    low: int
    high: int


@dataclass(frozen=True)
class _Call:
    """Of one call, in tokens: as the reservation counts its words, and what typically comes back."""

    pictures: int
    words: int
    typical_output: int
    most_output: int

    def bounds(self, price: Price, *, is_batch: bool) -> tuple[int, int]:
        usage = Usage(input_tokens=self.pictures + self.words // 2, output_tokens=self.typical_output)
        worst = self.pictures + self.words
        return (
            cost_micro_usd(price, usage, batch=is_batch),
            worst_case_micro_usd(price, input_tokens=worst, max_tokens=self.most_output, batch=is_batch),
        )


def estimate_run(*, project: Project, release: Release | None, wish: Wish) -> EvaluationEstimate:
    """What `start_run` would do at most; nothing is made. Raises BadInput as that does.

    high: the worst case that each call would reserve. low: the median of the project's last calls of the model in this
    setting; with fewer than five, a typical case.
    """
    sample = list(islice(questions_of(project, release), min(SAMPLE, wish.limit or SAMPLE)))
    if not sample:
        raise BadInput({"release": "there is nothing to ask"})
    questions = max(count_of(project, release), len(sample))
    questions = min(questions, wish.limit or questions)
    share = questions / len(sample)
    clips = Clip.objects.in_bulk({one.clip for one in sample})
    works = [
        (
            f"{ANSWER}:{wish.setting}",
            wish.judge or wish.model,
            _answers(project, wish, sample, clips),
            questions * wish.tries,
        ),
    ]
    if wish.setting == Setting.CAPTION:
        works.append((DESCRIBE, wish.model, _descriptions(project, wish, clips), round(len(clips) * share)))
    low = high = calls = 0
    for kind, model, asked, count in works:
        price = require_price("judge" if model == wish.judge else "model", model)
        bounds = [one.bounds(price, is_batch=wish.is_batch) for one in asked]
        least, most = (sum(side) / len(bounds) for side in zip(*bounds, strict=True))
        past = past_costs(project, kind=kind, model=model, is_batch=wish.is_batch)
        if len(past) >= ENOUGH_CALLS:
            least = min(median_low(past), most)
        low, high, calls = low + round(least * count), high + round(most * count), calls + count
    return EvaluationEstimate(questions, calls, low, high)


def _answers(project: Project, wish: Wish, sample: list[Question], clips: dict[int, Clip]) -> list[_Call]:
    prompt = text_tokens(chosen(project, prompt_name(wish.setting)).text) + text_tokens(str(ANSWER_SCHEMA))
    revisions = QARevision.objects.in_bulk([one.revision for one in sample])
    captions = _captions(wish, sample)
    frames, long_side = frames_shown(project, wish) or 0, long_side_of(project)
    calls = []
    for one in sample:
        order = [option["id"] for option in one.options]
        data = data_block(content=revisions[one.revision].content, order=order, caption=captions.get(one.caption))
        written = DESCRIPTION_TOKENS if wish.setting == Setting.CAPTION else 0
        sees = wish.setting in SEES_FRAMES
        pictures = picture_tokens(clips[one.clip], count=frames, long_side=long_side) if sees else 0
        words = prompt + text_tokens(data) + written + TOKENS_AROUND
        calls.append(_Call(pictures, words, TYPICAL_ANSWER_TOKENS, ANSWER_TOKENS))
    return calls


def _captions(wish: Wish, sample: list[Question]) -> dict[int | None, str | None]:
    if wish.setting not in CAPTIONS_OF:
        return {}
    revisions = CaptionRevision.objects.select_related("draft").filter(pk__in={one.caption for one in sample})
    return {one.pk: caption_in(one, wish.setting) for one in revisions}


def _descriptions(project: Project, wish: Wish, clips: dict[int, Clip]) -> list[_Call]:
    words = text_tokens(chosen(project, DESCRIBE).text) + text_tokens(str(DESCRIPTION_SCHEMA)) + TOKENS_AROUND
    frames, long_side = frames_shown(project, wish) or 0, long_side_of(project)
    return [
        _Call(
            picture_tokens(clip, count=frames, long_side=long_side), words, TYPICAL_CAPTION_TOKENS, DESCRIPTION_TOKENS
        )
        for clip in clips.values()
    ]
