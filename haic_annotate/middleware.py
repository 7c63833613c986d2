"""What services refuse becomes a page with the right status; the API has its own handler with the same table."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.defaults import page_not_found

from annotation.api.errors import RETRY_AFTER_SECONDS, error_body, status_of
from annotation.errors import DomainError, NotVisible


class DomainErrorMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path_info:  # Postgres cannot even be asked for it
            return _nothing_here(request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DomainError):
            return None
        if isinstance(exception, NotVisible):
            return _nothing_here(request)
        status = status_of(exception)
        response = render(request, "refused.html", {"error": exception, "status": status}, status=status)
        if status == 503:
            response["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return response


def _nothing_here(request: HttpRequest) -> HttpResponse:
    if request.path_info.startswith("/api/"):
        nothing = NotVisible()
        return JsonResponse(error_body(nothing.code, nothing.message), status=404)
    return page_not_found(request, NotVisible())
