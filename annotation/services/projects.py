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


def change_settings(
    *,
    project: Project,
    user: User,
    name: str,
    description: str,
    guideline: str | None = None,
    watch_floor_percent: int | None = None,
    keep_words_hours: int | None = None,
    reviews_per_caption: int | None = None,
    blind_answers_per_question: int | None = None,
) -> None:
    """None leaves a setting as it is. Raises RightMissing, BadInput."""
    require(user, "configure", project=project)
    project.name = checked_text(name, field="name", most=120, blank=False)
    project.description = checked_text(description, field="description", most=2000)
    if guideline is not None:
        project.guideline = checked_text(guideline, field="guideline", most=50_000)
    numbers = {
        "watch_floor_percent": (watch_floor_percent, 0, 100),
        "keep_words_hours": (keep_words_hours, 1, 720),
        "reviews_per_caption": (reviews_per_caption, 1, 5),
        "blind_answers_per_question": (blind_answers_per_question, 1, 5),
    }
    for field, (value, least, most) in numbers.items():
        if value is not None:
            setattr(project, field, _within(value, field, least, most))
    project.save(update_fields=["name", "description", "guideline", *numbers])


def _within(value: int, field: str, least: int, most: int) -> int:
    if not least <= value <= most:
        raise BadInput({field: f"must be {least} to {most}"})
    return value


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
