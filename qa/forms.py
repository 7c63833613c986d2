"""Forms of questions and releases: shapes of input; the services decide."""

from django import forms

from annotation.forms import StrictForm


class ReleaseForm(StrictForm):
    version = forms.CharField(
        max_length=40, help_text="Three numbers with dots, such as 1.0.0; later than the last one."
    )
    notes = forms.CharField(max_length=10_000, required=False, widget=forms.Textarea(attrs={"rows": 3}))
