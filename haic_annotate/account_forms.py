"""allauth's forms, closed like our own: a field that they do not know is refused by its name."""

from allauth.account.forms import ChangePasswordForm, LoginForm

from annotation.forms import StrictForm


class StrictLoginForm(LoginForm, StrictForm):  # type: ignore[misc]
    """allauth's cleaning asks ours first: a form with more fields than it has tries no password."""

    read_elsewhere = frozenset({"next"})


class StrictChangePasswordForm(ChangePasswordForm, StrictForm):  # type: ignore[misc]
    pass
