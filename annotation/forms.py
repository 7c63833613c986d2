"""Forms: shapes of input. What is right is decided by the services; `add_problems` brings their answer back."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from annotation.errors import BadInput
from annotation.models import Role, Run, Scope


def add_problems(form: forms.Form, error: BadInput) -> None:
    """Show what a service refused beside the field it names, or above the form."""
    for field, problem in error.detail["fields"].items():
        form.add_error(field if field in form.fields else None, problem)


class StrictForm(forms.Form):
    """Refuses a field that it does not know, by name: nothing is set by the way."""

    read_elsewhere: frozenset[str] = frozenset()
    """Names that are sent with the form and are none of its fields."""

    def clean(self) -> dict[str, Any]:
        known = {*self.fields, *self.read_elsewhere, "csrfmiddlewaretoken"}
        unknown = sorted(name[:100] for name in {*self.data, *self.files} if name not in known)
        if unknown:
            raise forms.ValidationError([f"{name} is unknown." for name in unknown])
        return self.cleaned_data


class InvitationForm(StrictForm):
    role = forms.ChoiceField(choices=Role.choices)
    note = forms.CharField(max_length=120, required=False, label="For whom", help_text="A reminder for you.")


class MemberForm(StrictForm):
    username = forms.CharField(max_length=150)
    role = forms.ChoiceField(choices=Role.choices)
    is_active = forms.BooleanField(required=False)


class ProjectSettingsForm(StrictForm):
    name = forms.CharField(max_length=120)
    description = forms.CharField(max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 4}))
    guideline = forms.CharField(
        max_length=50_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text="Markdown. It opens beside the caption; HTML in it is shown as it is typed.",
    )
    watch_floor_percent = forms.IntegerField(
        min_value=0,
        max_value=100,
        required=False,
        label="Watched before handing in, in percent",
        help_text="So much of the clip must have been played; 0 asks for nothing.",
    )
    keep_words_hours = forms.IntegerField(
        min_value=1,
        max_value=720,
        required=False,
        label="A begun caption stays with its author for, in hours",
        help_text="Then it goes to whoever asks next. What was written is kept in any case.",
    )
    reviews_per_caption = forms.IntegerField(
        min_value=1,
        max_value=5,
        required=False,
        label="Approvals of each caption",
        help_text="With 2, two people must approve each caption; two verdicts that differ go to adjudication.",
    )
    blind_answers_per_question = forms.IntegerField(
        min_value=1,
        max_value=5,
        required=False,
        label="Blind answers to each question",
        help_text="With 2, two people must answer each question from the video alone, before they see its key.",
    )

    def clean_guideline(self) -> str:
        """Browsers send CRLF for each line end of a textarea."""
        text: str = self.cleaned_data["guideline"]
        return text.replace("\r\n", "\n")


class NewRunForm(StrictForm):
    kind = forms.ChoiceField(
        choices=[(one.value, one.label) for one in (Run.Kind.CAPTIONS, Run.Kind.QUESTIONS)],
        label="Draft",
        widget=forms.Select,
    )
    limit = forms.IntegerField(
        min_value=1, max_value=1_000_000, required=False, label="At most", help_text="Empty for all that waits."
    )
    is_batch = forms.BooleanField(required=False, label="In bulk, at half the price", help_text="May take a day.")


class BreakerForm(StrictForm):
    model = forms.CharField(max_length=200)


class DraftingSettingsForm(StrictForm):
    """Money in dollars; `fields` gives what is stored."""

    model = forms.CharField(max_length=200, required=False, help_text="As its vendor calls it.")
    frames = forms.IntegerField(min_value=1, max_value=64, help_text="Pictures of a clip that the model sees, 1 to 64.")
    long_side = forms.IntegerField(
        min_value=64, max_value=2048, label="Long side of a frame", help_text="Pixels, 64 to 2048; none is enlarged."
    )
    sends_context = forms.BooleanField(
        required=False,
        label="The model reads file name, source, description, subtitles and metadata too",
        help_text="Each draft records whether it did.",
    )
    questions_see_frames = forms.BooleanField(
        required=False, label="The model sees the frames when it drafts questions, not only the approved caption"
    )
    questions_per_category = forms.IntegerField(
        min_value=1, max_value=5, label="Questions of each category", help_text="Asked for at once, 1 to 5."
    )
    drafts_by_itself = forms.BooleanField(
        required=False,
        label="Draft by itself",
        help_text="What comes to wait is drafted without being asked for, once: captions of new clips, questions of"
        " approved captions. Pause its run to hold it.",
    )
    cap_usd = forms.DecimalField(
        min_value=0,
        max_value=1_000_000,
        decimal_places=2,
        required=False,
        label="Cap in all, in dollars",
        help_text="Empty for none beside the installation's own; 0 stops drafting.",
    )
    day_cap_usd = forms.DecimalField(
        min_value=0, max_value=1_000_000, decimal_places=2, required=False, label="Cap a day, in dollars (days are UTC)"
    )
    control_percent = forms.IntegerField(
        min_value=0,
        max_value=100,
        label="Control share, in percent",
        help_text="So many clips are written without a draft, to compare with. Fixed for each clip at its import:"
        " a change counts for clips that come in later.",
    )


class ApiTokenForm(StrictForm):
    name = forms.CharField(max_length=60, label="What it is for")
    scope = forms.ChoiceField(choices=Scope.choices)
    days = forms.IntegerField(min_value=1, max_value=365, initial=90, label="Valid for, in days")


class NewAccountForm(StrictForm):
    first_name = forms.CharField(max_length=150, widget=forms.TextInput(attrs={"autocomplete": "given-name"}))
    last_name = forms.CharField(
        max_length=150, required=False, widget=forms.TextInput(attrs={"autocomplete": "family-name"})
    )
    username = forms.CharField(max_length=150, widget=forms.TextInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(
        max_length=200,
        strip=False,
        help_text="At least 12 characters; a few words are easy to remember and hard to guess.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class NewProjectForm(StrictForm):
    name = forms.CharField(max_length=120)
    slug = forms.CharField(
        max_length=50, label="Short name", help_text="Stands in addresses and commands: small letters, digits, dashes."
    )


class UploadForm(StrictForm):
    file = forms.FileField(
        label="Video", help_text="MP4, MOV, MKV, WebM or AVI; it is checked before it becomes a clip."
    )
    clip_id = forms.CharField(
        max_length=100, label="Clip id", help_text="Small letters, digits, dot, dash, underscore."
    )
    description = forms.CharField(max_length=10_000, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    source = forms.CharField(max_length=500, required=False, help_text="Where the video comes from.")
    source_id = forms.CharField(max_length=200, required=False, label="Source video id")
    source_url = forms.CharField(max_length=2000, required=False, label="Source address")
    license = forms.CharField(max_length=200, required=False)
    may_redistribute = forms.BooleanField(required=False, initial=True, label="The video may be redistributed")
    subtitles = forms.FileField(required=False, help_text="SRT or WebVTT.")


class VideoBatchForm(StrictForm):
    """What holds for each video of a batch that a manifest says nothing else of."""

    name = forms.CharField(max_length=200, required=False, label="Name of the batch")
    description = forms.CharField(
        max_length=10_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="If all videos show the same. A manifest describes each.",
    )
    source = forms.CharField(max_length=500, required=False, help_text="Where the videos come from.")
    license = forms.CharField(max_length=200, required=False, label="Licence")
    may_redistribute = forms.BooleanField(required=False, initial=True, label="The videos may be redistributed")


class PromptVersionForm(StrictForm):
    title = forms.CharField(max_length=120)
    text = forms.CharField(max_length=60_000, widget=forms.Textarea(attrs={"rows": 20, "spellcheck": "true"}))

    def clean_text(self) -> str:
        """Browsers send CRLF for each line end of a textarea; that alone is no other version."""
        text: str = self.cleaned_data["text"]
        return text.replace("\r\n", "\n")


class PromptChoiceForm(StrictForm):
    version = forms.CharField(max_length=64)


class PromptTryForm(StrictForm):
    version = forms.ChoiceField()
    clips = forms.CharField(
        max_length=400,
        label="Clips",
        help_text="Up to three clip ids, with spaces between. Each is one call or two, journalled and billed.",
    )


def _number(*, low: int, high: int, places: int = 9, label: str, help_text: str = "") -> forms.DecimalField:
    typed = forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"})
    return forms.DecimalField(
        min_value=low, max_value=high, decimal_places=places, label=label, help_text=help_text, widget=typed
    )


class ThresholdsForm(StrictForm):
    """Thresholds as people say them: seconds and percent. `values` gives what is stored, `of` is its opposite."""

    read_elsewhere = frozenset({"batch"})

    scene_min_s = _number(low=0, high=3600, places=3, label="Scenes last at least")
    scene_max_s = _number(low=0, high=3600, places=3, label="Scenes last at most")
    people_min = forms.IntegerField(min_value=1, max_value=9, label="People at least")
    people_max = forms.IntegerField(min_value=1, max_value=9, required=False, label="People at most")
    people_percent = _number(low=0, high=100, label="Frames with so many people, at least")
    area_percent = _number(low=0, high=100, label="Box area at least")
    motion_min = _number(low=0, high=10, label="Motion at least")
    min_side = forms.IntegerField(min_value=16, max_value=4320, label="Shorter side", help_text="Pixels, at least.")
    min_fps = _number(low=0, high=240, label="Frame rate", help_text="Frames a second, at least.")
    video_min_s = _number(low=0, high=86_400, places=3, label="Video lasts at least", help_text="Seconds.")
    video_max_s = _number(low=0, high=86_400, places=3, label="Video lasts at most", help_text="Seconds.")
    needs_description = forms.BooleanField(required=False, label="Needs a description")
    needs_action_verb = forms.BooleanField(
        required=False,
        label="A description must name what a body does",
        help_text="Such as “walks”. Videos without a description are not asked.",
    )

    SCALES = {
        "scene_min_s": ("scene_min_ms", 1000),
        "scene_max_s": ("scene_max_ms", 1000),
        "video_min_s": ("video_min_ms", 1000),
        "video_max_s": ("video_max_ms", 1000),
        "people_percent": ("people_share", 0.01),
        "area_percent": ("area_min", 0.01),
    }
    """Field -> what it is stored as, and how much of that is 1 here."""

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> dict[str, Any]:
        """What stands in the fields for stored values."""
        shown = {name: value for name, value in stored.items() if name in cls.base_fields}
        for field, (name, scale) in cls.SCALES.items():
            shown[field] = stored[name] / scale
        return {name: f"{value:.10g}" if isinstance(value, float) else value for name, value in shown.items()}

    def values(self) -> dict[str, Any]:
        """For `Thresholds.from_json`. The form is valid."""
        said = dict(self.cleaned_data)
        for field, (name, scale) in self.SCALES.items():
            value = said.pop(field)
            said[name] = int(value * scale) if scale > 1 else float(value / 100)
        return {name: float(value) if isinstance(value, Decimal) else value for name, value in said.items()}

    def add_refusal(self, error: BadInput) -> None:
        """What the service refused, at the field where it was typed and in its words."""
        fields = {name: field for field, (name, _) in self.SCALES.items()}
        for name, problem in error.detail["fields"].items():
            field = fields.get(name, name)
            words = problem
            for other, own in {**fields, "people_min": "people_min"}.items():
                words = words.replace(other, f"“{self.fields[own].label}”")
            self.add_error(field if field in self.fields else None, words)
