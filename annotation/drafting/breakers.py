"""Whether a model may be called now. What only a person can mend stops it until a person says so; illness passes.

All workers share one row for each model: one that is told to wait makes the others wait as well.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Greatest, Now

from annotation.models import Breaker, User
from annotation.transactions import in_transaction
from annotation.workflow import database_now

FAULTS = 5
FAULTS_WITHIN = timedelta(seconds=60)
ILL_FOR = timedelta(seconds=60)


@dataclass(frozen=True)
class Hold:
    """Why a model is not called now. until: None where a person has to close the breaker first."""

    reason: str
    until: datetime | None


def hold_of(model: str) -> Hold | None:
    """None if the model may be called. Where it was ill, the first to ask tries it and the others wait for that."""
    breaker = Breaker.objects.filter(model=model).first()
    if breaker is None:
        return None
    if breaker.status == Breaker.Status.OPEN:
        return Hold(breaker.reason, None)
    now = database_now()
    if breaker.not_before is not None and breaker.not_before > now:
        return Hold(breaker.reason, breaker.not_before)
    if breaker.status == Breaker.Status.CLOSED:
        return None
    until = now + timedelta(seconds=settings.CALL_SECONDS + settings.JOB_LEASE_SECONDS)
    free = Breaker.objects.filter(Q(probe_until=None) | Q(probe_until__lt=now), model=model, status=Breaker.Status.ILL)
    if free.update(probe_until=until):
        return None
    return Hold("One call tries whether the model is well again.", now + timedelta(seconds=5))


def well(model: str) -> None:
    """A call was answered."""
    ill = Breaker.objects.filter(Q(status=Breaker.Status.ILL) | Q(faults__gt=0), model=model)
    ill.exclude(status=Breaker.Status.OPEN).update(
        status=Breaker.Status.CLOSED, reason="", not_before=None, probe_until=None, faults=0, faults_since=None
    )


def wait(model: str, *, seconds: float, reason: str) -> None:
    """The server asked everybody to leave it alone for so long."""
    until = Now() + timedelta(seconds=seconds)
    Breaker.objects.bulk_create([Breaker(model=model)], ignore_conflicts=True)
    Breaker.objects.filter(model=model).exclude(status=Breaker.Status.OPEN).update(
        not_before=Greatest("not_before", until), reason=reason[:500]
    )


@in_transaction
def fault(model: str, *, reason: str) -> None:
    """A call failed on their side. Five within a minute, or one while we try, and the model rests for a minute."""
    breaker = _row(model)
    now = database_now()
    if breaker.status == Breaker.Status.OPEN:
        return
    if breaker.faults_since is None or now - breaker.faults_since > FAULTS_WITHIN:
        breaker.faults, breaker.faults_since = 0, now
    breaker.faults += 1
    if breaker.faults >= FAULTS or breaker.status == Breaker.Status.ILL:
        breaker.status, breaker.reason = Breaker.Status.ILL, reason[:500]
        breaker.opened_at, breaker.not_before, breaker.probe_until = now, now + ILL_FOR, None
    breaker.save()


@in_transaction
def trip(model: str, *, reason: str) -> None:
    """The server refuses us for good: nobody calls it until a person closes the breaker."""
    breaker = _row(model)
    breaker.status, breaker.reason, breaker.opened_at = Breaker.Status.OPEN, reason[:500], database_now()
    breaker.probe_until = breaker.not_before = None
    breaker.save()


@in_transaction
def close(model: str, *, actor: User) -> None:
    """A person says that it is mended."""
    breaker = _row(model)
    breaker.status, breaker.reason, breaker.faults, breaker.faults_since = Breaker.Status.CLOSED, "", 0, None
    breaker.not_before = breaker.probe_until = None
    breaker.closed_by, breaker.closed_at = actor, database_now()
    breaker.save()


def _row(model: str) -> Breaker:
    """The model's row under lock. Needs an open transaction."""
    Breaker.objects.bulk_create([Breaker(model=model)], ignore_conflicts=True)
    return Breaker.objects.select_for_update().get(model=model)
