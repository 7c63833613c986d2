"""Answering blind: all questions of a clip before any key is shown, and no way back."""

from typing import NoReturn

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from annotation.access import require
from annotation.errors import BadInput, MoveNotAllowed, OwnWork, StaleRevision
from annotation.models import CaptionOpening, Clip, User
from annotation.states import State
from annotation.transactions import in_transaction
from annotation.workflow import database_now, pseudonym_of
from qa.content import option_ids
from qa.models import BlindAnswer, QAItem, QARevision
from qa.services.items import approved_caption

OTHER_CHOICES = (BlindAnswer.CANNOT_TELL, BlindAnswer.MORE_THAN_ONE)


def items_in_review(clip: Clip) -> list[QAItem]:
    """1 query."""
    return list(QAItem.objects.filter(clip=clip, state=State.IN_REVIEW).for_workspace().select_related("clip__project"))


def revisions_to_judge(item: QAItem) -> list[QARevision]:
    """What was written since the last approval, oldest first. 1 query."""
    since = item.approved_revision.number if item.approved_revision else 0
    return list(item.revisions.filter(number__gt=since).select_related("author"))


def to_judge(clip: Clip, user: User) -> list[QAItem]:
    """The questions in review that this person had no hand in since their last approval. 2 queries."""
    items = items_in_review(clip)
    own = set(_own_words(user).filter(item__in=items).values_list("item_id", flat=True))
    return [item for item in items if item.pk not in own]


def unanswered(clip: Clip, user: User) -> list[QAItem]:
    """Those of `to_judge` whose newest revision this person has not answered. 3 queries."""
    answered = set(BlindAnswer.objects.filter(user=user, item__clip=clip).values_list("revision_id", flat=True))
    return [item for item in to_judge(clip, user) if item.head is not None and item.head.pk not in answered]


def answers_of(items: list[QAItem], user: User) -> dict[str, str]:
    """Question id -> this person's choice on the question's newest revision. 1 query."""
    answers = BlindAnswer.objects.filter(user=user, revision__in=[item.head for item in items])
    return dict(answers.values_list("item__question_id", "choice"))


@in_transaction
def store_answers(*, clip: Clip, user: User, seen: dict[str, int], choices: dict[str, str]) -> list[BlindAnswer]:
    """Store this person's answers to every question that waits for one, all or none.

    seen: question id -> revision number; choices: question id -> option id, `cannot_tell` or `more_than_one`.
    Raises BadInput that names the questions without a known choice; StaleRevision if a question changed or came;
    OwnWork if the person wrote all that is in review; MoveNotAllowed if nothing waits for an answer.
    """
    require(user, "review", project=clip.project)
    # Lock first: the same form may come twice in the same second.
    clip = Clip.objects.select_for_update(of=("self",)).select_related("project").get(pk=clip.pk)
    approved_caption(clip)
    items = unanswered(clip, user)
    if not items:
        _refuse_answers(clip, user)
    for item in items:
        if seen.get(item.question_id) != item.head_number:
            raise StaleRevision(f"{item.question_id} changed while you were answering.", question=item.question_id)
    missing = [item.question_id for item in items if choices.get(item.question_id) not in _choices(item)]
    if missing:
        raise BadInput(dict.fromkeys(missing, "choose one answer"))
    opened = CaptionOpening.objects.filter(caption__clip=clip, user=user).exists()
    return [_store(item, user, choices[item.question_id], opened=opened) for item in items]


def _own_words(user: User) -> QuerySet[QARevision]:
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
