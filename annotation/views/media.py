"""A clip's files, for members of its project only, with Range: without it no browser can seek."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.conf import settings
from django.core.files.storage import storages
from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.encoding import filepath_to_uri
from django.views.decorators.http import require_safe

from annotation.models import Clip
from annotation.services.lookups import clip_for
from annotation.stored_files import pieces, size_of
from annotation.views.pages import signed_in

logger = logging.getLogger(__name__)

AnyResponse = TypeVar("AnyResponse", bound=HttpResponseBase)
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@require_safe
def clip_video(request: HttpRequest, slug: str, clip_id: str) -> HttpResponseBase:
    clip = clip_for(signed_in(request), slug=slug, clip_id=clip_id)
    with _in_the_store(clip):
        return _handed_over(clip.video, clip, kind="video/mp4", suffix="mp4") or _with_range(request, clip)


@require_safe
def clip_poster(request: HttpRequest, slug: str, clip_id: str) -> HttpResponseBase:
    clip = clip_for(signed_in(request), slug=slug, clip_id=clip_id)
    handed_over = _handed_over(clip.poster, clip, kind="image/jpeg", suffix="jpg")
    if handed_over is not None:
        return handed_over
    with _in_the_store(clip):
        response = StreamingHttpResponse(_read(clip.poster), content_type="image/jpeg")
        response["Content-Length"] = str(size_of(str(clip.poster.name)))
    return _ours(response, name=f"{clip.clip_id}.jpg")


@require_safe
def clip_subtitles(request: HttpRequest, slug: str, clip_id: str) -> HttpResponse:
    clip = clip_for(signed_in(request), slug=slug, clip_id=clip_id)
    response = HttpResponse(clip.subtitles or "WEBVTT\n", content_type="text/vtt; charset=utf-8")
    return _ours(response, name=f"{clip.clip_id}.vtt")


def _ours(response: AnyResponse, *, name: str) -> AnyResponse:
    """Our own name and rules; nothing of the upload's. Whoever loses the right has no copy for longer than a minute."""
    response["Content-Disposition"] = f'inline; filename="{name}"'
    response["Cache-Control"] = "private, max-age=60"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox"
    return response


def _handed_over(file: FieldFile, clip: Clip, *, kind: str, suffix: str) -> HttpResponse | None:
    """The answer that lets nginx or the store send the file; None where we send it ourselves."""
    name = f"{clip.clip_id}.{suffix}"
    if settings.MEDIA_DELIVERY == "accel" and settings.MEDIA_STORAGE == "local":
        address = settings.MEDIA_ACCEL_PREFIX + filepath_to_uri(str(file.name))
        return _ours(HttpResponse(headers={"X-Accel-Redirect": address}, content_type=kind), name=name)
    if settings.MEDIA_DELIVERY == "presigned" and settings.MEDIA_STORAGE == "s3":
        fixed = {"ResponseContentType": kind, "ResponseContentDisposition": f'inline; filename="{name}"'}
        links: Any = storages["links"]  # django-storages' own url() takes more
        address = links.url(file.name, parameters=fixed, expire=settings.MEDIA_LINK_SECONDS)
        response = _ours(HttpResponse(status=302, headers={"Location": address}), name=name)
        response["Cache-Control"] = "no-store"  # the address is good for a minute only
        return response
    return None


def _with_range(request: HttpRequest, clip: Clip) -> HttpResponseBase:
    """200 with all of it, 206 with one range, 416 for a range past the end. Several ranges get all of it."""
    size, etag = size_of(str(clip.video.name)), f'"{clip.sha256}"'
    wanted = _RANGE.fullmatch(request.headers.get("Range", ""))
    fresh = request.headers.get("If-Range", etag) == etag
    response: HttpResponseBase
    if wanted is None or wanted.groups() == ("", "") or not fresh:
        response = StreamingHttpResponse(_read(clip.video), content_type="video/mp4")
        response["Content-Length"] = str(size)
    else:
        first, last = _bounds(wanted, size)
        if first > last:
            return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
        response = StreamingHttpResponse(_read(clip.video, first, last), status=206, content_type="video/mp4")
        response["Content-Range"] = f"bytes {first}-{last}/{size}"
        response["Content-Length"] = str(last - first + 1)
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    return _ours(response, name=f"{clip.clip_id}.mp4")


def _read(file: FieldFile, first: int = 0, last: int | None = None) -> Iterator[bytes]:
    return pieces(str(file.name), first, last)


@contextmanager
def _in_the_store(clip: Clip) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        logger.error("a file of clip %s is not in the store; see manage fsck", clip.pk)
        raise Http404 from error


def _bounds(wanted: re.Match[str], size: int) -> tuple[int, int]:
    """First and last byte; first > last when the range cannot be had."""
    start, end = wanted.groups()
    if not start:
        length = min(int(end), size)
        return size - length, size - 1
    return int(start), min(int(end), size - 1) if end else size - 1
