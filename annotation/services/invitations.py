"""The only way in: an invitation that works once. Its token is shown once and stored as a hash."""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotation.access import require
from annotation.errors import BadInput, InvitationUsed
from annotation.models import Invitation, Membership, Project, Role, User
from annotation.text import checked_text
from annotation.transactions import in_transaction

LIFETIME = timedelta(days=7)


def invite(*, project: Project, role: str, invited_by: User, note: str = "") -> tuple[Invitation, str]:
    """A new invitation and its token. Raises RightMissing, BadInput."""
    require(invited_by, "invite", project=project)
    if role not in Role.values:
        raise BadInput({"role": "is none of the roles"})
    return _make(project=project, role=role, invited_by=invited_by, note=checked_text(note, field="note", most=120))


def invite_first_admin() -> str:
    """The token of an invitation to set up the installation; earlier ones of the kind stop working."""
    Invitation.objects.filter(project=None, accepted_at=None).update(expires_at=timezone.now())
    return _make(project=None, role=Role.ADMIN, invited_by=None, note="first administrator")[1]


def find_open(token: str) -> Invitation:
    """The invitation behind a token. Raises InvitationUsed if it is used, expired or none."""
    invitation = Invitation.objects.open().filter(token_sha256=_hash(token)).select_related("project").first()
    if invitation is None:
        raise InvitationUsed("This invitation was used, has expired, or never existed. Ask for a new one.")
    return invitation


@in_transaction
def accept_with_new_account(*, token: str, username: str, first_name: str, last_name: str, password: str) -> User:
    """Make the account and use up the invitation, both or neither. Raises InvitationUsed, BadInput."""
    invitation = _locked(token)
    user = User(
        username=checked_text(username, field="username", most=150, blank=False),
        first_name=checked_text(first_name, field="first_name", most=150, blank=False),
        last_name=checked_text(last_name, field="last_name", most=150),
        is_staff=invitation.project is None,
    )
    try:
        user.clean_fields(exclude=["password"])
        validate_password(password, user)
    except ValidationError as error:
        problems = error.message_dict if hasattr(error, "error_dict") else {"password": error.messages}
        raise BadInput({name: " ".join(messages) for name, messages in problems.items()}) from error
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        raise BadInput({"username": "is taken"}) from error
    _use(invitation, user)
    return user


@in_transaction
def accept_as(*, token: str, user: User) -> Project | None:
    """A person who has an account joins. Raises InvitationUsed."""
    invitation = _locked(token)
    _use(invitation, user)
    return invitation.project


def _use(invitation: Invitation, user: User) -> None:
    invitation.accepted_at, invitation.accepted_by = timezone.now(), user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    if invitation.project is not None:
        Membership.objects.update_or_create(
            project=invitation.project, user=user, defaults={"role": invitation.role, "is_active": True}
        )


def _locked(token: str) -> Invitation:
    invitation = find_open(token)
    # Two browsers may accept at once: the second waits here and then finds it used.
    still_open = Invitation.objects.open().select_for_update().filter(pk=invitation.pk).first()
    if still_open is None:
        raise InvitationUsed("This invitation was used meanwhile.")
    return still_open


def _make(*, project: Project | None, role: str, invited_by: User | None, note: str) -> tuple[Invitation, str]:
    token = secrets.token_urlsafe(24)
    invitation = Invitation.objects.create(
        project=project,
        role=role,
        note=note,
        invited_by=invited_by,
        token_sha256=_hash(token),
        expires_at=timezone.now() + LIFETIME,
    )
    return invitation, token


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
