"""Files that several clips share: nobody removes one while somebody else is finding that it is there already.

Whoever stores files for a row shares the lock until the row is written; whoever removes files has it alone. It belongs
to the database connection: with a process that dies it is gone.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import DatabaseError, InterfaceError, connection

_LOCK = 7_201_002


@contextmanager
def storing_files() -> Iterator[None]:
    """For the time from looking whether the bytes are there to the row that names them."""
    with _locked("pg_advisory_lock_shared", "pg_advisory_unlock_shared"):
        yield


@contextmanager
def removing_files() -> Iterator[None]:
    """For the time from looking whether a row names a file to its removal."""
    with _locked("pg_advisory_lock", "pg_advisory_unlock"):
        yield


@contextmanager
def _locked(lock: str, unlock: str) -> Iterator[None]:
    _run(lock)
    try:
        yield
    finally:
        with suppress(DatabaseError, InterfaceError):  # the connection is gone, and the lock with it
            _run(unlock)


def _run(function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_LOCK])
