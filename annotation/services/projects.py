"""Projects and who is in them."""

import re

from django.db import IntegrityError, transaction

from annotation.access import require
from annotation.errors import BadInput
from annotation.models import Membership, Project, Role, User
from annotation.models.projects import SLUG_PATTERN
from annotation.text import checked_text
from annotation.transactions import in_transaction


@in_transaction
def create_project(*, slug: str, name: str, admin: User) -> Project:
    """A project with its first administrator. Raises BadInput."""
    if not re.fullmatch(SLUG_PATTERN, slug):
        raise BadInput({"slug": "use small letters, digits and dashes, starting with a letter or digit; at most 50"})
    name = checked_text(name, field="name", most=120, blank=False)
    try:
        with transaction.atomic():
            project = Project.objects.create(slug=slug, name=name)
    except IntegrityError as error:
        raise BadInput({"slug": f"“{slug}” is taken"}) from error
    Membership.objects.create(project=project, user=admin, role=Role.ADMIN)
    return project


def change_settings(*, project: Project, user: User, name: str, description: str) -> None:
    """Raises RightMissing, BadInput."""
    require(user, "configure", project=project)
    project.name = checked_text(name, field="name", most=120, blank=False)
    project.description = checked_text(description, field="description", most=2000)
    project.save(update_fields=["name", "description"])


@in_transaction
def change_member(*, project: Project, user: User, username: str, role: str, is_active: bool) -> None:
    """Change a member's role, or switch the membership off.

    Raises RightMissing, BadInput (a project keeps an administrator).
    """
    require(user, "invite", project=project)
    if role not in Role.values:
        raise BadInput({"role": "is none of the roles"})
    # Lock all admins: two who remove each other at once must not leave a project with none.
    members = Membership.objects.select_for_update().filter(project=project)
    member = members.filter(user__username=username).first()
    if member is None:
        raise BadInput({"username": "is no member of this project"})
    stays_admin = is_active and role == Role.ADMIN
    if not stays_admin and not members.filter(role=Role.ADMIN, is_active=True).exclude(pk=member.pk).exists():
        raise BadInput({"role": "this is the project's last administrator"})
    member.role, member.is_active = role, is_active
    member.save(update_fields=["role", "is_active"])
