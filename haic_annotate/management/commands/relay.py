"""`manage relay`: publishes the outbox, sweeps, sends the canary. One at a time, by an advisory lock."""

import logging
import signal
import sys
import time
from typing import Any

import psycopg
from celery.exceptions import OperationalError as BrokerError
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, connection
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from annotation.outbox import CHANNEL
from annotation.services.outbox import beat, publish_pending, send_canary, sweep
from haic_annotate.broker import sending
from haic_annotate.guard import refuse_unsafe_start

LOCK = 7_201_001
POLL_SECONDS = 1.0
CANARY_SECONDS = 30
LONGEST_PAUSE_SECONDS = 15
DATABASE_AWAY = (OperationalError, InterfaceError, psycopg.OperationalError)
BROKER_AWAY = (BrokerError, KombuError, RedisError, OSError)

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Publish the outbox to the broker, sweep, and send the canary, until stopped."

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.trouble = ""
        self.pause_s = POLL_SECONDS
        self.stopping = False

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_unsafe_start()
        # As the first process of a container nothing would end us without a handler.
        signal.signal(signal.SIGTERM, self._stop)
        while not self.stopping:
            try:
                if self._take_lock():
                    self._relay()
                else:
                    self._troubled("another relay is at work", pause_s=POLL_SECONDS)
            except DATABASE_AWAY as error:
                connection.close()
                self._troubled(f"the database is away: {_first_line(error)}")

    def _stop(self, *_: object) -> None:
        """Ends us where we are; where a finalizer swallows that, the next round ends."""
        self.stopping = True
        sys.exit(0)

    def _take_lock(self) -> bool:
        """The lock lasts as long as the database connection."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
            row: tuple[bool] = cursor.fetchone()
            return row[0]

    def _relay(self) -> None:
        """One life with one database connection; ends by an error, or when told to stop."""
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        swept = told = -float("inf")
        while not self.stopping:
            now = time.monotonic()
            if now - swept >= settings.SWEEP_SECONDS:
                swept = now
                sweep()
                beat("relay")
            if now - told >= CANARY_SECONDS:
                told = now
                send_canary()
            try:
                with sending() as send:
                    while publish_pending(send):
                        pass
            except BROKER_AWAY as error:
                self._troubled(f"the broker is away: {_first_line(error)}")
            else:
                self._fine()
                self._wait()

    def _wait(self) -> None:
        """Until somebody writes to the outbox, or the poll is due."""
        raw = connection.connection
        for _ in raw.notifies(timeout=POLL_SECONDS, stop_after=1):
            pass

    def _troubled(self, trouble: str, *, pause_s: float | None = None) -> None:
        """Say it once, however often it is tried; then pause, longer each time unless told how long."""
        if trouble != self.trouble:
            logger.warning("relay waits: %s", trouble)
        self.trouble = trouble
        time.sleep(pause_s or self.pause_s)
        self.pause_s = min(self.pause_s * 2, LONGEST_PAUSE_SECONDS)

    def _fine(self) -> None:
        if self.trouble:
            logger.warning("relay is at work again")
        self.trouble = ""
        self.pause_s = POLL_SECONDS


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
