"""A clip's files, for members of its project only, with Range: without it no browser can seek. Scenes' thumbnails."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.conf import settings
from django.core.files.storage import storages
from django.db.models import Model
from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.encoding import filepath_to_uri
from django.views.decorators.http import require_safe

from annotation.errors import Sealed
from annotation.services.comments import are_sealed
from annotation.services.frame_times import frame_times_json
from annotation.services.funnel import scene_for
from annotation.services.lookups import clip_for
from annotation.stored_files import pieces, size_of
from annotation.views.pages import project_page, refuse_unknown_parameters, signed_in

logger = logging.getLogger(__name__)

AnyResponse = TypeVar("AnyResponse", bound=HttpResponseBase)
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@require_safe
def clip_video(request: HttpRequest, slug: str, clip_id: str) -> HttpResponseBase:
    clip = clip_for(signed_in(request), slug=slug, clip_id=clip_id)
    return send_file(request, clip.video, name=f"{clip.clip_id}.mp4", kind="video/mp4", etag=f'"{clip.sha256}"')


@require_safe
def clip_poster(request: HttpRequest, slug: str, clip_id: str) -> HttpResponseBase:
    clip = clip_for(signed_in(request), slug=slug, clip_id=clip_id)
    with _in_the_store(clip):
        return _picture(clip.poster, name=f"{clip.clip_id}.jpg")


@require_safe
def scene_thumbnail(request: HttpRequest, slug: str, scene_id: int) -> HttpResponseBase:
    """For those who may see what was dropped too."""
    page = project_page(request, slug, right="add_clips")
    scene = scene_for(page.user, project=page.project, scene_id=scene_id)
    if not scene.thumbnail:
        raise Http404
    with _in_the_store(scene):
        return _picture(scene.thumbnail, name=f"{scene.wanted_clip_id}.jpg")


@require_safe
def clip_subtitles(request: HttpRequest, slug: str, clip_id: str) -> HttpResponse:
    clip = clip_for(signed_in(request), slug=slug, clip_id=clip_id)
    if clip.subtitles and are_sealed(clip, signed_in(request)):
        raise Sealed("The questions of this clip wait for your blind answer: its subtitles are sealed till then.")
    response = HttpResponse(clip.subtitles or "WEBVTT\n", content_type="text/vtt; charset=utf-8")
    return _ours(response, name=f"{clip.clip_id}.vtt")


@require_safe
def clip_frame_times(request: HttpRequest, slug: str, clip_id: str) -> HttpResponseBase:
    """`{"timescale", "pts"}`: the start of each frame in ticks, in the order of showing; for steps of exactly one."""
    clip = clip_for(signed_in(request), slug=slug, clip_id=clip_id)
    refuse_unknown_parameters(request)
    etag = f'"{clip.sha256}-frames"'
    answer = get_conditional_response(request, etag=etag)
    if answer is None:
        with _in_the_store(clip):
            answer = HttpResponse(frame_times_json(clip), content_type="application/json")
    answer.headers["ETag"] = etag
    return _ours(answer, name=f"{clip.clip_id}.json")


def send_file(
    request: HttpRequest, file: FieldFile, *, name: str, kind: str, etag: str, is_attachment: bool = False
) -> HttpResponseBase:
    """A stored file with Range, by nginx or the store where they can. Raises Http404, StoreAway."""
    with _in_the_store(file.instance):
        handed_over = _handed_over(file, name=name, kind=kind, is_attachment=is_attachment)
        if handed_over is not None:
            return handed_over
        response = _with_range(request, file, kind=kind, etag=etag)
    return _ours(response, name=name, is_attachment=is_attachment)


def _ours(response: AnyResponse, *, name: str, is_attachment: bool = False) -> AnyResponse:
    """Our own name and rules; nothing of the upload's. Whoever loses the right has no copy for longer than a minute."""
    response["Content-Disposition"] = _disposition(name, is_attachment=is_attachment)
    response["Cache-Control"] = "private, max-age=60"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox"
    return response


def _disposition(name: str, *, is_attachment: bool) -> str:
    return f'{"attachment" if is_attachment else "inline"}; filename="{name}"'


def _picture(file: FieldFile, *, name: str) -> HttpResponseBase:
    handed_over = _handed_over(file, name=name, kind="image/jpeg")
    if handed_over is not None:
        return handed_over
    response = StreamingHttpResponse(_read(file), content_type="image/jpeg")
    response["Content-Length"] = str(size_of(str(file.name)))
    return _ours(response, name=name)


def _handed_over(file: FieldFile, *, name: str, kind: str, is_attachment: bool = False) -> HttpResponse | None:
    """The answer that lets nginx or the store send the file; None where we send it ourselves."""
    if settings.MEDIA_DELIVERY == "accel" and settings.MEDIA_STORAGE == "local":
        address = settings.MEDIA_ACCEL_PREFIX + filepath_to_uri(str(file.name))
        response = HttpResponse(headers={"X-Accel-Redirect": address}, content_type=kind)
        return _ours(response, name=name, is_attachment=is_attachment)
    if settings.MEDIA_DELIVERY == "presigned" and settings.MEDIA_STORAGE == "s3":
        disposition = _disposition(name, is_attachment=is_attachment)
        fixed = {"ResponseContentType": kind, "ResponseContentDisposition": disposition}
        links: Any = storages["links"]  # django-storages' own url() takes more
        address = links.url(file.name, parameters=fixed, expire=settings.MEDIA_LINK_SECONDS)
        response = _ours(
            HttpResponse(status=302, headers={"Location": address}), name=name, is_attachment=is_attachment
        )
        response["Cache-Control"] = "no-store"  # the address is good for a minute only
        return response
    return None


def _with_range(request: HttpRequest, file: FieldFile, *, kind: str, etag: str) -> HttpResponseBase:
    """200 with all of it, 206 with one range, 416 for a range past the end. Several ranges get all of it."""
    size = size_of(str(file.name))
    wanted = _RANGE.fullmatch(request.headers.get("Range", ""))
    fresh = request.headers.get("If-Range", etag) == etag
    response: HttpResponseBase
    if wanted is None or wanted.groups() == ("", "") or not fresh:
        response = StreamingHttpResponse(_read(file), content_type=kind)
        response["Content-Length"] = str(size)
    else:
        first, last = _bounds(wanted, size)
        if first > last:
            return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
        response = StreamingHttpResponse(_read(file, first, last), status=206, content_type=kind)
        response["Content-Range"] = f"bytes {first}-{last}/{size}"
        response["Content-Length"] = str(last - first + 1)
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    return response


def _read(file: FieldFile, first: int = 0, last: int | None = None) -> Iterator[bytes]:
    return pieces(str(file.name), first, last)


@contextmanager
def _in_the_store(owner: Model) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        logger.error("a file of %s %s is not in the store; see manage fsck", owner._meta.model_name, owner.pk)
        raise Http404 from error


def _bounds(wanted: re.Match[str], size: int) -> tuple[int, int]:
    """First and last byte; first > last when the range cannot be had."""
    start, end = wanted.groups()
    if not start:
        length = min(int(end), size)
        return size - length, size - 1
    return int(start), min(int(end), size - 1) if end else size - 1
