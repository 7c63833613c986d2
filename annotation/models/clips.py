"""Clips: the stretch of video that is captioned, and the files that show it."""

from decimal import Decimal
from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models

from annotation.models.projects import Project, User
from annotation.states import CLIP_MOVES, ClipStatus

CLIP_ID_PATTERN = r"[a-z0-9][a-z0-9._-]{0,99}"


class ClipQuerySet(models.QuerySet["Clip"]):
    def visible_to(self, user: User) -> "ClipQuerySet":
        """What is withdrawn is there for nobody."""
        return self.standing().filter(project__memberships__user=user, project__memberships__is_active=True)

    def standing(self) -> "ClipQuerySet":
        """All but the withdrawn."""
        return self.exclude(state=ClipStatus.WITHDRAWN)

    def withdrawn(self) -> "ClipQuerySet":
        return self.filter(state=ClipStatus.WITHDRAWN)

    def for_clip_table(self) -> "ClipQuerySet":
        """All the clip table shows of a clip and its caption: 1 query, however many rows."""
        return self.select_related("caption", "caption__head__author", "caption__assigned_to")


class Clip(models.Model):
    """One clip of a project. Its bytes never change: other bytes are another clip.

    `video` is what people watch and what is exported (MP4, H.264); `original` is what came in. All three files of a
    withdrawn clip are empty as soon as they are gone. erased_at: when its words were erased too.
    is_control: its caption is written without a draft, to compare with those that had one; fixed at import.
    """

    MOVES = CLIP_MOVES
    OBJECT_TYPE = "clip"

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="clips")
    clip_id = models.CharField(max_length=100, validators=[RegexValidator(f"^{CLIP_ID_PATTERN}$")])
    state = models.CharField(max_length=20, choices=ClipStatus.choices, default=ClipStatus.ACTIVE)

    original = models.FileField(max_length=300)
    original_sha256 = models.CharField(max_length=64)
    original_name = models.CharField(max_length=255)
    video = models.FileField(max_length=300)
    sha256 = models.CharField(max_length=64)
    poster = models.FileField(max_length=300)
    subtitles = models.TextField(blank=True)

    duration_ms = models.PositiveIntegerField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    fps = models.DecimalField(max_digits=7, decimal_places=3)
    frames = models.PositiveIntegerField()
    has_audio = models.BooleanField()

    source = models.CharField(max_length=500, blank=True)
    source_id = models.CharField(max_length=200, blank=True)
    source_url = models.CharField(max_length=2000, blank=True)
    source_start_ms = models.PositiveIntegerField(null=True)
    source_end_ms = models.PositiveIntegerField(null=True)
    license = models.CharField(max_length=200, blank=True)
    may_redistribute = models.BooleanField(default=True)
    description = models.TextField(blank=True)
    metadata = models.JSONField(default=dict)
    is_control = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)

    objects = ClipQuerySet.as_manager()

    class Meta:
        ordering = ["clip_id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "clip_id"], name="clip_id_unique_in_project"),
            models.CheckConstraint(condition=models.Q(state__in=ClipStatus.values), name="clip_state_known"),
            models.CheckConstraint(
                condition=models.Q(erased_at=None) | models.Q(state=ClipStatus.WITHDRAWN),
                name="clip_erased_is_withdrawn",
            ),
        ]
        indexes = [
            models.Index(fields=["project"], name="clip_withdrawn", condition=models.Q(state=ClipStatus.WITHDRAWN)),
        ]

    def __str__(self) -> str:
        return self.clip_id

    @property
    def object_id(self) -> str:
        return str(self.uid)

    @property
    def length_s(self) -> float:
        return self.duration_ms / 1000

    @property
    def last_frame(self) -> int:
        """Frames are counted from 0."""
        return max(self.frames - 1, 0)

    @property
    def frames_per_second(self) -> int | Decimal:
        """25 and 29.97, never 25.000."""
        return int(self.fps) if self.fps == self.fps.to_integral_value() else self.fps.normalize()


class ClipHashes(models.Model):
    """What a clip looks like, to find those that show the same.

    hashes: perceptual, of the frames at a sixth, the middle and five sixths of it; 16 hexadecimal digits each.
    """

    clip = models.OneToOneField(Clip, on_delete=models.PROTECT, related_name="looks")
    hashes = ArrayField(models.CharField(max_length=16))

    class Meta:
        verbose_name_plural = "clip hashes"

    def __str__(self) -> str:
        return f"looks of {self.clip}"


class UploadQuerySet(models.QuerySet["Upload"]):
    def visible_to(self, user: User) -> "UploadQuerySet":
        return self.filter(project__memberships__user=user, project__memberships__is_active=True)


class Upload(models.Model):
    """A video handed in through the browser; a worker makes it a clip or says why not."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued"
        WORKING = "working", "Being checked"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="uploads")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    wanted_clip_id = models.CharField(max_length=100)
    file = models.FileField(max_length=300)
    original_name = models.CharField(max_length=255)
    fields = models.JSONField(default=dict)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.QUEUED)
    reason = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.wanted_clip_id}: {self.status}"
