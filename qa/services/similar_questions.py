"""Questions that a question may repeat, as the checks read them. Reads only."""

from typing import Any

from annotation.models import Clip, User
from annotation.states import State
from qa.content import content_from_draft
from qa.item_checks.items import Sibling
from qa.models import QAItem

MOST = 400
"""Questions of one source that are looked at: some dozen clips."""


def asked_of(item: QAItem, content: dict[str, Any]) -> Sibling:
    """The question with these words, under its question id."""
    options = content["options"]
    key = next((place for place, option in enumerate(options) if option["id"] == content["key"]), None)
    texts = tuple(option["text"] for option in options)
    return Sibling(content["question"], texts, key, item.question_id, item.category)


def asked_of_same_source(clip: Clip, user: User) -> tuple[Sibling, ...]:
    """What is asked of the other clips from the clip's source, at most MOST, oldest first. 1 query at most.

    Their keys stay away: who may see one question may have to answer another blind.
    """
    if not clip.source_id:
        return ()
    items = QAItem.objects.visible_to(user).filter(clip__project=clip.project_id, clip__source_id=clip.source_id)
    items = items.exclude(clip=clip).exclude(state=State.DROPPED).select_related("head", "draft").order_by("pk")
    return tuple(asked_of(item, {**content, "key": None}) for item in items[:MOST] if (content := _content(item)))


def _content(item: QAItem) -> dict[str, Any] | None:
    """The words of the newest revision, else those of the draft."""
    if item.head is not None:
        return item.head.payload
    return content_from_draft(item.draft.payload) if item.draft else None
