"""Releases: what was approved at one moment, frozen for good."""

from uuid import uuid4

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models

from annotation.append_only import AppendOnlyModel, append_only_triggers
from annotation.models import Clip, Project, User

VERSION_PATTERN = r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"


class ReleaseQuerySet(models.QuerySet["Release"]):
    def visible_to(self, user: User) -> "ReleaseQuerySet":
        return self.filter(project__memberships__user=user, project__memberships__is_active=True)


class Release(AppendOnlyModel):
    """A version of a project's benchmark. Frozen the moment it exists.

    digest: sha256 over canonical JSON lines of its items' content, in clip_id order.
    counts: `{"clips", "questions", "by_category": {category: n}}`.
    """

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="releases")
    version = models.CharField(max_length=40, validators=[RegexValidator(f"^{VERSION_PATTERN}$")])
    notes = models.TextField(blank=True)
    salt = models.CharField(max_length=32, blank=True)
    counts = models.JSONField()
    frozen_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    frozen_at = models.DateTimeField()
    digest = models.CharField(max_length=64)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ["-frozen_at"]
        constraints = [models.UniqueConstraint(fields=["project", "version"], name="release_version_unique")]
        triggers = append_only_triggers()

    def __str__(self) -> str:
        return f"{self.project} {self.version}"


class ReleaseItem(AppendOnlyModel):
    """One clip of a release with its caption and questions, as they were.

    content: the clip's frozen facts; integer milliseconds, options in their published order.
    """

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="items")
    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="+")
    clip_id_text = models.CharField(max_length=100)
    content = models.JSONField()

    class Meta:
        ordering = ["release", "clip_id_text"]
        constraints = [models.UniqueConstraint(fields=["release", "clip"], name="release_item_once")]
        triggers = append_only_triggers()

    def __str__(self) -> str:
        return f"{self.clip_id_text} in {self.release}"
