"""Raw videos and their scenes: what was measured of them, and what was decided by which thresholds.

Measured once, decided as often as thresholds move. A decision is a state, and each change of it an event.
"""

from typing import ClassVar
from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from annotation.append_only import AppendOnlyModel, append_only_triggers
from annotation.models.clips import CLIP_ID_PATTERN, Clip
from annotation.models.projects import Project, User
from annotation.states import SCREENING_MOVES, ClipStatus, Screened


class VideoBatchQuerySet(models.QuerySet["VideoBatch"]):
    def visible_to(self, user: User) -> "VideoBatchQuerySet":
        return self.filter(project__memberships__user=user, project__memberships__is_active=True)


class VideoBatch(models.Model):
    """Raw videos that came in together."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="video_batches")
    name = models.CharField(max_length=200)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = VideoBatchQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "video batches"

    def __str__(self) -> str:
        return self.name


class ThresholdSet(AppendOnlyModel):
    """The thresholds of a project from a moment on; the newest is in force. values: as `Thresholds.to_json` gives."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="threshold_sets")
    values = models.JSONField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        triggers = append_only_triggers()

    def __str__(self) -> str:
        return f"thresholds {self.pk} of {self.project}"


class ScreenedModel(models.Model):
    """What is kept or dropped. state: empty until it is measured.

    stage, reason: why it is dropped, as in `accumulation.screening.REASONS` or the code of a refusal.
    by_hand: a person decided, so thresholds decide no more; hand_reason: in their words.
    """

    MOVES = SCREENING_MOVES
    OBJECT_TYPE: ClassVar[str]

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=20, choices=Screened.choices, blank=True)
    stage = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=40, blank=True)
    by_hand = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    hand_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        abstract = True

    @property
    def object_id(self) -> str:
        return str(self.uid)


class SourceVideoQuerySet(models.QuerySet["SourceVideo"]):
    def visible_to(self, user: User) -> "SourceVideoQuerySet":
        return self.filter(project__memberships__user=user, project__memberships__is_active=True)


class SourceVideo(ScreenedModel):
    """A raw video. Its bytes never change: other bytes are another video.

    verbs: those in the description that name an act of a human body. attempt: counts leases, and is the token that a
    worker must still hold when it writes. detail: why it was refused, in words. frames_decoded: for measuring, in all.
    measured_with: names and versions of what measured it; cpu_s: seconds per stage.
    withdrawn_at: when the last clip that was cut of it was withdrawn: its file and its scenes' pictures go as well.
    """

    OBJECT_TYPE = "source_video"

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued"
        WORKING = "working", "Being measured"
        MEASURED = "measured", "Measured"
        REFUSED = "refused", "Refused"

    batch = models.ForeignKey(VideoBatch, on_delete=models.PROTECT, related_name="videos")
    video_id = models.CharField(max_length=90, validators=[RegexValidator(f"^{CLIP_ID_PATTERN}$")])
    file = models.FileField(max_length=300)
    sha256 = models.CharField(max_length=64)
    original_name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField()

    source = models.CharField(max_length=500, blank=True)
    source_id = models.CharField(max_length=200, blank=True)
    source_url = models.CharField(max_length=2000, blank=True)
    license = models.CharField(max_length=200, blank=True)
    may_redistribute = models.BooleanField(default=True)
    description = models.TextField(blank=True)
    subtitles = models.TextField(blank=True)
    metadata = models.JSONField(default=dict)
    verbs = ArrayField(models.CharField(max_length=60), default=list)

    status = models.CharField(max_length=20, choices=Status.choices, default=Status.QUEUED)
    detail = models.CharField(max_length=500, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)

    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    fps = models.FloatField(null=True)
    duration_ms = models.PositiveIntegerField(null=True)
    has_audio = models.BooleanField(default=False)
    frames_decoded = models.PositiveIntegerField(default=0)
    measured_with = models.JSONField(default=dict)
    cpu_s = models.JSONField(default=dict)
    measured_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SourceVideoQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "video_id"], name="source_video_id_unique_in_project"),
            models.CheckConstraint(
                condition=~Q(state=Screened.DROPPED) | ~Q(reason=""), name="source_video_dropped_has_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["batch", "state", "reason"], name="source_video_funnel"),
            models.Index(
                fields=["lease_until"],
                name="source_video_open",
                condition=Q(status__in=["queued", "working"]),
            ),
        ]

    def __str__(self) -> str:
        return self.video_id


