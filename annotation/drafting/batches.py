"""Bulk: queued jobs of a run go to the model together, for half the price and within a day.

A batch is sent at most once. Before that, its row and a call for each of its jobs are committed, each with half of its
worst case reserved; a request is known by its `custom_id`, the job's uid and the attempt, so that a line of the results
names one call and no other.

Who dies after sending, before the server's name for the batch is stored, leaves one that may be paid for and that
nobody knows (F-19). The server takes no key that would make a second sending harmless, and its list tells of a batch
only how many requests it has; whose they are stands in the results. So the newest batch that it knows is noted first;
afterwards those made later, of the same size, may be ours, and until each of them has ended (within a day) and the
first line of its results has said whose it is, nothing of ours is sent again. It is not cancelled either: others may
use the same key, and a batch of theirs looks the same. Only when there is none long after the slowest sending must have
ended, it was never made.

A job of a batch has no lease of its own: the batch has it, and `attempts` is the token that goes with it.
"""

import json
import math
import time
from datetime import timedelta
from http import HTTPStatus
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from annotation.drafting import batch_api, breakers
from annotation.drafting.batch_results import custom_id_in, custom_id_of, forget, give_up, read_results
from annotation.drafting.client import (
    CallFailed,
    Exchange,
    OutcomeUnknown,
    Refusing,
    Unavailable,
    Unusable,
)
from annotation.drafting.jobs import (
    BUDGET_PAUSE,
    NUDGE_AGAIN,
    QUEUE,
    fail,
    postpone,
    prepare,
    put_back,
    renewing,
)
from annotation.drafting.of_withdrawn import OF_WITHDRAWN
from annotation.models import Batch, Call, Job, JobStatus, Run
from annotation.outbox import enqueue_each
from annotation.stored_files import working_folder
from annotation.transactions import in_transaction
from annotation.workflow import database_now

TASK = "annotation.run_batch"
TASK_SECONDS = 1500
MOST_JOBS = 200
MOST_BYTES = 32 * 1024 * 1024
"""A batch is not filled further after so many bytes; the API takes 256 MB."""
FILL_SECONDS = 600
MOST_AT_ONCE = 8
"""Batches of one run that are being filled."""
NEVER_MADE_AFTER = timedelta(seconds=batch_api.UPLOAD_SECONDS + 300)
"""A worker that lost its lease may still be sending; what was sent may take a moment to be listed."""
SEARCH_PAUSE_S = 60.0
MOST_READS = 3
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 600.0
GONE_AFTER = timedelta(hours=25)
"""A batch ends within 24 hours. Before that, “not found” may only mean that our key is another one now."""
OPEN = (Batch.Status.INTENDED, Batch.Status.SUBMITTED)


class _NotOurs(Exception):
    """Another worker holds the batch now."""


@in_transaction
def gather(run: Run) -> None:
    """Make batches for the jobs of a run that wait for one. Safe to run twice, and at any time."""
    # Lock first: two must not count the same jobs.
    run = Run.objects.select_for_update().get(pk=run.pk)
    if not run.is_batch or run.status != Run.Status.RUNNING:
        return
    wanted = min(math.ceil(_waiting(run).count() / MOST_JOBS), MOST_AT_ONCE)
    missing = wanted - Batch.objects.filter(run=run, status=Batch.Status.INTENDED, sent_at=None).count()
    made = Batch.objects.bulk_create(
        [Batch(run=run, model=run.model, next_attempt_at=Now()) for _ in range(missing)]  # none for less than 1
    )
    nudge([batch.pk for batch in made])


def hurry(run: Run) -> None:
    """Look after what the run has with the model now, not when its time has come. Needs an open transaction."""
    sent = Batch.objects.filter(run=run, status__in=OPEN, sent_at__isnull=False)
    sent.update(next_attempt_at=Now())
    nudge(list(sent.values_list("pk", flat=True)))


def sweep_batches() -> None:
    """Jobs that wait for a batch get one; batches whose time has come, or whose worker is lost, are run again."""
    waiting = _waits_for_batch().values("run")
    for run in Run.objects.filter(pk__in=waiting, status=Run.Status.RUNNING, is_batch=True):
        gather(run)
    told_long_ago = Q(nudged_at=None) | Q(nudged_at__lt=Now() - NUDGE_AGAIN) | Q(nudged_at__lt=F("next_attempt_at"))
    with transaction.atomic():
        nudge(list(_due().filter(told_long_ago).values_list("pk", flat=True)))


