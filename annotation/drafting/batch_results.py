"""Results of a batch, line by line: each is one call's outcome, and then treated as a single reply would be.

Lines come in any order, and may come again: what is stored is left alone, what was stored but not read is read. So a
reading that is cut anywhere, begun anew by another worker, or done twice at the same time ends in the same state.
"""

import logging
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from annotation.drafting import batch_api, breakers, client
from annotation.drafting.client import CallFailed, Exchange, Refusing, Unavailable, Unusable
from annotation.drafting.jobs import (
    MOST_FAILURES,
    conclude,
    fail,
    give_up_call,
    mine,
    postpone,
    put_back,
    record,
)
from annotation.models import Batch, Call, CallOutcome, Job, JobStatus, Run
from annotation.strict_json import NotJSON, read_json

_CUSTOM_ID = re.compile(rb'(?<!\\)"custom_id"\s*:\s*"([A-Za-z0-9_-]{1,64})"')
"""Words of the model cannot look like it: inside a text each quotation mark has a backslash."""
REFUSALS = ("authentication_error", "billing_error", "permission_error", "not_found_error")
"""As the statuses 401, 402, 403 and 404 of a single call: they stop the model until a person does something."""

logger = logging.getLogger(__name__)


def custom_id_of(call: Call) -> str:
    """The job's uid and the attempt: one call's name in a batch, at most 64 letters, digits and dashes."""
    return f"{call.job.uid.hex}-{call.attempt}"


def custom_id_in(line: bytes) -> str:
    """Of a line of results, also of one that is no good JSON otherwise; empty where there is none."""
    found = _CUSTOM_ID.search(line)
    return found[1].decode() if found else ""


def read_results(batch: Batch) -> int:
    """Store every line and do what follows from it; return how many calls have none.

    Raises Unavailable, Refusing, OutcomeUnknown or Unusable if the results cannot be had, or end too early.
    """
    calls = {custom_id_of(call): call for call in _calls(batch)}
    settled = set(_settled(batch))
    for line in batch_api.lines(batch.remote_id):
        call = calls.get(custom_id_in(line))
        if call is None:
            logger.warning("batch %s: a line of its results names none of its calls", batch.pk)
        elif call.pk not in settled:
            _take_in(call, line)
            settled.add(call.pk)
    return len(calls) - len(settled)


def forget(batch: Batch, failure: CallFailed, then: Callable[[Job], None]) -> None:
    """What became of the batch is known, and nothing of it is billed. then: what to do with each job."""
    for call in _calls(batch).filter(outcome=None):
        with transaction.atomic():
            if record(call, failure.exchange, failure=failure):
                then(call.job)


def give_up(batch: Batch, problem: client.OutcomeUnknown) -> None:
    """Calls without an outcome keep their reservation; their jobs are asked once more, singly or in a later batch."""
    for call in _calls(batch).filter(outcome=None):
        with transaction.atomic():
            if record(call, problem.exchange, failure=problem):
                give_up_call(call.job, str(problem))


def _calls(batch: Batch) -> QuerySet[Call]:
    return Call.objects.filter(batch=batch).select_related("project", "job__clip__project", "job__prompt", "job__run")


def _settled(batch: Batch) -> QuerySet[CallOutcome, int | None]:
    """Ids of calls with an outcome that somebody has acted on."""
    unread = Call.objects.filter(batch=batch, job__status=JobStatus.RECEIVED, job__attempt=F("attempt"))
    return CallOutcome.objects.filter(call__batch=batch).exclude(call__in=unread).values_list("call_id", flat=True)


def _take_in(call: Call, line: bytes) -> None:
    line = client.raw_without_key(line)
    exchange = Exchange(raw=line)
    try:
        reply = client.read_message_value(_message_in(line, exchange), exchange)
    except CallFailed as failure:
        with transaction.atomic():
            if _record(call, exchange, failure):
                _after_failure(call.job, failure)
        return
    # Committed before it is read: a reply that ends its worker again and again must be seen to do so.
    if _record(call, exchange) or not _is_poison(call.job):
        conclude(call.job, call, reply.value)


def _record(call: Call, exchange: Exchange, failure: CallFailed | None = None) -> bool:
    with transaction.atomic():
        is_first = record(call, exchange, failure=failure)
        if is_first:
            Batch.objects.filter(calls=call).update(cursor=F("cursor") + 1)
    return is_first


def _message_in(line: bytes, exchange: Exchange) -> object:
    """The message of a line that succeeded. Raises Unavailable, Refusing or Unusable for the others, which are free."""
    try:
        result = _object(_object(read_json(line)).get("result"))
    except NotJSON as error:
        exchange.http_status = HTTPStatus.OK  # it may be billed
        raise Unusable("not_json", f"The line of the results cannot be read. {error}", exchange) from error
    kind = result.get("type")
    if kind == "succeeded":
        exchange.http_status = HTTPStatus.OK
        return result.get("message")
    if kind in ("canceled", "expired"):
        raise Unavailable(f"The batch ended before this request was answered: {kind}.", exchange)
    if kind == "errored":
        raise _error_in(_object(result.get("error")), exchange)
    exchange.http_status = HTTPStatus.OK
    raise Unusable("malformed", "The line of the results does not say what became of the request.", exchange)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _error_in(error: dict[str, Any], exchange: Exchange) -> CallFailed:
    """error: as the API says it everywhere, `{"error": {"type", "message"}, "request_id"}`."""
    what = _object(error.get("error"))
    kind, said = str(what.get("type")), str(what.get("message"))[:300]
    exchange.request_id = str(error.get("request_id") or "")[:100]
    if kind in REFUSALS:
        return Refusing(f"The model's server refuses us ({kind}): {said}", exchange)
    if kind in ("invalid_request_error", "request_too_large"):
        return Unusable("bad_request", f"The model's server does not take this request ({kind}): {said}", exchange)
    return Unavailable(f"The model's server could not do it ({kind}): {said}", exchange)


def _after_failure(job: Job, failure: CallFailed) -> None:
    if isinstance(failure, Refusing):
        breakers.trip(job.model, reason=str(failure))
        put_back(job, until=None, reason="breaker", detail=str(failure))
    elif not isinstance(failure, Unavailable):
        fail(job, failure.code, str(failure))
    elif job.run is not None and job.run.status == Run.Status.CANCELLED:
        mine(job).update(status=JobStatus.CANCELLED, detail=str(failure)[:1000], finished_at=Now(), batch=None)
    elif job.failures == 0:
        postpone(job, str(failure))  # once; a batch is a long wait for nothing
    else:
        fail(job, failure.code, str(failure))


def _is_poison(job: Job) -> bool:
    """The reply was stored before, and whoever should have read it is gone."""
    mine(job).update(failures=F("failures") + 1)
    if job.failures + 1 < MOST_FAILURES:
        return False
    fail(job, "poison", "Reading this reply ended its worker again and again.")
    return True
