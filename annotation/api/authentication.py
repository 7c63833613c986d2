"""Who asks: a browser by its session, or a program by `Authorization: Bearer haic_…`."""

from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from annotation.models import ApiToken, Scope, User
from annotation.services.tokens import token_behind

SCHEME = "Bearer"


class TokenAuthentication(BaseAuthentication):
    """Refuses a bad token instead of going on as nobody."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != SCHEME.lower():
            return None
        token = token_behind(secret.strip())
        if token is None:
            raise exceptions.AuthenticationFailed("This token is unknown, has expired or was revoked.")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return SCHEME


class WithinScope(BasePermission):
    """What a token's scope allows; a session may do all that its person may."""

    message = "This token may read only."

    def has_permission(self, request: Request, view: object) -> bool:
        token = request.auth
        return not isinstance(token, ApiToken) or token.scope == Scope.WRITE or request.method in SAFE_METHODS