def nudge(batch_ids: list[int]) -> None:
    """Tell workers of these batches. Needs an open transaction."""
    Batch.objects.filter(pk__in=batch_ids).update(nudged_at=Now())
    enqueue_each(TASK, [[batch_id] for batch_id in batch_ids], queue=QUEUE)


def run_batch(batch_id: int) -> None:
    """Take a batch as far as it can go now, or do nothing where somebody else does or its time has not come."""
    batch = _lease(batch_id)
    if batch is None:
        return
    with renewing(lambda: _renew(batch), seconds=TASK_SECONDS):
        if batch.status == Batch.Status.SUBMITTED:
            _poll(batch)
        elif batch.sent_at is not None:
            _search(batch)
        elif Job.objects.filter(batch=batch).exists():
            _take_apart(batch, "The worker that filled this batch was lost before it was sent.")
        else:
            _submit(batch)


# --- Filling and sending ---


def _submit(batch: Batch) -> None:
    if batch.run.status != Run.Status.RUNNING:
        _end(batch, Batch.Status.CLOSED, reason="Its run stopped before it was filled.")
        return
    if not settings.ANTHROPIC_API_KEY:
        _pause_run(batch, "no_key", "ANTHROPIC_API_KEY is not set where the worker runs.")
        return
    hold = breakers.hold_of(batch.model)
    if hold is not None and hold.until is None:
        _pause_run(batch, "breaker", hold.reason)
        return
    if hold is not None and hold.until is not None:
        _wait(batch, (hold.until - database_now()).total_seconds(), reason=hold.reason)
        return
    try:
        newest = batch_api.newest()
    except CallFailed as failure:
        _trouble(batch, failure)
        return
    _mine(batch).update(remote_before=newest)
    with working_folder() as folder, (folder / "requests.json").open("w+b") as body:
        _fill_and_send(batch, body)


def _fill_and_send(batch: Batch, body: BinaryIO) -> None:
    try:
        if not _fill(batch, body):
            _end(batch, Batch.Status.CLOSED, reason="Nothing was left to send.")
            return
    except _NotOurs:
        return  # who holds it now has taken it apart
    running = Run.objects.filter(status=Run.Status.RUNNING)
    unsent = _mine(batch).filter(status=Batch.Status.INTENDED, sent_at=None, run__in=running)
    if unsent.update(sent_at=Now()):  # from here on it may be with the model
        _send(batch, body)
    elif _mine(batch).exists():
        _take_apart(batch, "Its run stopped before it was sent.")


def _fill(batch: Batch, body: BinaryIO) -> int:
    """Write the requests of jobs that can go now, journal their calls; return how many. Raises _NotOurs."""
    end = time.monotonic() + FILL_SECONDS
    sent = 0
    body.write(b'{"requests":[')
    for job_id in list(_waiting(batch.run).order_by("pk").values_list("pk", flat=True)[: MOST_JOBS * MOST_AT_ONCE]):
        if sent == MOST_JOBS or body.tell() > MOST_BYTES or time.monotonic() > end:
            break
        job = _take(job_id, batch)
        prepared = prepare(job, batch_id=batch.pk) if job is not None else None
        if prepared is not None:
            call, request = prepared
            line = {"custom_id": custom_id_of(call), "params": request.body()}
            body.write((b"," if sent else b"") + json.dumps(line).encode())
            sent += 1
    body.write(b"]}")
    body.seek(0)
    return sent


def _take(job_id: int, batch: Batch) -> Job | None:
    """The job, part of the batch from now on, or None if it is not to be had. Raises _NotOurs."""
    with transaction.atomic():
        # Lock first: who takes the batch over, and apart, must find every job that we took.
        if _mine(batch).select_for_update().first() is None:
            raise _NotOurs
        running = Run.objects.filter(status=Run.Status.RUNNING)
        free = _waits_for_batch().filter(pk=job_id, run=batch.run_id, run__in=running)
        if not free.update(status=JobStatus.LEASED, batch=batch, lease_until=None, attempt=F("attempt") + 1):
            return None
    return Job.objects.select_related("clip__project", "prompt", "run").get(pk=job_id)


