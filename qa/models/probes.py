"""Drafted questions that a model answers before people get them: what leaks arrives flagged, or is written anew."""

from django.db import models
from django.db.models import Q

from annotation.models import CaptionRevision, Draft, Job
from qa.models.items import QAItem
from qa.models.runs import Setting


class DraftProbe(models.Model):
    """A drafted question that is held until it was answered without the video and from its caption alone.

    caption_revision: the approved caption from which it was drafted, which the second probe reads.
    evidence: measure -> `{"hits", "answers", "percent", "threshold"}`, of what was at its threshold.
    redraft: the work that writes another question in its place.
    item: the question that people got; None while it is held, and for one that was replaced.
    """

    class Outcome(models.TextChoices):
        HELD = "", "Being probed"
        SOUND = "sound", "Sound"
        FLAGGED = "flagged", "Flagged"
        REPLACED = "replaced", "Replaced"
        UNPROBED = "unprobed", "Too few answers"

    draft = models.OneToOneField(Draft, on_delete=models.PROTECT, related_name="probe")
    caption_revision = models.ForeignKey(CaptionRevision, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True, default=Outcome.HELD)
    evidence = models.JSONField(default=dict)
    redraft = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="replaces")
    item = models.OneToOneField(QAItem, on_delete=models.PROTECT, null=True, related_name="probe")
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index("id", name="draft_probe_held", condition=Q(outcome=""))]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="", item=None, settled_at=None)
                | Q(outcome="replaced", item=None, settled_at__isnull=False, redraft__isnull=False)
                | Q(outcome__in=["sound", "flagged", "unprobed"], item__isnull=False, settled_at__isnull=False),
                name="draft_probe_settled_has_item",
            ),
        ]

    def __str__(self) -> str:
        return f"probe of {self.draft_id}: {self.get_outcome_display()}"


class ProbeTry(models.Model):
    """One try of a held question in one setting, answered once. What was said stands in the journal of calls.

    order: ids of the options as they are shown. key_index: where the key stands.
    letter: "" where the reply settles on no option, which counts as wrong. answered_at: None until then.
    """

    probe = models.ForeignKey(DraftProbe, on_delete=models.PROTECT, related_name="tries")
    setting = models.CharField(max_length=20, choices=Setting.choices)
    try_number = models.PositiveSmallIntegerField()
    order = models.JSONField()
    key_index = models.PositiveSmallIntegerField()
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="probe_tries")
    letter = models.CharField(max_length=1, blank=True)
    is_right = models.BooleanField(default=False)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["probe", "id"]
        indexes = [models.Index(fields=["answered_at"], name="probe_try_answered")]
        constraints = [
            models.UniqueConstraint(fields=["probe", "setting", "try_number"], name="probe_try_once"),
            models.CheckConstraint(condition=Q(is_right=False) | ~Q(letter=""), name="probe_try_right_has_letter"),
        ]

    def __str__(self) -> str:
        return f"{self.setting} {self.try_number} of {self.probe_id}"
