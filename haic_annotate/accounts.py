"""Sign-in is allauth's. Nobody signs up: an account comes from an invitation (annotation.services.invitations)."""

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from annotation.models import User


class ClosedAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """Only who knows the password is told."""
        messages.error(request, "This account is switched off. Ask an administrator of your project.")
        return redirect("account_login")
