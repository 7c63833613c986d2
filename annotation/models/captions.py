"""Captions: exactly one for each clip; the text lives in its revisions."""

from typing import Any

import pgtrigger
from django.db import models
from django.db.models import F, Q

from annotation.append_only import append_only_triggers
from annotation.models.clips import Clip
from annotation.models.projects import User
from annotation.models.work import ReviewBase, RevisionBase, WorkingCopyBase, WorkObject
from annotation.states import CAPTION_MOVES, State


def judged_author_trigger(*, revision_table: str) -> pgtrigger.Trigger:
    """The judged author is a fact of the judged revision, not something that a caller says."""
    return pgtrigger.Trigger(
        name="judged_author",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
            SELECT author_id INTO NEW.judged_author_id FROM {revision_table} WHERE id = NEW.judged_revision_id;
            RETURN NEW;
        """,  # noqa: S608 - the table's name is ours, written below
    )


class CaptionQuerySet(models.QuerySet["Caption"]):
    def visible_to(self, user: User) -> "CaptionQuerySet":
        return self.filter(clip__project__memberships__user=user, clip__project__memberships__is_active=True)

    def awaiting_review(self) -> "CaptionQuerySet":
        return self.filter(state=State.IN_REVIEW)

    def for_review_page(self) -> "CaptionQuerySet":
        """All the review page shows: 1 query (caption, clip, project, draft, head and its author)."""
        return self.select_related("clip__project", "draft", "head__author")


class Caption(WorkObject):
    """The description of one clip."""

    MOVES = CAPTION_MOVES
    OBJECT_TYPE = "caption"

    clip = models.OneToOneField(Clip, on_delete=models.PROTECT, related_name="caption")
    head = models.ForeignKey("annotation.CaptionRevision", on_delete=models.PROTECT, null=True, related_name="+")
    approved_revision = models.ForeignKey(
        "annotation.CaptionRevision", on_delete=models.PROTECT, null=True, related_name="+"
    )

    objects = CaptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=sorted({to for targets in CAPTION_MOVES.values() for to in targets})),
                name="caption_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.APPROVED) | Q(approved_revision=F("head")),
                name="caption_approved_is_head",
            ),
        ]

    def __str__(self) -> str:
        return f"caption of {self.clip}"


class CaptionRevision(RevisionBase):
    """people: `[{"key": "P1", "description": "…"}]`, saved, compared and restored with the text."""

    caption = models.ForeignKey(Caption, on_delete=models.PROTECT, related_name="revisions")
    text = models.TextField()
    people = models.JSONField(default=list)

    class Meta:
        ordering = ["caption", "number"]
        constraints = [
            models.UniqueConstraint(fields=["caption", "number"], name="caption_revision_number_unique"),
            models.UniqueConstraint(fields=["caption", "parent"], name="caption_revision_one_child"),
        ]
        triggers = append_only_triggers()

    def __str__(self) -> str:
        return f"revision {self.number} of {self.caption}"

    @property
    def payload(self) -> dict[str, Any]:
        return {"text": self.text, "people": self.people}


class CaptionWorkingCopy(WorkingCopyBase):
    caption = models.ForeignKey(Caption, on_delete=models.CASCADE, related_name="working_copies")
    text = models.TextField(blank=True)
    people = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["caption", "owner"], name="caption_one_working_copy_per_owner"),
        ]

    def __str__(self) -> str:
        return f"unsaved words of {self.owner}"


class CaptionOpening(models.Model):
    """Who has had this caption on their screen: their blind answers on its clip are counted apart."""

    caption = models.ForeignKey(Caption, on_delete=models.PROTECT, related_name="openings")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["caption", "user"], name="caption_opening_once")]

    def __str__(self) -> str:
        return f"{self.caption} opened by {self.user}"


class CaptionReview(ReviewBase):
    caption = models.ForeignKey(Caption, on_delete=models.PROTECT, related_name="reviews")
    judged_revision = models.ForeignKey(CaptionRevision, on_delete=models.PROTECT, related_name="+")
    final_revision = models.ForeignKey(CaptionRevision, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=~Q(reviewer=F("judged_author")), name="caption_review_not_of_own_work"),
        ]
        triggers = [
            *append_only_triggers(),
            judged_author_trigger(revision_table="annotation_captionrevision"),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} of {self.judged_revision}"
