"""Jobs: lease, call, record, and bring back what a dead worker left. Everything here can run twice.

A worker may write only while it holds the job's attempt: each of its updates names the attempt and a status on the
way. Money is reserved and the call journalled in one committed transaction before anything is sent; the reply is
stored as it came before anybody reads it.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from annotation.drafting import breakers, client
from annotation.drafting.budget import BudgetReached, price_of, reserve, settle
from annotation.drafting.client import CallFailed, Exchange, ModelRequest
from annotation.drafting.kinds import TRY, BreaksRules, Malformed, Outdated, kind_named
from annotation.drafting.of_withdrawn import OF_WITHDRAWN, cancel_withdrawn
from annotation.drafting.prices import cost_micro_usd, worst_case_micro_usd
from annotation.errors import DomainError, NoRoom, StoreAway
from annotation.models import Call, CallOutcome, Job, JobStatus, Run
from annotation.models.jobs import ON_THE_WAY
from annotation.outbox import enqueue_each
from annotation.transactions import in_transaction
from annotation.workflow import database_now

TASK = "annotation.run_job"
QUEUE = "drafting"
MOST_FAILURES = 4
MOST_UNKNOWNS = 2
NUDGE_AGAIN = timedelta(seconds=60)
"""A message may be lost with its broker: a job that nobody took for so long is sent again."""
RECORD_SECONDS = 30
BUDGET_PAUSE = timedelta(minutes=15)

logger = logging.getLogger(__name__)


def run_job(job_id: int) -> None:
    """Do one job, or nothing where somebody else does it, it is done, or its time has not come."""
    job = lease(job_id)
    if job is None:
        return
    with renewing(lambda: _renew(job), seconds=settings.CALL_SECONDS + 60):
        if job.status == JobStatus.RECEIVED:
            _read_again(job)
        else:
            _ask(job)


def lease(job_id: int) -> Job | None:
    """The job, ours until the lease ends, or None. A reply that nobody has read yet is leased without a new attempt."""
    until = Now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)
    free = Job.objects.filter(goes_alone(), pk=job_id, status=JobStatus.QUEUED, next_attempt_at__lte=Now())
    unread = Job.objects.filter(pk=job_id, status=JobStatus.RECEIVED, lease_until=None, batch=None)
    if free.update(status=JobStatus.LEASED, lease_until=until, attempt=F("attempt") + 1) or unread.update(
        lease_until=until
    ):
        return Job.objects.select_related("clip__project", "prompt").get(pk=job_id)
    return None


def goes_alone() -> Q:
    """Jobs of clips that stand, of running runs or of none, that wait for no batch. A repair never waits for one."""
    # By subquery: a join would be read before the row is locked, and two workers could lease the same job.
    running = Run.objects.filter(status=Run.Status.RUNNING)
    alone = Q(run__in=running.filter(is_batch=False)) | Q(run__in=running, repair_of__isnull=False)
    return (Q(run=None) | alone) & Q(batch=None) & ~OF_WITHDRAWN


@contextmanager
def renewing(renew: Callable[[], bool], *, seconds: float) -> Iterator[None]:
    """Renew a lease while we live, for at most so many seconds. renew: False where it is not ours any more."""
    ended = threading.Event()
    pause = settings.JOB_LEASE_SECONDS / 3

    def run() -> None:
        try:
            for _ in range(int(seconds / pause)):
                if ended.wait(pause) or not renew():
                    return
        finally:
            connection.close()

    keeper = threading.Thread(target=run, name="lease", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()


def _renew(job: Job) -> bool:
    until = Now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)
    return bool(mine(job).filter(lease_until__gt=Now()).update(lease_until=until))


def mine(job: Job) -> QuerySet[Job]:
    """The job's row, while it is still this attempt that is on the way."""
    return Job.objects.filter(pk=job.pk, attempt=job.attempt, status__in=ON_THE_WAY)


def _ask(job: Job) -> None:
    if not settings.ANTHROPIC_API_KEY:
        put_back(job, until=None, reason="no_key", detail="ANTHROPIC_API_KEY is not set where the worker runs.")
        return
    hold = breakers.hold_of(job.model)
    if hold is not None:
        put_back(job, until=hold.until, reason="breaker", detail=hold.reason)
        return
    prepared = prepare(job)
    if prepared is not None:
        _call(job, *prepared)


def prepare(job: Job, *, batch_id: int | None = None) -> tuple[Call, ModelRequest] | None:
    """What to send, with its call in the journal; None where the job cannot go now, and says so itself."""
    try:
        request = kind_named(job.kind).request(job)
        client.client()  # loading the library takes a second: before the journal says that a call is on its way
        call = journal(job, request, batch_id=batch_id)
    except (StoreAway, NoRoom) as trouble:
        postpone(job, str(trouble))
    except BudgetReached as trouble:
        put_back(job, until=None, reason="budget", detail=str(trouble))
    except DomainError as trouble:  # Outdated, UnknownPrice, a video that cannot be sampled
        fail(job, trouble.code, str(trouble))
    else:
        return (call, request) if call is not None else None
    return None


