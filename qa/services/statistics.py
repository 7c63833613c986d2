"""Statistics of a project and of its releases: counted beside the work, so that a page only reads what was counted.

A release is counted once, and again after a clip of it was withdrawn. A project is counted again within a minute of
what changes in it, and of it only those parts in which something changed. Counting twice gives the same rows.

What holds words of people – single words of a cloud – is deleted in the transaction that withdraws a clip, and nothing
that was counted before can be written after it: writers and withdrawals take the same lock.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Max

from annotation.access import has_right, role_in
from annotation.errors import NotVisible
from annotation.models import Clip, Event, Project, User
from annotation.outbox import enqueue
from annotation.services.ledger import ledger_of
from annotation.transactions import in_transaction
from annotation.workflow import database_now
from qa.evaluation.charts import Plot, Row
from qa.evaluation.plots import kinds_of, minutes_rows, rows_of_tally
from qa.evaluation.progress import forecast, minutes_of_work, weeks
from qa.evaluation.statistics import PART, Tally, add_up, signatures, tally_of_part, tally_of_release
from qa.models import CountedStatistics, Release
from qa.releases.frozen import FrozenRelease

COUNT = "qa.count_statistics"
AGAIN = timedelta(seconds=35)
"""A project is asked to be counted so often at most; the sweep and the counting take the rest of a minute."""
RECENT_EVENTS = 10_000
"""Events are looked through so far back: one with a lower number may be committed later."""
_COUNTED, _ASKED, _PART = "counted", "asked", "part:"
_LOCK = 7_201_009
"""First key of the advisory lock on what was counted of a project; its row id is the second."""


@dataclass(frozen=True)
class Statistics:
    """counted_at: None before the first time, when there are no plots."""

    plots: list[Plot]
    counted_at: datetime | None


def statistics_for(user: User, *, project: Project, release: Release | None) -> Statistics:
    """What was counted last of what the user may see. 1 query, and 1 for the role."""
    role = role_in(project, user)
    kinds = [one for one in kinds_of(release=release is not None) if has_right(role, one.right)]
    rows = CountedStatistics.objects.filter(project=project, release=release)
    names = [_COUNTED, *(one.name for one in kinds)]
    values = {name: (value, at) for name, value, at in rows.filter(name__in=names).values_list(*_ROW)}
    if _COUNTED not in values:
        return Statistics([], None)
    plots = [one.plot(*values[one.name][0]) for one in kinds if one.name in values]
    return Statistics(plots, values[_COUNTED][1])


def plot_for(user: User, *, project: Project, release: Release | None, name: str) -> Plot:
    """Raises NotVisible for none, and for one that the user may not see or that is not counted yet."""
    plots = statistics_for(user, project=project, release=release).plots
    found = next((plot for plot in plots if plot.name == name), None)
    if found is None:
        raise NotVisible
    return found


_ROW = ("name", "value", "counted_at")


# Counting


def count_statistics(project_id: int, release_id: int | None) -> None:
    """Count, unless nothing changed since. Safe to run twice, also at the same time."""
    project = Project.objects.get(pk=project_id)
    if release_id is not None:
        _count_release(project, Release.objects.get(pk=release_id))
    elif _is_changed(project, _state_of(project), database_now()):
        _count_project(project)


def _count_release(project: Project, release: Release) -> None:
    if CountedStatistics.objects.filter(release=release, name=_COUNTED).exists():
        return
    begun, at = _taken_back(project), database_now()
    tally = tally_of_release(FrozenRelease(release))
    values: dict[str, Any] = {name: [rows] for name, rows in rows_of_tally(tally, release=True).items()}
    with _writing(project, begun) as may_write:
        if may_write:
            _write(project, release, values | {_COUNTED: {}}, at)


def _count_project(project: Project) -> None:
    """What changes while it counts is counted once more: how far the events were is read first."""
    begun, at = _taken_back(project), database_now()
    state = _events_now(project, at)
    values: dict[str, Any] = {
        name: [rows] for name, rows in rows_of_tally(_tally(project, begun, at), release=False).items()
    }
    found = weeks(project, today=at.date())
    said = forecast(project, found, today=at.date())
    values["progress"] = [[[f"{one.monday}", one.captions, one.questions] for one in found], said]
    values["minutes"] = [minutes_rows(minutes_of_work(project))]
    values["cost"] = [_cost_rows(project)]
    with _writing(project, begun) as may_write:
        if may_write:
            _write(project, None, values | {_COUNTED: state}, at)


def _tally(project: Project, begun: tuple[int, int], at: datetime) -> Tally:
    """Each part that changed is kept as soon as it is counted, so that a count that is broken off goes on there."""
    parts = CountedStatistics.objects.filter(project=project, release=None, name__startswith=_PART)
    kept = dict(parts.values_list("name", "value"))
    wanted = signatures(project)
    tallies = []
    for part, signature in sorted(wanted.items()):
        name = f"{_PART}{part}"
        value = kept.pop(name, None)
        if value is None or value["signature"] != signature:
            value = {"signature": signature, "tally": tally_of_part(project, part)}
            with _writing(project, begun) as may_write:
                if may_write:
                    _write(project, None, {name: value}, at)
                    _write(project, None, {_ASKED: {}}, database_now())  # no second worker beside a long count
        tallies.append(value["tally"])
    parts.filter(name__in=kept).delete()
    return add_up(tallies)


def _cost_rows(project: Project) -> list[Row]:
    return [
        [one.label, one.approved, one.settled / 1_000_000, "" if one.each is None else one.each / 1_000_000]
        for one in ledger_of(project).per_item
    ]


def _write(project: Project, release: Release | None, values: dict[str, Any], at: datetime) -> None:
    rows = [
        CountedStatistics(project=project, release=release, name=name, value=value, counted_at=at)
        for name, value in values.items()
    ]
    CountedStatistics.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["project", "release", "name"],
        update_fields=["value", "counted_at"],
    )


# Withdrawn clips


def _taken_back(project: Project) -> tuple[int, int]:
    """How many clips are withdrawn, and how many of them erased."""
    found = Clip.objects.withdrawn().filter(project=project).aggregate(n=Count("pk"), erased=Count("erased_at"))
    return found["n"], found["erased"]


@contextmanager
def _writing(project: Project, begun: tuple[int, int]) -> Iterator[bool]:
    """Gives whether what was counted since may be written: not if a clip was withdrawn meanwhile."""
    with transaction.atomic():
        lock_counted(project)
        yield _taken_back(project) == begun


def lock_counted(project: Project) -> None:
    """Who writes what was counted of words takes this before it reads them. Until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, project.pk])


