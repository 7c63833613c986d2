"""Who has a unit of work on the desk: one unit, one person, for a time by the database's clock.

A lease is a row. Rows come only under the unit's row lock, and a constraint leaves a unit one row without an end.
A row whose time is over holds nobody up: whoever takes the unit next ends it, in the same transaction. An untouched
unit stays for LEASE_SECONDS, one that holds its holder's words (a working copy, or a revision of theirs that they
did not hand in) for the project's keep_words_hours, the next unit of somebody who still works for PREFETCH_SECONDS.
"""

from datetime import timedelta
from functools import cache
from typing import Any, NoReturn

from django.conf import settings
from django.db import connection
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.db.models.functions import Now

from annotation.access import has_right, require, role_in
from annotation.errors import BadInput, LeaseHeld
from annotation.models import Clip, Membership, Project, User
from annotation.models.work import LeaseBase, LeaseEnd, LeaseWork
from annotation.services.units import Unit, UnitKind, all_kinds, kind_of
from annotation.transactions import in_transaction
from annotation.workflow import database_now

PREFETCH_SECONDS = 60
RETURN_DAYS = 3
"""How long returned work is kept for its author."""
AGAIN_DAYS = 1
"""How long work that was handed in again is kept for the reviewer who returned it."""
MOST_ACTIVE_MS = 10 * 60 * 1000
"""What one renewal may add: they come once a minute."""

_LIVES = """
    CASE WHEN %(is_prefetch)s THEN %(prefetch_seconds)s * interval '1 second'
    WHEN %(work)s = 'edit' AND (HOLDS_WORDS) THEN %(keep_hours)s * interval '1 hour'
    ELSE %(seconds)s * interval '1 second' END
"""
_TAKE = f"""
    WITH expired AS (
        UPDATE LEASES SET ended_at = clock_timestamp(), ended_how = 'expired'
        WHERE UNIT = %(unit)s AND ended_at IS NULL AND expires_at <= clock_timestamp()
        RETURNING ended_at
    ), after AS (SELECT greatest(max(ended_at), clock_timestamp()) AS now FROM expired)
    INSERT INTO LEASES (UNIT, holder_id, work, is_prefetch, leased_at, expires_at, ended_how, active_ms)
    SELECT %(unit)s, %(holder)s, %(work)s, %(is_prefetch)s, now, now + {_LIVES}, '', 0 FROM after
    ON CONFLICT DO NOTHING
    RETURNING id, leased_at, expires_at, active_ms
"""  # noqa: S608 - the part between is ours, written above
_RENEW = f"""
    UPDATE LEASES
    SET expires_at = clock_timestamp() + {_LIVES},
        work = %(work)s, is_prefetch = %(is_prefetch)s,
        active_ms = LEAST(active_ms + %(active_ms)s, EXTRACT(EPOCH FROM clock_timestamp() - leased_at) * 1000)
    WHERE UNIT = %(unit)s AND holder_id = %(holder)s AND ended_at IS NULL
    RETURNING id, leased_at, expires_at, active_ms
"""  # noqa: S608 - the part between is ours, written above
_END = """
    UPDATE LEASES SET ended_at = clock_timestamp(), ended_how = %(how)s
    WHERE UNIT = %(unit)s AND holder_id = %(holder)s AND ended_at IS NULL
    RETURNING id, leased_at, expires_at, active_ms
"""


def take(
    kind: UnitKind, pk: int, user: User, *, project: Project, work: str = LeaseWork.EDIT, is_prefetch: bool = False
) -> LeaseBase | None:
    """The unit on the user's desk, or None if it is on somebody's. The caller holds the unit's row lock."""
    return _lease(kind, _TAKE, _said(pk, user, project=project, work=work, is_prefetch=is_prefetch), user)