def _call(job: Job, call: Call, request: ModelRequest) -> None:
    try:
        reply = client.send(request, call_id=str(call.uid))
    except CallFailed as failure:
        _recorded(call, failure.exchange, failure)
        _after_failure(job, failure)
        return
    _recorded(call, reply.exchange)
    breakers.well(job.model)
    conclude(job, call, reply.value)


def _recorded(call: Call, exchange: Exchange, failure: CallFailed | None = None) -> None:
    """A database that goes away just now must not cost us the reply, which is paid for: wait for it, for a while."""
    end = time.monotonic() + RECORD_SECONDS
    while True:
        try:
            record(call, exchange, failure=failure)
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() > end:
                raise
            connection.close()
            time.sleep(0.5)
        else:
            return


def journal(job: Job, request: ModelRequest, *, batch_id: int | None = None) -> Call | None:
    """Reserve the worst case and write the call, before it is sent; None if the job is not ours any more.

    Raises BudgetReached, UnknownPrice.
    """
    now = database_now()
    estimate = request.estimated_input_tokens()
    price = price_of(job.model, now.date())
    amount = worst_case_micro_usd(
        price, input_tokens=estimate, max_tokens=request.max_tokens, batch=batch_id is not None
    )
    with transaction.atomic():
        if not mine(job).update(status=JobStatus.CALLING):
            return None
        call = Call.objects.create(
            job=job,
            attempt=job.attempt,
            project=job.clip.project,
            batch_id=batch_id,
            model=job.model,
            request=request.journal(),
            estimated_input_tokens=estimate,
            max_tokens=request.max_tokens,
            reserved_micro_usd=amount,
            is_repair=job.repair_of_id is not None,
            day=now.date(),
            created_at=now,
        )
        reserve(project=job.clip.project, day=now.date(), amount=amount)
        return call


@in_transaction
def record(call: Call, exchange: Exchange, *, failure: CallFailed | None = None) -> bool:
    """Store what came of a call and settle its money; False if that was done before (the sweep gave it up).

    A call that was billed to nobody's knowledge keeps its reservation.
    """
    cost = _cost(call, exchange, failure)
    usage = exchange.usage
    outcome = CallOutcome(
        call=call,
        kind=_outcome_kind(exchange, failure),
        http_status=exchange.http_status,
        request_id=exchange.request_id,
        raw=exchange.raw,
        stop_reason=exchange.stop_reason.replace("\x00", ""),
        input_tokens=usage.input_tokens if usage else None,
        output_tokens=usage.output_tokens if usage else None,
        cache_write_tokens=usage.cache_write_5m_tokens + usage.cache_write_1h_tokens if usage else None,
        cache_read_tokens=usage.cache_read_tokens if usage else None,
        cost_micro_usd=cost,
        problem=str(failure or "")[:500].replace("\x00", ""),
        created_at=database_now(),
    )
    if not _first(outcome):
        return False
    if failure is None:
        Job.objects.filter(pk=call.job_id, attempt=call.attempt, status=JobStatus.CALLING).update(
            status=JobStatus.RECEIVED
        )
    if cost is not None:
        settle(project=call.project, day=call.day, reserved=call.reserved_micro_usd, cost=cost)
    return True


def _first(outcome: CallOutcome) -> bool:
    made = CallOutcome.objects.bulk_create([outcome], ignore_conflicts=True)
    # With conflicts ignored nobody says which rows went in: ours did if its time stands there.
    return bool(made) and CallOutcome.objects.filter(call=outcome.call, created_at=outcome.created_at).exists()


def _outcome_kind(exchange: Exchange, failure: CallFailed | None) -> CallOutcome.Kind:
    if not exchange.was_sent:
        return CallOutcome.Kind.NOT_SENT
    if isinstance(failure, client.OutcomeUnknown):
        return CallOutcome.Kind.UNKNOWN
    is_reply = exchange.http_status is not None and 200 <= exchange.http_status < 300
    return CallOutcome.Kind.REPLY if is_reply else CallOutcome.Kind.ERROR


def _cost(call: Call, exchange: Exchange, failure: CallFailed | None) -> int | None:
    """Micro-dollars; None where nobody can know. What was refused with an error status is not billed."""
    kind = _outcome_kind(exchange, failure)
    if kind in (CallOutcome.Kind.NOT_SENT, CallOutcome.Kind.ERROR):
        return 0
    if exchange.usage is None:
        return None
    price = price_of(call.model, call.day)
    return cost_micro_usd(price, exchange.usage, batch=call.batch_id is not None)


