"""Questions brought to a state by the services that people use, so that chains, states and events are real."""

from typing import Any

from annotation.models import Clip, Event, LeaseEnd, Project, User
from annotation.services import captions, leases
from annotation.states import State
from qa.models import BlindAnswer, QAItem
from qa.services import blind, items, reviews
from qa.services.flags import NOTHING_AROUND, flags_of
from tests.factories import ApprovedCaptionFactory, DraftedQAItemFactory

COUNT_QUESTION = {
    "question": "How many times does the bald man jump?",
    "options": ["Once", "Twice", "Three times", "Four times"],
    "answer_index": 1,
}


def fresh(item: QAItem) -> Any:
    """The question as it stands now. Any, so that tests need not say again and again that it has a head."""
    return QAItem.objects.select_related("clip__project", "head__author", "draft", "approved_revision").get(pk=item.pk)


def content_of(item: QAItem, user: User, **changes: Any) -> dict[str, Any]:
    """What the user sees on the card, with changes."""
    return {**items.words_for(fresh(item), user).content, **changes}


def approved_clip(project: Project, *, author: User, reviewer: User) -> Clip:
    return ApprovedCaptionFactory(project=project, author=author, reviewer=reviewer).clip


def saved_item(clip: Clip, author: User, **kwargs: Any) -> QAItem:
    """A drafted question that the author accepted as it is; the clip's questions are on nobody's desk."""
    item = DraftedQAItemFactory(clip=clip, **kwargs)
    items.save(item=item, user=author, etag='"0-0"', content=content_of(item, author))
    leases.release(unit=clip.qa_set, user=author)
    saved: QAItem = fresh(item)
    return saved


def etags(clip: Clip, user: User) -> dict[str, str]:
    found = clip.qa_items.select_related("head__author", "draft")
    return {item.question_id: items.words_for(item, user).etag for item in found}


def overrides(clip: Clip) -> dict[str, dict[str, str]]:
    """A reason for each flag that blocks one of the clip's questions."""
    found = clip.qa_items.select_related("head")
    return {
        item.question_id: {
            flag.rule: "meant so" for flag in flags_of(item, item.head.content, NOTHING_AROUND) if flag.blocks
        }
        for item in found
        if item.head
    }


def off_all_desks(clip: Clip) -> None:
    """As if everybody had given the clip's questions back."""
    leases.give_up(clip.qa_set, None, LeaseEnd.RELEASED)


def submit_all(clip: Clip, author: User) -> list[QAItem]:
    """All open questions of the clip, whatever the checks say of them."""
    return items.submit_unit(clip=clip, user=author, seen=etags(clip, author), reasons=overrides(clip))


def submitted_item(clip: Clip, author: User, **kwargs: Any) -> QAItem:
    item = saved_item(clip, author, **kwargs)
    submit_all(clip, author)
    saved: QAItem = fresh(item)
    return saved


def answer(item: QAItem, reviewer: User, choice: str) -> BlindAnswer:
    return blind.store_answer(
        clip=item.clip, user=reviewer, question_id=item.question_id, seen_number=item.head_number, choice=choice
    )


def answer_all(clip: Clip, reviewer: User, choice: str = "o1") -> None:
    """Answer every question that waits for the reviewer."""
    while waiting := blind.unanswered(clip, reviewer):
        answer(waiting[0], reviewer, choice)


def three_questions(clip: Clip, author: User) -> list[QAItem]:
    """In review: two of Action Sequence with the key o1, shown at A and at D; one of Count with the key o2, at B."""
    count = {"category": "count", "payload": COUNT_QUESTION}
    made = [saved_item(clip, author), saved_item(clip, author), saved_item(clip, author, **count)]
    turned = content_of(made[1], author)
    items.save(item=made[1], user=author, etag='"1-0"', content={**turned, "options": turned["options"][::-1]})
    items.submit_unit(clip=clip, user=author, seen=etags(clip, author))
    return [fresh(item) for item in made]


def choose(questions: list[QAItem], reviewer: User, *choices: str) -> None:
    """Answer all questions of the clip that wait for the reviewer, in this order."""
    for item, choice in zip(questions, choices, strict=True):
        answer(item, reviewer, choice)


def answer_three(questions: list[QAItem], first: User, second: User, third: User) -> None:
    """Three people answer `three_questions`; as letters A A B, D A D, and B, cannot tell, B. Nothing is decided yet."""
    choose(questions, first, "o1", "o1", "o2")
    choose(questions, second, "o1", "o4", "cannot_tell")
    choose(questions, third, "o2", "o1", "o2")


def approve_all(questions: list[QAItem], reviewer: User) -> None:
    """By the reviewer, and where that is not enough by who else answered."""
    others = [answer.user for answer in questions[0].blind_answers.exclude(user=reviewer).order_by("pk")]
    for person in [reviewer, *others]:
        off_all_desks(questions[0].clip)
        for item in questions:
            if fresh(item).state == State.IN_REVIEW:
                reviews.approve(item=fresh(item), reviewer=person, seen_number=item.head_number)


def approved_item(clip: Clip, *, author: User, reviewer: User) -> QAItem:
    item = submitted_item(clip, author)
    answer_all(clip, reviewer)
    reviews.approve(item=item, reviewer=reviewer, seen_number=item.head_number)
    saved: QAItem = fresh(item)
    return saved


def reopen_caption(clip: Clip, adjudicator: User) -> None:
    captions.reopen(caption=clip.caption, user=adjudicator, reason="look again", seen_number=1)


def verbs(item: QAItem) -> list[str]:
    """The events of the question, oldest first."""
    return list(Event.objects.filter(object_id=item.object_id).order_by("id").values_list("verb", flat=True))
