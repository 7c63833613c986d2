"""One message to the broker, quickly or not at all: what cannot be sent now stays in the outbox."""

from annotation.models import Outbox
from annotation.services.outbox import CANARY
from haic_annotate.celery import app

CANARY_EXPIRES_S = 120
# The client tries four times by itself: with these, a broker that hangs costs 3 to 4 seconds.
PATIENCE = {"socket_connect_timeout": 0.8, "socket_timeout": 0.8, "max_retries": 1}


def send(row: Outbox) -> None:
    """Publish the row's task. Raises a broker error within 5 seconds, even where the broker hangs."""
    # A canary that waits for a worker to come back proves nothing any more: the next one does.
    expires = CANARY_EXPIRES_S if row.task == CANARY else None
    with app.connection_for_write(transport_options=PATIENCE) as connection:
        app.send_task(row.task, args=row.args, queue=row.queue, connection=connection, retry=False, expires=expires)
