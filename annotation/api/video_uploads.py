"""The API of batches of raw videos that come in chunks: what is to come, each chunk, how far it is.

Begin, then PUT the bytes of each upload from `received` on, in chunks of at most `chunk_bytes`. Whoever was cut off
asks how far it is and goes on there. A chunk that comes again changes nothing.
"""

from collections.abc import Mapping
from typing import IO, Any

from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.access import require
from annotation.api.fields import account, body_with
from annotation.api.idempotency import once
from annotation.api.listing import only_parameters
from annotation.api.schema import describes
from annotation.errors import BadInput, NotVisible
from annotation.models import VideoBatch, VideoUpload
from annotation.services import video_uploads
from annotation.services.lookups import project_for
from annotation.services.video_uploads import CHUNK_BYTES, Begun, ChosenFile

_UPLOAD: dict[str, serializers.Field] = {
    "uid": serializers.UUIDField(),
    "video_id": serializers.CharField(),
    "name": serializers.CharField(help_text="Of the file, as it was announced."),
    "size": serializers.IntegerField(),
    "modified_ms": serializers.IntegerField(),
    "subtitles": serializers.CharField(help_text="The name of the file that is still to come, or empty."),
    "received": serializers.IntegerField(help_text="Bytes, from the first on."),
    "status": serializers.ChoiceField(choices=VideoUpload.Status.choices),
    "said": serializers.CharField(help_text="The status in words."),
    "reason": serializers.CharField(),
}
_FILE = inline_serializer(
    "ChosenFile",
    {
        "name": serializers.CharField(),
        "size": serializers.IntegerField(),
        "modified_ms": serializers.IntegerField(help_text="Since 1970."),
    },
    many=True,
)
_BEGIN: dict[str, serializers.Field] = {
    "files": _FILE,
    "name": serializers.CharField(required=False, help_text="Of the batch."),
    "manifest": serializers.CharField(required=False, help_text="The manifest's name: .jsonl or .csv."),
    "text": serializers.CharField(required=False, help_text="The manifest's words."),
    "defaults": serializers.DictField(required=False, help_text="For lines that do not say; keys of a manifest."),
}
_BEGUN: dict[str, serializers.Field] = {
    "batch": serializers.IntegerField(allow_null=True, help_text="Null if nothing is to come."),
    "page": serializers.CharField(),
    "chunk_bytes": serializers.IntegerField(),
    "uploads": serializers.ListField(child=serializers.DictField(), help_text="As the batch lists them."),
    "existing": serializers.ListField(child=serializers.CharField(), help_text="Ids of videos that are there."),
    "refused": serializers.ListField(child=serializers.DictField(), help_text="Each `line` and `reason`."),
    "unused": serializers.ListField(child=serializers.CharField(), help_text="Files that no line asks for."),
}
_BYTES = {"application/octet-stream": OpenApiTypes.BINARY}


class BytesParser(BaseParser):
    """Bytes as they come, at most a chunk of them; what is longer is refused before it is read."""

    media_type = "application/octet-stream"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        raw = stream.read(CHUNK_BYTES + 1)
        if len(raw) > CHUNK_BYTES:
            raise ParseError(f"The body has more than {CHUNK_BYTES:,} bytes.")
        return raw


def told(upload: VideoUpload) -> dict[str, Any]:
    """An upload as programs and pages read it."""
    return {
        "uid": str(upload.uid),
        "video_id": upload.wanted_video_id,
        "name": upload.name,
        "size": upload.size,
        "modified_ms": upload.modified_ms,
        "subtitles": upload.subtitles_name if upload.lacks_subtitles else "",
        "received": upload.received,
        "status": upload.status,
        "said": upload.get_status_display(),
        "reason": upload.reason,
    }


class VideoBatches(APIView):
    """POST {files, name, manifest, text, defaults}: a batch of raw videos that are to come."""

    @describes("VideoBatch", body=_BEGIN, answer=_BEGUN, if_match=False)
    def post(self, request: Request, slug: str) -> Response:
        user = account(request)
        project = project_for(user, slug=slug)
        data = body_with(request, "files", optional=("name", "manifest", "text", "defaults"))

        def begin() -> Response:
            begun = video_uploads.begin_uploads(
                project=project,
                user=user,
                name=data.get("name", ""),
                files=_files(data["files"]),
                manifest=_text(data, "manifest"),
                text=_text(data, "text"),
                defaults=_defaults(data.get("defaults", {})),
            )
            return Response(_begun(begun, slug))

        return once(request, action=begin)