def renew(
    kind: UnitKind,
    pk: int,
    user: User,
    *,
    project: Project,
    work: str = LeaseWork.EDIT,
    active_ms: int = 0,
    is_prefetch: bool = False,
) -> LeaseBase | None:
    """Their own lease for longer, also if its time was over and nobody came; None without one.

    active_ms: how long they were at work since the last time; no more is counted than the lease has lived.
    """
    said = _said(pk, user, project=project, work=work, is_prefetch=is_prefetch)
    return _lease(kind, _RENEW, {**said, "active_ms": active_ms}, user)


def keep_or_take(unit: Unit, user: User, *, work: str = LeaseWork.EDIT) -> LeaseBase | None:
    """Whoever works has the unit on the desk, if it is free. None if somebody else has it: that refuses nothing.

    The caller holds the unit's row lock.
    """
    kind, project = kind_of(unit), unit.clip.project
    return renew(kind, unit.pk, user, project=project, work=work) or take(
        kind, unit.pk, user, project=project, work=work
    )


def end_for(unit: Unit, user: User, how: LeaseEnd, *, keep_reserved: bool = False) -> LeaseBase:
    """End the user's lease because the work is done. Without one, one begins and ends: the work was theirs.

    What is judged is kept for nobody any more, unless keep_reserved. The caller holds the unit's row lock.
    Raises LeaseHeld if somebody else has the unit on the desk.
    """
    kind, project = kind_of(unit), unit.clip.project
    work = LeaseWork.REVIEW if how == LeaseEnd.JUDGED else LeaseWork.EDIT
    said = {**_said(unit.pk, user, project=project, work=work, is_prefetch=False), "how": how}
    ended = _lease(kind, _END, said, user)
    if ended is None:
        if take(kind, unit.pk, user, project=project, work=work) is None:
            refuse_held(unit)
        ended = _lease(kind, _END, said, user)
        assert ended is not None  # noqa: S101 - it has just been taken, under the unit's lock
    if how == LeaseEnd.JUDGED and not keep_reserved:
        unreserve(unit)
    return ended


def refuse_held(unit: Unit) -> NoReturn:
    """Raises LeaseHeld, with the name of who has the unit on the desk."""
    other = live_lease(unit)
    by = other.holder.shown_name if other else "Somebody else"
    raise LeaseHeld(f"{by} has {kind_of(unit).these} on the desk.", by=by)


def live_lease(unit: Unit) -> LeaseBase | None:
    """With its holder. 1 query."""
    live = _standing(unit).filter(expires_at__gt=Now())
    found: LeaseBase | None = live.select_related("holder").first()
    return found


def give_up(unit: Unit, user: User | None, how: LeaseEnd) -> bool:
    """End the lease that stands, the user's only, or anybody's for None; whether there was one."""
    standing = _standing(unit)
    if user is not None:
        standing = standing.filter(holder=user)
    return bool(standing.update(ended_at=Now(), ended_how=how))


def give_up_clip(clip: Clip, user: User, how: LeaseEnd) -> None:
    """End what the user holds of the clip, of each kind. 1 query a kind."""
    for kind in all_kinds():
        mine = kind.lease.objects.filter(**{f"{kind.link}__clip": clip}, holder=user, ended_at=None)
        mine.update(ended_at=Now(), ended_how=how)


def reserve(unit: Unit, user: User, *, days: int) -> None:
    """Keep it for one person, unless they have left: then it is for anybody. The caller holds the row's lock."""
    stays = Membership.objects.filter(project=unit.clip.project, user=user, is_active=True, user__is_active=True)
    if not stays.exists():
        unreserve(unit)
        return
    unit.reserved_for, unit.reserved_until = user, database_now() + timedelta(days=days)
    unit.save(update_fields=["reserved_for", "reserved_until"])


def reserve_for_its_reviewer(unit: Unit) -> None:
    """What was returned and is handed in again is kept for who returned it, if they may judge it; else for nobody.

    The caller holds the row's lock. 1 query for what was never returned.
    """
    kind = kind_of(unit)
    returned = kind.last_returns([unit]).get(unit.pk)
    if (
        returned is not None
        and has_right(role_in(unit.clip.project, returned.reviewer), "review")
        and kind.is_so(kind.may_judge("%(user)s"), unit, returned.reviewer)
    ):
        reserve(unit, returned.reviewer, days=AGAIN_DAYS)
    else:
        unreserve(unit)


