"""Forms of questions and releases: shapes of input; the services decide."""

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from annotation.forms import StrictForm
from qa.categories import FACTS, Category
from qa.models import LeakSettings, ReleaseKind, Setting
from qa.models.audits import MOST_ASKED
from qa.models.runs import MOST_TRIES
from qa.releases.splits import Split
from qa.services.audits import MOST_SEED
from qa.services.leak_lab import NUMBERS
from qa.services.targets import MOST
from qa.services.withdrawal import LONGEST_REASON


class ReleaseForm(StrictForm):
    """None chosen of categories or splits is all of them."""

    version = forms.CharField(max_length=40)
    kind = forms.ChoiceField(
        choices=ReleaseKind.choices,
        required=False,
        help_text="Training data also takes drafted captions without flags, and nothing that a benchmark shows.",
    )
    notes = forms.CharField(
        max_length=10_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What readers should know. They stand in the changelog and in every export.",
    )
    categories = forms.MultipleChoiceField(
        choices=Category.choices, required=False, widget=forms.CheckboxSelectMultiple, label="Categories let in"
    )
    splits = forms.MultipleChoiceField(
        choices=[(Split.TEST.value, "Test"), (Split.HELD_OUT.value, "Held out")],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Splits let in",
    )


class EvaluationForm(StrictForm):
    """The releases to choose from are put in by the page."""

    read_elsewhere = frozenset({"verb"})

    release = forms.ChoiceField(label="On")
    setting = forms.ChoiceField(choices=Setting.choices)
    model = forms.CharField(
        max_length=200, required=False, label="Model under test", help_text="Needs none where captions are judged."
    )
    judge = forms.CharField(
        max_length=200, required=False, help_text="Who answers from captions. Keep one judge for all rows you compare."
    )
    frames = forms.IntegerField(min_value=1, max_value=64, required=False)
    tries = forms.IntegerField(
        min_value=1, max_value=MOST_TRIES, label="Tries of each question", help_text="More than one finds out luck."
    )
    limit = forms.IntegerField(min_value=1, max_value=1_000_000, required=False, label="At most so many questions")
    is_batch = forms.BooleanField(required=False, label="In bulk: half the price, within a day")


class ReleaseSettingsForm(StrictForm):
    held_out_percent = forms.IntegerField(
        min_value=0,
        max_value=90,
        label="Held out, in percent of source videos",
        help_text="Their clips are published without captions, keys and evidence, so that nobody can train on them."
        " All clips of one video stand on the same side.",
    )
    moves_clips = forms.BooleanField(required=False, label="Change the share all the same")
    blind_answer_floor = forms.IntegerField(
        min_value=0,
        max_value=5,
        label="Blind answers that each question needs",
        help_text="A question that fewer people answered from the video alone keeps a release from being frozen.",
    )
    audit_floor_percent = forms.IntegerField(
        min_value=0,
        max_value=100,
        label="Captions of training data that an audit must find right, in percent",
        help_text="0 asks for no audit.",
    )
    authors = forms.CharField(
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Who is cited: one a line, as “Family, Given” or the name of a group.",
    )
    doi = forms.CharField(
        max_length=240,
        required=False,
        label="DOI",
        help_text="Of all versions together, such as 10.5281/zenodo.1234567.",
    )


class AuditForm(StrictForm):
    asked = forms.IntegerField(
        min_value=1,
        max_value=MOST_ASKED,
        label="Captions",
        help_text="200 tell a share of 95 % to about 3 percent either way.",
    )
    seed = forms.IntegerField(
        min_value=0,
        max_value=MOST_SEED,
        required=False,
        help_text="The same seed draws the same captions. Without one a seed is drawn and noted.",
    )


class LeakSettingsForm(StrictForm):
    """A threshold for each measure that flags."""

    least_answers = forms.IntegerField(
        label="Answers that a measure needs",
        help_text="With fewer a question is not flagged by it. Tries and models count alike.",
    )
    blind_percent = forms.IntegerField(
        label="Right without the video, in percent", help_text="From this share on. Chance alone gives 25."
    )
    single_frame_percent = forms.IntegerField(label="Right from one frame, in percent")
    order_percent = forms.IntegerField(label="Moved by the order of options, in percent")
    caption_failure_percent = forms.IntegerField(label="Wrong from the approved caption, in percent")
    gates = forms.BooleanField(required=False, label="A release needs every flag decided")
    probes = forms.ChoiceField(
        choices=LeakSettings.Probes.choices,
        required=False,
        label="Drafted questions, before people get them",
        help_text="A model answers each without the video and from the caption alone; the thresholds above say what"
        " leaks. For each question that is twice as many short calls as there are tries.",
    )
    probe_model = forms.CharField(
        max_length=200, required=False, label="Model that answers them", help_text="Empty: the one that drafts."
    )
    probe_tries = forms.IntegerField(label="Tries of each")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, (least, most) in NUMBERS.items():
            field = self.fields[name]
            field.validators += [MinValueValidator(least), MaxValueValidator(most)]
            field.widget.attrs |= {"min": least, "max": most}


class QuestionTargetsForm(StrictForm):
    """One number for each category."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for category in Category:
            self.fields[category.value] = forms.IntegerField(
                min_value=0, max_value=MOST, label=category.label, help_text=FACTS[category].asks_about
            )


class WithdrawalForm(StrictForm):
    """Right only if the clip's id was typed, as nothing brings a withdrawn clip back."""

    reason = forms.CharField(
        max_length=LONGEST_REASON,
        help_text="Kept for good, in the history: say why, and name nobody.",
    )
    erase = forms.BooleanField(
        required=False,
        label="Erase its words too",
        help_text="Captions, questions, drafts, notes and what was said in review, also in frozen releases.",
    )
    confirm = forms.CharField(
        max_length=100, label="The clip's id, typed", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: Any, clip_id: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clip_id = clip_id

    def clean_confirm(self) -> str:
        typed: str = self.cleaned_data["confirm"]
        if typed != self.clip_id:
            raise forms.ValidationError(f"is not {self.clip_id}: nothing was withdrawn")
        return typed
