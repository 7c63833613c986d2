"""Who is in a project, the way in, and the project's settings."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from annotation.errors import BadInput
from annotation.forms import InvitationForm, MemberForm, NewAccountForm, ProjectSettingsForm, add_problems
from annotation.models import Invitation, Membership, Role
from annotation.services.invitations import accept_as, accept_with_new_account, find_open, invite
from annotation.services.projects import change_member, change_settings
from annotation.views.pages import (
    ProjectPage,
    project_page,
    refuse_unknown_fields,
    refuse_unknown_parameters,
    signed_in,
)


@require_http_methods(["GET", "POST"])
def people(request: HttpRequest, slug: str) -> HttpResponse:
    """The members; for administrators also roles and invitations. A new link is shown once, on the answer itself."""
    page = project_page(request, slug)
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _, token = invite(project=page.project, invited_by=page.user, **form.cleaned_data)
        except BadInput as error:
            add_problems(form, error)
        else:
            link = settings.SITE_URL + reverse("invitation", args=[token])  # never what a request says of our name
            return render(request, "annotation/people.html", _people_context(page, InvitationForm(), link=link))
    return render(request, "annotation/people.html", _people_context(page, form), status=400 if form.errors else 200)


@require_http_methods(["POST"])
def member(request: HttpRequest, slug: str) -> HttpResponse:
    page = project_page(request, slug, right="invite")
    form = MemberForm(request.POST)
    if not form.is_valid():
        raise BadInput({field: " ".join(map(str, errors)) for field, errors in form.errors.items()})
    change_member(project=page.project, user=page.user, **form.cleaned_data)
    messages.success(request, f"Changed {form.cleaned_data['username']}.")
    return redirect("people", slug)


@require_http_methods(["GET", "POST"])
def project_settings(request: HttpRequest, slug: str) -> HttpResponse:
    page = project_page(request, slug, right="configure")
    names = (
        *("name", "description", "guideline", "watch_floor_percent", "keep_words_hours"),
        *("reviews_per_caption", "blind_answers_per_question"),
    )
    initial = {name: getattr(page.project, name) for name in names}
    form = ProjectSettingsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            change_settings(project=page.project, user=page.user, **form.cleaned_data)
        except BadInput as error:
            add_problems(form, error)
        else:
            messages.success(request, "Settings saved.")
            return redirect("project_settings", slug)
    context = page.context(current="project_settings", form=form)
    return render(request, "annotation/settings.html", context, status=400 if form.errors else 200)


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Accept an invitation: with a new account, or as the person who is signed in."""
    refuse_unknown_parameters(request)
    found = find_open(token)
    if request.user.is_authenticated and found.project is not None:
        return _join(request, found, token)
    form = NewAccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = accept_with_new_account(token=token, **form.cleaned_data)
        except BadInput as error:
            add_problems(form, error)
        else:
            login(request, user, backend="allauth.account.auth_backends.AuthenticationBackend")
            return redirect("projects")
    context = {"invitation": found, "role": Role(found.role).label, "form": form}
    return render(request, "annotation/invitation.html", context, status=400 if form.errors else 200)


def _join(request: HttpRequest, found: Invitation, token: str) -> HttpResponse:
    if request.method == "POST":
        refuse_unknown_fields(request, frozenset())
        project = accept_as(token=token, user=signed_in(request))
        return redirect("project", project.slug) if project else redirect("projects")
    return render(request, "annotation/invitation.html", {"invitation": found, "role": Role(found.role).label})


def _people_context(page: ProjectPage, form: InvitationForm, *, link: str = "") -> dict[str, Any]:
    members = Membership.objects.filter(project=page.project).select_related("user")
    open_invitations = Invitation.objects.open().filter(project=page.project).select_related("invited_by")
    may_invite = page.may("invite")
    return page.context(
        current="people",
        members=members,
        roles=Role.choices,
        invitations=open_invitations if may_invite else [],
        may_invite=may_invite,
        form=form,
        link=link,
    )
