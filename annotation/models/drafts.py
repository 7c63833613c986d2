"""Drafts: what a model wrote, verbatim. Nobody changes one; accepting it copies it into a revision."""

from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from annotation.append_only import AppendOnlyModel, append_only_triggers
from annotation.canonical import microseconds
from annotation.digests import draft_digest
from annotation.models.clips import Clip
from annotation.models.projects import Project, User
from annotation.withdrawn_clips import clip_stands


class PromptQuerySet(models.QuerySet["Prompt"]):
    def of(self, project: Project) -> "PromptQuerySet":
        """Those that everybody has, and the project's own."""
        return self.filter(Q(project=None) | Q(project=project))


class Prompt(AppendOnlyModel):
    """One version of a prompt. Another text is another version.

    name: `caption`, `interaction` and the other categories, `repair`. version: sha256 of the text.
    project: None for those that came with the product.
    """

    name = models.CharField(max_length=40)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, null=True, related_name="prompts")
    version = models.CharField(max_length=64)
    title = models.CharField(max_length=120)
    text = models.TextField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PromptQuerySet.as_manager()

    class Meta:
        ordering = ["name", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["name", "project", "version"], name="prompt_version_once", nulls_distinct=False
            )
        ]
        triggers = append_only_triggers()

    def __str__(self) -> str:
        return f"{self.name} {self.version[:8]}"


class PromptChoice(models.Model):
    """Which version a project uses; without one it is the newest that came with the product."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="prompt_choices")
    name = models.CharField(max_length=40)
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="+")
    chosen_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    chosen_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="prompt_one_choice")]

    def __str__(self) -> str:
        return f"{self.project}: {self.prompt}"


class DraftingSettings(models.Model):
    """How a project drafts. Caps in micro-dollars, None for none beside the installation's own.

    sends_context: description, subtitles and metadata go to the model as well.
    control_percent: share of clips, fixed at their import, that nobody drafts.
    """

    project = models.OneToOneField(Project, on_delete=models.PROTECT, related_name="drafting_settings")
    model = models.CharField(max_length=200, blank=True)
    frames = models.PositiveSmallIntegerField(default=16, validators=[MinValueValidator(1), MaxValueValidator(64)])
    long_side = models.PositiveSmallIntegerField(
        default=512, validators=[MinValueValidator(64), MaxValueValidator(2048)]
    )
    sends_context = models.BooleanField(default=False)
    questions_see_frames = models.BooleanField(default=True)
    questions_per_category = models.PositiveSmallIntegerField(
        default=2, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    drafts_by_itself = models.BooleanField(default=False)
    cap_micro_usd = models.BigIntegerField(null=True)
    day_cap_micro_usd = models.BigIntegerField(null=True)
    control_percent = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(100)])

    def __str__(self) -> str:
        return f"drafting of {self.project}"


class FrameSet(models.Model):
    """Frames of a clip that were sampled once and are used again. The file is named by what it was made from."""

    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="frame_sets")
    count = models.PositiveSmallIntegerField()
    long_side = models.PositiveSmallIntegerField()
    file = models.FileField(max_length=300)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clip", "count", "long_side"], name="frame_set_once")]

    def __str__(self) -> str:
        return f"{self.count} frames of {self.clip_id}"


class Draft(AppendOnlyModel):
    """One caption, or one question, as a model wrote it.

    kind: `caption`, or `qa:<category>`.
    payload: `{"caption", "people": [{"key", "description"}]}`, or `{"question", "options": [text], "answer_index",
        "evidence": [{"start_ms", "text"}] (optional)}`.
    job: None for a draft that came with an import; `place` is its number among the drafts of its job.
    prompt_version: empty for an imported draft.
    provenance: `{"call", "frames_ms", "tokens", "cost_micro_usd" (of the whole call), "stop_reason", "sent"}`.
    """

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="drafts")
    kind = models.CharField(max_length=40)
    model = models.CharField(max_length=200)
    prompt_version = models.CharField(max_length=64, blank=True)
    job = models.ForeignKey("annotation.Job", on_delete=models.PROTECT, null=True, related_name="drafts")
    place = models.PositiveSmallIntegerField(default=0)
    payload = models.JSONField()
    provenance = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["job", "place"], name="draft_once_for_each_place_of_a_job"),
        ]
        triggers = [*append_only_triggers(), clip_stands("NEW.clip_id", locks=True)]

    def __str__(self) -> str:
        return f"{self.kind} of {self.clip_id} by {self.model}"

    def computed_digest(self) -> str:
        """Reads the clip, and the job if there is one: a query for each unless it is fetched."""
        return draft_digest(
            uid=str(self.uid),
            clip=self.clip.object_id,
            kind=self.kind,
            model=self.model,
            prompt_version=self.prompt_version,
            payload=self.payload,
            created_at=microseconds(self.created_at),
            job=str(self.job.uid) if self.job is not None else None,
            place=self.place,
            provenance=self.provenance,
        )


class DraftFlags(models.Model):
    """What the caption checks say of a drafted caption, so that whoever asks for drafts without flags asks in SQL.

    rules: those that fire, by id, under the rules of checks_version. A draft without a row was not checked yet.
    """

    draft = models.OneToOneField(Draft, on_delete=models.PROTECT, related_name="flags")
    checks_version = models.CharField(max_length=20)
    rules = ArrayField(models.CharField(max_length=60), default=list)

    class Meta:
        verbose_name_plural = "draft flags"

    def __str__(self) -> str:
        return f"{len(self.rules)} flags of {self.draft}"