class SceneQuerySet(models.QuerySet["Scene"]):
    def visible_to(self, user: User) -> "SceneQuerySet":
        """Without those whose clip was withdrawn."""
        standing = self.filter(Q(clip=None) | ~Q(clip__state=ClipStatus.WITHDRAWN))
        return standing.filter(project__memberships__user=user, project__memberships__is_active=True)


class Scene(ScreenedModel):
    """A stretch of a raw video between two cuts, `[start_frame, end_frame)`, and what was measured in it.

    samples: frames that were looked at. people_frames: at k - 1, how many of them hold k people or more.
    area: share of the picture, motion: body heights in 0.4 s. bars: pixels (left, top, right, bottom) that stay black.
    hashes: perceptual, of three frames. shown: boxes and skeletons on the thumbnail.
    clip: what it became. cut: whether it is to become one, and how far that is.
    """

    OBJECT_TYPE = "scene"

    class Cut(models.TextChoices):
        NONE = "", "Not asked for"
        QUEUED = "queued", "Queued"
        WORKING = "working", "Being cut"
        DONE = "done", "Cut"
        FAILED = "failed", "Failed"

    video = models.ForeignKey(SourceVideo, on_delete=models.PROTECT, related_name="scenes")
    batch = models.ForeignKey(VideoBatch, on_delete=models.PROTECT, related_name="scenes")
    number = models.PositiveIntegerField()
    start_frame = models.PositiveIntegerField()
    end_frame = models.PositiveIntegerField()
    start_ms = models.PositiveIntegerField()
    end_ms = models.PositiveIntegerField()
    length_ms = models.PositiveIntegerField()
    samples = models.PositiveIntegerField()
    people_frames = ArrayField(models.PositiveIntegerField())
    area = models.FloatField()
    motion = models.FloatField()
    pairs = models.PositiveIntegerField()
    bars = ArrayField(models.PositiveIntegerField(), size=4)
    hashes = ArrayField(models.CharField(max_length=16))
    thumbnail = models.FileField(max_length=300, blank=True)
    shown = models.JSONField(default=dict)
    near = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")

    cut = models.CharField(max_length=20, choices=Cut.choices, blank=True, default=Cut.NONE)
    cut_detail = models.CharField(max_length=500, blank=True)
    cut_attempt = models.PositiveIntegerField(default=0)
    cut_lease_until = models.DateTimeField(null=True)
    frames_cut = models.PositiveIntegerField(default=0)
    clip = models.OneToOneField(Clip, on_delete=models.PROTECT, null=True, related_name="scene")

    objects = SceneQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["video", "number"], name="scene_once"),
            models.CheckConstraint(
                condition=~Q(state=Screened.DROPPED) | ~Q(reason=""), name="scene_dropped_has_reason"
            ),
            models.CheckConstraint(condition=Q(end_frame__gt=models.F("start_frame")), name="scene_has_frames"),
        ]
        indexes = [
            models.Index(fields=["batch", "state", "reason", "id"], name="scene_gallery"),
            models.Index(fields=["project", "state", "reason", "id"], name="scene_gallery_of_project"),
            # What thresholds ask for, without all else that a scene holds; columns of fixed width first: they are read
            # faster. At 100,000 scenes it takes half of the time.
            models.Index(
                fields=["project", "batch"],
                include=["length_ms", "samples", "area", "motion", "video", "people_frames", "by_hand", "state"],
                name="scene_measured",
            ),
            models.Index(fields=["cut_lease_until"], name="scene_to_cut", condition=Q(cut__in=["queued", "working"])),
        ]

    def __str__(self) -> str:
        return self.wanted_clip_id

    @property
    def wanted_clip_id(self) -> str:
        """Of the clip that it becomes. A query for the video unless it is fetched."""
        return f"{self.video.video_id}-s{self.number:02}"

    @property
    def length_s(self) -> float:
        return self.length_ms / 1000


class SceneHash(models.Model):
    """Four quarters of a perceptual hash, to find those that are near: hashes that differ in few bits share one."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    scene = models.ForeignKey(Scene, on_delete=models.CASCADE, related_name="quarters")
    place = models.PositiveSmallIntegerField()
    quarter = models.PositiveIntegerField()
    hash = models.CharField(max_length=16)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scene", "hash", "place"], name="scene_hash_once")]
        indexes = [models.Index(fields=["project", "place", "quarter"], name="scene_hash_near")]

    def __str__(self) -> str:
        return self.hash
