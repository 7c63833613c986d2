"""Statements that every save runs, with SQL that is made once in a process.

The ORM makes a query's SQL anew each time, which takes several times as long as Postgres takes to answer it by a key.
On the way from Next to Submit that would be most of the time. What a statement means is still said by models and
querysets; nothing here knows a table.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection, models
from django.db.models.query import get_related_populators

M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True)
class _Made:
    sql: str
    values: list[Any]
    places: dict[int, str]
    """Place among the values -> the parameter that stands there."""
    compiler: Any
    converters: Any
    populators: Any
    attributes: list[str]
    span: slice


class Ready(Generic[M]):
    """A queryset with parameters: `Ready(lambda pk: Clip.objects.filter(pk=pk), pk=-1).first(pk=7)`.

    The examples stand for the parameters while the SQL is made: no other value in the query may equal one of them.
    """

    def __init__(self, build: Callable[..., "models.QuerySet[M]"], **examples: Any) -> None:
        self._build, self._examples = build, examples
        self._made: _Made | None = None

    def first(self, **values: Any) -> M | None:
        """The first row, with all that the queryset selects beside it. 1 query."""
        made = self._made = self._made or self._make()
        given = [values[made.places[at]] if at in made.places else value for at, value in enumerate(made.values)]
        with connection.cursor() as cursor:
            cursor.execute(made.sql, given)
            row = cursor.fetchone()
        if row is None:
            return None
        if made.converters:
            (row,) = made.compiler.apply_converters([row], made.converters)
        found: M = made.compiler.query.model.from_db(connection.alias, made.attributes, row[made.span])
        for populator in made.populators:
            populator.populate(row, found)
        return found

    def _make(self) -> _Made:
        compiler: Any = self._build(**self._examples)[:1].query.get_compiler(connection.alias)
        sql, values = compiler.as_sql()
        fields = compiler.klass_info["select_fields"]
        span = slice(fields[0], fields[-1] + 1)
        places = {
            at: name
            for at, value in enumerate(values)
            for name, example in self._examples.items()
            if type(value) is type(example) and value == example
        }
        if set(places.values()) != set(self._examples):
            raise TypeError(f"of {sorted(self._examples)} only {sorted(set(places.values()))} stand in the query")
        return _Made(
            sql=sql,
            values=list(values),
            places=places,
            compiler=compiler,
            converters=compiler.get_converters([column[0] for column in compiler.select]),
            populators=get_related_populators(compiler.klass_info, compiler.select, connection.alias),  # type: ignore[call-arg]
            attributes=[column[0].target.attname for column in compiler.select[span]],
            span=span,
        )


_inserts: dict[type[models.Model], str] = {}


def insert_row(row: models.Model) -> None:
    """As `save(force_insert=True)`, for models that nothing listens to."""
    fields: list[Any] = [field for field in row._meta.concrete_fields if not field.primary_key]
    if type(row) not in _inserts:
        columns = ", ".join(_quoted(field.column) for field in fields)
        values = ", ".join(["%s"] * len(fields))
        table = _quoted(row._meta.db_table)
        _inserts[type(row)] = f"INSERT INTO {table} ({columns}) VALUES ({values}) RETURNING id"  # noqa: S608 - names of ours
    said = [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(_inserts[type(row)], said)
        (row.pk,) = cursor.fetchone()
    row._state.adding, row._state.db = False, connection.alias


def update_row(row: models.Model, *names: str) -> None:
    """As `save(update_fields=names)`, for models that nothing listens to."""
    fields: list[Any] = [row._meta.get_field(name) for name in names]
    columns = ", ".join(f"{_quoted(field.column)} = %s" for field in fields)
    said = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {_quoted(row._meta.db_table)} SET {columns} WHERE id = %s", [*said, row.pk])  # noqa: S608


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
