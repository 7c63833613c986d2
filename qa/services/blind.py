"""Answering blind: all questions of a clip before any key is shown, and no way back."""

from django.db import transaction

from annotation.access import require, require_foreign_work
from annotation.errors import BadInput, MoveNotAllowed, StaleRevision
from annotation.models import CaptionOpening, Clip, User
from annotation.states import State
from annotation.workflow import database_now, pseudonym_of
from qa.models import BlindAnswer, QAItem, QARevision

OTHER_CHOICES = (BlindAnswer.CANNOT_TELL, BlindAnswer.MORE_THAN_ONE)


def items_in_review(clip: Clip) -> list[QAItem]:
    """1 query."""
    return list(QAItem.objects.filter(clip=clip, state=State.IN_REVIEW).for_workspace().select_related("clip__project"))


def revisions_to_judge(item: QAItem) -> list[QARevision]:
    """What was written since the last approval, oldest first. 1 query."""
    since = item.approved_revision.number if item.approved_revision else 0
    return list(item.revisions.filter(number__gt=since).select_related("author"))


def unanswered(clip: Clip, user: User) -> list[QAItem]:
    """The questions in review whose newest revision this person has not answered."""
    answered = BlindAnswer.objects.filter(user=user, item__clip=clip).values_list("revision_id", flat=True)
    return [item for item in items_in_review(clip) if item.head is not None and item.head.pk not in set(answered)]


@transaction.atomic
def store_answers(*, clip: Clip, user: User, seen: dict[str, int], choices: dict[str, str]) -> list[BlindAnswer]:
    """Store this person's answers to every question that they have not answered, all or none.

    seen: question id -> revision number; choices: question id -> option id, `cannot_tell` or `more_than_one`.
    Raises BadInput for a missing or unknown choice, StaleRevision if a question changed, OwnWork, MoveNotAllowed if
    everything is answered already.
    """
    require(user, "review", project=clip.project)
    # Lock first: the same form may come twice in the same second.
    clip = Clip.objects.select_for_update(of=("self",)).select_related("project").get(pk=clip.pk)
    items = unanswered(clip, user)
    if not items:
        raise MoveNotAllowed("Your answers on this clip are stored; they cannot be changed.")
    for item in items:
        if item.head is None or seen.get(item.question_id) != item.head.number:
            raise StaleRevision(f"{item.question_id} changed while you were answering.")
        require_foreign_work(user, [*revisions_to_judge(item), item.head])
        _require_choice(item, choices.get(item.question_id))
    opened = CaptionOpening.objects.filter(caption__clip=clip, user=user).exists()
    return [_store(item, user, choices[item.question_id], opened=opened) for item in items]


def _require_choice(item: QAItem, choice: str | None) -> None:
    options = item.head.content["options"] if item.head else []
    known = [*(option["id"] for option in options), *OTHER_CHOICES]
    if choice not in known:
        raise BadInput({item.question_id: "choose one answer"})


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