def _send(batch: Batch, body: BinaryIO) -> None:
    try:
        remote = batch_api.create(body)
    except CallFailed as failure:
        _not_made(batch, failure)
        return
    breakers.well(batch.model)
    _mine(batch).update(remote_id=remote.id, status=Batch.Status.SUBMITTED)
    _wait(batch, FIRST_PAUSE_S)
    gather(batch.run)


def _not_made(batch: Batch, failure: CallFailed) -> None:
    if not batch_api.is_surely_not_made(failure.exchange):
        breakers.fault(batch.model, reason=str(failure))
        _wait(batch, SEARCH_PAUSE_S, reason=str(failure))
        return
    if isinstance(failure, Refusing):
        breakers.trip(batch.model, reason=str(failure))
        forget(batch, failure, lambda job: put_back(job, until=None, reason="breaker", detail=str(failure)))
    elif isinstance(failure, Unusable):
        forget(batch, failure, lambda job: fail(job, failure.code, str(failure)))
    else:
        pause = _ask_for_patience(batch, failure) or SEARCH_PAUSE_S
        until = database_now() + timedelta(seconds=pause)
        forget(batch, failure, lambda job: put_back(job, until=until, reason="", detail=str(failure)))
    _end(batch, Batch.Status.FAILED, reason=str(failure))


def _take_apart(batch: Batch, why: str) -> None:
    """It was surely not sent. Its jobs wait again; the one whose preparation may have ended its worker is counted."""
    # Those being prepared first: who still works on one, and has lost the batch, cannot journal its call any more.
    for job in Job.objects.filter(batch=batch, status=JobStatus.LEASED):
        postpone(job, why, seconds=0)
    failure = Unavailable(why, Exchange(was_sent=False))
    now = database_now()
    forget(batch, failure, lambda job: put_back(job, until=now, reason="", detail=why))
    _end(batch, Batch.Status.FAILED, reason=why)


# --- Looking for one that may be ours ---


def _search(batch: Batch) -> None:
    """Sent, and nobody knows what became of it: adopt it, wait, or be sure at last that it was never made."""
    names = {custom_id_of(call) for call in Call.objects.filter(batch=batch).select_related("job")}
    is_undecided = is_unreadable = False
    try:
        found = [remote for remote in batch_api.newer_than(batch.remote_before) if remote.size == len(names)]
        others = Batch.objects.filter(remote_id__in=[remote.id for remote in found])
        known = set(others.values_list("remote_id", flat=True))
        for remote in found:
            if remote.id in known:
                continue
            now = batch_api.retrieve(remote.id)
            if not now.is_over:
                is_undecided = True
            elif not now.has_results:
                is_unreadable = True
            elif custom_id_in(next(batch_api.lines(remote.id), b"")) in names:
                _mine(batch).update(remote_id=remote.id, status=Batch.Status.SUBMITTED)
                _wait(batch, 0)
                return
    except CallFailed as failure:
        _trouble(batch, failure)
        return
    if is_undecided:
        _wait(batch, _poll_pause(batch), reason="A batch there may be this one. It will tell when it has ended.")
    elif not _was_sent_before(batch, NEVER_MADE_AFTER):
        _wait(batch, SEARCH_PAUSE_S, reason="The server does not know of this batch, so far.")
    elif is_unreadable:
        _close(batch, "A batch there may be this one, but its results are not kept any more.")
    else:
        _take_apart(batch, "This batch never reached the server.")


# --- Waiting for it and reading it ---


def _poll(batch: Batch) -> None:
    try:
        remote = batch_api.retrieve(batch.remote_id)
        if not remote.is_over:
            if batch.run.status == Run.Status.CANCELLED and remote.status == "in_progress":
                batch_api.cancel(batch.remote_id)
            _wait(batch, _poll_pause(batch))
            return
        missing = read_results(batch)
    except CallFailed as failure:
        if failure.exchange.http_status == HTTPStatus.NOT_FOUND and _was_sent_before(batch, GONE_AFTER):
            _close(batch, "The server does not know of its batch any more.")
        else:
            _trouble(batch, failure)
        return
    if missing and batch.failures + 1 < MOST_READS:
        _mine(batch).update(failures=F("failures") + 1)
        _wait(batch, SEARCH_PAUSE_S, reason=f"{missing} lines are missing in its results.")
    else:
        _close(batch, "The results of its batch do not name this call.")


