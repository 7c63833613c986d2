"""What a person does next. One question, answered by the first of these that has something:

what is on their desk, the unit fetched ahead, and then the steps of the unit's kind: work returned to them, what is
assigned to them, returned work that its author left for too long, the open queue by priority, and at last what they
once put aside. A unit that somebody else is handed in the same moment is skipped, never waited for.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from annotation.access import require
from annotation.errors import BadInput
from annotation.models import LeaseEnd, LeaseWork, Project, SkipReason, User
from annotation.services import leases
from annotation.services.units import Unit, UnitKind, checked_work, kind_named, kind_of, lock
from annotation.text import checked_text
from annotation.transactions import in_transaction

RETRIES = 50
RIGHTS = {LeaseWork.EDIT: "edit", LeaseWork.REVIEW: "review"}
_ONE_AT_A_TIME = """
    SELECT 1 FROM annotation_membership WHERE project_id = %(project)s AND user_id = %(user)s FOR NO KEY UPDATE
"""


@dataclass(frozen=True)
class Offer:
    """why: yours | prefetched | returned | resubmitted | assigned | queue | skipped."""

    kind: UnitKind
    clip_id: str
    work: LeaseWork
    why: str
    expires_at: datetime


@dataclass(frozen=True)
class Nothing:
    """why: paused | empty | all_leased | finished."""

    why: str
    message: str


@in_transaction
def next_unit(
    *,
    project: Project,
    user: User,
    kind: object = "caption",
    work: object = LeaseWork.EDIT,
    prefetch: bool = False,
) -> Offer | Nothing:
    """The unit that this person does next, on their desk; asking again gives the same.

    kind: caption | questions. work: edit | review. prefetch: the one after that, held for a minute.
    Raises RightMissing, BadInput.
    """
    of, doing = kind_named(kind), checked_work(work)
    require(user, RIGHTS[doing], project=project)
    said = {"project": project.pk, "user": user.pk, "work": doing}
    _rows(_ONE_AT_A_TIME, said)  # the second press of a person finds what the first was given
    desk = _rows(of.desks[doing], said)
    at_work = next((row for row in desk if not row[2]), None)
    ahead = next((row for row in desk if row[2]), None)
    kept = at_work if at_work and not prefetch else ahead
    if project.queue_paused and (kept is None or kept is not at_work):
        return _paused(project)
    if kept is not None:
        pk, clip_id, is_prefetch = kept
        lease = leases.renew(of, pk, user, project=project, work=doing, is_prefetch=prefetch)
        if lease is not None:
            return Offer(of, clip_id, doing, "prefetched" if is_prefetch else "yours", lease.expires_at)
    for _ in range(RETRIES):
        found = _rows(of.ladders[doing], said)
        if not found:
            return Nothing(*of.why_nothing(project, doing))
        pk, clip_id, why = found[0]
        # What was leased since this look at the queue began has its row by now.
        if lease := leases.take(of, pk, user, project=project, work=doing, is_prefetch=prefetch):
            return Offer(of, clip_id, doing, why, lease.expires_at)
    return Nothing("all_leased", "Everybody is asking at once. Ask again in a moment.")


@in_transaction
def skip(*, unit: Unit, user: User, reason: object, note: object = "", work: object = LeaseWork.EDIT) -> None:
    """Put it aside: others get it, and this person only when nothing else is left. Twice is once.

    Raises RightMissing, BadInput.
    """
    doing = checked_work(work)
    require(user, RIGHTS[doing], project=unit.clip.project)
    if not isinstance(reason, str) or reason not in SkipReason.values:
        raise BadInput({"reason": "is none of the reasons"})
    said = {"reason": reason, "note": checked_text(note, field="note", most=500)}
    unit, kind = lock(unit), kind_of(unit)
    kind.skips.objects.get_or_create(**{kind.link: unit}, user=user, work=doing, defaults=said)
    if unit.reserved_for_id == user.pk:
        leases.unreserve(unit)
    leases.give_up(unit, user, LeaseEnd.SKIPPED)


def _rows(statement: str, said: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, said)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _paused(project: Project) -> Nothing:
    note = f" {project.pause_note}" if project.pause_note else ""
    return Nothing("paused", f"An administrator has paused the queue.{note} What is on your desk stays yours.")
