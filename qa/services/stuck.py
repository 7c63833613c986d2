"""Questions that nobody may judge; `annotation.services.stuck` says what that means."""

from collections import defaultdict

from annotation.models import Clip, Project
from annotation.services.stuck import (
    MOST_LOOKED_AT,
    Hands,
    Stuck,
    hands_on,
    people_with,
    units_without_reviewer,
)
from annotation.states import State
from qa.models import BlindAnswer, QAItem, QAReview, QARevision
from qa.services.queue import QUESTIONS, may_judge


def stuck_questions(project: Project) -> list[Stuck]:
    """Sets in review, then disputed questions. 11 queries at most."""
    units = units_without_reviewer(QUESTIONS, project, may_judge=may_judge)
    rows: list[Stuck] = []
    if units:
        reviewers, hands = people_with("review", project), _hands_on_sets([unit.clip_id for unit in units])
        asked = project.blind_answers_per_question
        rows = [
            Stuck("Questions", unit.clip.clip_id, "qa_review", reviewers.reason(hands[unit.clip_id], asked=asked))
            for unit in units
        ]
    disputed = QAItem.objects.filter(clip__in=Clip.objects.standing().filter(project=project), state=State.DISPUTED)
    some = list(disputed.select_related("clip", "head").order_by("id")[:MOST_LOOKED_AT])
    if some:
        judges, hands = people_with("adjudicate", project), hands_on(some, QARevision, QAReview, "item")
        answers = BlindAnswer.objects.filter(revision__in=[item.head_id for item in some])
        for pk, user in answers.values_list("item", "user"):
            hands[pk].judged.add(user)
        rows += [
            Stuck(
                "Disputed question",
                item.clip.clip_id,
                "qa_adjudication",
                judges.reason(hands[item.pk]),
                question_id=item.question_id,
            )
            for item in some
            if not judges.free(hands[item.pk])
        ]
    return rows


def _hands_on_sets(clips: list[int]) -> dict[int, Hands]:
    """By clip, of all its questions in review together. 3 queries."""
    items = {item.pk: item.clip_id for item in QAItem.objects.filter(clip__in=clips, state=State.IN_REVIEW)}
    found: dict[int, Hands] = defaultdict(Hands)
    for pk, hands in hands_on(items, QARevision, QAReview, "item").items():
        found[items[pk]].wrote |= hands.wrote
        found[items[pk]].judged |= hands.judged
    return found
