"""Items of questions: how one gets its number, and how a drafted question becomes one."""

from django.db.models import Max

from annotation.drafting.kinds import subject_of
from annotation.models import Clip, Draft
from annotation.states import State
from annotation.transactions import in_transaction
from annotation.workflow import move
from qa.models import QAItem


@in_transaction
def item_of_draft(draft: Draft) -> QAItem:
    """Make the item that shows a stored draft; its id is the category's next number.

    A draft without a job came with an import.
    """
    # Lock first: two drafts for one clip must not take the same number.
    clip = Clip.objects.select_for_update().select_related("project").get(pk=draft.clip_id)
    item = new_item(clip, subject_of(draft.kind), state=State.DRAFTED, draft=draft)
    move(item, "draft" if draft.job_id else "import", actor=None, created=True)
    return item


def new_item(clip: Clip, category: str, *, state: State, draft: Draft | None = None) -> QAItem:
    """With the category's next number: dropped questions keep theirs. The caller holds the clip's lock."""
    highest = QAItem.objects.filter(clip=clip, category=category).aggregate(highest=Max("number"))["highest"]
    number = (highest or 0) + 1
    return QAItem.objects.create(
        clip=clip,
        category=category,
        number=number,
        question_id=f"{clip.clip_id}-{category}-{number}",
        state=state,
        draft=draft,
    )
