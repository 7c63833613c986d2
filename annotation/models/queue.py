"""The work on captions: who has one on the desk, who put one aside, what was handed in, which clips are in doubt."""

from django.db import models
from django.db.models import Q

from annotation.append_only import append_only_triggers
from annotation.models.captions import Caption, CaptionRevision
from annotation.models.clips import Clip
from annotation.models.projects import User
from annotation.models.work import CommentBase, LeaseBase, LeaseWork, SubmissionBase
from annotation.states import ClipStatus
from annotation.withdrawn_clips import CLIP_OF_CAPTION, clip_stands


class CaptionLease(LeaseBase):
    caption = models.ForeignKey(Caption, on_delete=models.PROTECT, related_name="leases")

    class Meta:
        indexes = [
            models.Index("holder", name="caption_lease_live_of", condition=Q(ended_at=None)),
            models.Index("holder", "ended_at", name="caption_lease_of"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["caption"], condition=Q(ended_at=None), name="caption_one_live_lease"),
            models.CheckConstraint(condition=Q(work__in=LeaseWork.values), name="caption_lease_work_known"),
            models.CheckConstraint(condition=Q(ended_at=None) | ~Q(ended_how=""), name="caption_lease_end_named"),
        ]

    def __str__(self) -> str:
        return f"{self.caption} on the desk of {self.holder}"


class SkipReason(models.TextChoices):
    CANNOT_TELL = "cannot_tell", "I cannot tell what happens"
    TOO_LONG = "too_long", "Too much for now"
    LANGUAGE = "language", "Needs a language I do not know"
    UPSETTING = "upsetting", "I do not want to watch this"
    OTHER = "other", "Other"


class CaptionSkip(models.Model):
    """Somebody put this caption aside: others get it, and they only once nothing else is left."""

    caption = models.ForeignKey(Caption, on_delete=models.PROTECT, related_name="skips")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    work = models.CharField(max_length=20, choices=LeaseWork.choices, default=LeaseWork.EDIT)
    reason = models.CharField(max_length=20, choices=SkipReason.choices)
    note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index("user", "caption", name="caption_skip_of")]
        triggers = [clip_stands(CLIP_OF_CAPTION)]

    def __str__(self) -> str:
        return f"{self.caption} skipped by {self.user}"


class CaptionCommentQuerySet(models.QuerySet["CaptionComment"]):
    def visible_to(self, user: User) -> "CaptionCommentQuerySet":
        standing = self.exclude(caption__clip__state=ClipStatus.WITHDRAWN)
        return standing.filter(caption__project__memberships__user=user, caption__project__memberships__is_active=True)


class CaptionComment(CommentBase):
    caption = models.ForeignKey(Caption, on_delete=models.PROTECT, related_name="comments")

    objects = CaptionCommentQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        triggers = [clip_stands(CLIP_OF_CAPTION, locks=True)]

    def __str__(self) -> str:
        return f"note on {self.caption}"


class CaptionSubmission(SubmissionBase):
    """flags: `[{"rule", "sentence", "reason"}]`; reason: why it was handed in all the same."""

    caption = models.ForeignKey(Caption, on_delete=models.PROTECT, related_name="submissions")
    revision = models.ForeignKey(CaptionRevision, on_delete=models.PROTECT, related_name="submissions")

    class Meta:
        ordering = ["id"]
        indexes = [models.Index("submitter", "created_at", name="caption_submission_of")]
        triggers = append_only_triggers()

    def __str__(self) -> str:
        return f"{self.revision} as handed in"


class ClipFlag(models.Model):
    """Somebody says that a clip cannot be used; an administrator decides. Its work is not handed out meanwhile."""

    class Reason(models.TextChoices):
        NO_PEOPLE = "no_people", "No people in it"
        STATIC = "static", "Nothing happens"
        DUPLICATE = "duplicate", "The same as another clip"
        OFFENSIVE = "offensive", "Offensive"
        TECHNICAL = "technical", "Damaged or unwatchable"
        SCREENING = "screening", "Below the thresholds now"

    class Decision(models.TextChoices):
        KEEP = "keep", "Kept"
        EXCLUDE = "exclude", "Excluded"

    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="flags")
    raised_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=20, choices=Reason.choices)
    note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    decision = models.CharField(max_length=20, choices=Decision.choices, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["clip", "raised_by"], condition=Q(decision=""), name="clip_flag_one_open_per_person"
            ),
            models.CheckConstraint(
                condition=Q(decision="", decided_at=None) | (~Q(decision="") & Q(decided_at__isnull=False)),
                name="clip_flag_decided_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clip}: {self.reason}"
