"""What administrators decide about the queue: what comes first, who does what, and whether anything is handed out."""

from typing import Any

from django.db.models import QuerySet

from annotation.access import require
from annotation.errors import BadInput
from annotation.models import Clip, Membership, Project, User
from annotation.services.notifications import tell_assigned
from annotation.services.units import UnitKind, kind_named
from annotation.text import checked_text
from annotation.transactions import in_transaction

LOWEST, HIGHEST = -100, 100
MOST_CLIPS = 1000


@in_transaction
def set_priority(*, project: Project, user: User, clip_ids: list[str], priority: int, kind: object = "caption") -> int:
    """Higher comes first; how many captions or sets of questions it is set for. No clips change nothing.

    Raises RightMissing, BadInput.
    """
    require(user, "configure", project=project)
    if not LOWEST <= priority <= HIGHEST:
        raise BadInput({"priority": f"must be {LOWEST} to {HIGHEST}"})
    found: int = _units(project, kind_named(kind), clip_ids).update(priority=priority)
    return found


@in_transaction
def assign(*, project: Project, user: User, clip_ids: list[str], username: str, kind: object = "caption") -> int:
    """Hand captions or sets of questions to one member, or with an empty name to everybody again; how many.

    Whoever has one on the desk keeps it there. The member is told once, of what is new to them. Raises RightMissing,
    BadInput.
    """
    require(user, "configure", project=project)
    member = None
    if username:
        named = _members(project).filter(user__username=username)
        member = named.first() if "\x00" not in username else None
        if member is None:
            raise BadInput({"username": "is no active member of this project"})
    assignee = member.user if member else None
    unit_kind = kind_named(kind)
    found = _units(project, unit_kind, clip_ids)
    if assignee is not None:
        new = found.exclude(assigned_to=assignee).select_related("clip__project").order_by("clip__clip_id")
        tell_assigned(assignee=assignee, clips=[one.clip for one in new], actor=user, what=unit_kind.many)
    number: int = found.update(assigned_to=assignee)
    return number


def assignable(project: Project) -> list[User]:
    """Who can be assigned work, by name. 1 query."""
    return [member.user for member in _members(project).order_by("user__username")]


@in_transaction
def pause(*, project: Project, user: User, note: object = "") -> None:
    """Hand out nothing new; what people have on their desks stays theirs. Raises RightMissing, BadInput."""
    require(user, "configure", project=project)
    project.pause_note = checked_text(note, field="note", most=200)
    project.queue_paused = True
    project.save(update_fields=["queue_paused", "pause_note"])


@in_transaction
def resume(*, project: Project, user: User) -> None:
    """Raises RightMissing."""
    require(user, "configure", project=project)
    project.queue_paused, project.pause_note = False, ""
    project.save(update_fields=["queue_paused", "pause_note"])


def _members(project: Project) -> QuerySet[Membership]:
    return Membership.objects.filter(project=project, is_active=True, user__is_active=True).select_related("user")


def _units(project: Project, kind: UnitKind, clip_ids: list[str]) -> "QuerySet[Any]":
    """Raises BadInput that names what is no clip of the project."""
    wanted = set(clip_ids)
    if len(wanted) > MOST_CLIPS:
        raise BadInput({"clips": f"at most {MOST_CLIPS} at once"})
    asked = [name for name in wanted if "\x00" not in name]  # Postgres cannot even be asked for the others
    units = kind.model.objects.filter(clip__in=Clip.objects.standing(), project=project, clip__clip_id__in=asked)
    found = dict(units.values_list("clip__clip_id", "pk"))
    if missing := sorted(wanted - set(found)):
        raise BadInput({"clips": f"no clip here is called {', '.join(name[:100] for name in missing[:5])}"})
    rows: QuerySet[Any] = kind.model.objects.filter(pk__in=found.values())
    return rows
