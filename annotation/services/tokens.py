"""API tokens: made by their owner, shown once, valid for a time, ended by their owner or with the account."""

import hashlib
import secrets
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from annotation.errors import BadInput, NotVisible
from annotation.models import ApiToken, Scope, User
from annotation.ready_sql import Ready
from annotation.text import checked_text

PREFIX = "haic_"
"""So that scanners for leaked secrets, and people, see what it is."""
LONGEST_DAYS = 365
_BY_HASH = Ready(
    lambda sha256: ApiToken.objects.filter(token_sha256=sha256).select_related("user").order_by(),
    sha256="?",
)


def make_token(*, user: User, name: str, scope: str, days: int) -> tuple[ApiToken, str]:
    """The token's row and its secret, which is stored nowhere. Raises BadInput."""
    if scope not in Scope.values:
        raise BadInput({"scope": "is none of the scopes"})
    if not 1 <= days <= LONGEST_DAYS:
        raise BadInput({"days": f"must be 1 to {LONGEST_DAYS}"})
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=checked_text(name, field="name", most=60, blank=False),
        scope=scope,
        token_sha256=_hash(secret),
        expires_at=timezone.now() + timedelta(days=days),
    )
    return token, secret


def revoke_token(*, user: User, token_id: int) -> None:
    """Ends it at once; ending it twice changes nothing. Raises NotVisible for another's token and for none."""
    token = ApiToken.objects.visible_to(user).filter(pk=token_id).first()
    if token is None:
        raise NotVisible
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())


def token_behind(secret: str) -> ApiToken | None:
    """The valid token of an active account, or None. Notes the day of its use, once a day."""
    token = _BY_HASH.first(sha256=_hash(secret))
    if token is None or not token.is_valid or not token.user.is_active:
        return None
    today = timezone.now().date()
    unnoted = Q(last_used_on=None) | Q(last_used_on__lt=today)
    if token.last_used_on != today:
        ApiToken.objects.filter(unnoted, pk=token.pk).update(last_used_on=today)
    return token


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
