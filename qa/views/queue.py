"""How the questions of a clip leave the desk undone."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from annotation.views.queue import skip_unit


@require_http_methods(["POST"])
def skip(request: HttpRequest, slug: str, clip_id: str) -> HttpResponse:
    """Put the questions aside and go to the next."""
    return skip_unit(request, slug, clip_id, kind="questions")
