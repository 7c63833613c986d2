"""Evaluation: a model was asked the questions of a release, or somebody brought what it answered elsewhere."""

from uuid import uuid4

import pgtrigger
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from annotation.append_only import AppendOnlyModel, append_only_triggers
from annotation.models import CaptionRevision, Clip, Job, Project, Run, User
from annotation.withdrawn_clips import empty_when_erased
from qa.categories import Category
from qa.models.items import QAItem, QARevision
from qa.models.releases import Release

LONGEST_REPLY = 4000
"""Characters of a reply that are kept beside its letter; the whole stands in the journal of calls."""
MOST_TRIES = 10


class Setting(models.TextChoices):
    """What the one who answers is shown."""

    STANDARD = "standard", "Standard"
    CAPTION = "caption", "Caption"
    HUMAN_CAPTIONS = "human_captions", "Human captions"
    BLIND = "blind", "No video"
    DRAFT_CAPTION = "draft_caption", "Drafted captions"
    SINGLE_FRAME = "single_frame", "Single frame"
    SHUFFLED = "shuffled", "Shuffled options"
    NONE_OF_THESE = "none_of_these", "None of these"


class EvaluationRunQuerySet(models.QuerySet["EvaluationRun"]):
    def visible_to(self, user: User) -> "EvaluationRunQuerySet":
        return self.filter(project__memberships__user=user, project__memberships__is_active=True)


class EvaluationRun(models.Model):
    """One row of a table: a model in a setting, on a release or on what was approved when the run was made.

    model: under test; of `human_captions` and `draft_caption`, who wrote the captions. judge: who answers from
        captions; empty where the model answers itself.
    frames: how many it was shown; None where nobody knows or it makes no sense. tries: how often each question is put.
    questions: how many are put, each so many times. limit: of questions, as it was wanted; None for all.
    put_due: while a worker has not put them yet, when another is asked to.
    stands_still: nothing comes any more by itself, as the sweep saw it last.
    prompts: `{"answer": version, "describe": version}` of what was asked here; of an import, nothing.
    origin: where the answers come from. source_name: the file of an import.
    answering, describing: the work for the model; None for an import.
    """

    class Origin(models.TextChoices):
        ASKED = "asked", "Asked here"
        CAPTIONS = "captions", "Captions brought, judged here"
        LMMS_EVAL = "lmms_eval", "lmms-eval"
        VLMEVALKIT = "vlmevalkit", "VLMEvalKit"
        JSONL = "jsonl", "Predictions"
        PUBLISHED = "published", "Published"

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="evaluation_runs")
    release = models.ForeignKey(Release, on_delete=models.PROTECT, null=True, related_name="evaluation_runs")
    setting = models.CharField(max_length=20, choices=Setting.choices)
    model = models.CharField(max_length=200)
    judge = models.CharField(max_length=200, blank=True)
    frames = models.PositiveSmallIntegerField(null=True, validators=[MinValueValidator(1)])
    tries = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(MOST_TRIES)]
    )
    questions = models.PositiveIntegerField(default=0)
    limit = models.PositiveIntegerField(null=True)
    put_due = models.DateTimeField(null=True)
    stands_still = models.BooleanField(default=False)
    prompts = models.JSONField(default=dict)
    origin = models.CharField(max_length=20, choices=Origin.choices, default=Origin.ASKED)
    source_name = models.CharField(max_length=255, blank=True)
    answering = models.OneToOneField(Run, on_delete=models.PROTECT, null=True, related_name="evaluation")
    describing = models.OneToOneField(Run, on_delete=models.PROTECT, null=True, related_name="evaluation_of_captions")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = EvaluationRunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(setting__in=Setting.values), name="evaluation_run_setting_known"),
        ]

    def __str__(self) -> str:
        return f"{self.model}, {self.get_setting_display()}"


class WrittenCaption(AppendOnlyModel):
    """What a model wrote about a clip in the caption setting, here or elsewhere. job: None for an import."""

    run = models.ForeignKey(EvaluationRun, on_delete=models.PROTECT, related_name="captions")
    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["run", "clip"]
        constraints = [models.UniqueConstraint(fields=["run", "clip"], name="written_caption_once")]
        triggers = [
            *append_only_triggers(),
            empty_when_erased("NEW.clip_id", {"text": "''"}, operation=pgtrigger.Insert),
        ]

    def __str__(self) -> str:
        return f"caption of {self.clip_id} in {self.run_id}"


