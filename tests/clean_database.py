"""What tests commit goes when they end, and quickly: a database has sixty tables, and one test writes to five of them.

Django's own way truncates all tables, which the triggers of append-only ones refuse, and then does what comes after a
migration once for each app: half a second a test.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection, transaction
from django.test import TransactionTestCase
from psycopg import sql

TRIES = 5
KEPT = "as_it_was_made"
"""The schema with the rows that the database was made with."""


@contextmanager
def cleaned_as_it_was_made() -> Iterator[None]:
    """While it lasts, a test that commits is cleaned by a return to the rows that there are now."""
    tables = sorted(connection.introspection.django_table_names(only_existing=True, include_views=False))
    filled = [table for table in tables if _has_rows(table)]
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {KEPT}")
        for table in filled:
            cursor.execute(_said("CREATE TABLE {kept} AS TABLE {table}", table))
    clean = "; ".join(
        [
            # Whoever is still at work, such as the last request of a page that was closed, ends first.
            *(_said("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE", table) for table in tables),
            *(_said("DELETE FROM {table}", table) for table in tables),
            *(_said("INSERT INTO {table} SELECT * FROM {kept}", table) for table in filled),
        ]
    )

    def teardown(case: TransactionTestCase) -> None:
        _run_past_triggers(clean)

    plain = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]
    TransactionTestCase._fixture_teardown = teardown  # type: ignore[attr-defined]
    yield
    TransactionTestCase._fixture_teardown = plain  # type: ignore[attr-defined]


def _has_rows(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_said("SELECT EXISTS (SELECT FROM {table})", table))
        row: tuple[Any, ...] = cursor.fetchone()
        return bool(row[0])


def _said(statement: str, table: str) -> str:
    names = {"table": sql.Identifier(table), "kept": sql.Identifier(KEPT, table)}
    return sql.SQL(statement).format(**names).as_string(None)


def _run_past_triggers(statements: str) -> None:
    """As the superuser, whom triggers and foreign keys do not stop. Who loses a deadlock with a request tries again."""
    for tries_left in range(TRIES - 1, -1, -1):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL session_replication_role = replica")
                cursor.execute(statements)
        except OperationalError:
            if not tries_left:
                raise
        else:
            return
