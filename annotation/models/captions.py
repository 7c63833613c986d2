"""Captions: exactly one for each clip; the text lives in its revisions."""

from typing import Any

import pgtrigger
from django.db import models
from django.db.models import F, Q

from annotation.append_only import append_only_triggers
from annotation.caption_content import CaptionContent
from annotation.models.clips import Clip
from annotation.models.projects import Project, User
from annotation.models.work import ReviewBase, RevisionBase, WorkingCopyBase, WorkObject
from annotation.states import CAPTION_MOVES, EDITABLE, ClipStatus, State
from annotation.withdrawn_clips import CLIP_OF_CAPTION, STATE_WRITTEN, clip_stands


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
        standing = self.exclude(clip__state=ClipStatus.WITHDRAWN)
        return standing.filter(clip__project__memberships__user=user, clip__project__memberships__is_active=True)

    def awaiting_review(self) -> "CaptionQuerySet":
        return self.filter(state=State.IN_REVIEW)

    def for_review_page(self) -> "CaptionQuerySet":
        """All the review page shows: 1 query (caption, clip, project, draft, head and its author)."""
        return self.select_related("clip__project", "draft", "head__author")


class Caption(WorkObject):
    """The description of one clip.

    project, is_held: facts of the clip, repeated here so that the queue is one index.
    is_held: the clip is excluded, or an administrator has to decide whether it is.
    reserved_for: whose returned work this is; nobody else gets it before reserved_until.
    """

    MOVES = CAPTION_MOVES
    OBJECT_TYPE = "caption"

    clip = models.OneToOneField(Clip, on_delete=models.PROTECT, related_name="caption")
    head = models.ForeignKey("annotation.CaptionRevision", on_delete=models.PROTECT, null=True, related_name="+")
    approved_revision = models.ForeignKey(
        "annotation.CaptionRevision", on_delete=models.PROTECT, null=True, related_name="+"
    )
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    is_held = models.BooleanField(default=False)
    priority = models.SmallIntegerField(default=0)
    assigned_to = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    reserved_for = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    reserved_until = models.DateTimeField(null=True)

    objects = CaptionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                "project",
                F("priority").desc(),
                "id",
                name="caption_to_edit",
                condition=Q(state__in=EDITABLE, is_held=False, assigned_to=None, reserved_for=None),
            ),
            models.Index(
                "project",
                F("priority").desc(),
                "id",
                name="caption_to_review",
                condition=Q(state=State.IN_REVIEW, is_held=False),
            ),
            models.Index(
                "project",
                "reserved_until",
                name="caption_reserved",
                condition=Q(state__in=EDITABLE, is_held=False, reserved_for__isnull=False),
            ),
            models.Index(
                "assigned_to",
                F("priority").desc(),
                "id",
                name="caption_assigned",
                condition=Q(state__in=EDITABLE, is_held=False, assigned_to__isnull=False),
            ),
            models.Index("project", "id", name="caption_disputed", condition=Q(state=State.DISPUTED)),
        ]
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
        triggers = [clip_stands("NEW.clip_id", operation=STATE_WRITTEN)]

    def __str__(self) -> str:
        return f"caption of {self.clip}"


class CaptionContentBase(models.Model):
    """The columns of a `CaptionContent`, which says what they mean."""

    text = models.TextField(blank=True)
    people = models.JSONField(default=list)
    critiques = models.JSONField(default=list)
    dismissed = models.JSONField(default=list)
    watched = models.JSONField(default=list)

    class Meta:
        abstract = True

    @property
    def content(self) -> CaptionContent:
        return CaptionContent(self.text, self.people, self.critiques, self.dismissed, self.watched)


class CaptionRevision(CaptionContentBase, RevisionBase):
    """All of its content is saved, compared and restored together."""

    caption = models.ForeignKey(Caption, on_delete=models.PROTECT, related_name="revisions")

    class Meta:
        ordering = ["caption", "number"]
        constraints = [
            models.UniqueConstraint(fields=["caption", "number"], name="caption_revision_number_unique"),
            models.UniqueConstraint(fields=["caption", "parent"], name="caption_revision_one_child"),
        ]
        triggers = [*append_only_triggers(), clip_stands(CLIP_OF_CAPTION)]

    def __str__(self) -> str:
        return f"revision {self.number} of {self.caption}"

    @property
    def payload(self) -> dict[str, Any]:
        return self.content.payload


class CaptionWorkingCopy(CaptionContentBase, WorkingCopyBase):
    caption = models.ForeignKey(Caption, on_delete=models.CASCADE, related_name="working_copies")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["caption", "owner"], name="caption_one_working_copy_per_owner"),
        ]
        triggers = [clip_stands(CLIP_OF_CAPTION, operation=pgtrigger.Insert | pgtrigger.Update)]

    def __str__(self) -> str:
        return f"unsaved words of {self.owner}"


class CaptionOpening(models.Model):
    """Who has been sent this caption's words: their blind answers on its clip are counted apart."""

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
        indexes = [models.Index("reviewer", "created_at", name="caption_review_by")]
        constraints = [
            models.CheckConstraint(condition=~Q(reviewer=F("judged_author")), name="caption_review_not_of_own_work"),
        ]
        triggers = [
            *append_only_triggers(),
            judged_author_trigger(revision_table="annotation_captionrevision"),
            clip_stands(CLIP_OF_CAPTION),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} of {self.judged_revision}"
