"""Questions that come with an import: a draft and an item that shows it."""

from typing import Any

from django.db import transaction
from django.db.models import Max

from annotation.models import Clip
from annotation.services.drafts import store_draft
from annotation.states import State
from annotation.workflow import move
from qa.models import QAItem


@transaction.atomic
def add_drafted_item(
    *, clip: Clip, category: str, model: str, payload: dict[str, Any], prompt_version: str = ""
) -> QAItem:
    """Keep the drafted question and make the item that shows it; its id is the category's next number."""
    # Lock first: two drafts for one clip must not take the same number.
    clip = Clip.objects.select_for_update().select_related("project").get(pk=clip.pk)
    draft = store_draft(clip=clip, kind=f"qa:{category}", model=model, payload=payload, prompt_version=prompt_version)
    number = next_number(clip, category)
    item = QAItem.objects.create(
        clip=clip,
        category=category,
        number=number,
        question_id=f"{clip.clip_id}-{category}-{number}",
        state=State.DRAFTED,
        draft=draft,
    )
    move(item, "import", actor=None, created=True)
    return item


def next_number(clip: Clip, category: str) -> int:
    """Numbers are never used twice: dropped questions keep theirs. The caller holds the clip's lock."""
    highest = QAItem.objects.filter(clip=clip, category=category).aggregate(highest=Max("number"))["highest"]
    return (highest or 0) + 1
