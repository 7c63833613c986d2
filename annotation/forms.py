"""Forms: shapes of input. What is right is decided by the services; `add_problems` brings their answer back."""

from typing import Any

from django import forms

from annotation.errors import BadInput
from annotation.models import Role, Scope


def add_problems(form: forms.Form, error: BadInput) -> None:
    """Show what a service refused beside the field it names, or above the form."""
    for field, problem in error.detail["fields"].items():
        form.add_error(field if field in form.fields else None, problem)


class StrictForm(forms.Form):
    """Refuses a field that it does not know, by name: nothing is set by the way."""

    def clean(self) -> dict[str, Any]:
        known = {*self.fields, "csrfmiddlewaretoken"}
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
