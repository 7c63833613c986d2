"""A clip brought all the way by the services: caption approved, one question approved."""

from dataclasses import dataclass

from annotation.models import Caption, Clip, Project, User
from qa.models import QAItem
from qa.services.blind import store_answer
from qa.services.items import save, submit_unit, words_for
from qa.services.reviews import approve
from tests.factories import ApprovedCaptionFactory, ClipFactory, DraftedQAItemFactory


@dataclass
class FinishedClip:
    clip: Clip
    caption: Caption
    item: QAItem


def finish_clip(
    project: Project, *, author: User, reviewer: User, clip_id: str = "clip-a", **facts: object
) -> FinishedClip:
    clip = ClipFactory.create(project=project, clip_id=clip_id, **facts)
    item = DraftedQAItemFactory(clip=clip)
    caption = ApprovedCaptionFactory(project=project, author=author, reviewer=reviewer, clip=clip)
    save(item=item, user=author, etag='"0-0"', content=words_for(item, author).content)
    submit_unit(clip=clip, user=author, seen={item.question_id: '"1-0"'})
    store_answer(clip=clip, user=reviewer, question_id=item.question_id, seen_number=1, choice="o1")
    approve(item=item, reviewer=reviewer, seen_number=1)
    return FinishedClip(clip, caption, QAItem.objects.get(pk=item.pk))
