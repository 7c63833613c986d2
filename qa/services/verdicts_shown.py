"""What a reviewer sees once they have answered every question of a clip: others' answers, and where each stands."""

from dataclasses import dataclass, field

from django.db.models import F

from annotation.models import Clip, User, Verdict
from annotation.states import State
from annotation.verdicts import Outcome, outcome_of
from annotation.word_diff import Piece, word_diff
from qa.answering import misses_of, people_needed
from qa.content import words_of
from qa.models import BlindAnswer, QAItem, QAReview
from qa.services.blind import to_judge


@dataclass(frozen=True)
class Judging:
    """A question in review, answered by this reviewer.

    choice: theirs. others: the answers of others. verdict: theirs, if it waits for somebody else's. may_fix: nobody
    else's is asked for. since: what changed since they returned it last.
    """

    item: QAItem
    choice: str
    others: list[BlindAnswer]
    verdict: QAReview | None
    may_fix: bool
    since: list[Piece] = field(default_factory=list)


def judging_of(clip: Clip, user: User) -> list[Judging]:
    """Those in review that they had no hand in and have answered; the ones to judge first. 4 queries."""
    items = to_judge(clip, user)
    heads = [item.head_id for item in items]
    answers = BlindAnswer.objects.filter(revision__in=heads).select_related("user").order_by("id")
    standing = QAReview.objects.filter(item__in=items, undone_by=None).exclude(verdict=Verdict.UNDO)
    given = list(standing.select_related("judged_revision", "reviewer").order_by("id"))
    shown = [
        _judging(
            item,
            user,
            [one for one in answers if one.item_id == item.pk],
            [one for one in given if one.item_id == item.pk],
        )
        for item in items
    ]
    return sorted((one for one in shown if one.choice), key=lambda one: one.verdict is not None)


def disputed_after(clip: Clip, user: User) -> list[str]:
    """Ids of the questions that this person answered and that are in dispute now. 1 query."""
    answered = BlindAnswer.objects.filter(user=user, revision=F("item__head"), item__clip=clip)
    disputed = answered.filter(item__state=State.DISPUTED).order_by("item__question_id")
    return list(disputed.values_list("item__question_id", flat=True))


def _judging(item: QAItem, user: User, answers: list[BlindAnswer], given: list[QAReview]) -> Judging:
    on_head = [
        review
        for review in given
        if review.judged_revision_id == item.head_id
        and not (item.submitted_at and review.created_at <= item.submitted_at)
    ]
    returned = [review for review in given if review.reviewer_id == user.pk and review.verdict == Verdict.RETURN]
    key = item.head.content["key"] if item.head else None
    needed = people_needed(
        wanted=item.clip.project.blind_answers_per_question, misses=misses_of((one.choice for one in answers), key=key)
    )
    verdicts = [review.verdict for review in on_head]
    since: list[Piece] = []
    if returned and item.head and returned[-1].judged_revision_id != item.head_id:
        since = word_diff(words_of(returned[-1].judged_revision.content), words_of(item.head.content))
    return Judging(
        item=item,
        choice=next((one.choice for one in answers if one.user_id == user.pk), ""),
        others=[one for one in answers if one.user_id != user.pk],
        verdict=next((review for review in on_head if review.reviewer_id == user.pk), None),
        may_fix=outcome_of([*verdicts, Verdict.FIX], needed=needed) == Outcome.APPROVE,
        since=since,
    )
