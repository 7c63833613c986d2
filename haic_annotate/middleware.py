"""What services refuse becomes a page with the right status; the API has its own handler with the same table."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.defaults import page_not_found

from annotation.api.errors import status_of
from annotation.errors import DomainError, NotVisible


class DomainErrorMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DomainError):
            return None
        if isinstance(exception, NotVisible):
            return page_not_found(request, exception)
        status = status_of(exception)
        return render(request, "refused.html", {"error": exception, "status": status}, status=status)
