"""Many new rows of one table at once, by COPY: for whoever brings thousands. `ready_sql` is for one row at a time.

The ORM's bulk_create asks every field about every value, which takes longer than Postgres takes to store it.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from django.db import connection, models

_AS_IT_IS = (
    models.CharField,
    models.TextField,
    models.IntegerField,
    models.BooleanField,
    models.UUIDField,
    models.ForeignKey,
    models.DateTimeField,
)
"""Fields whose values psycopg stores as the ORM would; the others are asked about each value."""


def copy_rows(rows: Sequence[models.Model]) -> None:
    """As `bulk_create`, for models that nothing listens to. Gives the rows their keys; all are of one model.

    Objects that they refer to must be stored. Raises what an INSERT would, of whichever row is the first to be refused;
    then none is stored.
    """
    if not rows:
        return
    meta = rows[0]._meta
    fields: list[Any] = list(meta.concrete_fields)
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    table = connection.ops.quote_name(meta.db_table)
    with connection.wrap_database_errors, connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [meta.db_table, fields[0].column, len(rows)],
        )
        for row, (key,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = key
        values = attrgetter(*(field.attname for field in fields))
        others = [(place, field) for place, field in enumerate(fields) if not _is_stored_as_it_is(field)]
        with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            for row in rows:
                said = list(values(row))
                for place, field in others:
                    said[place] = field.get_db_prep_save(field.pre_save(row, True), connection)
                copy.write_row(said)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def _is_stored_as_it_is(field: Any) -> bool:
    return isinstance(field, _AS_IT_IS) and not getattr(field, "auto_now_add", False)
