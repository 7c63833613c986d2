"""Raw videos on their way from a browser: in chunks, each kept as it comes, until a worker has put them together."""

from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from annotation.models.clips import CLIP_ID_PATTERN
from annotation.models.projects import Project, User
from annotation.models.screening import SourceVideo, VideoBatch


class VideoUploadQuerySet(models.QuerySet["VideoUpload"]):
    def visible_to(self, user: User) -> "VideoUploadQuerySet":
        return self.filter(project__memberships__user=user, project__memberships__is_active=True)

    def open(self) -> "VideoUploadQuerySet":
        """Those that bytes may still come for, or a worker's answer."""
        return self.filter(status__in=VideoUpload.OPEN)


class VideoUpload(models.Model):
    """One raw video of a batch on its way.

    name: of the file as the browser says it, with folders if a folder was chosen; modified_ms: its time, since 1970.
    Both, and the size, are how a file that is chosen once more is known again. received: bytes from the first on that
    are kept. facts: as `VideoFacts`, until the video has them; subtitles_name: of a file that comes beside the video.
    """

    class Status(models.TextChoices):
        RECEIVING = "receiving", "On its way"
        QUEUED = "queued", "Waits for a worker"
        WORKING = "working", "Being put together"
        DONE = "done", "Taken in"
        REFUSED = "refused", "Refused"
        GIVEN_UP = "given_up", "Given up"

    OPEN = (Status.RECEIVING, Status.QUEUED, Status.WORKING)

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="video_uploads")
    batch = models.ForeignKey(VideoBatch, on_delete=models.PROTECT, related_name="uploads")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    wanted_video_id = models.CharField(max_length=90, validators=[RegexValidator(f"^{CLIP_ID_PATTERN}$")])
    name = models.CharField(max_length=500)
    size = models.PositiveBigIntegerField()
    modified_ms = models.PositiveBigIntegerField()
    facts: Any = models.JSONField(default=dict)
    subtitles_name = models.CharField(max_length=500, blank=True)
    lacks_subtitles = models.BooleanField(default=False)

    received = models.PositiveBigIntegerField(default=0)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.RECEIVING)
    reason = models.CharField(max_length=500, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    video = models.ForeignKey(SourceVideo, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    heard_at = models.DateTimeField(auto_now_add=True)

    objects = VideoUploadQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(received__lte=F("size")), name="video_upload_not_longer_than_said"),
            models.CheckConstraint(
                condition=~Q(status__in=["refused", "given_up"]) | ~Q(reason=""), name="video_upload_ended_has_reason"
            ),
            # Of one id only one upload is on its way: whoever finds the place taken goes on there.
            models.UniqueConstraint(
                fields=["project", "wanted_video_id"],
                condition=Q(status__in=["receiving", "queued", "working"]),
                name="video_upload_open_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["status", "lease_until"],
                name="video_upload_open",
                condition=Q(status__in=["receiving", "queued", "working"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.wanted_video_id}: {self.status}"

    @property
    def folder(self) -> str:
        """Of its chunks in the store: one each, under a name that nobody can guess (S-31)."""
        return f"incoming/{self.uid.hex}"

    @property
    def is_whole(self) -> bool:
        return self.received == self.size and not self.lacks_subtitles


class VideoChunk(models.Model):
    """A stretch of an upload, `[start, start + size)`, in a file of its own in the store."""

    upload = models.ForeignKey(VideoUpload, on_delete=models.CASCADE, related_name="chunks")
    start = models.PositiveBigIntegerField()
    size = models.PositiveIntegerField()
    file = models.CharField(max_length=300)

    class Meta:
        ordering = ["start"]
        constraints = [models.UniqueConstraint(fields=["upload", "start"], name="video_chunk_once")]

    def __str__(self) -> str:
        return self.file
