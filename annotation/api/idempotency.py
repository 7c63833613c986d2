"""A save may arrive twice: the same Idempotency-Key gets the same answer, and the work is done once.

Key and work stand in one transaction. A second request with the key waits on the unique index until the first has
committed, and then reads its answer. A refusal is an answer too and is kept, and so is a fault of ours: to do the
work a second time after one could do it twice. Only when the database was away nothing is kept, as nothing was done.
"""

import hashlib
import json
import logging
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.errors import DATABASE_AWAY, broken_body, error_body, status_of
from annotation.api.fields import account
from annotation.canonical import canonical_json
from annotation.errors import BadInput, DomainError, KeyReused
from annotation.models import IdempotencyKey
from annotation.ready_sql import update_row
from annotation.snapshots import begin_snapshot
from annotation.transactions import in_transaction

logger = logging.getLogger(__name__)

_CLAIM = """
    INSERT INTO annotation_idempotencykey (user_id, key, request_sha256, body, headers, created_at)
    VALUES (%s, %s, %s, '', '{}', clock_timestamp())
    ON CONFLICT DO NOTHING RETURNING id
"""
HEADER = "Idempotency-Key"
LONGEST_KEY = 100


def once(request: Request, *, action: Callable[[], Response], in_snapshot: bool = False) -> Response:
    """The action's answer, now or from the first time. Raises BadInput without a key, KeyReused for another body.

    in_snapshot: the action must see one moment of the database.
    """
    key = _key(request)
    fingerprint = _fingerprint(request)
    return _once(request, action, key=key, fingerprint=fingerprint, in_snapshot=in_snapshot)


@in_transaction
def _once(
    request: Request, action: Callable[[], Response], *, key: str, fingerprint: str, in_snapshot: bool
) -> Response:
    if in_snapshot and not connection.savepoint_ids:
        begin_snapshot()
    user = account(request)
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [user.pk, key, fingerprint])
        made = cursor.fetchone()
    if made is not None:
        row = IdempotencyKey(pk=made[0], user=user, key=key, request_sha256=fingerprint)
    else:
        row = IdempotencyKey.objects.select_for_update().get(user=user, key=key)
    if row.request_sha256 != fingerprint:
        raise KeyReused("This Idempotency-Key came before with another request.")
    if row.status is not None:
        return Response(json.loads(row.body), row.status, headers=row.headers)
    response = _answer(action)
    row.status, row.body = response.status_code, json.dumps(response.data)
    row.headers = {name: response[name] for name in ("ETag",) if name in response}
    update_row(row, "status", "body", "headers")
    return response


def _answer(action: Callable[[], Response]) -> Response:
    """A refusal or a fault rolls back the action but not the key."""
    try:
        with transaction.atomic():
            return action()
    except DomainError as error:
        return Response(error_body(error.code, error.message, error.detail), status_of(error))
    except DATABASE_AWAY:
        raise
    except Exception:
        logger.exception("an action broke")
        return Response(broken_body(), 500)


def _key(request: Request) -> str:
    key: str = request.headers.get(HEADER, "")
    if not key or len(key) > LONGEST_KEY or not key.isprintable():
        raise BadInput({HEADER: f"must be given: 1 to {LONGEST_KEY} printable characters"})
    return key


def _fingerprint(request: Request) -> str:
    said: dict[str, Any] = {
        "method": request.method,
        "path": request.path,
        "if_match": request.headers.get("If-Match", ""),
        "body": request.data,
    }
    return hashlib.sha256(canonical_json(said)).hexdigest()