def forget_statistics(clip: Clip) -> None:
    """The clip was withdrawn, or its words erased: nothing that was counted of it stays. The caller's transaction."""
    lock_counted(clip.project)
    rows = CountedStatistics.objects.filter(project=clip.project)
    rows.exclude(name__startswith=_PART).delete()
    rows.filter(name=f"{_PART}{clip.pk // PART}").delete()


# When to count again


def sweep_statistics() -> None:
    """Ask for each project in which something changed, and for each release that is not counted."""
    now = database_now()
    counted = CountedStatistics.objects.filter(name__in=(_COUNTED, _ASKED)).values_list("project", "release", *_ROW)
    states: dict[tuple[int, int | None, str], Any] = {row[:3]: row[3:] for row in counted}
    for project in Project.objects.order_by("pk"):
        state = states.get((project.pk, None, _COUNTED))
        if _may_ask(states, project.pk, None, now) and _is_changed(project, state[0] if state else None, now):
            _ask(project, None, now)
    for release in Release.objects.select_related("project").order_by("pk"):
        is_counted = (release.project_id, release.pk, _COUNTED) in states
        if not is_counted and _may_ask(states, release.project_id, release.pk, now):
            _ask(release.project, release, now)


def _may_ask(states: dict[tuple[int, int | None, str], Any], project: int, release: int | None, now: datetime) -> bool:
    asked = states.get((project, release, _ASKED))
    return asked is None or now - asked[1] >= AGAIN


@in_transaction
def _ask(project: Project, release: Release | None, now: datetime) -> None:
    _write(project, release, {_ASKED: {}}, now)
    enqueue(COUNT, args=[project.pk, *([release.pk] if release else [])])


def _state_of(project: Project) -> dict[str, Any] | None:
    found = CountedStatistics.objects.filter(project=project, release=None, name=_COUNTED)
    state: dict[str, Any] | None = found.values_list("value", flat=True).first()
    return state


def _events_now(project: Project, at: datetime) -> dict[str, Any]:
    """What tells later whether something happened: how many events the project has after one that is well settled."""
    latest = Event.objects.aggregate(latest=Max("pk"))["latest"] or 0
    after = max(0, latest - RECENT_EVENTS)
    events = Event.objects.filter(project=project, pk__gt=after).count()
    return {"after": after, "events": events, **_besides(project, at)}


def _besides(project: Project, at: datetime) -> dict[str, Any]:
    """What moves a forecast without an event."""
    return {"day": f"{at.date()}", "targets": project.question_targets}


def _is_changed(project: Project, state: dict[str, Any] | None, at: datetime) -> bool:
    """Also once a day: weeks and forecasts go on by themselves. 1 query."""
    if state is None or any(state[name] != value for name, value in _besides(project, at).items()):
        return True
    return Event.objects.filter(project=project, pk__gt=state["after"]).count() != int(state["events"])