def _close(batch: Batch, why: str) -> None:
    """All is read that there is. why: for calls whose line is not there; nobody knows what became of them."""
    give_up(batch, OutcomeUnknown(why, Exchange()))
    _end(batch, Batch.Status.CLOSED)


def _was_sent_before(batch: Batch, age: timedelta) -> bool:
    return Batch.objects.filter(pk=batch.pk, sent_at__lt=Now() - age).exists()


def _trouble(batch: Batch, failure: CallFailed) -> None:
    """A question was not answered. Nothing hangs on it: it is asked again later."""
    if isinstance(failure, Refusing) and failure.exchange.http_status != HTTPStatus.NOT_FOUND:
        breakers.trip(batch.model, reason=str(failure))  # what is not sent yet will find it open, and wait
    pause = _ask_for_patience(batch, failure) or _poll_pause(batch)
    _wait(batch, pause, reason=str(failure))


def _ask_for_patience(batch: Batch, failure: CallFailed) -> float | None:
    """Seconds that the server wants to be left alone; the others are told if it says that we ask too much."""
    seconds = failure.retry_after_s if isinstance(failure, Unavailable) else None
    if isinstance(failure, Unavailable) and failure.is_rate_limit:
        breakers.wait(batch.model, seconds=seconds or FIRST_PAUSE_S, reason=str(failure))
    return seconds


def _poll_pause(batch: Batch) -> float:
    """Seconds: 5, 10, 20 … up to ten minutes."""
    return float(min(FIRST_PAUSE_S * 2 ** min(batch.attempts - 1, 10), LONGEST_PAUSE_S))


# --- Its row ---


def _lease(batch_id: int) -> Batch | None:
    until = Now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)
    if not _due().filter(pk=batch_id).update(lease_until=until, attempts=F("attempts") + 1):
        return None
    return Batch.objects.select_related("run").get(pk=batch_id)


def _renew(batch: Batch) -> bool:
    until = Now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)
    return bool(_mine(batch).filter(lease_until__gt=Now()).update(lease_until=until))


def _mine(batch: Batch) -> QuerySet[Batch]:
    """The batch's row, while we hold it."""
    return Batch.objects.filter(pk=batch.pk, attempts=batch.attempts, status__in=OPEN)


def _wait(batch: Batch, seconds: float, *, reason: str = "") -> None:
    _mine(batch).update(
        lease_until=None,
        next_attempt_at=Now() + timedelta(seconds=max(seconds, 0)),
        reason=reason[:500].replace("\x00", ""),
    )


def _end(batch: Batch, status: Batch.Status, *, reason: str = "") -> None:
    # Two transactions: who cancels the run locks it first and its batches then. The sweep gathers as well.
    _mine(batch).update(status=status, reason=reason[:500].replace("\x00", ""), lease_until=None)
    gather(batch.run)


def _pause_run(batch: Batch, reason: str, detail: str) -> None:
    """Nobody can be asked until a person does something: what waits says so, as it would without a batch."""
    _waiting(batch.run).update(
        status=JobStatus.PAUSED, reason=reason, detail=detail[:1000], next_attempt_at=Now() + BUDGET_PAUSE
    )
    _end(batch, Batch.Status.FAILED, reason=detail)


def _due() -> QuerySet[Batch]:
    free = Q(lease_until=None) | Q(lease_until__lt=Now())
    return Batch.objects.filter(free, status__in=OPEN, next_attempt_at__lte=Now())


def _waits_for_batch() -> QuerySet[Job]:
    waits = Job.objects.filter(status=JobStatus.QUEUED, next_attempt_at__lte=Now(), batch=None, repair_of=None)
    return waits.exclude(OF_WITHDRAWN)


def _waiting(run: Run) -> QuerySet[Job]:
    return _waits_for_batch().filter(run=run)
