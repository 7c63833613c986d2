"""What the queue hands out: units of work of a kind, and for each kind where the next one is looked for, as SQL.

A kind is a clip's caption or its set of questions, work is edit or review. In all conditions the unit's own table is
called `unit`; `%(user)s`, `%(project)s` and `%(work)s` stand for who asks for what.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from django.db import connection, models

from annotation.errors import BadInput
from annotation.models import LeaseWork, Project, User


class Unit(Protocol):
    """A row of a kind's table."""

    pk: Any
    clip: Any
    reserved_for: Any
    reserved_for_id: Any
    reserved_until: Any

    def save(self, *, update_fields: Iterable[str] | None = ...) -> None: ...


@dataclass(frozen=True)
class Step:
    """One place to look: why what is found there is offered, what makes a unit stand there, what comes first.

    put_aside: whether the person skipped it; None where that does not matter.
    """

    why: str
    condition: str
    order: str = "priority DESC, id"
    put_aside: bool | None = False


@dataclass(frozen=True, eq=False)
class UnitKind:
    """name: caption | questions. these, many: in a sentence. link: how a lease and a skip name their unit.

    workable: the units that can be worked on at all. waiting: conditions of the open queue, each with an index.
    steps: where to look, in this order. holds_words: whether `%(unit)s` holds words of `%(holder)s`.
    may_judge: whether a person, given as an expression, may judge what would wait for review once all is handed in.
    pages: the names of the pages to work on. find: by user, slug and clip_id; raises NotVisible.
    last_returns: of many units, the review that returned each. why_nothing: why and a sentence.
    """

    name: str
    these: str
    many: str
    model: Any
    lease: Any
    skips: Any
    link: str
    workable: Mapping[str, str]
    waiting: Mapping[str, Sequence[str]]
    steps: Mapping[str, Sequence[Step]]
    holds_words: str
    may_judge: Callable[[str], str]
    pages: Mapping[str, str]
    find: Callable[..., Any]
    last_returns: Callable[[Sequence[Any]], Mapping[int, Any]]
    why_nothing: Callable[[Project, str], tuple[str, str]]

    @cached_property
    def table(self) -> str:
        return str(self.model._meta.db_table)

    @cached_property
    def lease_table(self) -> str:
        return str(self.lease._meta.db_table)

    @cached_property
    def column(self) -> str:
        return f"{self.link}_id"

    @cached_property
    def ladders(self) -> dict[str, str]:
        """Work -> the statement that finds the next unit."""
        return {work: self._ladder(steps) for work, steps in self.steps.items()}

    @cached_property
    def desks(self) -> dict[str, str]:
        """Work -> the statement that finds what somebody has in hand, the unit fetched ahead last."""
        return {
            work: f"""
                SELECT unit.id, (SELECT clip.clip_id FROM annotation_clip AS clip WHERE clip.id = unit.clip_id),
                    lease.is_prefetch
                FROM {self.lease_table} AS lease JOIN {self.table} AS unit ON unit.id = lease.{self.column}
                WHERE lease.holder_id = %(user)s AND lease.ended_at IS NULL AND lease.expires_at > clock_timestamp()
                    AND lease.work = %(work)s AND unit.project_id = %(project)s AND {condition}
                ORDER BY lease.is_prefetch, lease.id
            """  # noqa: S608 - all of it is written by us
            for work, condition in self.workable.items()
        }

    def unit_of(self, row: Any) -> Any:
        """Of a lease or a skip."""
        return getattr(row, self.link)

    def rows(self, why: str, user: User, project: Project, *, most: int) -> list[Any]:
        """What a step, of those that stand once, has for the person, whoever has it on the desk, with its clip."""
        work, step = self._step(why)
        sql = f"""SELECT * FROM {self.table} AS unit WHERE project_id = %(project)s AND {step.condition}
            ORDER BY {step.order} LIMIT %(most)s"""  # noqa: S608 - all of it is written by us
        said = {"project": project.pk, "user": user.pk, "work": work, "most": most}
        return list(self.model.objects.raw(sql, said).prefetch_related("clip"))

    def is_so(self, condition: str, unit: Unit, user: User) -> bool:
        """Whether a condition holds for the unit and the person. 1 query."""
        sql = f"SELECT 1 FROM {self.table} AS unit WHERE id = %(unit)s AND {condition}"  # noqa: S608 - ours
        with connection.cursor() as cursor:
            cursor.execute(sql, {"unit": unit.pk, "user": user.pk})
            return cursor.fetchone() is not None

    def _step(self, why: str) -> tuple[str, Step]:
        return next((work, step) for work, steps in self.steps.items() for step in steps if step.why == why)

    def _ladder(self, steps: Sequence[Step]) -> str:
        """One statement for all steps: a later one runs only if the earlier ones found nothing.

        Free is what has no live lease; `clock_timestamp` keeps Postgres at asking that of one unit after the other in
        the order of the index, which ends at the first that is free.
        """
        looks = []
        for number, step in enumerate(steps):
            before = "".join(f"NOT EXISTS (TABLE step{earlier}) AND " for earlier in range(number))
            looks.append(f"""step{number} AS (
                SELECT id, clip_id, '{step.why}' AS why FROM {self.table} AS unit
                WHERE {before} project_id = %(project)s AND {step.condition} {self._aside(step)}
                    AND NOT EXISTS (SELECT 1 FROM {self.lease_table} AS lease WHERE lease.{self.column} = unit.id
                        AND lease.ended_at IS NULL AND lease.expires_at > clock_timestamp())
                ORDER BY {step.order} LIMIT 1 FOR UPDATE SKIP LOCKED)""")  # noqa: S608 - all of it is written by us
        found = " UNION ALL ".join(f"TABLE step{number}" for number in range(len(steps)))
        return f"""WITH {", ".join(looks)} SELECT found.id, clip.clip_id, found.why
            FROM ({found}) AS found JOIN annotation_clip AS clip ON clip.id = found.clip_id"""  # noqa: S608

    def _aside(self, step: Step) -> str:
        if step.put_aside is None:
            return ""
        mine = f"""FROM {self.skips._meta.db_table} AS skip
            WHERE skip.user_id = %(user)s AND skip.work = %(work)s"""
        if step.put_aside:
            return f"AND id IN (SELECT skip.{self.column} {mine})"
        return f"AND NOT EXISTS (SELECT 1 {mine} AND skip.{self.column} = unit.id)"


_kinds: dict[str, UnitKind] = {}


def register(kind: UnitKind) -> None:
    """Called in AppConfig.ready."""
    _kinds[kind.name] = kind


def all_kinds() -> list[UnitKind]:
    """By name: captions before questions."""
    return [_kinds[name] for name in sorted(_kinds)]


def kind_named(name: object) -> UnitKind:
    """Raises BadInput."""
    if not isinstance(name, str) or name not in _kinds:
        raise BadInput({"kind": f"must be {' or '.join(sorted(_kinds))}"})
    return _kinds[name]


def kind_of(unit: Unit) -> UnitKind:
    return next(kind for kind in _kinds.values() if isinstance(unit, kind.model))


def checked_work(work: object) -> LeaseWork:
    """Raises BadInput."""
    if not isinstance(work, str) or work not in LeaseWork.values:
        raise BadInput({"work": "must be edit or review"})
    return LeaseWork(work)


def lock(unit: Unit) -> Any:
    """The unit's row under lock, with its clip's project. Needs an open transaction."""
    rows: models.Manager[Any] = kind_of(unit).model.objects
    return rows.select_for_update(of=("self",)).select_related("clip__project").get(pk=unit.pk)
