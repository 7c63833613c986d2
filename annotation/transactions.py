"""Transactions that survive other people: a deadlock or a failed serialisation is tried again, all of it."""

import functools
import random
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, OperationalError, connection, transaction

from annotation.errors import Conflict, NotVisible

P = ParamSpec("P")
T = TypeVar("T")

RETRIES = 3
LONGEST_PAUSE_SECONDS = 0.1
_TRY_AGAIN = {"40001", "40P01"}
"""serialization_failure, deadlock_detected: Postgres has undone everything and the same may now succeed."""


CLIP_WITHDRAWN = "HA410"
"""What our triggers answer (annotation.withdrawn_clips) to who writes to a clip that was withdrawn meanwhile."""


def in_transaction(function: Callable[P, T]) -> Callable[P, T]:
    """Decorates a service: all or nothing, tried again up to three times. Inside another transaction it is part of it.

    What it calls must be safe to run again after a rollback. Raises Conflict when the last try fails as well, and
    NotVisible when the clip that it writes to was withdrawn meanwhile.
    """
    once = _refused_where_withdrawn(function)

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        if connection.in_atomic_block:
            return once(*args, **kwargs)
        for _ in range(RETRIES):
            try:
                return once(*args, **kwargs)
            except OperationalError as error:
                if not _may_be_tried_again(error):
                    raise
            time.sleep(random.uniform(0, LONGEST_PAUSE_SECONDS))  # noqa: S311 - so that two do not meet again
        try:
            return once(*args, **kwargs)
        except OperationalError as error:
            if not _may_be_tried_again(error):
                raise
            raise Conflict("Others changed the same at the same time, again and again. Try once more.") from error

    return run


def _refused_where_withdrawn(function: Callable[P, T]) -> Callable[P, T]:
    """All or nothing, once."""

    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            with transaction.atomic():
                return function(*args, **kwargs)
        except DatabaseError as error:
            if getattr(error.__cause__, "sqlstate", None) != CLIP_WITHDRAWN:
                raise
            raise NotVisible from error

    return run


def _may_be_tried_again(error: OperationalError) -> bool:
    return getattr(error.__cause__, "sqlstate", None) in _TRY_AGAIN
