"""The answer to what nobody foresaw: a page or the API's error shape, with an incident's number that the log has too.

Nothing here asks the database: it may be what is away. Then the answer is 503, and the page keeps what was typed.
"""

import logging
import secrets
import sys

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader

from annotation.api.errors import DATABASE_AWAY, RETRY_AFTER_SECONDS, away_body, broken_body

logger = logging.getLogger(__name__)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500. It is called while the exception is being handled, wherever in the request it was raised."""
    incident = secrets.token_hex(4)
    is_away = isinstance(sys.exc_info()[1], DATABASE_AWAY)
    logger.error("incident %s: %s %s", incident, request.method, request.path)
    status, body = (503, away_body()) if is_away else (500, broken_body(incident))
    response: HttpResponse
    if request.path.startswith("/api/"):
        response = JsonResponse(body, status=status)
    else:
        page = loader.get_template(f"{status}.html").render({"incident": incident})
        response = HttpResponse(page, status=status)
    if is_away:
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    response["Cache-Control"] = "no-store"
    return response
