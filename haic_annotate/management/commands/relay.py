"""`manage relay`: publishes the outbox, sweeps, sends the canary. One at a time, by an advisory lock."""

import logging
import time
from typing import Any

from celery.exceptions import OperationalError as BrokerError
from django.core.management.base import BaseCommand
from django.db import OperationalError, connection
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from annotation.models import Outbox
from annotation.services.outbox import CHANNEL, beat, enqueue, publish_pending, sweep
from haic_annotate.celery import app

LOCK = 7_201_001
POLL_SECONDS = 1.0
SWEEP_SECONDS = 20
CANARY_SECONDS = 30
LONGEST_PAUSE_SECONDS = 15

logger = logging.getLogger(__name__)


def send(row: Outbox) -> None:
    """To the broker, once, without waiting for it longer than its socket time-outs."""
    app.send_task(row.task, args=row.args, queue=row.queue, retry=False)


class Command(BaseCommand):
    help = "Publish the outbox to the broker, sweep, and send the canary, until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        pause = POLL_SECONDS
        while True:
            try:
                self._relay()
            except (OperationalError, BrokerError, KombuError, RedisError, OSError) as error:
                logger.warning("relay: %s; trying again in %.0f s", error, pause)
                connection.close()
                time.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            else:
                pause = POLL_SECONDS

    def _relay(self) -> None:
        """One life with one database connection; ends by an error only."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                time.sleep(POLL_SECONDS)
                return
            cursor.execute(f"LISTEN {CHANNEL}")
        swept = told = 0.0
        while True:
            now = time.monotonic()
            if now - swept >= SWEEP_SECONDS:
                swept = now
                sweep()
                beat("relay")
            if now - told >= CANARY_SECONDS:
                told = now
                enqueue("annotation.canary", args=[])
            while publish_pending(send):
                pass
            self._wait()

    def _wait(self) -> None:
        """Until somebody writes to the outbox, or the poll is due."""
        raw = connection.connection
        for _ in raw.notifies(timeout=POLL_SECONDS, stop_after=1):
            pass
