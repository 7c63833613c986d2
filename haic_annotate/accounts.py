"""Sign-in is allauth's. Nobody signs up: an account comes from an invitation (annotation.services.invitations)."""

from collections.abc import Callable, Set
from functools import wraps
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal.ratelimit import get_ip
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from annotation.models import User
from annotation.views.pages import refuse_unknown_fields, refuse_unknown_parameters


def strict(
    view: Callable[..., HttpResponse], *, parameters: Set[str] = frozenset(), fields: Set[str] | None = None
) -> Callable[..., HttpResponse]:
    """A view of allauth's that refuses what it does not know. fields: of a view without a form that looks at them."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        refuse_unknown_parameters(request, frozenset(parameters))
        if fields is not None:
            refuse_unknown_fields(request, frozenset(fields))
        return view(request, *args, **kwargs)

    return checked


class ClosedAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Wrong passwords count for a name from one address: nobody locks others out, wherever they come from."""
        return f"{super()._get_login_attempts_cache_key(request, **credentials)}:{get_ip(request)}"

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """Only who knows the password is told."""
        messages.error(request, "This account is switched off. Ask an administrator of your project.")
        return redirect("account_login")
