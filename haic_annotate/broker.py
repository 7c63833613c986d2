"""Messages to the broker, quickly or not at all: what cannot be sent now stays in the outbox."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kombu import Queue

from annotation.models import Outbox
from annotation.services.outbox import CANARY
from haic_annotate.celery import app

CANARY_EXPIRES_S = 120
# The client tries four times by itself: with these, a broker that hangs costs 3 to 4 seconds.
PATIENCE = {"socket_connect_timeout": 0.8, "socket_timeout": 0.8, "max_retries": 1}


@contextmanager
def sending() -> Iterator[Callable[[Outbox], None]]:
    """What publishes a row's task, over one connection that is opened when it is first needed.

    It raises a broker error within 5 seconds, even where the broker hangs.
    """
    with app.connection_for_write(transport_options=PATIENCE) as connection:

        def send(row: Outbox) -> None:
            # A canary that waits for a worker to come back proves nothing any more: the next one does.
            expires = CANARY_EXPIRES_S if row.task == CANARY else None
            app.send_task(row.task, args=row.args, queue=row.queue, connection=connection, retry=False, expires=expires)

        yield send


def ask(queue: Queue) -> None:
    """Send one worker, by its own queue, a canary. Raises as `sending`."""
    with app.connection_for_write(transport_options=PATIENCE) as connection:
        app.send_task(CANARY, queue=queue, connection=connection, retry=False, expires=CANARY_EXPIRES_S)  # type: ignore[arg-type]  # the stubs know only names
