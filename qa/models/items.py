"""Questions: four options with stable ids, one key, and the words and judgements of people on them."""

from typing import Any

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from annotation.append_only import AppendOnlyModel, append_only_triggers
from annotation.canonical import microseconds
from annotation.models import CaptionRevision, Clip, User
from annotation.models.captions import judged_author_trigger
from annotation.models.work import ReviewBase, RevisionBase, WorkingCopyBase, WorkObject
from annotation.states import QA_MOVES, ClipStatus, State
from annotation.withdrawn_clips import STATE_WRITTEN, clip_stands
from qa.categories import Category
from qa.digests import blind_answer_digest

CLIP_OF_ITEM = "(SELECT clip_id FROM qa_qaitem WHERE id = NEW.item_id)"


class QAItemQuerySet(models.QuerySet["QAItem"]):
    def visible_to(self, user: User) -> "QAItemQuerySet":
        standing = self.exclude(clip__state=ClipStatus.WITHDRAWN)
        return standing.filter(clip__project__memberships__user=user, clip__project__memberships__is_active=True)

    def in_table_order(self) -> "QAItemQuerySet":
        """By category in the order of Table 1, then by number."""
        place = models.Case(*[models.When(category=name, then=place) for place, name in enumerate(Category.values)])
        return self.order_by(place, "number")

    def for_workspace(self) -> "QAItemQuerySet":
        """All a card shows: 1 query (item, head and its author, draft and its probe)."""
        return self.select_related("head__author", "draft", "probe").in_table_order()

    def places(self) -> dict[int, int]:
        """The number that each has on a card, from 1, by primary key. 1 query."""
        return {pk: place for place, pk in enumerate(self.in_table_order().values_list("pk", flat=True), start=1)}


class QAItem(WorkObject):
    """One question about one clip.

    question_id: `<clip_id>-<category>-<number>`, fixed at creation.
    caption_revision: the approved caption revision that the question was last judged against; the question is stale
        when the caption's approved revision is another one.
    """

    MOVES = QA_MOVES
    OBJECT_TYPE = "qa_item"

    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="qa_items")
    category = models.CharField(max_length=20, choices=Category.choices)
    number = models.PositiveIntegerField()
    question_id = models.CharField(max_length=140)
    head = models.ForeignKey("qa.QARevision", on_delete=models.PROTECT, null=True, related_name="+")
    approved_revision = models.ForeignKey("qa.QARevision", on_delete=models.PROTECT, null=True, related_name="+")
    caption_revision = models.ForeignKey(CaptionRevision, on_delete=models.PROTECT, null=True, related_name="+")

    objects = QAItemQuerySet.as_manager()

    class Meta:
        indexes = [models.Index("id", name="qa_item_disputed", condition=Q(state=State.DISPUTED))]
        constraints = [
            models.UniqueConstraint(fields=["clip", "category", "number"], name="qa_item_number_unique"),
            models.CheckConstraint(condition=Q(category__in=Category.values), name="qa_item_category_known"),
            models.CheckConstraint(
                condition=Q(state__in=sorted({to for targets in QA_MOVES.values() for to in targets})),
                name="qa_item_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.APPROVED) | Q(approved_revision=F("head"), caption_revision__isnull=False),
                name="qa_item_approved_is_head",
            ),
        ]
        triggers = [clip_stands("NEW.clip_id", operation=pgtrigger.Insert | STATE_WRITTEN)]

    def __str__(self) -> str:
        return self.question_id


class QARevision(RevisionBase):
    """content: `{"question", "options": [{"id", "text"}] (four), "key": option id or null,
    "evidence": [{"start_ms": int or null, "text"}]}`.
    """

    item = models.ForeignKey(QAItem, on_delete=models.PROTECT, related_name="revisions")
    content = models.JSONField()

    class Meta:
        ordering = ["item", "number"]
        constraints = [
            models.UniqueConstraint(fields=["item", "number"], name="qa_revision_number_unique"),
            models.UniqueConstraint(fields=["item", "parent"], name="qa_revision_one_child"),
        ]
        triggers = [*append_only_triggers(), clip_stands(CLIP_OF_ITEM)]

    def __str__(self) -> str:
        return f"revision {self.number} of {self.item}"

    @property
    def payload(self) -> dict[str, Any]:
        return dict(self.content)


class QAWorkingCopy(WorkingCopyBase):
    item = models.ForeignKey(QAItem, on_delete=models.CASCADE, related_name="working_copies")
    content = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "owner"], name="qa_one_working_copy_per_owner")]
        triggers = [clip_stands(CLIP_OF_ITEM, operation=pgtrigger.Insert | pgtrigger.Update)]

    def __str__(self) -> str:
        return f"unsaved words of {self.owner}"


class QAReview(ReviewBase):
    item = models.ForeignKey(QAItem, on_delete=models.PROTECT, related_name="reviews")
    judged_revision = models.ForeignKey(QARevision, on_delete=models.PROTECT, related_name="+")
    final_revision = models.ForeignKey(QARevision, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["id"]
        indexes = [models.Index("reviewer", "created_at", name="qa_review_by")]
        constraints = [
            models.CheckConstraint(condition=~Q(reviewer=F("judged_author")), name="qa_review_not_of_own_work"),
        ]
        triggers = [
            *append_only_triggers(),
            judged_author_trigger(revision_table="qa_qarevision"),
            clip_stands(CLIP_OF_ITEM),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} of {self.judged_revision}"


class BlindAnswer(AppendOnlyModel):
    """What a reviewer answered before they saw the key.

    choice: an option id, `cannot_tell` or `more_than_one`.
    had_opened_caption: whether this person had opened the clip's caption before; their answers count apart.
    """

    CANNOT_TELL = "cannot_tell"
    MORE_THAN_ONE = "more_than_one"

    item = models.ForeignKey(QAItem, on_delete=models.PROTECT, related_name="blind_answers")
    revision = models.ForeignKey(QARevision, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    choice = models.CharField(max_length=20)
    had_opened_caption = models.BooleanField()
    created_at = models.DateTimeField()
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["revision", "user"], name="blind_answer_once_per_revision"),
        ]
        triggers = append_only_triggers()

    def __str__(self) -> str:
        return f"{self.user} on {self.item}: {self.choice}"

    def computed_digest(self, *, pseudonym: str) -> str:
        return blind_answer_digest(
            object_id=self.item.object_id,
            user=pseudonym,
            revision=self.revision.digest,
            choice=self.choice,
            had_opened_caption=self.had_opened_caption,
            created_at=microseconds(self.created_at),
        )