class VideoBatchUploads(APIView):
    """GET: the uploads of a batch, and how far each is."""

    @extend_schema(
        responses={
            200: inline_serializer("VideoUploads", {"uploads": inline_serializer("VideoUpload", _UPLOAD, many=True)})
        }
    )
    def get(self, request: Request, slug: str, batch_id: int) -> Response:
        user = account(request)
        project = project_for(user, slug=slug)
        require(user, "add_clips", project=project)
        batch = VideoBatch.objects.visible_to(user).filter(project=project, pk=batch_id).first()
        if batch is None:
            raise NotVisible
        only_parameters(request, set())
        return Response({"uploads": [told(upload) for upload in batch.uploads.defer("facts")]})


class VideoUploadBytes(APIView):
    """PUT the next bytes, DELETE to send it no more."""

    parser_classes = [BytesParser]

    @extend_schema(
        parameters=[OpenApiParameter("start", OpenApiTypes.INT, description="Where the chunk begins in the file.")],
        request=_BYTES,
        responses=inline_serializer("VideoUploadBytesOut", _UPLOAD),
    )
    def put(self, request: Request, slug: str, uid: str) -> Response:
        upload = _upload(request, slug, uid, parameters={"start"})
        start = request.query_params.get("start", "")
        if not (start.isascii() and start.isdecimal()) or len(start) > 15:
            raise BadInput({"start": "must be a whole number: where the chunk begins in the file"})
        content = _content(request)
        kept = video_uploads.receive_chunk(upload=upload, user=account(request), start=int(start), content=content)
        return Response(told(kept))

    @extend_schema(request=None, responses=inline_serializer("VideoUploadGivenUp", _UPLOAD))
    def delete(self, request: Request, slug: str, uid: str) -> Response:
        upload = _upload(request, slug, uid)
        return Response(told(video_uploads.give_up(upload=upload, user=account(request))))


class VideoUploadSubtitles(APIView):
    """PUT the subtitles that the upload's line names."""

    parser_classes = [BytesParser]

    @extend_schema(request=_BYTES, responses=inline_serializer("VideoUploadSubtitlesOut", _UPLOAD))
    def put(self, request: Request, slug: str, uid: str) -> Response:
        upload = _upload(request, slug, uid)
        kept = video_uploads.receive_subtitles(upload=upload, user=account(request), raw=_content(request))
        return Response(told(kept))


def _upload(request: Request, slug: str, uid: str, *, parameters: set[str] | None = None) -> VideoUpload:
    user = account(request)
    project = project_for(user, slug=slug)
    require(user, "add_clips", project=project)
    upload = VideoUpload.objects.visible_to(user).select_related("project").filter(project=project, uid=uid).first()
    if upload is None:
        raise NotVisible
    only_parameters(request, parameters or set())
    return upload


def _content(request: Request) -> bytes:
    """A body without bytes is parsed as a form by DRF."""
    return request.data if isinstance(request.data, bytes) else b""


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name, "")
    if not isinstance(value, str):
        raise BadInput({name: "must be text"})
    return value


def _files(value: Any) -> list[ChosenFile]:
    if not isinstance(value, list):
        raise BadInput({"files": "must be a list"})
    names = {"name", "size", "modified_ms"}
    for one in value:
        if not isinstance(one, dict) or set(one) != names or not isinstance(one["name"], str):
            raise BadInput({"files": "each must have name, size and modified_ms, and nothing else"})
    return [ChosenFile(**one) for one in value]


def _defaults(value: Any) -> dict[str, Any]:
    known = {"description", "source", "source_id", "source_url", "license", "redistribute"}
    if not isinstance(value, dict) or set(value) - known:
        raise BadInput({"defaults": f"must be an object with some of {', '.join(sorted(known))}"})
    return value


def _begun(begun: Begun, slug: str) -> dict[str, Any]:
    batch = begun.batch
    return {
        "batch": batch.pk if batch else None,
        "page": reverse("video_batch", args=[slug, batch.pk]) if batch else "",
        "chunk_bytes": CHUNK_BYTES,
        "uploads": [told(upload) for upload in begun.uploads],
        "existing": begun.existing,
        "refused": [{"line": line.number, "reason": line.reason} for line in begun.refused],
        "unused": begun.unused,
    }
