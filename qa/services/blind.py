"""Answering blind: all questions of a clip, one at a time, before any key is shown, and no way back.

From the first answer to the last the clip is sealed for whoever answers: no words of its caption are sent to them.
What they have not answered by then would be worth nothing.
"""

from typing import NoReturn

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from annotation.access import require
from annotation.errors import BadInput, MoveNotAllowed, OwnWork, StaleRevision
from annotation.models import Caption, CaptionOpening, Clip, User
from annotation.states import State
from annotation.transactions import in_transaction
from annotation.workflow import database_now, pseudonym_of
from qa.answering import MOST_MISSES, misses_of
from qa.content import option_ids
from qa.models import BlindAnswer, QAItem, QARevision
from qa.services import sets
from qa.services.disputes import dispute
from qa.services.items import approved_caption, lock

OTHER_CHOICES = (BlindAnswer.CANNOT_TELL, BlindAnswer.MORE_THAN_ONE)


def items_in_review(clip: Clip) -> list[QAItem]:
    """1 query."""
    return list(QAItem.objects.filter(clip=clip, state=State.IN_REVIEW).for_workspace().select_related("clip__project"))


def to_judge(clip: Clip, user: User) -> list[QAItem]:
    """The questions in review that this person had no hand in since their last approval. 2 queries."""
    items = items_in_review(clip)
    own = set(own_words(user).filter(item__in=items).values_list("item_id", flat=True))
    return [item for item in items if item.pk not in own]


def unanswered(clip: Clip, user: User) -> list[QAItem]:
    """Those of `to_judge` whose newest revision this person has not answered. 3 queries."""
    answered = set(BlindAnswer.objects.filter(user=user, item__clip=clip).values_list("revision_id", flat=True))
    return [item for item in to_judge(clip, user) if item.head is not None and item.head.pk not in answered]


@in_transaction
def store_answer(*, clip: Clip, user: User, question_id: str, seen_number: int, choice: object) -> BlindAnswer:
    """Store this person's answer to the question that is their next; it cannot be changed.

    choice: option id, `cannot_tell` or `more_than_one`. A second miss of the key puts the question in dispute.
    Raises BadInput for another choice; StaleRevision if the question changed or another one is next; OwnWork if the
    person wrote all that is in review; MoveNotAllowed if nothing waits for their answer.
    """
    require(user, "review", project=clip.project)
    # Lock first: the same form may come twice in the same second.
    clip = Clip.objects.select_for_update(of=("self",), no_key=True).select_related("project").get(pk=clip.pk)
    approved_caption(clip)
    waiting = unanswered(clip, user)
    if not waiting:
        _refuse_answers(clip, user)
    item = lock(waiting[0])
    if item.question_id != question_id:
        raise StaleRevision("Another question is the next: answers are given in order.", question=item.question_id)
    if item.head_number != seen_number or item.state != State.IN_REVIEW:
        raise StaleRevision(f"{item.question_id} changed while you were answering.", question=item.question_id)
    if choice not in _choices(item):
        raise BadInput({question_id: "choose one answer"})
    opened = CaptionOpening.objects.filter(caption__clip=clip, user=user).exists()
    answer = _store(item, user, str(choice), opened=opened)
    if item.head is not None and misses_on(item.head) > MOST_MISSES:
        dispute(item, user, reason="Two people missed the key.")
    sets.answered(clip, user)
    return answer


def is_sealed(caption: Caption, user: User) -> bool:
    """Whether they have answered a question of the clip, blind, and another still waits.

    1 query for who never answered one.
    """
    answers = BlindAnswer.objects.filter(user=user, item__clip=caption.clip_id, revision=F("item__head"))
    if not answers.exists() or CaptionOpening.objects.filter(caption=caption, user=user).exists():
        return False
    return bool(unanswered(caption.clip, user))


def misses_on(revision: QARevision) -> int:
    """How many blind answers to this revision are not its key. 1 query."""
    choices = BlindAnswer.objects.filter(revision=revision).values_list("choice", flat=True)
    return misses_of(choices, key=revision.content["key"])


def own_words(user: User) -> QuerySet[QARevision]:
    """The person's revisions that wait for a verdict: written since the last approval, or submitted again."""
    since_approval = Q(number__gt=Coalesce("item__approved_revision__number", 0)) | Q(pk=F("item__head"))
    return QARevision.objects.filter(since_approval, author=user)


def _refuse_answers(clip: Clip, user: User) -> NoReturn:
    if to_judge(clip, user) or not items_in_review(clip):
        raise MoveNotAllowed("No question waits for your answer; answers that are stored cannot be changed.")
    raise OwnWork("Nobody reviews their own words: someone else has to judge this.")


def _choices(item: QAItem) -> list[str]:
    return [*(option_ids(item.head.content) if item.head else []), *OTHER_CHOICES]


def _store(item: QAItem, user: User, choice: str, *, opened: bool) -> BlindAnswer:
    answer = BlindAnswer(
        item=item,
        revision=item.head,
        user=user,
        choice=choice,
        had_opened_caption=opened,
        created_at=database_now(),
    )
    answer.digest = answer.computed_digest(pseudonym=pseudonym_of(user, project=item.clip.project))
    answer.save(force_insert=True)
    return answer
