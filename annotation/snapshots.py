"""One moment of the database, however long the reading takes."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def one_snapshot(*, read_only: bool = False) -> Iterator[None]:
    """A REPEATABLE READ transaction. Inside a caller's transaction the snapshot is the caller's."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            begin_snapshot(read_only=read_only)
        yield


def begin_snapshot(*, read_only: bool = False) -> None:
    """Make the transaction that has just begun one snapshot. Before its first query only."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ{', READ ONLY' if read_only else ''}")
