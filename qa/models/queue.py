"""The work on a clip's questions: one set for each clip, leased, put aside, handed in and spoken of as captions are."""

import pgtrigger
from django.db import models
from django.db.models import F, Q

from annotation.append_only import append_only_triggers
from annotation.models import Caption, Clip, Project, SkipReason, User
from annotation.models.work import CommentBase, LeaseBase, LeaseWork, SubmissionBase
from annotation.states import ClipStatus, State
from annotation.withdrawn_clips import clip_stands
from qa.models.items import CLIP_OF_ITEM, QAItem, QARevision


class QASet(models.Model):
    """The questions of one clip as a unit of work. Made with the clip's caption; the counts are kept by triggers.

    is_ready: the caption is approved, and the clip is not held. open_items: drafted or being edited.
    items: all but the dropped. priority, assigned_to, reserved_for, reserved_until: as for captions.
    """

    clip = models.OneToOneField(Clip, on_delete=models.PROTECT, related_name="qa_set")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    is_ready = models.BooleanField(default=False)
    items = models.PositiveIntegerField(default=0)
    open_items = models.PositiveIntegerField(default=0)
    items_in_review = models.PositiveIntegerField(default=0)
    priority = models.SmallIntegerField(default=0)
    assigned_to = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    reserved_for = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    reserved_until = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                "project",
                F("priority").desc(),
                "id",
                name="qa_set_to_edit",
                condition=Q(is_ready=True, open_items__gt=0),
            ),
            models.Index(
                "project",
                F("priority").desc(),
                "id",
                name="qa_set_to_write",
                condition=Q(is_ready=True, items=0),
            ),
            models.Index(
                "project",
                F("priority").desc(),
                "id",
                name="qa_set_to_review",
                condition=Q(is_ready=True, items_in_review__gt=0),
            ),
            models.Index("assigned_to", name="qa_set_assigned", condition=Q(assigned_to__isnull=False)),
            models.Index("reserved_for", name="qa_set_reserved", condition=Q(reserved_for__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"questions of {self.clip}"


def _recount(name: str, *, when: pgtrigger.Condition | None, operation: pgtrigger.Operation) -> pgtrigger.Trigger:
    """Count anew under the set's lock: what another transaction changed meanwhile is committed by then."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.After,
        operation=operation,
        condition=when,
        func=f"""
            INSERT INTO qa_qaset (clip_id, project_id, is_ready, items, open_items, items_in_review, priority)
                SELECT clip.id, clip.project_id, FALSE, 0, 0, 0, 0 FROM annotation_clip AS clip
                WHERE clip.id = NEW.clip_id
                ON CONFLICT (clip_id) DO NOTHING;
            PERFORM 1 FROM qa_qaset WHERE clip_id = NEW.clip_id FOR UPDATE;
            UPDATE qa_qaset SET is_ready = coalesce(found.is_ready, FALSE), items = found.items,
                open_items = found.open_items, items_in_review = found.items_in_review
                FROM (
                    SELECT (SELECT state = '{State.APPROVED}' AND NOT is_held FROM annotation_caption
                            WHERE clip_id = NEW.clip_id) AS is_ready,
                        count(*) FILTER (WHERE state <> '{State.DROPPED}') AS items,
                        count(*) FILTER (WHERE state IN ('{State.DRAFTED}', '{State.EDITING}')) AS open_items,
                        count(*) FILTER (WHERE state = '{State.IN_REVIEW}') AS items_in_review
                    FROM qa_qaitem WHERE clip_id = NEW.clip_id
                ) AS found
                WHERE qa_qaset.clip_id = NEW.clip_id;
            RETURN NULL;
        """,  # noqa: S608 - all of it is written above
    )


_BECOMES_OR_CEASES = f"""(
    '{State.APPROVED}' IN (OLD.state, NEW.state) AND OLD.state <> NEW.state OR OLD.is_held <> NEW.is_held
)"""


class CountedCaption(Caption):
    """The caption as the set of its clip's questions sees it: its triggers keep the set right."""

    class Meta:
        proxy = True
        triggers = [
            _recount("qa_set_made", when=None, operation=pgtrigger.Insert),
            _recount("qa_set_ready", when=pgtrigger.Condition(_BECOMES_OR_CEASES), operation=pgtrigger.Update),
        ]


class CountedItem(QAItem):
    """The question as the set of its clip sees it: its triggers keep the set right."""

    class Meta:
        proxy = True
        triggers = [
            _recount("qa_set_grown", when=None, operation=pgtrigger.Insert),
            _recount("qa_set_moved", when=pgtrigger.AnyChange("state"), operation=pgtrigger.Update),
        ]


class QALease(LeaseBase):
    qa_set = models.ForeignKey(QASet, on_delete=models.PROTECT, related_name="leases")

    class Meta:
        indexes = [
            models.Index("holder", name="qa_lease_live_of", condition=Q(ended_at=None)),
            models.Index("holder", "ended_at", name="qa_lease_of"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["qa_set"], condition=Q(ended_at=None), name="qa_one_live_lease"),
            models.CheckConstraint(condition=Q(work__in=LeaseWork.values), name="qa_lease_work_known"),
            models.CheckConstraint(condition=Q(ended_at=None) | ~Q(ended_how=""), name="qa_lease_end_named"),
        ]

    def __str__(self) -> str:
        return f"{self.qa_set} on the desk of {self.holder}"


class QASkip(models.Model):
    """Somebody put these questions aside: others get them, and they only once nothing else is left."""

    qa_set = models.ForeignKey(QASet, on_delete=models.PROTECT, related_name="skips")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    work = models.CharField(max_length=20, choices=LeaseWork.choices)
    reason = models.CharField(max_length=20, choices=SkipReason.choices)
    note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "qa_set", "work"], name="qa_skip_once")]
        triggers = [clip_stands("(SELECT clip_id FROM qa_qaset WHERE id = NEW.qa_set_id)")]

    def __str__(self) -> str:
        return f"{self.qa_set} skipped by {self.user}"


class QACommentQuerySet(models.QuerySet["QAComment"]):
    def visible_to(self, user: User) -> "QACommentQuerySet":
        return self.exclude(item__clip__state=ClipStatus.WITHDRAWN).filter(
            item__clip__project__memberships__user=user, item__clip__project__memberships__is_active=True
        )


class QAComment(CommentBase):
    item = models.ForeignKey(QAItem, on_delete=models.PROTECT, related_name="comments")

    objects = QACommentQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        triggers = [clip_stands(CLIP_OF_ITEM, locks=True)]

    def __str__(self) -> str:
        return f"note on {self.item}"


class QASubmission(SubmissionBase):
    """A question as it was handed in, or as a reviewer's fix left it.

    flags: `[{"rule", "blocks", "reason", "override"}]`; override: why it was handed in all the same, which a flag that
        blocks must have. active_ms: counted once for the questions handed in together.
    """

    item = models.ForeignKey(QAItem, on_delete=models.PROTECT, related_name="submissions")
    revision = models.ForeignKey(QARevision, on_delete=models.PROTECT, related_name="submissions")

    class Meta:
        ordering = ["id"]
        indexes = [models.Index("submitter", "created_at", name="qa_submission_of")]
        triggers = append_only_triggers()

    def __str__(self) -> str:
        return f"{self.revision} as handed in"
