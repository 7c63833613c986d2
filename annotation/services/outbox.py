"""From Postgres to the broker: a task is written in the transaction that makes it necessary, and sent by the relay.

A message may be sent twice (the relay can die between sending and marking), never not at all: tasks can run twice.
"""

from collections.abc import Callable
from datetime import timedelta

from django.db.models import F, Q
from django.utils import timezone

from annotation.drafting.sweep import sweep_jobs
from annotation.models import Heartbeat, IdempotencyKey, Outbox, Upload
from annotation.outbox import enqueue
from annotation.services.drafting import draft_by_itself
from annotation.services.scene_cuts import sweep_cuts
from annotation.services.screening import sweep_videos
from annotation.services.video_arrivals import sweep_video_uploads
from annotation.services.withdrawn_files import sweep_withdrawn_files
from annotation.transactions import in_transaction
from annotation.workflow import database_now

CANARY = "annotation.canary"
BATCH = 100
KEEP = timedelta(days=1)
KEEP_ANSWERS = timedelta(days=7)
"""No page and no program tries a save again after so long."""
UPLOAD_ATTEMPTS = 3

Send = Callable[[Outbox], None]
_SWEEPS: list[Callable[[], None]] = []


def register_sweep(sweep_more: Callable[[], None]) -> None:
    """Called once, by an app with work of its own that a worker may leave behind."""
    _SWEEPS.append(sweep_more)


def publish_pending(send: Send) -> int:
    """Send what waits, oldest first; return how many. What cannot be sent stays. The caller holds the relay's lock."""
    pending = Outbox.objects.filter(published_at=None)[:BATCH]
    sent: list[int] = []
    try:
        for row in pending:
            send(row)
            sent.append(row.pk)
    finally:
        Outbox.objects.filter(pk__in=sent).update(published_at=database_now())
    return len(sent)


def send_canary() -> None:
    """Ask a worker for a sign of life, unless the last question has not even left yet."""
    if not Outbox.objects.filter(task=CANARY, published_at=None).exists():
        enqueue(CANARY, args=[])


def beat(name: str) -> None:
    """Note that a part of the installation is alive."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": database_now()})


def sweep() -> None:
    """Bring back work whose worker is gone, drop what was published or answered long ago, ask for new drafts."""
    _sweep_uploads()
    sweep_video_uploads()
    sweep_videos()
    sweep_cuts()
    sweep_jobs()
    sweep_withdrawn_files()
    for sweep_more in _SWEEPS:
        sweep_more()
    draft_by_itself()


@in_transaction
def _sweep_uploads() -> None:
    now = database_now()
    Outbox.objects.filter(published_at__lt=now - KEEP).delete()
    IdempotencyKey.objects.filter(created_at__lt=now - KEEP_ANSWERS).delete()
    lost = Upload.objects.filter(status=Upload.Status.WORKING, lease_until__lt=now)
    lost.filter(attempts__gte=UPLOAD_ATTEMPTS).update(
        status=Upload.Status.REFUSED, reason="Checking this video failed three times without an answer."
    )
    unheard = Upload.objects.filter(status=Upload.Status.QUEUED, created_at__lt=timezone.now() - timedelta(minutes=2))
    due = unheard.filter(Q(lease_until=None) | Q(lease_until__lt=now))
    again = [*lost.filter(attempts__lt=UPLOAD_ATTEMPTS), *due]
    for upload in again:
        # Pushed forward, so that the next sweep does not send it once more.
        Upload.objects.filter(pk=upload.pk).update(
            status=Upload.Status.QUEUED, lease_until=now + timedelta(minutes=2), attempts=F("attempts")
        )
        enqueue("annotation.take_upload", args=[upload.pk], queue="video")