def unreserve(unit: Unit) -> None:
    """It is no longer kept for anybody. The caller holds the row's lock."""
    if unit.reserved_for_id is not None:
        unit.reserved_for, unit.reserved_until = None, None
        unit.save(update_fields=["reserved_for", "reserved_until"])


@in_transaction
def keep_alive(*, unit: Unit, user: User, active_ms: object) -> LeaseBase | None:
    """What the browser says once a minute while somebody works. The unit's live lease, theirs or another's, or None.

    active_ms: at work since the last time; idle time is not counted. Raises RightMissing, BadInput.
    """
    project = unit.clip.project
    require(user, "see", project=project)
    if isinstance(active_ms, bool) or not isinstance(active_ms, int) or not 0 <= active_ms <= MOST_ACTIVE_MS:
        raise BadInput({"active_ms": f"must be a whole number, 0 to {MOST_ACTIVE_MS}"})
    standing = _standing(unit).filter(holder=user).first()
    if standing is None or (standing.is_prefetch and active_ms == 0):
        return live_lease(unit)
    mine = renew(kind_of(unit), unit.pk, user, project=project, work=standing.work, active_ms=active_ms)
    return mine or live_lease(unit)


@in_transaction
def release(*, unit: Unit, user: User) -> None:
    """Give it back without having done it. What they wrote stays theirs. Doing it twice changes nothing."""
    require(user, "see", project=unit.clip.project)
    give_up(unit, user, LeaseEnd.RELEASED)


@in_transaction
def free(*, unit: Unit, user: User) -> bool:
    """Take it from whoever has it on the desk; whether somebody had. Raises RightMissing."""
    require(user, "configure", project=unit.clip.project)
    return give_up(unit, None, LeaseEnd.FREED)


def desks(kind: UnitKind, project: Project) -> list[Any]:
    """What is on whose desk, oldest first; `is_over` where its time has passed and nobody has come. 1 query."""
    is_over = ExpressionWrapper(Q(expires_at__lte=Now()), output_field=BooleanField())
    standing = kind.lease.objects.filter(**{f"{kind.link}__project": project}, ended_at=None, is_prefetch=False)
    return list(standing.annotate(is_over=is_over).select_related(f"{kind.link}__clip", "holder").order_by("id")[:200])


def _standing(unit: Unit) -> Any:
    kind = kind_of(unit)
    return kind.lease.objects.filter(**{kind.link: unit}, ended_at=None)


def _said(pk: int, user: User, *, project: Project, work: str, is_prefetch: bool) -> dict[str, Any]:
    return {
        "unit": pk,
        "holder": user.pk,
        "work": work,
        "is_prefetch": is_prefetch,
        "prefetch_seconds": PREFETCH_SECONDS,
        "keep_hours": project.keep_words_hours,
        "seconds": settings.LEASE_SECONDS,
    }


@cache
def _sql(kind: UnitKind, statement: str) -> str:
    said = statement.replace("LEASES", kind.lease_table).replace("UNIT", kind.column)
    return said.replace("HOLDS_WORDS", f"({kind.holds_words})")


def _lease(kind: UnitKind, statement: str, said: dict[str, Any], user: User) -> LeaseBase | None:
    with connection.cursor() as cursor:
        cursor.execute(_sql(kind, statement), said)
        row = cursor.fetchone()
    if row is None:
        return None
    pk, leased_at, expires_at, active_ms = row
    found: LeaseBase = kind.lease(
        pk=pk,
        holder=user,
        work=said["work"],
        is_prefetch=said["is_prefetch"],
        leased_at=leased_at,
        expires_at=expires_at,
        active_ms=active_ms,
        **{kind.column: said["unit"]},
    )
    return found
