"""Who may do what. One condition a line; `visible_to` on the querysets starts every query."""

from annotation.errors import OwnWork, RightMissing
from annotation.models import Membership, Project, Role, User
from annotation.models.work import RevisionBase
from annotation.ready_sql import Ready

RANK = {role: rank for rank, role in enumerate(Role.values)}

RIGHTS: dict[str, Role] = {
    "see": Role.ANNOTATOR,
    "edit": Role.ANNOTATOR,
    "review": Role.REVIEWER,
    "adjudicate": Role.ADJUDICATOR,
    "reopen": Role.ADJUDICATOR,
    "add_clips": Role.ADMIN,
    "invite": Role.ADMIN,
    "configure": Role.ADMIN,
    "draft": Role.ADMIN,
    "release": Role.ADMIN,
    "evaluate": Role.ADMIN,
}
"""A right -> the first role that has it."""


_MEMBER = Ready(
    lambda project, user: Membership.objects.filter(project=project, user=user, is_active=True).order_by(),
    project=-1,
    user=-2,
)


def role_in(project: Project, user: User) -> str | None:
    """1 query."""
    member = _MEMBER.first(project=project.pk, user=user.pk)
    return member.role if member else None


def has_right(role: str | None, right: str) -> bool:
    return role is not None and RANK[role] >= RANK[RIGHTS[right]]


def require(user: User, right: str, *, project: Project) -> None:
    """Raises RightMissing unless the user's role in the project has the right."""
    if not has_right(role_in(project, user), right):
        raise RightMissing(f"This needs the role of {RIGHTS[right].label.lower()} in {project}.", right=right)


def require_foreign_work(user: User, revisions: list[RevisionBase]) -> None:
    """Raises OwnWork if the user wrote one of the revisions since the last approval."""
    if any(revision.author_id == user.pk for revision in revisions):
        raise OwnWork("Nobody reviews their own words: someone else has to judge this.")


def require_staff(user: User) -> None:
    if not user.is_staff:
        raise RightMissing("Only an administrator of the installation can do this.")
