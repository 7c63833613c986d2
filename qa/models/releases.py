"""Releases: what was approved at one moment, frozen for good."""

from uuid import uuid4

from django.conf import settings
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models

from annotation.append_only import AppendOnlyModel, append_only_triggers
from annotation.models import Clip, Project, User

VERSION_PATTERN = r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"

DOI_PATTERN = r"10\.\d{4,9}/[-._;()/:A-Za-z0-9]+"


class ReleaseQuerySet(models.QuerySet["Release"]):
    def visible_to(self, user: User) -> "ReleaseQuerySet":
        return self.filter(project__memberships__user=user, project__memberships__is_active=True)


class ReleaseKind(models.TextChoices):
    BENCHMARK = "benchmark", "Benchmark"
    TRAIN = "train", "Training data"


class ReleaseSettings(models.Model):
    """What a project's releases ask for.

    held_out_percent: share of source videos whose clips are published without captions and keys.
    blind_answer_floor: how many people must have answered a question blind, in the words that were approved.
    audit_floor_percent: how many percent of training data must be right, of which an audit has to make certain (the
        lower end of its interval); 0 asks for no audit.
    authors: who is cited, one a line, `Family, Given`; without them the project is. doi: of all versions together.
    """

    project = models.OneToOneField(Project, on_delete=models.PROTECT, related_name="release_settings")
    held_out_percent = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(90)])
    blind_answer_floor = models.PositiveSmallIntegerField(default=1, validators=[MaxValueValidator(5)])
    audit_floor_percent = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(100)])
    authors = models.TextField(blank=True, max_length=5000)
    doi = models.CharField(max_length=200, blank=True, validators=[RegexValidator(f"^{DOI_PATTERN}$")])

    def __str__(self) -> str:
        return f"releases of {self.project}"


class Release(AppendOnlyModel):
    """A version of a project's benchmark, or of its training data. Frozen the moment it exists.

    digest: sha256 over canonical JSON lines of its items' content, in clip_id order.
    items_digest: sha256 over lines `clip_id digest` of its items, in the same order. It can be computed after the words
        of a clip were erased, which `digest` cannot.
    salt: what the order of options was drawn with.
    filters: `{"categories": [name], "splits": [name]}`: what was let in.
    counts: `{"clips", "questions", "by_category": {category: n}, "held_out": clips}`; of training data also `"drafted"`
        (clips whose caption nobody approved) and `"excluded": {why: clips}`.
    key_positions: how many questions have their key in place A, B, C, D.
    overrides: `[{"id", "rule", "reason"}]`: questions approved although a check that blocks had fired.
    audit: of training data, `{"seed", "asked", "right", "errors": {kind: n}, "interval": [low, high]}`, the interval in
        percent; None without an audit.
    """

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="releases")
    version = models.CharField(max_length=40, validators=[RegexValidator(f"^{VERSION_PATTERN}$")])
    kind = models.CharField(max_length=20, choices=ReleaseKind.choices, default=ReleaseKind.BENCHMARK)
    notes = models.TextField(blank=True)
    salt = models.CharField(max_length=32, blank=True)
    filters = models.JSONField(default=dict)
    held_out_percent = models.PositiveSmallIntegerField(default=0)
    counts = models.JSONField()
    key_positions = models.JSONField(default=list)
    overrides = models.JSONField(default=list)
    audit = models.JSONField(null=True)
    frozen_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    frozen_at = models.DateTimeField()
    digest = models.CharField(max_length=64)
    items_digest = models.CharField(max_length=64)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ["-frozen_at"]
        constraints = [
            models.UniqueConstraint(fields=["project", "version"], name="release_version_unique"),
            models.CheckConstraint(condition=models.Q(kind__in=ReleaseKind.values), name="release_kind_known"),
        ]
        triggers = append_only_triggers()

    def __str__(self) -> str:
        return f"{self.project} {self.version}"


class ReleaseItem(AppendOnlyModel):
    """One clip of a release with its caption and questions, as they were.

    content: the clip's frozen facts; integer milliseconds, options in their published order.
    digest: sha256 of the content's canonical JSON.
    """

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="items")
    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="+")
    clip_id_text = models.CharField(max_length=100)
    content = models.JSONField()
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["release", "clip_id_text"]
        constraints = [models.UniqueConstraint(fields=["release", "clip"], name="release_item_once")]
        triggers = append_only_triggers()

    def __str__(self) -> str:
        return f"{self.clip_id_text} in {self.release}"


class ReleaseTally(models.Model):
    """How much changed between two releases of a project, counted once: frozen rows change only by being erased.

    counts: the fields of `qa.releases.changelog.Tally`.
    """

    earlier = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="+")
    later = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="tallies")
    counts = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["earlier", "later"], name="release_tally_once")]

    def __str__(self) -> str:
        return f"{self.earlier} to {self.later}"
