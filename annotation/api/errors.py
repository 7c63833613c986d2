"""One error shape for the whole API: `{"error": {"code", "message", "detail"}}`, made here and nowhere else."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from annotation.errors import (
    BadInput,
    Conflict,
    DomainError,
    EtagMissing,
    InvitationUsed,
    KeyReused,
    LeaseHeld,
    MoveNotAllowed,
    NoRoom,
    NotVisible,
    RightMissing,
    StaleRevision,
    StoreAway,
)

RETRY_AFTER_SECONDS = 2
DATABASE_AWAY = (OperationalError, InterfaceError)
"""Away, restarting, hung, or busy for longer than a request may wait: none of it is an answer to the request."""

STATUSES: list[tuple[type[DomainError], int]] = [
    (BadInput, 400),
    (RightMissing, 403),
    (NotVisible, 404),
    (MoveNotAllowed, 409),
    (Conflict, 409),
    (LeaseHeld, 409),
    (InvitationUsed, 410),
    (StaleRevision, 412),
    (KeyReused, 422),
    (EtagMissing, 428),
    (StoreAway, 503),
    (NoRoom, 507),
]
"""The first that fits wins."""


def status_of(error: DomainError) -> int:
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 400)


def error_body(code: str, message: str, detail: Any = None) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "detail": detail or {}}}


def away_body() -> dict[str, Any]:
    return error_body("unavailable", "The database does not answer. Nothing was changed; try again in a moment.")


def broken_body(incident: str = "") -> dict[str, Any]:
    return error_body(
        "broken", "Something broke here. Nothing was changed.", {"incident": incident} if incident else {}
    )


def exception_handler(exception: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook. None for what nobody foresaw: that is a 500."""
    if isinstance(exception, DomainError):
        status = status_of(exception)
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == 503 else {}
        return Response(error_body(exception.code, exception.message, exception.detail), status, headers=headers)
    if isinstance(exception, DATABASE_AWAY):
        return Response(away_body(), 503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
    if isinstance(exception, Http404):
        return Response(error_body("not_found", "There is nothing here for you."), 404)
    if isinstance(exception, PermissionDenied):
        return Response(error_body("right_missing", "You may not do this."), 403)
    if isinstance(exception, exceptions.ValidationError):
        return Response(
            error_body("bad_input", "Some fields are wrong.", {"fields": exception.detail}), exception.status_code
        )
    if isinstance(exception, exceptions.APIException):
        code = str(getattr(exception, "default_code", "refused"))
        header = getattr(exception, "auth_header", None)
        headers = {"WWW-Authenticate": header} if header else {}
        return Response(error_body(code, str(exception.detail)), exception.status_code, headers=headers)
    return None
