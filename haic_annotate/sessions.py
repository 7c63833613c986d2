"""How long somebody stays signed in: an idle and an absolute limit, whatever the browser keeps."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

SINCE, SEEN = "signed_in_since", "last_seen"
SEEN_EVERY_S = 5 * 60
"""So often the session's row is written, at most."""


@receiver(user_logged_in)
def begin(sender: object, request: HttpRequest, **kwargs: object) -> None:
    request.session[SINCE] = request.session[SEEN] = int(time.time())


class SessionLimitsMiddleware:
    """Stands right after AuthenticationMiddleware: a session past a limit is gone before anything asks who it is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = int(time.time())
            session = request.session
            since, seen = session.get(SINCE, now), session.get(SEEN, now)
            if now - since > settings.SESSION_COOKIE_AGE or now - seen > settings.SESSION_IDLE_SECONDS:
                logout(request)
            elif SINCE not in session or now - seen > SEEN_EVERY_S:
                session[SINCE], session[SEEN] = since, now
        return self.get_response(request)
