"""What happened to somebody's work, told to them in the product."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotation.models.clips import Clip
from annotation.models.projects import User
from annotation.states import ClipStatus
from annotation.withdrawn_clips import clip_stands


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, user: User) -> "NotificationQuerySet":
        """The person's own, of the projects that they are still in, and of clips that still stand."""
        return self.exclude(clip__state=ClipStatus.WITHDRAWN).filter(
            recipient=user, clip__project__memberships__user=user, clip__project__memberships__is_active=True
        )

    def unread(self) -> "NotificationQuerySet":
        return self.filter(read_at=None)


class Notification(models.Model):
    """One thing that one person should know. It names the object; what it says now is read from there.

    question_id: "" for a caption. revision_number: the revision that it is about; of a fix, the one that was approved.
    text: of an answer to a note, its words; of work that waits, how much where it is more than the clip's.
    """

    class Kind(models.TextChoices):
        RETURNED = "returned", "Returned to you"
        FIXED = "fixed", "Fixed and approved"
        DISPUTED = "disputed", "Disputed"
        SETTLED = "settled", "Dispute settled"
        WAITING = "waiting", "Waiting for you"
        REPLY = "reply", "Answered your note"

    recipient = models.ForeignKey(User, on_delete=models.PROTECT, related_name="notifications")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="+")
    question_id = models.CharField(max_length=140, blank=True)
    revision_number = models.PositiveIntegerField(default=0)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    text = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["recipient", "-id"], name="notification_of"),
            models.Index("recipient", name="notification_unread", condition=Q(read_at=None)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["returned", "fixed", "disputed", "settled", "waiting", "reply"]),
                name="notification_kind_known",
            ),
        ]
        triggers = [clip_stands("NEW.clip_id", locks=True)]

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient}"
