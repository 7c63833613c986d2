"""Questions brought to a state by the services that people use, so that chains, states and events are real."""

from typing import Any

from annotation.models import Clip, Event, Project, User
from annotation.services import captions
from qa.models import QAItem
from qa.services import blind, items, reviews
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
    """A drafted question that the author accepted as it is."""
    item = DraftedQAItemFactory(clip=clip, **kwargs)
    items.save(item=item, user=author, etag='"0-0"', content=content_of(item, author))
    saved: QAItem = fresh(item)
    return saved


def etags(clip: Clip, user: User) -> dict[str, str]:
    found = clip.qa_items.select_related("head__author", "draft")
    return {item.question_id: items.words_for(item, user).etag for item in found}


def submitted_item(clip: Clip, author: User, **kwargs: Any) -> QAItem:
    item = saved_item(clip, author, **kwargs)
    items.submit_unit(clip=clip, user=author, seen=etags(clip, author))
    saved: QAItem = fresh(item)
    return saved


def answer_all(clip: Clip, reviewer: User, choice: str = "o1") -> None:
    """Answer every question that waits for the reviewer."""
    waiting = blind.unanswered(clip, reviewer)
    blind.store_answers(
        clip=clip,
        user=reviewer,
        seen={item.question_id: item.head_number for item in waiting},
        choices={item.question_id: choice for item in waiting},
    )


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