def conclude(job: Job, call: Call, value: Any) -> None:
    """Make of the reply what the job is for, and end the job, in one transaction."""
    try:
        with transaction.atomic():
            # Lock first: a second reader of the same reply must find the job done.
            if (
                not Job.objects.select_for_update()
                .filter(pk=job.pk, attempt=job.attempt, status=JobStatus.RECEIVED)
                .exists()
            ):
                return
            if cancel_withdrawn(Job.objects.filter(pk=job.pk)):
                return
            kind = kind_named(job.kind)
            read = kind.read(job, call, value)
            if not job.kind.startswith(TRY):
                kind.store(job, call, read)
            Job.objects.filter(pk=job.pk).update(
                status=JobStatus.DONE, lease_until=None, finished_at=Now(), reason="", detail=job.detail[:1000]
            )
    except BreaksRules as problem:
        if job.repair_of_id is None:
            _queue(job, repair_of=call, detail=str(problem)[:1000])
        else:
            fail(job, problem.code, str(problem))
    except Outdated as problem:
        fail(job, problem.code, str(problem))
    except DomainError as problem:
        fail(job, Malformed.code, str(problem))  # BadInput as well: it names the field


def _read_again(job: Job) -> None:
    """The reply is stored and paid for; whoever should have read it is gone."""
    call = Call.objects.select_related("outcome", "project").get(job=job, attempt=job.attempt)
    if not mine(job).update(failures=F("failures") + 1):
        return
    if job.failures + 1 >= MOST_FAILURES:
        fail(job, "poison", "Reading this reply ended its worker again and again.")
        return
    exchange = Exchange(raw=bytes(call.outcome.raw), http_status=call.outcome.http_status)
    try:
        reply = client.read_message(exchange)
    except CallFailed as failure:
        fail(job, failure.code, str(failure))
    else:
        conclude(job, call, reply.value)


def _after_failure(job: Job, failure: CallFailed) -> None:
    if isinstance(failure, client.Refusing):
        breakers.trip(job.model, reason=str(failure))
        put_back(job, until=None, reason="breaker", detail=str(failure))
    elif isinstance(failure, client.Unavailable) and failure.is_rate_limit:
        pause = failure.retry_after_s or _backoff(job.failures)
        breakers.wait(job.model, seconds=pause, reason=str(failure))
        put_back(job, until=database_now() + timedelta(seconds=pause + random.random()), reason="", detail=str(failure))  # noqa: S311
    elif isinstance(failure, client.Unavailable):
        breakers.fault(job.model, reason=str(failure))
        postpone(job, str(failure), seconds=failure.retry_after_s)
    elif isinstance(failure, client.OutcomeUnknown):
        breakers.fault(job.model, reason=str(failure))
        give_up_call(job, str(failure))
    else:
        fail(job, failure.code, str(failure))


def put_back(job: Job, *, until: Any, reason: str, detail: str) -> None:
    """Not this job's fault: it waits until then, or paused for `reason` (budget, breaker, no_key) if nobody knows."""
    if until is None:
        mine(job).update(
            status=JobStatus.PAUSED,
            batch=None,
            reason=reason,
            detail=detail[:1000],
            lease_until=None,
            next_attempt_at=Now() + BUDGET_PAUSE,
        )
    else:
        _queue(job, at=until, detail=detail)


def postpone(job: Job, detail: str, *, seconds: float | None = None) -> None:
    """Another try, later each time; after the last one it has failed."""
    if job.failures + 1 >= MOST_FAILURES:
        mine(job).update(failures=F("failures") + 1)
        fail(job, "unavailable", detail)
        return
    pause = seconds if seconds is not None else _backoff(job.failures)
    _queue(job, at=database_now() + timedelta(seconds=pause), detail=detail, failures=F("failures") + 1)


def give_up_call(job: Job, detail: str) -> None:
    """Its outcome is unknown: once more as a new call, then a person has to look."""
    if job.unknowns + 1 >= MOST_UNKNOWNS:
        mine(job).update(
            status=JobStatus.UNKNOWN,
            reason="unknown",
            detail=detail[:1000],
            unknowns=F("unknowns") + 1,
            lease_until=None,
            finished_at=Now(),
        )
    else:
        _queue(job, at=database_now() + timedelta(seconds=_backoff(0)), detail=detail, unknowns=F("unknowns") + 1)


def fail(job: Job, reason: str, detail: str) -> None:
    mine(job).update(
        status=JobStatus.FAILED,
        reason=reason,
        detail=detail[:1000].replace("\x00", ""),
        lease_until=None,
        finished_at=Now(),
    )


def _queue(job: Job, *, at: Any = None, detail: str = "", **more: Any) -> None:
    with transaction.atomic():
        changed = mine(job).update(
            status=JobStatus.QUEUED,
            batch=None,
            next_attempt_at=at or Now(),
            nudged_at=None,
            lease_until=None,
            detail=detail[:1000].replace("\x00", ""),
            **more,
        )
        if changed and at is None:
            nudge([job.pk])


def _backoff(failures: int) -> float:
    """Seconds: 2, 4, 8 …, each up to half as long again, so that those who failed together do not return together."""
    return float(2 ** (failures + 1)) * (1 + random.random() / 2)  # noqa: S311


def nudge(job_ids: list[int]) -> None:
    """Tell workers of these jobs. Needs an open transaction."""
    Job.objects.filter(pk__in=job_ids).update(nudged_at=Now())
    enqueue_each(TASK, [[job_id] for job_id in job_ids], queue=QUEUE)
