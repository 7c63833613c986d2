"""Audits of training data: a random sample of its captions, judged by reviewers."""

from uuid import uuid4

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from annotation.append_only import AppendOnlyModel, append_only_triggers
from annotation.canonical import digest_of, microseconds
from annotation.caption_content import DraftError
from annotation.models import CaptionRevision, Clip, Draft, Project, User

MOST_ASKED = 5000
RIGHT = "right"
VERDICTS = [(RIGHT, "Right"), *DraftError.choices]


class AuditQuerySet(models.QuerySet["Audit"]):
    def visible_to(self, user: User) -> "AuditQuerySet":
        return self.filter(project__memberships__user=user, project__memberships__is_active=True)


class Audit(AppendOnlyModel):
    """One drawing of a sample. The same seed draws the same captions of the same candidates.

    number: counts the audits of a project from 1. asked: how many captions were asked for.
    candidates: of how many the sample was drawn.
    """

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="audits")
    number = models.PositiveIntegerField()
    seed = models.PositiveIntegerField()
    asked = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(MOST_ASKED)])
    candidates = models.PositiveIntegerField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["project", "number"], name="audit_number_unique")]
        triggers = append_only_triggers()

    def __str__(self) -> str:
        return f"{self.name} of {self.project}"

    @property
    def name(self) -> str:
        return f"audit {self.number}"


class AuditItem(AppendOnlyModel):
    """A caption of the sample. What is judged are its words when it was drawn, whatever became of them since.

    place: from 1, in the order of drawing. revision: what was approved then; draft: what nobody had touched yet.
    """

    audit = models.ForeignKey(Audit, on_delete=models.PROTECT, related_name="items")
    place = models.PositiveIntegerField()
    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="+")
    revision = models.ForeignKey(CaptionRevision, on_delete=models.PROTECT, null=True, related_name="+")
    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["audit", "place"]
        constraints = [
            models.UniqueConstraint(fields=["audit", "clip"], name="audit_item_once"),
            models.UniqueConstraint(fields=["audit", "place"], name="audit_item_place"),
            models.CheckConstraint(
                condition=Q(revision=None, draft__isnull=False) | Q(revision__isnull=False, draft=None),
                name="audit_item_has_words",
            ),
        ]
        triggers = append_only_triggers()

    def __str__(self) -> str:
        return f"{self.clip} in {self.audit}"

    @property
    def text(self) -> str:
        """The words to judge. A query for the draft or the revision unless it is fetched."""
        return self.revision.text if self.revision else str(self._draft.payload["caption"])

    @property
    def words_digest(self) -> str:
        """As `text`."""
        return self.revision.digest if self.revision else self._draft.digest

    @property
    def _draft(self) -> Draft:
        assert self.draft is not None  # noqa: S101 - a constraint says so
        return self.draft


class AuditMark(AppendOnlyModel):
    """One reviewer's judgement of a caption of the sample; of several the newest counts.

    verdict: `right`, or the kind of error: the one that weighs most where there are several.
    """

    item = models.ForeignKey(AuditItem, on_delete=models.PROTECT, related_name="marks")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=20, choices=VERDICTS)
    created_at = models.DateTimeField()
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict__in=[verdict for verdict, _ in VERDICTS]), name="audit_mark_verdict_known"
            )
        ]
        triggers = append_only_triggers()

    def __str__(self) -> str:
        return f"{self.verdict}: {self.item}"

    def computed_digest(self, *, pseudonym: str) -> str:
        """What the digest must be. Reads the item's audit, clip and words: 3 queries unless they are fetched."""
        return digest_of(
            {
                "v": 1,
                "audit": str(self.item.audit.uid),
                "clip": self.item.clip.object_id,
                "words": self.item.words_digest,
                "reviewer": pseudonym,
                "verdict": self.verdict,
                "created_at": microseconds(self.created_at),
            }
        )
