"""Exports that a worker writes for the page and the API: one zip each, kept until what is in it has to change."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.models import User
from qa.models.releases import Release


class ExportQuerySet(models.QuerySet["Export"]):
    def visible_to(self, user: User) -> "ExportQuerySet":
        members = Q(release__project__memberships__user=user, release__project__memberships__is_active=True)
        return self.wanted().filter(members)

    def wanted(self) -> "ExportQuerySet":
        return self.exclude(status=Export.Status.FORGOTTEN)


class Export(models.Model):
    """A release in a layout, as a zip.

    clips_done: read so far, of the release's; bytes: of the zip, growing while it is packed. sha256: of the whole zip,
    after which its file is named. lease_until: while a worker is at it; before, when it is tried again.
    A forgotten one is not there for anybody: its files go as soon as the store lets them.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", "Waits for a worker"
        WORKING = "working", "Being written"
        DONE = "done", "Ready"
        FAILED = "failed", "Failed"
        FORGOTTEN = "forgotten", "Forgotten"

    ON_THE_WAY = (Status.QUEUED, Status.WORKING)

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="exports")
    layout = models.CharField(max_length=40)
    with_history = models.BooleanField(default=False)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    status = models.CharField(max_length=20, choices=Status.choices, default=Status.QUEUED)
    clips_done = models.PositiveIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    file = models.FileField(max_length=200, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["release", "layout", "with_history"],
                condition=~Q(status="forgotten"),
                name="export_wanted_once",
            ),
            models.CheckConstraint(condition=~Q(status="done") | ~Q(file=""), name="export_done_has_file"),
            models.CheckConstraint(condition=~Q(status="failed") | ~Q(error=""), name="export_failed_has_error"),
        ]
        indexes = [
            models.Index(
                fields=["status", "lease_until"],
                name="export_open",
                condition=Q(status__in=["queued", "working", "forgotten"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.release} as {self.layout}: {self.status}"

    @property
    def folder(self) -> str:
        """Of its file in the store."""
        return f"exports/{self.uid.hex}"

    @property
    def is_on_the_way(self) -> bool:
        return self.status in self.ON_THE_WAY

    @property
    def download_name(self) -> str:
        release = self.release
        history = "-history" if self.with_history else ""
        return f"{release.project.slug}-{release.version}-{self.layout}{history}.zip"
