"""A new batch of raw videos from the browser: what is chosen, and how far each file is."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from annotation.forms import VideoBatchForm
from annotation.models import VideoBatch, VideoUpload
from annotation.services.funnel import batch_for
from annotation.services.video_uploads import CHUNK_BYTES
from annotation.views.pages import ProjectPage, page_or_partial, project_page

TEMPLATE = "annotation/accumulation/batch.html"
_BADGES = {
    VideoUpload.Status.RECEIVING: ("upload", "waiting"),
    VideoUpload.Status.QUEUED: ("clock", "waiting"),
    VideoUpload.Status.WORKING: ("sync", "editing"),
    VideoUpload.Status.DONE: ("check", "approved"),
    VideoUpload.Status.REFUSED: ("cross", "failed"),
    VideoUpload.Status.GIVEN_UP: ("skip", "returned"),
}
"""A status -> its shape and the state whose colours it has."""


@never_cache
@require_safe
def new_video_batch(request: HttpRequest, slug: str) -> HttpResponse:
    page = project_page(request, slug, right="add_clips")
    return render(request, TEMPLATE, _context(page, None, []))


@never_cache
@require_safe
def video_batch(request: HttpRequest, slug: str, batch_id: int) -> HttpResponse:
    """How far the files of a batch are. 6 queries (session, user, project, role twice; batch) and the uploads."""
    page = project_page(request, slug, right="add_clips")
    batch = batch_for(page.user, project=page.project, batch_id=batch_id)
    return page_or_partial(request, TEMPLATE, "uploads", _context(page, batch, list(batch.uploads.defer("facts"))))


def _context(page: ProjectPage, batch: VideoBatch | None, uploads: list[VideoUpload]) -> dict[str, Any]:
    return page.context(
        current="accumulation",
        batch=batch,
        form=None if batch else VideoBatchForm(),
        chunk_bytes=CHUNK_BYTES,
        rows=[{"upload": upload, "badge": _badge(upload.status), "percent": _percent(upload)} for upload in uploads],
        badges=[_badge(status) for status in VideoUpload.Status.values],
        waits=any(upload.status == VideoUpload.Status.RECEIVING for upload in uploads),
    )


def _badge(status: str) -> dict[str, str]:
    shape, state = _BADGES[VideoUpload.Status(status)]
    return {"status": status, "shape": shape, "state": state, "label": VideoUpload.Status(status).label}


def _percent(upload: VideoUpload) -> int:
    return upload.received * 100 // upload.size
