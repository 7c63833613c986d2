"""Forms: shapes of input. What is right is decided by the services; `add_problems` brings their answer back."""

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


class NewRunForm(StrictForm):
    kind = forms.ChoiceField(choices=Run.Kind.choices, label="Draft", widget=forms.Select)
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
