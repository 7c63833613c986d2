"""A worker can be alive and deaf: connected, and no message comes. Then it ends, to be started anew (F-05).

An idle worker sends itself canaries through the broker. If none is heard in time, although all could be sent, the
worker leaves; whoever watches over it starts another. One that is busy is no suspect: it takes nothing new on.
"""

import logging
import os
import threading
import time
from typing import Literal

from celery.signals import task_received
from celery.utils.nodenames import worker_direct
from celery.worker import state
from django.conf import settings
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from haic_annotate.broker import ask

LOOKS = 24
"""So often within the time after which a worker is called deaf."""
DEAF = 75
"""Exit code: try again, as the shell has it."""

logger = logging.getLogger(__name__)


class Hearing:
    """What an idle worker should do next. Times are seconds of one clock that only rises.

    heard_at: when a message came last. asked_at: when the last canary was sent; unheard_since: when the first one was
    that nothing has answered, None where all were.
    """

    def __init__(self, *, deaf_after: float, now: float) -> None:
        self.deaf_after = deaf_after
        self.heard_at = self.asked_at = now
        self.unheard_since: float | None = None

    def heard(self, now: float) -> None:
        self.heard_at, self.unheard_since = now, None

    def asked(self, now: float) -> None:
        """To be said before it is sent: it may be heard before the sender comes back."""
        self.asked_at = now
        if self.unheard_since is None:
            self.unheard_since = now

    def next(self, now: float, *, is_busy: bool) -> Literal["ask", "wait", "leave"]:
        if is_busy:
            self.heard(now)
        if self.unheard_since is not None and now - self.unheard_since >= self.deaf_after:
            return "leave"
        quiet_for = now - max(self.heard_at, self.asked_at)
        return "ask" if quiet_for >= self.deaf_after / 4 else "wait"


def listen(worker: str) -> None:
    """From now on. worker: its node name."""
    hearing = Hearing(deaf_after=settings.WORKER_DEAF_SECONDS, now=time.monotonic())

    def heard(**kwargs: object) -> None:
        hearing.heard(time.monotonic())

    task_received.connect(heard, weak=False)
    threading.Thread(target=_watch, args=(hearing, worker), name="hearing", daemon=True).start()


def _watch(hearing: Hearing, worker: str) -> None:
    while True:
        time.sleep(hearing.deaf_after / LOOKS)
        wanted = hearing.next(time.monotonic(), is_busy=bool(state.reserved_requests))
        if wanted == "ask":
            hearing.asked(time.monotonic())
            if not _asked(worker):
                hearing.heard(time.monotonic())  # nothing can be heard: the time begins anew
        elif wanted == "leave":
            logger.critical("this worker hears nothing any more, although the broker takes messages: it leaves")
            # Whatever is stuck must not keep us: nobody is at work here, and children die with us.
            os._exit(DEAF)


def _asked(worker: str) -> bool:
    """False where the broker is away: silence is no sign of deafness then."""
    try:
        ask(worker_direct(worker))
    except (KombuError, RedisError, OSError):
        return False
    return True