class AskedQuestion(models.Model):
    """One try of one question in a run: what is shown, and which work answers it.

    revision: the words that are asked. caption_revision: those that the judge of `human_captions` reads, and the one
        whose draft the judge of `draft_caption` reads.
    people: how many the approved caption names. try_number: from 1.
    order: ids of the options as they are shown; "none" stands for “None of these”. key_index: where the key is.
    job: what it waits for: the caption that is to be judged, then the answer. None for an import.
    """

    run = models.ForeignKey(EvaluationRun, on_delete=models.PROTECT, related_name="asked")
    item = models.ForeignKey(QAItem, on_delete=models.PROTECT, related_name="+")
    revision = models.ForeignKey(QARevision, on_delete=models.PROTECT, related_name="+")
    caption_revision = models.ForeignKey(CaptionRevision, on_delete=models.PROTECT, null=True, related_name="+")
    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="+")
    category = models.CharField(max_length=20, choices=Category.choices)
    people = models.PositiveSmallIntegerField()
    try_number = models.PositiveSmallIntegerField(default=1)
    order = models.JSONField()
    key_index = models.PositiveSmallIntegerField()
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="asked")

    class Meta:
        ordering = ["run", "id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "item", "try_number"], name="asked_question_once"),
            models.CheckConstraint(condition=Q(key_index__lt=4), name="asked_question_key_in_range"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} in {self.run_id}"


class Answer(AppendOnlyModel):
    """The reply to one try, read by `qa.answers`.

    letter: "" where the reply settles on no option, which counts as wrong. choice: the id of the option, or "none".
    """

    asked = models.OneToOneField(AskedQuestion, on_delete=models.PROTECT, related_name="answer")
    letter = models.CharField(max_length=1, blank=True)
    choice = models.CharField(max_length=40, blank=True)
    is_right = models.BooleanField()
    reply = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["asked"]
        constraints = [
            models.CheckConstraint(condition=Q(is_right=False) | ~Q(letter=""), name="answer_right_has_letter"),
        ]
        triggers = [
            *append_only_triggers(),
            empty_when_erased(
                "(SELECT clip_id FROM qa_askedquestion WHERE id = NEW.asked_id)",
                {"reply": "''"},
                operation=pgtrigger.Insert,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.letter or 'nothing'} for {self.asked_id}"


class RunFigures(models.Model):
    """A run's figures as they were counted last; pages read these, never the answers themselves.

    figures: as `qa.evaluation.figures.Figures.as_json`. answered: how many answers were counted.
    """

    run = models.OneToOneField(EvaluationRun, on_delete=models.CASCADE, related_name="counted")
    figures = models.JSONField()
    answered = models.PositiveIntegerField()
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"figures of {self.run_id}"


class BenchmarkScore(models.Model):
    """A model's score on some benchmark, measured elsewhere, in percent: for tables of gains."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="benchmark_scores")
    benchmark = models.CharField(max_length=100)
    model = models.CharField(max_length=200)
    percent = models.DecimalField(max_digits=5, decimal_places=2)
    source_name = models.CharField(max_length=255, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["benchmark", "model"]
        constraints = [
            models.UniqueConstraint(fields=["project", "benchmark", "model"], name="benchmark_score_once"),
            models.CheckConstraint(condition=Q(percent__gte=0, percent__lte=100), name="benchmark_score_in_percent"),
        ]

    def __str__(self) -> str:
        return f"{self.model} on {self.benchmark}"


class LeakSettings(models.Model):
    """When a project takes a question for leaking. Shares in percent; `least_answers` of each measure are needed.

    gates: a release needs every flag settled.
    probes: what is done about drafted questions, before people get them. probe_model: who answers them; empty is the
        model that drafts. probe_tries: how often, without the video and from the approved caption each.
    """

    class Probes(models.TextChoices):
        NONE = "", "Not at all"
        FLAG = "flag", "Flag those that leak"
        REDRAFT = "redraft", "Have those that leak written once more, then flag"

    project = models.OneToOneField(Project, on_delete=models.PROTECT, related_name="leak_settings")
    least_answers = models.PositiveSmallIntegerField(default=3, validators=[MinValueValidator(1)])
    blind_percent = models.PositiveSmallIntegerField(default=60, validators=[MaxValueValidator(100)])
    single_frame_percent = models.PositiveSmallIntegerField(default=100, validators=[MaxValueValidator(100)])
    order_percent = models.PositiveSmallIntegerField(default=50, validators=[MaxValueValidator(100)])
    caption_failure_percent = models.PositiveSmallIntegerField(default=50, validators=[MaxValueValidator(100)])
    gates = models.BooleanField(default=False)
    probes = models.CharField(max_length=10, choices=Probes.choices, blank=True, default=Probes.NONE)
    probe_model = models.CharField(max_length=200, blank=True)
    probe_tries = models.PositiveSmallIntegerField(
        default=3, validators=[MinValueValidator(1), MaxValueValidator(MOST_TRIES)]
    )

    def __str__(self) -> str:
        return f"leak lab of {self.project}"


class LeakFlag(models.Model):
    """A question that a measure found suspicious, in these words, until somebody has decided.

    evidence: `{"hits", "answers", "percent", "threshold", "runs": [uid]}`, as it was when the flag was last measured.
    """

    class Decision(models.TextChoices):
        OPEN = "", "To be decided"
        KEPT = "kept", "Kept"
        RETURNED = "returned", "Returned"

    item = models.ForeignKey(QAItem, on_delete=models.PROTECT, related_name="leak_flags")
    revision = models.ForeignKey(QARevision, on_delete=models.PROTECT, related_name="+")
    measure = models.CharField(max_length=40)
    evidence = models.JSONField()
    decision = models.CharField(max_length=10, choices=Decision.choices, blank=True, default=Decision.OPEN)
    reason = models.CharField(max_length=500, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index("item", name="leak_flag_open", condition=Q(decision=""))]
        constraints = [
            models.UniqueConstraint(fields=["revision", "measure"], name="leak_flag_once"),
            models.CheckConstraint(
                condition=Q(decision="", decided_by=None, decided_at=None)
                | ~Q(decision="") & Q(decided_at__isnull=False),
                name="leak_flag_decided_is_signed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.measure} of {self.item_id}"


class CountedStatistics(models.Model):
    """Figures of a project, or of one of its releases, as they were counted last; pages read these."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="counted_statistics")
    release = models.ForeignKey(Release, on_delete=models.CASCADE, null=True, related_name="counted_statistics")
    name = models.CharField(max_length=40)
    value = models.JSONField()
    counted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "release", "name"], nulls_distinct=False, name="counted_statistics_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.project}"
