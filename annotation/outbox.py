"""A task is written in the transaction that makes it necessary; the relay sends it (annotation.services.outbox)."""

from collections.abc import Iterable

from django.db import connection

from annotation.models import Outbox

CHANNEL = "outbox"


def enqueue(task: str, *, args: list[int | str], queue: str = "default") -> None:
    """Write a task to publish. Call it inside the transaction that the task depends on."""
    enqueue_each(task, [args], queue=queue)


def enqueue_each(task: str, each: Iterable[list[int | str]], *, queue: str = "default") -> None:
    """The same task once for each list of arguments. As `enqueue`."""
    Outbox.objects.bulk_create([Outbox(task=task, args=args, queue=queue) for args in each])
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}")
