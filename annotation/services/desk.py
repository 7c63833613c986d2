"""What somebody's queue page and workspace say of their work: what is on the desk, what came back, what today was."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, Q, Sum
from django.db.models.functions import Now, TruncDay

from annotation.models import Clip, ClipFlag, LeaseEnd, LeaseWork, Project, User
from annotation.services import leases
from annotation.services.seals import sealed_clips
from annotation.services.units import UnitKind, all_kinds
from annotation.states import ClipStatus

MOST_ROWS = 50
MOST_COUNTED = 100


@dataclass(frozen=True)
class Today:
    """Since midnight, UTC, by the database's clock. active_minutes: idle time is not counted."""

    submitted: int
    active_minutes: int


@dataclass(frozen=True)
class Row:
    """A unit of somebody's: on the desk (lease), returned (review) or assigned."""

    kind: UnitKind
    unit: Any
    work: str = LeaseWork.EDIT
    lease: Any = None
    review: Any = None

    @property
    def clip(self) -> Clip:
        clip: Clip = self.unit.clip
        return clip

    @property
    def what(self) -> str:
        """The work in words."""
        return f"{self.kind.name} review" if self.work == LeaseWork.REVIEW else self.kind.name

    @property
    def page(self) -> str:
        """The name of the page to work on."""
        return self.kind.pages[self.work]


@dataclass(frozen=True)
class Waiting:
    """How many units wait in the open queue of a kind for a work; counted up to MOST_COUNTED."""

    kind: UnitKind
    work: str
    number: int

    @property
    def shown(self) -> str:
        return f"{MOST_COUNTED} or more" if self.number == MOST_COUNTED else str(self.number)


def today_of(user: User, project: Project) -> Today:
    """Of their own work only. 1 query a kind."""
    midnight = TruncDay(Now())
    submitted = active_ms = 0
    for kind in all_kinds():
        mine = kind.lease.objects.filter(**{f"{kind.link}__project": project}, holder=user)
        worked = mine.filter(Q(ended_at__gte=midnight) | Q(ended_at=None))
        handed_in = Count("pk", filter=Q(ended_how=LeaseEnd.SUBMITTED))
        found = worked.aggregate(submitted=handed_in, active_ms=Sum("active_ms"))
        submitted += found["submitted"]
        active_ms += found["active_ms"] or 0
    return Today(submitted, active_ms // 60_000)


def on_the_desk(user: User, project: Project) -> list[Row]:
    """What they have in hand, oldest first. 3 queries a kind."""
    said = {"user": user.pk, "project": project.pk, "most": MOST_ROWS}
    rows = []
    for kind in all_kinds():
        workable = " OR ".join(f"lease.work = '{work}' AND {so}" for work, so in kind.workable.items())
        live = kind.lease.objects.raw(
            f"""SELECT lease.* FROM {kind.lease_table} AS lease JOIN {kind.table} AS unit ON unit.id = {kind.column}
            WHERE lease.holder_id = %(user)s AND ended_at IS NULL AND expires_at > now() AND NOT is_prefetch
                AND unit.project_id = %(project)s AND ({workable}) ORDER BY lease.id LIMIT %(most)s""",  # noqa: S608 - ours
            said,
        ).prefetch_related(f"{kind.link}__clip")
        rows += [Row(kind, kind.unit_of(lease), lease.work, lease=lease) for lease in live]
    return sorted(rows, key=lambda row: row.lease.leased_at)


def returned_to(user: User, project: Project) -> list[Row]:
    """With what the reviewer said, but for clips that are sealed for them. 3 queries a kind, and those of the seals."""
    rows = []
    for kind in all_kinds():
        units = kind.rows("returned", user, project, most=MOST_ROWS)
        last = kind.last_returns(units) if units else {}
        sealed = sealed_clips([unit.clip for unit in units], user) if units else set()
        rows += [Row(kind, unit, review=None if unit.clip.pk in sealed else last.get(unit.pk)) for unit in units]
    return rows


def assigned_to(user: User, project: Project) -> list[Row]:
    """2 queries a kind."""
    return [Row(kind, unit) for kind in all_kinds() for unit in kind.rows("assigned", user, project, most=MOST_ROWS)]


def waiting(project: Project, *, may_review: bool) -> list[Waiting]:
    """What Next would look at, whoever asks: captions before questions, and what is to be written first. 1 query."""
    works = [LeaseWork.EDIT, LeaseWork.REVIEW] if may_review else [LeaseWork.EDIT]
    asked = [(kind, work) for work in works for kind in all_kinds()]
    counts = ", ".join(_count(kind, work) for kind, work in asked)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}", {"project": project.pk, "most": MOST_COUNTED})
        numbers = cursor.fetchone() or ()
    return [Waiting(kind, work, number) for (kind, work), number in zip(asked, numbers, strict=True)]


def _count(kind: UnitKind, work: str) -> str:
    """SQL. Each part is counted by its own index, and no further than is shown."""
    rows = " UNION ALL ".join(
        f"(SELECT 1 FROM {kind.table} AS unit WHERE project_id = %(project)s AND {so} LIMIT %(most)s)"  # noqa: S608 - ours
        for so in kind.waiting[work]
    )
    return f"(SELECT least(count(*), %(most)s) FROM ({rows}) AS counted)"  # noqa: S608 - all of it is written by us


def desks_of(project: Project) -> list[Row]:
    """What is on whose desk, the oldest of each kind first. 1 query a kind."""
    return [
        Row(kind, kind.unit_of(lease), lease.work, lease=lease)
        for kind in all_kinds()
        for lease in leases.desks(kind, project)
    ]


def flagged_clips(project: Project) -> list[ClipFlag]:
    """What waits for a decision, oldest first. 1 query."""
    waiting = ClipFlag.objects.filter(clip__project=project, decision="")
    return list(waiting.select_related("clip", "raised_by").order_by("id")[:200])


def excluded_clips(project: Project) -> list[Clip]:
    """1 query."""
    return list(Clip.objects.filter(project=project, state=ClipStatus.EXCLUDED).order_by("clip_id")[:200])
