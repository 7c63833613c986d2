"""Time limits on our side of the connection.

`statement_timeout` is kept by the server: one that hangs (a stopped process, a dead disk) keeps nothing, and neither a
socket on the same machine nor an acknowledged packet ever times out. So we stop waiting, where people wait for us.
"""

import time
from typing import Any

import psycopg
from django.conf import settings
from django.db.backends.postgresql import base

HEALTH_CHECK_S = 1.0
RESPITE_S = 1.0
"""For so long nothing new is tried after an answer did not come: a request that failed asks no second time."""


class DatabaseWrapper(base.DatabaseWrapper):
    _gave_up_at = -float("inf")

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if time.monotonic() - self._gave_up_at < RESPITE_S:
            raise psycopg.OperationalError("the database gave no answer a moment ago")
        connection = super().get_new_connection(conn_params)
        if settings.DB_PATIENCE_SECONDS:
            self._limit(connection, settings.DB_PATIENCE_SECONDS)
        return connection

    def is_usable(self) -> bool:
        """Asked before a kept connection is used again: a healthy server answers at once."""
        if self.connection is None or not settings.DB_PATIENCE_SECONDS:
            return super().is_usable()
        self._limit(self.connection, HEALTH_CHECK_S)
        try:
            return super().is_usable()
        finally:
            self._limit(self.connection, settings.DB_PATIENCE_SECONDS)

    def _limit(self, connection: Any, seconds: float) -> None:
        """Each statement raises OperationalError after so long. Its answer may yet come: the connection is closed."""
        wait = type(connection).wait

        def wait_at_most(generator: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            try:
                return wait(connection, generator, interval, seconds if timeout is None else timeout)
            except psycopg.errors._WaitTimeout as error:
                self._gave_up_at = time.monotonic()
                connection.pgconn.finish()
                raise psycopg.OperationalError(f"the database gave no answer within {seconds:g} s") from error

        connection.wait = wait_at_most
