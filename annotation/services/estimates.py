"""What a run would do and cost, before anybody starts it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from statistics import median_low

from annotation.caption_format import segments
from annotation.drafting.budget import price_of
from annotation.drafting.frames import image_tokens, text_tokens
from annotation.drafting.kinds import Target, kind_named
from annotation.drafting.prices import Price, UnknownPrice, Usage, cost_micro_usd, worst_case_micro_usd
from annotation.errors import BadInput
from annotation.models import CallOutcome, Clip, DraftingSettings, Job, JobStatus, Project, Run
from annotation.services.drafted_captions import MAX_TOKENS, data_block, model_of, settings_of
from annotation.services.drafting import AT_ONCE, KINDS
from annotation.workflow import database_now

MOST_COUNTED = 5_000
"""Nobody waits at a page for more than this to be looked at; a larger run says “or more”."""
ENOUGH_CALLS, LAST_CALLS = 5, 200
TYPICAL_OUTPUT_TOKENS = 600
"""A caption of 150 words, or two questions, as JSON."""
TOKENS_AROUND = 600
"""The schema, the names in the data block and the words before each picture's place: measured, and rounded up."""
FRAME_TIME_TOKENS, SEGMENT_TOKENS = 12, 40


@dataclass(frozen=True)
class Estimate:
    """count: drafts that would be asked for. low, high: micro-dollars for all of them, None if the price is unknown.

    is_whole: False where MOST_COUNTED ended the counting. known: what an earlier run has made already.
    withheld: clips of the control share. calls_behind: how many calls `low` was learnt from; 0 for a typical case.
    problem: why there is no price. Repairs and second tries are not in it.
    """

    model: str
    count: int
    known: int
    withheld: int
    is_whole: bool
    low: int | None
    high: int | None
    calls_behind: int
    problem: str = ""


def estimate(*, project: Project, kind: str, limit: int | None = None, is_batch: bool = False) -> Estimate:
    """What `make_run` would make now; no job is made. Raises BadInput.

    high: the worst case that each call would reserve. low: the median of the project's last calls of this kind and
    model; with fewer than five, a typical case: what is sent is read at the plain price, half as many tokens for its
    text as a reservation counts, and TYPICAL_OUTPUT_TOKENS come back.
    """
    if kind not in KINDS:
        raise BadInput({"kind": f"must be one of {', '.join(KINDS)}"})
    own = settings_of(project)
    model = model_of(own)
    targets = kind_named(KINDS[Run.Kind(kind)]).targets(project, own)
    new, known, is_whole = _new(targets, model=model, limit=limit)
    withheld = (
        Clip.objects.standing().filter(project=project, is_control=True).count() if kind == Run.Kind.CAPTIONS else 0
    )
    low: int | None
    high: int | None
    try:
        price = price_of(model, database_now().date())
    except UnknownPrice as unknown:
        return Estimate(model, len(new), known, withheld, is_whole, None, None, 0, str(unknown))
    sizes = _Sizes(own, is_questions=kind == Run.Kind.QUESTIONS)
    low, high = sizes.bounds(new, price, is_batch=is_batch)
    past = past_costs(project, kind=KINDS[Run.Kind(kind)], model=model, is_batch=is_batch)
    if len(past) >= ENOUGH_CALLS:
        low = min(median_low(past) * len(new), high)
    else:
        past = []
    return Estimate(model, len(new), known, withheld, is_whole, low, high, len(past))


def _new(targets: Iterator[Target], *, model: str, limit: int | None) -> tuple[list[Target], int, bool]:
    """Those that `make_run` would ask for, how many are known, and whether all were looked at."""
    new: list[Target] = []
    known = looked_at = 0
    while some := list(islice(targets, AT_ONCE)):
        jobs = Job.objects.filter(clip__in=[target.clip for target in some], model=model, sample=0)
        made = jobs.exclude(status=JobStatus.CANCELLED).values_list("clip", "kind", "prompt", "input_digest")
        existing: set[tuple[object, ...]] = set(made)
        for target in some:
            if limit is not None and len(new) >= limit:
                return new, known, True
            if looked_at >= MOST_COUNTED:
                return new, known, False
            looked_at += 1
            if (target.clip.pk, target.kind, target.prompt.pk, target.input_digest) in existing:
                known += 1
            else:
                new.append(target)
    return new, known, True


class _Sizes:
    """How many tokens a target's request has, counted as its reservation will count them, without its pictures."""

    def __init__(self, own: DraftingSettings, *, is_questions: bool) -> None:
        self.own = own
        self.is_questions = is_questions
        self.sees_frames = own.questions_see_frames or not is_questions
        self._prompts: dict[int, int] = {}

    def bounds(self, targets: list[Target], price: Price, *, is_batch: bool) -> tuple[int, int]:
        """A typical and the worst case of all of them, in micro-dollars."""
        low = high = 0
        for target in targets:
            pictures, words = self._pictures(target.clip), self._words(target)
            usage = Usage(input_tokens=pictures + words // 2, output_tokens=TYPICAL_OUTPUT_TOKENS)
            low += cost_micro_usd(price, usage, batch=is_batch)
            high += worst_case_micro_usd(price, input_tokens=pictures + words, max_tokens=MAX_TOKENS, batch=is_batch)
        return low, high

    def _pictures(self, clip: Clip) -> int:
        return picture_tokens(clip, count=self.own.frames, long_side=self.own.long_side) if self.sees_frames else 0

    def _words(self, target: Target) -> int:
        prompt = target.prompt
        if prompt.pk not in self._prompts:
            self._prompts[prompt.pk] = text_tokens(prompt.text)
        tokens = self._prompts[prompt.pk] + text_tokens(data_block(target.clip, self.own)) + TOKENS_AROUND
        approved = target.clip.caption.approved_revision if self.is_questions else None
        if approved is not None:  # as one text, and cut at its time marks
            tokens += 2 * text_tokens(approved.text) + SEGMENT_TOKENS * len(segments(approved.text))
        return tokens


def picture_tokens(clip: Clip, *, count: int, long_side: int) -> int:
    """What so many frames of the clip are counted as, with the words before each."""
    longer = max(clip.width, clip.height)
    side = min(longer, long_side)
    width, height = (max(1, round(of * side / longer)) for of in (clip.width, clip.height))
    return min(count, max(clip.frames, 1)) * (image_tokens(width, height) + FRAME_TIME_TOKENS)


def past_costs(project: Project, *, kind: str, model: str, is_batch: bool) -> list[int]:
    """Micro-dollars of the last calls of a kind that were answered, as if all had been sent this way: 1 query."""
    outcomes = CallOutcome.objects.filter(call__project=project, call__model=model, cost_micro_usd__gt=0)
    outcomes = outcomes.filter(call__job__kind__startswith=kind, kind=CallOutcome.Kind.REPLY).order_by("-pk")
    rows = outcomes.values_list("cost_micro_usd", "call__batch")[:LAST_CALLS]
    full = [(cost or 0) * (1 if batch is None else 2) for cost, batch in rows]
    return [-(-cost // 2) for cost in full] if is_batch else full
